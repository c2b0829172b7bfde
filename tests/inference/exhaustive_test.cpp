// Exhaustive search, the oracle of the other engines, against an enumeration that shares no code with it:
// random graphs of factors of order 0 to 3, loops and all, sets of true labels, forbidden entries.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ebm/inference/engine.hpp"
#include "ebm/inference/verbs.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr double kTolerance = sizeof(Real) == 4 ? 2e-5 : 1e-11;

struct RandomGraph {
  std::vector<int> counts;
  std::vector<std::vector<int>> truth;  // per variable, empty: unknown
  std::vector<std::vector<int>> scope;
  std::vector<Tensor> table;

  std::size_t entry(std::size_t f, const std::vector<int>& y) const {
    std::size_t e = 0;
    for (const int v : scope[f]) e = e * static_cast<std::size_t>(counts[v]) + static_cast<std::size_t>(y[v]);
    return e;
  }
  double energy(const std::vector<int>& y) const {
    double e = 0;
    for (std::size_t f = 0; f < scope.size(); ++f) e += table[f][entry(f, y)];
    return e;
  }
  bool inside(const std::vector<int>& y) const {
    for (std::size_t v = 0; v < y.size(); ++v)
      if (!truth[v].empty() && std::ranges::find(truth[v], y[v]) == truth[v].end()) return false;
    return true;
  }
  bool admits(Over over, const std::vector<int>& y) const {
    return over == Over::all || inside(y) == (over == Over::truth);
  }
  double answer(Over over, double beta) const {
    std::vector<double> energies;
    each_labelling(counts, [&](const std::vector<int>& y) {
      if (admits(over, y)) energies.push_back(energy(y));
    });
    return joined(energies, beta);
  }
  void declare(FactorGraph& g) const {
    std::vector<Variables> y;
    for (std::size_t v = 0; v < counts.size(); ++v)
      y.push_back(g.output("y" + std::to_string(v), Labels(counts[v]),
                           truth[v].empty() ? LabelSet() : LabelSet(truth[v])));
    for (std::size_t f = 0; f < scope.size(); ++f) {
      if (scope[f].empty())
        g.add(factor::constant(table[f]));
      else
        g.add_each(factor::constant(table[f]), Scopes{static_cast<int>(scope[f].size()), scope[f]});
    }
  }
};

RandomGraph random_graph(Rng& rng, double forbidden) {
  RandomGraph g;
  const int n = 1 + rng.below(4);
  for (int v = 0; v < n; ++v) {
    g.counts.push_back(1 + rng.below(4));
    std::vector<int> truth;
    if (rng.chance(0.8))
      for (int k = 0, several = 1 + rng.below(2); k < several; ++k) truth.push_back(rng.below(g.counts[v]));
    g.truth.push_back(truth);
  }
  for (int f = 0, factors = 1 + rng.below(7); f < factors; ++f) {
    std::vector<int> scope(static_cast<std::size_t>(n));
    for (int v = 0; v < n; ++v) scope[static_cast<std::size_t>(v)] = v;
    rng.shuffle(std::span(scope));
    scope.resize(static_cast<std::size_t>(std::min(n, rng.below(4))));
    std::vector<int> sizes;
    for (const int v : scope) sizes.push_back(g.counts[v]);
    g.table.push_back(scope.empty() ? Tensor(static_cast<Real>(rng.normal()))
                                    : random_tensor(Shape(std::span<const int>(sizes)), rng, 2));
    for (Real& e : g.table.back().span())
      if (!scope.empty() && rng.chance(forbidden)) e = static_cast<Real>(kInf);
    g.scope.push_back(scope);
  }
  return g;
}

TEST(Exhaustive, OnRandomGraphs_EveryQuery_EqualsEnumeration) {
  Rng rng(1);
  for (int trial = 0; trial < 400; ++trial) {
    const RandomGraph r = random_graph(rng, trial % 3 == 0 ? 0.25 : 0);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { r.declare(g); });
    for (const Over over : {Over::all, Over::truth, Over::others})
      for (const double beta : {kInf, 1.0, 0.3, 20.0}) {
        SCOPED_TRACE(message("trial ", trial, " over ", static_cast<int>(over), " beta ", beta));
        Answer a;
        infer::Exhaustive{}.answer(one.batch, {.over = over, .beta = beta, .answers = true}, a);
        const double expected = r.answer(over, beta);
        if (expected == kInf) {
          EXPECT_EQ(a.energy[0], kInf);
          for (const Real w : a.weights) EXPECT_EQ(w, 0);
          continue;
        }
        EXPECT_NEAR(a.energy[0], expected, kTolerance * (1 + std::abs(expected)));
        EXPECT_EQ(a.bound[0], a.energy[0]);
        EXPECT_TRUE(r.admits(over, a.labels));
        EXPECT_NEAR(r.energy(a.labels), r.answer(over, kInf), 1e-4);
        // Each factor's marginals: the enumerated expectation of its one-hot.
        for (std::size_t f = 0; f < r.scope.size(); ++f) {
          std::vector<double> expected_weight(r.table[f].size(), 0.0);
          double mass = 0;
          each_labelling(r.counts, [&](const std::vector<int>& y) {
            if (!r.admits(over, y) || beta == kInf) return;
            const double p = std::exp(-beta * (r.energy(y) - expected));
            expected_weight[r.entry(f, y)] += p;
            mass += p;
          });
          if (beta == kInf) expected_weight[r.entry(f, a.labels)] = mass = 1;
          const std::size_t at = one.batch.weights_at(0, static_cast<int>(f));
          for (std::size_t e = 0; e < expected_weight.size(); ++e)
            EXPECT_NEAR(a.weights[at + e], expected_weight[e] / mass, 50 * kTolerance);
        }
      }
  }
}

TEST(Exhaustive, OthersOfALoneAnswer_AreInfinite) {
  Params W;
  OneGraph one(
      W, [](FactorGraph& g) { g.add(factor::constant(Tensor({1}, {3})), g.output("y", Labels(1), 0)); });
  Answer a;
  infer::Exhaustive{}.answer(one.batch, {.over = Over::others}, a);
  EXPECT_EQ(a.energy[0], kInf);
  infer::Exhaustive{}.answer(one.batch, {.over = Over::others, .beta = 1}, a);
  EXPECT_EQ(a.energy[0], kInf);
  infer::Exhaustive{}.answer(one.batch, {.over = Over::truth}, a);
  EXPECT_EQ(a.energy[0], 3);
}

TEST(Exhaustive, OthersOfAnUnknownTruth_AreInfinite_AndItsTruthIsAll) {
  Params W;
  OneGraph one(W, [](FactorGraph& g) {
    g.add(factor::constant(Tensor({2}, {3, 1})), g.output("y", Labels(2)));
  });
  Answer a;
  infer::Exhaustive{}.answer(one.batch, {.over = Over::others}, a);
  EXPECT_EQ(a.energy[0], kInf);
  infer::Exhaustive{}.answer(one.batch, {.over = Over::truth}, a);
  EXPECT_EQ(a.energy[0], 1);
}

TEST(Exhaustive, OnTooManyJointLabels_RefusesAndSaysHowMany) {
  Params W;
  OneGraph one(W, [](FactorGraph& g) { g.outputs("y", 30, Labels(2)); });
  Answer a;
  try {
    infer::Exhaustive{}.answer(one.batch, {}, a);
    FAIL();
  } catch (const GraphError& e) {
    EXPECT_NE(std::string(e.what()).find("1.07374e+09 joint labels"), std::string::npos) << e.what();
  }
  EXPECT_THROW((infer::Exhaustive{.limit = 3}.answer(one.batch, {}, a)), GraphError);
}

TEST(Exhaustive, WithANaN_GivesANaNEnergyAndNoHang) {
  Params W;
  OneGraph one(W, [](FactorGraph& g) {
    g.add(factor::constant(Tensor({3}, {1, static_cast<Real>(std::nan("")), 0})), g.output("y", Labels(3)));
  });
  Answer a;
  for (const double beta : {kInf, 1.0}) {
    infer::Exhaustive{}.answer(one.batch, {.beta = beta}, a);
    EXPECT_TRUE(std::isnan(a.energy[0]));
  }
}

TEST(Automatic, ReportsWhatItUsedAndWhy) {
  Params W;
  Answer a;
  OneGraph single(W, [](FactorGraph& g) { g.output("y", Labels(3)); });
  infer::Automatic{}.answer(single.batch, {}, a);
  EXPECT_EQ(a.report.why, Why::single_variable);
  EXPECT_EQ(a.report.used, Method::exhaustive);
  OneGraph chain(W, [](FactorGraph& g) { g.outputs("y", 50, Labels(3)); });
  infer::Automatic{}.answer(chain.batch, {}, a);
  EXPECT_EQ(a.report.why, Why::chain_structure);
  EXPECT_EQ(a.report.used, Method::chain);
  OneGraph nothing(W, [](FactorGraph& g) { g.add(factor::constant(Tensor(Real(2)))); });
  infer::Automatic{}.answer(nothing.batch, {}, a);
  EXPECT_EQ(a.report.why, Why::no_variable);
  EXPECT_EQ(a.energy[0], 2);
  OneGraph path(W, [](FactorGraph& g) {
    g.output("p",
             Paths(lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1, 0.5}}, std::vector<Final>{{1, 0}})));
  });
  infer::Automatic{}.answer(path.batch, {}, a);
  EXPECT_EQ(a.report.why, Why::path_variable);
  EXPECT_EQ(a.report.used, Method::paths);
  OneGraph real(W, [](FactorGraph& g) { g.output("height", Reals(1)); });
  try {
    infer::Automatic{}.answer(real.batch, {.beta = 1}, a);
    FAIL();
  } catch (const GraphError& e) {
    EXPECT_NE(std::string(e.what()).find("'height'"), std::string::npos) << e.what();
  }
}

TEST(Chains, OfNoLengthInARaggedBatch_AreAnsweredToo) {
  Params W;
  const Tensor unary({3, 2}, {0, 1, 2, 0, 1, 1});
  const Model<int> model(W, [&](FactorGraph& g, const int& n) {
    const auto y = g.outputs("y", n, Labels(2), std::vector<int>(static_cast<std::size_t>(n), 0));
    if (n > 0) g.add_each(factor::constant(ConstView(unary).rows(0, n)), y);
  });
  const std::vector<int> lengths{3, 0, 1};
  const Prepared ready = model.prepare(std::span<const int>(lengths));
  Batch batch = ready.batch();
  Answer a;
  for (const double beta : {kInf, 1.0}) {
    infer::Automatic{}.answer(batch, {.beta = beta}, a);
    EXPECT_EQ(a.report.used, Method::chain);
    EXPECT_EQ(a.energy[1], 0);
    infer::SumProduct{}.answer(batch, {.over = Over::others, .beta = beta}, a);
    EXPECT_EQ(a.energy[1], kInf);
  }
}

}  // namespace
}  // namespace ebm
