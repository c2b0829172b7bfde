// Pseudo-likelihood against its formula, its slopes, and what it learns of a model that is right.

#include "ebm/inference/pseudo_likelihood.hpp"

#include <gtest/gtest.h>

#include "ebm/graph/structured_factors.hpp"
#include "ebm/inference/discrete.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr double kTight = sizeof(Real) == 8 ? 1e-9 : 1e-4;

TEST(PseudoLikelihood_OfAnyGraph, IsTheSumOfConditionals) {
  Rng rng(91);
  Params W;
  for (int round = 0; round < 200; ++round) {
    const RandomGraph shape = random_graph(rng);
    const auto tables = random_tables(shape, 1, 0, rng);
    std::vector<LabelSet> truth;
    std::vector<int> t;
    for (const int k : shape.counts) t.push_back(rng.below(k)), truth.emplace_back(t.back());
    OneGraph one(W, [&](FactorGraph& g) { declare(g, shape, tables, truth); });
    const double beta = round % 2 ? 1 : 0.4;
    double of_truth = 0, of_all = 0;
    for (std::size_t v = 0; v < t.size(); ++v) {
      std::vector<double> local;
      for (int k = 0; k < shape.counts[v]; ++k) {
        std::vector<int> y = t;
        y[v] = k;
        double e = 0;
        for (std::size_t f = 0; f < shape.scopes.size(); ++f) {
          std::size_t entry = 0;
          bool reads = false;
          for (const int u : shape.scopes[f]) {
            entry = entry * static_cast<std::size_t>(shape.counts[static_cast<std::size_t>(u)]) +
                    static_cast<std::size_t>(y[static_cast<std::size_t>(u)]);
            reads |= u == static_cast<int>(v);
          }
          if (reads) e += tables[f][entry];
        }
        local.push_back(e);
      }
      of_truth += local[static_cast<std::size_t>(t[v])];
      of_all += joined(local, beta);
    }
    Answer a;
    infer::PseudoLikelihood{}.answer(one.batch, {.over = Over::truth, .beta = beta}, a);
    EXPECT_NEAR(a.energy[0], of_truth, kTight * (1 + std::abs(of_truth)));
    infer::PseudoLikelihood{}.answer(one.batch, {.over = Over::all, .beta = beta}, a);
    EXPECT_NEAR(a.energy[0], of_all, kTight * (1 + std::abs(of_all)));
    EXPECT_EQ(a.report.exactness, Exactness::approximate);
  }
}

// A 4 x 4 torus of spins, drawn exactly: W is found again from local sums.
struct Spins {
  Params W;
  Param field, pair, row;
  Model<std::vector<int>> model;
  Spins()
      : field(W.add("field", {2})),
        pair(W.add("pair", {1})),
        row(W.add("row", {4})),
        model(W, [this](FactorGraph& g, const std::vector<int>& truth) {
          const Variables y = g.outputs("y", 16, Labels(2), truth);
          g.add_each(factor::table(W, field), y);
          Scopes torus{2, {}}, triples{3, {0, 5, 10, 3, 6, 9}};
          for (int v = 0; v < 16; ++v)
            for (const int u : {v / 4 * 4 + (v + 1) % 4, (v + 4) % 16})
              torus.variables.insert(torus.variables.end(), {v, u});
          g.add_each(factor::potts(W, pair, 2), torus);
          g.add_each(factor::count(W, row), triples);
        }) {}
};

std::vector<Real> slopes(Spins& spins, Batch& batch, double* loss) {
  Answer truth, all;
  infer::PseudoLikelihood{}.answer(batch, {.over = Over::truth, .beta = 1}, truth);
  infer::PseudoLikelihood{}.answer(batch, {.over = Over::all, .beta = 1}, all);
  *loss = 0;
  for (std::size_t i = 0; i < truth.energy.size(); ++i)
    *loss += (truth.energy[i] - all.energy[i]) / static_cast<double>(truth.energy.size());
  const std::vector<double> up(truth.energy.size(), 1 / static_cast<double>(truth.energy.size())),
      down(truth.energy.size(), -1 / static_cast<double>(truth.energy.size()));
  std::vector<Real> gradient(spins.W.flat().size(), Real(0)), scratch;
  const Pull pulls[] = {{&truth, up}, {&all, down}};
  backward(batch, pulls, gradient, scratch);
  return gradient;
}

TEST(PseudoLikelihood_OfSpins, HasTheSlopesOfItsValueAndFindsTheWeightsThatDrewThem) {
  Spins spins;
  const double truth[] = {0, 0.3, 0.7, 0.5, -0.4, 0.2, 0.1};  // field, pair, row
  DiscreteGraph g;
  const Variables y = g.add_variables(16, Labels(2));
  Rng rng(92);
  // Drawn by Gibbs sweeps over the same energies, far apart.
  const auto energy = [&](const std::vector<int>& s) {
    double e = 0;
    for (int v = 0; v < 16; ++v) {
      e += truth[s[static_cast<std::size_t>(v)]];
      for (const int u : {v / 4 * 4 + (v + 1) % 4, (v + 4) % 16})
        e += s[static_cast<std::size_t>(v)] != s[static_cast<std::size_t>(u)] ? truth[2] : 0;
    }
    e += truth[3 + s[0] + s[5] + s[10]] + truth[3 + s[3] + s[6] + s[9]];
    return e;
  };
  std::vector<std::vector<int>> data;
  std::vector<int> s(16, 0);
  for (int sweep = 0; sweep < 4000; ++sweep) {
    for (std::size_t v = 0; v < 16; ++v) {
      s[v] = 0;
      const double off = energy(s);
      s[v] = 1;
      const double on = energy(s);
      s[v] = rng.chance(1 / (1 + std::exp(on - off))) ? 1 : 0;
    }
    if (sweep % 2 == 0) data.push_back(s);
  }
  ASSERT_EQ(y.count, 16);
  const Prepared ready = spins.model.prepare(data);
  std::vector<const Sample*> pointers;
  for (const Sample& sample : ready.samples()) pointers.push_back(&sample);
  Batch batch(ready.schema());
  batch.assign(pointers, Net::Mode::train);

  for (Real& w : spins.W.flat()) w = Real(0.1);
  double loss = 0, before = 0;
  const std::vector<Real> at = slopes(spins, batch, &before);
  for (const Params::Block& block : spins.W.blocks())
    for (std::size_t k = block.offset; k < block.offset + block.size(); ++k) {
      const double step = sizeof(Real) == 8 ? 1e-4 : 1e-2;
      double side[2];
      for (const int s : {0, 1}) {
        spins.W.flat()[k] = static_cast<Real>(0.1 + (s ? step : -step));
        batch.invalidate();
        (void)slopes(spins, batch, &side[s]);
      }
      spins.W.flat()[k] = Real(0.1);
      EXPECT_NEAR((side[1] - side[0]) / (2 * step), at[k], sizeof(Real) == 8 ? 1e-6 : 2e-3) << block.name;
    }

  for (int step = 0; step < 400; ++step) {
    batch.invalidate();
    const std::vector<Real> slope = slopes(spins, batch, &loss);
    for (std::size_t k = 0; k < slope.size(); ++k) spins.W.flat()[k] -= Real(0.05) * slope[k];
  }
  EXPECT_LT(loss, before);
  const ConstView field = std::as_const(spins.W).view(spins.field);
  EXPECT_NEAR(field[1] - field[0], 0.3, 0.15);
  EXPECT_NEAR(std::as_const(spins.W).view(spins.pair)[0], 0.7, 0.1);
}

TEST(PseudoLikelihood_AskedForWhatItDoesNotKnow, SaysSo) {
  Params W;
  OneGraph unknown(W, [](FactorGraph& g) { g.outputs("y", 2, Labels(2)); });
  OneGraph known(W, [](FactorGraph& g) { g.output("y", Labels(2), 1); });
  Answer a;
  EXPECT_THROW(infer::PseudoLikelihood{}.answer(unknown.batch, {.beta = 1}, a), GraphError);
  EXPECT_THROW(infer::PseudoLikelihood{}.answer(known.batch, {}, a), GraphError);
  EXPECT_THROW(infer::PseudoLikelihood{}.answer(known.batch, {.over = Over::others, .beta = 1}, a),
               GraphError);
}

}  // namespace
}  // namespace ebm
