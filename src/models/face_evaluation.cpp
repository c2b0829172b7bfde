#include "ebm/models/face_evaluation.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/pool.hpp"

namespace ebm::models {

void conclude(WindowVerdict& v) {
  std::vector<double> faces = v.faces, others = v.others;
  std::ranges::sort(faces);
  std::ranges::sort(others);
  const auto fraction_below = [](const std::vector<double>& sorted, double t) {
    return sorted.empty() ? 0
                          : static_cast<double>(std::ranges::lower_bound(sorted, t) - sorted.begin()) /
                                static_cast<double>(sorted.size());
  };
  // Missed faces fall with the threshold, false alarms rise: where they cross.
  double least = 2;
  std::vector<double> all = faces;
  all.insert(all.end(), others.begin(), others.end());
  for (const double t : all) {
    const double missed = 1 - fraction_below(faces, t), wrong = fraction_below(others, t);
    if (std::abs(missed - wrong) < least) {
      least = std::abs(missed - wrong);
      v.threshold = t;
      v.equal_error = (missed + wrong) / 2;
    }
  }
  double told = 0;
  v.mean_yaw_error = v.mean_roll_error = v.yaw_within_15 = v.roll_within_15 = 0;
  for (std::size_t i = 0; i < v.faces.size(); ++i) {
    if (!v.others.empty() && v.faces[i] >= v.threshold) continue;
    ++told;
    v.mean_yaw_error += v.yaw_errors[i];
    v.mean_roll_error += v.roll_errors[i];
    v.yaw_within_15 += v.yaw_errors[i] <= 15;
    v.roll_within_15 += v.roll_errors[i] <= 15;
  }
  for (double* mean : {&v.mean_yaw_error, &v.mean_roll_error, &v.yaw_within_15, &v.roll_within_15})
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
    draw_crop(views[i], detector.config.contrast, ranges, Rng(seed).fork(i),
              crops.span().subspan(i * kPixels, kPixels));
  });
  const FaceMap map = detector.judge(crops);
  constexpr double kDegrees = 180 / std::numbers::pi;
  const int dims = pose_dims(detector.config.manifold);
  WindowVerdict v;
  for (std::size_t i = 0; i < views.size(); ++i) {
    (views[i].face ? v.faces : v.others).push_back(map.energy[i]);
    if (!views[i].face) continue;
    v.yaw_errors.push_back(dims < 1 ? 90 : std::abs(map.yaw[i] - views[i].pose.yaw) * kDegrees);
    v.roll_errors.push_back(dims < 2 ? 90 : std::abs(map.roll[i] - views[i].pose.roll) * kDegrees);
  }
  conclude(v);
  return v;
}

std::vector<Alarm> match(std::span<const FaceDetection> found, std::span<const FaceWindow> faces) {
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
    alarms[i] = match(detector.detect(scene.image, {.threshold = 1e9}), windows);
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
