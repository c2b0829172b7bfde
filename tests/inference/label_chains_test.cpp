// Chains over graphs of labels against enumeration, and what is said of their draws.

#include "ebm/inference/label_chains.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "ebm/core/pool.hpp"
#include "src/inference/gibbs_kernels.hpp"
#include "src/inference/label_moves.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using Task = Question::Task;

int rounds(int usual) { return std::getenv("EBM_LONG") ? 1000 : usual; }

std::string refusal(const auto& call) {
  try {
    call();
  } catch (const GraphError& e) {
    return e.what();
  }
  return "";
}

constexpr Moves kAll[] = {Moves::single, Moves::coloured, Moves::blocked, Moves::swendsen_wang};

DiscreteGraph grid(int height, int width, int labels, double weight, double single, Rng& rng) {
  DiscreteGraph g;
  const Variables y = g.add_variables(height * width, Labels(labels));
  std::vector<double> row;
  for (int a = 0; a < labels; ++a)
    for (int b = 0; b < labels; ++b) row.push_back(a == b ? 0 : weight);
  g.add_each(row, y.grid_pairs(height, width));
  if (single > 0) {
    std::vector<double> own;
    for (int k = 0; k < height * width * labels; ++k) own.push_back(single * rng.normal());
    g.add_each(own, y.each());
  }
  return g;
}

// Neighbours on a torus once each, E = weight [a != b].
DiscreteGraph torus(int size, int labels, double weight, double rise = 0) {
  DiscreteGraph g;
  g.add_variables(size * size, Labels(labels));
  Scopes pairs{2, {}}, each{1, {}};
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      const int at = y * size + x, right = y * size + (x + 1) % size, down = (y + 1) % size * size + x;
      pairs.variables.insert(pairs.variables.end(), {at, right, at, down});
      each.variables.push_back(at);
    }
  std::vector<double> row, own;
  for (int a = 0; a < labels; ++a)
    for (int b = 0; b < labels; ++b) row.push_back(a == b ? 0 : weight);
  g.add_each(row, pairs);
  for (int k = 0; k < labels; ++k) own.push_back(rise * k);
  if (rise != 0) g.add_each(own, each);
  return g;
}

std::vector<double> joint(const DiscreteGraph& g, double beta) {
  std::vector<int> y(static_cast<std::size_t>(g.variables()), 0);
  std::vector<double> p;
  double sum = 0;
  for (bool more = true; more;) {
    p.push_back(std::exp(-beta * g.energy(y)));
    sum += p.back();
    more = false;
    for (std::size_t v = y.size(); v-- > 0 && !more;) {
      more = ++y[v] < g.labels()[v];
      if (!more) y[v] = 0;
    }
  }
  for (double& x : p) x /= sum;
  return p;
}

std::size_t index(const DiscreteGraph& g, std::span<const int> y) {
  std::size_t k = 0;
  for (std::size_t v = 0; v < y.size(); ++v)
    k = k * static_cast<std::size_t>(g.labels()[v]) + static_cast<std::size_t>(y[v]);
  return k;
}

double distance(const DiscreteGraph& g, Moves moves, double beta, int samples, std::uint64_t seed) {
  const std::vector<double> p = joint(g, beta);
  std::vector<double> seen(p.size(), 0.0);
  LabelChain chain(g, moves, beta, seed);
  chain.run(100);
  for (int k = 0; k < samples; ++k) {
    chain.run(1);
    seen[index(g, chain.labels())] += 1.0 / samples;
  }
  double total = 0;
  for (std::size_t k = 0; k < p.size(); ++k) total += std::abs(p[k] - seen[k]) / 2;
  return total;
}

TEST(LabelChain, OnAGridOfThreeLabels_HasTheJointDistributionOfEnumeration) {
  // 10^6 draws come near 0.02 of 729 joint labels; fewer, in proportion to 1 / sqrt.
  const bool all = std::getenv("EBM_LONG") != nullptr;
  const int samples = all ? 1'000'000 : 60'000;
  const double bar = all ? 0.02 : 0.05;
  Rng rng(5);
  const DiscreteGraph potts = grid(2, 3, 3, 0.7, 0.5, rng);
  for (const Moves moves : kAll)
    EXPECT_LT(distance(potts, moves, 1, samples, 3), bar) << static_cast<int>(moves);
}

TEST(LabelChain, OnRandomGraphs_HasTheMarginalsOfEnumeration_ByEveryMove) {
  int checked[3] = {};
  for (int round = 0; round < rounds(60); ++round) {
    Rng rng(static_cast<std::uint64_t>(round), 7);
    const DiscreteGraph g = discrete_graph(random_graph(rng), 1, 0, rng);
    const Solution exact = discrete_engine("exhaustive").solve(g, {.task = Task::marginals, .beta = 0.7});
    for (int m = 0; m < 3; ++m) {
      const Solution s = infer::LabelChains{.moves = kAll[m], .burn_in = 50, .sweeps = 400}.solve(
          g, {.task = Task::marginals, .beta = 0.7, .seed = 9});
      ASSERT_EQ(s.marginals.size(), exact.marginals.size());
      EXPECT_EQ(s.report.exactness, Exactness::sampled);
      if (!(s.effective_samples > 100)) continue;
      ++checked[m];
      for (std::size_t k = 0; k < s.marginals.size(); ++k) {
        const double p = std::min(1.0, exact.marginals[k]);
        EXPECT_NEAR(s.marginals[k], p, 6 * std::sqrt(p * (1 - p) / s.effective_samples) + 0.01)
            << round << " " << m;
      }
    }
  }
  for (const int n : checked) EXPECT_GT(n, rounds(60) / 2);
}

TEST(LabelChain, OnCountsAgreementsAndForbiddenEntries_HasTheMarginalsOfEnumeration) {
  for (int round = 0; round < rounds(20); ++round) {
    Rng rng(static_cast<std::uint64_t>(round), 11);
    DiscreteGraph g;
    g.add_variables(6, Labels(2));
    std::vector<double> single;
    for (int k = 0; k < 12; ++k) single.push_back(rng.normal());
    g.add_each(single, Scopes{1, {0, 1, 2, 3, 4, 5}});
    g.add_each(random_row(4, 1, 0, rng), Scopes{4, {0, 1, 2, 3, 5, 4, 1, 2}}, {}, Index::count);
    g.add_each(random_row(3, 1, 0, rng), Scopes{3, {1, 3, 5}}, {}, Index::agreement);
    // At most two of the first four, all in one piece for single moves.
    g.add_each({0, 0, 0, kInf}, Scopes{4, {0, 1, 2, 3}}, {}, Index::count);
    const Solution exact = discrete_engine("exhaustive").solve(g, {.task = Task::marginals});
    for (const Moves moves : {Moves::single, Moves::coloured, Moves::blocked}) {
      const Solution s = infer::LabelChains{.moves = moves, .burn_in = 50, .sweeps = 2000}.solve(
          g, {.task = Task::marginals, .seed = 4, .start = std::vector<int>(6, 1)});  // a forbidden start
      for (std::size_t k = 0; k < s.marginals.size(); ++k)
        EXPECT_NEAR(s.marginals[k], exact.marginals[k], 0.1) << round << " " << static_cast<int>(moves);
      EXPECT_LT(s.r_hat, 1.2);
    }
  }
}

TEST(LabelChain, ThatStartsForbidden_FindsItsWay) {
  // Permutations of 5, as pairs that forbid what agrees: greedy starts clash.
  DiscreteGraph g;
  const int n = 5;
  g.add_variables(n, Labels(6));
  std::vector<double> differ(36, 0);
  for (std::size_t k = 0; k < 6; ++k) differ[7 * k] = kInf;
  for (int a = 0; a < n; ++a)
    for (int b = 0; b < a; ++b) g.add(std::vector<int>{a, b}, differ);
  for (const Moves moves : {Moves::single, Moves::coloured, Moves::blocked})
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      LabelChain chain(g, moves, 1, seed, 0, std::vector<int>(static_cast<std::size_t>(n), 0));
      EXPECT_EQ(chain.energy(), kInf);
      chain.run(200);
      EXPECT_LT(chain.energy(), kInf) << static_cast<int>(moves) << " " << seed;
    }
}

TEST(LabelChain, OfLattices_DrawsByVectors_WhatSingleMovesDraw) {
  // Two labels with and without a field on all, several labels with fields of their own, and repulsion.
  Rng rng(3);
  struct Case {
    DiscreteGraph graph;
    double beta;
  };
  std::vector<Case> cases;
  cases.push_back({torus(34, 2, 0.6, 0.15), 1});
  cases.push_back({torus(34, 2, -0.6), 0.7});
  cases.push_back({torus(34, 5, 0.7), 1});
  cases.push_back({grid(20, 37, 4, 0.5, 0.7, rng), 0.8});
  cases.push_back({grid(20, 37, 2, 0.5, 0.7, rng), 0.8});
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const DiscreteGraph& g = cases[i].graph;
    LabelChain fast(g, Moves::coloured, cases[i].beta, 5), slow(g, Moves::single, cases[i].beta, 5);
    EXPECT_TRUE(fast.vectorised());
    EXPECT_FALSE(slow.vectorised());
    double mean[2] = {}, ones[2] = {};
    constexpr int kSweeps = 400;
    for (int k = -50; k < kSweeps; ++k)
      for (int c = 0; c < 2; ++c) {
        LabelChain& chain = c ? slow : fast;
        chain.run(1);
        if (k < 0) continue;
        mean[c] += chain.energy() / kSweeps / g.variables();
        for (const int y : chain.labels()) ones[c] += 1.0 * (y == 1) / kSweeps / g.variables();
      }
    EXPECT_NEAR(mean[0], mean[1], 0.006) << i;
    EXPECT_NEAR(ones[0], ones[1], 0.02) << i;
  }
}

TEST(LabelChain, OfAnIsingTorus_HasOnsagersEnergy) {
  // Spins s = +-1, E = -J sum s s: as w [a != b], w = 2 J; J beta = 0.3. Onsager 1944, in the limit of large
  // tori; 256 is large against the correlation length.
  constexpr double kOnsager = -0.704499071;
  const DiscreteGraph g = torus(256, 2, 0.6);
  LabelChain chain(g, Moves::coloured, 1, 2);
  ASSERT_TRUE(chain.vectorised());
  chain.run(100);
  std::vector<double> site;
  for (int k = 0; k < (std::getenv("EBM_LONG") ? 20'000 : 500); ++k) {
    chain.run(1);
    site.push_back((chain.energy() / 0.6 * 2 - 2 * 65536) / 65536);
  }
  double mean = 0, squares = 0;
  for (const double e : site) mean += e / static_cast<double>(site.size());
  for (const double e : site) squares += (e - mean) * (e - mean) / static_cast<double>(site.size() - 1);
  const double n = effective_samples(site, 1);
  EXPECT_GT(n, 100);
  EXPECT_NEAR(mean, kOnsager, 3 * std::sqrt(squares / n));
}

TEST(GibbsKernels, RandomWords_AreThoseOfRng) {
  std::vector<std::uint32_t> words(4 * 1000 + kRandomSlack);
  const std::uint64_t seed = 0x123456789abcdefULL, stream = 0xfedcba987654321ULL, first = 0xfffffff0ULL;
  gibbs_kernels().random(seed, stream, first, 1000, words.data());
  for (std::size_t b = 0; b < 1000; ++b) {
    const auto expected = Rng::block(seed, stream, first + b);
    for (std::size_t w = 0; w < 4; ++w) ASSERT_EQ(words[4 * b + w], expected[w]) << b;
  }
}

TEST(GibbsKernels, Binary_DrawsWhatItsNumbersSay_InShortAndLongRuns) {
  // Runs of every length; each variable has neighbours two rows away, and is compared with plain code.
  Rng rng(8);
  constexpr std::uint32_t kRow = 300;
  for (std::uint32_t length : {1u, 5u, 31u, 32u, 33u, 63u, 64u, 100u, 257u}) {
    std::vector<std::uint8_t> state(3 * kRow), numbers(kRow);
    for (auto& s : state) s = static_cast<std::uint8_t>(rng.below(2));
    for (auto& x : numbers) x = static_cast<std::uint8_t>(rng.below(4) * 60);
    std::vector<std::uint32_t> below(256, 0);
    for (std::size_t c = 0; c <= 3; ++c) below[48 + c] = static_cast<std::uint32_t>(c * 60) << 24 | 0x800000;
    const std::vector<std::int32_t> deltas{-300, 299, 300};
    const NeighbourRun run{kRow, length, 0, 3};
    const auto before = state;
    gibbs_kernels().binary(state.data(), &run, 1, deltas.data(), numbers.data(), kRow, below.data(), 7, 8);
    for (std::size_t p = 0; p < state.size(); ++p) {
      std::uint8_t expected = before[p];
      if (p >= kRow && p < kRow + length) {
        const std::size_t ones = before[p - 300] + before[p + 299] + before[p + 300];
        const std::uint32_t number = std::uint32_t{numbers[p - kRow]} << 24 | Rng::block(7, 8, p)[0] >> 8;
        expected = number < below[48 + ones];
      }
      ASSERT_EQ(state[p], expected) << length << " " << p;
    }
  }
}

TEST(TreeBlocks, OfRandomGraphs_AreForestsThatCoverThem_AndMinimiseExactly) {
  int several = 0;
  for (int round = 0; round < rounds(150); ++round) {
    Rng rng(static_cast<std::uint64_t>(round), 13);
    const DiscreteGraph g = discrete_graph(random_graph(rng), 1, round % 4 == 0 ? 0.1 : 0, rng);
    Workspace ws;
    const DiscreteView view = view_of(g, ws, Tables::declared);
    const Readers readers(view);
    const TreeBlocks trees(view, readers);
    several += trees.blocks() > 1;
    if (trees.blocks() != 1) continue;
    std::vector<int> labels(static_cast<std::size_t>(g.variables()), 0);
    TreeBlocks::Room room;
    EXPECT_TRUE(trees.minimize(0, LocalEnergies(view, readers), labels, room));
    const Solution exact = discrete_engine("exhaustive").solve(g, {});
    if (exact.energy < kInf) {
      EXPECT_NEAR(g.energy(labels), exact.energy, 1e-9);
    }
  }
  EXPECT_GT(several, 10);
}

TEST(LocalEnergies, Differences_AreThoseOfTheWholeEnergy) {
  for (int round = 0; round < rounds(100); ++round) {
    Rng rng(static_cast<std::uint64_t>(round), 17);
    const DiscreteGraph g = discrete_graph(random_graph(rng), 1, round % 4 == 0 ? 0.1 : 0, rng);
    Workspace ws;
    const DiscreteView view = view_of(g, ws, Tables::declared);
    const Readers readers(view);
    const LocalEnergies local(view, readers);
    std::vector<int> y(static_cast<std::size_t>(g.variables()));
    draw_uniformly(view, rng, y);
    for (std::size_t v = 0; v < y.size(); ++v) {
      std::vector<double> e(static_cast<std::size_t>(g.labels()[v]));
      local.of(static_cast<int>(v), y, e);
      const int stays = y[v];
      const double whole = g.energy(y);
      for (std::size_t k = 0; k < e.size(); ++k) {
        y[v] = static_cast<int>(k);
        if (!(whole < kInf)) continue;
        if (g.energy(y) < kInf) {
          EXPECT_NEAR(e[k] - e[static_cast<std::size_t>(stays)], g.energy(y) - whole, 1e-9);
        } else {
          EXPECT_EQ(e[k], kInf);
        }
      }
      y[v] = stays;
    }
  }
}

TEST(EffectiveSamples, OfIndependentDraws_AreAllOfThem) {
  Rng rng(1);
  double mean = 0;
  for (int r = 0; r < 10; ++r) {
    std::vector<double> draws(4 * 1000);
    for (double& x : draws) x = rng.normal();
    mean += effective_samples(draws, 4) / 10;
    EXPECT_NEAR(split_r_hat(draws, 4), 1, 0.01);
  }
  EXPECT_NEAR(mean, 4000, 400);
}

TEST(EffectiveSamples, OfAnAutoregression_AreTheKnownPart) {
  // x' = a x + noise: tau = (1 + a) / (1 - a).
  for (const double a : {0.5, 0.9, -0.4}) {
    Rng rng(2);
    constexpr int kDraws = 20'000;
    std::vector<double> draws;
    for (int c = 0; c < 4; ++c) {
      double x = rng.normal() / std::sqrt(1 - a * a);
      for (int k = 0; k < kDraws; ++k) draws.push_back(x = a * x + rng.normal());
    }
    const double expected = 4 * kDraws * (1 - a) / (1 + a);
    EXPECT_NEAR(effective_samples(draws, 4) / expected, 1, 0.15) << a;
  }
}

TEST(SplitRHat, OfChainsThatDisagree_IsAboveOne) {
  Rng rng(3);
  std::vector<double> apart, drift, equal(400, 2.5), own;
  for (int c = 0; c < 4; ++c)
    for (int k = 0; k < 500; ++k) {
      apart.push_back(rng.normal() + (c == 0 ? 3 : 0));
      drift.push_back(rng.normal() + 0.01 * k);
      own.push_back(c);
    }
  EXPECT_GT(split_r_hat(apart, 4), 1.3);
  EXPECT_LT(effective_samples(apart, 4), 100);
  EXPECT_GT(split_r_hat(drift, 4), 1.3);  // which whole chains would not show
  EXPECT_EQ(split_r_hat(equal, 4), 1);
  EXPECT_EQ(effective_samples(equal, 4), 400);
  EXPECT_EQ(split_r_hat(own, 4), kInf);
  EXPECT_TRUE(std::isnan(split_r_hat(std::vector<double>{1, 2, 3}, 1)));
  EXPECT_NE(refusal([&] { split_r_hat(apart, 3); }), "");
}

TEST(LabelChains, OfAnOrderedPottsModel_SeeThatTheyDisagree) {
  // Cold, single moves keep the label they began with; r_hat says so by the shares, the energy does not.
  Rng rng(4);
  const DiscreteGraph g = grid(8, 8, 2, 3.0, 0, rng);
  const Question q{.task = Task::marginals, .seed = 3};
  const Solution gibbs = infer::LabelChains{.chains = 8}.solve(g, q);
  EXPECT_GT(gibbs.r_hat, 1.5);
  EXPECT_FALSE(gibbs.report.converged);
  const Solution clusters = infer::LabelChains{.moves = Moves::swendsen_wang, .chains = 8}.solve(g, q);
  EXPECT_LT(clusters.r_hat, 1.05);
  EXPECT_TRUE(clusters.report.converged);
  for (const double p : clusters.marginals) EXPECT_NEAR(p, 0.5, 0.05);
}

TEST(LabelChains, OfOneSeed_AreTheSameForAnyThreads) {
  Rng rng(6);
  std::vector<DiscreteGraph> graphs;
  graphs.push_back(torus(70, 2, 0.6));
  graphs.push_back(grid(30, 41, 3, 0.6, 0.5, rng));
  graphs.push_back(discrete_graph(random_graph(rng), 1, 0, rng));
  DiscreteGraph rough;
  const Variables y = rough.add_variables(40 * 40, Labels(3));
  std::vector<double> rows;
  const Scopes pairs = y.grid_pairs(40, 40);
  for (std::size_t k = 0; k < pairs.variables.size() / 2 * 9; ++k) rows.push_back(rng.normal());
  rough.add_each(rows, pairs);
  graphs.push_back(rough);
  for (std::size_t i = 0; i < graphs.size(); ++i)
    for (const Moves moves : {Moves::coloured, Moves::blocked}) {
      const auto run = [&](int threads, std::uint64_t seed) {
        set_threads(threads);
        const Solution s = infer::LabelChains{.moves = moves, .chains = 3, .burn_in = 3, .sweeps = 8}.solve(
            graphs[i], {.task = Task::samples, .samples = 5, .seed = seed});
        const Solution m = infer::LabelChains{.moves = moves, .chains = 3, .burn_in = 3, .sweeps = 8}.solve(
            graphs[i], {.task = Task::marginals, .seed = seed});
        set_threads(0);
        EXPECT_EQ(s.samples.size(), 5 * graphs[i].labels().size());
        return std::pair(s.samples, m.marginals);
      };
      EXPECT_EQ(run(1, 1), run(2, 1));
      if (i != 2) {
        EXPECT_NE(run(2, 1), run(2, 2));
      }
    }
}

TEST(LabelChains, BadUse_IsRefusedByName) {
  const auto has = [](const std::string& text, const char* what) {
    EXPECT_NE(text.find(what), std::string::npos) << text << " / " << what;
  };
  Rng rng(1);
  const DiscreteGraph g = grid(2, 2, 3, 1, 0, rng), repels = grid(2, 2, 3, -1, 0, rng);
  const Question marginals{.task = Task::marginals};
  has(refusal([&] { infer::LabelChains{}.solve(g, {}); }), "[gibbs] gives samples and marginals");
  has(refusal([&] { infer::LabelChains{.chains = 0}.solve(g, marginals); }), "needs a chain");
  has(refusal([&] { discrete_engine("swendsen-wang").solve(repels, marginals); }),
      "[swendsen-wang] the pair of variables 0 and 1 is no w [a != b]");
  DiscreteGraph triple;
  triple.add_variables(3, Labels(2));
  triple.add(std::vector<int>{0, 1, 2}, std::vector<double>(8, 0.5));
  has(refusal([&] { discrete_engine("swendsen-wang").solve(triple, marginals); }),
      "the factor on 3 variables");
  has(refusal([&] { LabelChain(g, Moves::single, kInf); }), "beta must be finite");
  has(refusal([&] { LabelChain(g, Moves::single, 1, 1, 0, std::vector<int>{0, 0, 3, 0}); }), "label 3 of 3");
  has(refusal([&] { LabelChain(g, Moves::single, 1, 1, 0, std::vector<int>{0}); }), "1 labels to start from");
  // An empty graph, and one whose every answer is forbidden.
  EXPECT_TRUE(infer::LabelChains{}.solve(DiscreteGraph(), marginals).marginals.empty());
  DiscreteGraph none;
  none.add_variables(1, Labels(2));
  none.add(std::vector<int>{0}, std::vector<double>{kInf, kInf});
  const Solution s = infer::LabelChains{}.solve(none, marginals);
  EXPECT_FALSE(s.report.converged);
  EXPECT_EQ(s.effective_samples, 0);
  // A time limit leaves the least number of sweeps.
  Question hurried = marginals;
  hurried.seconds = 0;
  const Solution few = infer::LabelChains{}.solve(g, hurried);
  EXPECT_EQ(few.report.iterations, 204);
  EXPECT_EQ(few.report.why, Why::time_limit);
}

}  // namespace
}  // namespace ebm
