#include "ebm/models/confidence.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/rng.hpp"

namespace ebm::models {
namespace {

std::vector<Judged> random_judged(std::uint64_t seed, int count) {
  Rng rng(seed);
  std::vector<Judged> out;
  for (int i = 0; i < count; ++i) {
    const double confidence = std::round(20 * rng.uniform()) / 20;  // with ties
    out.push_back({confidence, rng.uniform() < confidence});
  }
  return out;
}

TEST(RejectCurve, AtEveryThreshold_CountsWhatCountingByHandCounts) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::vector<Judged> judged = random_judged(seed, 60);
    const std::size_t fields = 64;
    for (const RejectPoint& point : reject_curve(judged, fields)) {
      int read = 0, wrong = 0;
      for (const Judged& j : judged)
        if (j.confidence >= point.threshold) ++read, wrong += !j.right;
      EXPECT_DOUBLE_EQ(point.rejected, (64.0 - read) / 64);
      EXPECT_DOUBLE_EQ(point.error, wrong / 64.0);
    }
  }
}

TEST(RejectCurve, FromLeftToRight_FallsInRejectedAndNeverInError) {
  const auto curve = reject_curve(random_judged(3, 200), 210);
  EXPECT_EQ(curve.front().rejected, 1);
  EXPECT_EQ(curve.front().error, 0);
  EXPECT_DOUBLE_EQ(curve.back().rejected, 10.0 / 210);
  for (std::size_t i = 1; i < curve.size(); ++i) {
    EXPECT_LT(curve[i].rejected, curve[i - 1].rejected);
    EXPECT_GE(curve[i].error, curve[i - 1].error);
    EXPECT_LT(curve[i].threshold, curve[i - 1].threshold);
  }
}

TEST(RejectCurve, AtTheChosenThreshold_KeepsTheWantedError) {
  const std::vector<Judged> judged = random_judged(9, 300);
  for (const double target : {0.0, 0.01, 0.05, 0.2, 1.0}) {
    const double threshold = reject_threshold(judged, target);
    double least = 1;  // the least that could be rejected at this error
    for (const RejectPoint& point : reject_curve(judged, judged.size())) {
      if (point.threshold >= threshold) {
        EXPECT_LE(point.error, target);
      }
      if (point.error <= target) least = point.rejected;
    }
    std::size_t read = 0;
    for (const Judged& j : judged) read += j.confidence >= threshold;
    EXPECT_GE(1 - static_cast<double>(read) / static_cast<double>(judged.size()), least - 1e-12) << target;
  }
}

TEST(RejectCurve, WithoutAnyReading_IsOnePoint) {
  EXPECT_EQ(reject_curve({}, 5).size(), 1u);
  EXPECT_EQ(reject_curve({}, 5)[0].rejected, 1);
  EXPECT_EQ(reject_curve({}, 0).size(), 1u);
}

TEST(Calibration, OverAllBins_KeepsFieldsAndRights) {
  const std::vector<Judged> judged = random_judged(5, 500);
  double right = 0, confidence = 0, bin_right = 0, bin_confidence = 0;
  for (const Judged& j : judged) right += j.right, confidence += j.confidence;
  std::size_t fields = 0;
  for (const ConfidenceBin& bin : calibration(judged)) {
    fields += bin.fields;
    bin_right += bin.accuracy * static_cast<double>(bin.fields);
    bin_confidence += bin.confidence * static_cast<double>(bin.fields);
    EXPECT_GE(bin.confidence, bin.low);
    EXPECT_LE(bin.confidence, bin.high);
  }
  EXPECT_EQ(fields, judged.size());
  EXPECT_NEAR(bin_right, right, 1e-9);
  EXPECT_NEAR(bin_confidence, confidence, 1e-9);
}

TEST(Calibration, OfOneAndZero_FallsIntoTheOuterBins) {
  const std::vector<Judged> judged{{1, true}, {0, false}};
  const auto bins = calibration(judged, 4);
  ASSERT_EQ(bins.size(), 2u);
  EXPECT_EQ(bins[0].low, 0);
  EXPECT_EQ(bins[0].accuracy, 0);
  EXPECT_EQ(bins[1].high, 1);
  EXPECT_EQ(bins[1].accuracy, 1);
}

}  // namespace
}  // namespace ebm::models
