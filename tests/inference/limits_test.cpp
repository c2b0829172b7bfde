#include "src/inference/limits.hpp"

#include <gtest/gtest.h>

namespace ebm {
namespace {

TEST(Limits, WhoAsks_IsToldOfEveryImprovementAndNowAndThenWithout) {
  int told = 0;
  Progress last;
  Question q;
  q.progress = [&](const Progress& p) {
    ++told, last = p;
    return true;
  };
  Limits limits(q, "engine");
  EXPECT_FALSE(limits.stop(5, 1));
  EXPECT_FALSE(limits.stop(4, 1));
  EXPECT_FALSE(limits.stop(4.5, 2));
  EXPECT_EQ(told, 3);
  EXPECT_EQ(last.energy, 4);
  EXPECT_EQ(last.bound, 2);
  EXPECT_EQ(last.engine, "engine");
  const Stopwatch watch;
  while (watch.seconds() < 0.15) EXPECT_FALSE(limits.stop(4, 2));
  EXPECT_GE(told, 4);
  EXPECT_LE(told, 5);
  EXPECT_FALSE(limits.limited());
}

TEST(Limits, EndASearch_WhenToldToOrInTimeOrNearTheBound) {
  Question q;
  q.gap = 0.5;
  q.progress = [](const Progress&) { return false; };
  Limits near(q, "engine");
  EXPECT_TRUE(near.stop(1.5, 1));
  EXPECT_FALSE(near.limited());
  Limits told(q, "engine");
  EXPECT_TRUE(told.stop(2, 1));
  EXPECT_TRUE(told.limited());
  q.progress = {};
  q.seconds = 0;
  Limits late(q, "engine");
  EXPECT_TRUE(late.stop(2, 1));
  EXPECT_TRUE(late.limited());
}

}  // namespace
}  // namespace ebm
