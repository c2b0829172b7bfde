// Langevin and Hamiltonian Monte Carlo against integrals: stationary moments on every kind of domain,
// detailed balance, the theory of the unadjusted step, and what a query for samples answers.

#include "inference/sampling_test.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numbers>

#include "ebm/core/pool.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

struct Sampler {
  std::string name;
  AnyEngine engine;
};
const std::vector<Sampler> kSamplers{
    {"langevin", infer::Langevin{.step = 0.4, .low = -0.5, .high = 0.5}},
    {"hamiltonian", infer::Hamiltonian{.step = 0.25, .leaps = 5, .jitter = 0.3}}};

TEST(Samplers, OnADoubleWell_HaveTheMomentsOfTheIntegral) {
  for (const Sampler& s : kSamplers)
    for (const double beta : {1.0, 0.4}) {
      constexpr int kChains = 500;
      Curves m(kDoubleWell, Reals(1), kChains);
      const Draws draws = sample(*m.batch, s.engine, 60, {.beta = beta, .burn_in = 300, .thin = 3});
      ASSERT_EQ(draws.reals.size(), 60u * kChains);
      for (const int power : {1, 2, 4}) {
        const auto f = [&](auto z) { return std::pow(static_cast<double>(z), power); };
        const Estimate e = mean_of(draws, kChains, 1, [&](const Real* z) { return f(*z); });
        EXPECT_LT(e.off(exact(kDoubleWell, -4, 4, f, beta)), 4.5)
            << s.name << " z^" << power << " " << e.mean;
        EXPECT_LT(e.error, 0.1);
      }
      EXPECT_EQ(draws.report.exactness, Exactness::sampled);
      EXPECT_GT(draws.report.acceptance, 0.3);
      EXPECT_LT(draws.report.acceptance, 1);
    }
}

TEST(Samplers, BetweenBounds_ReflectAndKeepTheDistribution) {
  for (const Sampler& s : kSamplers)
    for (const auto& [low, high] : {std::pair{-0.4, 1.1}, {0.3, kInf}, {-kInf, -0.2}}) {
      constexpr int kChains = 500;
      Curves m(kRound, Reals(1).within(low, high), kChains);
      const Draws draws = sample(*m.batch, s.engine, 40, {.burn_in = 100, .thin = 2});
      for (const Real z : draws.reals) ASSERT_TRUE(z >= low - 1e-6 && z <= high + 1e-6);
      for (const int power : {1, 2}) {
        const auto f = [&](auto z) { return std::pow(static_cast<double>(z), power); };
        const Estimate e = mean_of(draws, kChains, 1, [&](const Real* z) { return f(*z); });
        EXPECT_LT(e.off(exact(kRound, std::max(low, -8.0), std::min(high, 8.0), f)), 4.5) << s.name << e.mean;
      }
    }
}

TEST(Samplers, OnAGaussianOfManyDimensions_HaveItsMeanAndCovariance) {
  Params W;
  const Net g2 = net::linear(W, "g", 2, 2);
  // E = |A z + b|^2 / 2: mean -A^-1 b, covariance (A'A)^-1.
  const double a[4] = {2, 0.5, -1, 1.5}, bias[2] = {1, -0.5};
  for (std::size_t k = 0; k < 4; ++k) W.view(W.find("g.weight"))[k] = static_cast<Real>(a[k]);
  for (std::size_t k = 0; k < 2; ++k) W.view(W.find("g.bias"))[k] = static_cast<Real>(bias[k]);
  const Tensor zero(Shape{2});
  Model<int> model(W, [&](FactorGraph& g, const int&) {
    const auto z = g.output("z", Reals(2));
    g.add(factor::half_squared_distance(g.feature(g2, z), g.feature(zero)));
  });
  constexpr std::size_t kChains = 400;
  const Prepared ready = model.prepare(std::vector<int>(kChains));
  Batch batch = ready.batch();
  const double det = a[0] * a[3] - a[1] * a[2];
  const double mean[2] = {-(a[3] * bias[0] - a[1] * bias[1]) / det,
                          -(-a[2] * bias[0] + a[0] * bias[1]) / det};
  const double p[3] = {a[0] * a[0] + a[2] * a[2], a[0] * a[1] + a[2] * a[3], a[1] * a[1] + a[3] * a[3]};
  const double d = p[0] * p[2] - p[1] * p[1], cov[3] = {p[2] / d, -p[1] / d, p[0] / d};
  for (const Sampler& s : kSamplers) {
    const Draws draws = sample(batch, s.engine, 50, {.burn_in = 200, .thin = 4});
    for (int i = 0; i < 2; ++i)
      EXPECT_LT(mean_of(draws, kChains, 2, [&](const Real* z) { return z[i]; }).off(mean[i]), 4.5) << s.name;
    const int pairs[3][2] = {{0, 0}, {0, 1}, {1, 1}};
    for (int k = 0; k < 3; ++k)
      EXPECT_LT(mean_of(draws, kChains, 2,
                        [&](const Real* z) {
                          return (z[pairs[k][0]] - mean[pairs[k][0]]) * (z[pairs[k][1]] - mean[pairs[k][1]]);
                        })
                    .off(cov[k]),
                4.5)
          << s.name;
  }
}

TEST(Samplers, OnAnglesAndOnTheSphere_HaveTheMomentsOfVonMisesAndFisher) {
  constexpr int kChains = 500;
  for (const Sampler& s : kSamplers) {
    Curves circle(kTurn, Reals::angles(1), kChains);
    const Draws turns = sample(*circle.batch, s.engine, 40, {.burn_in = 200, .thin = 4});
    const double pi = std::numbers::pi;
    for (const Real z : turns.reals) ASSERT_TRUE(z >= -pi - 1e-6 && z <= pi + 1e-6);
    for (const int k : {1, 2}) {
      const auto f = [&](auto z) { return std::cos(k * (z - 0.4)); };
      EXPECT_LT(
          mean_of(turns, kChains, 1, [&](const Real* z) { return f(*z); }).off(exact(kTurn, -pi, pi, f)), 4.5)
          << s.name;
    }
    Curves sphere(kTilt, Reals::unit(3), kChains);
    const Draws tilts = sample(*sphere.batch, s.engine, 40, {.burn_in = 200, .thin = 4});
    for (std::size_t k = 0; k < tilts.reals.size(); k += 3) {
      const Real* z = tilts.reals.data() + k;
      ASSERT_NEAR(z[0] * z[0] + z[1] * z[1] + z[2] * z[2], 1, 1e-5);
    }
    const double along = 1 / std::tanh(3.0) - 1.0 / 3;  // mean of z_0; that of its square is 1 - 2 along / 3
    EXPECT_LT(mean_of(tilts, kChains, 3, [](const Real* z) { return z[0]; }).off(along), 4.5) << s.name;
    EXPECT_LT(mean_of(tilts, kChains, 3, [](const Real* z) { return z[0] * z[0]; }).off(1 - 2 * along / 3),
              4.5)
        << s.name;
    EXPECT_LT(mean_of(tilts, kChains, 3, [](const Real* z) { return z[2]; }).off(0), 4.5) << s.name;
  }
}

TEST(Samplers, InDetailedBalance_GoAsOftenThereAsBack) {
  for (const Sampler& s : kSamplers) {
    constexpr std::size_t kChains = 1000;
    Curves m(kDoubleWell, Reals(1), kChains);
    const Draws draws = sample(*m.batch, s.engine, 150, {.burn_in = 300});
    const auto bin = [](Real z) { return static_cast<int>(std::floor(z * 3)); };
    std::map<std::pair<int, int>, double> flow;
    for (std::size_t k = kChains; k < draws.reals.size(); ++k)
      ++flow[{bin(draws.reals[k - kChains]), bin(draws.reals[k])}];
    int checked = 0;
    for (const auto& [way, there] : flow) {
      if (way.first >= way.second || there < 100) continue;
      const double back = flow[{way.second, way.first}];
      EXPECT_LT(std::abs(there - back), 4.5 * std::sqrt(there + back)) << s.name;
      ++checked;
    }
    EXPECT_GT(checked, 8);
  }
}

TEST(Langevin, Unadjusted_HasTheVarianceOfItsStep) {
  // y' = (1 - s^2/2) y + s n on |y|^2 / 2 has variance 1 / (1 - s^2 / 4).
  for (const double step : {0.3, 1.0}) {
    constexpr int kChains = 2000;
    Curves m(kRound, Reals(1), kChains);
    const Draws draws =
        sample(*m.batch, infer::Langevin{.step = step, .adjusted = false}, 20, {.burn_in = 200, .thin = 5});
    const Estimate e = mean_of(draws, kChains, 1, [](const Real* z) { return z[0] * z[0]; });
    EXPECT_LT(e.off(1 / (1 - step * step / 4)), 4.5);
    EXPECT_EQ(draws.report.acceptance, 1);
  }
}

TEST(Langevin, WithoutNoise_DescendsAndGoesOnWhereItStopped) {
  Curves m(kRound, Reals(2), 3, {Real(1), Real(-2)});
  const infer::Langevin descent{.step = 0.5, .adjusted = false, .noise = 0};
  Answer a;
  descent.answer(*m.batch, {.beta = 2, .answers = true, .steps = 4}, a);
  const double shrink = std::pow(1 - 0.25 / 2 * 2, 4);
  EXPECT_NEAR(a.reals[0], shrink, 1e-5);
  EXPECT_NEAR(a.reals[1], -2 * shrink, 1e-5);
  EXPECT_NEAR(a.energy[0], 2.5 * shrink * shrink, 1e-5);
  MarkovChains chains;
  for (int k = 0; k < 4; ++k)
    descent.answer(*m.batch, {.beta = 2, .answers = true, .steps = 1, .persistent = true, .chains = &chains},
                   a);
  EXPECT_NEAR(a.reals[0], shrink, 1e-5);
  descent.answer(*m.batch, {.beta = 2, .answers = true, .steps = 1, .chains = &chains}, a);
  EXPECT_NEAR(a.reals[0], 0.75, 1e-5);  // not persistent: from the truth again
}

TEST(Hamiltonian, WarmUp_FindsAStepFromAnyStart) {
  for (const double step : {1e-4, 0.1, 30.0}) {
    Curves m(kDoubleWell, Reals(1), 200);
    const infer::Hamiltonian engine{.step = step, .leaps = 4, .warm_up = 200, .accept = 0.8};
    const Draws draws = sample(*m.batch, engine, 200);  // which go on with the step found at first
    EXPECT_GT(draws.report.acceptance, 0.65) << step;
    EXPECT_LT(draws.report.acceptance, 0.95) << step;
    EXPECT_LT(mean_of(draws, 200, 1, [](const Real* z) { return z[0]; })
                  .off(exact(kDoubleWell, -4, 4, [](Real z) { return z; })),
              4.5);
  }
}

TEST(Samplers, EndOfAChain_IsThePointOfTheAnswer) {
  for (const Sampler& s : kSamplers) {
    Curves m(kDoubleWell, Reals(1), 5, {Real(0.3)});
    Answer a;
    s.engine.answer(*m.batch, {.beta = 1, .answers = true, .steps = 7}, a);
    ASSERT_EQ(a.points.count(), 5);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(a.points.values[i], a.reals[i]);
      EXPECT_NEAR(a.energy[i], kDoubleWell.energy(&a.reals[i], 1), 1e-5);
      EXPECT_EQ(a.weights[i], 1);
    }
    EXPECT_NE(a.reals[0], a.reals[1]);  // of one start, with random numbers of their own
    s.engine.answer(*m.batch, {.over = Over::truth, .beta = 1}, a);
    const Real truth = Real(0.3);
    EXPECT_NEAR(a.energy[0], kDoubleWell.energy(&truth, 1), 1e-5);
    EXPECT_EQ(a.points.values[0], truth);
    s.engine.answer(*m.batch, {.over = Over::truth, .beta = 1, .steps = 3}, a);
    EXPECT_EQ(a.points.values[0], truth);  // nothing is left open
  }
}

TEST(Samplers, AChain_IsTheSameAlone_AmongOthers_AndForAnyThreads) {
  for (const Sampler& s : kSamplers) {
    Curves many(kDoubleWell, Reals(1), 6), one(kDoubleWell, Reals(1), 1);
    MarkovChains chains;
    Answer a, b;
    set_threads(1);
    s.engine.answer(*many.batch, {.beta = 1, .steps = 9, .persistent = true, .chains = &chains}, a);
    set_threads(2);
    s.engine.answer(*many.batch, {.beta = 1, .steps = 9}, b);
    set_threads(0);
    EXPECT_NE(a.points.values, b.points.values);  // another turn
    MarkovChains again;
    s.engine.answer(*many.batch, {.beta = 1, .steps = 9, .persistent = true, .chains = &again}, b);
    EXPECT_EQ(a.points.values, b.points.values);
    MarkovChains fourth;
    fourth.keys = {4};
    s.engine.answer(*one.batch, {.beta = 1, .steps = 9, .chains = &fourth}, b);
    EXPECT_EQ(a.points.values[4], b.points.values[0]);
  }
}

TEST(Samplers, NeverEnterTheForbidden_AndLeaveItWhenTheyStartThere) {
  for (const AnyEngine& engine : {AnyEngine(infer::Langevin{.step = 1}), AnyEngine(infer::Hamiltonian{}),
                                  AnyEngine(infer::Langevin{.step = 1, .adjusted = false})}) {
    Curves m(kWall, Reals(1).within(-1, 4), 300, {Real(0.3)});
    const Draws draws = sample(*m.batch, engine, 40, {.burn_in = 60});
    EXPECT_GE(*std::ranges::min_element(draws.reals), Real(0.5));
  }
  Curves m(kWall, Reals(1).within(-1, 4), 500);
  const Draws draws = sample(*m.batch, infer::Langevin{.step = 1}, 40, {.burn_in = 200, .thin = 2});
  EXPECT_LT(mean_of(draws, 500, 1, [](const Real* z) { return z[0]; })
                .off(exact(kRound, 0.5, 4, [](Real z) { return z; })),
            4.5);
}

TEST(Samplers, MeetingANaN_NameItsFactor) {
  Curves m(kBroken, Reals(1).within(-1, 1), 20);
  for (const Sampler& s : kSamplers) {
    const std::string text = refusal([&] { sample(*m.batch, s.engine, 50); });
    EXPECT_NE(text.find("'curve' is not a number"), std::string::npos) << text;
    Answer a;
    s.engine.answer(*m.batch, {.beta = 1, .steps = 100}, a);
    EXPECT_FALSE(a.report.converged);
    bool found = false;
    for (std::size_t i = 0; i < 20; ++i)
      if (std::isnan(a.energy[i])) found |= a.points.values[i] > Real(0.7);
    EXPECT_TRUE(found);
  }
}

TEST(Hamiltonian, MeetingANaNInItsWarmUp_NamesTheFactor) {
  Curves m(kBroken, Reals(1).within(-1, 1), 20);
  const infer::Hamiltonian engine{.warm_up = 200};
  Answer a;
  engine.answer(*m.batch, {.beta = 1, .steps = 1}, a);
  EXPECT_FALSE(a.report.converged);
  EXPECT_TRUE(std::ranges::any_of(a.energy, [](double e) { return std::isnan(e); }));
  const std::string text = refusal([&] { sample(*m.batch, engine, 1, {.burn_in = 1}); });
  EXPECT_NE(text.find("'curve' is not a number"), std::string::npos) << text;
}

TEST(Samplers, OnAnUnboundedEnergy_StopAndReport) {
  // -z^2 explodes without an accept test; with one, -3 z slides down.
  const std::vector<std::tuple<Curve, AnyEngine, double>> cases{
      {kFalling, infer::Langevin{.step = 0.5, .adjusted = false}, -1e9},
      {kTilt, infer::Langevin{.step = 0.5, .floor = -500}, -500},
      {kTilt, infer::Hamiltonian{.floor = -500}, -500}};
  for (const auto& [curve, engine, floor] : cases) {
    Curves m(curve, Reals(1), 4);
    Answer a;
    engine.answer(*m.batch, {.beta = 1, .steps = 1000}, a);
    EXPECT_FALSE(a.report.converged);
    EXPECT_EQ(a.report.why, Why::unbounded);
    for (const double e : a.energy) EXPECT_LT(e, floor);
    for (const double e : a.energy) EXPECT_TRUE(std::isfinite(e));
  }
}

TEST(Samplers, BadUse_IsRefusedByName) {
  Curves m(kRound, Reals(1), 2);
  Answer a;
  const auto ask = [&](const AnyEngine& engine, const Query& q) {
    return refusal([&] { engine.answer(*m.batch, q, a); });
  };
  const auto has = [](const std::string& text, const char* what) {
    EXPECT_NE(text.find(what), std::string::npos) << text << " / " << what;
  };
  const Query good{.beta = 1, .steps = 1};
  for (const Sampler& s : kSamplers) {
    EXPECT_EQ(ask(s.engine, good), "");
    has(ask(s.engine, {.beta = 0, .steps = 1}), "beta must be above 0");
    has(ask(s.engine, {.beta = -1, .steps = 1}), "beta must be above 0");
    has(ask(s.engine, {.beta = std::nan(""), .steps = 1}), "beta must be above 0");
    has(ask(s.engine, {.steps = 1}), "beta must be finite");
    has(ask(s.engine, {.beta = 1, .steps = -2}), "steps is -2");
    has(ask(s.engine, {.beta = 1}), "draws samples");
    has(ask(s.engine, {.over = Over::truth, .beta = 1}), "draws samples");  // of an unknown truth
    has(ask(s.engine, {.over = Over::others, .beta = 1, .steps = 1}), "incorrect answers");
    has(ask(s.engine, {.beta = 1, .steps = 1, .persistent = true}), "Query::chains");
    MarkovChains few(1);
    has(ask(s.engine, {.beta = 1, .steps = 1, .chains = &few}), "batch of 2 samples");
    MarkovChains keyed;
    keyed.keys = {1, 2, 3};
    has(ask(s.engine, {.beta = 1, .steps = 1, .chains = &keyed}), "3 keys");
    has(refusal([&] { sample(*m.batch, s.engine, 0); }), "n >= 1");
  }
  has(ask(infer::Langevin{.step = 0}, good), "step is 0");
  has(ask(infer::Langevin{.step = std::nan("")}, good), "step is");
  has(ask(infer::Langevin{.noise = 0.5}, good), "noise is 0.5");
  has(ask(infer::Hamiltonian{.leaps = 0}, good), "leaps is 0");
  has(ask(infer::Hamiltonian{.jitter = 1}, good), "jitter is 1");
  has(ask(infer::Hamiltonian{.warm_up = -1}, good), "warm_up is -1");
  has(refusal([&] { sample(*m.batch, infer::Grid{}, 3); }), "draws no samples");
  has(refusal([&] { MarkovChains(-1); }), "-1 shared chains");
  Curves points(kTilt, Reals::unit(1), 1);
  has(refusal([&] { sample(*points.batch, infer::Langevin{}, 1); }), "make it a label");
  Params W;
  OneGraph labels(W, [](FactorGraph& g) {
    const Tensor row(Shape{2});
    g.add(factor::constant(row), g.output("y", Labels(2)));
  });
  has(refusal([&] { sample(labels.batch, infer::Langevin{}, 1); }), "has label variables");
}

TEST(MarkovChains, Shared_AreTakenInTurn_AndSurviveEncoding) {
  MarkovChains chains(5);
  std::vector<std::uint64_t> taken;
  for (int turn = 0; turn < 4; ++turn) {
    chains.begin(3);
    for (int i = 0; i < 3; ++i) {
      taken.push_back(chains.key(i));
      chains.state(i) = {static_cast<Real>(turn), static_cast<Real>(0.1 * i)};
    }
  }
  EXPECT_EQ(taken, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1}));
  MarkovChains read = MarkovChains::decode(chains.encode());
  EXPECT_EQ(read.encode(), chains.encode());
  EXPECT_EQ(read.turn(), 4u);
  EXPECT_EQ(read.shared(), 5);
  read.begin(3);
  EXPECT_EQ(read.key(0), 2u);
  EXPECT_EQ(read.state(0), (std::vector<Real>{2, Real(0.1)}));
  EXPECT_TRUE(MarkovChains().encode().empty());
  MarkovChains keyed;
  keyed.keys = {~0ULL, 1ULL << 40};
  keyed.begin(2);
  keyed.state(0) = {1};
  keyed.state(1) = {2, 3};
  MarkovChains same = MarkovChains::decode(keyed.encode());
  same.keys = keyed.keys;
  EXPECT_EQ(same.state(1), keyed.state(1));
  std::vector<Real> numbers = keyed.encode();
  for (std::size_t cut = 1; cut < numbers.size(); ++cut)
    EXPECT_THROW(MarkovChains::decode(std::span(numbers).first(cut)), DataError) << cut;
  for (const double bad : {-1.0, 0.5, 65536.0, std::nan("")}) {
    std::vector<Real> damaged = numbers;
    damaged[9] = static_cast<Real>(bad);
    EXPECT_THROW(MarkovChains::decode(damaged), DataError);
  }
  numbers.push_back(0);
  EXPECT_THROW(MarkovChains::decode(numbers), DataError);
}

}  // namespace
}  // namespace ebm
