// Least squares inside bounds, on angles and unit vectors, through robust losses; and what is refused.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <numbers>

#include "ebm/net/build.hpp"
#include "inference/least_squares_support.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

TEST(LeastSquares, InsideBounds_IsTheBestPointOfTheBox) {
  Rng rng(5);
  int at_bounds = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const int dims = 2 + trial % 3;
    const Linear problem(dims + 2, dims, rng);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { problem.declare(g, Reals(dims).within(-0.2, 0.3)); });
    // Projected coordinate descent of a convex function on a box: exact in the limit.
    std::vector<double> z(static_cast<std::size_t>(dims));
    for (int sweep = 0; sweep < 20000; ++sweep)
      for (int k = 0; k < dims; ++k) {
        double slope = 0, curvature = 0;
        for (int i = 0; i < problem.rows; ++i) {
          double r = -static_cast<double>(problem.b[static_cast<std::size_t>(i)]);
          for (int j = 0; j < dims; ++j)
            r += static_cast<double>(problem.a[static_cast<std::size_t>(i * dims + j)]) *
                 z[static_cast<std::size_t>(j)];
          const double a = problem.a[static_cast<std::size_t>(i * dims + k)];
          slope += a * r, curvature += a * a;
        }
        z[static_cast<std::size_t>(k)] =
            std::clamp(z[static_cast<std::size_t>(k)] - slope / curvature, -0.2, 0.3);
      }
    for (const double v : z) at_bounds += v == -0.2 || v == 0.3;
    for (const auto& [name, engine] : engines()) {
      Answer a;
      engine.answer(one.batch, {.answers = true}, a);
      EXPECT_NEAR(a.energy[0], problem.energy(z), 1e-9 * (1 + a.energy[0])) << name << trial;
      for (const Real v : a.reals) {
        EXPECT_GE(v, Real(-0.2));
        EXPECT_LE(v, Real(0.3));
      }
    }
  }
  EXPECT_GT(at_bounds, 60);
}

TEST(LeastSquares, WithABoundThatLeavesOneValue_KeepsIt) {
  Rng rng(6);
  const Linear problem(5, 2, rng);
  Params W;
  OneGraph one(W, [&](FactorGraph& g) { problem.declare(g, Reals(2).within({0.25, -5}, {0.25, 5})); });
  for (const auto& [name, engine] : engines()) {
    Answer a;
    engine.answer(one.batch, {.answers = true}, a);
    EXPECT_EQ(a.reals[0], Real(0.25)) << name;
    const double free = a.reals[1];
    for (const double away : {-0.01, 0.01})
      EXPECT_LE(a.energy[0], problem.energy(std::vector<double>{0.25, free + away})) << name;
  }
}

TEST(LeastSquares, OnTheSphere_IsTheBestUnitVector) {
  Rng rng(7);
  for (int trial = 0; trial < 20; ++trial) {
    const Linear problem(4, 2, rng);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { problem.declare(g, Reals::unit(2)); });
    double lowest = kInf;
    for (int k = 0; k < 20000; ++k) {
      const double angle = 2 * std::numbers::pi * k / 20000;
      lowest = std::min(lowest, problem.energy(std::vector<double>{std::cos(angle), std::sin(angle)}));
    }
    Answer a;
    infer::LevenbergMarquardt{.tolerance = 1e-14, .restarts = 4}.answer(one.batch, {.answers = true}, a);
    EXPECT_NEAR(a.energy[0], lowest, 1e-5 * (1 + lowest));
    EXPECT_NEAR(std::hypot(a.reals[0], a.reals[1]), 1, 1e-6);
    if (!infer::has_ceres()) continue;
    // Ceres from there stays there.
    Answer c;
    infer::LeastSquares{.tolerance = 1e-14, .from = {.start = {a.reals[0], a.reals[1]}}}.answer(
        one.batch, {.answers = true}, c);
    EXPECT_NEAR(c.energy[0], a.energy[0], 1e-6 * (1 + lowest));
    EXPECT_NEAR(std::hypot(c.reals[0], c.reals[1]), 1, 1e-6);
  }
}

TEST(LeastSquares, OfAngles_WrapsThem) {
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("heading", Reals::angles(1));
    g.add(factor::residual(
        "compass",
        [](const auto* z, auto* r) {
          using std::cos;
          using std::sin;
          r[0] = cos(z[0]) - std::cos(3.3), r[1] = sin(z[0]) - std::sin(3.3);
        },
        {.count = 2}, g.feature(z)));
  });
  for (const auto& [name, engine] : engines({.start = {2.5}})) {
    const Minimum m = minimize(one.batch, engine);
    EXPECT_NEAR(m.reals[0], 3.3 - 2 * std::numbers::pi, 1e-5) << name;
    EXPECT_NEAR(m.energy[0], 0, 1e-12) << name;
  }
}

TEST(LeastSquares, WithRobustLosses_LeavesOutliersAlone) {
  Rng rng(8);
  Linear problem(40, 2, rng);
  for (std::size_t i = 0; i < 40; ++i)
    problem.b[i] = static_cast<Real>(2 * problem.a[2 * i] - problem.a[2 * i + 1] + 0.01 * rng.normal() +
                                     (i % 8 == 0 ? 30 : 0));
  const std::vector<double> plain = problem.closed_form();
  EXPECT_GT(std::hypot(plain[0] - 2, plain[1] + 1), 0.5);
  for (const Robust robust : {Robust::huber(0.05), Robust::cauchy(0.05), Robust::tukey(0.2)}) {
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { problem.declare(g, Reals(2), robust); });
    for (const auto& [name, engine] : engines({.start = {1.9, -0.9}})) {
      const Minimum m = minimize(one.batch, engine);
      EXPECT_NEAR(m.reals[0], 2, 0.03) << name;
      EXPECT_NEAR(m.reals[1], -1, 0.03) << name;
      EXPECT_NEAR(m.energy[0], problem.energy(std::vector<double>{m.reals[0], m.reals[1]}, robust),
                  1e-4 * (1 + m.energy[0]));
    }
  }
}

TEST(LeastSquares, StoppedEarly_SaysThatItHasNotConverged) {
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {  // Rosenbrock 1960
    const auto z = g.output("z", Reals(2));
    g.add(factor::residual(
        "valley", [](const auto* z, auto* r) { r[0] = 10 * (z[1] - z[0] * z[0]), r[1] = 1 - z[0]; },
        {.count = 2}, g.feature(z)));
  });
  const infer::Start from{.start = {-1.2, 1}};
  std::vector<AnyEngine> early{infer::LevenbergMarquardt{.iterations = 2, .from = from}};
  if (infer::has_ceres()) early.emplace_back(infer::LeastSquares{.iterations = 2, .from = from});
  for (const AnyEngine& engine : early) {
    const Minimum m = minimize(one.batch, engine);
    EXPECT_FALSE(m.report.converged);
    EXPECT_GT(m.report.residual, 0);
    EXPECT_EQ(m.report.iterations, 2);
  }
  for (const auto& [name, engine] : engines(from)) {
    const Minimum m = minimize(one.batch, engine);
    EXPECT_TRUE(m.report.converged) << name;
    EXPECT_NEAR(m.reals[0], 1, 1e-5) << name;
    EXPECT_NEAR(m.reals[1], 1, 1e-5) << name;
  }
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing was refused";
}
TEST(LeastSquares, WhatMakesNoSense_IsRefusedByName) {
  Params W;
  const Net net = net::linear(W, "decode", 2, 2);
  const auto with = [&](const std::function<void(FactorGraph&)>& declare) {
    return std::make_unique<OneGraph>(W, declare);
  };
  const auto square = [](FactorGraph& g, RealVariable z) {
    g.add(factor::residual(
        "square", [](const auto* z) { return z[0]; }, {}, g.feature(z)));
  };
  const auto bounded = with([&](FactorGraph& g) {
    square(g, g.output("z", Reals(2).within(0, 1), std::vector<Real>{0, 1}));
  });
  const auto energy = with([&](FactorGraph& g) {
    g.add(factor::each(
        "mine", [](const auto* z) { return z[0]; }, g.feature(g.output("z", Reals(2)))));
  });
  const auto decoded = with([&](FactorGraph& g) {
    const auto z = g.output("z", Reals(2));
    g.add(factor::half_squared_distance(g.feature(net, z), g.feature(Tensor(Shape{2}))));
  });
  const auto nan = with([&](FactorGraph& g) {
    const auto z = g.output("z", Reals(2));
    square(g, z);
    g.add(factor::residual(
        "broken",
        [](const auto* z) {
          using std::log;
          return log(z[0] - 5);
        },
        {}, g.feature(z)));
  });
  const auto labelled = with([&](FactorGraph& g) {
    square(g, g.output("z", Reals(2)));
    g.output("y", Labels(2));
  });
  Answer a;
  const auto says = [&](const AnyEngine& engine, OneGraph& one, const Query& q, const char* want) {
    const std::string got = refusal([&] { engine.answer(one.batch, q, a); });
    EXPECT_NE(got.find(want), std::string::npos) << got << "\nshould say: " << want;
  };
  for (const auto& [name, engine] : engines({.start = {0.5, 2}})) {
    says(engine, *bounded, {}, "the start of sample 0 is outside the bounds of 'z'");
  }
  for (const auto& [name, engine] : engines({.start = {0.5, 2, 1}}))
    says(engine, *bounded, {}, "the start has 3 numbers");
  for (const auto& [name, engine] : engines()) {
    says(engine, *bounded, {.over = Over::others}, "use infer::Grid or infer::GradientDescent");
    says(engine, *bounded, {.beta = 1}, "a free energy over reals");
    says(engine, *energy, {}, "factor 'mine' on 'z' shows no residuals");
    says(engine, *decoded, {}, "reads net 'decode' of 'z'");
    says(engine, *nan, {}, "factor 'broken' gives NaN or infinite residuals at the start of sample 0");
    says(engine, *labelled, {}, "label variables beside 'z'");
  }
  says(infer::LevenbergMarquardt{.restarts = 0}, *bounded, {}, "restarts is 0");
  says(infer::LevenbergMarquardt{.damping = -1}, *bounded, {}, "damping is -1");
  if (!infer::has_ceres()) return;
  says(infer::Lbfgs{}, *bounded, {}, "has bounds, which L-BFGS does not keep");
  says(infer::Lbfgs{}, *nan, {}, "by factor 'broken'");
  says(infer::LeastSquares{.iterations = 0}, *bounded, {}, "iterations are 0");
}

TEST(LeastSquares, WithoutCeres_SaysSoInOneSentence) {
  if (infer::has_ceres()) GTEST_SKIP() << "this build has Ceres Solver";
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {
    g.add(factor::residual(
        "square", [](const auto* z) { return z[0]; }, {}, g.feature(g.output("z", Reals(1)))));
  });
  Answer a;
  for (const AnyEngine& engine : {AnyEngine(infer::LeastSquares{}), AnyEngine(infer::Lbfgs{})}) try {
      engine.answer(one.batch, {}, a);
      ADD_FAILURE();
    } catch (const GraphError& e) {
      EXPECT_NE(std::string(e.what()).find("this build has no Ceres Solver"), std::string::npos) << e.what();
    }
}

}  // namespace
}  // namespace ebm
