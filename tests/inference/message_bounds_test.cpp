// Minima with a certificate: bounds are bounds, exact is exact, trees always are, and batches are their
// samples.

#include "ebm/inference/message_bounds.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"
#include "ebm/inference/discrete.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr double kTight = 1e-9;
const auto kEngines = {"trws", "dual-decomposition"};

void certificates_hold(int rounds, std::uint64_t seed) {
  for (const char* name : kEngines) {
    Rng rng(seed);
    int exact = 0, feasible = 0;
    for (int round = 0; round < rounds; ++round) {
      const RandomGraph shape = random_graph(rng);
      const double scale = round % 7 == 0 ? 300 : 1;
      const DiscreteGraph g = discrete_graph(shape, scale, round % 3 == 0 ? 0.2 : 0, rng);
      SCOPED_TRACE(std::string(name) + ", " + shape.kind + " of round " + std::to_string(round));
      double low = kInf;
      each_labelling(shape.counts, [&](const std::vector<int>& y) { low = std::min(low, g.energy(y)); });
      Question q;
      q.iterations = 100;
      const Solution s = discrete_engine(name).solve(g, q);
      const double tiny = low < kInf ? kTight * (1 + std::abs(low)) : 0;
      ASSERT_LE(s.bound, low + tiny);
      ASSERT_GE(s.energy, low - tiny);
      if (s.energy < kInf) {
        ASSERT_NEAR(g.energy(s.labels), s.energy, tiny);
      }
      feasible += low < kInf;
      if (s.report.exactness == Exactness::exact) {
        exact += low < kInf;
        if (low < kInf) {
          ASSERT_NEAR(s.energy, low, tiny);
        } else {
          ASSERT_EQ(s.energy, kInf);
        }
      }
    }
    EXPECT_GT(exact, feasible * 2 / 3) << name;
  }
}

TEST(CertifiedMinima_OnAnyGraph, AreNotBelowTheirBoundsNorAboveWhatIsExact) { certificates_hold(150, 101); }

TEST(CertifiedMinima_OnAThousandGraphs, AreNotEither) {
  if (!std::getenv("EBM_LONG")) GTEST_SKIP() << "set EBM_LONG to run it";
  certificates_hold(1000, 102);
}

TEST(CertifiedMinima_OnATree_AreExact, InOnePass) {
  Rng rng(103);
  for (int round = 0; round < 100; ++round) {
    const int n = 2 + rng.below(6), labels = 1 + rng.below(3);
    DiscreteGraph g;
    g.add_variables(n, Labels(labels));
    const bool chain = round % 2, forbid = round % 3 == 0;
    const auto entries = static_cast<std::size_t>(labels);
    for (int v = 0; v < n; ++v) g.add(std::vector<int>{v}, random_row(entries, 1, forbid ? 0.2 : 0, rng));
    for (int v = 1; v < n; ++v) {
      const int u = chain ? v - 1 : rng.below(v);
      if (round % 5 == 1 && v % 2) continue;  // a forest
      g.add(rng.chance(0.5) ? std::vector<int>{u, v} : std::vector<int>{v, u},
            random_row(entries * entries, 1, forbid ? 0.2 : 0, rng));
    }
    const double low = discrete_engine("exhaustive").solve(g, {}).energy;
    for (const char* name : kEngines) {
      const Solution s = discrete_engine(name).solve(g, {});
      ASSERT_EQ(s.report.exactness, Exactness::exact);
      ASSERT_EQ(s.report.iterations, 1);
      if (low < kInf) {
        ASSERT_NEAR(s.energy, low, kTight);
        ASSERT_NEAR(s.bound, low, kTight);
      } else {
        ASSERT_EQ(s.energy, kInf);
      }
    }
  }
}

DiscreteGraph grid_of(int height, int width, int labels, double scale, Rng& rng) {
  DiscreteGraph g;
  const Variables y = g.add_variables(height * width, Labels(labels));
  std::vector<double> single, row;
  for (int i = 0; i < height * width * labels; ++i) single.push_back(rng.normal());
  g.add_each(single, y.each());
  for (int a = 0; a < labels; ++a)
    for (int b = 0; b < labels; ++b) row.push_back(scale * std::min(2, std::abs(a - b)));
  g.add_each(row, y.grid_pairs(height, width));
  return g;
}

TEST(CertifiedMinima_OnGrids, AgreeBetweenEnginesAndReportTheirWay) {
  Rng rng(104);
  for (int round = 0; round < 5; ++round) {
    const DiscreteGraph g = grid_of(6, 7, 3, 0.4, rng);
    const double exact = discrete_engine("junction-tree").solve(g, {}).energy;
    double last = -kInf;
    Question q;
    std::string_view engine;
    q.progress = [&](const Progress& p) {
      EXPECT_GE(p.bound, last);
      EXPECT_LE(p.bound, exact + kTight);
      EXPECT_GE(p.energy, exact - kTight);
      last = p.bound;
      engine = p.engine;
      return true;
    };
    const Solution a = discrete_engine("trws").solve(g, q);
    EXPECT_EQ(engine, "trws");
    last = -kInf;
    const Solution b = discrete_engine("dual-decomposition").solve(g, q);
    for (const Solution& s : {a, b}) {
      EXPECT_LE(s.bound, exact + kTight);
      EXPECT_GE(s.bound, exact - 0.3);
      EXPECT_NEAR(s.energy, exact, 0.1);
    }
    EXPECT_EQ(a.report.used, Method::tree_reweighted);
    EXPECT_EQ(b.report.used, Method::dual_decomposition);
  }
}

TEST(CertifiedMinima_OnGridsOfThreeByThree, AreBoundedBelowTheMinimum) {  // three labels, Potts
  Rng rng(105);
  for (int round = 0; round < 100; ++round) {
    const DiscreteGraph g = grid_of(3, 3, 3, rng.uniform(0.1, 2), rng);
    const double low = discrete_engine("exhaustive").solve(g, {}).energy;
    EXPECT_LE(discrete_engine("trws").solve(g, {}).bound, low + kTight);
  }
}

TEST(CertifiedMinima_WithLimits, StopAndSaySo) {
  Rng rng(106);
  const DiscreteGraph g = grid_of(20, 20, 6, 1.5, rng);
  for (const char* name : kEngines) {
    Question q;
    q.iterations = 3;
    EXPECT_LE(discrete_engine(name).solve(g, q).report.iterations, 3);
    q = {};
    q.gap = 1e6;
    EXPECT_LE(discrete_engine(name).solve(g, q).report.iterations, 2);
    q = {};
    int told = 0;
    q.progress = [&](const Progress&) { return ++told < 2; };
    const Solution s = discrete_engine(name).solve(g, q);
    EXPECT_EQ(told, 2);
    EXPECT_EQ(s.report.why, Why::time_limit);
    EXPECT_EQ(s.report.exactness, Exactness::bounded);
    q = {};
    q.iterations = 1;
    q.start = discrete_engine(name).solve(g, {}).labels;
    EXPECT_LE(discrete_engine(name).solve(g, q).energy, g.energy(q.start) + kTight);
    q.task = Question::Task::minimum;
    q.seconds = 0;
    EXPECT_EQ(discrete_engine(name).solve(g, q).report.why, Why::time_limit);
  }
}

template <class Engine>
void nan_gives_nan() {
  for (const bool loop : {false, true})
    for (const bool single : {false, true}) {
      RandomGraph shape{"", {2, 2, 2}, {{0}, {0, 1}, {1, 2}}};
      if (loop) shape.scopes.push_back({2, 0});
      Rng rng(107);
      std::vector<Tensor> tables = random_tables(shape, 1, 0, rng);
      tables[single ? 0 : 1][1] = std::numeric_limits<Real>::quiet_NaN();
      Params W;
      const Model<int> model(W, [&](FactorGraph& g, const int&) { declare(g, shape, tables, {}); });
      const std::vector<int> index{0};
      const Prepared ready = model.prepare(std::span<const int>(index));
      Batch batch = ready.batch();
      Answer a;
      Engine{}.answer(batch, {.over = Over::all, .beta = kInf}, a);
      EXPECT_TRUE(std::isnan(a.energy[0]));
      EXPECT_NE(a.report.exactness, Exactness::exact);
      EXPECT_FALSE(a.report.converged);
    }
}

TEST(CertifiedMinima_OfNotANumber, AreNoNumberAndEnd) {
  nan_gives_nan<infer::TreeReweighted>();
  nan_gives_nan<infer::DualDecomposition>();
}

TEST(CertifiedMinima_OfEnergiesBeyondFloat, AreStillBounds) {
  Rng rng(108);
  DiscreteGraph g = grid_of(3, 3, 3, 1, rng);
  g.add(std::vector<int>{4}, std::vector<double>{0.0, 1e200, 1e39});
  double low = kInf;  // engines that add and take away lose all of it
  each_labelling(std::vector<int>(9, 3),
                 [&](const std::vector<int>& y) { low = std::min(low, g.energy(y)); });
  for (const char* name : kEngines) {
    const Solution s = discrete_engine(name).solve(g, {});
    EXPECT_LE(s.bound, low + 1e-6);
    EXPECT_GE(s.energy, low - kTight);
  }
}

template <class Engine>
void batch_is_its_samples() {
  Rng rng(109);
  for (int round = 0; round < 30; ++round) {
    std::vector<RandomGraph> shapes;
    std::vector<std::vector<Tensor>> tables;
    std::vector<std::vector<LabelSet>> truth(5);
    for (std::size_t i = 0; i < 5; ++i) {
      shapes.push_back(random_graph(rng));
      tables.push_back(random_tables(shapes[i], 1, round % 2 ? 0.15 : 0, rng));
      for (const int k : shapes[i].counts)
        truth[i].push_back(rng.chance(0.3) ? LabelSet() : LabelSet(rng.below(k)));
    }
    Params W;
    const Model<int> model(W, [&](FactorGraph& g, const int& i) {
      const auto at = static_cast<std::size_t>(i);
      declare(g, shapes[at], tables[at], truth[at]);
    });
    const std::vector<int> index{0, 1, 2, 3, 4};
    const Prepared ready = model.prepare(std::span<const int>(index));
    Batch batch = ready.batch();
    const Rescaling margin{.hamming = 0.7};
    for (const Over over : {Over::all, Over::truth})
      for (const bool rescaled : {false, true}) {
        const Query q{.over = over, .beta = kInf, .answers = true, .rescaling = rescaled ? &margin : nullptr};
        Answer a, b, again;
        set_threads(1);
        Engine{}.answer(batch, q, a);
        set_threads(2);
        Engine{}.answer(batch, q, again);
        set_threads(0);
        infer::Exhaustive{}.answer(batch, q, b);
        EXPECT_EQ(a.energy, again.energy);
        EXPECT_EQ(a.bound, again.bound);
        EXPECT_EQ(a.labels, again.labels);
        EXPECT_EQ(a.weights, again.weights);
        for (std::size_t i = 0; i < a.energy.size(); ++i) {
          if (b.energy[i] == kInf) {
            EXPECT_EQ(a.energy[i], kInf);
            continue;
          }
          const double tiny = 1e-6 * (1 + std::abs(b.energy[i]));
          EXPECT_LE(a.bound[i], b.energy[i] + tiny);
          EXPECT_GE(a.energy[i], b.energy[i] - tiny);
          if (a.report.exactness == Exactness::exact) {
            EXPECT_NEAR(a.energy[i], b.energy[i], tiny);
          }
        }
      }
    const Query others{.over = Over::others, .beta = kInf};
    Answer refused;
    EXPECT_THROW(Engine{}.answer(batch, others, refused), GraphError);
  }
}

TEST(TreeReweighted_OfABatch, IsThatOfItsSamplesOnAnyThreads) {
  batch_is_its_samples<infer::TreeReweighted>();
}

TEST(DualDecomposition_OfABatch, IsThatOfItsSamplesOnAnyThreads) {
  batch_is_its_samples<infer::DualDecomposition>();
}

TEST(CertifiedMinima_OfADiscreteGraph, HaveTheSameBitsOnAnyThreads) {
  Rng rng(110);
  const DiscreteGraph g = grid_of(30, 30, 5, 0.8, rng);
  for (const char* name : kEngines) {
    set_threads(1);
    const Solution one = discrete_engine(name).solve(g, {});
    set_threads(2);
    const Solution two = discrete_engine(name).solve(g, {});
    set_threads(0);
    EXPECT_EQ(one.energy, two.energy);
    EXPECT_EQ(one.bound, two.bound);
    EXPECT_EQ(one.labels, two.labels);
  }
}

}  // namespace
}  // namespace ebm
