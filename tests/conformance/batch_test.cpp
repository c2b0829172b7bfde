// A batch is a loop over its samples, in any company and for any number of threads.

#include "ebm/core/pool.hpp"
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
