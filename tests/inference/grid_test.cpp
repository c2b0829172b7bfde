// A real variable on a grid, against energies computed by hand.

#include <gtest/gtest.h>

#include "ebm/inference/engine.hpp"
#include "ebm/inference/verbs.hpp"
#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr double kTolerance = sizeof(Real) == 4 ? 1e-5 : 1e-12;

// E(y) = (2 y + 1 - 0.6)^2 / 2 with the truth 0.3: lowest at y = -0.2.
struct Parabola {
  Params W;
  std::unique_ptr<OneGraph> one;
  explicit Parabola(Real truth = Real(0.3)) {
    const Net gy = net::linear(W, "gy", 1, 1), gx = net::linear(W, "gx", 1, 1);
    W.view(W.find("gy.weight"))[0] = 2, W.view(W.find("gy.bias"))[0] = 1;
    W.view(W.find("gx.weight"))[0] = Real(0.6), W.view(W.find("gx.bias"))[0] = 0;
    one = std::make_unique<OneGraph>(W, [=](FactorGraph& g) {
      const auto y = g.output("y", Reals(1), truth);
      g.add(factor::half_squared_distance(g.feature(gx, Tensor(Real(1))), g.feature(gy, y)));
    });
  }
  static double energy(double y) { return (2 * y + 0.4) * (2 * y + 0.4) / 2; }
};

TEST(Grid, Minimum_IsTheLowestPoint) {
  Parabola p;
  Answer a;
  infer::Grid{.points = 41}.answer(p.one->batch, {.answers = true}, a);
  EXPECT_NEAR(a.reals[0], -0.2, 1e-6);
  EXPECT_NEAR(a.energy[0], 0, 1e-6);
  EXPECT_EQ(a.report.exactness, Exactness::approximate);
  EXPECT_EQ(minimize(p.one->batch, infer::Grid{}).reals.size(), 1u);
}

TEST(Grid, FreeEnergyAndWeights_AreThoseOfItsPoints) {
  Parabola p;
  for (const double beta : {0.5, 1.0, 7.0})
    for (const Over over : {Over::all, Over::others}) {
      std::vector<double> energies;
      for (int k = 0; k < 21; ++k) {
        const double y = -1 + 0.1 * k;
        if (over == Over::all || std::abs(y - 0.3) > 0.15) energies.push_back(Parabola::energy(y));
      }
      Answer a;
      infer::Grid{.points = 21, .exclude = 0.15}.answer(p.one->batch, {.over = over, .beta = beta}, a);
      EXPECT_NEAR(a.energy[0], joined(energies, beta), kTolerance * 10);
      ASSERT_EQ(a.weights.size(), energies.size());
      double sum = 0;
      for (std::size_t k = 0; k < energies.size(); ++k) {
        EXPECT_NEAR(a.weights[k], std::exp(-beta * (energies[k] - joined(energies, beta))), 1e-5);
        sum += a.weights[k];
      }
      EXPECT_NEAR(sum, 1, 1e-5);
    }
}

TEST(Grid, Truth_IsReadWhereItIs_NotOnThePoints) {
  Parabola p(Real(0.3123));
  Answer a;
  infer::Grid{}.answer(p.one->batch, {.over = Over::truth}, a);
  EXPECT_NEAR(a.energy[0], Parabola::energy(0.3123), kTolerance * 10);
  infer::Grid{}.answer(p.one->batch, {.over = Over::truth, .beta = 2}, a);
  EXPECT_NEAR(a.energy[0], Parabola::energy(0.3123), kTolerance * 10);
}

TEST(Grid, OthersWithNoPointLeft_AreInfinite) {
  Parabola p;
  Answer a;
  for (const double beta : {kInf, 1.0}) {
    infer::Grid{.exclude = 5}.answer(p.one->batch, {.over = Over::others, .beta = beta}, a);
    EXPECT_EQ(a.energy[0], kInf);
  }
}

TEST(Grid, OptionsThatMakeNoSense_AreRefused) {
  Parabola p;
  Answer a;
  EXPECT_THROW((infer::Grid{.points = 0}.answer(p.one->batch, {}, a)), GraphError);
  EXPECT_THROW((infer::Grid{.low = 1, .high = -1}.answer(p.one->batch, {}, a)), GraphError);
  EXPECT_THROW(infer::Grid{}.answer(p.one->batch, {.beta = 0}, a), GraphError);
  EXPECT_THROW(infer::Exhaustive{}.answer(p.one->batch, {}, a), GraphError);
  EXPECT_THROW(p.one->batch.forward(), GraphError);
}

}  // namespace
}  // namespace ebm
