#include "ebm/graph/graph_shape.hpp"

#include <gtest/gtest.h>

#include "ebm/graph/made_graphs.hpp"
#include "io/io_test.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using Kind = GraphShape::Kind;
using testing::each_labelling;

DiscreteGraph pairs_graph(int variables, const std::vector<std::pair<int, int>>& pairs) {
  DiscreteGraph g;
  g.add_variables(variables, Labels(2));
  for (const auto& [a, b] : pairs) g.add(std::vector<int>{a, b}, std::vector<double>{0, 1, 1, 0});
  return g;
}

TEST(GraphShape, Structures_AreToldApart) {
  EXPECT_EQ(shape_of(pairs_graph(3, {})).kind, Kind::single);
  EXPECT_EQ(shape_of(pairs_graph(3, {})).components, 3);
  EXPECT_EQ(shape_of(pairs_graph(4, {{2, 0}, {0, 1}, {1, 0}})).kind, Kind::chain);
  EXPECT_EQ(shape_of(pairs_graph(4, {{2, 0}, {0, 1}, {1, 0}})).components, 2);
  EXPECT_EQ(shape_of(pairs_graph(4, {{0, 1}, {0, 2}, {0, 3}})).kind, Kind::tree);
  EXPECT_EQ(shape_of(pairs_graph(3, {{0, 1}, {1, 2}, {2, 0}})).kind, Kind::loopy);
  const GraphShape grid = shape_of(make_graph({.height = 3, .width = 4}));
  EXPECT_EQ(grid.kind, Kind::grid);
  EXPECT_EQ(grid.height, 3);
  EXPECT_EQ(grid.width, 4);
  // One pair of the grid missing, or one too many.
  std::vector<std::pair<int, int>> square{{0, 1}, {2, 3}, {4, 5}, {0, 2}, {1, 3}, {2, 4}, {3, 5}};
  EXPECT_EQ(shape_of(pairs_graph(6, square)).kind, Kind::grid);
  square.pop_back();
  EXPECT_EQ(shape_of(pairs_graph(6, square)).kind, Kind::loopy);
  square.emplace_back(1, 2);
  EXPECT_EQ(shape_of(pairs_graph(6, square)).kind, Kind::loopy);
  DiscreteGraph high = pairs_graph(5, {{3, 4}});
  high.add(std::vector<int>{0, 1, 3}, std::vector<double>{kInf, 1, 1, 0, 1, 1, kInf, 2});
  EXPECT_EQ(shape_of(high).kind, Kind::acyclic);
  EXPECT_EQ(shape_of(high).forbidden, 2u);
  EXPECT_EQ(shape_of(high).arities, (GraphShape::Counts{{2, 1}, {3, 1}}));
  high.add(std::vector<int>{1, 4}, std::vector<double>{0, 1, 1, 0});
  EXPECT_EQ(shape_of(high).kind, Kind::loopy);
  for (const auto structure :
       {MadeGraph::Structure::chain, MadeGraph::Structure::tree, MadeGraph::Structure::loops}) {
    const GraphShape s = shape_of(make_graph({.structure = structure, .variables = 40, .more = 5}));
    EXPECT_EQ(s.components, 1);
    EXPECT_EQ(s.kind, structure == MadeGraph::Structure::chain  ? Kind::chain
                      : structure == MadeGraph::Structure::tree ? Kind::tree
                                                                : Kind::loopy);
  }
}

// By the definition: every two answers against the least and the greatest of both.
bool submodular(const DiscreteGraph& g, const std::vector<int>& counts) {
  std::vector<std::vector<int>> all;
  each_labelling(counts, [&](const std::vector<int>& y) { all.push_back(y); });
  for (const auto& a : all)
    for (const auto& b : all) {
      std::vector<int> low = a, high = a;
      for (std::size_t v = 0; v < a.size(); ++v)
        low[v] = std::min(a[v], b[v]), high[v] = std::max(a[v], b[v]);
      if (g.energy(low) + g.energy(high) > g.energy(a) + g.energy(b) + 1e-9) return false;
    }
  return true;
}

TEST(Submodularity, OfOneFactor_IsThatOfTheDefinition) {
  Rng rng(7);
  int yes = 0, rounds = 0;
  for (int round = 0; round < 400; ++round) {
    const int arity = 2 + rng.below(2);
    std::vector<int> counts, scope;
    std::size_t entries = 1;
    for (int a = 0; a < arity; ++a) {
      counts.push_back(2 + rng.below(arity == 2 ? 3 : 2));
      scope.push_back(a);
      entries *= static_cast<std::size_t>(counts.back());
    }
    DiscreteGraph g;
    for (const int k : counts) g.add_variables(1, Labels(k));
    std::vector<double> row(entries);
    // Convex in the sum of labels with the sign turned, so that some are; noise and forbidden entries.
    std::vector<int> y(counts.size(), 0);
    const double noise = round % 3 ? 0.3 : 0, forbidden = round % 2 ? 0.3 : 0;
    for (double& e : row) {
      double sum = 0;
      for (const int label : y) sum += label;
      e = rng.chance(forbidden) ? kInf : -0.2 * sum * sum + noise * rng.normal();
      for (std::size_t a = y.size(); a-- > 0;) {
        if (++y[a] < counts[a]) break;
        y[a] = 0;
      }
    }
    g.add(scope, row);
    const bool expected = submodular(g, counts);
    EXPECT_EQ(!submodularity_violation(g), expected) << "round " << round;
    yes += expected, ++rounds;
  }
  EXPECT_GT(yes, 20);
  EXPECT_LT(yes, rounds - 20);
}

TEST(Submodularity, OfCountsAndAgreements_IsThatOfTheDefinition) {
  Rng rng(8);
  int yes = 0;
  for (int round = 0; round < 300; ++round) {
    const int arity = 2 + rng.below(3), labels = round % 2 ? 2 : 2 + rng.below(2);
    const bool count = round % 2 == 1;
    DiscreteGraph g;
    g.add_variables(arity, Labels(labels));
    Scopes scope{arity, {}};
    for (int a = 0; a < arity; ++a) scope.variables.push_back(a);
    std::vector<double> row(static_cast<std::size_t>(count ? 2 + rng.below(arity) : labels + 1));
    for (double& e : row) e = rng.chance(0.15) ? kInf : rng.below(3);
    if (count && round % 3 == 0)
      for (std::size_t c = 0; c < row.size(); ++c) row[c] = std::sqrt(static_cast<double>(c));
    g.add_each(row, scope, {}, count ? Index::count : Index::agreement);
    const bool expected = submodular(g, std::vector<int>(static_cast<std::size_t>(arity), labels));
    EXPECT_EQ(!submodularity_violation(g), expected)
        << "round " << round << " arity " << arity << " labels " << labels;
    yes += expected;
  }
  EXPECT_GT(yes, 20);
}

TEST(Submodularity, NamesTheFirstFactorThatViolatesIt) {
  DiscreteGraph g = pairs_graph(3, {{0, 1}});
  EXPECT_FALSE(submodularity_violation(g));
  g.add_each({0, 1, 1, 0}, {2, {1, 2, 0, 2}}, {2, -1});
  const auto v = submodularity_violation(g);
  ASSERT_TRUE(v);
  EXPECT_EQ(v->scope, (std::vector<int>{0, 2}));
  EXPECT_EQ(v->why, "E(0,0) + E(1,1) = 0 is above E(0,1) + E(1,0) = -2");
}

TEST(Drawing, HasEveryVariableAndFactor) {
  DiscreteGraph g = pairs_graph(3, {{0, 1}, {1, 2}});
  g.add(std::vector<int>{0}, std::vector<double>{0, 1});
  const std::vector<std::string> names{"rain", "a \"quote\"", "wet"};
  const std::string dot = to_dot(g, names, std::vector<int>{-1, 1, -1}, 100);
  for (const char* part : {"v0 [shape=circle, label=\"rain\"", "label=\"a \\\"quote\\\" = 1\"", "f1 -- v2;",
                           "fillcolor=\"#c8c8c8\"", "f2 [shape=square"})
    EXPECT_HAS(dot, part);
  EXPECT_HAS(to_dot(make_graph({.height = 2, .width = 2}), {}, {}, 100), "pos=\"1.10,-1.10!\"");
  EXPECT_HAS(io::error_of<GraphError>([&] { (void)to_dot(g, names, {}, 5); }),
             "3 variables and 3 factors are more than the 5");
}

TEST(MadeGraphs, AreTheSameForTheSameSeed) {
  using Structure = MadeGraph::Structure;
  for (const Structure structure : {Structure::chain, Structure::tree, Structure::grid, Structure::loops})
    for (const auto pairs : {MadeGraph::Pairs::potts, MadeGraph::Pairs::linear, MadeGraph::Pairs::quadratic,
                             MadeGraph::Pairs::random}) {
      MadeGraph o{.structure = structure,
                  .pairs = pairs,
                  .variables = 12,
                  .height = 3,
                  .width = 4,
                  .labels = 3,
                  .more = 3,
                  .forbidden = pairs == MadeGraph::Pairs::random ? 0.8 : 0,
                  .seed = 5};
      const DiscreteGraph a = make_graph(o), b = make_graph(o);
      o.seed = 6;
      const DiscreteGraph c = make_graph(o);
      EXPECT_EQ(a.groups()[0].energies, b.groups()[0].energies);
      EXPECT_NE(a.groups()[0].energies, c.groups()[0].energies);
      EXPECT_EQ(a.groups()[1].energies, b.groups()[1].energies);
      EXPECT_EQ(a.variables(), 12);
      EXPECT_EQ(!submodularity_violation(a), pairs == MadeGraph::Pairs::quadratic
                                                 ? !submodularity_violation(a)
                                                 : pairs == MadeGraph::Pairs::linear);
    }
  EXPECT_THROW((void)make_graph({.height = 0, .width = 3}), GraphError);
  EXPECT_THROW((void)make_graph({.structure = Structure::loops, .variables = 3, .more = 2}), GraphError);
  EXPECT_THROW((void)make_graph({.height = 100000, .width = 100000}), GraphError);
}

}  // namespace
}  // namespace ebm
