#include "ebm/lattice/operations.hpp"

#include <gtest/gtest.h>

#include "ebm/core/error.hpp"
#include "ebm/lattice/compose.hpp"
#include "lattice/random_machines.hpp"

namespace ebm {
namespace {

bool accepts(const Automaton& a, std::string_view text) {
  return lattice::connect(lattice::compose(lattice::acceptor(text), a)).final_energy().back() < kInf;
}

TEST(Operations, UniteConcatStar_SpellAGrammar) {
  // [$] D* with D one of 0, 1, then either nothing or a full stop.
  const std::vector<Automaton> digits{lattice::acceptor("0"), lattice::acceptor("1")};
  const std::vector<Automaton> sign{lattice::acceptor(""), lattice::acceptor("$")};
  const std::vector<Automaton> stop{lattice::acceptor("."), lattice::acceptor("")};
  const std::vector<Automaton> parts{lattice::unite(sign), lattice::star(lattice::unite(digits)),
                                     lattice::unite(stop)};
  const Automaton g = lattice::connect(lattice::concat(parts));
  for (const char* in : {"", "$", "0", "$01", "1101.", "$.", "."}) EXPECT_TRUE(accepts(g, in)) << in;
  for (const char* out : {"$$", "2", "0$", "..", "1.0"}) EXPECT_FALSE(accepts(g, out)) << out;
  EXPECT_FALSE(accepts(lattice::unite({}), ""));
  EXPECT_TRUE(accepts(lattice::concat({}), ""));
}

TEST(Operations, UniteAndConcat_AddEnergies) {
  Rng rng(41);
  const std::vector<Final> end{{1, 0.5}};
  const Automaton a(std::vector<Arc>{{0, 1, 1, 1, 2}}, end), b(std::vector<Arc>{{0, 1, 1, 1, 3}}, end);
  const std::vector<Automaton> both{a, b};
  EXPECT_EQ(ebm::testing::minimum(ebm::testing::all_readings(lattice::unite(both), std::vector<int>{1})),
            2.5);
  EXPECT_EQ(ebm::testing::minimum(ebm::testing::all_readings(lattice::concat(both), std::vector<int>{1, 1})),
            6);
}

TEST(Operations, Connect_DropsWhatLiesOnNoPath) {
  const std::vector<Final> finals{{2, 1}, {5, 0}};
  const Automaton a(std::vector<Arc>{{1, 2, 1, 1}, {1, 3, 2, 2}, {3, 3, 3, 3}, {4, 2, 4, 4}}, finals, 1);
  const Automaton c = lattice::connect(a);
  EXPECT_EQ(c.states(), 2);
  EXPECT_EQ(c.arcs().size(), 1u);
  EXPECT_EQ(lattice::connect(Automaton()).states(), 1);
}

TEST(Operations, Distances_FollowCyclesAndRefuseNegativeOnes) {
  const std::vector<Final> end{{2, 0}};
  const Automaton a(std::vector<Arc>{{0, 1, 1, 1, 5}, {1, 2, 1, 1, -3}, {2, 0, 1, 1, 1}, {0, 2, 1, 1, 4}},
                    end, 0, 4);
  EXPECT_EQ(lattice::distances(a), (std::vector<double>{0, 5, 2, kInf}));
  const Automaton b(std::vector<Arc>{{0, 1, 1, 1, 1}, {1, 2, 1, 1, -3}, {2, 1, 1, 1, 1}}, end);
  EXPECT_THROW(lattice::distances(b), GraphError);
}

TEST(Operations, WhatDependsOnOther_IsRefused) {
  EXPECT_THROW(lattice::reverse(lattice::complement("1")), GraphError);
  EXPECT_THROW(lattice::invert(lattice::complement("1")), GraphError);
}

}  // namespace
}  // namespace ebm
