// d(loss)/dW of every loss on one small model of every kind, through an engine and backward, against central
// differences.

#include "ebm/losses/catalogue.hpp"
#include "support/training.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

/// A loss of energies that all lie `shift` higher, so that losses of distances read any model.
template <class L>
struct Shifted {
  static constexpr std::string_view kKey = L::kKey;
  static constexpr Powers kNeeds = L::kNeeds;
  static constexpr bool kContrasts = L::kContrasts, kCanCollapse = L::kCanCollapse;
  L loss;
  double shift = 0;
  Query truth() const { return loss.truth(); }
  Query contrast() const { return loss.contrast(); }
  Slope operator()(double e, double o) const { return loss(e + shift, o + shift); }
};

// Makes the least energy of the model 1.
double shift_for(const Beast& b) {
  TrainBatch all(*b.ready);
  double low = 0;
  for (const Over over : {Over::all, Over::truth}) {
    Answer a;
    b.engine.answer(all.batch, {.over = over, .weights = false}, a);
    for (const double e : a.energy) low = std::min(low, e);
  }
  return 1 - low;
}

TEST(LossGradients, OfLossesOfTheGap_EqualCentralDifferences) {
  for (const Beast& b : zoo())
    for (const char* key : {"hinge", "log", "mce", "mee"}) {
      SCOPED_TRACE(b.name + ", " + key);
      TrainBatch all(*b.ready);
      expect_slopes(*b.W, all.batch, any_loss(key), b.engine, 8);
    }
}

TEST(LossGradients, OfLossesOfDistances_EqualCentralDifferences) {
  for (const Beast& b : zoo()) {
    const double shift = shift_for(b);
    for (const AnyLoss& loss : {AnyLoss(Shifted<loss::Lvq2>{{.delta = 3}, shift}),
                                AnyLoss(Shifted<loss::SquareSquare>{{.margin = 4}, shift}),
                                AnyLoss(Shifted<loss::SquareExponential>{{.gamma = 2}, shift}),
                                AnyLoss(Shifted<loss::ContrastiveExponential>{{.q = 10}, shift}),
                                AnyLoss(Shifted<loss::ContrastiveMargin>{{.margin = 4}, shift})}) {
      SCOPED_TRACE(b.name + ", " + std::string(loss.key));
      TrainBatch all(*b.ready);
      expect_slopes(*b.W, all.batch, loss, b.engine, 8);
    }
  }
}

}  // namespace
}  // namespace ebm
