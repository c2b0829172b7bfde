// The factor graph of LeCun et al. 2006: E = Ea(X, Z1) + Eb(X, Z1, Z2) + Ec(Z2, Y1) + Ed(Y1, Y2),
// Z1, Z2 and Y1 binary, Y2 ternary. 24 configurations of four factors are 96 evaluations; the trellis has
// 2 + 4 + 4 + 6 = 16. Its factors here count every energy that they compute.

#include <gtest/gtest.h>

#include <optional>

#include "ebm/net/build.hpp"
#include "support/graphs.hpp"
#include "support/training.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

/// E_k = w_k f(X), and a count of the energies computed.
struct Counted {
  std::size_t offset = 0;
  std::size_t* count = nullptr;
  bool operator==(const Counted&) const = default;
  void forward(const Reads& x, View out) const {
    for (std::size_t k = 0; k < out.size(); ++k) {
      ++*count;
      out[k] = x.w[offset + k] * x.in[0].data[0];
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    for (std::size_t k = 0; k < dout.size(); ++k) {
      s.w[offset + k] += dout[k] * x.in[0].data[0];
      if (s.in[0].data) s.in[0].data[0] += dout[k] * x.w[offset + k];
    }
  }
};

class Trellis : public ::testing::Test {
 protected:
  static constexpr int kZ1 = 0, kZ2 = 1, kY1 = 2, kY2 = 3;
  const std::vector<int> counts_{2, 2, 2, 3};
  Params W_;
  Net net_ = net::mlp(W_, "net", {2, 3, 1});
  Param a_ = W_.uniform("Ea", {2}, 1), b_ = W_.uniform("Eb", {2, 2}, 1), c_ = W_.uniform("Ec", {2, 2}, 1),
        d_ = W_.uniform("Ed", {2, 3}, 1);
  Tensor x_{Shape{2}};
  std::size_t evaluated_ = 0;
  Model<int> model_{W_, [this](FactorGraph& g, const int&) {
                      const auto z = g.latents("z", 2, Labels(2));
                      const auto y1 = g.output("y1", Labels(2), 1), y2 = g.output("y2", Labels(3), 2);
                      const Feature f = g.feature(net_, x_);
                      const auto energy = [&](Param block) {
                        return factor::function(Counted{W_.block(block).offset, &evaluated_}, {f});
                      };
                      g.add(energy(a_), z[0]);
                      g.add(energy(b_), z[0], z[1]);
                      g.add(energy(c_), z[1], y1);
                      g.add(energy(d_), y1, y2);
                    }};

  void start(Rng& rng) {
    for (Real& w : W_.flat()) w = static_cast<Real>(1.5 * rng.normal());
    x_ = random_tensor({2}, rng);
  }
  // What a naive search does: every factor of every configuration, counted too.
  double naive(Over over, double beta, std::size_t& evaluations) {
    TrainBatch alone(ready());
    alone.batch.ensure();
    std::vector<double> energies;
    each_labelling(counts_, [&](const std::vector<int>& y) {
      const auto at = [&](int g, int entry) {
        ++evaluations;
        return static_cast<double>(alone.batch.table(0, g).data[entry]);
      };
      const double e = at(0, y[kZ1]) + at(1, 2 * y[kZ1] + y[kZ2]) + at(2, 2 * y[kZ2] + y[kY1]) +
                       at(3, 3 * y[kY1] + y[kY2]);
      const bool inside = y[kY1] == 1 && y[kY2] == 2;
      if (over == Over::all || inside == (over == Over::truth)) energies.push_back(e);
    });
    return joined(energies, beta);
  }
  const Prepared& ready() {
    if (!ready_) ready_.emplace(model_.prepare(0));
    return *ready_;
  }
  std::optional<Prepared> ready_;
};

TEST_F(Trellis, ChainEnginesAndExhaustiveSearch_AgreeInValue) {
  Rng rng(1);
  for (int trial = 0; trial < 50; ++trial) {
    ready_.reset();
    start(rng);
    for (const Over over : {Over::all, Over::truth, Over::others})
      for (const double beta : {kInf, 1.0, 4.0}) {
        std::size_t evaluations = 0;
        const double expected = naive(over, beta, evaluations);
        EXPECT_EQ(evaluations, 96u);
        Answer a;
        TrainBatch batch(ready());
        for (const AnyEngine& engine : {AnyEngine(infer::Exhaustive{}), AnyEngine(infer::SumProduct{})}) {
          engine.answer(batch.batch, {.over = over, .beta = beta}, a);
          EXPECT_NEAR(a.energy[0], expected, 1e-6);
        }
        if (beta < kInf) continue;
        infer::MinSum{}.answer(batch.batch, {.over = over}, a);
        EXPECT_NEAR(a.energy[0], expected, 1e-6);
      }
  }
}

TEST_F(Trellis, ChainEnginesAndExhaustiveSearch_AgreeInGradient) {
  Rng rng(2);
  for (int trial = 0; trial < 50; ++trial) {
    ready_.reset();
    start(rng);
    TrainBatch batch(ready());
    for (const char* key : {"perceptron", "hinge", "log", "nll", "mee"}) {
      const AnyLoss loss = any_loss(key);
      std::vector<Real> naive(W_.flat().size()), chain(naive.size());
      const double value = loss_of(batch.batch, loss, infer::Exhaustive{}, &naive);
      EXPECT_NEAR(loss_of(batch.batch, loss, infer::SumProduct{}, &chain), value, 1e-6) << key;
      for (std::size_t k = 0; k < naive.size(); ++k)
        EXPECT_NEAR(chain[k], naive[k], sizeof(Real) == 8 ? 1e-12 : 1e-5) << key;
      if (loss.needs.free_energy) continue;
      std::vector<Real> viterbi(naive.size());
      loss_of(batch.batch, loss, infer::MinSum{}, &viterbi);
      for (std::size_t k = 0; k < naive.size(); ++k) EXPECT_NEAR(viterbi[k], naive[k], 1e-6) << key;
    }
  }
}

TEST_F(Trellis, SlopesOfEveryLoss_EqualCentralDifferences) {
  Rng rng(3);
  start(rng);
  TrainBatch batch(ready());
  for (const char* key : {"perceptron", "hinge", "log", "mce", "nll", "mee"})
    expect_slopes(W_, batch.batch, any_loss(key), infer::SumProduct{});
}

TEST_F(Trellis, AStepEvaluatesSixteenFactorEnergies) {
  Rng rng(4);
  start(rng);
  TrainBatch batch(ready());
  for (const AnyEngine& engine : {AnyEngine(infer::Exhaustive{}), AnyEngine(infer::SumProduct{})})
    for (const char* key : {"hinge", "nll"}) {
      evaluated_ = 0;
      loss_of(batch.batch, any_loss(key), engine);  // two queries and one evaluation of the tables
      EXPECT_EQ(evaluated_, 2u + 4u + 4u + 6u) << key;
    }
}

}  // namespace
}  // namespace ebm
