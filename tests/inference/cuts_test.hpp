#pragma once
/// \file
/// What the tests of cuts share: questions by an engine's name, comparisons, and submodular pairs.

#include <gtest/gtest.h>

#include <cstdlib>

#include "ebm/inference/discrete.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm::testing {

inline int rounds(int few) { return std::getenv("EBM_LONG") ? std::max(1000, few) : few; }

inline Solution solve(const char* engine, const DiscreteGraph& g, const Question& q = {}) {
  return discrete_engine(engine).solve(g, q);
}

inline void expect_same(double a, double b) {
  if (b == kInf || a == kInf) {
    EXPECT_EQ(a, b);
  } else {
    EXPECT_NEAR(a, b, 1e-9 * (1 + std::abs(b)));
  }
}

inline void expect_at_least(double a, double low) {
  EXPECT_TRUE(a >= low || low - a <= 1e-9 * (1 + std::abs(a))) << a << " " << low;
}

// Pairs of a grid, [height, width].
inline std::vector<std::vector<int>> grid_pairs(int height, int width) {
  std::vector<std::vector<int>> out;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      if (x > 0) out.push_back({y * width + x - 1, y * width + x});
      if (y > 0) out.push_back({(y - 1) * width + x, y * width + x});
    }
  return out;
}

// Normal entries, the diagonal lowered until the pair is submodular.
inline std::vector<double> submodular_row(Rng& rng) {
  std::vector<double> row{rng.normal(), rng.normal(), rng.normal(), rng.normal()};
  const double over = row[0] + row[3] - row[1] - row[2];
  if (over > 0) row[rng.chance(0.5) ? 0 : 3] -= over * rng.uniform(1, 2);
  return row;
}

DiscreteGraph grid(int height, int width, int labels, Rng& rng, const auto& row_of) {
  DiscreteGraph g;
  g.add_variables(height * width, Labels(labels));
  for (int v = 0; v < height * width; ++v) {
    std::vector<double> row;
    for (int k = 0; k < labels; ++k) row.push_back(2 * rng.normal());
    g.add(std::vector<int>{v}, row);
  }
  for (const auto& scope : grid_pairs(height, width)) g.add(scope, row_of());
  return g;
}

}  // namespace ebm::testing
