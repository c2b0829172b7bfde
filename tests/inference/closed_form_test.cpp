// A minimum without a search: against engines that search, and everything that ClosedForm has to refuse.

#include "ebm/inference/closed_form.hpp"

#include <gtest/gtest.h>

#include "ebm/core/pool.hpp"
#include "ebm/inference/reals.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// E = |G(x) - z| or half its square, z in a box that most G(x) are outside of; every third sample knows its
// z, every other fourth is high.
struct Boxed {
  std::vector<Tensor> x;
  Params W;
  Net net;
  std::unique_ptr<Model<int>> model;
  std::unique_ptr<Prepared> ready;

  explicit Boxed(int samples, bool squared = false, double side = 0.4, bool truths = true) {
    Rng rng(3);
    for (int i = 0; i < samples; ++i) x.push_back(random_tensor({4}, rng));
    net = net::mlp(W, "net", {4, 6, 2});
    model = std::make_unique<Model<int>>(W, [this, squared, side, truths](FactorGraph& g, const int& i) {
      const std::vector<Real> known{Real(0.1), Real(-0.2)};
      const bool knows = truths && i % 3 == 0;
      const auto z = g.latent("z", Reals(2).within({-side, -side}, {side, side / 2}),
                              knows ? std::span<const Real>(known) : std::span<const Real>());
      const Feature a = g.feature(net, x[static_cast<std::size_t>(i)]), b = g.feature(z);
      g.add(squared ? factor::half_squared_distance(b, a) : factor::distance(a, b));
      g.add(factor::constant(Tensor({1}, {Real(0.25) * static_cast<Real>(i % 2)})));
      if (truths) g.truth(i % 4 == 1 ? Truth::high : Truth::low);
    });
    std::vector<int> index(static_cast<std::size_t>(samples));
    for (int i = 0; i < samples; ++i) index[static_cast<std::size_t>(i)] = i;
    ready = std::make_unique<Prepared>(model->prepare(std::span<const int>(index)));
  }
};

TEST(ClosedForm, OfADistance_IsNeverAboveDescentOrGrid) {
  for (const bool squared : {false, true}) {
    Boxed b(300, squared, 0.4, false);
    Batch batch = b.ready->batch();
    Answer closed, descent, grid;
    infer::ClosedForm{}.answer(batch, {.answers = true}, closed);
    infer::GradientDescent{.steps = 2000, .tolerance = 1e-9}.answer(batch, {.answers = true}, descent);
    infer::Grid{.points = 41}.answer(batch, {.answers = true}, grid);
    const double rounding = sizeof(Real) == 8 ? 1e-9 : 1e-5;
    for (std::size_t i = 0; i < 300; ++i) {
      EXPECT_LE(closed.energy[i], descent.energy[i] + rounding);
      EXPECT_LE(closed.energy[i], grid.energy[i] + rounding);
      EXPECT_NEAR(closed.energy[i], descent.energy[i], squared ? 1e-5 : 2e-3);
      EXPECT_NEAR(closed.energy[i], grid.energy[i], 0.04);
      EXPECT_EQ(closed.bound[i], closed.energy[i]);
    }
    EXPECT_EQ(closed.report.exactness, Exactness::exact);
    EXPECT_EQ(closed.report.used, Method::closed_form);
  }
}

TEST(ClosedForm, OverTheTruth_ReadsTheKnownValue) {
  Boxed b(30);
  Batch batch = b.ready->batch();
  Answer truth, all;
  infer::ClosedForm{}.answer(batch, {.over = Over::truth, .answers = true}, truth);
  infer::ClosedForm{}.answer(batch, {.answers = true}, all);
  for (std::size_t i = 0; i < 30; ++i) {
    if (i % 4 == 1) {
      EXPECT_EQ(truth.energy[i], kInf);
    } else if (i % 3 == 0) {
      EXPECT_EQ(truth.reals[2 * i], Real(0.1));
      EXPECT_EQ(truth.reals[2 * i + 1], Real(-0.2));
      EXPECT_GE(truth.energy[i], all.energy[i]);
    } else {
      EXPECT_EQ(truth.energy[i], all.energy[i]);
    }
  }
}

TEST(ClosedForm, OfABatch_AnswersAsEachSampleAloneOnAnyThreads) {
  Boxed b(200);
  for (const Over over : {Over::all, Over::truth, Over::others}) {
    std::vector<double> first;
    for (const int count : {1, 2, 4}) {
      set_threads(count);
      Batch batch = b.ready->batch();
      Answer together;
      infer::ClosedForm{}.answer(batch, {.over = over, .answers = true}, together);
      if (count == 1) first = together.energy;
      EXPECT_EQ(together.energy, first);
      for (std::size_t i = 0; i < 200; i += 7) {
        Batch one = b.ready->batch(i, 1);
        Answer alone;
        infer::ClosedForm{}.answer(one, {.over = over, .answers = true}, alone);
        if (std::isinf(alone.energy[0]))
          EXPECT_EQ(together.energy[i], alone.energy[0]);
        else
          EXPECT_NEAR(together.energy[i], alone.energy[0], 1e-5);
      }
    }
  }
  set_threads(0);
}

TEST(Automatic, OfAFactorThatKnowsItsMinimiser_TakesTheClosedForm) {
  Boxed b(6);
  Batch batch = b.ready->batch();
  Answer closed, automatic;
  infer::ClosedForm{}.answer(batch, {}, closed);
  infer::Automatic{}.answer(batch, {}, automatic);
  EXPECT_EQ(automatic.energy, closed.energy);
  EXPECT_EQ(automatic.report.used, Method::closed_form);
  EXPECT_EQ(automatic.report.why, Why::closed_form);
  infer::Automatic{}.answer(batch, {.beta = 1}, automatic);
  EXPECT_EQ(automatic.report.used, Method::grid) << "a closed form gives minima alone";
}

TEST(ClosedForm, OfWhatItDoesNotCover_RefusesByName) {
  const auto refusal = [](const std::function<void(FactorGraph&)>& declare, Query q = {}) -> std::string {
    Params W;
    OneGraph one(W, declare);
    Answer out;
    try {
      infer::ClosedForm{}.answer(one.batch, q, out);
    } catch (const GraphError& e) {
      return e.what();
    }
    return "nothing was refused";
  };
  Rng rng(1);
  const Tensor x = random_tensor({2}, rng), rows = random_tensor({3, 2}, rng);
  const auto near = [&](FactorGraph& g) {
    const std::vector<Real> truth{0, 0};
    g.add(factor::distance(g.feature(x), g.feature(g.output("pose", Reals(2).within(-1, 1), truth))));
  };
  EXPECT_NE(refusal(near, {.beta = 2}).find("minima"), std::string::npos);
  EXPECT_NE(refusal(near, {.over = Over::others}).find("ball around the true 'pose'"), std::string::npos);
  EXPECT_NE(refusal([&](FactorGraph& g) {
              const auto z = g.latent("pose", Reals(2));
              g.add(factor::absolute_distance(g.feature(x), g.feature(z)));
            }).find("'absolute_distance' does not know where it is lowest"),
            std::string::npos);
  EXPECT_NE(refusal([&](FactorGraph& g) {
              const Feature z = g.feature(g.latent("pose", Reals(2))), a = g.feature(x);
              g.add(factor::distance(a, z));
              g.add(factor::half_squared_distance(a, z));
            }).find("'distance' and 'half_squared_distance' both read 'pose'"),
            std::string::npos);
  EXPECT_NE(refusal([&](FactorGraph& g) {
              const auto z = g.latent("pose", Reals(2));
              g.add_each(factor::distance(g.feature(rows), g.feature(z)), 3);
            }).find("has 3 instances on 'pose'"),
            std::string::npos);
  EXPECT_NE(refusal([&](FactorGraph& g) {
              const auto z = g.latent("pose", Reals(2));
              g.add(factor::distance(g.feature(x), g.slice(z, 2, {1, 0})));
            }).find("reads 'pose' other than as it is"),
            std::string::npos);
  EXPECT_NE(refusal([&](FactorGraph& g) {
              const Feature z = g.feature(g.latent("pose", Reals(2)));
              g.add(factor::distance(z, z));
            }).find("reads 'pose' twice"),
            std::string::npos);
  EXPECT_NE(refusal([&](FactorGraph& g) {
              const auto z = g.latent("pose", Reals::unit(2));
              g.add(factor::distance(g.feature(x), g.feature(z)));
            }).find("'pose' is on a manifold"),
            std::string::npos);
  EXPECT_NE(refusal([&](FactorGraph& g) {
              near(g);
              g.add(factor::constant(Tensor({3}, {0, 1, 2})), g.output("class", Labels(3)));
            }).find("label variables beside 'pose'"),
            std::string::npos);
  EXPECT_NE(refusal([&](FactorGraph& g) {
              g.add(factor::constant(Tensor({3}, {0, 1, 2})), g.output("class", Labels(3)));
            }).find("this one has none"),
            std::string::npos);
}

}  // namespace
}  // namespace ebm
