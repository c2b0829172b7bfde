#include "ebm/lattice/lattice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "ebm/core/error.hpp"
#include "lattice/random_machines.hpp"

namespace ebm {
namespace {

using ebm::testing::all_paths;
using ebm::testing::energies;
using lattice::make_lattice;

const std::vector<Final> kEnd3{{3, 0.5}};

TEST(Lattice, States_AreRenumberedTopologically) {
  // 7 -> 2 -> 5 -> 3 and 7 -> 5; 9 leads nowhere, 1 is reached from nowhere.
  const std::vector<Arc> arcs{{2, 5, 1, 1, 1, 10}, {7, 2, 2, 2, 2, 11}, {5, 3, 3, 3, 3, 12},
                              {7, 5, 4, 4, 4, 13}, {5, 9, 5, 5, 5, 14}, {1, 3, 6, 6, 6, 15}};
  std::vector<int> map;
  const Lattice l = make_lattice(arcs, kEnd3, 7, -1, &map);
  ASSERT_EQ(l.states(), 4);
  ASSERT_EQ(l.arcs(), 4);
  for (int i = 0; i < l.arcs(); ++i) {
    const Arc a = l.arc(i), given = arcs[static_cast<std::size_t>(map[static_cast<std::size_t>(i)])];
    EXPECT_LT(a.source, a.target);
    EXPECT_EQ(a.entry, given.entry);
    EXPECT_EQ(a.energy, given.energy);
    EXPECT_EQ(a.in, given.in);
  }
  EXPECT_TRUE(std::is_sorted(l.source().begin(), l.source().end()));
  EXPECT_EQ(l.final_energy()[3], 0.5);
  EXPECT_EQ(all_paths(l, l.energy()).size(), 2u);
}

TEST(Lattice, ArcsThatGoUp_KeepTheirOrder) {
  const std::vector<Arc> arcs{{0, 2, 1, 1}, {0, 1, 2, 2}, {1, 2, 3, 3}, {2, 3, 4, 4}, {0, 1, 5, 5}};
  const Lattice l = make_lattice(arcs, kEnd3);
  EXPECT_EQ(std::vector<int>(l.in().begin(), l.in().end()), (std::vector<int>{1, 2, 5, 3, 4}));
}

TEST(Lattice, WithoutAPath_IsOneState) {
  const Lattice l = make_lattice(std::vector<Arc>{{0, 1, 1, 1}}, kEnd3);
  EXPECT_EQ(l.states(), 1);
  EXPECT_EQ(l.arcs(), 0);
  EXPECT_FALSE(l.has_path());
  EXPECT_FALSE(Lattice().has_path());
  const std::vector<Final> start{{0, 2}};
  EXPECT_TRUE(make_lattice({}, start).has_path());
}

TEST(Lattice, Cycles_AreRefusedNamingAStateOnThem) {
  const auto refused = [](const std::vector<Arc>& arcs) {
    try {
      (void)make_lattice(arcs, kEnd3);
    } catch (const GraphError& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  // 3 follows the cycle 1 -> 2 -> 1 but does not lie on it.
  const std::string both = refused({{0, 1, 1, 1}, {1, 2, 1, 1}, {2, 1, 1, 1}, {2, 3, 1, 1}});
  EXPECT_TRUE(both.find("state 1 lies on a cycle") != std::string::npos ||
              both.find("state 2 lies on a cycle") != std::string::npos)
      << both;
  EXPECT_NE(refused({{0, 3, 1, 1}, {3, 3, 2, 2}}).find("state 3 lies on a cycle"), std::string::npos);
  EXPECT_NE(refused({{0, 3, 1, 1}, {3, 0, 0, 0}}).find("cycle"), std::string::npos);
}

TEST(Lattice, BadInput_IsRefusedByName) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(make_lattice(std::vector<Arc>{{0, 3, 1, 1, nan}}, kEnd3), GraphError);
  EXPECT_THROW(make_lattice(std::vector<Arc>{{0, 3, 1, 1, -kInf}}, kEnd3), GraphError);
  EXPECT_THROW(make_lattice(std::vector<Arc>{{0, 3, -2, 1}}, kEnd3), GraphError);
  EXPECT_THROW(make_lattice(std::vector<Arc>{{0, 3, 1, kOther}}, kEnd3), GraphError);
  EXPECT_THROW(make_lattice(std::vector<Arc>{{0, 3, 1, 1}}, {}), GraphError);
  EXPECT_THROW(make_lattice(std::vector<Arc>{{0, 3, 1, 1}}, kEnd3, 0, 3), GraphError);
  EXPECT_THROW(make_lattice(std::vector<Arc>{{0, 3, 1, 1}}, kEnd3, 9, 4), GraphError);
  EXPECT_THROW(make_lattice(std::vector<Arc>{{0, 1 << 30, 1, 1}}, kEnd3), GraphError);
}

TEST(Lattice, ThroughAnAutomatonAndBack_IsTheSame) {
  Rng rng(11);
  for (int round = 0; round < 50; ++round) {
    const Lattice l = ebm::testing::random_lattice(rng);
    const Lattice back = lattice::to_lattice(lattice::to_automaton(l));
    auto a = all_paths(l, l.energy()), b = all_paths(back, back.energy());
    ASSERT_EQ(a.size(), b.size());
    const auto less = [](const Path& x, const Path& y) {
      return x.labels != y.labels ? x.labels < y.labels : x.energy < y.energy;
    };
    std::sort(a.begin(), a.end(), less);
    std::sort(b.begin(), b.end(), less);
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].labels, b[i].labels);
      if (a[i].energy < kInf) {
        EXPECT_NEAR(a[i].energy, b[i].energy, 1e-12);
      }
    }
  }
}

TEST(Expand, EveryPieceTimesEveryClass_HasItsEntry) {
  const std::vector<lattice::Piece> pieces{{0, 1, 0.5}, {1, 2, 0.25}, {0, 2, 1.5}, {2, 3, 0}, {1, 3, 2}};
  const std::vector<int> classes{'0', '1', 0};
  const Lattice l = lattice::expand(pieces, 4, classes);
  ASSERT_EQ(l.arcs(), 15);
  for (int i = 0; i < l.arcs(); ++i) {
    const Arc a = l.arc(i);
    const auto& piece = pieces[static_cast<std::size_t>(a.entry / 3)];
    EXPECT_EQ(a.source, piece.from);
    EXPECT_EQ(a.target, piece.to);
    EXPECT_EQ(a.energy, piece.energy);
    EXPECT_EQ(a.out, classes[static_cast<std::size_t>(a.entry % 3)]);
    EXPECT_EQ(a.in, a.out);
  }
  EXPECT_EQ(all_paths(l, l.energy()).size(), 27u + 9u + 9u);
}

TEST(Expand, PiecesThatLeadNowhere_AreDroppedAndEntriesStay) {
  const std::vector<lattice::Piece> pieces{{0, 1, 0}, {0, 2, 0}};
  const std::vector<int> classes{1, 2};
  const Lattice l = lattice::expand(pieces, 3, classes);
  ASSERT_EQ(l.arcs(), 2);
  EXPECT_EQ(l.entry()[0], 2);
  EXPECT_EQ(l.entry()[1], 3);
}

TEST(Expand, PiecesThatDoNotGoUp_AreRefused) {
  const std::vector<int> classes{1};
  EXPECT_THROW(lattice::expand(std::vector<lattice::Piece>{{1, 1, 0}}, 3, classes), GraphError);
  EXPECT_THROW(lattice::expand(std::vector<lattice::Piece>{{2, 1, 0}}, 3, classes), GraphError);
  EXPECT_THROW(lattice::expand(std::vector<lattice::Piece>{{0, 3, 0}}, 3, classes), GraphError);
  EXPECT_THROW(lattice::expand(std::vector<lattice::Piece>{{-1, 2, 0}}, 3, classes), GraphError);
  EXPECT_THROW(lattice::expand({}, 0, classes), GraphError);
  EXPECT_TRUE(lattice::expand({}, 1, classes).has_path());
}

}  // namespace
}  // namespace ebm
