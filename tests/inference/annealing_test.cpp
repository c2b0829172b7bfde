// Free energies by annealed importance sampling against integrals, closed forms and enumeration; their
// standard errors against their errors.

#include <gtest/gtest.h>

#include <numbers>

#include "ebm/core/pool.hpp"
#include "inference/sampling_test.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// a |z - c|^2 / 2 + b sin(3 z_0) + d z_0^4, W = a, b, c_0, c_1, d.
struct Bumps {
  std::string_view name() const { return "bumps"; }
  bool operator==(const Bumps&) const = default;
  void forward(const Reads& x, View out) const {
    const int n = x.in[0].shape[1];
    for (int r = 0; r < x.rows; ++r) {
      const Real* z = x.in[0].data + r * n;
      Real sum = 0;
      for (int d = 0; d < n; ++d) sum += (z[d] - x.w[2 + d]) * (z[d] - x.w[2 + d]);
      out[static_cast<std::size_t>(r)] =
          x.w[0] * sum / 2 + x.w[1] * std::sin(3 * z[0]) + x.w[4] * z[0] * z[0] * z[0] * z[0];
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const int n = x.in[0].shape[1];
    for (int r = 0; r < x.rows; ++r) {
      const Real* z = x.in[0].data + r * n;
      const Real g = dout[static_cast<std::size_t>(r)];
      Real sum = 0;
      for (int d = 0; d < n; ++d) {
        const Real away = z[d] - x.w[2 + d];
        sum += away * away;
        if (s.in[0].data) s.in[0].data[r * n + d] += g * x.w[0] * away;
        if (s.w) s.w[2 + d] -= g * x.w[0] * away;
      }
      const Real cube = z[0] * z[0] * z[0];
      if (s.in[0].data) s.in[0].data[r * n] += g * (3 * x.w[1] * std::cos(3 * z[0]) + 4 * x.w[4] * cube);
      if (s.w) s.w[0] += g * sum / 2, s.w[1] += g * std::sin(3 * z[0]), s.w[4] += g * cube * z[0];
    }
  }
};

struct Hills {
  Params W;
  std::unique_ptr<OneGraph> one;
  Hills(std::uint64_t seed, int dims, std::vector<Real> truth = {}, double bound = 2) {
    Rng rng(seed);
    W.table("w", {5});
    const double w[5] = {rng.uniform(0.5, 6), rng.uniform(-2, 2), rng.uniform(-1, 1), rng.uniform(-1, 1),
                         rng.uniform(0, 0.5)};
    for (std::size_t k = 0; k < 5; ++k) W.flat()[k] = static_cast<Real>(w[k]);
    one = std::make_unique<OneGraph>(W, [=](FactorGraph& g) {
      const Reals reals = bound > 0 ? Reals(dims).within(-bound, bound) : Reals(dims);
      g.add(factor::function(Bumps{}, {g.feature(g.output("z", reals, truth))}, "bumps"));
    });
  }
};

// How far off in standard errors, over many problems.
struct Calibration {
  double squares = 0;
  int count = 0;
  void add(double estimate, double truth, double error, const std::string& what) {
    EXPECT_GT(error, 0) << what;
    EXPECT_LT(error, 0.2) << what;
    EXPECT_NEAR(estimate, truth, 4.5 * error + 1e-5) << what;
    squares += (estimate - truth) * (estimate - truth) / (error * error);
    ++count;
  }
  double mean() const { return squares / count; }
};

TEST(AnnealedImportance, OfReals_IsWithinItsErrorOfTheGrid) {
  Calibration off;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const int dims = 1 + static_cast<int>(seed % 2), points = dims == 1 ? 2001 : 161;
    const double beta = seed % 3 == 0 ? 2.5 : 1;
    Hills m(seed, dims, {}, seed % 4 < 3 ? 2 : 0);
    Answer a, grid;
    infer::AnnealedImportance{.particles = 128, .levels = 40, .seed = seed}.answer(m.one->batch,
                                                                                   {.beta = beta}, a);
    infer::Grid{.low = -6, .high = 6, .points = seed % 4 < 3 ? points : 2 * points}.answer(
        m.one->batch, {.beta = beta}, grid);
    const double spacing = seed % 4 < 3 ? 4.0 / (points - 1) : 12.0 / (2 * points - 1);
    off.add(a.energy[0], grid.energy[0] - dims * std::log(spacing) / beta, a.error[0],
            "seed " + std::to_string(seed));
    EXPECT_EQ(a.report.exactness, Exactness::sampled);
    EXPECT_GT(a.report.acceptance, 0.5);
    double sum = 0;
    for (const Real w : a.weights) sum += w;
    EXPECT_NEAR(sum, 1, 1e-4);
    EXPECT_TRUE(grid.error.empty());
  }
  EXPECT_GT(off.mean(), 0.6);
  EXPECT_LT(off.mean(), 1.7);
}

TEST(AnnealedImportance, OnAnglesSpheresAndHalfLines_HasTheClosedForms) {
  Calibration off;
  const double pi = std::numbers::pi;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const infer::AnnealedImportance engine{.particles = 200, .levels = 20, .seed = seed};
    Answer a;
    Curves circle(kTurn, Reals::angles(1), 1), sphere(kTilt, Reals::unit(3), 1), line(kRound, Reals(3), 1),
        half(kRound, Reals(1).within(-0.5, kInf), 1), other(kRound, Reals(1).within(-kInf, 0.25), 1);
    const auto ask = [&](Curves& m, double truth, const char* what) {
      engine.answer(*m.batch, {.beta = 1}, a);
      off.add(a.energy[0], truth, a.error[0], what);
    };
    ask(circle, -std::log(2 * pi * std::cyl_bessel_i(0, 2.0)), "circle");
    ask(sphere, -std::log(4 * pi * std::sinh(3.0) / 3), "sphere");
    ask(half, -std::log(std::sqrt(2 * pi) * std::erfc(-0.5 / std::sqrt(2.0)) / 2), "half");
    ask(other, -std::log(std::sqrt(2 * pi) * std::erfc(-0.25 / std::sqrt(2.0)) / 2), "other");
    engine.answer(*line.batch, {.beta = 1}, a);  // its base: no error but rounding
    EXPECT_NEAR(a.energy[0], -1.5 * std::log(2 * pi), 1e-5);
  }
  EXPECT_LT(off.mean(), 1.8);
}

TEST(AnnealedImportance, OfLabels_IsWithinItsErrorOfEnumeration) {
  Calibration off;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed);
    Params W;
    const int n = 4 + rng.below(3);
    const Tensor ones = random_tensor({n, 3}, rng), pairs = random_tensor({n - 1, 3, 3}, rng, 1.2),
                 loop = random_tensor({3, 3}, rng);
    OneGraph m(W, [&](FactorGraph& g) {
      std::vector<LabelSet> truth(static_cast<std::size_t>(n));
      truth[0] = 1;
      const Variables y = g.outputs("y", n, Labels(3), truth);
      g.add_each(factor::constant(ones), y);
      g.add_each(factor::constant(pairs), y.pairs());
      g.add(factor::constant(loop), y[0], y[n - 1]);
    });
    for (const Over over : {Over::all, Over::truth}) {
      Answer a, all;
      infer::AnnealedImportance{.particles = 256, .levels = 20, .seed = seed}.answer(
          m.batch, {.over = over, .beta = 1}, a);
      infer::Exhaustive{}.answer(m.batch, {.over = over, .beta = 1}, all);
      off.add(a.energy[0], all.energy[0], a.error[0], std::to_string(seed));
      ASSERT_EQ(a.weights.size(), all.weights.size());
      for (std::size_t k = 0; k < a.weights.size(); ++k) EXPECT_NEAR(a.weights[k], all.weights[k], 0.2);
    }
  }
  EXPECT_GT(off.mean(), 0.6);
  EXPECT_LT(off.mean(), 1.7);
}

TEST(AnnealedImportance, Error_ShrinksAsTheRootOfTheParticles) {
  double few = 0, many = 0, far_few = 0, far_many = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Hills m(seed, 1);
    Answer a, grid;
    infer::Grid{.points = 2001}.answer(m.one->batch, {.beta = 1}, grid);
    const double truth = grid.energy[0] - std::log(4.0 / 2000);
    infer::AnnealedImportance{.particles = 64, .levels = 10, .seed = seed}.answer(m.one->batch, {.beta = 1},
                                                                                  a);
    few += a.error[0], far_few += std::pow(a.energy[0] - truth, 2);
    infer::AnnealedImportance{.particles = 1600, .levels = 10, .seed = seed}.answer(m.one->batch, {.beta = 1},
                                                                                    a);
    many += a.error[0], far_many += std::pow(a.energy[0] - truth, 2);
  }
  EXPECT_NEAR(few / many, 5, 0.7);
  EXPECT_GT(std::sqrt(far_few / far_many), 2.5);
}

TEST(AnnealedImportance, Weights_GiveTheGradientOfTheGrid) {
  Hills m(4, 1, {Real(0.4)});
  const Sample* sample = &m.one->batch.sample(0);
  m.one->batch.assign({&sample, 1}, Net::Mode::train);
  const auto slope = [&](const AnyEngine& engine) {
    Answer truth, all;
    engine.answer(m.one->batch, {.over = Over::truth, .beta = 1}, truth);
    engine.answer(m.one->batch, {.beta = 1}, all);
    for (const double e : truth.error) EXPECT_EQ(e, 0);  // known: nothing is sampled
    const double up = 1, down = -1;
    const Pull pulls[] = {{&truth, {&up, 1}}, {&all, {&down, 1}}};
    std::vector<Real> g(m.W.flat().size()), scratch;
    backward(m.one->batch, pulls, g, scratch);
    return g;
  };
  const auto exact = slope(infer::Grid{.points = 2001});
  const auto sampled = slope(infer::AnnealedImportance{.particles = 4000, .levels = 20});
  for (std::size_t k = 0; k < exact.size(); ++k) EXPECT_NEAR(sampled[k], exact[k], 0.06) << k;
}

TEST(AnnealedImportance, ForAnyThreads_AnswersTheSameBits) {
  Curves reals(kDoubleWell, Reals(1), 3);
  Params W;
  Rng rng(1);
  const Tensor ones = random_tensor({4, 3}, rng);
  OneGraph labels(W,
                  [&](FactorGraph& g) { g.add_each(factor::constant(ones), g.outputs("y", 4, Labels(3))); });
  for (Batch* batch : {reals.batch.get(), &labels.batch}) {
    Answer one, two;
    set_threads(1);
    infer::AnnealedImportance{}.answer(*batch, {.beta = 1}, one);
    set_threads(2);
    infer::AnnealedImportance{}.answer(*batch, {.beta = 1}, two);
    set_threads(0);
    EXPECT_EQ(one.energy, two.energy);
    EXPECT_EQ(one.weights, two.weights);
    // With a turn of its own every query draws anew.
    MarkovChains chains;
    infer::AnnealedImportance{}.answer(*batch, {.beta = 1, .chains = &chains}, one);
    infer::AnnealedImportance{}.answer(*batch, {.beta = 1, .chains = &chains}, two);
    EXPECT_NE(one.energy, two.energy);
  }
}

TEST(AnnealedImportance, OnForbiddenBrokenAndUnboundedEnergies_SaysSo) {
  Answer a;
  Curves wall(kWall, Reals(1).within(-1, 4), 1), broken(kBroken, Reals(1).within(-1, 1), 1),
      falling(kFalling, Reals(1), 1);
  const infer::AnnealedImportance engine{.particles = 400};
  engine.answer(*wall.batch, {.beta = 1}, a);
  const double truth =
      std::sqrt(std::numbers::pi / 2) * (std::erf(4 / std::sqrt(2.0)) - std::erf(0.5 / std::sqrt(2.0)));
  EXPECT_NEAR(a.energy[0], -std::log(truth), 4 * a.error[0]);
  for (const Real z : a.points.values) EXPECT_GE(z, Real(0.5));
  engine.answer(*broken.batch, {.beta = 1}, a);
  EXPECT_TRUE(std::isnan(a.energy[0]));
  EXPECT_FALSE(a.report.converged);
  ASSERT_FALSE(a.points.empty());
  for (const Real z : a.points.values) EXPECT_GT(z, Real(0.7));
  infer::AnnealedImportance{.floor = -50}.answer(*falling.batch, {.beta = 1}, a);
  EXPECT_FALSE(a.report.converged);
  EXPECT_EQ(a.report.why, Why::unbounded);
}

TEST(AnnealedImportance, BadUse_IsRefusedByName) {
  Curves m(kRound, Reals(1), 1);
  Answer a;
  const auto has = [](const std::string& text, const char* what) {
    EXPECT_NE(text.find(what), std::string::npos) << text << " / " << what;
  };
  const auto ask = [&](const Query& q, const infer::AnnealedImportance& engine = {}) {
    return refusal([&] { engine.answer(*m.batch, q, a); });
  };
  has(ask({}), "beta must be finite");
  has(ask({.beta = 0}), "beta must be above 0");
  has(ask({.over = Over::others, .beta = 1}), "incorrect answers");
  has(ask({.beta = 1, .steps = 1}), "free energies");
  has(ask({.beta = 1}, {.particles = 1}), "particles is 1");
  has(ask({.beta = 1}, {.levels = 0}), "levels is 0");
  has(ask({.beta = 1}, {.leaps = 0}), "leaps is 0");
  has(ask({.beta = 1}, {.step = -1}), "step is -1");
  has(ask({.beta = 1}, {.low = 2, .high = 1}), "low is 2");
}

}  // namespace
}  // namespace ebm
