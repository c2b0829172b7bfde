#pragma once
/// \file
/// Training the face detector (Osadchy, LeCun, Miller 2007, sections 2.2 and 4): rendered faces of known pose
/// against backgrounds, by
///   L = mean over faces of E(X, Z)^2 + K mean over backgrounds of exp(-min_Z E(X, Z)),
/// in two phases: in the second, half of the backgrounds are what the first detector took for faces.

#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "ebm/models/face_detector.hpp"
#include "ebm/models/face_views.hpp"
#include "ebm/train/trainer.hpp"

namespace ebm::models {

struct FaceTraining {
  int faces = 10000;
  int backgrounds = 10000;  ///< 0: pose alone
  int passes = 12;          ///< of each phase
  double K = 5;             ///< > 0: weight of the backgrounds
  int batch = 16;
  double rate = 2e-3;  ///< of Adam, first phase; half in the second; falls to 0 in each
  int scenes = 400;    ///< pictures without faces that the first detector searches; half as many more set
                       ///< the threshold
  double false_alarms = 0.5;       ///< a picture, on made scenes without faces: sets the threshold
  std::vector<GreyMap> natural{};  ///< pictures without faces: half of the backgrounds are cut here
  CropRanges crops{};
  std::uint64_t seed = 1;  ///< of the views; the first weights have the detector's
  /// Of the second phase, CHECKPOINT.mined lies beside it; both are yours to delete once the result is safe.
  std::filesystem::path checkpoint{}, resume{};
  bool quiet = false;
  std::function<void(std::string_view)> say{};  ///< one line of news; empty: none
};

struct FaceTrainingReport {
  History first, second;
  std::size_t mined = 0;  ///< backgrounds that the first detector found
  std::size_t parameters = 0;
};

inline namespace EBM_PRECISION {

/// Trains and sets the threshold. \throws as Trainer::fit; DataError for a checkpoint of another run.
FaceTrainingReport train_face_detector(FaceDetector& detector, const FaceTraining& options);

/// Hard negatives (Sung and Poggio 1998): the lowest minima of the energy on made scenes without faces (over
/// the `natural` pictures given), `count` of them, as views.
std::vector<FaceView> hard_negatives(const FaceDetector& detector, int count, int scenes, std::uint64_t seed,
                                     std::span<const GreyMap> natural = {});

}  // namespace EBM_PRECISION
}  // namespace ebm::models
