#include "ebm/models/parabola.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"

namespace ebm::models {
namespace {

using Architecture = ParabolaOptions::Architecture;
using Kind = ParabolaVerdict::Kind;

ParabolaOptions with(std::string_view loss, std::uint64_t seed, Architecture a = Architecture::implicit) {
  ParabolaOptions o;
  o.architecture = a;
  o.loss = loss;
  o.seed = seed;
  return o;
}

std::vector<ParabolaRecord> run(const std::vector<ParabolaOptions>& options, int passes) {
  std::vector<ParabolaRecord> out(options.size());
  parallel_for(options.size(), [&](std::size_t i) { out[i] = record_parabola(options[i], passes, {}, 8); });
  return out;
}

// Reference figures over 5 seeds: docs/benchmarks.md. Here the first two.
TEST(Parabola, UnderTheReferenceSetting_LossesWithAMarginFindTheParabola) {
  std::vector<ParabolaOptions> options;
  for (const std::string_view loss : {"square-square", "square-exponential", "mce", "log", "hinge", "nll"})
    for (const std::uint64_t seed : {1, 2}) options.push_back(with(loss, seed));
  for (const ParabolaRecord& r : run(options, 150)) {
    EXPECT_LT(r.end().rmse, 0.05) << r.options.loss << " seed " << r.options.seed;
    EXPECT_EQ(r.verdict.kind, Kind::learned) << r.options.loss;
    EXPECT_GT(r.end().range, 2 * kFlatRange) << r.options.loss;
  }
}

TEST(Parabola, OfARegressionNet_IsLearnedByTheEnergyLoss) {
  for (const ParabolaRecord& r :
       run({with("energy", 1, Architecture::regression), with("energy", 2, Architecture::regression)}, 100)) {
    EXPECT_LT(r.end().rmse, 0.1);
    EXPECT_EQ(r.verdict.kind, Kind::learned);
  }
}

TEST(Parabola, FromSmallWeights_TheEnergyLossCollapses_AndNllDoesNot) {
  std::vector<ParabolaOptions> options;
  for (const std::string_view loss : {"energy", "nll"}) {
    options.push_back(with(loss, 1));
    options.back().divisor = 4;
    options.back().points = 201;
    options.back().rate = 0.005;
    options.back().slow_after = 0;
  }
  const std::vector<ParabolaRecord> r = run(options, 100);
  ASSERT_EQ(r[0].start().range, r[1].start().range) << "the same weights at the start";
  EXPECT_LT(r[0].end().range, 0.13);
  EXPECT_GT(r[0].end().rmse, 0.3);
  EXPECT_EQ(r[0].verdict.kind, Kind::collapsed);
  EXPECT_NE(r[0].verdict.why.find("nothing pushes"), std::string::npos);
  EXPECT_LT(r[1].end().rmse, 0.05);
  EXPECT_EQ(r[1].verdict.kind, Kind::learned);
}

TEST(Parabola, FromSmallWeights_SquareSquareStopsFlatAtHalfTheMargin) {
  ParabolaOptions o = with("square-square", 2);
  o.divisor = 4;
  o.rate = 0.005;
  o.slow_after = 0;
  const ParabolaRecord r = run({o}, 100)[0];
  EXPECT_NEAR(r.end().truth, 0.5, 0.05);
  EXPECT_NEAR(r.end().offending, 0.5, 0.05);
  EXPECT_LT(r.end().range, 0.15);
}

TEST(Parabola, FromSmallWeights_SquareSquareIsTrappedAfterAnyNumberOfPasses) {
  ParabolaOptions o = with("square-square", 1);
  o.divisor = 4;
  o.points = 201;
  o.rate = 0.005;
  o.slow_after = 0;
  for (const std::uint64_t seed : {1, 2, 3})
    for (const int passes : {1, 3, 10, 20, 40, 70}) {
      o.seed = seed;
      const ParabolaVerdict verdict = record_parabola(o, passes, {}, 8).verdict;
      EXPECT_EQ(verdict.kind, Kind::trapped)
          << "seed " << seed << ", " << passes << " passes: " << verdict.why;
      EXPECT_NE(verdict.why.find("half the margin"), std::string::npos);
    }
}

TEST(ParabolaVerdict, OfASurface_GivesAReasonThatFitsIt) {
  const ParabolaMeasure start{.rmse = 0.6, .truth = 2, .offending = 1.8, .range = 4};
  const auto verdict = [&](std::string_view loss, const ParabolaMeasure& end) {
    return parabola_verdict(with(loss, 1), start, end);
  };
  // What every loss says of answers that are far off: no word of a valley that is there.
  for (const char* loss : {"energy", "perceptron", "hinge", "log", "mce", "square-square", "nll"}) {
    const ParabolaVerdict v = verdict(loss, {.rmse = 0.5, .truth = 1.6, .offending = 1, .range = 3});
    EXPECT_EQ(v.kind, Kind::failed) << loss;
    EXPECT_EQ(v.why.find("the valley is there"), std::string::npos) << loss << ": " << v.why;
    EXPECT_EQ(v.why.find("satisfied"), std::string::npos) << loss << ": " << v.why;
  }
  EXPECT_NE(
      verdict("hinge", {.rmse = 0.1, .truth = 1, .offending = 1.4, .range = 3}).why.find("valley is there"),
      std::string::npos);
  // At m/2 on a wide surface, or at another level, square-square is no trap; a learned surface never is one.
  EXPECT_EQ(verdict("square-square", {.rmse = 0.2, .truth = 0.5, .offending = 0.5, .range = 0.3}).kind,
            Kind::trapped);
  EXPECT_EQ(verdict("square-square", {.rmse = 0.2, .truth = 0.5, .offending = 0.5, .range = 4}).kind,
            Kind::rough);
  EXPECT_EQ(verdict("square-square", {.rmse = 0.2, .truth = 0.2, .offending = 0.2, .range = 0.3}).kind,
            Kind::rough);
  EXPECT_EQ(verdict("square-square", {.rmse = 0.04, .truth = 0.5, .offending = 0.5, .range = 0.3}).kind,
            Kind::learned);
  EXPECT_EQ(verdict("nll", {.rmse = 0.2, .truth = 0.5, .offending = 0.5, .range = 0.3}).kind, Kind::rough);
}

TEST(Parabola, IsTheSameForAnySeedAndNumberOfThreads_AndAnotherForAnother) {
  const auto once = [](std::uint64_t seed, int count) {
    set_threads(count);
    const std::vector<float> e = run({with("nll", seed), with("hinge", seed)}, 2)[1].pictures.back().surface;
    set_threads(0);
    return e;
  };
  EXPECT_EQ(once(3, 1), once(3, 2));
  EXPECT_NE(once(3, 1), once(4, 1));
}

TEST(Parabola, MeasuresWhatItsSurfaceShows) {
  Parabola toy(with("hinge", 1));
  constexpr int kColumns = 11, kRows = 401;
  const std::vector<float> e = toy.surface(kColumns, kRows), y = toy.answers(kColumns);
  for (int c = 0; c < kColumns; ++c) {
    int best = 0;
    for (int r = 0; r < kRows; ++r)
      if (e[static_cast<std::size_t>(r * kColumns + c)] < e[static_cast<std::size_t>(best * kColumns + c)])
        best = r;
    EXPECT_NEAR(y[static_cast<std::size_t>(c)], -1 + 2.0 * best / (kRows - 1), 1e-6);
  }
  const auto [low, high] = std::ranges::minmax(e);
  const ParabolaMeasure m = toy.measure();
  EXPECT_GE(low, 0);
  EXPECT_GT(m.range, 0);
  EXPECT_LE(m.range, high - low + 1e-3);
  EXPECT_GT(m.rmse, 0.05) << "nothing is learned yet";
  for (std::size_t i = 0; i < toy.inputs().size(); ++i)
    ASSERT_NEAR(toy.truths()[i], toy.inputs()[i] * toy.inputs()[i], 1e-6);
}

TEST(Parabola, OfARegressionNet_HasAValleyOfSlopeOne) {
  Parabola toy(with("energy", 1, Architecture::regression));
  const std::vector<float> e = toy.surface(2, 201);
  for (int r = 1; r < 201;
       ++r)  // |G - Y| changes by the spacing, or less where the valley's floor is between
    EXPECT_LE(std::abs(e[static_cast<std::size_t>(2 * r)] - e[static_cast<std::size_t>(2 * r - 2)]),
              0.01 + 1e-4);
}

TEST(Parabola, WithOptionsThatMakeNoSense_IsRefused) {
  EXPECT_THROW(Parabola(with("no such loss", 1)), Error);
  const auto broken = [](auto change) {
    ParabolaOptions o = with("hinge", 1);
    change(o);
    return o;
  };
  EXPECT_THROW(Parabola(broken([](auto& o) { o.points = 1; })), GraphError);
  EXPECT_THROW(Parabola(broken([](auto& o) { o.divisor = 0; })), GraphError);
  EXPECT_THROW(Parabola(broken([](auto& o) { o.samples = 0; })), GraphError);
  EXPECT_THROW(Parabola(broken([](auto& o) { o.rate = std::nan(""); })), GraphError);
  Parabola toy(with("hinge", 1));
  EXPECT_THROW(toy.surface(1, 5), GraphError);
  EXPECT_THROW(toy.surface(5, 1), GraphError);
  EXPECT_THROW(toy.answers(1), GraphError);
}

TEST(Parabola, WhoseStepIsFarTooLarge_EndsWithASentence) {
  ParabolaOptions o = with("square-square", 1);
  o.rate = 1e30;
  const ParabolaRecord r = run({o}, 3)[0];
  EXPECT_EQ(r.verdict.kind, Kind::failed);
  EXPECT_FALSE(r.verdict.why.empty());
  EXPECT_EQ(r.pictures.front().pass, 0);
}

}  // namespace
}  // namespace ebm::models
