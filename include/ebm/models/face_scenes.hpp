#pragma once
/// \file
/// Pictures for a face detector, made from nothing (or over natural images that the caller hands in): crops
/// of faces with their poses, crops without a face, scenes with faces at known places. Crop or scene i of a
/// seed is a function of (seed, i) alone, so sets are the same for any number of threads and any cut.
/// Protocol after Osadchy, LeCun and Miller 2007, section 4: 32 x 32 grey windows, scale, roll, brightness
/// and contrast at random.

#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "ebm/core/tensor.hpp"
#include "ebm/models/face_renderer.hpp"

namespace ebm::models {

inline constexpr int kFaceSide = 32;  ///< of a detector's window

/// Bounds of what is drawn, uniformly: angles in [-bound, bound].
struct FaceRanges {
  double yaw = std::numbers::pi / 2, pitch = std::numbers::pi / 9, roll = std::numbers::pi / 4;  ///< radians
  double shift = 0.05;  ///< of the face from the middle of its window, of its side
  double scale = 1.19;  ///< the face is up to so many times as large or as small: in all 2^(1/2)
};
FacePose draw_pose(const FaceRanges& ranges, Rng& rng);

/// A picture of one face in the middle, and where exactly it is.
struct FaceCrop {
  GreyMap image;  ///< [side, side], light in [0, 1]
  FaceWindow window;
  FacePose pose;
};
/// \param side pixels; 32 is what a detector sees
FaceCrop make_face(int side, std::uint64_t seed, std::uint64_t i, const FaceRanges& ranges = {},
                   std::span<const GreyMap> natural = {});

/// Crops with faces. `images` [n, 1, 32, 32] in [0, 1], `poses` [n].
struct FaceSet {
  Tensor images;
  std::vector<FacePose> poses;
};
/// Faces `first` to `first + count - 1` of the seed, as make_face() makes them, on all threads. \param
/// natural pictures without faces to cut backgrounds from, light in [0, 1], each at least 32 x 32; none: made
/// ones alone. \throws DataError for a picture that is smaller.
FaceSet make_faces(int count, std::uint64_t seed, const FaceRanges& ranges = {},
                   std::span<const GreyMap> natural = {}, std::uint64_t first = 0);

/// Crops without a whole, upright, well framed face: textures, clutter, strokes, cuts of `natural`, and faces
/// that are shifted by more than 0.4 of the window, over 1.7 times too large or too small, or upside down.
/// [n, 1, 32, 32] in [0, 1].
Tensor make_non_faces(int count, std::uint64_t seed, std::span<const GreyMap> natural = {},
                      std::uint64_t first = 0);

/// Something that faces may stand before: noise at several scales, dead leaves (Lee, Mumford, Huang 2001),
/// gradients, stripes, strokes as of writing, shaded boxes and balls, or a cut of a natural picture. Light in
/// [0, 1].
GreyMap draw_background(int width, int height, Rng& rng, std::span<const GreyMap> natural = {});

struct SceneOptions {
  int width = 240, height = 240;
  int least = 0, most = 3;                     ///< number of faces
  double smallest = kFaceSide, largest = 120;  ///< side of their windows, pixels
  FaceRanges ranges{.shift = 0, .scale = 1};   ///< of the angles; shift and scale do not matter
};
struct SceneFace {
  FaceWindow window;
  FacePose pose;
};
struct FaceScene {
  GreyMap image;                 ///< light in [0, 1]
  std::vector<SceneFace> faces;  ///< windows wholly inside, overlapping by at most a tenth of the smaller
};
/// \throws DataError for a scene that is smaller than its smallest face, or bounds the wrong way round.
FaceScene make_scene(const SceneOptions& options, std::uint64_t seed, std::uint64_t i,
                     std::span<const GreyMap> natural = {});

}  // namespace ebm::models
