// Messages along pairs against enumeration: exact on trees, consistent everywhere else.

#include <gtest/gtest.h>

#include <cstdlib>

#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"
#include "ebm/graph/structured_factors.hpp"
#include "ebm/inference/message_passing.hpp"
#include "support/discrete_graphs.hpp"
#include "support/training.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using infer::Loopy;
using Task = Question::Task;
using Schedule = Loopy::Schedule;

constexpr double kTight = 1e-9;

int rounds(int few) { return std::getenv("EBM_LONG") ? 1000 : few; }

const Solution exactly(const DiscreteGraph& g, const Question& q) {
  return discrete_engine("exhaustive").solve(g, q);
}

// A forest of pairs and larger factors, label counts of 1 to `most`.
RandomGraph random_forest(Rng& rng, int most) {
  RandomGraph g;
  double joint = 1;
  const auto variable = [&] {
    const int k = std::min(1 + rng.below(most), std::max(1, static_cast<int>(20000 / joint)));
    joint *= k;
    g.counts.push_back(k);
    return static_cast<int>(g.counts.size()) - 1;
  };
  variable();
  for (int f = 0; f < 5; ++f) {
    std::vector<int> scope;
    if (rng.chance(0.85)) scope.push_back(rng.below(static_cast<int>(g.counts.size())));
    for (int more = scope.empty() ? 2 : 1 + (rng.below(4) == 0); more > 0; --more)
      scope.push_back(variable());
    rng.shuffle(std::span<int>(scope));
    g.scopes.push_back(scope);
  }
  for (int v = 0; v < static_cast<int>(g.counts.size()); ++v)
    if (rng.below(3) > 0) g.scopes.push_back({v});
  return g;
}

// Factors of a RandomGraph, pairs of equal label counts now and then by their difference.
DiscreteGraph graph_of(const RandomGraph& shape, double scale, double forbidden, Rng& rng) {
  DiscreteGraph g;
  for (const int k : shape.counts) g.add_variables(1, Labels(k));
  for (const auto& scope : shape.scopes) {
    const auto count = [&](std::size_t a) { return shape.counts[static_cast<std::size_t>(scope[a])]; };
    if (scope.size() != 2 || count(0) != count(1) || rng.chance(0.2)) {
      g.add(scope, random_row(entries_of(shape, scope), scale, forbidden, rng));
      continue;
    }
    const double w = scale * rng.uniform(), limit = rng.chance(0.5) ? 1e9 : 1 + 4 * rng.uniform();
    const int power = rng.below(3);
    std::vector<double> row;
    for (int a = 0; a < count(0); ++a)
      for (int b = 0; b < count(0); ++b)
        row.push_back(0.3 + w * std::min(std::pow(std::abs(a - b), power) * (a != b), limit));
    g.add_each(row, {2, scope}, {rng.uniform(-0.5, 2)});
  }
  g.add_constant(rng.normal());
  return g;
}

TEST(Loopy_OnATree_IsExact, MinimaFreeEnergiesAndMarginals) {
  Rng rng(301);
  int forbidden = 0;
  for (int round = 0; round < rounds(200); ++round) {
    SCOPED_TRACE(round);
    const double scale = round % 7 == 0 ? 300 : 1;
    const DiscreteGraph g =
        graph_of(random_forest(rng, round % 3 ? 5 : 20), scale, round % 4 == 0 ? 0.2 : 0, rng);
    const Solution low = Loopy{}.solve(g, {}), oracle = exactly(g, {});
    EXPECT_EQ(low.report.exactness, Exactness::exact);
    if (oracle.energy == kInf) {
      ++forbidden;
      EXPECT_EQ(low.energy, kInf);
    } else {
      EXPECT_NEAR(low.energy, oracle.energy, kTight * (1 + std::abs(oracle.energy)));
      EXPECT_EQ(low.bound, low.energy);
    }
    const Question sums{Task::marginals, rng.uniform(0.1, 3)};
    const Solution a = Loopy{}.solve(g, sums), b = exactly(g, sums);
    EXPECT_EQ(a.report.exactness, Exactness::exact);
    if (b.free_energy == kInf) {
      EXPECT_EQ(a.free_energy, kInf);
      continue;
    }
    EXPECT_NEAR(a.free_energy, b.free_energy, kTight * (1 + std::abs(b.free_energy)));
    ASSERT_EQ(a.marginals.size(), b.marginals.size());
    for (std::size_t k = 0; k < a.marginals.size(); ++k) ASSERT_NEAR(a.marginals[k], b.marginals[k], kTight);
  }
  EXPECT_GT(forbidden, 2);
}

TEST(Loopy_OnGraphsWithCycles_HasTheEnergyOfItsLabels, AndSaysWhatItIsWorth) {
  Rng rng(303);
  int best = 0, known = 0, minima = 0;
  for (int round = 0; round < rounds(200); ++round) {
    const RandomGraph shape = random_graph(rng);
    const DiscreteGraph g = graph_of(shape, 1, round % 4 == 0 ? 0.15 : 0, rng);
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    const Solution oracle = exactly(g, {});
    for (const Schedule schedule : {Schedule::synchronous, Schedule::sequential, Schedule::residual}) {
      const Solution s = Loopy{.schedule = schedule, .damping = 0.3}.solve(g, {});
      EXPECT_LE(s.bound, s.energy);
      EXPECT_TRUE(s.bound == -kInf || s.bound == s.energy);
      if (s.labels.empty()) {
        EXPECT_EQ(s.energy, kInf);
        if (s.report.exactness == Exactness::exact) {
          EXPECT_EQ(oracle.energy, kInf);
        }
        continue;
      }
      EXPECT_NEAR(s.energy, g.energy(s.labels), kTight);
      EXPECT_GE(s.energy, oracle.energy - kTight);
      ++minima;
      best += s.energy <= oracle.energy + kTight;
      if (s.report.exactness == Exactness::exact) {
        EXPECT_NEAR(s.energy, oracle.energy, kTight);
        ++known;
      }
      EXPECT_EQ(s.report.converged, s.report.residual <= 1e-6);
    }
  }
  EXPECT_GT(best, 0.9 * minima);
  EXPECT_GT(known, 20);
}

TEST(Loopy_WhenItHasConverged_HasOneFreeEnergyForEverySchedule, NearTheExactOneOnWeakPairs) {
  Rng rng(304);
  int compared = 0, loops = 0;
  for (int round = 0; round < rounds(150); ++round) {
    const RandomGraph shape = random_graph(rng);
    DiscreteGraph g;
    for (const int k : shape.counts) g.add_variables(1, Labels(k));
    for (const auto& scope : shape.scopes)
      g.add(scope, random_row(entries_of(shape, scope), scope.size() == 1 ? 1 : 0.15, 0, rng));
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    const Question q{Task::marginals, 1};
    const Solution oracle = exactly(g, q);
    std::vector<Solution> all;
    for (const Schedule schedule : {Schedule::synchronous, Schedule::sequential, Schedule::residual})
      for (const double damping : {0.0, 0.4})
        all.push_back(Loopy{.schedule = schedule, .damping = damping, .tolerance = 1e-10}.solve(g, q));
    for (const Solution& s : all) {
      EXPECT_TRUE(s.report.converged);
      EXPECT_NEAR(s.free_energy, all[0].free_energy, 1e-8);
      EXPECT_NEAR(s.free_energy, oracle.free_energy, 0.03);
      for (std::size_t k = 0; k < s.marginals.size(); ++k) {
        ASSERT_NEAR(s.marginals[k], all[0].marginals[k], 1e-7);
        ASSERT_NEAR(s.marginals[k], oracle.marginals[k], 0.03);
      }
      ++compared;
      loops += s.report.exactness == Exactness::approximate;
    }
  }
  EXPECT_GT(loops, compared / 4);
}

// The slope of Bethe's free energy in an energy is the marginal, where messages have converged.
TEST(Loopy_MarginalsOfFactors_AreSlopesOfItsFreeEnergy, OnLoopsToo) {
  Rng rng(305);
  for (int round = 0; round < 20; ++round) {
    const RandomGraph shape = random_graph(rng);
    std::vector<Tensor> tables = random_tables(shape, 0.4, 0, rng);
    Params W;
    const auto energy = [&](std::vector<Real>* weights) {
      OneGraph one(W, [&](FactorGraph& g) { declare(g, shape, tables, {}); });
      Answer a;
      Loopy{.damping = 0.2, .iterations = 2000, .tolerance = 1e-12}.answer(one.batch, {.beta = 0.7}, a);
      if (weights) *weights = a.weights;
      return a.energy[0];
    };
    std::vector<Real> weights;
    energy(&weights);
    std::size_t at = 0;
    for (Tensor& t : tables)
      for (std::size_t e = 0; e < t.size(); ++e, ++at) {
        if (rng.below(4)) continue;
        const Real old = t[e];
        const double step = sizeof(Real) == 8 ? 1e-4 : 1e-2;
        t[e] = old + static_cast<Real>(step);
        const double high = t[e], up = energy(nullptr);
        t[e] = old - static_cast<Real>(step);
        const double slope = (up - energy(nullptr)) / (high - t[e]);
        t[e] = old;
        ASSERT_NEAR(weights[at], slope, sizeof(Real) == 8 ? 1e-7 : 1e-4) << shape.kind;
      }
  }
}

TEST(Loopy_OfABatchOfTrees_EqualsExhaustive, OverAllAndTheTruth) {
  Rng rng(306);
  for (int round = 0; round < 40; ++round) {
    std::vector<RandomGraph> shapes;
    std::vector<std::vector<Tensor>> tables;
    std::vector<std::vector<LabelSet>> truth;
    for (int i = 0; i < 4; ++i) {
      shapes.push_back(random_forest(rng, 3));
      tables.push_back(random_tables(shapes.back(), 1, round % 2 ? 0.1 : 0, rng));
      truth.emplace_back();
      for (const int k : shapes.back().counts)
        truth.back().push_back(rng.chance(0.5) ? LabelSet() : LabelSet(rng.below(k)));
    }
    Params W;
    const Model<int> model(W, [&](FactorGraph& g, const int& i) {
      const auto k = static_cast<std::size_t>(i);
      declare(g, shapes[k], tables[k], truth[k]);
    });
    const std::vector<int> index{0, 1, 2, 3};
    const Prepared ready = model.prepare(std::span<const int>(index));
    Batch batch = ready.batch();
    const Rescaling margin{.hamming = 0.7};
    for (const Over over : {Over::all, Over::truth})
      for (const double beta : {kInf, 0.8}) {
        const Query q{
            .over = over, .beta = beta, .answers = true, .rescaling = round % 3 == 2 ? &margin : nullptr};
        Answer a, b;
        Loopy{}.answer(batch, q, a);
        infer::Exhaustive{}.answer(batch, q, b);
        EXPECT_EQ(a.report.exactness, Exactness::exact);
        for (std::size_t i = 0; i < 4; ++i) {
          if (b.energy[i] == kInf)
            EXPECT_EQ(a.energy[i], kInf);
          else
            EXPECT_NEAR(a.energy[i], b.energy[i], kTight * 10);
        }
        ASSERT_EQ(a.weights.size(), b.weights.size());
        for (std::size_t k = 0; k < a.weights.size(); ++k)
          ASSERT_NEAR(a.weights[k], b.weights[k], sizeof(Real) == 8 ? kTight : 1e-5) << k;
      }
    Answer a;
    EXPECT_THROW(Loopy{}.answer(batch, {.over = Over::others}, a), GraphError);
  }
}

TEST(Loopy_ForAnyNumberOfThreads_GivesTheSameBits, AndForSamplesAloneOrTogether) {
  Rng rng(307);
  DiscreteGraph g;
  const Variables y = g.add_variables(60 * 50, Labels(5));
  g.add_each(random_row(3000 * 5, 1, 0, rng), y.each());
  std::vector<double> potts;
  for (int k = 0; k < 25; ++k) potts.push_back(k % 6 ? 0.5 : 0);
  g.add_each(potts, y.grid_pairs(60, 50));
  const int before = threads();
  for (const Schedule schedule : {Schedule::synchronous, Schedule::sequential}) {
    const Loopy engine{.schedule = schedule, .damping = 0.1, .iterations = 30};
    std::vector<Solution> low, sums;
    for (const int count : {1, 2, 3}) {
      set_threads(count);
      low.push_back(engine.solve(g, {}));
      sums.push_back(engine.solve(g, {Task::marginals, 1}));
    }
    for (std::size_t i = 1; i < low.size(); ++i) {
      EXPECT_EQ(low[i].labels, low[0].labels);
      EXPECT_EQ(low[i].energy, low[0].energy);
      EXPECT_EQ(low[i].report.residual, low[0].report.residual);
      EXPECT_EQ(sums[i].free_energy, sums[0].free_energy);
      EXPECT_EQ(sums[i].marginals, sums[0].marginals);
    }
  }
  set_threads(before);
}

// Sweeps that nobody looks at go over memory together; looked at, each goes alone.
TEST(Loopy_SynchronousSweepsTogether_GiveTheBitsOfSweepsAlone, ForAnyNumberOfThem) {
  Rng rng(310);
  DiscreteGraph g;
  const Variables y = g.add_variables(90 * 20, Labels(5));
  g.add_each(random_row(1800 * 5, 1, 0, rng), y.each());
  g.add_each(random_row(25, 0.5, 0, rng), y.grid_pairs(90, 20));
  const int before = threads();
  for (const int count : {1, 2})
    for (const int sweeps : {1, 2, 4, 5, 6, 9, 14}) {
      set_threads(count);
      Loopy engine{.schedule = Schedule::synchronous, .iterations = sweeps, .tolerance = -1, .polish = false};
      std::vector<Solution> low, sums;
      for (const int look : {1, 0, 3}) {
        engine.look = look;
        low.push_back(engine.solve(g, {}));
        sums.push_back(engine.solve(g, {Task::marginals, 1}));
        EXPECT_EQ(low.back().report.iterations, sweeps);
        EXPECT_EQ(low.back().report.residual, low[0].report.residual);
        EXPECT_EQ(sums.back().report.residual, sums[0].report.residual);
        EXPECT_EQ(sums.back().free_energy, sums[0].free_energy);
        EXPECT_EQ(sums.back().marginals, sums[0].marginals);
      }
      // Without a look there is one answer, the last; with them the best one is kept.
      EXPECT_LE(low[0].energy, low[1].energy);
    }
  set_threads(before);
}

TEST(Loopy_WhereSynchronousMessagesOscillate, ConvergesWithDamping) {
  // Two labels that want to differ around a frustrated cycle of strong pairs.
  DiscreteGraph g;
  g.add_variables(4, Labels(2));
  for (int v = 0; v < 4; ++v) g.add(std::vector<int>{v}, std::vector<double>{0.1 * v, 0.05});
  for (int a = 0; a < 4; ++a)
    for (int b = a + 1; b < 4; ++b) g.add(std::vector<int>{a, b}, std::vector<double>{2, 0, 0, 2});
  const Question q{Task::free_energy, 1};
  const Solution wild = Loopy{.schedule = Schedule::synchronous}.solve(g, q),
                 damped = Loopy{.schedule = Schedule::synchronous, .damping = 0.5}.solve(g, q);
  EXPECT_FALSE(wild.report.converged);
  EXPECT_GT(wild.report.residual, 0.1);
  EXPECT_EQ(wild.report.iterations, 200);
  EXPECT_TRUE(damped.report.converged);
  EXPECT_LE(damped.report.residual, 1e-6);
}

TEST(Loopy_WithCountsAndAgreements, GivesLabelsOfTheirEnergy) {
  Rng rng(308);
  for (int round = 0; round < 60; ++round) {
    DiscreteGraph g;
    g.add_variables(4, Labels(2));
    g.add_variables(3, Labels(3));
    for (int v = 0; v < 7; ++v) g.add(std::vector<int>{v}, random_row(v < 4 ? 2 : 3, 1, 0, rng));
    g.add_each(random_row(4, 1, 0.1, rng), {4, {0, 2, 1, 3}}, {}, Index::count);
    g.add_each(random_row(4, 1, 0.1, rng), {3, {4, 5, 6}}, {}, Index::agreement);
    if (round % 2) g.add(std::vector<int>{1, 4}, random_row(6, 1, 0, rng));
    const Solution s = Loopy{}.solve(g, {}), oracle = exactly(g, {});
    EXPECT_NEAR(s.energy, oracle.energy, kTight);  // no cycle
    EXPECT_EQ(s.report.exactness, Exactness::exact);
    const Question q{Task::marginals, 0.7};
    const Solution a = Loopy{}.solve(g, q), b = exactly(g, q);
    EXPECT_NEAR(a.free_energy, b.free_energy, kTight);
    ASSERT_EQ(a.marginals.size(), b.marginals.size());
    for (std::size_t k = 0; k < a.marginals.size(); ++k) ASSERT_NEAR(a.marginals[k], b.marginals[k], kTight);
    g.add(std::vector<int>{0, 3}, random_row(4, 1, 0, rng));  // a cycle
    const Solution loop = Loopy{}.solve(g, {});
    EXPECT_NEAR(loop.energy, g.energy(loop.labels), kTight);
    EXPECT_GE(loop.energy, exactly(g, {}).energy - kTight);
  }
}

TEST(Loopy_OfATableWithANaN, IsNaN) {
  Params W;
  const Tensor table({2, 2}, {1, std::numeric_limits<Real>::quiet_NaN(), 6, 3});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto y = g.outputs("y", 3, Labels(2));
    g.add_each(factor::constant(table), Scopes{2, {0, 1, 1, 2, 2, y.first}});
  });
  for (const double beta : {kInf, 1.0}) {
    Answer a;
    Loopy{}.answer(one.batch, {.beta = beta, .answers = true}, a);
    EXPECT_TRUE(std::isnan(a.energy[0]));
    EXPECT_FALSE(a.report.converged);
  }
}

TEST(Loopy_OnAVariableTwiceInOneScope, ReadsTheDiagonal) {
  Params W;
  const Tensor table({2, 2}, {1, 50, 60, 3});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto y = g.outputs("y", 3, Labels(2));
    g.add_each(factor::constant(table), Scopes{2, {y.first, y.first, 1, 2}});
  });
  for (const double beta : {kInf, 1.0}) {
    Answer a, b;
    Loopy{}.answer(one.batch, {.beta = beta}, a);
    infer::Exhaustive{}.answer(one.batch, {.beta = beta}, b);
    EXPECT_NEAR(a.energy[0], b.energy[0], kTight * 100);
    for (std::size_t k = 0; k < a.weights.size(); ++k) EXPECT_NEAR(a.weights[k], b.weights[k], 1e-6);
  }
}

TEST(Loopy_WithLimits_StopsAndKeepsWhatItHas, AndItsStart) {
  Rng rng(309);
  DiscreteGraph g;
  const Variables y = g.add_variables(100, Labels(3));
  g.add_each(random_row(300, 1, 0, rng), y.each());
  g.add_each(random_row(9, 2, 0, rng), y.grid_pairs(10, 10));
  const Loopy engine{.tolerance = 0, .look = 1};
  EXPECT_EQ(engine.solve(g, {.iterations = 7}).report.iterations, 7);
  const Solution timed = engine.solve(g, {.seconds = 0});
  EXPECT_EQ(timed.report.iterations, 1);
  EXPECT_EQ(timed.report.why, Why::time_limit);
  EXPECT_EQ(timed.labels.size(), 100u);
  int told = 0;
  const Solution stopped = engine.solve(g, {.progress = [&](const Progress& p) {
                                          EXPECT_EQ(p.engine, "loopy");
                                          return ++told < 1;
                                        }});
  EXPECT_EQ(told, 1);
  EXPECT_EQ(stopped.report.iterations, 1);
  const Solution best = discrete_engine("junction-tree").solve(g, {});
  EXPECT_LE(engine.solve(g, {.iterations = 1, .start = best.labels}).energy, best.energy + kTight);
}

TEST(Loopy_WithOptionsOutOfRange_IsRefused, InASentence) {
  DiscreteGraph g;
  EXPECT_THROW((void)Loopy{.damping = 1}.solve(g, {}), GraphError);
  EXPECT_THROW((void)Loopy{.iterations = 0}.solve(g, {}), GraphError);
  EXPECT_EQ(Loopy{}.solve(g, {}).energy, 0);
  g.add_constant(1.5);
  EXPECT_EQ(Loopy{}.solve(g, {Task::free_energy}).free_energy, 1.5);
}

}  // namespace
}  // namespace ebm
