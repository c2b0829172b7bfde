// Factors that say much with few numbers: their tables, their entries, their slopes, and what they refuse.

#include "ebm/graph/structured_factors.hpp"

#include <gtest/gtest.h>

#include "ebm/graph/at_labels.hpp"
#include "ebm/graph/check.hpp"
#include "ebm/graph/discrete_graph.hpp"
#include "ebm/graph/formats.hpp"
#include "ebm/graph/model.hpp"

namespace ebm {
namespace {

// Energy of `labels` under one term on n variables of k labels.
double energy_of(Params& W, const std::function<Term()>& term, int n, int k, const std::vector<int>& labels) {
  Model<int> model(W, [&](FactorGraph& g, int) {
    const Variables y = g.outputs("y", n, Labels(k));
    std::vector<int> scope;
    for (int v = 0; v < n; ++v) scope.push_back(y[v].first);
    g.add_each(term(), Scopes{n, scope});
  });
  const std::vector<int> one{0};
  const Prepared ready = model.prepare(one);
  Batch batch = ready.batch(0, 1);
  batch.ensure();
  return energy_at(batch, 0, labels);
}

TEST(PairsByDifference, HaveTheTablesOfTheirFormulas) {
  Params W({.seed = 1});
  const Param one = W.table("one", {1}), three = W.table("three", {3}), seven = W.table("seven", {7});
  for (std::size_t i = 0; i < W.flat().size(); ++i)
    W.flat()[i] = static_cast<Real>(0.5 + static_cast<double>(i));
  const auto at = [&](Param p, int i) { return static_cast<double>(W.view(p)[static_cast<std::size_t>(i)]); };
  for (int a = 0; a < 4; ++a)
    for (int b = 0; b < 4; ++b) {
      const int d = std::abs(a - b);
      const auto e = [&](const std::function<Term()>& t) { return energy_of(W, t, 2, 4, {a, b}); };
      EXPECT_EQ(e([&] { return factor::potts(W, one, 4); }), at(one, 0) * (a != b));
      EXPECT_EQ(e([&] { return factor::truncated_linear(W, one, 4, 2); }), at(one, 0) * std::min(d, 2));
      EXPECT_EQ(e([&] { return factor::truncated_quadratic(W, one, 4, 5); }),
                at(one, 0) * std::min(d * d, 5));
      EXPECT_EQ(e([&] { return factor::absolute_difference(W, three, 4); }), at(three, std::min(d, 2)));
      EXPECT_EQ(e([&] { return factor::difference(W, seven, 4); }), at(seven, a - b + 3));
    }
}

TEST(PairsByDifference, ShareOneRow_HoweverManyScopes) {
  Params W;
  const Param w = W.table("w", {1});
  Model<int> model(W, [&](FactorGraph& g, int) {
    g.add_each(factor::potts(W, w, 5), g.outputs("y", 100, Labels(5)).pairs());
  });
  const std::vector<int> one{0};
  const Prepared ready = model.prepare(one);
  Batch batch = ready.batch();
  batch.ensure();
  EXPECT_EQ(batch.table(0, 0).stride, 0);
  EXPECT_EQ(batch.weights(), 25u);
}

TEST(Counts_AndAgreements, ReadTheEntryTheyName) {
  Params W;
  const auto e = [&](const std::function<Term()>& t, int k, const std::vector<int>& y) {
    return energy_of(W, t, static_cast<int>(y.size()), k, y);
  };
  const Tensor row = [] {
    Tensor t(Shape{3});
    t[0] = 1, t[1] = 2, t[2] = 4;
    return t;
  }();
  const auto count = [&] { return factor::count(row); };
  EXPECT_EQ(e(count, 2, {0, 0, 0, 0}), 1);
  EXPECT_EQ(e(count, 2, {0, 1, 0, 0}), 2);
  EXPECT_EQ(e(count, 2, {0, 1, 0, 1}), 4);
  EXPECT_EQ(e(count, 2, {1, 1, 1, 1}), 4);
  const auto agreement = [&] { return factor::agreement(row); };
  EXPECT_EQ(e(agreement, 2, {0, 0, 0}), 1);
  EXPECT_EQ(e(agreement, 2, {1, 1, 1}), 2);
  EXPECT_EQ(e(agreement, 2, {0, 1, 1}), 4);
  for (int ones = 0; ones <= 3; ++ones) {
    std::vector<int> y(3, 0);
    std::fill_n(y.begin(), ones, 1);
    EXPECT_EQ(e(factor::at_least_one, 2, y) == 0, ones >= 1);
    EXPECT_EQ(e(factor::at_most_one, 2, y) == 0, ones <= 1);
    EXPECT_EQ(e(factor::exactly_one, 2, y) == 0, ones == 1);
    EXPECT_EQ(e([] { return factor::cardinality(1, 2); }, 2, y) == 0, ones == 1 || ones == 2);
    EXPECT_EQ(e([] { return factor::cardinality(3, 3); }, 2, y) == 0, ones == 3);
  }
  EXPECT_EQ(e([] { return factor::equal(3); }, 3, {2, 2, 2, 2}), 0);
  EXPECT_EQ(e([] { return factor::equal(3); }, 3, {2, 2, 1, 2}), kInf);
}

// dE/dW of each trained kind, at labels that meet several entries.
TEST(StructuredFactors, HaveTheSlopesThatDifferencesGive) {
  Params W({.seed = 3});
  const Param one = W.uniform("one", {1}, 1), three = W.uniform("three", {3}, 1),
              five = W.uniform("five", {5}, 1), row = W.uniform("row", {5}, 1),
              agree = W.uniform("agree", {4}, 1), c = W.uniform("c", {2}, 1);
  Model<int> model(W, [&](FactorGraph& g, int) {
    const Variables y = g.outputs("y", 4, Labels(3)), b = g.outputs("b", 4, Labels(2));
    Tensor contrasts(Shape{3, 2});
    for (std::size_t i = 0; i < 6; ++i) contrasts[i] = static_cast<Real>(0.3 * static_cast<double>(i) - 0.7);
    g.add_each(factor::potts(W, one, 3), y.pairs());
    g.add_each(factor::truncated_quadratic(W, one, 3, 3), y.pairs());
    g.add_each(factor::absolute_difference(W, three, 3), y.pairs());
    g.add_each(factor::difference(W, five, 3), y.pairs());
    g.add_each(factor::contrast_potts(W, c, g.feature(std::move(contrasts)), 3), y.pairs());
    g.add_each(factor::count(W, row), Scopes{4, {b[0].first, b[1].first, b[2].first, b[3].first}});
    g.add_each(factor::agreement(W, agree), Scopes{2, {y[0].first, y[1].first, y[2].first, y[3].first}});
  });
  const std::vector<int> data{0};
  const Prepared ready = model.prepare(data);
  for (const std::vector<int>& y : {std::vector<int>{0, 2, 1, 1, 1, 0, 1, 1}, {0, 0, 0, 2, 0, 0, 0, 0}}) {
    const GradientCheck check = check_gradient(ready, 0, y);
    EXPECT_TRUE(check) << check;
    EXPECT_GE(check.checked, 20u);
  }
}

TEST(Counts_AndAgreements, ThatCannotBeRead_AreRefusedByName) {
  Params W;
  const Param two = W.table("two", {2}), zero = W.table("zero", {1});
  const auto refusal = [&](const Term& term, int n, int k) -> std::string {
    try {
      energy_of(
          W, [&] { return term; }, n, k, std::vector<int>(static_cast<std::size_t>(n), 0));
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_NE(refusal(factor::count(W, two), 3, 3).find("'two'"), std::string::npos);
  EXPECT_NE(refusal(factor::count(W, two), 3, 3).find("not two labels"), std::string::npos);
  EXPECT_NE(refusal(factor::count(W, zero), 3, 2).find("at least 2"), std::string::npos);
  EXPECT_NE(refusal(factor::agreement(W, two), 3, 2).find("one each and one for where they differ"),
            std::string::npos);
  EXPECT_NE(refusal(factor::potts(W, zero, 4), 2, 3).find("scope has 9"), std::string::npos);
  EXPECT_THROW(factor::cardinality(3, 2), GraphError);
  EXPECT_THROW(factor::truncated_linear(W, zero, 3, 0), GraphError);
  EXPECT_THROW(factor::potts(W, two, 3), ShapeError);
}

TEST(DiscreteGraphs, ClampCountsAndAgreements_ToWhatIsLeft) {
  Rng rng(5);
  for (int round = 0; round < 200; ++round) {
    DiscreteGraph g;
    const int n = 2 + rng.below(4), k = rng.chance(0.5) ? 2 : 3;
    g.add_variables(n, Labels(k));
    std::vector<int> scope;
    for (int v = 0; v < n; ++v) scope.push_back(v);
    rng.shuffle(std::span<int>(scope));
    scope.resize(static_cast<std::size_t>(2 + rng.below(n - 1)));
    const int arity = static_cast<int>(scope.size());
    const bool count = k == 2 && rng.chance(0.5);
    std::vector<double> row(static_cast<std::size_t>(count ? 2 + rng.below(4) : k + 1));
    for (double& e : row) e = rng.normal();
    g.add_each(row, {arity, scope}, {1.5}, count ? Index::count : Index::agreement);
    std::vector<int> y(static_cast<std::size_t>(n)), evidence;
    for (int& label : y) label = rng.below(k);
    for (const int label : y) evidence.push_back(rng.chance(0.5) ? label : -1);
    const Clamped c = clamp(g, evidence);
    std::vector<int> free;
    for (const int v : c.variable) free.push_back(y[static_cast<std::size_t>(v)]);
    EXPECT_NEAR(c.graph.energy(free), g.energy(y), 1e-12);
    // Tables in a file say the same.
    const DiscreteGraph back = discrete::parse_uai(discrete::to_uai(g), "back").graph;
    EXPECT_NEAR(back.energy(y), g.energy(y), 1e-9);
  }
}

}  // namespace
}  // namespace ebm
