// What a trainer does to an energy surface, and what it says of it.

#include "ebm/train/trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <type_traits>

#include "ebm/inference/least_squares.hpp"
#include "ebm/inference/verbs.hpp"
#include "ebm/losses/energy.hpp"
#include "ebm/losses/hinge.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/losses/perceptron.hpp"
#include "support/training.hpp"
#include "support/zoo.hpp"
#include "train/train_test.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// Points around three centres, one label each: separable.
struct Clusters {
  Params W;
  std::vector<Tensor> x;
  Net net;
  std::unique_ptr<Model<int>> model;
  std::unique_ptr<Prepared> ready;
  explicit Clusters(int n = 60) {
    Rng rng(1);
    for (int i = 0; i < n; ++i) {
      const double angle = 2.1 * (i % 3);
      x.push_back(Tensor({2}, {static_cast<Real>(2 * std::cos(angle) + 0.2 * rng.normal()),
                               static_cast<Real>(2 * std::sin(angle) + 0.2 * rng.normal())}));
    }
    net = net::linear(W, "net", 2, 3);
    model = std::make_unique<Model<int>>(W, [this](FactorGraph& g, const int& i) {
      g.add(factor::network(net, x[static_cast<std::size_t>(i)]), g.output("y", Labels(3), i % 3));
    });
    std::vector<int> index;
    for (int i = 0; i < n; ++i) index.push_back(i);
    ready = std::make_unique<Prepared>(model->prepare(std::span<const int>(index)));
  }
};

template <class L>
void expect_to_learn(L loss) {
  for (const int batch : {1, 8}) {
    Clusters c;
    Trainer<int> trainer(*c.model, loss, infer::Automatic{}, optim::Sgd{.rate = 0.1});
    const EpochReport before = trainer.evaluate(*c.ready);
    EpochReport last;
    for (int epoch = 0; epoch < 10; ++epoch) last = trainer.epoch(*c.ready, {.batch = batch});
    EXPECT_EQ(last.epoch, 10);
    EXPECT_LT(last.loss, 0.3 * before.loss);
    EXPECT_LE(last.error, 0.05);
    EXPECT_GT(last.gap, 0.5);
    EXPECT_FALSE(last.collapsed);
    EXPECT_EQ(last.tally.samples, 60u);
    Batch all = c.ready->batch();
    EXPECT_NEAR(accuracy(all, minimize(all)), 1, 0.05);
  }
}

TEST(Trainer, WithNll_SeparatesWhatIsSeparable) { expect_to_learn(loss::NegativeLogLikelihood{}); }
TEST(Trainer, WithThePerceptronLoss_SeparatesWhatIsSeparable) { expect_to_learn(loss::Perceptron{}); }

TEST(Trainer, OnEveryKindOfGraph_LowersNll) {
  for (Beast& b : zoo()) {
    TrainerCore trainer(*b.W, b.ready->schema(), loss::NegativeLogLikelihood{}, b.engine,
                        optim::Adam{.rate = 0.02}, 1);
    const double before = trainer.evaluate(b.ready->samples()).loss;
    for (int epoch = 0; epoch < 15; ++epoch) trainer.epoch(b.ready->samples(), {.batch = 3});
    EXPECT_LT(trainer.evaluate(b.ready->samples()).loss, 0.9 * before) << b.name;
  }
}

// Y = X^2 by E = |G1(X) - G2(Y)|^2 / 2: both nets can become the same constant.
EpochReport fit_parabola(const AnyLoss& loss) {
  Params W;
  const Net gx = net::mlp(W, "gx", {1, 8, 4}), gy = net::mlp(W, "gy", {1, 8, 4});
  const Model<int> model(W, [&](FactorGraph& g, const int& i) {
    const Real x = static_cast<Real>(i) / 10 - 1;
    const auto y = g.output("y", Reals(1), x * x);
    g.add(factor::half_squared_distance(g.feature(gx, Tensor(x)), g.feature(gy, y)));
  });
  std::vector<int> index;
  for (int i = 0; i < 20; ++i) index.push_back(i);
  const Prepared ready = model.prepare(std::span<const int>(index));
  TrainerCore trainer(W, ready.schema(), loss, infer::Grid{}, optim::Adam{.rate = 0.02}, 1);
  EpochReport last;
  for (int epoch = 0; epoch < 60; ++epoch) last = trainer.epoch(ready.samples(), {.batch = 4});
  return last;
}

TEST(Trainer, WithAnEnergyThatGoesFlat_WarnsOfCollapse) {
  const EpochReport flat = fit_parabola(loss::Energy{});
  EXPECT_TRUE(flat.collapsed) << to_string(flat);
  EXPECT_NE(to_string(flat).find("collapsed"), std::string::npos);
  const EpochReport shaped = fit_parabola(loss::NegativeLogLikelihood{.beta = 5});
  EXPECT_FALSE(shaped.collapsed) << to_string(shaped);
  EXPECT_GT(shaped.gap, 0.05);
  // The grid meets every answer, so the range over them is known; it holds the gap.
  EXPECT_GE(flat.range, 0);
  EXPECT_LT(flat.range, 0.1 * shaped.range);
  EXPECT_GT(shaped.range, shaped.gap);
  EXPECT_NE(to_string(shaped).find("range"), std::string::npos);
  EXPECT_EQ(to_string(shaped).find("collapsed"), std::string::npos);
}

TEST(EpochReport, OfARangeBelowATwentiethOfTheWidest_SaysCollapsed) {
  const Tally tally{.samples = 2, .gaps = 2, .ranges = 2, .range = 0.4, .absolute_gap = 0.3};
  EXPECT_TRUE(summarise(tally, 9, 1, true, 4.3).collapsed);
  EXPECT_FALSE(summarise(tally, 9, 1, true, 3.9).collapsed);
  EXPECT_FALSE(summarise(tally, 9, 1, false, 4.3).collapsed) << "this loss cannot";
}

std::string refusal_of_nan(Beast& b, int batch) {
  TrainerCore trainer(*b.W, b.ready->schema(), loss::NegativeLogLikelihood{}, b.engine, optim::Sgd{}, 1);
  const std::vector<Real> before = weights(*b.W);
  try {
    trainer.epoch(b.ready->samples(), {.batch = batch, .shuffle = batch == 1});
  } catch (const NumberError& e) {
    for (const Real w : b.W->flat()) EXPECT_TRUE(std::isfinite(w)) << b.name;
    return e.what();
  }
  return "no NumberError";
}

TEST(Monitor, OfASmallGapOnAWideSurface_CallsNoCollapse) {
  Tally tally{.samples = 10, .judged = 10, .gaps = 10, .ranges = 10, .range = 20, .absolute_gap = 0.05};
  EXPECT_FALSE(
      summarise(tally, 1, 1, true).collapsed);  // as in regression, next to the ball around the truth
  tally.range = 1;
  EXPECT_TRUE(summarise(tally, 1, 1, true).collapsed);
  tally.ranges = 0;
  EXPECT_TRUE(summarise(tally, 1, 1, true).collapsed) << "the gap is all that is known";
}

TEST(Monitor, OfGenuineOnesAlone_CallsACollapseUnlessTheirValueIsKnown) {
  // Ten energies of about 0.1, all alike, after passes in which they were spread.
  Tally tally{.samples = 10, .loss = 0.1, .lows = 10, .low = 1, .square = 0.1};
  const EpochReport flat = summarise(tally, 9, 1, false, 3);
  EXPECT_TRUE(flat.collapsed);
  EXPECT_EQ(to_string(flat).substr(0, 46), "epoch 9: loss 0.01, genuine 0.1, range 0, 1.0 ");
  tally.placed = 10;  // as of faces with their poses: other poses may be high
  EXPECT_FALSE(summarise(tally, 9, 1, false, 3).collapsed);
  EXPECT_TRUE(summarise(tally, 9, 1, true, 3).collapsed) << "a loss that allows it is still watched";
}

TEST(Monitor, OfAnEngineThatKnowsNoOffendingAnswer_ClaimsNoError) {
  const EpochReport r = summarise({.samples = 10, .loss = 3}, 1, 1, true);
  EXPECT_EQ(r.error, -1);
  EXPECT_EQ(to_string(r), "epoch 1: loss 0.3, 1.0 s");
}

TEST(Monitor, OfLossesWithoutASlope_SaysThatNothingIsLearned) {
  const EpochReport r = summarise({.samples = 10, .saturated = 7, .loss = 3}, 1, 1, true);
  EXPECT_NE(to_string(r).find("7 samples have a loss without a slope"), std::string::npos) << to_string(r);
}

TEST(Trainer, AtANaN_StopsAndNamesSampleAndFactor) {
  struct Expected {
    Beast (*make)(int);
    const char* factor;
  };
  for (const auto& [make, factor] :
       {Expected{single_label, "'net'"}, Expected{rubbish, "'with_rubbish'"}, Expected{chain, "'emit'"},
        Expected{wide_images, "'net'"}, Expected{functions, "'distance'"}, Expected{loop, "'net'"},
        Expected{paths, "'net'"}, Expected{grid, "'distance'"}})
    for (const int batch : {1, 3, 100}) {
      Beast b = make(9);
      // The first data of sample 7 become NaN where they lie.
      const_cast<Real*>(b.ready->samples()[7].data[0].view.data)[0] = static_cast<Real>(std::nan(""));
      const std::string text = refusal_of_nan(b, batch);
      EXPECT_NE(text.find("sample 7:"), std::string::npos) << b.name << ": " << text;
      EXPECT_NE(text.find(factor), std::string::npos) << b.name << ": " << text;
    }
}

TEST(Trainer, AtANaNInAStepOfOnesOwn_NamesItsPlaceInTheBatch) {
  Beast b = single_label(5);
  const_cast<Real*>(b.ready->samples()[3].data[0].view.data)[0] = static_cast<Real>(std::nan(""));
  TrainerCore trainer(*b.W, b.ready->schema(), loss::Energy{}, b.engine, optim::Sgd{}, 1);
  TrainBatch chosen(*b.ready, 2);
  try {
    trainer.step(chosen.pointers);
    FAIL();
  } catch (const NumberError& e) {
    EXPECT_NE(std::string(e.what()).find("sample 1:"), std::string::npos) << e.what();
  }
}

TEST(Trainer, WithATruthThatNoAnswerIs_CountsItAndGoesOn) {
  Params W;
  const Net net = net::linear(W, "net", 2, 3);
  const Tensor x({3, 2}, {1, 2, 3, 4, 5, 6});
  const Model<int> model(W, [&](FactorGraph& g, const int& i) {
    const std::vector<int> truth = i == 1 ? std::vector<int>{1, 2, 3, 1, 2, 3, 1} : std::vector<int>{1, 2};
    const auto p = g.output("p", Paths(pieces_lattice(3)), truth, i != 2);
    g.add(factor::network(net, x), p);
  });
  const std::vector<int> index{0, 1, 2, 3};
  const Prepared ready = model.prepare(std::span<const int>(index));
  for (const char* key : {"energy", "perceptron", "nll"})
    for (const int batch : {1, 4}) {
      TrainerCore trainer(W, ready.schema(), any_loss(key), infer::ForwardBackward{},
                          optim::Sgd{.rate = 1e-3}, 1);
      const EpochReport r = trainer.epoch(ready.samples(), {.batch = batch});
      EXPECT_EQ(r.tally.impossible, 1u) << key;
      EXPECT_EQ(r.tally.skipped, 1u);
      EXPECT_EQ(r.tally.samples, 2u);
      EXPECT_TRUE(std::isfinite(r.loss) && std::isfinite(r.gap) && std::isfinite(r.error));
      EXPECT_GE(r.error, 1.0 / 3 - 1e-9);  // what cannot be right is wrong
      EXPECT_NE(to_string(r).find("1 samples skipped: no answer"), std::string::npos);
    }
  for (const Real w : W.flat()) EXPECT_TRUE(std::isfinite(w));
}

TEST(Trainer, WithForbiddenTruths_NeverMakesANaN) {
  Params W;
  const Param bias = W.uniform("bias", {3}, 1);
  const Tensor forbid({3}, {0, static_cast<Real>(kInf), 0});
  const Model<int> model(W, [&](FactorGraph& g, const int& i) {
    const auto y = g.output("y", Labels(3), i);
    g.add(factor::table(W, bias), y);
    g.add(factor::constant(forbid), y);
  });
  const std::vector<int> index{0, 1, 2};
  const Prepared ready = model.prepare(std::span<const int>(index));
  for (const AnyEngine& engine : {AnyEngine(infer::Exhaustive{}), AnyEngine(infer::SumProduct{})}) {
    TrainerCore trainer(W, ready.schema(), loss::NegativeLogLikelihood{}, engine, optim::Sgd{.rate = 0.1}, 1);
    const EpochReport r = trainer.epoch(ready.samples(), {.batch = 3});
    EXPECT_EQ(r.tally.impossible, 1u);
    EXPECT_TRUE(std::isfinite(r.loss));
    for (const Real w : W.flat()) EXPECT_TRUE(std::isfinite(w));
  }
}

TEST(Trainer, OfALossThatTheEngineCannotAnswer_IsRefusedAtRunTimeToo) {
  Clusters c(3);
  try {
    const Trainer<int> trainer(*c.model, AnyLoss(loss::NegativeLogLikelihood{}), AnyEngine(infer::MinSum{}),
                               AnyOptimiser(optim::Sgd{}));
    FAIL();
  } catch (const GraphError& e) {
    EXPECT_NE(std::string(e.what()).find("loss 'nll' needs free energies"), std::string::npos) << e.what();
  }
  EXPECT_NO_THROW(Trainer<int>(*c.model, AnyLoss(loss::Perceptron{}), AnyEngine(infer::MinSum{}),
                               AnyOptimiser(optim::Sgd{})));
}

TEST(Trainer, EqualSeeds_GiveEqualWeights_OthersDoNot) {
  const auto run = [](std::uint64_t seed) {
    Clusters c;
    Trainer<int> trainer(*c.model, loss::NegativeLogLikelihood{}, infer::Exhaustive{},
                         optim::Sgd{.rate = 0.1}, seed);
    trainer.epoch(*c.ready);
    return weights(c.W);
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Trainer, FrozenBlocks_StandStill_AndARateScalesAStep) {
  const auto moved = [](const char* change, double rate) {
    Clusters c;
    if (rate == 0)
      c.W.set_trainable(change, false);
    else
      c.W.set_rate(change, rate);
    const std::vector<Real> before = weights(c.W);
    Trainer<int> trainer(*c.model, loss::NegativeLogLikelihood{}, infer::Exhaustive{},
                         optim::Sgd{.rate = 0.1});
    trainer.epoch(*c.ready, {.batch = 60});
    std::vector<double> out;
    for (const Params::Block& b : c.W.blocks())
      for (std::size_t i = 0; i < b.size(); ++i)
        out.push_back(static_cast<double>(c.W.flat()[b.offset + i]) - before[b.offset + i]);
    return out;  // six weights, then three biases
  };
  const std::vector<double> plain = moved("net", 1), frozen = moved("net.bias", 0),
                            slow = moved("net.bias", 0.25);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_NE(plain[i], 0);
    if (i < 6) {
      EXPECT_EQ(frozen[i], plain[i]);
      EXPECT_EQ(slow[i], plain[i]);
    } else {
      EXPECT_EQ(frozen[i], 0);
      EXPECT_NEAR(slow[i], 0.25 * plain[i], 1e-6);
    }
  }
}

TEST(Trainer, KeepBest_EndsWithTheWeightsOfTheBestEpoch) {
  Clusters c;
  std::vector<std::vector<Real>> after;
  FitOptions o{.epochs = 6, .batch = 4, .keep_best = true, .quiet = true};
  o.on_epoch = [&](const EpochReport&, const EpochReport* validation) {
    ASSERT_NE(validation, nullptr);
    after.push_back(weights(c.W));
    // From the third epoch on everything is spoilt.
    if (after.size() >= 3)
      for (Real& w : c.W.flat()) w = -w;
  };
  Trainer<int> trainer(*c.model, loss::NegativeLogLikelihood{}, infer::Exhaustive{},
                       optim::Sgd{.rate = 0.02});
  const History h = trainer.fit(*c.ready, *c.ready, o);
  ASSERT_GE(h.best, 1);
  EXPECT_EQ(weights(c.W), after[static_cast<std::size_t>(h.best) - 1]);
  EXPECT_EQ(h.train.size(), 6u);
  for (const EpochReport& v : h.validation)
    EXPECT_GE(v.error, h.validation[static_cast<std::size_t>(h.best) - 1].error);
}

TEST(Trainer, OnNothing_OrInBatchesOfNone_Refuses) {
  Clusters c(3);
  TrainerCore trainer(c.W, c.ready->schema(), loss::Energy{}, infer::Exhaustive{}, optim::Sgd{}, 1);
  EXPECT_THROW(trainer.fit({}, {}, {.quiet = true}), DataError);
  EXPECT_THROW(trainer.epoch(c.ready->samples(), {.batch = 0}), GraphError);
}

template <class L, class E>
constexpr bool kMakes = std::is_constructible_v<Trainer<int>, Model<int>&, L, E, optim::Sgd>;

TEST(Trainer, OfALossThatTheEngineCannotServe_DoesNotCompile) {
  EXPECT_TRUE((kMakes<loss::Hinge, infer::MinSum>));
  EXPECT_FALSE((kMakes<loss::NegativeLogLikelihood, infer::MinSum>));
  EXPECT_FALSE((kMakes<loss::Hinge, infer::LevenbergMarquardt>));
  EXPECT_TRUE((kMakes<AnyLoss, infer::MinSum>)) << "known at run time alone";
}

}  // namespace
}  // namespace ebm
