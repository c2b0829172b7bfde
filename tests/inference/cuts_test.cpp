// Graph cuts, moves and roof duality against enumeration.

#include "ebm/inference/cuts.hpp"

#include <gtest/gtest.h>

#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"
#include "inference/cuts_test.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// Any kind of table with a metric of labels.
std::vector<double> metric_row(int labels, Rng& rng) {
  std::vector<double> row;
  const double weight = rng.uniform(0, 3), limit = rng.uniform(1, 3);
  const bool potts = rng.chance(0.5);
  for (int a = 0; a < labels; ++a)
    for (int b = 0; b < labels; ++b)
      row.push_back(weight * (potts ? a != b : std::min<double>(std::abs(a - b), limit)));
  return row;
}

// The lowest energy that single moves leave.
double single_moves(const DiscreteGraph& g, std::vector<int>& y) {
  double low = g.energy(y);
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t v = 0; v < y.size(); ++v)
      for (int k = 0, old = y[v]; k < g.labels()[v]; ++k) {
        y[v] = k;
        if (const double e = g.energy(y); e < low - 1e-12)
          low = e, old = k, moved = true;
        else
          y[v] = old;
      }
  }
  return low;
}

TEST(GraphCut_OnSubmodularGrids, IsTheMinimum) {
  Rng rng(51);
  for (int round = 0; round < rounds(200); ++round) {
    const DiscreteGraph g = grid(3, 4, 2, rng, [&] { return submodular_row(rng); });
    const Solution cut = solve("graph-cut", g);
    expect_same(cut.energy, solve("exhaustive", g).energy);
    expect_same(g.energy(cut.labels), cut.energy);
    EXPECT_EQ(cut.bound, cut.energy);
    EXPECT_EQ(cut.report.exactness, Exactness::exact);
    EXPECT_EQ(cut.report.used, Method::graph_cut);
  }
}

// Graphs of every structure, with and without submodular factors: the exact answer, or a refusal that is
// right.
TEST(GraphCut_OnAnyGraph, IsExactOrRefusesWhatIsNotSubmodular) {
  Rng rng(52);
  int exact = 0, refused = 0, impossible = 0, triples = 0;
  for (int round = 0; round < rounds(400); ++round) {
    RandomGraph shape = random_graph(rng);
    for (int& k : shape.counts) k = std::min(k, 2);
    DiscreteGraph g;
    for (const int k : shape.counts) g.add_variables(1, Labels(k));
    bool small = true, submodular = true;
    for (const auto& scope : shape.scopes) {
      small &= scope.size() <= 3;
      const std::size_t entries = entries_of(shape, scope);
      // A scope of three with a variable of one label is a pair.
      auto row = entries == 4 && (scope.size() == 3 || rng.chance(0.95)) ? submodular_row(rng)
                                                                         : random_row(entries, 1, 0, rng);
      if (entries == 8 && scope.size() == 3) {  // a concave function of how many are 1, and singles
        ++triples;
        const double bend = rng.uniform(-2, 0.2), tilt = rng.normal(), slope = rng.normal();
        const double last = rng.uniform(0, 1) * bend;  // of the second bend
        for (int i = 0; i < 8; ++i) {
          const int ones = (i & 1) + (i >> 1 & 1) + (i >> 2);
          row[static_cast<std::size_t>(i)] =
              slope * ones + tilt * (i & 1) + (ones >= 2 ? bend : 0) + (ones == 3 ? bend + last : 0);
        }
      }
      if (scope.size() <= 2 && round % 3 == 0)
        for (double& e : row)
          if (rng.chance(0.1)) e = kInf;
      for (std::size_t a = 0; a < scope.size(); ++a)
        for (std::size_t b = a + 1; b < scope.size() && entries == (std::size_t{1} << scope.size()); ++b)
          for (std::size_t i = 0; i < entries; ++i) {
            const std::size_t at_a = scope.size() - 1 - a, at_b = scope.size() - 1 - b;
            if ((i >> at_a & 1) || (i >> at_b & 1)) continue;
            const std::size_t one = std::size_t{1} << at_a, two = std::size_t{1} << at_b;
            submodular &= row[i] + row[i + one + two] <= row[i + one] + row[i + two] + 1e-9;
          }
      g.add(scope, row);
    }
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    try {
      const Solution cut = solve("graph-cut", g);
      EXPECT_TRUE(small && submodular);
      const double low = solve("exhaustive", g).energy;
      expect_same(cut.energy, low);
      EXPECT_EQ(cut.report.exactness, Exactness::exact);
      ++exact;
      impossible += low == kInf;
    } catch (const GraphError& e) {
      EXPECT_FALSE(small && submodular) << e.what();
      EXPECT_NE(std::string(e.what()).find("[graph_cut] "), std::string::npos);
      ++refused;
    }
  }
  EXPECT_GT(exact, 150);
  EXPECT_GT(refused, 20);
  EXPECT_GT(impossible, 0);
  EXPECT_GT(triples, 10);
}

// Submodular pairs of three variables and a cubic term of either sign that the pairs make up for.
std::vector<double> submodular_triple(Rng& rng) {
  std::vector<double> row(8);
  const double at_one = rng.uniform(-2, 0), at_zero = rng.uniform(-2, 0);
  const auto xy = submodular_row(rng), xz = submodular_row(rng), yz = submodular_row(rng);
  for (std::size_t i = 0; i < 8; ++i)
    row[i] =
        xy[i >> 1] + xz[2 * (i >> 2) + (i & 1)] + yz[i & 3] + (i == 7 ? at_one : 0) + (i == 0 ? at_zero : 0);
  return row;
}

TEST(GraphCut_OfSubmodularFactorsOnThree, IsTheMinimum) {
  Rng rng(62);
  for (int round = 0; round < rounds(300); ++round) {
    DiscreteGraph g;
    g.add_variables(6, Labels(2));
    for (int v = 0; v < 6; ++v) g.add(std::vector<int>{v}, std::vector<double>{rng.normal(), rng.normal()});
    for (int f = 0; f < 5; ++f) {
      std::vector<int> all{0, 1, 2, 3, 4, 5};
      rng.shuffle(std::span<int>(all));
      all.resize(3);
      g.add(all, submodular_triple(rng));
    }
    expect_same(solve("graph-cut", g).energy, solve("exhaustive", g).energy);
  }
}

TEST(GraphCut_OfAPairThatIsNotSubmodular, NamesItItsVariablesAndTheExcess) {
  DiscreteGraph g;
  g.add_variables(5, Labels(2));
  g.add_each({0, 1, 1, 0}, Scopes{2, {0, 1, 1, 2}});
  g.add_each({0, 1, 1, 0, 0.5, 0, 0, 1.25}, Scopes{2, {2, 3, 4, 1}});
  try {
    (void)solve("graph-cut", g);
    FAIL();
  } catch (const GraphError& e) {
    const std::string what = e.what();
    EXPECT_NE(what.find("factor 1 of group 1 on variables (4, 1)"), std::string::npos) << what;
    EXPECT_NE(what.find("1.75 nats"), std::string::npos) << what;
  }
  DiscreteGraph three;
  three.add_variables(2, Labels(3));
  EXPECT_THROW((void)solve("graph-cut", three), GraphError);
  DiscreteGraph four;
  four.add_variables(4, Labels(2));
  four.add(std::vector<int>{0, 1, 2, 3}, std::vector<double>(16, 0.0));
  for (const char* engine : {"graph-cut", "alpha-expansion", "alpha-beta-swap", "roof-duality"}) try {
      (void)solve(engine, four);
      FAIL() << engine;
    } catch (const GraphError& e) {
      EXPECT_NE(std::string(e.what()).find("(0, 1, 2, 3)"), std::string::npos) << e.what();
    }
}

TEST(GraphCut_StoppedByTime, HasABound) {
  Rng rng(53);
  const DiscreteGraph g = grid(60, 60, 2, rng, [&] { return std::vector<double>{0, 1, 1, 0}; });
  const double low = solve("graph-cut", g).energy;
  const Solution stopped = solve("graph-cut", g, {.seconds = 0});
  EXPECT_LE(stopped.bound, low + 1e-9);
  EXPECT_GE(stopped.energy, low - 1e-9);
  // Whatever satisfies the asker, nothing but the minimum is called exact.
  for (const char* engine : {"graph-cut", "roof-duality"}) {
    const Solution any = solve(engine, g, {.gap = kInf});
    EXPECT_TRUE(any.report.exactness != Exactness::exact || any.energy <= low + 1e-9);
    EXPECT_LE(any.bound, low + 1e-9);
  }
}

// Check 1 of restoration on grids: at most 2 c times the minimum, where energies are >= 0; nothing is left
// for single moves; better than these alone on average.
TEST(AlphaExpansion_OfMetricPairs, IsWithinItsGuarantee) {
  Rng rng(54);
  double expanded = 0, moved = 0;
  for (int round = 0; round < rounds(150); ++round) {
    const int labels = 3;
    DiscreteGraph g;
    g.add_variables(9, Labels(labels));
    for (int v = 0; v < 9; ++v) {
      std::vector<double> row;
      for (int k = 0; k < labels; ++k) row.push_back(rng.uniform(0, 4));
      g.add(std::vector<int>{v}, row);
    }
    double c = 1;
    for (const auto& scope : grid_pairs(3, 3)) {
      const auto row = metric_row(labels, rng);
      g.add(scope, row);
      c = std::max(c, *std::ranges::max_element(row) / row[1]);
    }
    const Solution best = solve("alpha-expansion", g);
    const double low = solve("exhaustive", g).energy;
    expect_same(g.energy(best.labels), best.energy);
    EXPECT_GE(best.energy, low - 1e-9);
    EXPECT_LE(best.energy, 2 * c * low + 1e-9);
    EXPECT_TRUE(best.report.converged);
    EXPECT_EQ(best.bound, -kInf);
    std::vector<int> y = best.labels;
    EXPECT_NEAR(single_moves(g, y), best.energy, 1e-9);
    y.assign(9, 0);
    expanded += best.energy;
    moved += single_moves(g, y);
  }
  EXPECT_LT(expanded, moved);
}

TEST(AlphaExpansion_OfTwoSubmodularLabels_ByBothMoves, IsTheMinimumOfEach) {
  Rng rng(55);
  for (int round = 0; round < rounds(100); ++round) {
    const DiscreteGraph g = grid(3, 3, 2, rng, [&] { return submodular_row(rng); });
    const double low = solve("exhaustive", g).energy;
    expect_same(solve("alpha-beta-swap", g).energy, low);
    // An expansion from all 0 or all 1 to the other is the cut itself.
    expect_same(solve("alpha-expansion", g, {.start = std::vector<int>(9, 0)}).energy, low);
  }
}

// No structure, no metric, forbidden entries: never worse than the start, and told as approximate.
TEST(CutMoves_OnAnyPairs, NeverRaiseTheEnergy) {
  Rng rng(56);
  int impossible = 0, found = 0;
  for (int round = 0; round < rounds(300); ++round) {
    RandomGraph shape = random_graph(rng);
    std::erase_if(shape.scopes, [](const auto& s) { return s.size() > 2; });
    const DiscreteGraph g = discrete_graph(shape, round % 7 == 0 ? 300 : 1, round % 3 == 0 ? 0.15 : 0, rng);
    std::vector<int> start;
    for (const int k : shape.counts) start.push_back(rng.below(k));
    const double low = solve("exhaustive", g).energy;
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    for (const char* engine : {"alpha-expansion", "alpha-beta-swap"}) {
      const Solution s = solve(engine, g, {.start = start});
      EXPECT_LE(s.energy, g.energy(start) + 1e-9 * (1 + std::abs(s.energy)));
      expect_at_least(s.energy, low);
      EXPECT_TRUE(s.report.converged);
      EXPECT_EQ(s.report.exactness, Exactness::approximate);
      if (s.energy < kInf) expect_same(g.energy(s.labels), s.energy);
      impossible += g.energy(start) == kInf;
      found += g.energy(start) == kInf && s.energy < kInf;
    }
  }
  EXPECT_GT(impossible, 30);
  EXPECT_GT(found, impossible / 3);  // from a forbidden start most end at an answer
}

TEST(AlphaBetaSwap_OfASemiMetric_LeavesNothingToSwap, ForAnyTwoLabels) {
  Rng rng(57);
  for (int round = 0; round < rounds(100); ++round) {
    std::vector<double> row;
    for (int a = 0; a < 3; ++a)
      for (int b = 0; b < 3; ++b) row.push_back(std::min(3.0, 1.0 * (a - b) * (a - b)));
    const DiscreteGraph g = grid(2, 4, 3, rng, [&] { return row; });
    const Solution s = solve("alpha-beta-swap", g);
    double least = kInf;
    for (int a = 0; a < 3; ++a)
      for (int b = 0; b < a; ++b)
        each_labelling(std::vector<int>(8, 2), [&](const std::vector<int>& bits) {
          std::vector<int> y = s.labels;
          for (std::size_t v = 0; v < y.size(); ++v)
            if (y[v] == a || y[v] == b) y[v] = bits[v] ? a : b;
          least = std::min(least, g.energy(y));
        });
    EXPECT_NEAR(least, s.energy, 1e-9);
  }
}

TEST(Cuts_OfSmallOddities, AreAnswered) {
  for (const char* engine : {"graph-cut", "alpha-expansion", "alpha-beta-swap", "roof-duality"}) {
    SCOPED_TRACE(engine);
    DiscreteGraph none;
    none.add_constant(2.5);
    EXPECT_EQ(solve(engine, none).energy, 2.5);
    DiscreteGraph one;  // of one label, and one that nothing reads
    one.add_variables(2, Labels(1));
    one.add_variables(2, Labels(2));
    one.add(std::vector<int>{0, 2}, std::vector<double>{3, 1});
    one.add(std::vector<int>{1, 0}, std::vector<double>{0.5});
    EXPECT_EQ(solve(engine, one).energy, 1.5);
    DiscreteGraph impossible;
    impossible.add_variables(2, Labels(2));
    impossible.add(std::vector<int>{0, 1}, std::vector<double>{kInf, kInf, kInf, kInf});
    EXPECT_EQ(solve(engine, impossible).energy, kInf);
    EXPECT_TRUE(solve(engine, impossible).labels.empty());
    DiscreteGraph chain;
    chain.add_variables(100000, Labels(2));
    std::vector<int> scopes;
    for (int v = 0; v + 1 < 100000; ++v) scopes.insert(scopes.end(), {v, v + 1});
    chain.add_each({0, 1, 1, 0}, Scopes{2, scopes});
    chain.add(std::vector<int>{0}, std::vector<double>{0, 9});
    chain.add(std::vector<int>{99999}, std::vector<double>{9, 0});
    EXPECT_EQ(solve(engine, chain).energy, 1);
  }
}

TEST(CutMoves_FromLabelsThatAreNone, AreRefused) {
  DiscreteGraph g;
  g.add_variables(2, Labels(3));
  EXPECT_THROW((void)solve("alpha-expansion", g, {.start = {0}}), GraphError);
  EXPECT_THROW((void)solve("alpha-beta-swap", g, {.start = {0, 3}}), GraphError);
}

TEST(AlphaExpansion_WatchedAndStopped, TellsOfFallingEnergiesAndStops) {
  Rng rng(60);
  const DiscreteGraph g = grid(20, 20, 5, rng, [&] { return metric_row(5, rng); });
  double last = kInf;
  int told = 0;
  (void)solve("alpha-expansion", g, {.progress = [&](const Progress& p) {
                EXPECT_LE(p.energy, last);
                EXPECT_EQ(p.engine, "alpha-expansion");
                last = p.energy;
                return ++told > 0;
              }});
  EXPECT_GT(told, 2);
  EXPECT_NEAR(last, solve("alpha-expansion", g).energy, 1e-9);
  const Solution s = solve("alpha-expansion", g, {.progress = [](const Progress&) { return false; }});
  EXPECT_FALSE(s.report.converged);
  EXPECT_EQ(s.report.why, Why::time_limit);
  EXPECT_EQ(solve("alpha-expansion", g, {.iterations = 1}).report.iterations, 1);
}

// Ragged samples as a batch: weights, labels, a margin; the same for 1 and 2 threads.
TEST(Cuts_OfABatch, EqualExhaustiveAndAreTheSameForAnyNumberOfThreads) {
  Rng rng(61);
  for (int round = 0; round < 20; ++round) {
    struct Case {
      int height, width;
      std::vector<Tensor> singles;
      Tensor pair;
    };
    std::vector<Case> cases;
    for (int i = 0; i < 6; ++i) {
      const int height = 1 + rng.below(3), width = 1 + rng.below(4);
      Case c{height, width, {}, Tensor(Shape{1, 4})};
      for (int v = 0; v < height * width; ++v)
        c.singles.push_back(
            Tensor({1, 2}, {static_cast<Real>(rng.normal()), static_cast<Real>(rng.normal())}));
      const auto row = submodular_row(rng);
      for (std::size_t k = 0; k < 4; ++k) c.pair[k] = static_cast<Real>(row[k]);
      cases.push_back(std::move(c));
    }
    Params W;
    const Model<int> model(W, [&](FactorGraph& g, const int& i) {
      const Case& c = cases[static_cast<std::size_t>(i)];
      const auto y = g.outputs("y", c.height * c.width, Labels(2),
                               std::vector<int>(static_cast<std::size_t>(c.height * c.width), 1));
      for (int v = 0; v < c.height * c.width; ++v)
        g.add_each(factor::constant(c.singles[static_cast<std::size_t>(v)]), Scopes{1, {y.first + v}});
      if (c.height * c.width > 1) g.add_each(factor::constant(c.pair), y.grid_pairs(c.height, c.width));
    });
    const std::vector<int> index{0, 1, 2, 3, 4, 5};
    const Prepared ready = model.prepare(std::span<const int>(index));
    Batch batch = ready.batch();
    const Rescaling margin{.hamming = 0.4};
    for (const Over over : {Over::all, Over::truth})
      for (const Rescaling* rescaling : {static_cast<const Rescaling*>(nullptr), &margin}) {
        const Query q{.over = over, .answers = true, .rescaling = rescaling};
        Answer expected;
        infer::Exhaustive{}.answer(batch, q, expected);
        Answer of_threads[2];
        const auto compare = [&](const auto& engine, bool exact) {
          for (const int threads : {1, 2}) {
            set_threads(threads);
            engine.answer(batch, q, of_threads[threads - 1]);
          }
          set_threads(0);
          EXPECT_EQ(of_threads[0].energy, of_threads[1].energy);
          EXPECT_EQ(of_threads[0].labels, of_threads[1].labels);
          EXPECT_EQ(of_threads[0].weights, of_threads[1].weights);
          for (std::size_t i = 0; i < expected.energy.size(); ++i) {
            if (exact) {
              EXPECT_NEAR(of_threads[0].energy[i], expected.energy[i], 1e-5);
            }
            EXPECT_GE(of_threads[0].energy[i], expected.energy[i] - 1e-5);
          }
          if (exact) {
            EXPECT_EQ(of_threads[0].weights, expected.weights);
          }
        };
        compare(infer::GraphCut{}, true);
        compare(infer::RoofDuality{}, true);
        compare(infer::AlphaExpansion{}, false);
        compare(infer::AlphaBetaSwap{}, true);
      }
    Answer out;
    EXPECT_THROW(infer::GraphCut{}.answer(batch, {.over = Over::others}, out), GraphError);
    EXPECT_THROW(infer::GraphCut{}.answer(batch, {.beta = 1}, out), GraphError);
  }
}

TEST(Cuts_OfATableWithANaN, AreNaN) {
  Params W;
  const Tensor table({2, 2}, {1, std::numeric_limits<Real>::quiet_NaN(), 6, 3});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto y = g.outputs("y", 3, Labels(2));
    g.add_each(factor::constant(table), Scopes{2, {0, 1, 1, 2, 2, y.first}});
  });
  Answer a;
  infer::GraphCut{}.answer(one.batch, {}, a);
  EXPECT_TRUE(std::isnan(a.energy[0]));
  infer::AlphaExpansion{}.answer(one.batch, {}, a);
  EXPECT_TRUE(std::isnan(a.energy[0]));
  infer::AlphaBetaSwap{}.answer(one.batch, {}, a);
  EXPECT_TRUE(std::isnan(a.energy[0]));
  infer::RoofDuality{}.answer(one.batch, {}, a);
  EXPECT_TRUE(std::isnan(a.energy[0]));
}

}  // namespace
}  // namespace ebm
