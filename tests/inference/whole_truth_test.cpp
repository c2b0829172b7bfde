// A truth that says of all answers at once that they are right, or incorrect: pairs, faces and background.

#include <gtest/gtest.h>

#include "ebm/inference/closed_form.hpp"
#include "ebm/inference/reals.hpp"
#include "ebm/inference/sampling.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using testing::random_tensor;

struct Case {
  const char* name;
  AnyEngine engine;
  std::function<void(FactorGraph&, Rng&)> declare;
};

void labels(FactorGraph& g, Rng& rng, int count) {
  const auto y = g.outputs("y", count, Labels(3));
  g.add_each(factor::constant(random_tensor({count, 3}, rng)), y);
  if (count > 1) g.add_each(factor::constant(random_tensor({3, 3}, rng)), y.pairs());
}

std::vector<Case> cases() {
  const auto none = [](FactorGraph& g, Rng& rng) {
    const Feature a = g.feature(Data(random_tensor({4}, rng))), b = g.feature(Data(random_tensor({4}, rng)));
    g.add(factor::absolute_distance(a, b));
  };
  const auto one = [](FactorGraph& g, Rng& rng) { labels(g, rng, 1); };
  const auto chain = [](FactorGraph& g, Rng& rng) { labels(g, rng, 4); };
  const auto path = [](FactorGraph& g, Rng& rng) {
    const auto lattice = std::make_shared<const Lattice>(testing::pieces_lattice(4));
    const auto p = g.output("path", Paths(lattice), {}, false);
    g.add(factor::constant(random_tensor({5, 3}, rng)), p);
  };
  const auto real = [](FactorGraph& g, Rng& rng) {
    const auto z = g.latent("z", Reals(2).within({-1, -1}, {1, 1}));
    g.add(factor::half_squared_distance(g.feature(Data(random_tensor({2}, rng))), g.feature(z)));
  };
  const auto mixed = [](FactorGraph& g, Rng& rng) {
    const auto z = g.output("z", Reals(1).within({-1}, {1}));
    g.add(factor::distance(g.feature(Data(random_tensor({1}, rng))), g.feature(z)));
    labels(g, rng, 2);
  };
  return {{"exhaustive, no variable", infer::Exhaustive{}, none},
          {"exhaustive", infer::Exhaustive{}, chain},
          {"automatic, no variable", infer::Automatic{}, none},
          {"automatic, one label", infer::Automatic{}, one},
          {"sum-product", infer::SumProduct{}, chain},
          {"forward-backward", infer::ForwardBackward{}, path},
          {"closed form", infer::ClosedForm{}, real},
          {"automatic, closed form", infer::Automatic{}, real},
          {"grid", infer::Grid{.points = 9}, real},
          {"grid with labels", infer::Grid{.points = 9}, mixed},
          {"gradient descent", infer::GradientDescent{}, real},
          {"nested", infer::Nested(infer::Exhaustive{}, infer::GradientDescent{}), mixed}};
}

TEST(WholeTruth, LowIsAllAgainstNothing_HighIsNothingAgainstAll) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.name);
    for (const double beta : {kInf, 2.0}) {
      if (beta < kInf &&
          (!c.engine.powers().free_energy || c.name == std::string_view("automatic, closed form")))
        continue;
      Params W;
      const Model<Truth::Whole> model(W, [&](FactorGraph& g, const Truth::Whole& whole) {
        Rng rng(7);
        c.declare(g, rng);
        g.truth(whole);
      });
      const std::vector<Truth::Whole> wholes{Truth::low, Truth::high, Truth::Whole::product};
      const Prepared ready = model.prepare(std::span(wholes));
      Batch batch = ready.batch();
      Answer all, truth, others;
      c.engine.answer(batch, {.over = Over::all, .beta = beta}, all);
      c.engine.answer(batch, {.over = Over::truth, .beta = beta}, truth);
      c.engine.answer(batch, {.over = Over::others, .beta = beta}, others);
      EXPECT_LT(all.energy[0], kInf);
      EXPECT_DOUBLE_EQ(truth.energy[0], all.energy[0]);
      EXPECT_EQ(others.energy[0], kInf);
      EXPECT_EQ(truth.energy[1], kInf);
      EXPECT_DOUBLE_EQ(others.energy[1], all.energy[1]);
      EXPECT_TRUE(ready.samples()[0].truth.known() && ready.samples()[1].truth.known());
      EXPECT_FALSE(ready.samples()[2].truth.known());
      // What is not asked carries no weight into the gradient.
      double weight = 0;
      for (int item = 0; item < batch.items() && truth.points.empty(); ++item)
        if (batch.sample_of(item) == 1)
          for (std::size_t w = batch.weights_of(item); w < batch.weights_of(item + 1); ++w)
            weight += truth.weights[w];
      EXPECT_EQ(weight, 0);
    }
  }
}

TEST(WholeTruth, High_IsNoQuestionForASampler) {
  Params W;
  const Model<int> model(W, [&](FactorGraph& g, const int&) {
    Rng rng(1);
    labels(g, rng, 2);
    g.truth(Truth::high);
  });
  const Prepared ready = model.prepare(0);
  Batch batch = ready.batch();
  Answer out;
  EXPECT_THROW(infer::Gibbs{}.answer(batch, {.beta = 1, .steps = 3}, out), GraphError);
}

}  // namespace
}  // namespace ebm
