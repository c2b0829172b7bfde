// The margin between answers: o = min over y != truth of E(y) - Delta(y, truth), against enumeration, and
// through losses to the slopes of W.

#include <gtest/gtest.h>

#include "support/graphs.hpp"
#include "support/training.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr double kTolerance = sizeof(Real) == 4 ? 2e-5 : 1e-10;

/// A chain of labels, some of them latent, with its tables in hand.
struct RandomChain {
  int labels = 0;
  std::vector<int> truth;  // -1: not known
  std::vector<Tensor> unary, pair;

  double energy(const std::vector<int>& y) const {
    double e = 0;
    for (std::size_t p = 0; p < y.size(); ++p) {
      e += unary[p][static_cast<std::size_t>(y[p])];
      if (p + 1 < y.size()) e += pair[p][static_cast<std::size_t>(y[p] * labels + y[p + 1])];
    }
    return e;
  }
  double delta(const Rescaling& r, const std::vector<int>& y) const {
    double sum = 0;
    for (std::size_t p = 0; p < y.size(); ++p) {
      if (truth[p] < 0) continue;
      sum += y[p] != truth[p] ? r.hamming : 0;
      if (!r.table.empty()) sum += r.table[static_cast<std::size_t>(truth[p] * labels + y[p])];
    }
    return sum;
  }
  bool inside(const std::vector<int>& y) const {
    for (std::size_t p = 0; p < y.size(); ++p)
      if (truth[p] >= 0 && y[p] != truth[p]) return false;
    return true;
  }
  double answer(Over over, double beta, const Rescaling& r) const {
    std::vector<double> energies;
    each_labelling(std::vector<int>(truth.size(), labels), [&](const std::vector<int>& y) {
      if (over == Over::all || inside(y) == (over == Over::truth))
        energies.push_back(energy(y) - delta(r, y));
    });
    return joined(energies, beta);
  }
  void declare(FactorGraph& g) const {
    std::vector<LabelSet> sets;
    for (const int t : truth) sets.push_back(t < 0 ? LabelSet() : LabelSet(t));
    const auto y = g.outputs("y", static_cast<int>(truth.size()), Labels(labels), sets);
    for (std::size_t p = 0; p < truth.size(); ++p) {
      const int at = static_cast<int>(p);
      g.add(factor::constant(unary[p]), y[at]);
      if (p + 1 < truth.size()) g.add(factor::constant(pair[p]), y[at], y[at + 1]);
    }
  }
};

RandomChain random_chain(Rng& rng, double forbidden) {
  RandomChain c;
  c.labels = 2 + rng.below(3);
  const int length = 1 + rng.below(4);
  for (int p = 0; p < length; ++p) {
    c.truth.push_back(rng.chance(0.8) ? rng.below(c.labels) : -1);
    c.unary.push_back(random_tensor({c.labels}, rng, 2));
    for (Real& e : c.unary.back().span())
      if (rng.chance(forbidden)) e = static_cast<Real>(kInf);
    if (p + 1 < length) c.pair.push_back(random_tensor({c.labels, c.labels}, rng, 1));
  }
  return c;
}

Rescaling random_margin(Rng& rng, int labels) {
  Rescaling r{.hamming = rng.chance(0.7) ? 2 * rng.uniform() : 0};
  if (rng.chance(0.5))
    for (int t = 0; t < labels; ++t)
      for (int y = 0; y < labels; ++y) r.table.push_back(t == y ? 0 : 3 * rng.uniform());
  return r;
}

TEST(Rescaling, OnRandomChains_EveryEngineEqualsEnumeration) {
  Rng rng(1);
  for (int trial = 0; trial < 400; ++trial) {
    const RandomChain c = random_chain(rng, trial % 3 == 0 ? 0.15 : 0);
    const Rescaling r = random_margin(rng, c.labels);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { c.declare(g); });
    for (const Over over : {Over::others, Over::all, Over::truth})
      for (const double beta : {kInf, 1.5}) {
        SCOPED_TRACE(message("trial ", trial, " over ", static_cast<int>(over), " beta ", beta));
        // Where no truth is known nothing is an incorrect answer, and Delta is 0.
        const double expected = c.answer(over, beta, r);
        for (const AnyEngine& engine :
             {AnyEngine(infer::Exhaustive{}), AnyEngine(infer::SumProduct{}), AnyEngine(infer::MinSum{})}) {
          if (!covers(engine.powers(), {.free_energy = beta < kInf})) continue;
          Answer a;
          engine.answer(one.batch, {.over = over, .beta = beta, .answers = beta == kInf, .rescaling = &r}, a);
          if (expected == kInf) {
            EXPECT_EQ(a.energy[0], kInf);
            continue;
          }
          EXPECT_NEAR(a.energy[0], expected, kTolerance * (1 + std::abs(expected)));
          if (beta == kInf) {
            EXPECT_NEAR(c.energy(a.labels) - c.delta(r, a.labels), expected, 1e-4);
          }
          // Weights stay those of the answers: each table's sum to one.
          double sum = 0;
          for (std::size_t k = one.batch.weights_at(0, 0); k < one.batch.weights_at(0, 0) + c.unary[0].size();
               ++k)
            sum += a.weights[k];
          EXPECT_NEAR(sum, 1, 1e-5);
        }
      }
  }
}

TEST(Rescaling, OfTheHinge_IsTheStructuredMaximum) {
  // max over y of [Delta(y) + e - E(y)]+
  Rng rng(2);
  for (int trial = 0; trial < 200; ++trial) {
    RandomChain c = random_chain(rng, 0);
    for (int& t : c.truth)
      if (t < 0) t = 0;
    const Rescaling r = random_margin(rng, c.labels);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { c.declare(g); });
    double expected = 0;
    const double e = c.energy(c.truth);
    each_labelling(std::vector<int>(c.truth.size(), c.labels), [&](const std::vector<int>& y) {
      expected = std::max(expected, c.delta(r, y) + e - c.energy(y));
    });
    // .. and so is the perceptron loss, whose contrast may be the truth.
    for (const AnyLoss& loss :
         {any_loss("hinge", {.margin = 0, .rescaling = r}), any_loss("perceptron", {.rescaling = r})})
      EXPECT_NEAR(loss_of(one.batch, loss, infer::MinSum{}), expected, kTolerance * 10);
  }
}

TEST(Rescaling, OfEveryMarginLoss_GivesSlopesThatEqualCentralDifferences) {
  Beast b = chain(6);
  TrainBatch all(*b.ready);
  Rescaling r{.hamming = 0.7, .table = {0, 1, 2, 0.5, 0, 0.25, 1.5, 3, 0}};
  for (const char* key : {"perceptron", "hinge", "log"}) {
    SCOPED_TRACE(key);
    expect_slopes(*b.W, all.batch, any_loss(key, {.rescaling = r}), infer::SumProduct{});
    expect_slopes(*b.W, all.batch, any_loss(key, {.rescaling = r}), infer::Exhaustive{});
  }
}

TEST(Rescaling, OfSquareSquare_MayBringTheContrastBelowZero) {
  const AnyLoss plain = any_loss("square-square"),
                rescaled = any_loss("square-square", {.rescaling = Rescaling{.hamming = 2}});
  EXPECT_THROW(plain(0.5, -1), LossError);
  EXPECT_DOUBLE_EQ(rescaled(0.5, -1).value, 0.25 + 4);
  EXPECT_THROW(rescaled(-0.5, 1), LossError);
}

TEST(Rescaling, WhereItMakesNoSense_IsRefused) {
  Params W;
  const Rescaling hamming{.hamming = 1}, table{.table = std::vector<double>(9, 0.0)};
  const auto refused = [](Batch& batch, const AnyEngine& engine, const Rescaling& r, const char* words) {
    Answer a;
    try {
      engine.answer(batch, {.over = Over::others, .rescaling = &r}, a);
      ADD_FAILURE() << words;
    } catch (const GraphError& e) {
      EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
    }
  };
  const std::vector<int> two{0, 1};
  OneGraph several(W, [&](FactorGraph& g) { g.output("tag", Labels(3), LabelSet(two)); });
  OneGraph binary(W, [](FactorGraph& g) { g.output("tag", Labels(2), 0); });
  for (const AnyEngine& engine : {AnyEngine(infer::Exhaustive{}), AnyEngine(infer::MinSum{})}) {
    refused(several.batch, engine, hamming, "needs one true label");
    refused(binary.batch, engine, table, "9 entries is not [2, 2]");
  }
  const Beast path = paths(2), real = grid(2);
  Batch p = path.ready->batch(), y = real.ready->batch();
  refused(p, infer::ForwardBackward{}, hamming, "forward_backward");
  refused(p, infer::ShortestPath{}, hamming, "shortest_path");
  refused(y, infer::Grid{}, hamming, "grid");
}

}  // namespace
}  // namespace ebm
