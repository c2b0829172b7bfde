// Schedules as published, single steps of every optimiser by hand, and the curvature of the diagonal
// Levenberg-Marquardt against brute force.

#include "ebm/train/optim.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/losses/nll.hpp"
#include "ebm/train/trainer.hpp"
#include "support/training.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

TEST(Schedules, InverseAfterT_HasThePublishedValues) {
  const Schedule s = Schedule::inverse(0.1, 100);
  for (const auto& [t, rate] :
       {std::pair{0.0, 0.1}, {50.0, 0.1}, {100.0, 0.1}, {200.0, 0.05}, {1000.0, 0.01}})
    EXPECT_NEAR(s.at(t), rate, 1e-12);
  EXPECT_EQ(Schedule(0.3).at(1e6), 0.3);
}

TEST(Schedules, Cosine_FallsFromTheRateOverHalfOfItToZeroAndStaysThere) {
  const Schedule s = Schedule::cosine(0.2, 8);
  EXPECT_EQ(s.at(0), 0.2);
  EXPECT_NEAR(s.at(4), 0.1, 1e-15);
  EXPECT_NEAR(s.at(2), 0.1 * (1 + std::sqrt(0.5)), 1e-15);
  EXPECT_NEAR(s.at(8), 0, 1e-15);
  EXPECT_NEAR(s.at(20), 0, 1e-15);
}

TEST(Schedules, OfLeNet5_AreItsStages) {
  const Schedule s = optim::StochasticLevenbergMarquardt{}.rate;
  const double expected[20] = {5e-4, 5e-4, 2e-4, 2e-4, 2e-4, 1e-4, 1e-4, 1e-4, 5e-5, 5e-5,
                               5e-5, 5e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5, 1e-5};
  for (int pass = 0; pass < 20; ++pass) {
    EXPECT_EQ(s.at(pass), expected[pass]) << pass;
    EXPECT_EQ(s.at(pass + 0.99), expected[pass]) << pass;
  }
}

// One block of three weights; what an optimiser makes of two gradients.
struct Steps {
  Params W;
  std::vector<Real> gradient;
  OptimState state;
  Steps() {
    const Param p = W.add("w", {3});
    for (int i = 0; i < 3; ++i) W.view(p)[static_cast<std::size_t>(i)] = static_cast<Real>(i + 1);
    gradient.assign(W.flat().size(), Real(0));
  }
  void step(const AnyOptimiser& o, std::vector<double> g, double pass = 0) {
    for (std::size_t i = 0; i < 3; ++i) gradient[i] = static_cast<Real>(g[i]);
    o.step(W, gradient, state, pass);
    for (const Real x : gradient) EXPECT_EQ(x, 0);  // used up
  }
};
constexpr double kNear = sizeof(Real) == 8 ? 1e-12 : 1e-6;

TEST(Optimisers, OfABlockWithALeastValue_StopThere) {
  for (const AnyOptimiser& o :
       {AnyOptimiser(optim::Sgd{.rate = 1.0}), AnyOptimiser(optim::Sgd{.rate = 1.0, .momentum = 0.5}),
        AnyOptimiser(optim::Adam{.rate = 2.0})}) {
    Steps s;
    s.W.set_least("w", 1.5);
    EXPECT_EQ(s.W.flat()[0], Real(1.5));  // at once
    EXPECT_EQ(s.W.flat()[2], Real(3));
    s.step(o, {5, 5, -1});
    EXPECT_EQ(s.W.flat()[0], Real(1.5));
    EXPECT_EQ(s.W.flat()[1], Real(1.5));
    EXPECT_GT(s.W.flat()[2], Real(3));
  }
  Params W;
  W.add("w", {1});
  EXPECT_THROW(W.set_least("w", -kInf), GraphError);
  EXPECT_THROW(W.set_least("v", 0), GraphError);
}

TEST(Optimisers, Sgd_StepsDownTheGradient) {
  Steps s;
  s.step(optim::Sgd{.rate = 0.1, .weight_decay = 0.5}, {1, -2, 0});
  EXPECT_NEAR(s.W.flat()[0], 1 - 0.1 * (1 + 0.5), kNear);
  EXPECT_NEAR(s.W.flat()[1], 2 - 0.1 * (-2 + 1), kNear);
  EXPECT_NEAR(s.W.flat()[2], 3 - 0.1 * 1.5, kNear);
  EXPECT_EQ(s.state.steps, 1u);
}

TEST(Optimisers, SgdWithMomentum_RemembersItsVelocity) {
  Steps s;
  const optim::Sgd o{.rate = 0.1, .momentum = 0.9};
  s.step(o, {1, 0, 0});
  s.step(o, {1, 0, 0});
  EXPECT_NEAR(s.W.flat()[0], 1 - 0.1 - (0.09 + 0.1), kNear);
  EXPECT_EQ(s.W.flat()[1], 2);
}

TEST(Optimisers, Adam_StepsAsAlgorithm1Says) {
  Steps s;
  const optim::Adam o{.rate = 0.01};
  double m = 0, v = 0, w = 1;
  for (int t = 1; t <= 5; ++t) {
    const double g = t % 2 ? 2 : -0.5;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    w -= 0.01 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    s.step(o, {g, 0, 0});
    EXPECT_NEAR(s.W.flat()[0], w, 10 * kNear) << t;
  }
  EXPECT_EQ(s.W.flat()[1], 2);
}

TEST(Optimisers, LevenbergMarquardt_DividesByMuPlusCurvature) {
  Steps s;
  const optim::StochasticLevenbergMarquardt o{.rate = 0.1, .mu = 0.5};
  EXPECT_THROW(s.step(o, {1, 1, 1}), GraphError);
  s.state.curvature.assign(s.gradient.size(), Real(0));
  s.state.curvature[1] = Real(1.5);
  s.step(o, {1, 1, 0});
  EXPECT_NEAR(s.W.flat()[0], 1 - 0.1 / 0.5, kNear);
  EXPECT_NEAR(s.W.flat()[1], 2 - 0.1 / 2, kNear);
  EXPECT_EQ(s.W.flat()[2], 3);
}

TEST(Optimisers, FrozenBlocks_StandStillAndForgetTheirGradient) {
  for (const AnyOptimiser& o : {AnyOptimiser(optim::Sgd{.momentum = 0.5}), AnyOptimiser(optim::Adam{})}) {
    Steps s;
    s.W.set_trainable("w", false);
    s.step(o, {1, 2, 3});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(s.W.flat()[static_cast<std::size_t>(i)], i + 1);
  }
}

// E_k(x) from a 5-4-3 net; NLL at beta curves entry k by beta p_k (1 - p_k). With one hidden layer a weight
// reaches each entry by one way, so that the Gauss-Newton diagonal without cross terms is sum_k (dE_k/dw)^2
// beta p_k (1 - p_k).
TEST(Curvature, OfATinyNetUnderNll_EqualsBruteForce) {
  const double beta = 1.7;
  const Beast b = beast("5-4-3", infer::Exhaustive{}, 6, [](Params& W) {
    const Net net = net::mlp(W, "net", {5, 4, 3});
    return [net, x = random_data(6, 1, [](int) { return Shape{5}; })](FactorGraph& g, const int& i) {
      g.add(factor::network(net, (*x)[static_cast<std::size_t>(i)]), g.output("y", Labels(3), i % 3));
    };
  });
  TrainBatch all(*b.ready);
  Answer a;
  b.engine.answer(all.batch, {.over = Over::all, .beta = beta}, a);
  const std::size_t entries = all.batch.weights(), n = b.W->flat().size();
  ASSERT_EQ(entries, 18u);
  std::vector<Real> at_entries(entries), slopes(entries), expected(n), h(n);
  for (std::size_t w = 0; w < entries; ++w)
    at_entries[w] = static_cast<Real>(beta * a.weights[w] * (1 - a.weights[w]));
  for (std::size_t w = 0; w < entries; ++w) {
    std::vector<Real> one_hot(entries), jacobian(n);
    one_hot[w] = 1;
    all.batch.backward(one_hot, jacobian);
    for (std::size_t k = 0; k < n; ++k) expected[k] += jacobian[k] * jacobian[k] * at_entries[w];
  }
  all.batch.curvature(at_entries, slopes, h);
  double largest = 0;
  for (std::size_t k = 0; k < n; ++k) {
    EXPECT_NEAR(h[k], expected[k], (sizeof(Real) == 8 ? 1e-10 : 1e-4) * (1 + std::abs(expected[k]))) << k;
    EXPECT_GE(h[k], 0);
    largest = std::max(largest, static_cast<double>(h[k]));
  }
  EXPECT_GT(largest, 0.01);
}

TEST(Curvature, SecondDerivativeOfNll_IsThatOfItsEntries) {
  // A net without a hidden layer: Gauss-Newton is the whole second derivative, so central differences see it.
  const Beast b = beast("linear", infer::Exhaustive{}, 4, [](Params& W) {
    const Net net = net::linear(W, "net", 2, 3);
    return [net, x = random_data(4, 2, [](int) { return Shape{2}; })](FactorGraph& g, const int& i) {
      g.add(factor::network(net, (*x)[static_cast<std::size_t>(i)]), g.output("y", Labels(3), i % 3));
    };
  });
  const AnyLoss loss = loss::NegativeLogLikelihood{};
  TrainBatch all(*b.ready);
  Answer a;
  b.engine.answer(all.batch, {.beta = 1}, a);
  std::vector<Real> at_entries(all.batch.weights()), slopes(at_entries.size()), h(b.W->flat().size());
  for (std::size_t w = 0; w < at_entries.size(); ++w) at_entries[w] = a.weights[w] * (1 - a.weights[w]);
  all.batch.curvature(at_entries, slopes, h);
  const double step = sizeof(Real) == 8 ? 1e-4 : 1e-2;
  for (const Params::Block& block : b.W->blocks())
    for (std::size_t k = block.offset; k < block.offset + block.size(); ++k) {
      std::vector<Real> up(h.size()), down(h.size());
      const Real old = b.W->flat()[k];
      b.W->flat()[k] = old + static_cast<Real>(step);
      loss_of(all.batch, loss, b.engine, &up);
      b.W->flat()[k] = old - static_cast<Real>(step);
      loss_of(all.batch, loss, b.engine, &down);
      b.W->flat()[k] = old;
      EXPECT_NEAR(h[k] / 4, (up[k] - down[k]) / (2 * step), sizeof(Real) == 8 ? 1e-7 : 1e-3) << block.name;
    }
}

TEST(Curvature, OfWhatHasNone_IsRefusedByName) {
  const auto refusal = [](const Beast& b) -> std::string {
    TrainerCore trainer(*b.W, b.ready->schema(), loss::NegativeLogLikelihood{}, b.engine,
                        optim::StochasticLevenbergMarquardt{}, 1);
    try {
      trainer.epoch(b.ready->samples(), {});
    } catch (const GraphError& e) {
      return e.what();
    }
    return "taken";
  };
  EXPECT_NE(refusal(functions()).find("'distance'"), std::string::npos);
  EXPECT_NE(refusal(grid()).find("sdlm"), std::string::npos);
  EXPECT_EQ(refusal(rubbish()), "taken");  // what only selects passes curvature on
  EXPECT_EQ(refusal(single_label()), "taken");
}

}  // namespace
}  // namespace ebm
