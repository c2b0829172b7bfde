// Exact identities between losses, what they become on the architectures of LeCun et al. 2006 (section 3),
// and the bounds of free energies; all through an engine.

#include <gtest/gtest.h>

#include "support/graphs.hpp"
#include "support/training.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// One label variable with a table of given energies.
double loss_on(const std::vector<Real>& energies, int truth, const AnyLoss& loss) {
  Params W;
  const int k = static_cast<int>(energies.size());
  OneGraph one(W, [&](FactorGraph& g) {
    Tensor table(Shape{k});
    std::ranges::copy(energies, table.span().begin());
    g.add(factor::constant(std::move(table)), g.output("y", Labels(k), truth));
  });
  return loss_of(one.batch, loss, infer::Exhaustive{});
}

std::vector<Real> random_energies(Rng& rng, int k, double scale) {
  std::vector<Real> out;
  for (int i = 0; i < k; ++i) out.push_back(static_cast<Real>(scale * rng.normal()));
  return out;
}

TEST(Identities, NllAtAHighBeta_IsThePerceptronLoss) {
  Rng rng(1);
  for (int trial = 0; trial < 300; ++trial) {
    const std::vector<Real> energies = random_energies(rng, 10, 3);
    const double nll = loss_on(energies, trial % 10, any_loss("nll", {.beta = 1e3}));
    const double perceptron = loss_on(energies, trial % 10, any_loss("perceptron"));
    EXPECT_LT(std::abs(nll - perceptron), 1e-2);
    EXPECT_GE(nll, perceptron);  // F(all) is below the minimum
  }
}

TEST(Identities, WithTwoAnswers_NllIsTheLogLoss_AndMeeIsMce) {
  Rng rng(2);
  for (int trial = 0; trial < 300; ++trial) {
    const std::vector<Real> energies = random_energies(rng, 2, 3);
    EXPECT_NEAR(loss_on(energies, trial % 2, any_loss("nll")), loss_on(energies, trial % 2, any_loss("log")),
                1e-12);
    EXPECT_NEAR(loss_on(energies, trial % 2, any_loss("mee")), loss_on(energies, trial % 2, any_loss("mce")),
                1e-12);
  }
}

TEST(Identities, TheHingeWithoutMargin_IsThePerceptronLoss) {
  Rng rng(3);
  for (int trial = 0; trial < 200; ++trial) {
    const std::vector<Real> energies = random_energies(rng, 6, 2);
    EXPECT_EQ(loss_on(energies, 2, any_loss("hinge", {.margin = 0})),
              loss_on(energies, 2, any_loss("perceptron")));
  }
}

TEST(Identities, BinaryClassifiers_BecomePerceptronSvmAndLogisticRegression) {
  Rng rng(4);
  for (int trial = 0; trial < 300; ++trial) {
    const Real g = static_cast<Real>(2 * rng.normal());
    const double G = g;
    for (const int label : {0, 1}) {  // Y = -1, +1 with E = -Y G
      const double Y = 2 * label - 1, sign = G > 0 ? 1 : -1;
      const std::vector<Real> energies{g, -g};
      EXPECT_NEAR(loss_on(energies, label, any_loss("perceptron")), (sign - Y) * G, 1e-12);
      EXPECT_NEAR(loss_on(energies, label, any_loss("hinge", {.margin = 1.5})),
                  std::max(0.0, 1.5 - 2 * Y * G), 1e-12);
      EXPECT_NEAR(loss_on(energies, label, any_loss("nll")), std::log(1 + std::exp(-2 * Y * G)), 1e-12);
    }
  }
}

TEST(Identities, Multiclass_NllIsTheCrossEntropyOfASoftmax) {
  Rng rng(5);
  for (int trial = 0; trial < 200; ++trial) {
    const std::vector<Real> energies = random_energies(rng, 7, 2);
    double sum = 0;
    for (const Real e : energies) sum += std::exp(-static_cast<double>(e));
    const int truth = trial % 7;
    const double p = std::exp(-static_cast<double>(energies[static_cast<std::size_t>(truth)])) / sum;
    EXPECT_NEAR(loss_on(energies, truth, any_loss("nll")), -std::log(p), 1e-12);
    EXPECT_NEAR(loss_on(energies, truth, any_loss("mee")), 1 - p, 1e-12);
  }
}

TEST(FreeEnergy, OfRandomTables_KeepsItsBounds_AndItsSlopeIsTheMeanSlope) {
  Rng rng(6);
  for (int trial = 0; trial < 1000; ++trial) {
    const int k = 1 + rng.below(12);
    const double beta = std::exp(2 * rng.normal());
    Params W;
    const Param w = W.uniform("w", {k}, 1);
    for (Real& x : W.flat()) x = static_cast<Real>(3 * rng.normal());
    Model<int> model(
        W, [&](FactorGraph& g, const int&) { g.add(factor::table(W, w), g.latent("z", Labels(k))); });
    const Prepared ready = model.prepare(0);
    TrainBatch train(ready);
    Answer free, low;
    infer::Exhaustive{}.answer(train.batch, {.beta = beta}, free);
    infer::Exhaustive{}.answer(train.batch, {}, low);
    EXPECT_LE(free.energy[0], low.energy[0] + 1e-12);
    EXPECT_GE(free.energy[0], low.energy[0] - std::log(static_cast<double>(k)) / beta - 1e-9);
    // The table's entries are W itself, so dE(z)/dW is one-hot and the mean slope is P(z).
    std::vector<Real> gradient(W.flat().size(), Real(0)), scratch;
    const std::vector<double> one{1};
    const Pull pull{&free, one};
    backward(train.batch, {&pull, 1}, gradient, scratch);
    for (int z = 0; z < k; ++z)
      EXPECT_NEAR(gradient[static_cast<std::size_t>(z)],
                  std::exp(-beta * (W.flat()[static_cast<std::size_t>(z)] - free.energy[0])),
                  sizeof(Real) == 8 ? 1e-12 : 1e-6);
  }
}

}  // namespace
}  // namespace ebm
