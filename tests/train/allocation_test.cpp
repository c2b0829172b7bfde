// No step of a steady loop allocates, from the third one on: every allocation of this program is counted.

#include <gtest/gtest.h>

#include "ebm/core/pool.hpp"
#include "ebm/inference/reals.hpp"
#include "ebm/inference/sampling.hpp"
#include "ebm/losses/hinge.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/losses/perceptron.hpp"
#include "ebm/losses/sampled.hpp"
#include "ebm/net/lenet.hpp"
#include "ebm/train/trainer.hpp"
#include "support/counted_allocations.hpp"
#include "support/training.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// The same batch again and again; allocations of the steps after the second.
std::size_t steady(const Beast& b, const AnyLoss& loss, const AnyOptimiser& optimiser, std::size_t first,
                   std::size_t count) {
  TrainerCore trainer(*b.W, b.ready->schema(), loss, b.engine, optimiser, 1);
  const TrainBatch chosen(*b.ready, first, count);
  for (int warm = 0; warm < 2; ++warm) trainer.step(chosen.pointers);
  const std::size_t before = allocations.load();
  for (int step = 0; step < 5; ++step) trainer.step(chosen.pointers);
  return allocations.load() - before;
}

void expect_none(const Beast& b) {
  set_threads(1);
  for (const AnyLoss& loss : {AnyLoss(loss::NegativeLogLikelihood{}), AnyLoss(loss::Perceptron{})})
    for (const AnyOptimiser& optimiser :
         {AnyOptimiser(optim::Sgd{.rate = 1e-3}), AnyOptimiser(optim::Adam{.rate = 1e-3})})
      for (const std::size_t count : {std::size_t{1}, std::size_t{7}})
        EXPECT_EQ(steady(b, loss, optimiser, 0, count), 0u)
            << b.name << ", " << loss.key << ", batch " << count;
  set_threads(0);
}

TEST(Allocations, AreCounted) {
  const std::size_t before = allocations.load();
  const auto p = std::make_unique<int>(1);
  EXPECT_EQ(*p, 1);
  EXPECT_GT(allocations.load(), before);
}

TEST(Allocations, OfLeNetSteps_AreNone) {
  expect_none(beast("lenet-5", infer::Exhaustive{}, 7, [](Params& W) {
    const Net net = net::lenet5(W, "lenet5");
    return [net, x = random_data(7, 1, [](int) {
                   return Shape{1, 32, 32};
                 })](FactorGraph& g, const int& i) {
      g.add(factor::network(net, (*x)[static_cast<std::size_t>(i)]), g.output("y", Labels(10), i));
    };
  }));
}

TEST(Allocations, OfStepsOnEveryKindOfGraph_AreNone) {
  for (const Beast& b : zoo()) expect_none(b);
}

TEST(Allocations, OfInferenceOverLatentReals_AreNone) {
  const infer::GradientDescent descent{.steps = 30, .restarts = 3};
  for (const AnyEngine& engine : {AnyEngine(infer::Nested(infer::Exhaustive{}, descent)),
                                  AnyEngine(infer::Nested(descent, infer::Exhaustive{})),
                                  AnyEngine(infer::Alternating{.reals = descent})}) {
    const Beast b = beast("latent reals", engine, 7, [](Params& W) {
      const Net gx = net::mlp(W, "gx", {3, 5, 4}), gz = net::mlp(W, "gz", {2, 5, 4}),
                gy = net::mlp(W, "gy", {2, 3});
      return [=, x = random_data(7, 3, [](int) { return Shape{3}; })](FactorGraph& g, const int& i) {
        const auto y = g.output("y", Labels(3), i % 3);
        const auto z = g.latent("z", Reals(2).within(-1, 1));
        g.add(factor::half_squared_distance(g.feature(gx, (*x)[static_cast<std::size_t>(i)]),
                                            g.feature(gz, z)));
        g.add(factor::rows(g.feature(gy, z)), y);
      };
    });
    set_threads(1);
    for (const AnyLoss& loss : {AnyLoss(loss::Perceptron{}), AnyLoss(loss::Hinge{})})
      EXPECT_EQ(steady(b, loss, optim::Sgd{.rate = 1e-3}, 0, 7), 0u) << loss.key;
    set_threads(0);
  }
}

TEST(Allocations, OfRaggedBatches_AreNoneOnceEveryLengthWasSeen) {
  set_threads(1);
  for (const Beast& b : zoo()) {
    TrainerCore trainer(*b.W, b.ready->schema(), loss::NegativeLogLikelihood{}, b.engine,
                        optim::Sgd{.rate = 1e-3}, 1);
    const TrainBatch all(*b.ready);
    const auto pass = [&] {
      for (std::size_t i = 0; i < all.pointers.size(); ++i)
        trainer.step(
            std::span(all.pointers).subspan(i, std::min<std::size_t>(1 + i % 3, all.pointers.size() - i)));
    };
    pass();
    pass();
    const std::size_t before = allocations.load();
    pass();
    EXPECT_EQ(allocations.load() - before, 0u) << b.name;
  }
  set_threads(0);
}

TEST(Allocations, OfSamplers_AreNone) {
  set_threads(1);
  const auto reals = [](Params& W) {
    const Net net = net::linear(W, "net", 2, 2);
    return [net, zero = random_data(1, 1, [](int) { return Shape{2}; })](FactorGraph& g, const int& i) {
      const std::vector<Real> truth{static_cast<Real>(i), Real(0.5)};
      g.add(factor::half_squared_distance(g.feature(net, g.output("z", Reals(2), truth)),
                                          g.feature((*zero)[0])));
    };
  };
  const auto labels = [](Params& W) {
    const Param pair = W.table("pair", {2, 2});
    return [pair, &W](FactorGraph& g, const int& i) {
      const std::vector<int> truth{i % 2, 1};
      g.outputs("y", 2, Labels(2), truth);
      g.latents("z", 2, Labels(2));
      g.add_each(factor::table(W, pair), Scopes{2, {0, 2, 1, 2, 2, 3}});
    };
  };
  const AnyLoss cd = loss::ContrastiveDivergence{.steps = 2}, pcd = loss::PersistentContrastiveDivergence{};
  const AnyOptimiser sgd = optim::Sgd{.rate = 1e-3};
  for (const AnyLoss& loss : {cd, pcd}) {
    EXPECT_EQ(steady(beast("langevin", infer::Langevin{}, 7, reals), loss, sgd, 0, 7), 0u) << loss.key;
    EXPECT_EQ(steady(beast("hamiltonian", infer::Hamiltonian{.warm_up = 3}, 7, reals), loss, sgd, 0, 7), 0u)
        << loss.key;
    EXPECT_EQ(steady(beast("gibbs", infer::Gibbs{}, 7, labels), loss, sgd, 0, 7), 0u) << loss.key;
  }
  EXPECT_EQ(
      steady(beast("annealed labels", infer::AnnealedImportance{.particles = 8, .levels = 4}, 3, labels),
             loss::NegativeLogLikelihood{}, sgd, 0, 3),
      0u);
  EXPECT_EQ(steady(beast("annealing", infer::AnnealedImportance{.particles = 8, .levels = 4}, 3, reals),
                   loss::NegativeLogLikelihood{}, sgd, 0, 3),
            0u);
  set_threads(0);
}

}  // namespace
}  // namespace ebm
