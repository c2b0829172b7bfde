// The replicated detector against the same net window by window; pyramid, suppression, files.

#include "ebm/models/face_detector.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "ebm/core/pool.hpp"
#include "ebm/models/face_evaluation.hpp"
#include "ebm/models/face_training.hpp"
#include "ebm/models/face_views.hpp"

namespace ebm::models {
namespace {

GreyMap noise(int width, int height, std::uint64_t seed) {
  Rng rng(seed);
  return draw_background(width, height, rng);
}

Tensor window(const GreyMap& picture, int x, int y) {
  Tensor out(Shape{1, 1, 32, 32});
  for (int j = 0; j < 32; ++j)
    for (int i = 0; i < 32; ++i) out[static_cast<std::size_t>(32 * j + i)] = picture.at(x + i, y + j);
  return out;
}

TEST(FaceDetector, ReplicatedOverAScene_EqualsWindowByWindow) {
  for (const PoseManifold m : {PoseManifold::point, PoseManifold::yaw, PoseManifold::yaw_roll}) {
    const FaceDetector detector({.manifold = m});
    const GreyMap scene = normalise(noise(240, 240, 1), detector.config().contrast);
    const FaceMap map = detector.map(scene), bounded = detector.map(scene, 1.2);
    ASSERT_EQ(map.lines, 53);
    ASSERT_EQ(map.columns, 53);
    for (int line = 0; line < map.lines; line += 1)
      for (int column = 0; column < map.columns; column += 1) {
        const std::size_t at = map.index(column, line);
        const FaceMap one = detector.judge(window(scene, 4 * column, 4 * line));
        ASSERT_NEAR(one.energy[0], map.energy[at], 1e-4);
        if (pose_dims(m) > 0) {
          ASSERT_NEAR(std::cos(one.yaw[0] - map.yaw[at]), 1, 1e-4);
        }
        if (map.energy[at] < 1.2)
          ASSERT_EQ(bounded.energy[at], map.energy[at]);
        else
          ASSERT_LE(bounded.energy[at], map.energy[at] + 1e-4);
      }
  }
}

TEST(FaceDetector, ReplicatedOverAScene_TakesAFifthOfTheMultiplyAdds) {
  const FaceDetector detector;
  const auto o = detector.operations(240, 240);
  EXPECT_GE(o.by_window / o.replicated, 5);
  const auto one = detector.operations(32, 32);
  EXPECT_EQ(one.by_window, one.replicated);
}

TEST(FaceDetector, OfAPictureSmallerThanAWindow_RefusesItAlone) {
  const FaceDetector detector;
  EXPECT_THROW(detector.detect(noise(40, 31, 1)), DataError);
  const std::vector<GreyMap> pictures{noise(80, 60, 1), noise(31, 80, 2), noise(64, 64, 3)};
  const std::vector<FaceFinding> found = detector.detect(pictures, {.threshold = 100});
  EXPECT_TRUE(found[0].reason.empty() && found[2].reason.empty());
  EXPECT_NE(found[1].reason.find("31 x 80 is smaller than the smallest window"), std::string::npos);
  EXPECT_FALSE(found[0].faces.empty());
  EXPECT_TRUE(found[1].faces.empty());
}

TEST(FaceDetector, OfOptionsOutOfRange_RefusesThem) {
  const FaceDetector detector;
  const GreyMap picture = noise(64, 64, 1);
  EXPECT_THROW(detector.detect(picture, {.step = 1}), GraphError);
  EXPECT_THROW(detector.detect(picture, {.smallest = 40, .largest = 39}), GraphError);
  EXPECT_THROW(detector.detect(picture, {.smallest = 0}), GraphError);
}

// Without a border a picture of one window has one place to look at, and with one its neighbours too.
TEST(FaceDetector, WithABorder_LooksOverTheEdge) {
  const FaceDetector detector;
  const GreyMap picture = noise(32, 32, 9);
  const auto inside = detector.detect(picture, {.threshold = 100, .border = 0});
  ASSERT_EQ(inside.size(), 1u);
  EXPECT_EQ(inside[0].x, 16);
  EXPECT_EQ(inside[0].y, 16);
  EXPECT_NEAR(inside[0].size, 32, 1e-9);
  bool outside = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const FaceDetection& f : detector.detect(noise(32, 32, seed), {.threshold = 100, .overlap = 2})) {
      EXPECT_LE(std::abs(f.x - 16), 4);
      EXPECT_LE(std::abs(f.y - 16), 4);
      outside = outside || f.x != 16 || f.y != 16;
    }
  EXPECT_TRUE(outside);
}

TEST(FaceDetector, OnAnyThreads_FindsTheSame) {
  const FaceDetector detector;
  const std::vector<GreyMap> pictures{noise(200, 160, 1), noise(90, 300, 2), noise(64, 64, 3)};
  std::vector<std::vector<FaceFinding>> all;
  for (const int count : {1, 2, 4}) {
    set_threads(count);
    all.push_back(detector.detect(pictures, {.threshold = 1.35}));
  }
  set_threads(0);
  for (std::size_t t = 1; t < all.size(); ++t)
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      ASSERT_EQ(all[t][i].faces.size(), all[0][i].faces.size());
      for (std::size_t k = 0; k < all[0][i].faces.size(); ++k) {
        EXPECT_EQ(all[t][i].faces[k].energy, all[0][i].faces[k].energy);
        EXPECT_EQ(all[t][i].faces[k].x, all[0][i].faces[k].x);
      }
    }
}

TEST(FaceDetector, Suppressing_KeepsTheLowestOfThoseThatOverlap) {
  std::vector<FaceDetection> faces{{100, 100, 40, 0, 0, 0.5},
                                   {104, 98, 40, 0, 0, 0.3},
                                   {200, 100, 40, 0, 0, 0.6},
                                   {100, 100, 12, 0, 0, 0.4},
                                   {130, 100, 40, 0, 0, 0.7}};
  suppress_overlaps(faces, 0.3);
  ASSERT_EQ(faces.size(), 3u);
  EXPECT_EQ(faces[0].energy, 0.3);
  EXPECT_EQ(faces[1].energy, 0.6);
  EXPECT_EQ(faces[2].energy, 0.7);
  EXPECT_NEAR(window_overlap({0, 0, 2, 0, 0, 0}, {1, 0, 2, 0, 0, 0}), 1.0 / 3, 1e-12);
}

TEST(FaceDetector, SavedAndLoaded_FindsTheSame) {
  const auto path = std::filesystem::temp_directory_path() / "ebm_face_detector_test.safetensors";
  FaceDetector detector({.contrast = {.radius = 8}, .threshold = 1.3, .seed = 5});
  detector.notes = "learned nothing";
  detector.save(path);
  const FaceDetector again = FaceDetector::load(path);
  std::filesystem::remove(path);
  const GreyMap picture = noise(120, 100, 4);
  const auto a = detector.detect(picture), b = again.detect(picture);
  EXPECT_EQ(again.notes, detector.notes);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) EXPECT_EQ(a[k].energy, b[k].energy);
}

// Plain loops over the square around each pixel.
TEST(LocalContrast, EqualsPlainLoops) {
  const GreyMap light = noise(37, 23, 6);
  for (const int radius : {1, 4, 30}) {
    const LocalContrast how{radius, 0.05};
    const GreyMap out = normalise(light, how);
    for (int y = 0; y < light.height; ++y)
      for (int x = 0; x < light.width; ++x) {
        double sum = 0, squares = 0, count = 0;
        for (int j = std::max(0, y - radius); j <= std::min(light.height - 1, y + radius); ++j)
          for (int i = std::max(0, x - radius); i <= std::min(light.width - 1, x + radius); ++i) {
            sum += light.at(i, j);
            squares += static_cast<double>(light.at(i, j)) * light.at(i, j);
            ++count;
          }
        const double mean = sum / count, deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
        ASSERT_NEAR(out.at(x, y), (light.at(x, y) - mean) / (deviation + 0.05), 1e-4);
      }
  }
}

TEST(DrawCrop, OfAnUnmovedView_IsItsMiddle) {
  const FaceView view = face_views(1, 3)[0];
  const LocalContrast plain{.radius = 0};
  CropRanges still{.shift = 0, .scale = 1, .roll = 0, .bright = 0, .contrast = 1, .mirror = false};
  std::vector<Real> out(32 * 32);
  const FacePose pose = draw_crop(view, plain, still, Rng(1), out);
  EXPECT_EQ(pose, view.pose);
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x)
      ASSERT_NEAR(out[static_cast<std::size_t>(32 * y + x)], 2 * view.picture.at(x + 20, y + 20) / 255.0 - 1,
                  1e-5);
}

// A turn of the crop is a turn of the head: what the renderer draws at a roll is what the crop turns to.
TEST(DrawCrop, ThatTurns_TurnsThePoseAlike) {
  FaceLook look;
  FaceView upright{{}, true, {0.3, 0, 0}};
  GreyMap canvas(kViewSide, kViewSide);
  draw_head(look, upright.pose, {36, 36, 32}, canvas);
  upright.picture = to_image(canvas);
  CropRanges turning{.shift = 0, .scale = 1, .roll = 0.7, .bright = 0, .contrast = 1, .mirror = false};
  std::vector<Real> crop(32 * 32);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const FacePose pose = draw_crop(upright, {.radius = 0}, turning, Rng(seed), crop);
    const auto difference = [&](double roll) {
      GreyMap rolled(kViewSide, kViewSide);
      draw_head(look, {pose.yaw, pose.pitch, roll}, {36, 36, 32}, rolled);
      double sum = 0;
      for (int y = 0; y < 32; ++y)
        for (int x = 0; x < 32; ++x)
          sum += std::abs(2 * rolled.at(x + 20, y + 20) - 1 - crop[static_cast<std::size_t>(32 * y + x)]);
      return sum;
    };
    EXPECT_GT(std::abs(pose.roll), 0.01);
    EXPECT_LT(2 * difference(pose.roll), difference(-pose.roll)) << "roll " << pose.roll;
  }
}

TEST(FaceDetector, OfWeightsThatOverflow_RefusesToSearch) {
  FaceDetector detector;
  for (Real& w : detector.params().flat()) w = std::numeric_limits<Real>::max() / 4;
  try {
    detector.detect(noise(64, 64, 3));
    ADD_FAILURE() << "nothing was refused";
  } catch (const DataError& e) {
    EXPECT_NE(std::string(e.what()).find("not finite"), std::string::npos) << e.what();
  }
}

TEST(FaceDetector, OfPosesOnTheirBounds_StaysInside) {
  const FaceDetector detector;
  int on_bound = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const FaceDetection& f : detector.detect(noise(96, 96, seed), {.threshold = 1e9})) {
      EXPECT_LE(std::abs(f.yaw), 90);
      EXPECT_LE(std::abs(f.roll), 45);
      on_bound += std::abs(f.yaw) == 90 || std::abs(f.roll) == 45;
    }
  EXPECT_GT(on_bound, 0);
}

TEST(DrawCrop, ThatMirrors_MirrorsThePose) {
  const FaceView view = face_views(3, 4)[2];
  CropRanges still{.shift = 0, .scale = 1, .roll = 0, .bright = 0, .contrast = 1, .mirror = true};
  std::vector<Real> out(32 * 32);
  int turned = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const FacePose pose = draw_crop(view, {.radius = 0}, still, Rng(seed), out);
    const bool mirror = pose == mirrored(view.pose);
    turned += mirror;
    if (!mirror) {
      EXPECT_EQ(pose, view.pose);
    }
    ASSERT_NEAR(out[5 * 32 + 3], 2 * view.picture.at(20 + (mirror ? 28 : 3), 25) / 255.0 - 1, 1e-5);
  }
  EXPECT_GT(turned, 3);
  EXPECT_LT(turned, 17);
}

TEST(WindowVerdict, OfKnownEnergies_HasTheEqualErrorWorkedOutByHand) {
  const WindowVerdict v({0.1, 0.2, 0.3, 0.9}, {0.25, 0.8, 1.0, 1.2}, {5, 20, 10, 90}, {1, 2, 3, 90});
  EXPECT_EQ(v.equal_error, 0.25);
  EXPECT_EQ(v.threshold, 0.3);
  EXPECT_EQ(v.yaw_within_15, 2.0 / 3);
  EXPECT_EQ(v.roll_within_15, 1);
  EXPECT_NEAR(v.mean_yaw_error, 35.0 / 3, 1e-12);
}

TEST(WindowVerdict, WithoutBackgrounds_TellsEveryFace) {
  const WindowVerdict v({0.1, 0.9}, {}, {5, 25}, {1, 2});
  EXPECT_EQ(v.yaw_within_15, 0.5);
  EXPECT_EQ(v.mean_yaw_error, 15);
  EXPECT_TRUE(v.curve.empty());
}

TEST(MatchDetections, OfAFaceFoundTwice_CountsOnce) {
  const std::vector<FaceWindow> faces{{50, 50, 32}, {150, 50, 40}};
  const std::vector<FaceDetection> found{
      {51, 49, 32, 0, 0, 0.1}, {48, 52, 36, 0, 0, 0.2}, {150, 50, 120, 0, 0, 0.3}, {152, 50, 45, 0, 0, 0.4}};
  const std::vector<Alarm> alarms = match_detections(found, faces);
  EXPECT_TRUE(alarms[0].hit && !alarms[1].hit && !alarms[2].hit && alarms[3].hit);
  SceneVerdict v{.images = 2, .faces = 2, .alarms = alarms};
  EXPECT_EQ(v.at(0).rate, 0.5);
  EXPECT_EQ(v.at(0.5).rate, 0.5);
  EXPECT_EQ(v.at(1).rate, 1);
}

}  // namespace
}  // namespace ebm::models
