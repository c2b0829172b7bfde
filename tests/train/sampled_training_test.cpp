// Training by samples: contrastive divergence and persistent chains through the trainer; a run that was
// stopped goes on with its chains.

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/pool.hpp"
#include "ebm/inference/sampling.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/losses/sampled.hpp"
#include "ebm/net/build.hpp"
#include "ebm/train/checkpoint.hpp"
#include "train/train_test.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

struct Stop : std::runtime_error {
  Stop() : std::runtime_error("stopped by the test") {}
};

// A sampler that calls `before` with the number of answers asked for so far.
template <class Inner>
struct Sampler {
  static constexpr Powers kPowers = Inner::kPowers;
  Inner inner{};
  std::function<void(int)> before = [](int) {};
  std::shared_ptr<int> count = std::make_shared<int>(0);
  void answer(Batch& batch, const Query& query, Answer& out) const {
    before((*count)++);
    inner.answer(batch, query, out);
  }
};

// E(z) = |w z + b|^2 / 2 of numbers with mean 0.7 and deviation 0.4: at the optimum w = 2.5, -b / w = 0.7.
struct Numbers {
  Params W;
  std::vector<Real> data;
  std::unique_ptr<Model<Real>> model;
  std::unique_ptr<Prepared> ready;
  explicit Numbers(int count = 400) {
    const Net net = net::linear(W, "net", 1, 1);
    W.view(W.find("net.weight"))[0] = 1, W.view(W.find("net.bias"))[0] = 0;
    Rng rng(4);
    for (int k = 0; k < count; ++k) data.push_back(static_cast<Real>(0.7 + 0.4 * rng.normal()));
    model = std::make_unique<Model<Real>>(W, [net](FactorGraph& g, const Real& z) {
      g.add(factor::half_squared_distance(g.feature(net, g.output("z", Reals(1), z)),
                                          g.feature(Tensor(Shape{1}))));
    });
    ready = std::make_unique<Prepared>(model->prepare(data));
  }
  double w() const { return W.view(W.find("net.weight"))[0]; }
  double spread() const { return 1 / std::abs(w()); }
  double middle() const { return -W.view(W.find("net.bias"))[0] / w(); }
};

// Four binary variables in a ring with trained tables, the second pair latent.
struct Ring {
  Params W;
  std::vector<std::vector<int>> data;
  std::unique_ptr<Model<std::vector<int>>> model;
  std::unique_ptr<Prepared> ready;
  Ring() {
    std::vector<Param> tables;
    for (int k = 0; k < 4; ++k) tables.push_back(W.table("t" + std::to_string(k), {2, 2}));
    Rng rng(4);
    for (Real& w : W.flat()) w = static_cast<Real>(0.3 * rng.normal());
    for (int k = 0; k < 20; ++k) data.push_back({rng.below(2), k % 3 == 0});
    model = std::make_unique<Model<std::vector<int>>>(
        W, [tables, this](FactorGraph& g, const std::vector<int>& y) {
          const Variables seen = g.outputs("y", 2, Labels(2), y), latent = g.latents("z", 2, Labels(2));
          const Variables ring[4] = {seen[0], latent[0], seen[1], latent[1]};
          for (std::size_t k = 0; k < 4; ++k) g.add(factor::table(W, tables[k]), ring[k], ring[(k + 1) % 4]);
        });
    ready = std::make_unique<Prepared>(model->prepare(data));
  }
};

TEST(SampledTraining, ByEachSampler_LearnsTheGaussianOfTheData) {
  const auto train = [](AnyLoss loss, AnyEngine engine, int chains, int passes = 30) {
    Numbers m;
    TrainerCore trainer(m.W, m.ready->schema(), loss, engine, optim::Sgd{.rate = Schedule::inverse(0.1, 4)},
                        1);
    for (int k = 0; k < passes; ++k) trainer.epoch(m.ready->samples(), {.batch = 20, .chains = chains});
    EXPECT_NEAR(m.middle(), 0.7, 0.06);
    EXPECT_NEAR(m.spread(), 0.4, 0.06);
  };
  train(loss::ContrastiveDivergence{.steps = 5}, infer::Langevin{.step = 0.3}, 0);
  train(loss::PersistentContrastiveDivergence{.steps = 2}, infer::Langevin{.step = 0.4}, 20);
  train(loss::PersistentContrastiveDivergence{.steps = 2}, infer::Hamiltonian{.step = 0.15, .leaps = 4}, 0);
  train(loss::NegativeLogLikelihood{}, infer::AnnealedImportance{.particles = 16, .levels = 4}, 0, 15);
}

template <class Job, class Engine>
void expect_same_after_a_stop(const Engine& engine, AnyLoss loss, int chains, int most) {
  const auto run = [&](const FitOptions& o, const std::function<void(int)>& before, std::vector<Real>& W) {
    Job job;
    Sampler<Engine> sampler{engine, before};
    TrainerCore trainer(job.W, job.ready->schema(), loss, sampler, optim::Adam{.rate = 0.01}, 7);
    const auto all = job.ready->samples().first(20);
    trainer.fit(all, all.first(8), o);
    W = weights(job.W);
  };
  FitOptions plain{.epochs = 4, .batch = 3, .chains = chains, .checkpoint_seconds = -1, .quiet = true};
  std::vector<Real> whole, resumed;
  set_threads(1);
  run(
      plain, [](int) {}, whole);
  set_threads(2);
  for (const int stop : {5, 24, most}) {
    const Folder folder;
    FitOptions o = plain;
    o.checkpoint = folder / "run.ckpt";
    EXPECT_THROW(run(
                     o,
                     [stop](int n) {
                       if (n == stop) throw Stop();
                     },
                     resumed),
                 Stop);
    o.resume = o.checkpoint;
    run(
        o, [](int) {}, resumed);
    EXPECT_EQ(whole, resumed) << stop;
  }
  set_threads(0);
}

TEST(SampledTraining, Stopped_GoesOnWithItsChainsToTheSameBits) {
  const loss::PersistentContrastiveDivergence pcd{.steps = 2};
  expect_same_after_a_stop<Numbers>(infer::Langevin{.step = 0.3}, pcd, 0, 55);
  expect_same_after_a_stop<Numbers>(infer::Hamiltonian{.step = 0.3, .leaps = 3, .warm_up = 5}, pcd, 5, 55);
  expect_same_after_a_stop<Ring>(infer::Gibbs{}, pcd, 0, 55);
  expect_same_after_a_stop<Ring>(infer::Gibbs{}, pcd, 7, 55);
  expect_same_after_a_stop<Ring>(infer::Gibbs{}, loss::ContrastiveDivergence{}, 0, 55);
  expect_same_after_a_stop<Numbers>(infer::AnnealedImportance{.particles = 16, .levels = 4},
                                    loss::NegativeLogLikelihood{}, 0, 55);
}

TEST(SampledTraining, ChainsAreThoseOfTheirSamples_AndEvaluationLeavesThemAlone) {
  const Folder folder;
  const auto run = [&](bool evaluate) {
    Numbers m;
    TrainerCore trainer(m.W, m.ready->schema(), loss::PersistentContrastiveDivergence{}, infer::Langevin{},
                        optim::Sgd{.rate = 0.01}, 1);
    const auto all = m.ready->samples().first(20);
    for (int k = 0; k < 3; ++k) {
      trainer.epoch(all, {.batch = 4});
      if (evaluate) trainer.evaluate(all);
    }
    return weights(m.W);
  };
  EXPECT_EQ(run(false), run(true));
  // One chain a sample, wherever the shuffle put it.
  Numbers m;
  TrainerCore trainer(m.W, m.ready->schema(), loss::PersistentContrastiveDivergence{},
                      infer::Langevin{.step = 1e-6}, optim::Sgd{.rate = 1e-9}, 1);
  FitOptions o{.epochs = 2, .batch = 3, .quiet = true};
  o.checkpoint = folder / "run.ckpt";
  const auto all = m.ready->samples().first(20);
  trainer.fit(all, {}, o);
  RunState progress;
  OptimState state;
  std::vector<Real> best;
  load_checkpoint(o.checkpoint, m.W, state, best, progress);
  for (std::uint64_t k = 0; k < 20; ++k) {
    progress.chains.keys = {k};
    ASSERT_EQ(progress.chains.state(0).size(), 2u);  // the number and the step
    EXPECT_NEAR(progress.chains.state(0)[0], m.data[k], 1e-3);
  }
  // Another number of chains is another run.
  o.resume = o.checkpoint;
  o.chains = 5;
  EXPECT_THROW(trainer.fit(all, {}, o), DataError);
}

TEST(SampledTraining, OfSamplesWithoutATruth_SkipsThem) {
  Params W;
  const Net net = net::linear(W, "net", 1, 1);
  const Model<int> model(W, [net](FactorGraph& g, const int& i) {
    const std::vector<Real> truth(i % 2, Real(0.7));  // every other one has none
    const auto z = g.output("z", Reals(1), std::span<const Real>(truth));
    g.add(factor::half_squared_distance(g.feature(net, z), g.feature(Tensor(Shape{1}))));
  });
  const std::vector<int> index{0, 1, 2, 3, 4};
  const Prepared ready = model.prepare(std::span<const int>(index));
  for (const AnyEngine& engine : {AnyEngine(infer::Langevin{}), AnyEngine(infer::Hamiltonian{})})
    for (const int batch : {1, 2, 5}) {
      TrainerCore trainer(W, ready.schema(), loss::ContrastiveDivergence{}, engine, optim::Sgd{.rate = 0.01},
                          1);
      const EpochReport r = trainer.epoch(ready.samples(), {.batch = batch});
      EXPECT_EQ(r.tally.samples, 2u) << batch;
      EXPECT_EQ(r.tally.skipped, 3u) << batch;
      EXPECT_TRUE(std::isfinite(r.loss));
    }
}

TEST(SampledTraining, ALossAskedOfAnEngineThatCannot_IsRefusedByName) {
  static_assert(Answerable<loss::ContrastiveDivergence, infer::Langevin>);
  static_assert(Answerable<loss::PersistentContrastiveDivergence, infer::Gibbs>);
  static_assert(Answerable<loss::NegativeLogLikelihood, infer::AnnealedImportance>);
  static_assert(!Answerable<loss::ContrastiveDivergence, infer::Exhaustive>);
  static_assert(!Answerable<loss::NegativeLogLikelihood, infer::Langevin>);
  Numbers m;
  try {
    TrainerCore(m.W, m.ready->schema(), loss::ContrastiveDivergence{}, infer::Grid{}, optim::Sgd{}, 1);
    FAIL();
  } catch (const GraphError& e) {
    EXPECT_NE(std::string(e.what()).find("needs samples"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace ebm
