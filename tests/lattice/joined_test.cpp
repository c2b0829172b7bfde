#include "ebm/lattice/joined.hpp"

#include <gtest/gtest.h>

#include "ebm/core/error.hpp"
#include "ebm/lattice/compose.hpp"
#include "lattice/random_machines.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

class JoinedLaws : public ::testing::TestWithParam<Kinds> {};

TEST_P(JoinedLaws, BestPath_EqualsEnumerationOfPairs) {
  Rng rng(21);
  Workspace ws;
  int met = 0;
  for (int round = 0; round < 400; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng, GetParam());
    const Automaton a = random_automaton(rng, GetParam());
    const auto e = energies(l);
    const auto pairs = all_pairs(l, e, a);
    const Path best = lattice::best_path(l, a, e, ws);
    const double expected = minimum(pairs);
    if (expected == kInf) {
      EXPECT_EQ(best.energy, kInf);
      EXPECT_TRUE(best.arcs.empty() && best.labels.empty() && best.automaton_arcs.empty());
      continue;
    }
    ++met;
    EXPECT_NEAR(best.energy, expected, 1e-9 * (1 + std::abs(expected)));
    // The pair that is given is one of them, and writes what it says.
    double given = kInf;
    for (const Path& p : pairs)
      if (p.arcs == best.arcs && p.automaton_arcs == best.automaton_arcs) {
        given = p.energy;
        EXPECT_EQ(p.labels, best.labels);
      }
    EXPECT_NEAR(given, expected, 1e-9 * (1 + std::abs(expected)));
  }
  EXPECT_GT(met, 100);
}

TEST_P(JoinedLaws, FreeEnergyAndPosteriors_EqualEnumerationOfPairs) {
  Rng rng(22);
  Workspace ws;
  for (int round = 0; round < 400; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng, GetParam());
    const Automaton a = random_automaton(rng, GetParam());
    const auto e = energies(l);
    const auto pairs = all_pairs(l, e, a);
    for (const double beta : {0.3, 1.0, 4.0}) {
      std::vector<double> p(e.size(), 9.0), g(a.arcs().size(), 9.0), p0(e.size(), 0.0), g0(g.size(), 0.0);
      const double f = lattice::free_energy(l, a, e, beta, p, ws, g), expected = free_energy(pairs, beta);
      if (expected == kInf) {
        EXPECT_EQ(f, kInf);
      } else {
        EXPECT_NEAR(f, expected, 1e-9 * (1 + std::abs(expected)));
        for (const Path& path : pairs) {
          const double weight = std::exp(-beta * (path.energy - expected));
          for (const int i : path.arcs) p0[static_cast<std::size_t>(i)] += weight;
          for (const int i : path.automaton_arcs) g0[static_cast<std::size_t>(i)] += weight;
        }
      }
      const double tolerance = 1e-9 + 1e-11 * beta * GetParam().spread;
      for (std::size_t i = 0; i < p.size(); ++i) ASSERT_NEAR(p[i], p0[i], tolerance) << "round " << round;
      for (std::size_t i = 0; i < g.size(); ++i) ASSERT_NEAR(g[i], g0[i], tolerance) << "round " << round;
      EXPECT_EQ(f, lattice::free_energy(l, a, e, beta, {}, ws));
    }
  }
}

// With a spread of 60 or more nats rows underflow and the composition is written out.
INSTANTIATE_TEST_SUITE_P(Kinds, JoinedLaws,
                         ::testing::Values(Kinds{.nulls = false, .forbidden = false}, Kinds{},
                                           Kinds{.others = true},
                                           Kinds{.nulls = false, .others = true, .labels = 5},
                                           Kinds{.spread = 60}, Kinds{.others = true, .spread = 300},
                                           Kinds{.spread = 1e4}));

TEST(Joined, FreeEnergy_SlopesByFiniteDifferences) {
  Rng rng(23);
  Workspace ws;
  for (int round = 0; round < 60; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng, {.others = true});
    const Automaton a = random_automaton(rng, {.others = true});
    auto e = energies(l);
    std::vector<double> p(e.size());
    if (lattice::free_energy(l, a, e, 1, p, ws) == kInf) continue;
    for (std::size_t i = 0; i < e.size(); ++i) {
      if (e[i] == kInf) continue;
      const double h = 1e-5, at = e[i];
      e[i] = at + h;
      const double up = lattice::free_energy(l, a, e, 1, {}, ws);
      e[i] = at - h;
      const double down = lattice::free_energy(l, a, e, 1, {}, ws);
      e[i] = at;
      EXPECT_NEAR(p[i], (up - down) / (2 * h), 1e-6);
    }
  }
}

// F(all) = -log(exp(-F(string)) + exp(-F(every other string))).
TEST(Joined, AcceptorAndComplement_ShareOutTheWhole) {
  Rng rng(24);
  Workspace ws;
  for (int round = 0; round < 200; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    const auto e = energies(l);
    std::vector<int> text;
    for (int i = rng.below(4); i > 0; --i) text.push_back(1 + rng.below(3));
    std::vector<double> is(e.size()), is_not(e.size()), all(e.size());
    const double f = lattice::free_energy(l, lattice::acceptor(text), e, 1, is, ws);
    const double g = lattice::free_energy(l, lattice::complement(text), e, 1, is_not, ws);
    const double h = lattice::free_energy(l, e, 1, all, ws);
    EXPECT_NEAR(std::exp(h - f) + std::exp(h - g), 1, 1e-9);
    for (std::size_t i = 0; i < all.size(); ++i)
      EXPECT_NEAR(all[i], is[i] * std::exp(h - f) + is_not[i] * std::exp(h - g), 1e-9);
    EXPECT_NEAR(std::min(lattice::best_path(l, lattice::acceptor(text), e, ws).energy,
                         lattice::best_path(l, lattice::complement(text), e, ws).energy),
                lattice::best_path(l, e, ws).energy, 1e-9);
  }
}

TEST(Joined, LargeSparseAutomata_AreAnsweredFromTheWrittenComposition) {
  Rng rng(25);
  Workspace ws;
  // A lexicon of 300 words as an acceptor of alternatives: hundreds of states, few transitions each.
  std::vector<Arc> arcs;
  std::vector<Final> finals;
  int states = 1;
  for (int word = 0; word < 300; ++word) {
    int at = 0;
    for (int length = 1 + rng.below(5); length > 0; --length) {
      const int label = 1 + rng.below(3);
      arcs.push_back({at, states, label, label, rng.normal()});
      at = states++;
    }
    finals.push_back({at, rng.normal()});
  }
  const Automaton a(std::move(arcs), finals);
  for (int round = 0; round < 20; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    const auto e = energies(l);
    const auto pairs = all_pairs(l, e, a);
    std::vector<double> p(e.size());
    const double f = lattice::free_energy(l, a, e, 1, p, ws), expected = free_energy(pairs, 1);
    if (expected == kInf) {
      EXPECT_EQ(f, kInf);
      continue;
    }
    EXPECT_NEAR(f, expected, 1e-9);
    EXPECT_NEAR(lattice::best_path(l, a, e, ws).energy, minimum(pairs), 1e-9);
  }
}

TEST(Joined, ACycleOfNullArcs_IsRefusedAsInCompose) {
  Workspace ws;
  const Lattice l = lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1}}, std::vector<Final>{{1, 0}});
  const std::vector<Final> end{{1, 0}};
  const auto loop = lattice::make_automaton({{0, 1, 1, 1}, {1, 1, 0, 5}}, end);
  EXPECT_THROW(lattice::best_path(l, loop, l.energy(), ws), GraphError);
  EXPECT_THROW(lattice::free_energy(l, loop, l.energy(), 1, {}, ws), GraphError);
  const auto harmless = lattice::make_automaton({{0, 1, 1, 1}, {0, 2, 2, 2}, {2, 2, 0, 0}}, end);
  EXPECT_EQ(lattice::best_path(l, harmless, l.energy(), ws).energy, 0);
}

TEST(Joined, BadArguments_AreRefused) {
  Workspace ws;
  const Lattice l = lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1}}, std::vector<Final>{{1, 0}});
  const Automaton a = lattice::acceptor(std::vector<int>{1});
  std::vector<double> two(2, 0.0);
  EXPECT_THROW(lattice::best_path(l, a, two, ws), ShapeError);
  EXPECT_THROW(lattice::free_energy(l, a, l.energy(), 1, two, ws), ShapeError);
  EXPECT_THROW(lattice::free_energy(l, a, l.energy(), 1, {}, ws, two), ShapeError);
  EXPECT_THROW(lattice::free_energy(l, a, l.energy(), 0, {}, ws), GraphError);
}

}  // namespace
}  // namespace ebm
