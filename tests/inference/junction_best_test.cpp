// The n best answers and draws of junction trees, against enumeration.

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>

#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"
#include "ebm/inference/discrete.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using Task = Question::Task;

int rounds() { return std::getenv("EBM_LONG") ? 1000 : 150; }

// Energies of all answers that are not forbidden, in order.
std::vector<double> sorted_energies(const DiscreteGraph& g) {
  std::vector<double> out;
  const std::vector<int> counts(g.labels().begin(), g.labels().end());
  each_labelling(counts, [&](const std::vector<int>& y) {
    if (const double e = g.energy(y); e < kInf) out.push_back(e);
  });
  std::ranges::sort(out);
  return out;
}

void expect_the_lowest(const DiscreteGraph& g, const Solution& s, int n) {
  const std::vector<double> expected = sorted_energies(g);
  ASSERT_EQ(s.best.size(), std::min(expected.size(), static_cast<std::size_t>(n)));
  std::set<std::vector<int>> distinct;
  for (std::size_t i = 0; i < s.best.size(); ++i) {
    ASSERT_EQ(s.best[i].size(), g.labels().size());
    EXPECT_NEAR(g.energy(s.best[i]), expected[i], 1e-9 * (1 + std::abs(expected[i]))) << i;
    EXPECT_TRUE(distinct.insert(s.best[i]).second) << i;
    EXPECT_TRUE(i == 0 || g.energy(s.best[i - 1]) <= g.energy(s.best[i]));
  }
  if (!s.best.empty()) {
    EXPECT_EQ(s.labels, s.best.front());
    EXPECT_EQ(s.energy, g.energy(s.best.front()));
  }
}

TEST(NBest_OfRandomGraphs, AreThoseOfEnumeration) {
  Rng rng(81);
  for (int round = 0; round < rounds(); ++round) {
    const RandomGraph shape = random_graph(rng);
    DiscreteGraph g = discrete_graph(shape, round % 5 == 0 ? 100 : 1, round % 3 == 0 ? 0.3 : 0, rng);
    if (round % 4 == 1) {  // ties: whole energies
      DiscreteGraph whole;
      for (const int k : shape.counts) whole.add_variables(1, Labels(k));
      for (const auto& scope : shape.scopes) {
        auto row = random_row(entries_of(shape, scope), 1, 0.1, rng);
        for (double& e : row) e = std::round(e);
        whole.add(scope, row);
      }
      g = std::move(whole);
    }
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    for (const int n : {2, 7, 5000})
      for (const char* engine : {"junction-tree", "exhaustive"}) {
        if (n == 5000 && round % 10 != 0) continue;
        SCOPED_TRACE(engine);
        expect_the_lowest(g, discrete_engine(engine).solve(g, {.best = n}), n);
      }
  }
}

TEST(NBest_WithCountsAndAgreements, AreDistinctInTheVariablesOfTheGraph) {
  Rng rng(82);
  for (int round = 0; round < rounds() / 3; ++round) {
    DiscreteGraph g;
    const Variables y = g.add_variables(7, Labels(2));
    g.add_each(random_row(14, 1, 0, rng), y.each());
    g.add_each(random_row(5, 1, 0.1, rng), Scopes{4, {0, 1, 2, 3}}, {}, Index::count);
    g.add_each(random_row(3, 1, 0, rng), Scopes{5, {2, 3, 4, 5, 6}}, {}, Index::agreement);
    for (const int n : {5, 40, 200}) {
      expect_the_lowest(g, discrete_engine("junction-tree").solve(g, {.best = n}), n);
      expect_the_lowest(g, discrete_engine("exhaustive").solve(g, {.best = n}), n);
    }
  }
}

DiscreteGraph chain_of(int variables, int labels, Rng& rng) {
  DiscreteGraph g;
  const Variables y = g.add_variables(variables, Labels(labels));
  g.add_each(random_row(static_cast<std::size_t>(variables * labels), 1, 0, rng), y.each());
  std::vector<int> pairs;
  for (int v = 1; v < variables; ++v) pairs.insert(pairs.end(), {v - 1, v});
  g.add_each(random_row(static_cast<std::size_t>(labels * labels), 1, 0, rng), Scopes{2, pairs});
  return g;
}

// Deep as it is, nothing recurs. The second best differs from the best, and none comes twice.
TEST(NBest_OfAChainOfFiftyThousand, AreDistinctAndInOrder) {
  Rng rng(83);
  const DiscreteGraph g = chain_of(50000, 3, rng);
  const Solution s = discrete_engine("junction-tree").solve(g, {.best = 5});
  ASSERT_EQ(s.best.size(), 5u);
  for (std::size_t i = 1; i < s.best.size(); ++i) {
    EXPECT_NE(s.best[i - 1], s.best[i]);
    EXPECT_LE(g.energy(s.best[i - 1]), g.energy(s.best[i]));
  }
}

TEST(NBest_OfAStar, MakeFewSuccessorsOfEachAnswer) {
  constexpr int kLeaves = 20000;
  Rng rng(84);
  DiscreteGraph g;
  const Variables y = g.add_variables(kLeaves + 1, Labels(2));
  g.add_each(random_row(2 * (kLeaves + 1), 1, 0, rng), y.each());
  std::vector<int> pairs;
  for (int v = 1; v <= kLeaves; ++v) pairs.insert(pairs.end(), {0, v});
  g.add_each({0, 1, 1, 0}, Scopes{2, pairs});
  const Solution s = discrete_engine("junction-tree").solve(g, {.best = 50});
  EXPECT_EQ(std::set(s.best.begin(), s.best.end()).size(), 50u);
}

TEST(NBest_BeyondTheirMemory_AreRefused, BeforeItIsTaken) {
  Rng rng(85);
  const DiscreteGraph g = chain_of(300, 4, rng);
  EXPECT_THROW((void)discrete_engine("junction-tree").solve(g, {.memory = 0x1p20, .best = 1000000}),
               GraphError);
  EXPECT_THROW((void)discrete_engine("junction-tree").solve(g, {.best = 0}), GraphError);
}

// Ragged samples; over everything and over everything but the truth.
TEST(NBest_OfABatch, AreThoseOfEnumeration) {
  Rng rng(86);
  for (int round = 0; round < 30; ++round) {
    std::vector<RandomGraph> shapes;
    std::vector<std::vector<Tensor>> tables;
    std::vector<std::vector<LabelSet>> truths;
    for (int i = 0; i < 4; ++i) {
      shapes.push_back(random_graph(rng));
      tables.push_back(random_tables(shapes.back(), 1, round % 2 ? 0.2 : 0, rng));
      std::vector<LabelSet>& truth = truths.emplace_back();
      for (const int k : shapes.back().counts) truth.emplace_back(rng.below(k));
    }
    Params W;
    const Model<int> model(W, [&](FactorGraph& g, const int& i) {
      const auto at = static_cast<std::size_t>(i);
      declare(g, shapes[at], tables[at], truths[at]);
    });
    const std::vector<int> index{0, 1, 2, 3};
    const Prepared ready = model.prepare(std::span<const int>(index));
    Batch batch = ready.batch();
    for (const Over over : {Over::all, Over::others}) {
      const auto best = n_best(batch, 6, over);
      ASSERT_EQ(best.size(), shapes.size());
      for (std::size_t i = 0; i < shapes.size(); ++i) {
        std::vector<double> energies;
        each_labelling(shapes[i].counts, [&](const std::vector<int>& y) {
          bool inside = true;
          for (std::size_t v = 0; v < y.size(); ++v) inside &= truths[i][v].contains(y[v]);
          const double e = energy_at(batch, static_cast<int>(i), y);
          if (e < kInf && !(inside && over == Over::others)) energies.push_back(e);
        });
        std::ranges::sort(energies);
        ASSERT_EQ(best[i].size(), std::min<std::size_t>(energies.size(), 6)) << shapes[i].kind;
        std::set<std::vector<int>> distinct;
        for (std::size_t k = 0; k < best[i].size(); ++k) {
          EXPECT_NEAR(best[i][k].energy, energies[k], 1e-9 * (1 + std::abs(energies[k])));
          EXPECT_EQ(best[i][k].energy, energy_at(batch, static_cast<int>(i), best[i][k].labels));
          EXPECT_TRUE(distinct.insert(best[i][k].labels).second);
        }
      }
    }
  }
}

// Frequencies of all joint labels: Pearson's statistic is about the number of labels, and far below twice.
void expect_frequencies(const DiscreteGraph& g, std::span<const int> draws, double beta) {
  const std::size_t n = g.labels().size();
  std::map<std::vector<int>, double> seen;
  const double count = static_cast<double>(draws.size() / n);
  for (std::size_t i = 0; i * n < draws.size(); ++i)
    ++seen[{draws.begin() + static_cast<std::ptrdiff_t>(i * n),
            draws.begin() + static_cast<std::ptrdiff_t>((i + 1) * n)}];
  std::vector<double> energies;
  const std::vector<int> counts(g.labels().begin(), g.labels().end());
  each_labelling(counts, [&](const std::vector<int>& y) { energies.push_back(g.energy(y)); });
  const double f = joined(energies, beta);
  double statistic = 0, rest = 0, rest_seen = 0;
  int cells = 0;
  std::size_t at = 0;
  each_labelling(counts, [&](const std::vector<int>& y) {
    const double e = energies[at++], expected = e < kInf ? count * std::exp(beta * (f - e)) : 0;
    const double found = seen.contains(y) ? seen[y] : 0;
    EXPECT_TRUE(e < kInf || found == 0);
    if (expected < 5) {
      rest += expected, rest_seen += found;
    } else {
      statistic += (found - expected) * (found - expected) / expected, ++cells;
    }
  });
  if (rest >= 5) statistic += (rest_seen - rest) * (rest_seen - rest) / rest, ++cells;
  // Mean cells - 1, deviation sqrt(2 cells): five of these are one in ten thousand, of hundreds of graphs.
  EXPECT_LE(statistic, cells - 1 + 5.5 * std::sqrt(2.0 * cells) + 6);
}

TEST(Draws_OfRandomGraphs, HaveTheFrequenciesOfEnumeration) {
  Rng rng(87);
  for (int round = 0; round < rounds() / 3; ++round) {
    RandomGraph shape = random_graph(rng);
    for (int& k : shape.counts) k = std::min(k, 2);
    const DiscreteGraph g = discrete_graph(shape, round % 7 == 0 ? 400 : 1, round % 3 == 0 ? 0.2 : 0, rng);
    const double beta = rng.uniform(0.2, 1.5);
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    for (const char* engine : {"junction-tree", "exhaustive"}) {
      const Question q{.task = Task::samples, .beta = beta, .samples = 2000, .seed = 3};
      const Solution s = discrete_engine(engine).solve(g, q);
      if (s.free_energy == kInf) {
        EXPECT_TRUE(s.samples.empty());
        continue;
      }
      ASSERT_EQ(s.samples.size(), 2000 * shape.counts.size());
      expect_frequencies(g, s.samples, beta);
      EXPECT_EQ(s.report.exactness, Exactness::sampled);
    }
  }
}

TEST(Draws_OfOneSeed_AreTheSameForAnyNumberOfThreads, AndOthersOfAnother) {
  Rng rng(88);
  const DiscreteGraph g = chain_of(200, 4, rng);
  Question q{.task = Task::samples, .samples = 50, .seed = 3};
  const int before = threads();
  set_threads(1);
  const Solution one = discrete_engine("junction-tree").solve(g, q),
                 again = discrete_engine("junction-tree").solve(g, q);
  set_threads(2);
  const Solution two = discrete_engine("junction-tree").solve(g, q);
  set_threads(before);
  q.seed = 4;
  const Solution other = discrete_engine("junction-tree").solve(g, q);
  EXPECT_EQ(one.samples, again.samples);
  EXPECT_EQ(one.samples, two.samples);
  EXPECT_NE(one.samples, other.samples);
}

TEST(Draws_OfABatch, AreThoseOfEachSampleAndHaveItsMarginals) {
  Params W;
  const Tensor pair({2, 2}, {0, 1, 1.5, 0.25});
  const Model<int> model(W, [&](FactorGraph& g, const int& n) {
    const auto y = g.outputs("y", n, Labels(2));
    std::vector<int> scopes;
    for (int v = 1; v < n; ++v) scopes.insert(scopes.end(), {y.first + v - 1, y.first + v});
    g.add_each(factor::constant(pair), Scopes{2, scopes});
  });
  const std::vector<int> lengths{3, 5, 3};
  const Prepared ready = model.prepare(std::span<const int>(lengths));
  Batch batch = ready.batch();
  constexpr int kDraws = 20000;
  const Draws d = sample(batch, infer::JunctionTree{.seed = 5}, kDraws, {.beta = 0.7});
  ASSERT_EQ(d.labels.size(), kDraws * 11u);
  std::vector<double> mean(11, 0);
  for (std::size_t i = 0; i < d.labels.size(); ++i) mean[i % 11] += d.labels[i] / static_cast<double>(kDraws);
  std::size_t at = 0;
  for (const int n : lengths) {
    DiscreteGraph g;
    g.add_variables(n, Labels(2));
    for (int v = 1; v < n; ++v) g.add(std::vector<int>{v - 1, v}, std::vector<double>{0, 1, 1.5, 0.25});
    const Solution s = discrete_engine("exhaustive").solve(g, {Task::marginals, 0.7});
    for (int v = 0; v < n; ++v, ++at)
      EXPECT_NEAR(mean[at], s.marginals[static_cast<std::size_t>(2 * v + 1)], 0.02) << at;
  }
  // Samples of one structure draw with numbers of their own.
  bool differ = false;
  for (std::size_t i = 0; i < kDraws; ++i)
    for (std::size_t v = 0; v < 3; ++v) differ |= d.labels[i * 11 + v] != d.labels[i * 11 + 8 + v];
  EXPECT_TRUE(differ);
  EXPECT_THROW((void)sample(batch, infer::JunctionTree{}, 0), GraphError);
}

TEST(MarginalsOfFactors_WhenAskedFor, AreThoseOfEnumeration) {
  Rng rng(89);
  for (int round = 0; round < rounds(); ++round) {
    const RandomGraph shape = random_graph(rng);
    const DiscreteGraph g = discrete_graph(shape, 1, round % 3 == 0 ? 0.2 : 0, rng);
    const Question q{.task = Task::marginals, .beta = 0.8, .factors = true};
    const Solution a = discrete_engine("junction-tree").solve(g, q),
                   b = discrete_engine("exhaustive").solve(g, q);
    ASSERT_EQ(a.factor_marginals.size(), b.factor_marginals.size());
    for (std::size_t k = 0; k < a.factor_marginals.size(); ++k)
      ASSERT_NEAR(a.factor_marginals[k], b.factor_marginals[k], 1e-9) << k;
    EXPECT_TRUE(discrete_engine("junction-tree").solve(g, {Task::marginals}).factor_marginals.empty());
  }
  DiscreteGraph counts;
  counts.add_variables(4, Labels(2));
  counts.add_each({0, 1, 0.5, 2, -1}, Scopes{4, {0, 1, 2, 3}}, {}, Index::count);
  const Question q{.task = Task::marginals, .factors = true};
  const Solution a = discrete_engine("junction-tree").solve(counts, q),
                 b = discrete_engine("exhaustive").solve(counts, q);
  ASSERT_EQ(a.factor_marginals.size(), 5u);
  for (std::size_t k = 0; k < 5; ++k) EXPECT_NEAR(a.factor_marginals[k], b.factor_marginals[k], 1e-9);
}

}  // namespace
}  // namespace ebm
