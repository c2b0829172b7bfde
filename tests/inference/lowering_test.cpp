// Counts and agreements as small tables: every engine's answer is that of enumeration.

#include <gtest/gtest.h>

#include "ebm/graph/at_labels.hpp"
#include "ebm/graph/structured_factors.hpp"
#include "ebm/inference/discrete.hpp"
#include "ebm/inference/verbs.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using Task = Question::Task;

// Binary and three-label variables under singles, pairs, counts and agreements.
DiscreteGraph random_structured(Rng& rng) {
  DiscreteGraph g;
  const int n = 2 + rng.below(4), m = 2 + rng.below(2);
  g.add_variables(n, Labels(2));
  g.add_variables(m, Labels(3));
  for (int v = 0; v < n + m; ++v) g.add(std::vector<int>{v}, random_row(v < n ? 2 : 3, 1, 0.05, rng));
  g.add(std::vector<int>{0, n}, random_row(6, 1, 0, rng));
  for (int f = 0; f < 3; ++f) {
    const bool count = f == 0 || rng.chance(0.5);
    const int first = count ? 0 : n, size = count ? n : m;
    std::vector<int> scope;
    for (int v = 0; v < size; ++v) scope.push_back(first + v);
    rng.shuffle(std::span<int>(scope));
    scope.resize(static_cast<std::size_t>((count ? 1 : 2) + rng.below(size - (count ? 0 : 1))));
    const auto arity = static_cast<int>(scope.size());
    const bool twice = rng.chance(0.3);
    if (twice) scope.insert(scope.end(), scope.begin(), scope.begin() + arity);
    g.add_each(random_row(static_cast<std::size_t>(count ? 2 + rng.below(5) : 4), 1, 0.1, rng),
               {arity, scope}, twice ? std::vector<double>{0.5, 2} : std::vector<double>{},
               count ? Index::count : Index::agreement);
  }
  return g;
}

TEST(CountsAndAgreements, InAJunctionTree_EqualEnumeration) {
  Rng rng(71);
  for (int round = 0; round < 200; ++round) {
    const DiscreteGraph g = random_structured(rng);
    SCOPED_TRACE(round);
    const Solution minimum = discrete_engine("junction-tree").solve(g, {}),
                   oracle = discrete_engine("exhaustive").solve(g, {});
    ASSERT_EQ(minimum.energy < kInf, oracle.energy < kInf);
    if (!(oracle.energy < kInf)) continue;
    EXPECT_NEAR(minimum.energy, oracle.energy, 1e-9);
    ASSERT_EQ(minimum.labels.size(), oracle.labels.size());
    const Question sums{Task::marginals, 0.7};
    const Solution a = discrete_engine("junction-tree").solve(g, sums),
                   b = discrete_engine("exhaustive").solve(g, sums);
    EXPECT_NEAR(a.free_energy, b.free_energy, 1e-9);
    ASSERT_EQ(a.marginals.size(), b.marginals.size());
    for (std::size_t k = 0; k < a.marginals.size(); ++k) EXPECT_NEAR(a.marginals[k], b.marginals[k], 1e-9);
  }
}

// The weights of a row's entries are the probabilities of counts, whichever engine gives them.
TEST(CountsAndAgreements, OfAModel_GiveTheSameWeightsByEveryEngine) {
  Rng rng(72);
  Params W({.seed = 2});
  const Param row = W.uniform("row", {4}, 1), agree = W.uniform("agree", {4}, 1);
  const Tensor singles = random_tensor(Shape{5, 2}, rng), triples = random_tensor(Shape{3, 3}, rng);
  Model<int> model(W, [&](FactorGraph& g, int) {
    const Variables b = g.outputs("b", 5, Labels(2), std::vector<int>{0, 1, 1, 0, 1}),
                    y = g.outputs("y", 3, Labels(3), std::vector<int>{0, 2, 2});
    g.add_each(factor::constant(singles), b);
    g.add_each(factor::constant(triples), y);
    g.add_each(factor::count(W, row), Scopes{5, {0, 1, 2, 3, 4}});
    g.add_each(factor::count(W, row), Scopes{3, {4, 2, 0, 1, 2, 3}});
    g.add_each(factor::agreement(W, agree), Scopes{3, {5, 6, 7}});
  });
  const std::vector<int> data{0};
  const Prepared ready = model.prepare(data);
  Batch batch = ready.batch();
  for (const double beta : {kInf, 0.8})
    for (const Over over : {Over::all, Over::truth, Over::others}) {
      const Query q{.over = over, .beta = beta, .answers = true};
      Answer a, b;
      infer::Exhaustive{}.answer(batch, q, a);
      infer::JunctionTree{}.answer(batch, q, b);
      EXPECT_NEAR(a.energy[0], b.energy[0], sizeof(Real) == 8 ? 1e-9 : 1e-5);
      ASSERT_EQ(a.weights.size(), b.weights.size());
      for (std::size_t k = 0; k < a.weights.size(); ++k) EXPECT_NEAR(a.weights[k], b.weights[k], 1e-5);
      if (beta == kInf) {
        EXPECT_EQ(a.labels, b.labels);
      }
    }
}

// 200 variables, one of which must be on: far beyond any table, and the answer is known.
TEST(CountsAndAgreements, OnManyVariables_TakeSmallSteps) {
  DiscreteGraph g;
  const int n = 200;
  g.add_variables(n, Labels(2));
  std::vector<int> all;
  double expected = 0;
  for (int v = 0; v < n; ++v) {
    g.add(std::vector<int>{v}, std::vector<double>{0, 1 + 0.01 * v});
    all.push_back(v);
    expected += std::exp(-(1 + 0.01 * v));
  }
  g.add_each({kInf, 0, kInf}, {n, all}, {}, Index::count);
  const Solution sums = discrete_engine("automatic").solve(g, {Task::marginals, 1});
  EXPECT_NEAR(sums.free_energy, -std::log(expected), 1e-9);
  EXPECT_NEAR(sums.marginals[1], std::exp(-1.0) / expected, 1e-9);
  EXPECT_NEAR(discrete_engine("automatic").solve(g, {}).energy, 1, 1e-12);
}

}  // namespace
}  // namespace ebm
