// Bucket elimination against enumeration, on graphs of every structure.

#include <gtest/gtest.h>

#include <cstdlib>

#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"
#include "ebm/inference/discrete.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using Task = Question::Task;

constexpr double kTight = 1e-9;

void expect_same(double a, double b, double tolerance = kTight) {
  if (b == kInf || a == kInf)
    EXPECT_EQ(a, b);
  else
    EXPECT_NEAR(a, b, tolerance * (1 + std::abs(b)));
}

TEST(JunctionTree_OfADiscreteGraph, EqualsEnumeration) {
  Rng rng(41);
  int forbidden = 0;
  for (int round = 0; round < (std::getenv("EBM_LONG") ? 1000 : 400); ++round) {
    const RandomGraph shape = random_graph(rng);
    const double scale = round % 7 == 0 ? 300 : 1;  // far beyond what exponentials of energies hold
    const DiscreteGraph g = discrete_graph(shape, scale, round % 3 == 0 ? 0.3 : 0, rng);
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    const double beta = rng.uniform(0.1, 3);
    std::vector<double> energies;
    each_labelling(shape.counts, [&](const std::vector<int>& y) { energies.push_back(g.energy(y)); });
    const double low = joined(energies, kInf), f = joined(energies, beta);
    forbidden += low == kInf;

    const Solution minimum = discrete_engine("junction-tree").solve(g, {});
    expect_same(minimum.energy, low);
    EXPECT_EQ(minimum.bound, minimum.energy);
    if (low < kInf)
      expect_same(g.energy(minimum.labels), low);
    else
      EXPECT_TRUE(minimum.labels.empty());
    const DiscreteEngine& engine = discrete_engine("junction-tree");
    expect_same(engine.solve(g, {Task::free_energy, beta}).free_energy, f);
    const Solution sums = engine.solve(g, {Task::marginals, beta});
    expect_same(sums.free_energy, f);
    std::vector<double> expected;
    for (const int k : shape.counts) expected.insert(expected.end(), static_cast<std::size_t>(k), 0.0);
    std::size_t at = 0;
    each_labelling(shape.counts, [&](const std::vector<int>& y) {
      const double e = energies[at++];
      std::size_t offset = 0;
      for (std::size_t v = 0; v < y.size(); ++v) {
        if (e < kInf) expected[offset + static_cast<std::size_t>(y[v])] += std::exp(beta * (f - e));
        offset += static_cast<std::size_t>(shape.counts[v]);
      }
    });
    ASSERT_EQ(sums.marginals.size(), expected.size());
    for (std::size_t k = 0; k < expected.size(); ++k)
      ASSERT_NEAR(sums.marginals[k], expected[k], kTight) << k;
  }
  EXPECT_GT(forbidden, 5);  // graphs without any answer were among them
}

TEST(JunctionTree_OfADiscreteGraph, EqualsTheExhaustiveEngine) {
  Rng rng(42);
  for (int round = 0; round < 50; ++round) {
    const RandomGraph shape = random_graph(rng);
    const DiscreteGraph g = discrete_graph(shape, 1, 0.1, rng);
    for (const Task task : {Task::minimum, Task::free_energy, Task::marginals}) {
      const Solution a = discrete_engine("junction-tree").solve(g, {task, 1.5});
      const Solution b = discrete_engine("exhaustive").solve(g, {task, 1.5});
      expect_same(a.energy, b.energy);
      expect_same(a.free_energy, b.free_energy);
      EXPECT_EQ(a.labels.empty(), b.labels.empty());
      ASSERT_EQ(a.marginals.size(), b.marginals.size());
      for (std::size_t k = 0; k < a.marginals.size(); ++k)
        ASSERT_NEAR(a.marginals[k], b.marginals[k], kTight);
    }
  }
}

// Ragged samples of one schema: one batch, every set of answers, with and without a margin.
TEST(JunctionTree_OfABatch, EqualsExhaustiveForEverySetOfAnswers) {
  Rng rng(43);
  int others = 0;
  for (int round = 0; round < 60; ++round) {
    struct Case {
      RandomGraph shape;
      std::vector<Tensor> tables;
      std::vector<LabelSet> truth;
      int whole;
    };
    std::vector<Case> cases;
    for (int i = 0; i < 5; ++i) {
      Case c{random_graph(rng), {}, {}, 0};
      c.tables = random_tables(c.shape, 1, round % 2 ? 0.15 : 0, rng);
      for (const int k : c.shape.counts) {
        const int a = rng.below(k), b = rng.below(k);
        const std::vector<int> two{std::min(a, b), std::max(a, b)};
        const bool margin = round % 4 == 3;  // needs single labels
        c.truth.push_back(rng.chance(0.3) ? LabelSet() : a == b || margin ? LabelSet(a) : LabelSet(two));
      }
      c.whole = rng.below(6);
      cases.push_back(std::move(c));
    }
    Params W;
    const Model<int> model(W, [&](FactorGraph& g, const int& i) {
      const Case& c = cases[static_cast<std::size_t>(i)];
      declare(g, c.shape, c.tables, c.truth);
      if (c.whole == 0) g.truth(Truth::high);
    });
    const std::vector<int> index{0, 1, 2, 3, 4};
    const Prepared ready = model.prepare(std::span<const int>(index));
    Batch batch = ready.batch();
    const Rescaling margin{.hamming = 0.7};
    for (const Over over : {Over::all, Over::truth, Over::others})
      for (const double beta : {kInf, 1.0, 0.3}) {
        const Query q{
            .over = over, .beta = beta, .answers = true, .rescaling = round % 4 == 3 ? &margin : nullptr};
        SCOPED_TRACE("round " + std::to_string(round) + ", over " + std::to_string(static_cast<int>(over)) +
                     ", beta " + std::to_string(beta));
        Answer a, b;
        infer::JunctionTree{}.answer(batch, q, a);
        infer::Exhaustive{}.answer(batch, q, b);
        ASSERT_EQ(a.labels.size(), b.labels.size());
        for (std::size_t i = 0; i < a.energy.size(); ++i) {
          expect_same(a.energy[i], b.energy[i]);
          EXPECT_LE(a.bound[i], a.energy[i]);
          others += over == Over::others && a.energy[i] < kInf;
        }
        ASSERT_EQ(a.weights.size(), b.weights.size());
        // Weights are Real; several factors' marginals may meet in one.
        const double tolerance = sizeof(Real) == 8 ? kTight : 1e-5;
        for (std::size_t k = 0; k < a.weights.size(); ++k)
          ASSERT_NEAR(a.weights[k], b.weights[k], tolerance) << k;
        // Ties may be broken another way: the labels have the energy, and are where they should be.
        std::size_t at = 0;
        for (std::size_t i = 0; i < cases.size(); ++i) {
          const auto labels = std::span(a.labels).subspan(at, cases[i].shape.counts.size());
          at += labels.size();
          if (beta < kInf || q.rescaling || a.energy[i] == kInf) continue;
          expect_same(energy_at(batch, static_cast<int>(i), labels), a.energy[i]);
          if (over == Over::all || cases[i].whole == 0) continue;
          bool inside = true;
          for (std::size_t v = 0; v < labels.size(); ++v) inside &= cases[i].truth[v].contains(labels[v]);
          EXPECT_EQ(inside, over == Over::truth);
        }
      }
  }
  EXPECT_GT(others, 300);
}

// A grid by its frontier: one site after another, the state of the last column's sites kept.
double grid_free_energy(int height, int width, int labels, const std::vector<double>& unary,
                        const std::vector<double>& pair, double beta) {
  std::size_t states = 1;
  for (int y = 0; y < height; ++y) states *= static_cast<std::size_t>(labels);
  const auto k = static_cast<std::size_t>(labels);
  std::vector<double> f(states, 0), next(states);
  for (int x = 0; x < width; ++x)
    for (int y = 0; y < height; ++y) {
      std::size_t place = 1;  // of site y in a state
      for (int i = 0; i < y; ++i) place *= k;
      for (std::size_t s = 0; s < states; ++s) {
        const std::size_t now = s / place % k;
        double local = unary[static_cast<std::size_t>(y * width + x) * k + now];
        if (y > 0) local += pair[(s / (place / k) % k) * k + now];
        double low = kInf, sum = 0;
        for (std::size_t before = 0; before < (x > 0 ? k : 1); ++before) {
          const double e = f[s + (before - now) * place * (x > 0) - (x > 0 ? 0 : now * place)] +
                           (x > 0 ? pair[before * k + now] : 0);
          if (e < low) sum = sum * std::exp(beta * (e - low)), low = e;
          sum += std::exp(beta * (low - e));
        }
        next[s] = local + low - std::log(sum) / beta;
      }
      std::swap(f, next);
    }
  return joined(f, beta);
}

struct Grid {
  DiscreteGraph graph;
  std::vector<double> unary, pair;
};
Grid grid_of(int height, int width, int labels, Rng& rng) {
  Grid g;
  const Variables y = g.graph.add_variables(height * width, Labels(labels));
  g.unary = random_row(static_cast<std::size_t>(height) * width * labels, 1, 0, rng);
  g.pair = random_row(static_cast<std::size_t>(labels) * labels, 1, 0, rng);
  g.graph.add_each(g.unary, y.each());
  // Left to right and top to bottom, as the frontier reads them.
  g.graph.add_each(g.pair, y.grid_pairs(height, width));
  return g;
}

// Separators of thousands of entries: many blocks, several parts, several threads.
TEST(JunctionTree_OfAWideGrid, EqualsTheFrontiersSums) {
  Rng rng(44);
  for (const auto& [height, width, labels] :
       {std::array{3, 5, 2}, std::array{9, 11, 3}, std::array{12, 13, 2}}) {
    const Grid g = grid_of(height, width, labels, rng);
    const double expected = grid_free_energy(height, width, labels, g.unary, g.pair, 0.8);
    const Solution s = discrete_engine("junction-tree").solve(g.graph, {Task::marginals, 0.8});
    EXPECT_NEAR(s.free_energy, expected, kTight * std::abs(expected));
    for (int v = 0; v < height * width; ++v) {
      double sum = 0;
      for (int k = 0; k < labels; ++k) sum += s.marginals[static_cast<std::size_t>(v * labels + k)];
      ASSERT_NEAR(sum, 1, kTight);
    }
    // A marginal is the slope of the free energy in one label's energy.
    for (const int v : {0, height * width / 2}) {
      const double step = 1e-5;
      double f[2];
      for (const int side : {0, 1}) {
        auto unary = g.unary;
        unary[static_cast<std::size_t>(v * labels)] += side ? step : -step;
        f[side] = grid_free_energy(height, width, labels, unary, g.pair, 0.8);
      }
      EXPECT_NEAR(s.marginals[static_cast<std::size_t>(v * labels)], (f[1] - f[0]) / (2 * step), 1e-7);
    }
    // At a low temperature the free energy is the minimum.
    const Solution cold = discrete_engine("junction-tree").solve(g.graph, {Task::free_energy, 1e6});
    const Solution minimum = discrete_engine("junction-tree").solve(g.graph, {});
    EXPECT_NEAR(cold.free_energy, minimum.energy, 1e-3);
    EXPECT_LE(cold.free_energy, minimum.energy + kTight);
  }
}

TEST(JunctionTree_ForAnyNumberOfThreads, GivesTheSameBits) {
  Rng rng(45);
  const Grid g = grid_of(10, 11, 3, rng);
  const int before = threads();
  std::vector<Solution> of_threads;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    of_threads.push_back(discrete_engine("junction-tree").solve(g.graph, {Task::marginals}));
    Solution minimum = discrete_engine("junction-tree").solve(g.graph, {});
    of_threads.back().labels = minimum.labels;
    of_threads.back().energy = minimum.energy;
  }
  set_threads(before);
  for (const Solution& s : of_threads) {
    EXPECT_EQ(s.free_energy, of_threads[0].free_energy);
    EXPECT_EQ(s.marginals, of_threads[0].marginals);
    EXPECT_EQ(s.energy, of_threads[0].energy);
    EXPECT_EQ(s.labels, of_threads[0].labels);
  }
}

TEST(JunctionTree_TooWideForItsMemory, IsRefusedWithTheSizeBeforeAnythingIsAllocated) {
  Rng rng(46);
  const Grid g = grid_of(12, 12, 4, rng);
  try {
    (void)discrete_engine("junction-tree").solve(g.graph, {.memory = 0x1p20});
    FAIL() << "a table of 4^12 entries in a megabyte";
  } catch (const GraphError& e) {
    EXPECT_NE(std::string(e.what()).find("MiB"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("too wide"), std::string::npos) << e.what();
  }
  EXPECT_LT(treewidth_bound(grid_of(2, 50, 4, rng).graph).width, 4);
}

TEST(LowTreewidth, IsThatOfTheWidestSample) {
  Params W;
  const Tensor pair({3, 3}, {0, 1, 2, 1, 0, 1, 2, 1, 0});
  const auto grid = [&](int height, int width) {
    return [&pair, height, width](FactorGraph& g) {
      const auto y = g.outputs("y", height * width, Labels(3));
      g.add_each(factor::constant(pair), y.grid_pairs(height, width));
    };
  };
  OneGraph narrow(W, grid(2, 40)), wide(W, grid(12, 12));
  EXPECT_TRUE(infer::has_low_treewidth(narrow.batch, {}, 0x1p20));
  EXPECT_FALSE(infer::has_low_treewidth(wide.batch, {}, 0x1p20));
  EXPECT_TRUE(infer::has_low_treewidth(wide.batch, {}, 0x1p30));
  Answer a;
  EXPECT_THROW(infer::JunctionTree{.memory = 0x1p20}.answer(wide.batch, {}, a), GraphError);
}

TEST(JunctionTree_OfAGraphWithoutVariables, IsItsConstant) {
  DiscreteGraph g;
  g.add_constant(2.5);
  EXPECT_EQ(discrete_engine("junction-tree").solve(g, {}).energy, 2.5);
  EXPECT_EQ(discrete_engine("junction-tree").solve(g, {Task::free_energy}).free_energy, 2.5);
}

TEST(JunctionTree_OfAVariableTwiceInOneScope, ReadsTheDiagonal) {
  Params W;
  const Tensor table({2, 2}, {1, 50, 60, 3});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto y = g.outputs("y", 3, Labels(2), std::vector<int>{0, 0, 0});
    g.add_each(factor::constant(table), Scopes{2, {y.first, y.first, 1, 2, 2, 0}});
  });
  for (const Over over : {Over::all, Over::others})
    for (const double beta : {kInf, 1.0}) {
      Answer a, b;
      infer::JunctionTree{}.answer(one.batch, {.over = over, .beta = beta}, a);
      infer::Exhaustive{}.answer(one.batch, {.over = over, .beta = beta}, b);
      EXPECT_NEAR(a.energy[0], b.energy[0], kTight * 100);
      for (std::size_t k = 0; k < a.weights.size(); ++k) EXPECT_NEAR(a.weights[k], b.weights[k], 1e-6);
    }
}

TEST(JunctionTree_OfATableWithANaN, IsNaN) {
  Params W;
  const Tensor table({2, 2}, {1, std::numeric_limits<Real>::quiet_NaN(), 6, 3});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto y = g.outputs("y", 3, Labels(2));
    g.add_each(factor::constant(table), Scopes{2, {0, 1, 1, 2, 2, y.first}});
  });
  for (const double beta : {kInf, 1.0}) {
    Answer a;
    infer::JunctionTree{}.answer(one.batch, {.beta = beta}, a);
    EXPECT_TRUE(std::isnan(a.energy[0]));
  }
}

TEST(DiscreteEngines, ByAnUnknownName_AreListed) {
  try {
    (void)discrete_engine("magic");
    FAIL();
  } catch (const GraphError& e) {
    EXPECT_NE(std::string(e.what()).find("exhaustive, junction-tree"), std::string::npos) << e.what();
  }
  DiscreteGraph g;
  g.add_variables(30, Labels(2));
  EXPECT_THROW((void)discrete_engine("exhaustive").solve(g, {}), GraphError);
  EXPECT_THROW((void)discrete_engine("junction-tree").solve(g, {Task::free_energy, 0}), GraphError);
}

}  // namespace
}  // namespace ebm
