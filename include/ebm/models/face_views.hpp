#pragma once
/// \file
/// What a face detector learns from: pictures that are larger than its window, of which every use draws a new
/// crop (Osadchy, LeCun, Miller 2007, section 4: random scale, in-plane rotation, brightness and contrast),
/// so that turned corners and local means see what a picture would show there.

#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "ebm/core/real.hpp"
#include "ebm/io/image.hpp"
#include "ebm/models/face_picture.hpp"
#include "ebm/models/face_scenes.hpp"

namespace ebm::models {

/// Side of a view, pixels: its middle 32 x 32 are the window.
inline constexpr int kViewSide = 72;

struct FaceView {
  io::Image picture;  ///< kViewSide x kViewSide
  bool face = false;
  FacePose pose{};
};

/// View i of a seed is a function of (seed, i) alone. \param natural pictures without faces, as make_faces()
std::vector<FaceView> face_views(int count, std::uint64_t seed, std::span<const GreyMap> natural = {},
                                 std::uint64_t first = 0);
/// Backgrounds; one in four has a face that is shifted by more than 0.45 of the window, over 1.9 times too
/// large or too small, or upside down.
std::vector<FaceView> background_views(int count, std::uint64_t seed, std::span<const GreyMap> natural = {},
                                       std::uint64_t first = 0);
/// The view around a window of a picture, edges repeated: no face.
FaceView view_of(const GreyMap& picture, const FaceWindow& window);

/// How far a crop may be from its view, uniformly.
struct CropRanges {
  double shift = 0.0625;       ///< of the window: half a step of the replicated net
  double scale = 1.189207115;  ///< up to so many times as large or as small: half a step of the pyramid
  double roll = std::numbers::pi / 12;    ///< radians
  double bright = 0.08, contrast = 1.25;  ///< of light; the contrast is up to so many times as large or small
  bool mirror = true;
};

inline namespace EBM_PRECISION {

/// A new crop of a view, normalised, into [1, 32, 32]; returns its pose, roll within [-pi/4, pi/4].
FacePose draw_crop(const FaceView& view, const LocalContrast& contrast, const CropRanges& ranges, Rng rng,
                   std::span<Real> out);

}  // namespace EBM_PRECISION
}  // namespace ebm::models
