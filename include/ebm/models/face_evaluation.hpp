#pragma once
/// \file
/// What a face detector is worth, as Osadchy, LeCun and Miller 2007, section 4, report it: equal error and
/// poses on windows, detection rate against false positives per image on scenes.

#include <cstdint>
#include <span>
#include <vector>

#include "ebm/models/face_detector.hpp"
#include "ebm/models/face_scenes.hpp"
#include "ebm/models/face_views.hpp"
#include "ebm/models/verification.hpp"

namespace ebm::models {

/// What energies of faces and of backgrounds say: a window is taken for a face when its energy is at most the
/// threshold (verification.hpp: faces are the genuine ones, backgrounds the impostors).
struct WindowVerdict {
  std::vector<double> faces, backgrounds;       ///< energies
  std::vector<double> yaw_errors, roll_errors;  ///< degrees, of each face, in [0, 180]; 90 where not told
  std::vector<RocPoint> curve;                  ///< empty unless there are both kinds
  /// Where as many faces are missed as backgrounds taken. Without backgrounds every face is told.
  double equal_error = 0, threshold = kInf;
  double mean_yaw_error = 0, mean_roll_error = 0;  ///< degrees, of the faces told at the threshold
  double yaw_within_15 = 0, roll_within_15 = 0;    ///< of the faces told at the threshold

  WindowVerdict() = default;
  /// From the first two lines all others. \throws DataError for an energy that is NaN.
  WindowVerdict(std::vector<double> faces, std::vector<double> backgrounds, std::vector<double> yaw_errors,
                std::vector<double> roll_errors);
};

/// A detection on a scene: does its window share 0.4 of the union with that of a face that none of lower
/// energy has found?
struct Alarm {
  double energy = 0;
  bool hit = false;
};
struct SceneVerdict {
  int images = 0, faces = 0;
  std::vector<Alarm> alarms;  ///< lowest energy first
  struct Point {
    double false_per_image = 0, rate = 0, threshold = 0;
  };
  /// All thresholds, from none found to all.
  std::vector<Point> curve() const;
  /// Largest fraction of the faces found with no more than so many false positives an image.
  Point at(double false_per_image) const;
};

inline namespace EBM_PRECISION {

/// Crops of views (one each, shifted and scaled as in training, not turned) seen by the detector.
WindowVerdict judge_windows(const FaceDetector& detector, std::span<const FaceView> views,
                            std::uint64_t seed);
/// Scenes `0 .. count - 1` of the seed.
SceneVerdict judge_scenes(const FaceDetector& detector, int count, std::uint64_t seed,
                          const SceneOptions& options = {}, std::span<const GreyMap> natural = {});
/// Detections on one picture whose faces are known.
std::vector<Alarm> match_detections(std::span<const FaceDetection> found, std::span<const FaceWindow> faces);

}  // namespace EBM_PRECISION
}  // namespace ebm::models
