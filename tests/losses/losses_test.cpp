// Losses as functions of two energies, and what a loss may ask of an engine.

#include <gtest/gtest.h>

#include "ebm/core/error.hpp"
#include "ebm/losses/energy.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/losses/perceptron.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// A loss whose contrast an engine cannot give does not compile.
static_assert(Answerable<loss::NegativeLogLikelihood, infer::Exhaustive>);
static_assert(Answerable<loss::NegativeLogLikelihood, infer::SumProduct>);
static_assert(Answerable<loss::NegativeLogLikelihood, infer::ForwardBackward>);
static_assert(Answerable<loss::NegativeLogLikelihood, infer::Grid>);
static_assert(Answerable<loss::NegativeLogLikelihood, infer::Automatic>);
static_assert(!Answerable<loss::NegativeLogLikelihood, infer::MinSum>);
static_assert(!Answerable<loss::NegativeLogLikelihood, infer::ShortestPath>);
static_assert(Answerable<loss::Perceptron, infer::MinSum> &&
              Answerable<loss::Perceptron, infer::ShortestPath>);
static_assert(Answerable<loss::Energy, infer::MinSum> && Answerable<loss::Energy, infer::Grid>);
static_assert(!Loss<infer::MinSum> && !Engine<loss::Energy> && !Answerable<int, infer::MinSum>);

TEST(Losses, SlopesAreTheDifferencesOfTheirValues) {
  const double step = 1e-6;
  for (const AnyLoss& loss :
       {any_loss("energy"), any_loss("perceptron"), any_loss("nll"), any_loss("nll", 3)})
    for (const double e : {-2.0, 0.5, 7.0})
      for (const double o : {-3.0, 0.5, 6.0}) {
        const Slope s = loss(e, o);
        EXPECT_NEAR(s.truth, (loss(e + step, o).value - loss(e - step, o).value) / (2 * step), 1e-6)
            << loss.key;
        EXPECT_NEAR(s.contrast, (loss(e, o + step).value - loss(e, o - step).value) / (2 * step), 1e-6)
            << loss.key;
      }
}

TEST(Losses, HeldAgainstAllAnswers_AreNeverNegative) {
  for (const Beast& b : zoo()) {
    Batch batch = b.ready->batch();
    for (const AnyLoss& loss : {any_loss("perceptron"), any_loss("nll"), any_loss("nll", 4)}) {
      if (b.name == "real variable") continue;  // its truth need not lie on the grid
      Answer truth, all;
      b.engine.answer(batch, loss.truth, truth);
      b.engine.answer(batch, loss.contrast, all);
      for (std::size_t i = 0; i < b.ready->size(); ++i)
        EXPECT_GE(loss(truth.energy[i], all.energy[i]).value, -1e-5) << b.name << ", " << loss.key;
    }
  }
}

TEST(Losses, NllAtAHighBeta_IsThePerceptronLoss) {
  for (const Beast& b : zoo()) {
    Batch batch = b.ready->batch();
    const auto values = [&](const AnyLoss& loss) {
      Answer truth, contrast;
      b.engine.answer(batch, loss.truth, truth);
      b.engine.answer(batch, loss.contrast, contrast);
      std::vector<double> out;
      for (std::size_t i = 0; i < b.ready->size(); ++i)
        out.push_back(loss(truth.energy[i], contrast.energy[i]).value);
      return out;
    };
    const std::vector<double> nll = values(any_loss("nll", 1e4)), perceptron = values(any_loss("perceptron"));
    for (std::size_t i = 0; i < nll.size(); ++i) EXPECT_NEAR(nll[i], perceptron[i], 1e-2) << b.name;
  }
}

TEST(Losses, OfAKey_AreThatLoss_AndOfAnother_AreRefusedWithTheKeys) {
  for (const char* key : {"energy", "perceptron", "nll"}) EXPECT_EQ(any_loss(key).key, key);
  EXPECT_EQ(any_loss("nll", 2).contrast.beta, 2);
  EXPECT_TRUE(any_loss("energy").can_collapse && !any_loss("nll").can_collapse);
  try {
    any_loss("hunge");
    FAIL();
  } catch (const GraphError& e) {
    EXPECT_NE(std::string(e.what()).find("'hunge'"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("energy, perceptron or nll"), std::string::npos);
  }
  EXPECT_THROW(any_loss("nll", 0), GraphError);
  EXPECT_THROW(any_loss("nll", -1), GraphError);
}

}  // namespace
}  // namespace ebm
