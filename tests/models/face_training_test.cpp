// A small training end to end: it learns, its second phase mines, and a stopped run goes on to the same
// weights.

#include "ebm/models/face_training.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "ebm/io/file.hpp"
#include "ebm/models/face_evaluation.hpp"
#include "ebm/train/checkpoint.hpp"

namespace ebm::models {
namespace {

FaceTraining small() {
  FaceTraining o;
  o.faces = o.backgrounds = 32;
  o.passes = 2;
  o.batch = 8;
  o.scenes = 4;
  o.quiet = true;
  return o;
}

std::vector<Real> weights(const FaceDetector& d) {
  return {d.params().flat().begin(), d.params().flat().end()};
}

TEST(FaceTraining, OfAFewFaces_LowersTheirEnergyBelowThatOfBackgrounds) {
  FaceDetector d;
  FaceTraining o = small();
  o.faces = o.backgrounds = 200;
  o.passes = 6;
  o.batch = 8;
  const FaceTrainingReport report = train_face_detector(d, o);
  EXPECT_EQ(report.mined, 100u);
  EXPECT_EQ(report.parameters, 63493u);
  const auto gap = [](const EpochReport& r) {
    return r.tally.high / static_cast<double>(r.tally.highs) -
           r.tally.low / static_cast<double>(r.tally.lows);
  };
  EXPECT_GT(gap(report.first.train.back()), 0.2);
  EXPECT_GT(gap(report.first.train.back()), gap(report.first.train.front()));
  std::vector<FaceView> views = face_views(200, 99);
  for (FaceView& v : background_views(200, 99)) views.push_back(v);
  const WindowVerdict v = judge_windows(d, views, 1);
  EXPECT_LT(v.equal_error, 0.35);
}

TEST(FaceTraining, Stopped_GoesOnToTheSameWeights) {
  const auto path = std::filesystem::temp_directory_path() / "ebm_face_training_test.ckpt";
  FaceDetector whole;
  train_face_detector(whole, small());
  struct Stop {};
  for (const int stop_after : {1, 3}) {  // in the first phase, and in the second
    FaceDetector d;
    FaceTraining o = small();
    o.checkpoint = path;
    int told = 0;
    o.say = [&](std::string_view line) {
      if (line.find("epoch") != std::string_view::npos && ++told == stop_after + 1) throw Stop{};
    };
    EXPECT_THROW(train_face_detector(d, o), Stop);
    o.say = {};
    o.resume = path;
    FaceDetector again;
    const FaceTrainingReport report = train_face_detector(again, o);
    EXPECT_EQ(weights(again), weights(whole)) << "stopped after pass " << stop_after;
    EXPECT_EQ(again.config().threshold, whole.config().threshold);
    EXPECT_EQ(report.first.train.size(), 2u);
    EXPECT_EQ(report.second.train.size(), 2u);
  }
  // The checkpoint is now of the second phase: a run that differs says in what, before anything is written.
  const auto refusal = [&](PoseManifold m, const std::function<void(FaceTraining&)>& change) -> std::string {
    FaceDetector other({.manifold = m});
    FaceTraining o = small();
    o.resume = path;
    change(o);
    try {
      train_face_detector(other, o);
    } catch (const DataError& e) {
      return e.what();
    }
    return "nothing was refused";
  };
  const auto nothing = [](FaceTraining&) {};
  EXPECT_NE(refusal(PoseManifold::point, nothing).find("manifold"), std::string::npos);
  EXPECT_NE(refusal(PoseManifold::yaw_roll, [](FaceTraining& o) { o.crops.shift = 0; }).find("crops"),
            std::string::npos);
  EXPECT_NE(refusal(PoseManifold::yaw_roll, [](FaceTraining& o) { o.backgrounds = 2; }).find("backgrounds"),
            std::string::npos);
  // So does one whose second part was touched.
  const std::filesystem::path mined = path.string() + ".mined";
  io::Bytes bytes = io::read_file(mined);
  bytes.back() ^= std::byte{1};
  io::write_file(mined, bytes);
  EXPECT_NE(refusal(PoseManifold::yaw_roll, nothing).find(".mined: is damaged: its checksum"),
            std::string::npos);
  std::filesystem::remove(path);
  std::filesystem::remove(mined);
}

TEST(FaceTraining, OfPoseAlone_NeedsNoBackgrounds) {
  FaceDetector d({.manifold = PoseManifold::yaw});
  FaceTraining o = small();
  o.backgrounds = 0;
  o.passes = 8;
  const FaceTrainingReport report = train_face_detector(d, o);
  EXPECT_EQ(report.mined, 0u);
  EXPECT_EQ(report.second.train.back().tally.placed, 32u);
  for (const EpochReport& r : report.second.train) EXPECT_FALSE(r.collapsed) << to_string(r);
  EXPECT_LT(report.second.train.back().loss, report.first.train.front().loss);
}

TEST(HardNegatives, AreTheLowestMinimaOfTheEnergyOnScenesWithoutFaces) {
  const FaceDetector d;
  const std::vector<FaceView> few = hard_negatives(d, 5, 2, 1), many = hard_negatives(d, 30, 2, 1);
  ASSERT_EQ(few.size(), 5u);
  EXPECT_GT(many.size(), few.size());
  for (std::size_t i = 0; i < few.size(); ++i) EXPECT_EQ(few[i].picture, many[i].picture);
  for (const FaceView& v : many) EXPECT_FALSE(v.face);
}

}  // namespace
}  // namespace ebm::models
