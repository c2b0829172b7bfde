// Conditional modes, simulated annealing and annealed importance against enumeration.

#include "ebm/inference/local_search.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "ebm/core/pool.hpp"
#include "inference/sampling_test.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using Task = Question::Task;
using infer::ConditionalModes;
using infer::SimulatedAnnealing;

int rounds(int usual) { return std::getenv("EBM_LONG") ? 1000 : usual; }

// The lowest energy one change of a label away.
double neighbour(const DiscreteGraph& g, std::vector<int> y) {
  double low = kInf;
  for (std::size_t v = 0; v < y.size(); ++v) {
    const int stays = y[v];
    for (y[v] = 0; y[v] < g.labels()[v]; ++y[v]) low = std::min(low, g.energy(y));
    y[v] = stays;
  }
  return low;
}

DiscreteGraph random(int round, double forbidden) {
  Rng rng(static_cast<std::uint64_t>(round), 23);
  DiscreteGraph g = discrete_graph(random_graph(rng), 1, forbidden, rng);
  if (round % 5 == 0 && g.variables() >= 4) {  // counts and agreements
    DiscreteGraph more;
    more.add_variables(6, Labels(2));
    std::vector<double> single;
    for (int k = 0; k < 12; ++k) single.push_back(rng.normal());
    more.add_each(single, Scopes{1, {0, 1, 2, 3, 4, 5}});
    more.add_each(random_row(5, 2, forbidden, rng), Scopes{4, {0, 1, 2, 3, 5, 4, 1, 2}}, {}, Index::count);
    more.add_each(random_row(3, 2, 0, rng), Scopes{3, {1, 3, 5}}, {}, Index::agreement);
    return more;
  }
  return g;
}

TEST(ConditionalModes, OfAnyGraph_EndWhereNoVariableIsBetterMoved) {
  for (int round = 0; round < rounds(200); ++round) {
    const DiscreteGraph g = random(round, round % 3 == 0 ? 0.1 : 0);
    const Solution exact = discrete_engine("exhaustive").solve(g, {});
    for (const bool blocks : {false, true}) {
      const Solution s = ConditionalModes{.blocks = blocks}.solve(g, {});
      EXPECT_EQ(s.report.exactness, Exactness::approximate);
      EXPECT_EQ(s.report.used, Method::conditional_modes);
      EXPECT_EQ(s.bound, -kInf);
      if (!(s.energy < kInf)) continue;
      EXPECT_TRUE(s.report.converged);
      EXPECT_EQ(s.energy, g.energy(s.labels));
      EXPECT_GE(s.energy, exact.energy - 1e-9);
      EXPECT_GE(neighbour(g, s.labels), s.energy - 1e-9);
    }
  }
}

TEST(ConditionalModes, OfTrees_AreNeverHigherThanOfVariables_FromOneStart) {
  int lower = 0;
  for (int round = 0; round < rounds(200); ++round) {
    const DiscreteGraph g = random(round, 0);
    Rng rng(static_cast<std::uint64_t>(round));
    Question q;
    for (const int k : g.labels()) q.start.push_back(rng.below(k));
    const Solution single = discrete_engine("icm").solve(g, q),
                   blocks = discrete_engine("block-icm").solve(g, q);
    EXPECT_LE(single.energy, g.energy(q.start) + 1e-9);
    EXPECT_LE(blocks.energy, single.energy);
    lower += blocks.energy < single.energy - 1e-9;
  }
  EXPECT_GT(lower, 10);
}

TEST(ConditionalModes, OfATree_AreItsMinimum_InBlocks) {
  for (int round = 0; round < rounds(150); ++round) {
    Rng rng(static_cast<std::uint64_t>(round), 29);
    RandomGraph shape = random_graph(rng);
    while (shape.kind != "tree") shape = random_graph(rng);
    const DiscreteGraph g = discrete_graph(shape, 1, 0, rng);
    EXPECT_NEAR(ConditionalModes{.blocks = true}.solve(g, {}).energy,
                discrete_engine("exhaustive").solve(g, {}).energy, 1e-9);
  }
}

TEST(ConditionalModes, Restarted_AreNeverHigher_AndTheSameForAnyThreads) {
  for (int round = 0; round < rounds(60); ++round) {
    const DiscreteGraph g = random(round, 0);
    const auto run = [&](int threads) {
      set_threads(threads);
      const Solution s = ConditionalModes{.restarts = 10}.solve(g, {.seed = 3});
      set_threads(0);
      return s.labels;
    };
    EXPECT_EQ(run(1), run(2));
    EXPECT_LE(g.energy(run(2)), ConditionalModes{}.solve(g, {}).energy);
  }
}

TEST(SimulatedAnnealing, OfSmallGraphs_FindsTheMinimum) {
  int missed = 0, checked = 0;
  for (int round = 0; round < rounds(150); ++round) {
    const DiscreteGraph g = random(round, round % 3 == 0 ? 0.1 : 0);
    const Solution exact = discrete_engine("exhaustive").solve(g, {});
    const Solution s = SimulatedAnnealing{.sweeps = 150, .runs = 3}.solve(g, {.seed = 7});
    EXPECT_EQ(s.report.used, Method::simulated_annealing);
    if (!(exact.energy < kInf)) {
      EXPECT_EQ(s.energy, kInf);
      continue;
    }
    ++checked;
    EXPECT_GE(s.energy, exact.energy - 1e-9);
    missed += s.energy > exact.energy + 1e-9;
  }
  EXPECT_GT(checked, rounds(150) * 3 / 5);
  EXPECT_LE(missed, checked / 100);
}

TEST(LocalSearch, HeedsLimits) {
  DiscreteGraph g;
  Rng rng(2);
  const Variables y = g.add_variables(40 * 40, Labels(4));
  const Scopes pairs = y.grid_pairs(40, 40);
  std::vector<double> rows;
  for (std::size_t k = 0; k < pairs.variables.size() / 2 * 16; ++k) rows.push_back(rng.normal());
  g.add_each(rows, pairs);
  for (const char* name : {"icm", "block-icm", "annealing"}) {
    const Solution s = discrete_engine(name).solve(g, {.seconds = 0});
    EXPECT_EQ(s.report.why, Why::time_limit) << name;
    EXPECT_FALSE(s.report.converged) << name;
    EXPECT_EQ(s.labels.size(), g.labels().size());
  }
  int told = 0;
  double low = kInf;
  Question q;
  q.progress = [&](const Progress& p) {
    EXPECT_LT(p.energy, low);
    low = p.energy;
    return ++told < 5;
  };
  const Solution s = SimulatedAnnealing{}.solve(g, q);
  EXPECT_EQ(told, 5);
  EXPECT_EQ(s.report.why, Why::time_limit);
  EXPECT_NEAR(s.energy, low, 1e-6);
  // Annealing comes lower than trees, and trees lower than variables.
  const double single = discrete_engine("icm").solve(g, {}).energy,
               blocks = discrete_engine("block-icm").solve(g, {}).energy,
               annealed = SimulatedAnnealing{.sweeps = 200}.solve(g, {}).energy;
  EXPECT_LT(blocks, single);
  EXPECT_LT(annealed, blocks);
}

TEST(LocalSearch, OverABatch_AnswersWhatItAnswersOfTheGraph) {
  for (int round = 0; round < rounds(100); ++round) {
    Rng rng(static_cast<std::uint64_t>(round), 31);
    const RandomGraph shape = random_graph(rng);
    const std::vector<Tensor> tables = random_tables(shape, 1, 0, rng);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) {
      std::vector<LabelSet> truth(shape.counts.size());
      truth[0] = LabelSet(0);
      declare(g, shape, tables, truth);
    });
    DiscreteGraph g;
    for (const int k : shape.counts) g.add_variables(1, Labels(k));
    for (std::size_t f = 0; f < tables.size(); ++f)
      g.add(shape.scopes[f], std::vector<double>(tables[f].data(), tables[f].data() + tables[f].size()));
    Answer low, truth, exact;
    infer::Exhaustive{}.answer(one.batch, {}, exact);
    const auto check = [&](const auto& engine, double slack) {
      engine.answer(one.batch, {.answers = true}, low);
      EXPECT_GE(low.energy[0], exact.energy[0] - 1e-5);
      EXPECT_LE(low.energy[0], exact.energy[0] + slack);
      EXPECT_NEAR(low.energy[0], g.energy(low.labels), 1e-4);
      double sum = 0;
      for (const Real w : low.weights) sum += w;
      EXPECT_NEAR(sum, static_cast<double>(tables.size()), 1e-9);
      engine.answer(one.batch, {.over = Over::truth, .answers = true}, truth);
      EXPECT_EQ(truth.labels[0], 0);
      EXPECT_GE(truth.energy[0], exact.energy[0] - 1e-5);
      // A margin that is large enough drives the first variable away from its truth.
      const Rescaling margin{.hamming = 100};
      engine.answer(one.batch, {.answers = true, .rescaling = &margin}, low);
      if (shape.counts[0] > 1) {
        EXPECT_NE(low.labels[0], 0);
      }
    };
    check(ConditionalModes{}, kInf);
    check(ConditionalModes{.blocks = true, .restarts = 3}, kInf);
    check(SimulatedAnnealing{.sweeps = 100, .runs = 3}, 0.5);
  }
}

TEST(LocalSearch, BadUse_IsRefusedByName) {
  const auto has = [](const std::string& text, const char* what) {
    EXPECT_NE(text.find(what), std::string::npos) << text << " / " << what;
  };
  const DiscreteGraph g = random(1, 0);
  const auto solve = [&](const char* name, const Question& q) {
    return refusal([&] { discrete_engine(name).solve(g, q); });
  };
  has(solve("icm", {.task = Task::marginals}), "[icm] finds minima");
  has(solve("block-icm", {.start = {0}}), "[block-icm] the labels to start from");
  has(solve("importance", {}), "[importance] gives free energies");
  has(refusal([&] { ConditionalModes{.restarts = -1}.solve(g, {}); }), "restarts >= 0");
  has(refusal([&] { SimulatedAnnealing{.runs = 0}.solve(g, {}); }), "[annealing] needs temperatures");
  // Without variables, and with everything forbidden.
  DiscreteGraph empty;
  empty.add_constant(2.5);
  DiscreteGraph none;
  none.add_variables(2, Labels(2));
  none.add(std::vector<int>{0, 1}, std::vector<double>(4, kInf));
  for (const char* name : {"icm", "block-icm", "annealing"}) {
    EXPECT_EQ(discrete_engine(name).solve(empty, {}).energy, 2.5);
    EXPECT_EQ(discrete_engine(name).solve(none, {}).energy, kInf);
  }
  // A NaN is the answer.
  Params W;
  OneGraph broken(W, [](FactorGraph& graph) {
    Tensor row(Shape{3});
    row[2] = static_cast<Real>(std::nan(""));
    graph.add(factor::constant(std::move(row)), graph.output("y", Labels(3)));
  });
  Answer a;
  for (const AnyEngine& engine : {AnyEngine(ConditionalModes{}), AnyEngine(ConditionalModes{.blocks = true}),
                                  AnyEngine(SimulatedAnnealing{})}) {
    engine.answer(broken.batch, {}, a);
    EXPECT_TRUE(std::isnan(a.energy[0]));
  }
}

TEST(Importance, OfAnyGraph_IsWithinItsErrorOfTheFreeEnergy) {
  double squares = 0;
  int checked = 0;
  for (int round = 0; round < rounds(100); ++round) {
    const DiscreteGraph g = random(round, round % 4 == 0 ? 0.1 : 0);
    const Question q{.task = Task::free_energy, .beta = 0.8, .seed = 5};
    const Solution exact = discrete_engine("exhaustive").solve(g, q),
                   s = discrete_engine("importance").solve(g, q);
    EXPECT_EQ(s.report.exactness, Exactness::sampled);
    if (!(exact.free_energy < kInf)) {
      EXPECT_EQ(s.free_energy, kInf);
      continue;
    }
    if (!(s.free_energy < kInf)) continue;  // all particles began forbidden
    const double z = (s.free_energy - exact.free_energy) / (s.error + 1e-9);
    EXPECT_LT(std::abs(z), 4) << round;
    squares += z * z;
    ++checked;
    const Solution m =
        discrete_engine("importance").solve(g, {.task = Task::marginals, .beta = 0.8, .seed = 5});
    const Solution p = discrete_engine("exhaustive").solve(g, {.task = Task::marginals, .beta = 0.8});
    for (std::size_t k = 0; k < p.marginals.size(); ++k)
      EXPECT_NEAR(m.marginals[k], p.marginals[k], 3.0 / std::sqrt(m.effective_samples));
  }
  EXPECT_GT(checked, rounds(100) * 3 / 5);
  EXPECT_LT(squares / checked, 2);
  EXPECT_GT(squares / checked, 0.3);  // errors are no larger than they need be
}

}  // namespace
}  // namespace ebm
