// Branch and bound against enumeration, on graphs of every structure; stopped searches; files with known
// answers.

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "ebm/core/pool.hpp"
#include "ebm/graph/formats.hpp"
#include "ebm/inference/search.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr double kTight = 1e-9;

int rounds(int unit) { return std::getenv("EBM_LONG") ? 1000 : unit; }

void expect_same(double a, double b) {
  if (b == kInf || a == kInf)
    EXPECT_EQ(a, b);
  else
    EXPECT_NEAR(a, b, kTight * (1 + std::abs(b)));
}

TEST(BranchAndBound_OfADiscreteGraph, EqualsEnumeration) {
  Rng rng(71);
  int forbidden = 0;
  for (int round = 0; round < rounds(200); ++round) {
    const RandomGraph shape = random_graph(rng);
    const DiscreteGraph g = discrete_graph(shape, round % 7 == 0 ? 300 : 1, round % 3 == 0 ? 0.3 : 0, rng);
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    const double low = discrete_engine("exhaustive").solve(g, {}).energy;
    const Solution s = discrete_engine("branch-and-bound").solve(g, {});
    forbidden += low == kInf;
    expect_same(s.energy, low);
    expect_same(s.bound, s.energy);
    EXPECT_EQ(s.report.exactness, Exactness::exact);
    EXPECT_EQ(s.report.used, Method::branch_and_bound);
    if (low < kInf)
      expect_same(g.energy(s.labels), low);
    else
      EXPECT_TRUE(s.labels.empty());
  }
  EXPECT_GT(forbidden, 5);
}

// Dense graphs of pairs without structure: nothing is narrow enough to be eliminated, so branches are taken.
DiscreteGraph dense(int variables, int labels, double forbidden, Rng& rng) {
  DiscreteGraph g;
  g.add_variables(variables, Labels(labels));
  const auto k = static_cast<std::size_t>(labels);
  for (int v = 0; v < variables; ++v) g.add(std::array{v}, random_row(k, 0.3, 0, rng));
  for (int a = 0; a < variables; ++a)
    for (int b = 0; b < a; ++b) g.add(std::array{a, b}, random_row(k * k, 1, forbidden, rng));
  return g;
}

TEST(BranchAndBound_OfADenseGraph, EqualsTheJunctionTree) {
  Rng rng(72);
  for (int round = 0; round < 6; ++round) {
    const DiscreteGraph g = dense(9, 5, round % 2 ? 0.3 : 0, rng);
    const Solution s = discrete_engine("branch-and-bound").solve(g, {});
    expect_same(s.energy, discrete_engine("junction-tree").solve(g, {}).energy);
    EXPECT_EQ(s.report.exactness, Exactness::exact);
  }
}

TEST(BranchAndBound_Stopped, HasAnAnswerOfItsEnergyAndABound) {
  Rng rng(73);
  for (int round = 0; round < 5; ++round) {
    const DiscreteGraph g = dense(40, 6, 0, rng);
    double energy = kInf, bound = -kInf, seconds = 0;
    Question q{.seconds = 0.05};
    q.progress = [&](const Progress& p) {
      EXPECT_LE(p.energy, energy);
      EXPECT_GE(p.bound, bound);
      EXPECT_GE(p.seconds, seconds);
      EXPECT_LE(p.bound, p.energy);
      energy = p.energy, bound = p.bound, seconds = p.seconds;
      return true;
    };
    const Solution s = discrete_engine("branch-and-bound").solve(g, q);
    EXPECT_LT(s.report.seconds, 0.5 + 2);  // on a busy machine
    EXPECT_EQ(s.report.exactness, Exactness::bounded);
    EXPECT_EQ(s.report.why, Why::time_limit);
    EXPECT_LT(s.bound, s.energy);
    EXPECT_GT(s.bound, -kInf);
    EXPECT_NEAR(g.energy(s.labels), s.energy, kTight);
    EXPECT_LE(s.energy, energy + kTight);
    // From its own answer it gets no worse, whatever the time.
    q.start = s.labels;
    q.seconds = 0;
    EXPECT_LE(discrete_engine("branch-and-bound").solve(g, q).energy, s.energy + kTight);
  }
}

TEST(BranchAndBound_StoppedAtOnceBySomeoneElse, HasBoundsThatAreBounds) {
  Rng rng(74);
  for (int round = 0; round < rounds(100); ++round) {
    const DiscreteGraph g = dense(7, 4, round % 3 == 0 ? 0.4 : 0, rng);
    const double low = discrete_engine("junction-tree").solve(g, {}).energy;
    int left = round % 8;
    Question q{};
    q.progress = [&](const Progress& p) {
      EXPECT_LE(p.bound, low + kTight);
      EXPECT_GE(p.energy, low - kTight);
      return left-- > 0;
    };
    const Solution s = discrete_engine("branch-and-bound").solve(g, q);
    EXPECT_LE(s.bound, low + kTight);
    EXPECT_GE(s.energy, low - kTight);
    if (s.report.exactness == Exactness::exact) expect_same(s.energy, low);
  }
}

TEST(BranchAndBound_WithAGap, StopsWhenItIsReached) {
  Rng rng(75);
  const DiscreteGraph g = dense(12, 4, 0, rng);
  const Solution exact = discrete_engine("branch-and-bound").solve(g, {});
  const Solution near = discrete_engine("branch-and-bound").solve(g, {.gap = 10});
  EXPECT_LE(near.energy - near.bound, 10);
  EXPECT_LE(near.bound, exact.energy + kTight);
  EXPECT_TRUE(near.report.converged);
}

TEST(BranchAndBound_OfSamples, EqualsExhaustiveForTheTruthAndForAll) {
  Rng rng(76);
  for (int round = 0; round < rounds(60); ++round) {
    struct Case {
      RandomGraph shape;
      std::vector<Tensor> tables;
      std::vector<LabelSet> truth;
    };
    std::vector<Case> cases;
    for (int i = 0; i < 5; ++i) {
      Case c{random_graph(rng), {}, {}};
      c.tables = random_tables(c.shape, 1, round % 2 ? 0.15 : 0, rng);
      for (const int k : c.shape.counts)
        c.truth.push_back(rng.chance(0.3) ? LabelSet() : LabelSet(rng.below(k)));
      cases.push_back(std::move(c));
    }
    Params W;
    const Model<int> model(W, [&](FactorGraph& g, const int& i) {
      const Case& c = cases[static_cast<std::size_t>(i)];
      declare(g, c.shape, c.tables, c.truth);
    });
    const std::vector<int> index{0, 1, 2, 3, 4};
    const Prepared ready = model.prepare(std::span<const int>(index));
    Batch batch = ready.batch();
    const Rescaling margin{.hamming = 0.7};
    const int before = threads();
    for (const Over over : {Over::all, Over::truth}) {
      const Query q{.over = over, .answers = true, .rescaling = round % 4 == 3 ? &margin : nullptr};
      Answer a, b, two;
      set_threads(1);
      infer::BranchAndBound{}.answer(batch, q, a);
      set_threads(2);
      infer::BranchAndBound{}.answer(batch, q, two);
      set_threads(before);
      infer::Exhaustive{}.answer(batch, q, b);
      EXPECT_EQ(a.energy, two.energy);
      EXPECT_EQ(a.labels, two.labels);
      for (std::size_t i = 0; i < a.energy.size(); ++i) expect_same(a.energy[i], b.energy[i]);
      EXPECT_EQ(a.report.exactness, Exactness::exact);
    }
    Answer a;
    EXPECT_THROW(infer::BranchAndBound{}.answer(batch, {.over = Over::others}, a), GraphError);
    EXPECT_THROW(infer::BranchAndBound{}.answer(batch, {.beta = 1}, a), GraphError);
  }
}

TEST(BranchAndBound_OfATableWithANaN, IsNaN) {
  Params W;
  const Tensor table({2, 2}, {1, std::numeric_limits<Real>::quiet_NaN(), 6, 3});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto y = g.outputs("y", 3, Labels(2));
    g.add_each(factor::constant(table), Scopes{2, {0, 1, 1, 2, 2, y.first}});
  });
  Answer a;
  infer::BranchAndBound{}.answer(one.batch, {}, a);
  EXPECT_TRUE(std::isnan(a.energy[0]));
}

TEST(BranchAndBound_TooLargeForItsMemory, IsRefusedWithTheSize) {
  Rng rng(77);
  const DiscreteGraph g = dense(20, 8, 0, rng);
  try {
    (void)discrete_engine("branch-and-bound").solve(g, {.memory = 1000});
    FAIL();
  } catch (const GraphError& e) {
    EXPECT_NE(std::string(e.what()).find("MiB"), std::string::npos) << e.what();
  }
  EXPECT_THROW((void)discrete_engine("branch-and-bound").solve(g, {.start = {1, 2}}), GraphError);
}

TEST(BranchAndBound_OfWeightedConstraints, FindsAndCertifiesTheKnownOptima) {
  const char* data = std::getenv("EBM_DATA");
  const auto folder = (data != nullptr ? std::filesystem::path(data)
                                       : std::filesystem::path(EBM_SOURCE_DIR) / ".." / "shared" / "data") /
                      "toulbar2_wcsp";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder << "; set EBM_DATA";
  const auto of = [&](const char* name) {
    return discrete_engine("branch-and-bound").solve(discrete::read_graph(folder / name).graph, {});
  };
  for (const auto& [name, optimum] :
       {std::pair{"4queens.wcsp.gz", 0.0}, {"zebra.wcsp.gz", 0.0}, {"example.wcsp.gz", 27.0}}) {
    const Solution s = of(name);
    EXPECT_NEAR(s.energy, optimum, kTight) << name;
    EXPECT_EQ(s.report.exactness, Exactness::exact) << name;
  }
}

}  // namespace
}  // namespace ebm
