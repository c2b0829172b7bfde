// Descent on real variables, alone and nested with labels, against closed forms and fine grids; slopes of the
// minimum against finite differences.

#include "ebm/inference/reals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr bool kDouble = sizeof(Real) == 8;
constexpr double kNear = kDouble ? 1e-6 : 2e-3;

// E[label] = a_label |z - c_label|^2 / 2 + b_label + 0.3 sin(3 z_0 + label); W holds a, b, c.
struct Wells {
  int labels, dims;
  Param w;
  std::size_t offset;
  std::string_view name() const { return "wells"; }
  bool operator==(const Wells& o) const { return labels == o.labels && dims == o.dims && offset == o.offset; }
  const Real* row(const Reads& x, int k) const {
    return x.w + offset + static_cast<std::size_t>(k) * (dims + 2);
  }
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r)
      for (int k = 0; k < labels; ++k) {
        const Real* p = row(x, k);
        const Real* z = x.in[0].data + static_cast<std::size_t>(r) * dims;
        Real sum = 0;
        for (int d = 0; d < dims; ++d) sum += (z[d] - p[2 + d]) * (z[d] - p[2 + d]);
        out[static_cast<std::size_t>(r) * labels + k] =
            p[0] * sum / 2 + p[1] + Real(0.3) * std::sin(3 * z[0] + static_cast<Real>(k));
      }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    for (int r = 0; r < x.rows; ++r)
      for (int k = 0; k < labels; ++k) {
        const Real g = dout[static_cast<std::size_t>(r) * labels + k];
        const Real* p = row(x, k);
        const Real* z = x.in[0].data + static_cast<std::size_t>(r) * dims;
        Real sum = 0;
        for (int d = 0; d < dims; ++d) {
          const Real away = z[d] - p[2 + d];
          sum += away * away;
          if (s.in[0].data) s.in[0].data[static_cast<std::size_t>(r) * dims + d] += g * p[0] * away;
          if (s.w) s.w[p - x.w + 2 + d] -= g * p[0] * away;
        }
        if (s.in[0].data)
          s.in[0].data[static_cast<std::size_t>(r) * dims] +=
              g * Real(0.9) * std::cos(3 * z[0] + static_cast<Real>(k));
        if (s.w) s.w[p - x.w] += g * sum / 2, s.w[p - x.w + 1] += g;
      }
  }
};

struct Mixed {
  Params W;
  int labels, dims;
  std::unique_ptr<OneGraph> one;
  // dims reals in [-2, 2]; labels 1 makes a graph without label variables.
  Mixed(int labels, int dims, std::uint64_t seed, std::vector<Real> truth = {}, int true_label = -1)
      : labels(labels), dims(dims) {
    Rng rng(seed);
    const Param w = W.table("wells", {labels, dims + 2});
    auto v = W.view(w);
    for (int k = 0; k < labels; ++k) {
      Real* p = v.data + static_cast<std::size_t>(k) * (dims + 2);
      p[0] = static_cast<Real>(rng.uniform(0.5, 2));
      p[1] = static_cast<Real>(0.3 * rng.normal());
      for (int d = 0; d < dims; ++d) p[2 + d] = static_cast<Real>(rng.uniform(-1.2, 1.2));
    }
    const Wells wells{labels, dims, w, W.block(w).offset};
    one = std::make_unique<OneGraph>(W, [=](FactorGraph& g) {
      const auto z = g.output("z", Reals(dims).within(-2, 2), truth);
      const Term term = factor::function(wells, {g.feature(z)}, "wells");
      if (labels == 1)
        g.add(term);
      else
        g.add(term, g.output("y", Labels(labels), true_label < 0 ? LabelSet{} : LabelSet(true_label)));
    });
  }
  double energy(int k, const std::vector<double>& z) const {
    const Real* p = std::as_const(W).view(W.find("wells")).data + static_cast<std::size_t>(k) * (dims + 2);
    double sum = 0;
    for (int d = 0; d < dims; ++d) sum += (z[d] - p[2 + d]) * (z[d] - p[2 + d]);
    return p[0] * sum / 2 + p[1] + 0.3 * std::sin(3 * z[0] + k);
  }
  // The least energy over a fine grid of all dimensions, of one label or all; where `keep` allows.
  template <class Keep>
  double least(int only, const Keep& keep, int points = 401) const {
    double low = kInf;
    const int count = dims == 1 ? points : 161;
    for (int k = 0; k < labels; ++k)
      for (int i = 0; i < count && (only < 0 || only == k); ++i)
        for (int j = 0; j < (dims == 1 ? 1 : count); ++j) {
          std::vector<double> z{-2 + 4.0 * i / (count - 1)};
          if (dims == 2) z.push_back(-2 + 4.0 * j / (count - 1));
          if (keep(k, z)) low = std::min(low, energy(k, z));
        }
    return low;
  }
};

const auto kAny = [](int, const std::vector<double>&) { return true; };

TEST(GradientDescent, OnHundredsOfRandomWells_IsAtOrBelowAFineGrid) {
  for (int seed = 0; seed < 200; ++seed) {
    Mixed m(1, 1 + seed % 2, static_cast<std::uint64_t>(seed));
    Answer a;
    infer::GradientDescent{.restarts = 8}.answer(m.one->batch, {.answers = true}, a);
    EXPECT_LE(a.energy[0], m.least(-1, kAny) + kNear) << seed;
    std::vector<double> at(a.reals.begin(), a.reals.end());
    EXPECT_NEAR(m.energy(0, at), a.energy[0], 1e-4);
    EXPECT_TRUE(a.report.converged) << a.report.residual;
  }
}

TEST(GradientDescent, Others_LeaveTheBallAndAreTheLeastOutsideIt) {
  for (int seed = 0; seed < 100; ++seed) {
    Rng rng(static_cast<std::uint64_t>(seed) + 77);
    const int dims = 1 + seed % 2;
    std::vector<Real> truth;
    for (int d = 0; d < dims; ++d) truth.push_back(static_cast<Real>(rng.uniform(-1.5, 1.5)));
    Mixed m(1, dims, static_cast<std::uint64_t>(seed), truth);
    const auto away = [&](const std::vector<double>& z) {
      double sum = 0;
      for (int d = 0; d < dims; ++d) sum += (z[d] - truth[d]) * (z[d] - truth[d]);
      return std::sqrt(sum);
    };
    Answer a;
    infer::GradientDescent{.restarts = 12, .exclude = 0.5}.answer(m.one->batch,
                                                                  {.over = Over::others, .answers = true}, a);
    EXPECT_GE(away({a.reals.begin(), a.reals.end()}), 0.5 - 1e-5);
    EXPECT_LE(a.energy[0], m.least(-1, [&](int, const auto& z) { return away(z) >= 0.5; }) + kNear) << seed;
  }
}

TEST(Nested, LabelsOutside_EqualsTheGridOverLabelsAndReals) {
  int equal = 0;
  for (int seed = 0; seed < 100; ++seed) {
    Mixed m(3, 1 + seed % 2, static_cast<std::uint64_t>(seed), {}, seed % 3);
    const infer::GradientDescent inner{.restarts = 8};
    const auto nested = infer::Nested(infer::Exhaustive{}, inner);
    Answer a;
    nested.answer(m.one->batch, {.answers = true}, a);
    EXPECT_LE(a.energy[0], m.least(-1, kAny) + kNear);
    EXPECT_NEAR(m.energy(a.labels[0], {a.reals.begin(), a.reals.end()}), a.energy[0], 1e-4);
    nested.answer(m.one->batch, {.over = Over::truth}, a);
    EXPECT_LE(a.energy[0], m.least(seed % 3, kAny) + kNear);
    const double truth = a.energy[0];
    nested.answer(m.one->batch, {.over = Over::others}, a);
    EXPECT_LE(a.energy[0], m.least(-1, [&](int k, const auto&) { return k != seed % 3; }) + kNear);
    // The free energy over labels, each at its best reals.
    std::vector<double> each;
    for (int k = 0; k < 3; ++k) each.push_back(m.least(k, kAny, 4001));
    nested.answer(m.one->batch, {.beta = 2}, a);
    EXPECT_NEAR(a.energy[0], joined(each, 2), m.dims == 1 ? 1e-3 : 2e-2);
    EXPECT_EQ(a.points.count(), 3);
    // Reals outside finds the same, and the minimum over all is that over the truth and the others.
    Answer reverse, others = a;
    nested.answer(m.one->batch, {.over = Over::others}, others);
    infer::Nested(infer::GradientDescent{.restarts = 16}, infer::Exhaustive{})
        .answer(m.one->batch, {}, reverse);
    const double nested_low = std::min(truth, others.energy[0]);
    EXPECT_GE(reverse.energy[0], nested_low - 5 * kNear);
    equal += reverse.energy[0] < nested_low + 5 * kNear;
  }
  EXPECT_GE(equal, 95);  // local minima of the lower envelope
}

TEST(Alternating, StopsWhereNoBlockCanDoBetter_AndNeverBelowNested) {
  int equal = 0;
  for (int seed = 0; seed < 60; ++seed) {
    Mixed m(4, 1, static_cast<std::uint64_t>(seed));
    Answer nested, a;
    infer::Nested(infer::Exhaustive{}, infer::GradientDescent{.restarts = 8})
        .answer(m.one->batch, {}, nested);
    infer::Alternating{.reals = {.restarts = 8}}.answer(m.one->batch, {.answers = true}, a);
    EXPECT_GE(a.energy[0], nested.energy[0] - kNear);
    equal += a.energy[0] < nested.energy[0] + 1e-3;
    for (int k = 0; k < 4; ++k) EXPECT_GE(m.energy(k, {a.reals[0]}), a.energy[0] - 1e-4);
  }
  EXPECT_GE(equal, 50);
}

TEST(Nested, SlopeOfTheMinimum_IsThatOfTheEnvelope) {
  if (!kDouble) GTEST_SKIP() << "finite differences are taken in the double build";
  for (const Query& q : {Query{}, Query{.over = Over::others}, Query{.beta = 1.5}}) {
    Mixed m(3, 2, 5, {}, 1);
    const auto engine = infer::Nested(
        infer::Exhaustive{}, infer::GradientDescent{.steps = 2000, .tolerance = 1e-11, .restarts = 6});
    std::vector<Real> gradient(m.W.flat().size()), scratch;
    Answer a;
    const Sample* sample = &m.one->batch.sample(0);
    m.one->batch.assign({&sample, 1}, Net::Mode::train);
    engine.answer(m.one->batch, q, a);
    const double one = 1;
    const Pull pull{&a, {&one, 1}};
    backward(m.one->batch, {&pull, 1}, gradient, scratch);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const double step = 1e-5;
      double side[2];
      for (int s = 0; s < 2; ++s) {
        const Real kept = m.W.flat()[i];
        m.W.flat()[i] = static_cast<Real>(kept + (s ? step : -step));
        m.one->batch.invalidate();
        Answer moved;
        engine.answer(m.one->batch, q, moved);
        side[s] = moved.energy[0];
        m.W.flat()[i] = kept;
      }
      m.one->batch.invalidate();
      EXPECT_NEAR(gradient[i], (side[1] - side[0]) / (2 * step), 2e-6) << i;
    }
  }
}

// The envelope gives dE/dW at the point where the search stopped; the slope of the energy that the whole
// search gives has the search's own motion in it. Their difference is the bias of training with too few steps
// (docs/architecture.md has the figures that this prints).
TEST(GradientDescent, BiasOfTheEnvelope_GoesOnceTheSearchHasConverged) {
  if (!kDouble) GTEST_SKIP() << "finite differences are taken in the double build";
  std::vector<double> bias;
  for (const int steps : {1, 4, 16, 64, 256}) {
    std::vector<double>
        each;  // of every problem: some start near a maximum, where the search is chaotic at first
    for (int seed = 0; seed < 21; ++seed) {
      double wrong = 0, size = 0;
      Mixed m(1, 2, static_cast<std::uint64_t>(seed));
      // A fixed step: with a line search the energy found is no smooth function of W.
      const infer::GradientDescent engine{
          .steps = steps, .rate = 0.1, .line_search = false, .tolerance = 0, .restarts = 1};
      const Sample* sample = &m.one->batch.sample(0);
      m.one->batch.assign({&sample, 1}, Net::Mode::train);
      std::vector<Real> gradient(m.W.flat().size()), scratch;
      Answer a;
      engine.answer(m.one->batch, {}, a);
      const double one = 1;
      const Pull pull{&a, {&one, 1}};
      backward(m.one->batch, {&pull, 1}, gradient, scratch);
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        double side[2];
        for (int s = 0; s < 2; ++s) {
          const Real kept = m.W.flat()[i];
          m.W.flat()[i] = static_cast<Real>(kept + (s ? 1e-5 : -1e-5));
          m.one->batch.invalidate();
          Answer moved;
          engine.answer(m.one->batch, {}, moved);
          side[s] = moved.energy[0];
          m.W.flat()[i] = kept;
        }
        m.one->batch.invalidate();
        const double whole = (side[1] - side[0]) / 2e-5;
        wrong += (gradient[i] - whole) * (gradient[i] - whole);
        size += whole * whole;
      }
      each.push_back(std::sqrt(wrong / size));
    }
    std::ranges::sort(each);
    bias.push_back(each[10]);
    std::printf("%d steps: relative bias %.2g (of 21 problems the median), at most %.2g\n", steps,
                bias.back(), each.back());
  }
  EXPECT_GT(bias[2], 0.02);  // 16 steps: it is no small thing
  EXPECT_LT(bias[3], 1e-2);
  EXPECT_LT(bias[4], 1e-6);
}

TEST(GradientDescent, WhatDependsOnDataAlone_IsEvaluatedOnce) {
  Params W;
  const Net gx = net::linear(W, "gx", 3, 2), gz = net::linear(W, "gz", 2, 2);
  Tensor x(Shape{3});
  x[0] = 1, x[1] = 2, x[2] = Real(-0.5);
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals(2));
    const Feature fx = g.feature(gx, x);
    g.add(factor::half_squared_distance(fx, g.feature(gz, z)));
    g.add(factor::half_squared_distance(fx, fx));  // of data alone
  });
  Answer a;
  infer::GradientDescent{.restarts = 3}.answer(one.batch, {}, a);
  const auto first = one.batch.evaluations();
  EXPECT_GT(a.report.iterations, 3);
  EXPECT_EQ(first.data, 2u);  // the net gx once, the second factor once
  EXPECT_GE(first.points, 2u * static_cast<unsigned>(a.report.iterations));
  infer::GradientDescent{.restarts = 3}.answer(one.batch, {}, a);
  EXPECT_EQ(one.batch.evaluations().data, first.data);  // W has not changed
  one.batch.invalidate();
  infer::GradientDescent{.restarts = 3}.answer(one.batch, {}, a);
  EXPECT_EQ(one.batch.evaluations().data, 2 * first.data);
}

TEST(GradientDescent, OnAnglesAndUnitVectors_StaysThere) {
  Params W;
  // E = |z - t|^2 / 2 on the circle of unit vectors: the minimum is t / |t|.
  const Tensor target = [] {
    Tensor t(Shape{3});
    t[0] = 1, t[1] = -2, t[2] = 2;
    return t;
  }();
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals::unit(3));
    g.add(factor::half_squared_distance(g.feature(z), g.feature(target)));
  });
  Answer a;
  infer::GradientDescent{}.answer(one.batch, {.answers = true}, a);
  EXPECT_NEAR(a.reals[0], 1.0 / 3, 1e-3);
  EXPECT_NEAR(a.reals[1], -2.0 / 3, 1e-3);
  EXPECT_NEAR(a.energy[0], 2, 1e-5);  // (3 - 1)^2 / 2
  // Angles: |z - 3.5|^2 / 2 with z in [-pi, pi) is lowest at the border of the chart.
  Tensor far(Shape{1});
  far[0] = Real(3.0);
  OneGraph angle(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals::angles(1));
    g.add(factor::half_squared_distance(g.feature(z), g.feature(far)));
  });
  infer::GradientDescent{}.answer(angle.batch, {.answers = true}, a);
  EXPECT_NEAR(a.reals[0], 3.0, 1e-3);
}

TEST(GradientDescent, OthersOfLargeNumbers_AreOutsideTheBall) {
  for (double scale = 1; scale <= 1e12; scale *= 10) {
    const std::vector<Real> truth{static_cast<Real>(4 * scale), static_cast<Real>(3 * scale)};
    Params W;
    const Tensor target({2}, {truth[0], truth[1]});
    OneGraph one(W, [&](FactorGraph& g) {
      const auto z = g.output("z", Reals(2), truth);
      g.add(factor::half_squared_distance(g.feature(z), g.feature(target)));
    });
    Answer a;
    infer::GradientDescent{.restarts = 1, .start = {truth[0], truth[1]}}.answer(
        one.batch, {.over = Over::others, .answers = true}, a);
    const double dx = static_cast<double>(a.reals[0]) - truth[0],
                 dy = static_cast<double>(a.reals[1]) - truth[1];
    EXPECT_TRUE(std::hypot(dx, dy) >= 0.099 || scale > 1e3) << scale;  // a float cannot say more
  }
}

TEST(Nested, WhereTheBallLeavesNothing_OthersAreOtherLabelsAlone) {
  // z in [-2, 2] and a ball of radius 9: no real value is incorrect, the other labels are.
  Mixed m(3, 1, 3, {Real(0.5)}, 1);
  Answer nested, grid;
  infer::Nested(infer::Exhaustive{}, infer::GradientDescent{.restarts = 8, .exclude = 9})
      .answer(m.one->batch, {.over = Over::others, .answers = true}, nested);
  infer::Grid{.low = -2, .high = 2, .points = 2001, .exclude = 9}.answer(
      m.one->batch, {.over = Over::others, .answers = true}, grid);
  EXPECT_NE(nested.labels[0], 1);
  EXPECT_EQ(nested.labels, grid.labels);
  EXPECT_NEAR(nested.energy[0], grid.energy[0], 2e-3);
}

// z^2, and no number below 0.5.
struct Pit {
  std::string_view name() const { return "pit"; }
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r) {
      const Real z = x.in[0].data[r];
      out[static_cast<std::size_t>(r)] = z < Real(0.5) ? std::numeric_limits<Real>::quiet_NaN() : z * z;
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    if (!s.in[0].data) return;
    for (int r = 0; r < x.rows; ++r)
      s.in[0].data[r] += 2 * dout[static_cast<std::size_t>(r)] * x.in[0].data[r];
  }
};

TEST(GradientDescent, MeetingNan_GivesItAndHasNotConverged) {
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals(1));
    g.add(factor::function(Pit{}, {g.feature(z)}, "pit"));
  });
  for (const bool line_search : {true, false}) {
    Answer a;
    infer::GradientDescent{.rate = 0.4, .line_search = line_search, .restarts = 1, .start = {3}}.answer(
        one.batch, {}, a);
    EXPECT_TRUE(std::isnan(a.energy[0]));
    EXPECT_FALSE(a.report.converged);
    one.batch.forward(a.points);
    ASSERT_TRUE(one.batch.find_nan().has_value());
    EXPECT_EQ(one.batch.find_nan()->factor, "pit");
  }
}

TEST(Alternating, OutOfRoundsWithTheLabelStillChanging_HasNotConverged) {
  // z starts at the middle, and every round moves it a little: the best label goes on changing.
  int changing = 0;
  for (int seed = 0; seed < 40; ++seed) {
    Mixed m(6, 1, static_cast<std::uint64_t>(seed));
    Answer few, many;
    infer::Alternating{.reals = {.steps = 1, .restarts = 1}, .rounds = 1}.answer(m.one->batch, {}, few);
    infer::Alternating{.reals = {.restarts = 1}, .rounds = 50}.answer(m.one->batch, {}, many);
    EXPECT_TRUE(many.report.converged);
    changing += !few.report.converged;
  }
  EXPECT_GT(changing, 0);
}

TEST(GradientDescent, BadUse_IsRefusedByName) {
  const auto text = [](const auto& run) -> std::string {
    try {
      run();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  Mixed m(1, 1, 1, {Real(0.5)});
  Answer a;
  EXPECT_NE(text([&] {
              infer::GradientDescent{.exclude = 9}.answer(m.one->batch, {.over = Over::others}, a);
            }).find("leaves no incorrect answer"),
            std::string::npos);
  EXPECT_NE(text([&] {
              infer::GradientDescent{.start = {7}}.answer(m.one->batch, {}, a);
            }).find("outside the bounds"),
            std::string::npos);
  EXPECT_NE(text([&] {
              infer::GradientDescent{.start = {1, 1}}.answer(m.one->batch, {}, a);
            }).find("2 numbers"),
            std::string::npos);
  EXPECT_NE(text([&] { infer::GradientDescent{}.answer(m.one->batch, {.beta = 1}, a); }).find("minima"),
            std::string::npos);
  EXPECT_NE(text([&] { infer::GradientDescent{}.answer(m.one->batch, {.beta = -1}, a); }).size(), 0u);
  EXPECT_NE(text([&] { infer::GradientDescent{.rate = 0}.answer(m.one->batch, {}, a); }).find("rate"),
            std::string::npos);
  Mixed labelled(2, 1, 1);
  EXPECT_NE(text([&] { infer::GradientDescent{}.answer(labelled.one->batch, {}, a); }).find("Nested"),
            std::string::npos);
  EXPECT_NE(text([&] {
              Params W;
              FactorGraph g(W);
              const Real outside = 3;
              g.output("z", Reals(1).within(-1, 1), std::span(&outside, 1));
            }).find("outside its bounds"),
            std::string::npos);
  EXPECT_NE(text([&] {
              Params W;
              FactorGraph g(W);
              const std::vector<Real> far{3, 0};
              g.output("z", Reals::unit(2), far);
            }).find("length 3"),
            std::string::npos);
  EXPECT_NE(text([&] { (void)Reals(1).within(1, -1); }).find("lower one"), std::string::npos);
}

TEST(GradientDescent, UnboundedEnergy_IsStoppedAndReported) {
  Params W;
  const Net slope = net::linear(W, "slope", 1, 1);
  W.view(W.find("slope.weight"))[0] = 5;
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals(1));
    g.add(factor::rows(g.feature(slope, z)));
  });
  Answer a;
  infer::GradientDescent{.steps = 100000}.answer(one.batch, {}, a);
  EXPECT_FALSE(a.report.converged);
  EXPECT_EQ(a.report.why, Why::unbounded);
  EXPECT_LT(a.report.iterations, 1000);
}

}  // namespace
}  // namespace ebm
