// Least squares: closed forms, grids, and one engine against another.

#include <gtest/gtest.h>

#include "ebm/core/pool.hpp"
#include "ebm/net/build.hpp"
#include "inference/least_squares_support.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

TEST(LeastSquares, OfLinearResiduals_IsTheClosedForm) {
  Rng rng(1);
  for (const int dims : {1, 2, 3, 5, 6, 7, 12}) {
    const Linear problem(dims + 8, dims, rng);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { problem.declare(g, Reals(dims)); });
    const std::vector<double> want = problem.closed_form();
    for (const auto& [name, engine] : engines()) {
      Answer a;
      engine.answer(one.batch, {.answers = true}, a);
      EXPECT_TRUE(a.report.converged) << name;
      EXPECT_EQ(a.report.exactness, Exactness::approximate);
      EXPECT_NEAR(a.energy[0], problem.energy(want), 1e-9 * (1 + a.energy[0])) << name;
      ASSERT_EQ(a.reals.size(), want.size());
      for (std::size_t k = 0; k < want.size(); ++k) EXPECT_NEAR(a.reals[k], want[k], kTolerance * 10) << name;
      ASSERT_EQ(a.points.count(), 1);
      EXPECT_EQ(a.points.values, a.reals);
      ASSERT_EQ(a.weights.size(), static_cast<std::size_t>(problem.rows));  // one a row
      for (const Real w : a.weights) EXPECT_EQ(w, 1);
    }
  }
}

TEST(LeastSquares, OfManyNonlinearProblems_IsTheSameByBothEngines) {
  EBM_NEEDS_CERES();
  Rng rng(2);
  std::vector<Tensor> data;
  for (int i = 0; i < 250; ++i) data.push_back(random_tensor({4}, rng, 0.7));
  for (const Robust robust : {Robust{}, Robust::huber(0.5), Robust::cauchy(1)}) {
    Params W;
    const Model<Tensor> model(W, [robust](FactorGraph& g, const Tensor& c) {
      const auto z = g.output("z", Reals(3));
      g.add(factor::residual("bent", Bent{}, {.count = 4, .robust = robust}, g.feature(z), g.feature(c)));
    });
    const Prepared ready = model.prepare(data);
    Batch batch = ready.batch();
    std::vector<Answer> answers(2);
    for (std::size_t k = 0; k < 2; ++k) {
      engines()[k].second.answer(batch, {.answers = true}, answers[k]);
      EXPECT_TRUE(answers[k].report.converged) << engines()[k].first << ": " << answers[k].report;
    }
    for (std::size_t i = 0; i < data.size(); ++i)
      EXPECT_NEAR(answers[0].energy[i], answers[1].energy[i], 1e-9 * (1 + answers[0].energy[i])) << i;
    for (std::size_t i = 0; i < answers[0].reals.size(); ++i)
      EXPECT_NEAR(answers[0].reals[i], answers[1].reals[i], 1e-4) << i;
  }
}

// A curve with several valleys.
struct Valleys {
  template <class T>
  void operator()(const T* z, const T* c, T* r) const {
    using std::cos;
    using std::sin;
    r[0] = sin(3 * z[0]) - c[0];
    r[1] = 0.4 * z[0] - c[1];
    r[2] = cos(2 * z[1] + z[0]) - c[2];
    r[3] = 0.3 * z[1];
  }
};
TEST(LevenbergMarquardt, WithRestarts_FindsTheLowestPointOfAFineGrid) {
  Rng rng(3);
  std::vector<Tensor> data;
  for (int i = 0; i < 40; ++i) data.push_back(random_tensor({3}, rng, 0.6));
  Params W;
  const Model<Tensor> model(W, [](FactorGraph& g, const Tensor& c) {
    const auto z = g.output("z", Reals(2).within(-2, 2));
    g.add(factor::residual("valleys", Valleys{}, {.count = 4}, g.feature(z), g.feature(c)));
  });
  const Prepared ready = model.prepare(data);
  Batch batch = ready.batch();
  const Minimum found = minimize(batch, infer::LevenbergMarquardt{.tolerance = 1e-12, .restarts = 60});
  const Minimum one = minimize(batch, infer::LevenbergMarquardt{.tolerance = 1e-12});
  double gained = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    double lowest = kInf;
    for (int p = 0; p <= 400; ++p)
      for (int q = 0; q <= 400; ++q) {
        const double z[2] = {-2 + 0.01 * p, -2 + 0.01 * q}, c[3] = {data[i][0], data[i][1], data[i][2]};
        double r[4];
        Valleys{}(z, c, r);
        lowest = std::min(lowest, (r[0] * r[0] + r[1] * r[1] + r[2] * r[2] + r[3] * r[3]) / 2);
      }
    EXPECT_LE(found.energy[i], lowest + 1e-6) << i;
    EXPECT_GE(found.energy[i], lowest - 2e-3) << i;  // the grid is no finer
    EXPECT_LE(found.energy[i], one.energy[i] + 1e-12);
    gained += one.energy[i] - found.energy[i];
  }
  EXPECT_GT(gained, 0.1);  // one start alone is caught in a valley now and then
}

TEST(LeastSquares, InOneDimension_IsTheLowestPointOfTheGridEngine) {
  Rng rng(4);
  for (int trial = 0; trial < 20; ++trial) {
    const Tensor c = random_tensor({1}, rng);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) {
      const auto z = g.output("z", Reals(1).within(-1, 1));
      g.add(factor::residual(
          "cube", [](const auto* z, const auto* c) { return z[0] * z[0] * z[0] + z[0] - c[0]; }, {},
          g.feature(z), g.feature(c)));
    });
    Answer grid, a;
    infer::Grid{.points = 4001}.answer(one.batch, {.answers = true}, grid);
    for (const auto& [name, engine] : engines()) {
      engine.answer(one.batch, {.answers = true}, a);
      EXPECT_NEAR(a.energy[0], grid.energy[0], 1e-5 * (1 + grid.energy[0])) << name;
      EXPECT_NEAR(a.reals[0], grid.reals[0], 1e-3) << name;
    }
  }
}

TEST(LeastSquares, WithUnevenBlocks_IsTheSameByBothEngines) {
  EBM_NEEDS_CERES();
  // Coordinates that occur together, alone, across groups and twice in one row; one that occurs nowhere.
  Params W;
  Rng rng(9);
  const Tensor c = random_tensor({3, 2}, rng);
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals(7));
    g.add_each(factor::residual(
                   "pairs",
                   [](const auto* z, const auto* c, auto* r) {
                     r[0] = z[0] * z[1] - c[0], r[1] = z[0] - z[1] - c[1];
                   },
                   {.count = 2}, g.slice(z, 2, {5, 0, 1, 3, 4, 4}), g.feature(c)),
               3);
    g.add(factor::residual(
        "three", [](const auto* a, const auto* b) { return a[0] + a[1] * b[0] - 1; }, {},
        g.slice(z, 2, {3, 1}), g.slice(z, 1, {2})));
    g.add_each(factor::residual(
                   "small", [](const auto* z) { return 0.1 * z[0]; }, {}, g.slice(z, 1, {0, 1, 2, 3, 4, 5})),
               6);
  });
  std::vector<Minimum> m;
  for (const auto& [name, engine] : engines({.start = {0.5, 0.4, 0.3, 0.2, 0.1, 0.6, 0.7}}))
    m.push_back(minimize(one.batch, engine));
  EXPECT_NEAR(m[0].energy[0], m[1].energy[0], 1e-9);
  for (std::size_t k = 0; k < 7; ++k) EXPECT_NEAR(m[0].reals[k], m[1].reals[k], 1e-4) << k;
  EXPECT_EQ(m[0].reals[6], Real(0.7));
  EXPECT_EQ(m[1].reals[6], Real(0.7));
}

TEST(LeastSquares, OfALongChain_SolvesTheNormalEquationsSparsely) {
  EBM_NEEDS_CERES();
  const int n = 300;
  Rng rng(10);
  const Tensor y = random_tensor({n, 1}, rng);
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {
    const auto x = g.output("x", Reals(n));
    std::vector<int> each, pairs;
    for (int i = 0; i < n; ++i) each.push_back(i);
    for (int i = 0; i + 1 < n; ++i) pairs.insert(pairs.end(), {i, i + 1});
    g.add_each(factor::residual(
                   "near", [](const auto* a, const auto* b) { return a[0] - b[0]; }, {}, g.slice(x, 1, each),
                   g.feature(y)),
               n);
    g.add_each(factor::residual(
                   "smooth", [](const auto* a) { return 3 * (a[1] - a[0]); }, {}, g.slice(x, 2, pairs)),
               n - 1);
  });
  std::vector<double> h(static_cast<std::size_t>(n * n)), b;
  for (int i = 0; i < n; ++i) {
    h[static_cast<std::size_t>(i * n + i)] = 1 + 9 * ((i > 0) + (i + 1 < n));
    if (i > 0) h[static_cast<std::size_t>(i * n + i - 1)] = -9;
    if (i + 1 < n) h[static_cast<std::size_t>(i * n + i + 1)] = -9;
    b.push_back(y[static_cast<std::size_t>(i)]);
  }
  const std::vector<double> want = solve(h, b);
  const Minimum m = minimize(one.batch, infer::LeastSquares{});
  for (std::size_t k = 0; k < want.size(); ++k) EXPECT_NEAR(m.reals[k], want[k], 1e-5);
  EXPECT_THROW(minimize(one.batch, infer::LevenbergMarquardt{}), GraphError);  // named: too many dimensions
}

TEST(LeastSquares, OfTheTruth_IsItsEnergy_AndOfAFactorOffTheReals_AddsIt) {
  Rng rng(11);
  Linear problem(4, 2, rng);
  Params W;
  const Real truth[] = {Real(0.3), Real(-0.2)};
  const Net net = net::linear(W, "bias", 1, 1);
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals(2), truth);
    g.add_each(factor::residual("linear", LinearRow{2}, {}, g.feature(z), g.feature(problem.a),
                                g.feature(problem.b)),
               4);
    g.add(factor::network(net, Tensor(Real(1))));
  });
  const double constant =
      W.flat()[W.block(W.find("bias.weight")).offset] + W.flat()[W.block(W.find("bias.bias")).offset];
  std::vector<std::pair<std::string, AnyEngine>> all = engines();
  if (infer::has_ceres()) all.emplace_back("lbfgs", infer::Lbfgs{});
  for (const auto& [name, engine] : all) {
    Answer a;
    engine.answer(one.batch, {.over = Over::truth, .answers = true}, a);
    EXPECT_NEAR(a.energy[0], problem.energy(std::vector<double>{truth[0], truth[1]}) + constant, 1e-5)
        << name;
    EXPECT_EQ(a.reals[0], truth[0]) << name;
    engine.answer(one.batch, {}, a);
    EXPECT_NEAR(a.energy[0], problem.energy(problem.closed_form()) + constant, 1e-5) << name;
    EXPECT_EQ(a.weights.size(), 5u) << name;
  }
}

// Minimum energy of a model with weights in a net of the data and in the residuals, and its slope by
// backward.
TEST(LeastSquares, ItsSlopeInW_IsThatOfTheMinimumEnergy) {
  Rng rng(12);
  std::vector<Tensor> data;
  for (int i = 0; i < 5; ++i) data.push_back(random_tensor({2}, rng));
  Params W;
  const Net net = net::linear(W, "g", 2, 4);
  const Param k = W.uniform("k", {2}, 1);
  const Model<Tensor> model(W, [&](FactorGraph& g, const Tensor& x) {
    const auto z = g.output("z", Reals(3));
    g.add(factor::residual("bent", Bent{}, {.count = 4, .robust = Robust::cauchy(1)}, g.feature(z),
                           g.feature(net, x)));
    g.add_each(factor::residual(
                   "spring", [](const auto* z, const auto* k) { return k[0] * z[0] - k[1]; }, {},
                   g.slice(z, 1, {0, 1, 2}), W.block(k)),
               3);
  });
  const Prepared ready = model.prepare(data);
  std::vector<const Sample*> samples;
  for (const Sample& s : ready.samples()) samples.push_back(&s);
  Batch batch(ready.schema());
  batch.assign(samples, Net::Mode::train);
  std::vector<std::pair<std::string, AnyEngine>> all = engines();
  if (infer::has_ceres()) all.emplace_back("lbfgs", infer::Lbfgs{});
  for (const auto& named : all) {
    const std::string& name = named.first;
    const AnyEngine& engine = named.second;  // a lambda of Clang 14 takes no structured binding
    const auto total = [&] {
      batch.invalidate();
      Answer a;
      engine.answer(batch, {.weights = false}, a);
      double sum = 0;
      for (std::size_t i = 0; i < a.energy.size(); ++i)
        sum += (1 + 0.2 * static_cast<double>(i)) * a.energy[i];
      return sum;
    };
    batch.invalidate();
    Answer a;
    engine.answer(batch, {}, a);
    std::vector<double> slope;
    for (std::size_t i = 0; i < data.size(); ++i) slope.push_back(1 + 0.2 * static_cast<double>(i));
    std::vector<Real> gradient(W.flat().size()), scratch;
    const Pull pull{&a, slope};
    backward(batch, {&pull, 1}, gradient, scratch);
    for (const Params::Block& block : W.blocks())
      for (std::size_t i = 0; i < block.size(); ++i) {
        Real& w = W.flat()[block.offset + i];
        const Real before = w;
        const double h = kFloat ? 1e-2 : 1e-4;
        w = static_cast<Real>(before + h);
        const double up = total();
        w = static_cast<Real>(before - h);
        const double down = total();
        w = before;
        const double numeric = (up - down) / (2 * h);
        EXPECT_NEAR(gradient[block.offset + i], numeric,
                    (kFloat            ? 2e-2
                     : name == "lbfgs" ? 1e-5
                                       : 1e-6) *
                        (1 + std::abs(numeric)))
            << name << ": " << block.name << " [" << i << "]";
      }
  }
}

TEST(LeastSquares, OfABatch_IsThatOfItsSamples_AndOfAnyNumberOfThreads) {
  Rng rng(13);
  std::vector<Tensor> data;
  for (int i = 0; i < 150; ++i) data.push_back(random_tensor({4}, rng));
  Params W;
  const Model<Tensor> model(W, [](FactorGraph& g, const Tensor& c) {
    const auto z = g.output("z", Reals(3));
    g.add(factor::residual("bent", Bent{}, {.count = 4}, g.feature(z), g.feature(c)));
    // Samples of two structures in one batch.
    if (c[0] > 0)
      g.add(factor::residual(
          "more", [](const auto* z) { return z[0] - z[2]; }, {}, g.feature(z)));
  });
  const Prepared ready = model.prepare(data);
  Batch batch = ready.batch();
  const int before = threads();
  std::vector<AnyEngine> both{infer::LevenbergMarquardt{.restarts = 2}};
  if (infer::has_ceres()) both.emplace_back(infer::LeastSquares{});
  for (const AnyEngine& engine : both) {
    set_threads(1);
    Answer one, two;
    engine.answer(batch, {.answers = true}, one);
    set_threads(2);
    engine.answer(batch, {.answers = true}, two);
    EXPECT_EQ(one.energy, two.energy);
    EXPECT_EQ(one.reals, two.reals);
    for (std::size_t i = 0; i < data.size(); i += 17) {
      Batch alone = ready.batch(i, 1);
      engine.answer(alone, {.answers = true}, two);
      EXPECT_EQ(two.energy[0], one.energy[i]);
      EXPECT_TRUE(
          std::equal(two.reals.begin(), two.reals.end(), one.reals.begin() + static_cast<long>(3 * i)));
    }
  }
  set_threads(before);
}

TEST(HalfSquaredDistance, OfTheReals_ShowsItsResiduals) {
  Params W;
  const Tensor x(Shape{2}, {Real(0.25), Real(-3)});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals(2));
    g.add(factor::half_squared_distance(g.feature(x), g.feature(z)));
  });
  for (const auto& [name, engine] : engines()) {
    const Minimum m = minimize(one.batch, engine);
    EXPECT_NEAR(m.reals[0], 0.25, 1e-6) << name;
    EXPECT_NEAR(m.reals[1], -3, 1e-6) << name;
  }
}

}  // namespace
}  // namespace ebm
