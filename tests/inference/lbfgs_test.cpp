// L-BFGS on smooth energies of the reals.

#include <gtest/gtest.h>

#include "ebm/net/build.hpp"
#include "inference/least_squares_support.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

TEST(Lbfgs, OnASmoothEnergy_IsTheMinimumOfLeastSquares) {
  EBM_NEEDS_CERES();
  Rng rng(14);
  const Linear problem(9, 6, rng);
  Params W;
  OneGraph one(W, [&](FactorGraph& g) { problem.declare(g, Reals(6), Robust::cauchy(1)); });
  const Minimum a = minimize(one.batch, infer::Lbfgs{}),
                b = minimize(one.batch, infer::LeastSquares{.tolerance = 1e-14});
  EXPECT_NEAR(a.energy[0], b.energy[0], kFloat ? 1e-4 : 1e-8);
  EXPECT_EQ(a.report.used, Method::lbfgs);
}

TEST(Lbfgs, OfANetOfTheReals_Descends) {
  EBM_NEEDS_CERES();
  Params W;
  const Net net = net::linear(W, "decode", 3, 5);
  const Tensor x(Shape{5}, {1, 2, 3, 4, 5});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.latent("z", Reals(3));
    g.add(factor::half_squared_distance(g.feature(net, z), g.feature(x)));
  });
  const Minimum m = minimize(one.batch, infer::Lbfgs{});
  // Stationary: no direction is better.
  Points p{3, {0}, m.reals};
  const auto energy = [&] {
    one.batch.forward(p);
    return static_cast<double>(one.batch.table(0, 0).data[0]);
  };
  const double here = energy();
  for (std::size_t k = 0; k < 3; ++k)
    for (const double away : {-0.05, 0.05}) {
      p.values[k] += static_cast<Real>(away);
      EXPECT_GE(energy(), here - 1e-5);
      p.values[k] -= static_cast<Real>(away);
    }
}

TEST(Lbfgs, OfAnUnboundedEnergy_StopsAndSaysSo) {
  EBM_NEEDS_CERES();
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals(1));
    g.add(factor::each(
        "slide", [](const auto* z) { return -z[0] * z[0] * z[0]; }, g.feature(z)));
  });
  const Minimum m = minimize(one.batch, infer::Lbfgs{.from = {.start = {1}}});
  EXPECT_FALSE(m.report.converged);
  EXPECT_EQ(m.report.why, Why::unbounded);
  EXPECT_LE(m.energy[0], -1);
}

}  // namespace
}  // namespace ebm
