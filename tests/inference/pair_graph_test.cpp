// Singles and pairs have the energies of the graph they are made of.

#include "src/inference/pair_graph.hpp"

#include <gtest/gtest.h>

#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

void next(std::vector<int>& y, std::span<const int> counts) {
  for (std::size_t v = y.size(); v-- > 0;) {
    if (++y[v] < counts[v]) return;
    y[v] = 0;
  }
}

TEST(PairGraph_OfAnyGraph_HasItsEnergies, AtEveryLabel) {
  Rng rng(81);
  int larger = 0;
  for (int round = 0; round < 200; ++round) {
    const DiscreteGraph graph = discrete_graph(random_graph(rng), 1, round % 3 == 0 ? 0.1 : 0, rng);
    Workspace ws;
    const PairGraph pairs = pair_graph(view_of(graph, ws), ws);
    larger += pairs.variables() > pairs.own;
    ASSERT_EQ(pairs.own, graph.variables());
    std::vector<int> y(static_cast<std::size_t>(pairs.variables()), 0);
    double joint = 1;
    for (const int k : graph.labels()) joint *= k;
    std::vector<int> own(static_cast<std::size_t>(graph.variables()), 0);
    for (double i = 0; i < joint; ++i, next(own, graph.labels())) {
      std::ranges::copy(own, y.begin());
      complete(pairs, y);
      const double expected = graph.energy(own), e = energy_of(pairs, y);
      if (expected < kInf)
        ASSERT_NEAR(e, expected, 1e-9);
      else
        ASSERT_EQ(e, kInf);
    }
  }
  EXPECT_GT(larger, 20);
}

TEST(PairGraph_OfTablesOfADifference, KnowsTheirShape) {
  const auto table = [](int labels, auto at) {
    std::vector<double> row;
    for (int a = 0; a < labels; ++a)
      for (int b = 0; b < labels; ++b) row.push_back(at(std::abs(a - b)));
    return row;
  };
  const auto shape = [](int labels, const std::vector<double>& row) {
    DiscreteGraph g;
    g.add_variables(2, Labels(labels));
    g.add(std::vector<int>{0, 1}, row);
    Workspace ws;
    return pair_graph(view_of(g, ws), ws).tables[0];
  };
  using Shape = PairGraph::Shape;
  EXPECT_EQ(shape(4, table(4, [](int d) { return 2.0 + 3 * (d > 0); })).shape, Shape::potts);
  EXPECT_EQ(shape(4, table(4, [](int d) { return 2.0 - 3 * (d > 0); })).shape, Shape::table);
  const auto linear = shape(5, table(5, [](int d) { return 1 + std::min(0.7 * d, 1.9); }));
  EXPECT_EQ(linear.shape, Shape::linear);
  EXPECT_DOUBLE_EQ(linear.weight, 0.7);
  EXPECT_DOUBLE_EQ(linear.limit, 1.9);
  EXPECT_EQ(shape(5, table(5, [](int d) { return 0.3 * d * d; })).shape, Shape::quadratic);
  EXPECT_EQ(shape(5, table(5, [](int d) { return std::min(0.3 * d * d, 2.0); })).shape, Shape::quadratic);
  EXPECT_EQ(shape(5, table(5, [](int d) { return d == 4 ? kInf : 1.0 * d; })).shape, Shape::table);
  std::vector<double> skew = table(3, [](int d) { return 1.0 * d; });
  skew[1] += 0.5;
  EXPECT_EQ(shape(3, skew).shape, Shape::table);
}

}  // namespace
}  // namespace ebm
