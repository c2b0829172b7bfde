// The mean field against enumeration: a free energy of its own distribution, never below the exact one.

#include <gtest/gtest.h>

#include "ebm/graph/structured_factors.hpp"
#include "ebm/inference/message_passing.hpp"
#include "ebm/inference/verbs.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using Task = Question::Task;

TEST(MeanField_OfAnyGraph, IsTheFreeEnergyOfItsMarginalsAndNotBelowTheExactOne) {
  Rng rng(101);
  int tight = 0;
  for (int round = 0; round < 200; ++round) {
    const DiscreteGraph g = discrete_graph(random_graph(rng), 1, round % 4 == 0 ? 0.05 : 0, rng);
    const double beta = round % 2 ? 1 : 0.3;
    const Solution s = infer::MeanField{}.solve(g, {Task::marginals, beta});
    const Solution exact = discrete_engine("exhaustive").solve(g, {Task::free_energy, beta});
    EXPECT_EQ(s.report.exactness, Exactness::approximate);
    if (s.free_energy == kInf) continue;  // what is forbidden remained possible
    EXPECT_GE(s.free_energy, exact.free_energy - 1e-9);
    tight += s.free_energy < exact.free_energy + 1e-6;
    // E_q[E] - H(q) / beta, by hand.
    double energy = 0, entropy = 0;
    const std::vector<int> counts(g.labels().begin(), g.labels().end());
    each_labelling(counts, [&](const std::vector<int>& y) {
      double p = 1;
      std::size_t at = 0;
      for (std::size_t v = 0; v < y.size(); ++v) {
        p *= s.marginals[at + static_cast<std::size_t>(y[v])];
        at += static_cast<std::size_t>(counts[v]);
      }
      if (p > 0) energy += p * g.energy(y), entropy -= p * std::log(p);
    });
    EXPECT_NEAR(s.free_energy, energy - entropy / beta, 1e-7 * (1 + std::abs(energy)));
  }
  EXPECT_GT(tight, 5);  // where nothing joins variables it is exact
}

TEST(MeanField_OfCountsAndAgreements, EqualsThatOfTheirTables) {
  Rng rng(102);
  for (int round = 0; round < 100; ++round) {
    DiscreteGraph structured, tables;
    const int n = 2 + rng.below(4);
    const bool count = rng.chance(0.5);
    const int k = count ? 2 : 3;
    std::vector<int> scope;
    for (DiscreteGraph* g : {&structured, &tables}) g->add_variables(n, Labels(k));
    for (int v = 0; v < n; ++v) {
      scope.push_back(v);
      const auto row = random_row(static_cast<std::size_t>(k), 1, 0, rng);
      structured.add(std::vector<int>{v}, row);
      tables.add(std::vector<int>{v}, row);
    }
    const auto row = random_row(static_cast<std::size_t>(count ? 2 + rng.below(n) : k + 1), 1, 0, rng);
    const Index index = count ? Index::count : Index::agreement;
    structured.add_each(row, {n, scope}, {}, index);
    std::vector<double> joint;
    each_labelling(std::vector<int>(static_cast<std::size_t>(n), k),
                   [&](const std::vector<int>& y) { joint.push_back(structured.energy(y)); });
    // Singles are in both: take them out of the table.
    std::size_t at = 0;
    each_labelling(std::vector<int>(static_cast<std::size_t>(n), k),
                   [&](const std::vector<int>& y) { joint[at] -= tables.energy(y), ++at; });
    tables.add(scope, joint);
    const Question q{Task::marginals, 0.8};
    const Solution a = infer::MeanField{}.solve(structured, q), b = infer::MeanField{}.solve(tables, q);
    EXPECT_NEAR(a.free_energy, b.free_energy, 1e-7);
    for (std::size_t i = 0; i < a.marginals.size(); ++i) EXPECT_NEAR(a.marginals[i], b.marginals[i], 1e-5);
  }
}

// By the envelope the weights are the slopes of the free energy, so losses train through it.
TEST(MeanField_OfAModel, HasTheSlopesOfItsFreeEnergy) {
  Rng rng(103);
  Params W({.seed = 3});
  const Param pair = W.uniform("pair", {2, 2}, 1), row = W.uniform("row", {4}, 1);
  const Tensor singles = random_tensor(Shape{5, 2}, rng);
  OneGraph one(W, [&](FactorGraph& g) {
    const Variables y = g.outputs("y", 5, Labels(2));
    g.add_each(factor::constant(singles), y);
    g.add_each(factor::table(W, pair), Scopes{2, {0, 1, 1, 2, 2, 3, 3, 4, 4, 0}});
    g.add_each(factor::count(W, row), Scopes{3, {0, 2, 4}});
  });
  Batch& batch = one.batch;
  std::vector<const Sample*> pointers{&one.ready.samples()[0]};
  batch.assign(pointers, Net::Mode::train);
  const auto ask = [&] {
    Answer a;
    batch.invalidate();
    infer::MeanField{.tolerance = 1e-13}.answer(batch, {.beta = 1}, a);
    return a;
  };
  const Answer a = ask();
  std::vector<Real> gradient(W.flat().size(), Real(0)), scratch;
  const std::vector<double> slope{1};
  const Pull pulls[] = {{&a, slope}};
  backward(batch, pulls, gradient, scratch);
  const double step = sizeof(Real) == 8 ? 1e-5 : 1e-2;
  for (const Params::Block& block : W.blocks())
    for (std::size_t k = block.offset; k < block.offset + block.size(); ++k) {
      const Real old = W.flat()[k];
      double side[2];
      for (const int s : {0, 1}) {
        W.flat()[k] = old + static_cast<Real>(s ? step : -step);
        side[s] = ask().energy[0];
      }
      W.flat()[k] = old;
      EXPECT_NEAR((side[1] - side[0]) / (2 * step), gradient[k], sizeof(Real) == 8 ? 1e-6 : 5e-3);
    }
}

TEST(MeanField_AskedForAMinimum_SaysWhatItGives, InOneSentence) {
  DiscreteGraph g;
  g.add_variables(2, Labels(2));
  EXPECT_THROW((void)infer::MeanField{}.solve(g, {}), GraphError);
  EXPECT_THROW((void)infer::MeanField{.damping = 1}.solve(g, {Task::free_energy, 1}), GraphError);
  DiscreteGraph nan;
  nan.add_variables(1, Labels(2));
  EXPECT_NEAR(infer::MeanField{}.solve(nan, {Task::free_energy, 1}).free_energy, -std::log(2.0), 1e-12);
}

}  // namespace
}  // namespace ebm
