// A batch is a loop over its samples, in any company and for any number of threads.

#include "ebm/core/pool.hpp"
#include "ebm/inference/least_squares.hpp"
#include "ebm/inference/reals.hpp"
#include "ebm/inference/verbs.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/train/trainer.hpp"
#include "support/training.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

struct Threads {
  explicit Threads(int count) { set_threads(count); }
  ~Threads() { set_threads(0); }
};

// E(x, y) = |G1(x) - G2(y)|^2 / 2 of a hundred samples.
Beast many_curves() {
  return beast("many curves", infer::GradientDescent{}, 100, [](Params& W) {
    const Net gx = net::mlp(W, "gx", {1, 4, 3}), gy = net::mlp(W, "gy", {2, 4, 3});
    return [gx, gy, x = random_data(100, 21, [](int) { return Shape{1}; })](FactorGraph& g, const int& i) {
      const std::vector<Real> truth{Real(0.01) * static_cast<Real>(i), Real(-0.2)};
      const auto y = g.output("y", Reals(2), std::span<const Real>(truth));
      g.add(
          factor::half_squared_distance(g.feature(gx, (*x)[static_cast<std::size_t>(i)]), g.feature(gy, y)));
    };
  });
}
// Three labels, each with a centre of its own for a latent of the plane.
Beast many_mixed() {
  return beast("many mixed", infer::GradientDescent{}, 60, [](Params& W) {
    const Net centre = net::mlp(W, "centre", {2, 3, 2});
    const Param u = W.uniform("u", {3, 2}, 1);
    const Prototypes distance{W.block(u).offset, 3};
    return [centre, distance, x = random_data(60, 22, [](int) { return Shape{2}; })](FactorGraph& g,
                                                                                     const int& i) {
      const auto y = g.output("y", Labels(3), i % 3);
      const auto z = g.latent("z", Reals(2));
      g.add(factor::function(distance, {g.feature(z)}), y);
      g.add(
          factor::half_squared_distance(g.feature(centre, (*x)[static_cast<std::size_t>(i)]), g.feature(z)));
    };
  });
}

TEST(Batch, OfManySamples_AnswersAsEachSampleAlone) {
  for (const Beast& b : zoo()) {
    for (const Over over : {Over::all, Over::truth, Over::others})
      for (const double beta : {kInf, 1.0, 3.0}) {
        SCOPED_TRACE(message(b.name, " over ", static_cast<int>(over), " beta ", beta));
        TrainBatch all(*b.ready);
        Answer together;
        b.engine.answer(all.batch, {.over = over, .beta = beta, .answers = true}, together);
        for (std::size_t i = 0; i < b.ready->size(); ++i) {
          TrainBatch one(*b.ready, i, 1);
          Answer alone;
          b.engine.answer(one.batch, {.over = over, .beta = beta, .answers = true}, alone);
          const double e = alone.energy[0],
                       tolerance = (sizeof(Real) == 8 ? 1e-12 : 1e-5) * std::max(1.0, std::abs(e));
          if (std::isinf(e))
            EXPECT_EQ(together.energy[i], e);
          else
            EXPECT_NEAR(together.energy[i], e, tolerance);
          ASSERT_EQ(together.paths.empty(), alone.paths.empty());
          ASSERT_EQ(together.reals.empty(), alone.reals.empty());
          for (const Path& path : alone.paths) EXPECT_EQ(together.paths[i].arcs, path.arcs);
          for (const Real real : alone.reals) EXPECT_EQ(together.reals[i], real);
        }
      }
  }
}

TEST(Batch, WeightsOfAnAnswer_SumToOnePerScope) {
  for (const Beast& b : zoo()) {
    TrainBatch all(*b.ready);
    for (const double beta : {kInf, 1.0}) {
      Answer a;
      b.engine.answer(all.batch, {.beta = beta}, a);
      if (!a.points.empty()) all.batch.forward(a.points);
      std::vector<double> sum(b.ready->size(), 0.0), scopes(sum.size(), 0.0);
      for (int item = 0; item < all.batch.items(); ++item) {
        const auto s = static_cast<std::size_t>(all.batch.sample_of(item));
        const Structure& structure = *all.batch.sample(static_cast<int>(s)).structure;
        if (structure.has_path) continue;
        for (std::size_t w = all.batch.weights_of(item); w < all.batch.weights_of(item + 1); ++w)
          sum[s] += a.weights[w];
        scopes[s] = 0;
        for (const Group& g : structure.groups) scopes[s] += g.instances;
      }
      for (std::size_t i = 0; i < sum.size(); ++i)
        EXPECT_NEAR(sum[i], scopes[i], 1e-4) << b.name << " sample " << i;
    }
  }
}

TEST(Training, WithOneTwoAndFourThreads_GivesTheSameBits) {
  std::vector<std::vector<Real>> weights;
  for (const int count : {1, 2, 4}) {
    const Threads threads(count);
    std::size_t at = 0;
    for (const int batch : {1, 4, 100}) {
      for (Beast& b : zoo()) {
        TrainerCore trainer(*b.W, b.ready->schema(), loss::NegativeLogLikelihood{}, b.engine,
                            optim::Adam{.rate = 1e-2}, 3);
        for (int epoch = 0; epoch < 3; ++epoch) trainer.epoch(b.ready->samples(), {.batch = batch});
        const std::vector<Real> w(b.W->flat().begin(), b.W->flat().end());
        for (const Real x : w) ASSERT_TRUE(std::isfinite(x)) << b.name;
        if (count == 1)
          weights.push_back(w);
        else
          EXPECT_EQ(w, weights[at]) << b.name << ", batch " << batch << ", " << count << " threads";
        ++at;
      }
    }
  }
}

// Answers of searches over reals in a batch large enough to be cut: energies, points and slopes in W.
TEST(SearchesOverReals, WithOneTwoAndFourThreads_GiveTheSameBits) {
  const infer::GradientDescent descent{.steps = 30, .restarts = 3};
  std::vector<std::pair<AnyEngine, Beast (*)()>> cases{
      {descent, many_curves},
      {infer::Automatic{}, many_curves},
      {infer::Nested(infer::Exhaustive{}, descent), many_mixed},
      {infer::Nested(descent, infer::Exhaustive{}), many_mixed},
      {infer::Alternating{.reals = descent}, many_mixed}};
  if (infer::has_ceres()) cases.emplace_back(infer::Lbfgs{}, many_curves);
  for (const auto& [engine, make] : cases)
    for (const Over over : {Over::all, Over::others}) {
      if (over == Over::others && !engine.powers().others) continue;
      Answer first;
      std::vector<Real> slopes;
      for (const int count : {1, 2, 4}) {
        const Threads threads(count);
        const Beast b = make();
        TrainBatch all(*b.ready);
        Answer a;
        engine.answer(all.batch, {.over = over, .answers = true}, a);
        std::vector<Real> gradient(b.W->flat().size()), scratch;
        const std::vector<double> ones(b.ready->size(), 1.0);
        const Pull pull{&a, ones};
        backward(all.batch, {&pull, 1}, gradient, scratch);
        if (count == 1) {
          first = a;
          slopes = gradient;
          EXPECT_TRUE(std::ranges::any_of(slopes, [](Real g) { return g != 0; }));
          continue;
        }
        EXPECT_EQ(a.energy, first.energy) << engine.key() << ", " << count << " threads";
        EXPECT_EQ(a.reals, first.reals) << engine.key();
        EXPECT_EQ(a.labels, first.labels) << engine.key();
        EXPECT_EQ(a.weights, first.weights) << engine.key();
        EXPECT_EQ(gradient, slopes) << engine.key() << ", " << count << " threads";
      }
    }
}

TEST(Preparing, WithAnyNumberOfThreads_InternsAlike) {
  std::vector<std::vector<std::size_t>> parts;
  for (const int count : {1, 2}) {
    const Threads threads(count);
    std::vector<std::size_t> part;
    for (const Beast& b : zoo()) {
      part.push_back(b.ready->schema().structures());
      part.push_back(b.ready->schema().functions().size());
      part.push_back(b.ready->schema().nets().size());
    }
    parts.push_back(part);
  }
  EXPECT_EQ(parts[0], parts[1]);
}

}  // namespace
}  // namespace ebm
