#pragma once
/// \file
/// Faces and their poses in pictures (Osadchy, LeCun, Miller 2007, section 4; Vaillant, Monrocq, LeCun 1994):
/// the net of face_pose.hpp is replicated over every level of an image pyramid, the nearest pose is found in
/// closed form at every position, and positions whose energy is below the threshold T and lowest in space and
/// scale are faces, of those that overlap the one of least energy.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ebm/models/face_picture.hpp"
#include "ebm/models/face_pose.hpp"

namespace ebm::models {

struct FaceDetectorConfig {
  PoseManifold manifold = PoseManifold::yaw_roll;
  LocalContrast contrast{};
  double threshold = 0.5;  ///< T: energy below which a window is a face
  std::uint64_t seed = 1;  ///< of the first weights
};

/// A face, in pixels of the picture from the outer corner of its first pixel, and in degrees.
struct FaceDetection {
  double x = 0, y = 0;  ///< middle of the window
  double size = 0;      ///< side of the window; brows to chin fill 0.7 of it
  double yaw = 0;       ///< in [-90, 90], > 0 towards the picture's right; 0 without a yaw on the manifold
  double roll = 0;      ///< in [-45, 45], > 0 clockwise; 0 without a roll on the manifold
  double energy = 0;
};

struct FaceSearch {
  double smallest = 32;               ///< side of the smallest window, pixels, at least 8
  double largest = kInf;              ///< side of the largest window
  double step = std::numbers::sqrt2;  ///< between scales, above 1
  std::optional<double> threshold{};  ///< instead of the detector's own
  double border = 0.125;              ///< how far windows may reach over the edge, of their side, in [0, 0.5]
  double overlap = 0.3;  ///< of two windows that share more of their union, the one of higher energy goes
};

/// Of one picture; `reason` says why it could not be searched.
struct FaceFinding {
  std::vector<FaceDetection> faces;  ///< lowest energy first
  std::string reason;
};

/// Energies and poses of every window of a normalised picture, [lines, columns]; window (i, j) starts at
/// pixel (4 j, 4 i). Where no pose could be below the threshold asked for, energy is a lower bound and the
/// pose 0.
struct FaceMap {
  int lines = 0, columns = 0;
  std::vector<float> energy, yaw, roll;  ///< radians
  std::size_t index(int column, int line) const {
    return static_cast<std::size_t>(line) * static_cast<std::size_t>(columns) +
           static_cast<std::size_t>(column);
  }
};

inline namespace EBM_PRECISION {

class FaceDetector {
 public:
  static constexpr int kWindow = 32, kStride = 4;

  /// Untrained.
  explicit FaceDetector(const FaceDetectorConfig& config = {});
  /// \throws DataError for a file of another kind.
  static FaceDetector load(const std::filesystem::path& path);
  void save(const std::filesystem::path& path) const;

  /// Faces of one picture. Const, any number of threads; uses all threads itself. \throws DataError for a
  /// picture smaller than the smallest window; GraphError for options out of range.
  std::vector<FaceDetection> detect(const GreyMap& light, const FaceSearch& search = {}) const;
  std::vector<FaceDetection> detect(const io::Image& image, const FaceSearch& search = {}) const {
    return detect(to_light(image), search);
  }
  /// Pictures side by side; one that is too small has its reason instead of faces.
  std::vector<FaceFinding> detect(std::span<const GreyMap> pictures, const FaceSearch& search = {}) const;

  /// One level, in one pass of the replicated net. \param normalised at least a window wide and high
  FaceMap map(const GreyMap& normalised, double threshold = kInf) const;
  /// Energy and pose of windows as they are, [n, 1, 32, 32], normalised: a map of n lines and one column.
  FaceMap judge(ConstView windows) const;

  /// Multiply-adds over a picture of this size in one pass, and window by window at the same stride.
  struct Operations {
    double replicated = 0, by_window = 0;
  };
  Operations operations(int width, int height) const;

  std::string notes;  ///< kept in the file: what the training has to say, JSON or empty
  const FaceDetectorConfig& config() const { return config_; }
  /// \throws GraphError unless it is at least 0 and finite.
  void set_threshold(double threshold);
  const Net& net() const { return net_; }
  Params& params() { return *params_; }
  const Params& params() const { return *params_; }

 private:
  void solve(std::span<const Real> outputs, double threshold, std::size_t first, FaceMap& to) const;
  FaceDetectorConfig config_;
  std::unique_ptr<Params> params_;
  Net net_;
};

}  // namespace EBM_PRECISION

/// Greedy, lowest energy first; sorts. What shares more than `overlap` of its union with one kept, or lies
/// for more than 0.6 of itself in it or it in that, goes.
void suppress_overlaps(std::vector<FaceDetection>& faces, double overlap);
/// Intersection over union of two windows.
double window_overlap(const FaceDetection& a, const FaceDetection& b);

}  // namespace ebm::models
