// Roof duality against enumeration: its bound, and the labels it proves.

#include "ebm/inference/cuts.hpp"

#include <gtest/gtest.h>

#include "inference/cuts_test.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// A bound, and labels that some minimum has all at once.
TEST(RoofDuality_OnAnyPairsOfTwoLabels, BoundsTheMinimumAndProvesLabelsOfIt) {
  Rng rng(58);
  int proved = 0, all = 0, left = 0, exact = 0;
  for (int round = 0; round < rounds(400); ++round) {
    RandomGraph shape = random_graph(rng);
    std::erase_if(shape.scopes, [](const auto& s) { return s.size() > 2; });
    for (int& k : shape.counts) k = std::min(k, 2);
    DiscreteGraph g = discrete_graph(shape, round % 7 == 0 ? 300 : 1, round % 4 == 0 ? 0.1 : 0, rng);
    if (round % 5 == 0) {  // frustrated, with ties
      g = {};
      g.add_variables(8, Labels(2));
      for (const auto& scope : grid_pairs(2, 4))
        g.add(scope, rng.chance(0.5) ? std::vector<double>{0, 1, 1, 0} : std::vector<double>{1, 0, 0, 1});
      if (round % 2) g.add(std::vector<int>{rng.below(8)}, std::vector<double>{0, 1});
    }
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    const Solution s = solve("roof-duality", g);
    double low = kInf, agreeing = kInf;
    each_labelling(std::vector<int>(g.labels().begin(), g.labels().end()), [&](const std::vector<int>& y) {
      const double e = g.energy(y);
      low = std::min(low, e);
      for (std::size_t v = 0; v < y.size(); ++v)
        if (s.proved[v] >= 0 && y[v] != s.proved[v]) return;
      agreeing = std::min(agreeing, e);
    });
    ASSERT_EQ(s.proved.size(), static_cast<std::size_t>(g.variables()));
    expect_same(agreeing, low);
    expect_at_least(low, s.bound);
    expect_at_least(s.energy, low);
    const auto unknown = std::ranges::count(s.proved, -1);
    all += unknown == 0;
    left += unknown > 0;
    proved += unknown < g.variables();
    if (s.report.exactness == Exactness::exact) {
      expect_same(s.energy, low);
      ++exact;
    } else {
      EXPECT_EQ(s.report.exactness, Exactness::bounded);
    }
  }
  EXPECT_GT(proved, 200);
  EXPECT_GT(all, 150);
  EXPECT_GT(left, 10);
  EXPECT_GT(exact, 150);
}

// The dual is the least energy of labels 0, 1 and half of each, where two halves may go together either way.
TEST(RoofDuality_OnAnyPairs_HasTheBound, OfLabelsThatMayBeHalf) {
  Rng rng(63);
  int below = 0;
  for (int round = 0; round < rounds(200); ++round) {
    const int n = 4 + rng.below(3);
    DiscreteGraph g;
    g.add_variables(n, Labels(2));
    std::vector<std::vector<double>> singles, pairs;
    std::vector<std::vector<int>> scopes;
    for (int v = 0; v < n; ++v) {
      singles.push_back(random_row(2, 0.1, 0, rng));
      g.add(std::vector<int>{v}, singles.back());
    }
    for (int a = 0; a < n; ++a)
      for (int b = 0; b < a; ++b) {
        if (rng.chance(0.1)) continue;
        scopes.push_back({a, b});
        pairs.push_back(random_row(4, 1, 0, rng));
        g.add(scopes.back(), pairs.back());
      }
    double least = kInf, low = kInf;
    each_labelling(std::vector<int>(static_cast<std::size_t>(n), 3), [&](const std::vector<int>& y) {
      double e = 0;
      bool half = false;
      for (std::size_t v = 0; v < y.size(); ++v) {
        half |= y[v] == 2;
        e += y[v] < 2 ? singles[v][static_cast<std::size_t>(y[v])] : (singles[v][0] + singles[v][1]) / 2;
      }
      for (std::size_t f = 0; f < pairs.size(); ++f) {
        const auto a = static_cast<std::size_t>(y[static_cast<std::size_t>(scopes[f][0])]),
                   b = static_cast<std::size_t>(y[static_cast<std::size_t>(scopes[f][1])]);
        const auto& p = pairs[f];
        e += a < 2 && b < 2 ? p[2 * a + b]
             : a < 2        ? (p[2 * a] + p[2 * a + 1]) / 2
             : b < 2        ? (p[b] + p[2 + b]) / 2
                            : std::min(p[0] + p[3], p[1] + p[2]) / 2;
      }
      least = std::min(least, e);
      if (!half) low = std::min(low, e);
    });
    EXPECT_NEAR(solve("roof-duality", g).bound, least, 1e-8);
    below += least < low - 1e-6;
  }
  EXPECT_GT(below, 20);
}

TEST(RoofDuality_OfSubmodularPairs_ProvesEveryLabel, TiesIncluded) {
  Rng rng(59);
  for (int round = 0; round < rounds(100); ++round) {
    const DiscreteGraph g = grid(3, 3, 2, rng, [&] {
      return round % 2 ? submodular_row(rng) : std::vector<double>{0, 1, 1, 0};
    });
    const Solution s = solve("roof-duality", g);
    EXPECT_EQ(std::ranges::count(s.proved, -1), 0);
    EXPECT_EQ(s.report.exactness, Exactness::exact);
    expect_same(s.energy, solve("exhaustive", g).energy);
  }
  DiscreteGraph flat;  // nothing but ties
  flat.add_variables(6, Labels(2));
  for (const auto& scope : grid_pairs(2, 3)) flat.add(scope, std::vector<double>{0, 1, 1, 0});
  EXPECT_EQ(std::ranges::count(solve("roof-duality", flat).proved, -1), 0);
}

}  // namespace
}  // namespace ebm
