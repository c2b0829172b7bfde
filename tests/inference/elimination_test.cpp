// Orders of elimination and what they cost on graphs of hubs, of long chains and of variables of one label.

#include <gtest/gtest.h>

#include <set>

#include "ebm/inference/discrete.hpp"
#include "src/inference/elimination_order.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using Task = Question::Task;

// The fewest new edges, counted anew for every variable that is left.
std::vector<int> plain_min_fill(const RandomGraph& g) {
  const int n = static_cast<int>(g.counts.size());
  std::vector<std::set<int>> near(g.counts.size());
  const auto at = [](int v) { return static_cast<std::size_t>(v); };
  for (const auto& scope : g.scopes)
    for (const int u : scope)
      for (const int v : scope)
        if (u != v && g.counts[at(u)] > 1 && g.counts[at(v)] > 1) near[at(u)].insert(v);
  const auto fill = [&](int v) {
    int missing = 0;
    for (const int u : near[at(v)])
      for (const int w : near[at(v)]) missing += u < w && !near[at(u)].contains(w);
    return missing;
  };
  std::vector<int> out(g.counts.size(), 0);
  std::set<int> left;
  for (int v = 0; v < n; ++v) left.insert(v), out[at(v)] = fill(v);
  return out;
}

TEST(Neighbours_OfRandomGraphs_CountTheEdgesThatEachVariableWouldLeave, EqualPlainCounts) {
  Rng rng(71);
  for (int round = 0; round < 200; ++round) {
    const RandomGraph shape = random_graph(rng);
    const DiscreteGraph g = discrete_graph(shape, 1, 0, rng);
    Workspace ws;
    const DiscreteView view = view_of(g, ws);
    const Neighbours neighbours(view);
    const std::vector<int> expected = plain_min_fill(shape);
    for (std::size_t v = 0; v < expected.size(); ++v)
      EXPECT_EQ(neighbours.fill[v], expected[v]) << shape.kind << " of round " << round;
  }
}

// After each step the kept counts must be those of the graph that is left: the order itself is checked
// against one that counts anew.
TEST(MinFill_OnRandomGraphs, TakesTheVariableWithTheFewestNewEdgesEachTime) {
  Rng rng(72);
  for (int round = 0; round < 200; ++round) {
    const int n = 2 + rng.below(12);
    RandomGraph shape;
    shape.counts.assign(static_cast<std::size_t>(n), 2);
    for (int a = 0; a < n; ++a)
      for (int b = 0; b < a; ++b)
        if (rng.below(3) == 0) shape.scopes.push_back({a, b});
    const DiscreteGraph g = discrete_graph(shape, 1, 0, rng);
    Workspace ws;
    const DiscreteView view = view_of(g, ws);
    const Order order = order_of(view.labels, Neighbours(view), Rule::fill, 0, kInf, kInf);
    ASSERT_TRUE(order.complete);
    ASSERT_EQ(order.variables.size(), shape.counts.size());
    RandomGraph left = shape;
    std::vector<char> gone(shape.counts.size(), 0);
    for (std::size_t p = 0; p < order.variables.size(); ++p) {
      const std::vector<int> fills = plain_min_fill(left);
      const auto v = static_cast<std::size_t>(order.variables[p]);
      for (std::size_t u = 0; u < fills.size(); ++u)
        EXPECT_TRUE(gone[u] || fills[v] <= fills[u]) << "step " << p << " of round " << round;
      std::set<int> near;
      std::vector<std::vector<int>> scopes;
      for (const auto& scope : left.scopes) {
        if (scope[0] == order.variables[p] || (scope.size() > 1 && scope[1] == order.variables[p]))
          near.insert(scope[0] == order.variables[p] ? scope[1] : scope[0]);
        else
          scopes.push_back(scope);
      }
      const auto separator = order.separator(p);
      EXPECT_EQ(near, std::set<int>(separator.begin(), separator.end()));
      for (const int a : near)
        for (const int b : near)
          if (a < b) scopes.push_back({a, b});
      left.scopes = std::move(scopes);
      gone[v] = 1;
    }
  }
}

// One factor of two variables for every (first, second).
DiscreteGraph pairs_of(int variables, int labels, const std::vector<int>& scopes, Rng& rng) {
  DiscreteGraph g;
  const Variables y = g.add_variables(variables, Labels(labels));
  g.add_each(random_row(static_cast<std::size_t>(variables * labels), 1, 0, rng), y.each());
  g.add_each(random_row(static_cast<std::size_t>(labels * labels), 1, 0, rng), Scopes{2, scopes});
  return g;
}

TEST(JunctionTree_OfAStarOfAHundredThousandLeaves, TakesTimeInItsEdges) {
  constexpr int kLeaves = 100000;
  Rng rng(73);
  std::vector<int> scopes;
  for (int v = 1; v <= kLeaves; ++v) scopes.insert(scopes.end(), {0, v});
  const DiscreteGraph g = pairs_of(kLeaves + 1, 2, scopes, rng);
  const Solution s = discrete_engine("junction-tree").solve(g, {});
  double expected = kInf;
  for (int k = 0; k < 2; ++k) {
    std::vector<int> y(kLeaves + 1, 0);
    y[0] = k;
    double total = g.groups()[0].row(0)[k];
    for (int v = 1; v <= kLeaves; ++v) {
      const double* single = g.groups()[0].row(v);
      const double* pair = g.groups()[1].row(0);
      total += std::min(single[0] + pair[2 * k], single[1] + pair[2 * k + 1]);
    }
    expected = std::min(expected, total);
  }
  EXPECT_NEAR(s.energy, expected, 1e-9 * std::abs(expected));
  EXPECT_EQ(treewidth_bound(g).width, 1);
  const Solution sums = discrete_engine("junction-tree").solve(g, {Task::marginals});
  EXPECT_LE(sums.free_energy, s.energy);
}

TEST(JunctionTree_OfAChainOfAHundredThousandBesideAHub, TakesTimeInItsEdges) {
  constexpr int kLinks = 100000;
  Rng rng(74);
  std::vector<int> scopes;
  for (int v = 1; v <= kLinks; ++v) {
    if (v < kLinks) scopes.insert(scopes.end(), {v, v + 1});
    scopes.insert(scopes.end(), {0, v});
  }
  const DiscreteGraph hub = pairs_of(kLinks + 1, 2, scopes, rng);
  EXPECT_EQ(treewidth_bound(hub).width, 2);
  const Solution s = discrete_engine("junction-tree").solve(hub, {});
  const Solution f = discrete_engine("junction-tree").solve(hub, {Task::free_energy, 50});
  EXPECT_LE(f.free_energy, s.energy + 1e-6);
  EXPECT_GE(f.free_energy, s.energy - kLinks * std::log(2) / 50);
}

TEST(JunctionTree_OfVariablesOfOneLabel, DoesNotJoinThem) {
  // All of them meet all: were they joined, separators would hold 500 variables each.
  constexpr int kFixed = 500;
  Rng rng(75);
  DiscreteGraph g;
  g.add_variables(kFixed, Labels(1));
  g.add_variables(3, Labels(2));
  std::vector<int> scopes;
  for (int a = 0; a < kFixed; ++a)
    for (int b = 0; b < a; ++b) scopes.insert(scopes.end(), {a, b});
  g.add_each({0.5}, Scopes{2, scopes});
  double constant = 0.5 * kFixed * (kFixed - 1) / 2;
  DiscreteGraph free;
  free.add_variables(3, Labels(2));
  for (int v = 0; v < 3; ++v) {
    const auto row = random_row(4, 1, 0, rng);
    const std::vector<int> scope{kFixed + v, v, kFixed + (v + 1) % 3}, of_free{v, (v + 1) % 3};
    g.add(scope, row);
    free.add(of_free, row);
  }
  EXPECT_EQ(treewidth_bound(g).width, 2);
  for (const Task task : {Task::minimum, Task::marginals}) {
    const Solution a = discrete_engine("junction-tree").solve(g, {task});
    const Solution b = discrete_engine("exhaustive").solve(free, {task});
    if (task == Task::minimum) {
      EXPECT_NEAR(a.energy, b.energy + constant, 1e-9 * constant);
    } else {
      EXPECT_NEAR(a.free_energy, b.free_energy + constant, 1e-9 * constant);
      for (std::size_t k = 0; k < 6; ++k) EXPECT_NEAR(a.marginals[kFixed + k], b.marginals[k], 1e-9);
    }
  }
}

}  // namespace
}  // namespace ebm
