// Gradient descent on the energies themselves, five answers: which gap does each loss leave?

#include <gtest/gtest.h>

#include "ebm/losses/catalogue.hpp"
#include "support/graphs.hpp"
#include "support/training.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr int kAnswers = 5, kTruth = 2;

class FreeTable {
 public:
  explicit FreeTable(const std::vector<double>& start)
      : entries_(W_.uniform("energies", {kAnswers}, 1)),
        model_(W_,
               [this](FactorGraph& g, const int&) {
                 g.add(factor::table(W_, entries_), g.output("y", Labels(kAnswers), kTruth));
               }),
        ready_(model_.prepare(0)),
        train_(ready_) {
    for (std::size_t i = 0; i < start.size(); ++i) W_.flat()[i] = static_cast<Real>(start[i]);
  }
  double energy(int y) const { return W_.flat()[static_cast<std::size_t>(y)]; }
  double offending() const {
    double low = kInf;
    for (int y = 0; y < kAnswers; ++y)  // the flat parameters go on with padding
      if (y != kTruth) low = std::min(low, energy(y));
    return low;
  }
  double gap() const { return offending() - energy(kTruth); }
  void descend(const AnyLoss& loss, double rate, int steps) {
    std::vector<Real> gradient(W_.flat().size());
    for (int i = 0; i < steps; ++i) {
      std::ranges::fill(gradient, Real(0));
      loss_of(train_.batch, loss, infer::Exhaustive{}, &gradient);
      for (std::size_t k = 0; k < gradient.size(); ++k) W_.flat()[k] -= static_cast<Real>(rate) * gradient[k];
    }
  }

 private:
  Params W_;
  Param entries_;
  Model<int> model_;
  Prepared ready_;
  TrainBatch train_;
};

// The truth is fourth of five, all energies above 0.
const std::vector<double> kStart{1.1, 1.2, 1.35, 1.5, 1.3};

TEST(Margins, OfHingeAndSquareSquare_AreReached) {
  for (const double m : {0.5, 1.0, 3.0}) {
    for (const char* key : {"hinge", "square-square"}) {
      FreeTable t(kStart);
      t.descend(any_loss(key, {.margin = m}), 0.02, 6000);
      EXPECT_GE(t.gap(), m - 1e-3) << key;
    }
    FreeTable hinge(kStart);
    hinge.descend(any_loss("hinge", {.margin = m}), 0.02, 6000);
    EXPECT_LE(hinge.gap(), m + 2 * 0.02 + 1e-6) << "the hinge does not go on once its margin is there";
  }
  // With square-square the energies mean something: 0 and m.
  FreeTable t(kStart);
  t.descend(any_loss("square-square"), 0.02, 6000);
  EXPECT_NEAR(t.energy(kTruth), 0, 1e-3);
  EXPECT_NEAR(t.offending(), 1, 0.2);
}

TEST(Margins, OfPerceptronAndLvq2_AreZero) {
  const double rate = 0.01;
  {
    FreeTable t(kStart);
    t.descend(any_loss("perceptron"), rate, 3000);
    const double gap = t.gap();
    EXPECT_GE(gap, 0);
    EXPECT_LE(gap, 2 * rate + 1e-6);
    t.descend(any_loss("perceptron"), rate, 100);
    EXPECT_EQ(t.gap(), gap);
  }
  FreeTable t(kStart);
  t.descend(any_loss("lvq2"), rate, 3000);
  const double gap = t.gap(), o = t.offending(), e = t.energy(kTruth);
  EXPECT_GE(gap, 0);
  EXPECT_LE(gap, rate * (1 / o + e / (o * o)) * 1.1);
  t.descend(any_loss("lvq2"), rate, 100);
  EXPECT_EQ(t.gap(), gap);
}

TEST(Margins, OfTheLossesWithoutAFixedOne_GoBeyondZero) {
  for (const char* key : {"log", "mce", "square-exponential", "nll", "mee", "contrastive-exponential"}) {
    FreeTable t(kStart);
    t.descend(any_loss(key), 0.05, 4000);
    EXPECT_GT(t.gap(), 0.5) << key;
  }
}

TEST(Collapse, OfAFlatTable_IsARestForTheLossesThatSaySo) {
  // Every answer at the same energy. Losses that can collapse have a value there that no surface beats
  // (energy 0 is the least of the energy loss on distances); the others have a lower value with a gap.
  for (const loss::Row& row : loss::catalogue()) {
    if (row.needs.samples) continue;
    const AnyLoss loss = any_loss(row.key);
    const auto value = [&](double e, double o) {
      const double all = loss.contrast.beta < kInf ? joined({e, o}, loss.contrast.beta) : std::min(e, o);
      return loss(e, loss.contrast.over == Over::all ? all : o).value;
    };
    const double level = row.key == "lvq2" ? 0.1 : 0.0, flat = value(level, level);
    EXPECT_EQ(value(level, 5) >= flat, row.can_collapse) << row.key;
  }
}

TEST(Collapse, OfTheEnergyLoss_PullsTheTruthDownForEver) {
  FreeTable t(kStart);
  t.descend(any_loss("energy"), 0.01, 100);
  EXPECT_NEAR(t.energy(kTruth), 1.35 - 1, 1e-4);
  EXPECT_NEAR(t.offending(), 1.1, 1e-6);  // and pushes nothing up
}

TEST(Collapse, OfSquareSquareAtHalfItsMargin_IsATrapWhereAllAnswersMoveTogether) {
  // One number is the energy of every answer: a flat architecture. e^2 + (m - e)^2 is least at m / 2.
  Params W;
  const Param level = W.uniform("level", {1}, 1);
  W.flat()[0] = static_cast<Real>(0.9);
  const Model<int> model(W, [&](FactorGraph& g, const int&) {
    g.output("y", Labels(3), 1);
    g.add(factor::table(W, level));
  });
  const Prepared ready = model.prepare(0);
  TrainBatch train(ready);
  for (int i = 0; i < 500; ++i) {
    std::vector<Real> gradient(1);
    loss_of(train.batch, any_loss("square-square"), infer::Exhaustive{}, &gradient);
    W.flat()[0] -= static_cast<Real>(0.05) * gradient[0];
  }
  EXPECT_NEAR(W.flat()[0], 0.5, 1e-5);
}

}  // namespace
}  // namespace ebm
