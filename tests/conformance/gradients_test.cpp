// The one gradient of the library: d(loss)/dW of every loss on every kind of graph, through Batch, an engine
// and backward, against central differences.

#include "ebm/losses/energy.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/losses/perceptron.hpp"
#include "support/training.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

void expect_slopes_in_the_zoo(const AnyLoss& loss) {
  for (const Beast& b : zoo()) {
    SCOPED_TRACE(b.name);
    TrainBatch all(*b.ready);
    expect_slopes(*b.W, all.batch, loss, b.engine);
  }
}

TEST(Gradients, OfTheEnergyLoss_EqualCentralDifferences) { expect_slopes_in_the_zoo(loss::Energy{}); }
TEST(Gradients, OfThePerceptronLoss_EqualCentralDifferences) { expect_slopes_in_the_zoo(loss::Perceptron{}); }
TEST(Gradients, OfNll_EqualCentralDifferences) { expect_slopes_in_the_zoo(loss::NegativeLogLikelihood{}); }
TEST(Gradients, OfNllAtAnotherTemperature_EqualCentralDifferences) {
  expect_slopes_in_the_zoo(loss::NegativeLogLikelihood{.beta = 2.5});
}

TEST(Gradients, OfABatch_AreTheMeanOfThoseOfItsSamples) {
  for (const Beast& b : zoo()) {
    SCOPED_TRACE(b.name);
    for (const AnyLoss& loss : {AnyLoss(loss::Perceptron{}), AnyLoss(loss::NegativeLogLikelihood{})}) {
      TrainBatch all(*b.ready);
      std::vector<Real> whole(b.W->flat().size()), sum(whole.size());
      const double value = loss_of(all.batch, loss, b.engine, &whole);
      double total = 0;
      for (std::size_t i = 0; i < b.ready->size(); ++i) {
        TrainBatch one(*b.ready, i, 1);
        total += loss_of(one.batch, loss, b.engine, &sum);
      }
      const double n = static_cast<double>(b.ready->size());
      EXPECT_NEAR(value, total / n, sizeof(Real) == 8 ? 1e-12 : 1e-5);
      for (std::size_t k = 0; k < whole.size(); ++k)
        ASSERT_NEAR(whole[k], sum[k] / n, sizeof(Real) == 8 ? 1e-12 : 2e-5) << k;
    }
  }
}

TEST(Gradients, OfSlopesZero_AreZero) {
  for (const Beast& b : zoo()) {
    TrainBatch all(*b.ready);
    Answer a;
    b.engine.answer(all.batch, {.beta = 1}, a);
    const std::vector<double> none(b.ready->size(), 0.0);
    std::vector<Real> gradient(b.W->flat().size()), scratch;
    const Pull pull{&a, none};
    backward(all.batch, {&pull, 1}, gradient, scratch);
    for (const Real g : gradient) ASSERT_EQ(g, 0) << b.name;
  }
}

}  // namespace
}  // namespace ebm
