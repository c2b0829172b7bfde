// Mini-bucket bounds, and the automatic choice, against enumeration.

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "ebm/inference/search.hpp"
#include "src/inference/mini_bucket.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using Task = Question::Task;

constexpr double kTight = 1e-9;

int rounds(int unit) { return std::getenv("EBM_LONG") ? 1000 : unit; }

TEST(MiniBuckets_OfAnySize, BoundMinimaAndFreeEnergies) {
  Rng rng(81);
  int split = 0;
  for (int round = 0; round < rounds(200); ++round) {
    const RandomGraph shape = random_graph(rng);
    const DiscreteGraph g = discrete_graph(shape, 1, round % 3 == 0 ? 0.3 : 0, rng);
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    const double beta = rng.uniform(0.1, 3);
    const double low = discrete_engine("exhaustive").solve(g, {}).energy;
    const double f = discrete_engine("exhaustive").solve(g, {Task::free_energy, beta}).free_energy;
    Workspace ws;
    const DiscreteView view = view_of(g, ws);
    for (const double entries : {1.0, 8.0, 30.0, 1e6}) {
      std::vector<int> labels(view.labels.size(), 0);
      const MiniBucketBound minimum = mini_bucket_bound(view, kInf, entries, labels);
      const MiniBucketBound sum = mini_bucket_bound(view, beta, entries, {});
      EXPECT_LE(minimum.bound, low + kTight * (1 + std::abs(low)));
      EXPECT_LE(sum.bound, f + kTight * (1 + std::abs(f)));
      split += !minimum.exact;
      if (minimum.exact && low < kInf) {
        EXPECT_NEAR(minimum.bound, low, kTight * (1 + std::abs(low)));
        EXPECT_NEAR(energy_of(view, labels), low, kTight * (1 + std::abs(low)));
        EXPECT_NEAR(sum.bound, f, kTight * (1 + std::abs(f)));
      }
      if (minimum.exact && low == kInf) {
        EXPECT_EQ(minimum.bound, kInf);
        EXPECT_EQ(sum.bound, kInf);
      }
    }
  }
  EXPECT_GT(split, 100);
}

DiscreteGraph torus(int side, int labels, Rng& rng) {
  DiscreteGraph g;
  g.add_variables(side * side, Labels(labels));
  const auto k = static_cast<std::size_t>(labels);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      const int v = y * side + x;
      g.add(std::array{v}, random_row(k, 0.5, 0, rng));
      g.add(std::array{v, y * side + (x + 1) % side}, random_row(k * k, 1, 0, rng));
      g.add(std::array{v, (y + 1) % side * side + x}, random_row(k * k, 1, 0, rng));
    }
  return g;
}

TEST(Automatic_OfAWideGraph, SaysWhatItTriedAndBoundsBothKindsOfAnswer) {
  Rng rng(82);
  const DiscreteGraph g = torus(6, 3, rng);  // told to fit in less memory than it would take
  const double exact = discrete_engine("junction-tree").solve(g, {Task::free_energy, 1}).free_energy;
  const Solution sums = discrete_engine("automatic").solve(g, {Task::free_energy, 1, 0x1p20});
  EXPECT_EQ(sums.report.used, Method::loopy);
  EXPECT_EQ(sums.tried, (std::vector{Method::mini_bucket, Method::loopy}));
  EXPECT_LE(sums.free_energy_bound, exact + kTight);
  EXPECT_GT(sums.free_energy_bound, exact - 20);
  EXPECT_NEAR(sums.free_energy, exact, 5);
  const Solution minimum = discrete_engine("automatic").solve(g, {.memory = 0x1p20});
  EXPECT_EQ(minimum.report.used, Method::branch_and_bound);
  EXPECT_EQ(minimum.report.asked, Method::automatic);
  EXPECT_NEAR(minimum.energy, discrete_engine("junction-tree").solve(g, {}).energy, kTight * 100);
  EXPECT_EQ(minimum.report.exactness, Exactness::exact);
}

TEST(Automatic_OfSubmodularPairs, IsOneCut) {
  Rng rng(83);
  DiscreteGraph g;
  const Variables y = g.add_variables(900, Labels(2));
  g.add_each(random_row(1800, 1, 0, rng), y.each());
  g.add_each({0, 0.7, 0.7, 0}, y.grid_pairs(30, 30));
  const Solution s = discrete_engine("automatic").solve(g, {});
  EXPECT_EQ(s.report.used, Method::graph_cut);
  EXPECT_EQ(s.tried, std::vector{Method::graph_cut});
  EXPECT_NEAR(s.energy, discrete_engine("branch-and-bound").solve(g, {}).energy, 1e-7);
}

TEST(Automatic_OfRandomGraphs, EqualsEnumeration) {
  Rng rng(84);
  for (int round = 0; round < rounds(150); ++round) {
    const RandomGraph shape = random_graph(rng);
    const DiscreteGraph g = discrete_graph(shape, 1, round % 3 == 0 ? 0.3 : 0, rng);
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    const Solution s = discrete_engine("automatic").solve(g, {});
    const double low = discrete_engine("exhaustive").solve(g, {}).energy;
    if (low < kInf)
      EXPECT_NEAR(s.energy, low, kTight * (1 + std::abs(low)));
    else
      EXPECT_EQ(s.energy, kInf);
    EXPECT_FALSE(s.tried.empty());
    EXPECT_EQ(s.tried.back(), s.report.used);
  }
}

TEST(Automatic_OfAHardGraph, EndsInTime) {
  Rng rng(85);
  const DiscreteGraph g = torus(40, 4, rng);
  const Solution s = discrete_engine("automatic").solve(g, {.seconds = 0.05});
  EXPECT_LT(s.report.seconds, 2);  // half a second and a busy machine
  EXPECT_LT(s.bound, s.energy);
  EXPECT_NEAR(g.energy(s.labels), s.energy, 1e-7);
}

TEST(MiniBuckets_OfASample, BoundItsMinimum) {
  Rng rng(86);
  for (int round = 0; round < 30; ++round) {
    const RandomGraph shape = random_graph(rng);
    const auto tables = random_tables(shape, 1, round % 2 ? 0.15 : 0, rng);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { declare(g, shape, tables, {}); });
    Answer a, b;
    infer::MiniBucket{.entries = 6}.answer(one.batch, {}, a);
    infer::Exhaustive{}.answer(one.batch, {}, b);
    EXPECT_LE(a.bound[0], b.energy[0] + kTight);
    EXPECT_GE(a.energy[0], b.energy[0] - kTight);
  }
}

}  // namespace
}  // namespace ebm
