#include "ebm/models/face_evaluation.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/pool.hpp"

namespace ebm::models {

WindowVerdict::WindowVerdict(std::vector<double> faces_, std::vector<double> backgrounds_,
                             std::vector<double> yaw_errors_, std::vector<double> roll_errors_)
    : faces(std::move(faces_)),
      backgrounds(std::move(backgrounds_)),
      yaw_errors(std::move(yaw_errors_)),
      roll_errors(std::move(roll_errors_)) {
  if (!faces.empty() && !backgrounds.empty()) {
    curve = roc(faces, backgrounds);
    equal_error = models::equal_error(curve);
    threshold = threshold_at(curve, equal_error);
  }
  double told = 0;
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (faces[i] > threshold) continue;
    ++told;
    mean_yaw_error += yaw_errors[i];
    mean_roll_error += roll_errors[i];
    yaw_within_15 += yaw_errors[i] <= 15;
    roll_within_15 += roll_errors[i] <= 15;
  }
  for (double* mean : {&mean_yaw_error, &mean_roll_error, &yaw_within_15, &roll_within_15})
    *mean /= std::max(1.0, told);
}

std::vector<SceneVerdict::Point> SceneVerdict::curve() const {
  std::vector<Point> out{{0, 0, 0}};
  int hits = 0, wrong = 0;
  for (const Alarm& a : alarms) {
    ++(a.hit ? hits : wrong);
    out.push_back({static_cast<double>(wrong) / std::max(1, images),
                   static_cast<double>(hits) / std::max(1, faces), a.energy});
  }
  return out;
}

SceneVerdict::Point SceneVerdict::at(double false_per_image) const {
  Point best;
  for (const Point& p : curve())
    if (p.false_per_image <= false_per_image) best = p;
  return best;
}

inline namespace EBM_PRECISION {

WindowVerdict judge_windows(const FaceDetector& detector, std::span<const FaceView> views,
                            std::uint64_t seed) {
  constexpr std::size_t kPixels = FaceDetector::kWindow * FaceDetector::kWindow;
  CropRanges ranges;
  ranges.roll = 0;
  ranges.mirror = false;
  Tensor crops(Shape{static_cast<int>(views.size()), 1, FaceDetector::kWindow, FaceDetector::kWindow});
  parallel_for(views.size(), [&](std::size_t i) {
    draw_crop(views[i], detector.config().contrast, ranges, Rng(seed).fork(i),
              crops.span().subspan(i * kPixels, kPixels));
  });
  const FaceMap map = detector.judge(crops);
  constexpr double kDegrees = 180 / std::numbers::pi;
  const int dims = pose_dims(detector.config().manifold);
  std::vector<double> faces, backgrounds, yaw_errors, roll_errors;
  for (std::size_t i = 0; i < views.size(); ++i) {
    (views[i].face ? faces : backgrounds).push_back(map.energy[i]);
    if (!views[i].face) continue;
    yaw_errors.push_back(dims < 1 ? 90 : std::abs(map.yaw[i] - views[i].pose.yaw) * kDegrees);
    roll_errors.push_back(dims < 2 ? 90 : std::abs(map.roll[i] - views[i].pose.roll) * kDegrees);
  }
  return {std::move(faces), std::move(backgrounds), std::move(yaw_errors), std::move(roll_errors)};
}

std::vector<Alarm> match_detections(std::span<const FaceDetection> found, std::span<const FaceWindow> faces) {
  std::vector<Alarm> out;
  std::vector<char> taken(faces.size(), 0);
  for (const FaceDetection& f : found) {  // lowest energy first
    Alarm alarm{f.energy, false};
    for (std::size_t k = 0; k < faces.size() && !alarm.hit; ++k) {
      const FaceDetection truth{faces[k].x, faces[k].y, faces[k].size, 0, 0, 0};
      if (!taken[k] && window_overlap(f, truth) >= 0.4) taken[k] = alarm.hit = true;
    }
    out.push_back(alarm);
  }
  return out;
}

SceneVerdict judge_scenes(const FaceDetector& detector, int count, std::uint64_t seed,
                          const SceneOptions& options, std::span<const GreyMap> natural) {
  std::vector<std::vector<Alarm>> alarms(static_cast<std::size_t>(count));
  std::vector<int> faces(alarms.size());
  parallel_for(alarms.size(), [&](std::size_t i) {
    const FaceScene scene = make_scene(options, seed, i, natural);
    std::vector<FaceWindow> windows;
    for (const SceneFace& f : scene.faces) windows.push_back(f.window);
    faces[i] = static_cast<int>(windows.size());
    alarms[i] = match_detections(detector.detect(scene.image, {.threshold = 1e9}), windows);
  });
  SceneVerdict v;
  v.images = count;
  for (std::size_t i = 0; i < alarms.size(); ++i) {
    v.faces += faces[i];
    std::ranges::move(alarms[i], std::back_inserter(v.alarms));
  }
  std::ranges::stable_sort(v.alarms, {}, &Alarm::energy);
  return v;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
