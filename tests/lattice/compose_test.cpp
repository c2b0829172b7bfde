#include "ebm/lattice/compose.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "ebm/core/error.hpp"
#include "ebm/lattice/operations.hpp"
#include "lattice/random_machines.hpp"

namespace ebm {
namespace {

using lattice::compose;
using lattice::make_automaton;
using namespace ebm::testing;

using Pair = std::pair<std::vector<int>, std::vector<int>>;  // arcs of both sides

/// Pairs of paths that a composition stands for, each with its energy and how often it was met.
std::map<Pair, std::pair<double, int>> pairs_of(const Composed& c) {
  std::map<Pair, std::pair<double, int>> out;
  for (const Path& p : all_paths(c.lattice, c.lattice.energy())) {
    Pair pair;
    for (const int i : p.arcs) {
      if (const int a = c.arc_a[static_cast<std::size_t>(i)]; a >= 0) pair.first.push_back(a);
      if (const int b = c.arc_b[static_cast<std::size_t>(i)]; b >= 0) pair.second.push_back(b);
    }
    auto& found = out[pair];
    found.first = p.energy;
    ++found.second;
  }
  return out;
}

class ComposeLaws : public ::testing::TestWithParam<Kinds> {};

TEST_P(ComposeLaws, Compose_EqualsFilteredEnumeration_EachPairOnce) {
  Rng rng(3);
  int met = 0;
  for (int round = 0; round < 300; ++round) {
    const Lattice l = random_lattice(rng, GetParam());
    const Automaton a = random_automaton(rng, GetParam());
    const Composed c = compose(l, a);
    const auto pairs = pairs_of(c);
    const auto expected = all_pairs(l, l.energy(), a);
    ASSERT_EQ(pairs.size(), expected.size()) << "round " << round;
    for (const Path& p : expected) {
      const auto found = pairs.find({p.arcs, p.automaton_arcs});
      ASSERT_NE(found, pairs.end());
      EXPECT_EQ(found->second.second, 1);
      if (p.energy < kInf) {
        EXPECT_NEAR(found->second.first, p.energy, 1e-9);
      } else {
        EXPECT_EQ(found->second.first, kInf);
      }
    }
    for (int i = 0; i < c.lattice.arcs(); ++i) {
      const int from = c.arc_a[static_cast<std::size_t>(i)];
      EXPECT_EQ(c.lattice.entry()[static_cast<std::size_t>(i)],
                from < 0 ? -1 : l.entry()[static_cast<std::size_t>(from)]);
      EXPECT_EQ(c.lattice.in()[static_cast<std::size_t>(i)],
                from < 0 ? 0 : l.in()[static_cast<std::size_t>(from)]);
    }
    met += static_cast<int>(expected.size());
  }
  EXPECT_GT(met, 1000);
}

TEST_P(ComposeLaws, OutputLabels_AreWhatTheAutomatonWrites) {
  Rng rng(5);
  for (int round = 0; round < 200; ++round) {
    const Lattice l = random_lattice(rng, GetParam());
    const Automaton a = random_automaton(rng, GetParam());
    const Composed c = compose(l, a);
    std::vector<std::vector<int>> written, expected;
    for (const Path& p : all_paths(c.lattice, c.lattice.energy())) written.push_back(p.labels);
    for (const Path& p : all_pairs(l, l.energy(), a)) expected.push_back(p.labels);
    std::sort(written.begin(), written.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(written, expected);
  }
}

TEST_P(ComposeLaws, AnyStateOfTheResult_LiesOnAPath) {
  Rng rng(7);
  for (int round = 0; round < 200; ++round) {
    const Composed c = compose(random_lattice(rng, GetParam()), random_automaton(rng, GetParam()));
    if (!c.lattice.has_path()) {
      EXPECT_EQ(c.lattice.states(), 1);
      continue;
    }
    std::vector<char> used(static_cast<std::size_t>(c.lattice.states()), 0);
    for (const Path& p : all_paths(c.lattice, c.lattice.energy())) {
      used[0] = 1;
      for (const int i : p.arcs)
        used[static_cast<std::size_t>(c.lattice.target()[static_cast<std::size_t>(i)])] = 1;
    }
    EXPECT_EQ(std::count(used.begin(), used.end(), 1), c.lattice.states());
  }
}

// Associative: (l o a) o b and l o (a o b) have the same strings at the same free energies.
TEST_P(ComposeLaws, OfTwoAutomata_IsAssociativeWithALattice) {
  Rng rng(9);
  int met = 0;
  for (int round = 0; round < 150; ++round) {
    const Kinds kinds = GetParam();
    Kinds plain = kinds;
    plain.others = false;
    const Lattice l = random_lattice(rng, kinds);
    const Automaton a = random_automaton(rng, plain), b = random_automaton(rng, kinds);
    const Lattice one = compose(compose(l, a).lattice, b).lattice;
    Lattice two;
    try {
      two = compose(l, compose(a, b)).lattice;
    } catch (const GraphError&) {
      continue;  // a writes nulls in cycles that b passes by nulls of its own
    }
    std::vector<Path> x = all_paths(one, one.energy()), y = all_paths(two, two.energy());
    ASSERT_EQ(x.size(), y.size());
    met += static_cast<int>(x.size());
    const double f = free_energy(x, 1), g = free_energy(y, 1);
    if (f < kInf) {
      EXPECT_NEAR(f, g, 1e-9);
    } else {
      EXPECT_EQ(g, kInf);
    }
  }
  EXPECT_GT(met, 100);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ComposeLaws,
                         ::testing::Values(Kinds{.nulls = false, .forbidden = false}, Kinds{},
                                           Kinds{.others = true},
                                           Kinds{.nulls = false, .others = true, .labels = 5}));

TEST(Compose, WithAnAcceptor_KeepsThePathsThatSpellIt) {
  const std::vector<lattice::Piece> pieces{{0, 1, 1}, {1, 2, 1}, {0, 2, 3}, {2, 3, 1}, {1, 3, 2}};
  const std::vector<int> classes{'0', '1', '2'};
  const Lattice l = lattice::expand(pieces, 4, classes);
  EXPECT_EQ(all_paths(compose(l, lattice::acceptor("12")).lattice,
                      compose(l, lattice::acceptor("12")).lattice.energy())
                .size(),
            2u);
  EXPECT_EQ(all_paths(compose(l, lattice::complement("12")).lattice,
                      compose(l, lattice::complement("12")).lattice.energy())
                .size(),
            27u + 18u - 2u);
  EXPECT_FALSE(compose(l, lattice::acceptor("1234")).lattice.has_path());
}

TEST(Compose, ACycleOfNullArcs_IsRefusedHoweverItArises) {
  const Lattice l = lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1}}, std::vector<Final>{{1, 0}});
  // On the way to the end: refused, whether of one arc or of several.
  const std::vector<Final> end{{1, 0}};
  const auto loop = make_automaton({{0, 1, 1, 1}, {1, 1, 0, 5}}, end);
  const auto ring = make_automaton({{0, 1, 1, 1}, {1, 2, 0, 5}, {2, 1, 0, 0}}, end);
  for (const Automaton* a : {&loop, &ring}) {
    try {
      (void)compose(l, *a);
      ADD_FAILURE() << "accepted";
    } catch (const GraphError& e) {
      EXPECT_NE(std::string(e.what()).find("cyclic"), std::string::npos);
    }
  }
  // Where the composition does not come, or leads to no end, it does no harm.
  EXPECT_TRUE(compose(l, make_automaton({{0, 1, 1, 1}, {0, 2, 2, 2}, {2, 2, 0, 0}, {2, 1, 1, 1}}, end))
                  .lattice.has_path());
  EXPECT_TRUE(compose(l, make_automaton({{0, 1, 1, 1}, {0, 2, 0, 0}, {2, 2, 0, 0}}, end)).lattice.has_path());
}

TEST(Compose, AnAutomatonThatWritesOther_IsRefusedOnTheLeft) {
  EXPECT_THROW(compose(lattice::complement("1"), lattice::acceptor("1")), GraphError);
  EXPECT_TRUE(std::isinf(compose(lattice::acceptor("1"), lattice::complement("1")).final_energy(0)));
}

TEST(Compose, LargeSparseAutomata_NeedNoTableOfAllPairs) {
  // 4,000 x 4,000 states, of which 4,000 pairs are met.
  std::vector<int> text(3999);
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = 1 + static_cast<int>(i % 3);
  const Automaton a = lattice::acceptor(text);
  const Composed c = compose(lattice::to_lattice(a), a);
  EXPECT_EQ(c.lattice.arcs(), 3999);
  EXPECT_EQ(c.lattice.states(), 4000);
}

TEST(Compose, OfEnergiesWhoseSumLeavesTheRangeOfADouble_IsRefused) {
  for (const double e : {1e308, -1e308}) {
    const std::vector<Arc> arcs{{0, 1, 1, 1, e}};
    const std::vector<Final> ends{{1, 0}};
    const Automaton a = make_automaton(arcs, ends);
    EXPECT_THROW(compose(a, a), NumberError);
    EXPECT_THROW(compose(lattice::make_lattice(arcs, ends), a), NumberError);
    const std::vector<Arc> blocked{{0, 1, 1, 1, kInf}};
    EXPECT_EQ(compose(a, make_automaton(blocked, ends)).arcs()[0].energy, kInf)
        << "forbidden stays forbidden";
  }
}

}  // namespace
}  // namespace ebm
