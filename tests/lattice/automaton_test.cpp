#include "ebm/lattice/automaton.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "ebm/core/error.hpp"
#include "lattice/random_machines.hpp"

namespace ebm {
namespace {

using lattice::acceptor;
using lattice::complement;
using lattice::make_automaton;

bool accepts(const Automaton& a, std::string_view text) {
  return !ebm::testing::all_readings(a, lattice::labels(text)).empty();
}

template <class Error, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Automaton, Arcs_AreSortedBySourceThenInputLabel) {
  const std::vector<Final> finals{{1, 0.5}, {1, 0.25}};
  const auto a = make_automaton({{1, 0, 3, 3, 1}, {0, 1, 2, 7, 2}, {0, 0, 1, 9, 3}, {0, 1, 0, 5, 4}}, finals);
  ASSERT_EQ(a.states(), 2);
  ASSERT_EQ(a.arcs().size(), 4u);
  EXPECT_EQ(a.arcs(0)[0].out, 5);
  EXPECT_EQ(a.arcs(0)[1].out, 9);
  EXPECT_EQ(a.arcs(0)[2].out, 7);
  EXPECT_EQ(a.arcs(1).size(), 1u);
  EXPECT_EQ(a.final_energy(0), kInf);
  EXPECT_EQ(a.final_energy(1), 0.25);
}

TEST(Automaton, Default_AcceptsNothing) {
  EXPECT_FALSE(accepts(Automaton(), ""));
  EXPECT_EQ(Automaton().states(), 1);
}

TEST(Acceptor, OfAString_AcceptsItAlone) {
  const Automaton a = acceptor("12.5");
  EXPECT_TRUE(accepts(a, "12.5"));
  for (const char* other : {"", "12.", "12.55", "1215", "2.5"}) EXPECT_FALSE(accepts(a, other)) << other;
  EXPECT_TRUE(accepts(acceptor(""), ""));
  EXPECT_FALSE(accepts(acceptor(""), "1"));
}

TEST(Complement, OfAString_AcceptsEveryOther) {
  const Automaton a = complement("12.5");
  EXPECT_FALSE(accepts(a, "12.5"));
  for (const char* other : {"", "12.", "12.55", "1215", "2.5", "x", "12.5 "})
    EXPECT_TRUE(accepts(a, other)) << other;
  EXPECT_FALSE(accepts(complement(""), ""));
  EXPECT_TRUE(accepts(complement(""), "1"));
}

TEST(Automaton, Groups_SpellOutWhatOtherStandsFor) {
  const std::vector<Final> finals{{2, 0}};
  // State 0 reads 5 itself; state 1 reads anything but 7 by kOther.
  const auto a = make_automaton(
      {{0, 1, 5, 5, 1}, {0, 2, kOther, kOther, 2}, {1, 2, 7, 7, 3}, {1, 0, kOther, 0, 4}}, finals);
  const auto& by = a.by_label();
  const auto energies = [&](int label) {
    const auto g = static_cast<std::size_t>(by.group(label));
    return std::vector<double>(by.energy.begin() + by.first[g], by.energy.begin() + by.first[g + 1]);
  };
  EXPECT_EQ(energies(5), (std::vector<double>{1, 4}));
  EXPECT_EQ(energies(7), (std::vector<double>{2, 3}));
  EXPECT_EQ(energies(6), (std::vector<double>{2, 4}));
  EXPECT_EQ(energies(1000000), (std::vector<double>{2, 4}));
}

TEST(Automaton, LargeLabels_AreFoundToo) {
  const std::vector<Final> finals{{1, 0}};
  const auto a =
      make_automaton({{0, 1, 2000000000, 1, 1}, {0, 1, 3, 1, 2}, {0, 1, 1999999999, 1, 3}}, finals);
  EXPECT_EQ(a.by_label().group(2000000000), 2);
  EXPECT_EQ(a.by_label().group(1999999999), 1);
  EXPECT_EQ(a.by_label().group(3), 0);
  EXPECT_EQ(a.by_label().group(1999999998), 3);
}

TEST(Automaton, NullArcs_ComeAfterThoseOfTheirTarget) {
  const std::vector<Final> finals{{3, 0}};
  const auto a = make_automaton({{2, 1, 0, 0}, {0, 2, 0, 0}, {1, 3, 0, 0}, {0, 1, 0, 0}}, finals);
  EXPECT_FALSE(a.null_cycle());
  EXPECT_EQ(a.null_depth(), 3);
  std::vector<char> done(4, 0);
  ASSERT_EQ(a.null_arcs().size(), 4u);
  for (const int i : a.null_arcs()) {
    const Arc& arc = a.arcs()[static_cast<std::size_t>(i)];
    EXPECT_FALSE(done[static_cast<std::size_t>(arc.target)] > 1);
    EXPECT_FALSE(done[static_cast<std::size_t>(arc.source)] > 1);
    done[static_cast<std::size_t>(arc.source)] = 1;
    for (const Arc& b : a.arcs())  // whatever leaves the target has been seen
      if (b.source == arc.target) {
        EXPECT_EQ(done[static_cast<std::size_t>(arc.target)], 1);
      }
  }
  EXPECT_TRUE(make_automaton({{0, 1, 0, 0}, {1, 0, 0, 2}}, std::vector<Final>{{0, 0}}).null_cycle());
}

TEST(Automaton, BadInput_IsRefusedByName) {
  const std::vector<Final> finals{{1, 0}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refused = [&](std::vector<Arc> arcs, std::span<const Final> f, int start = 0, int states = -1) {
    return message_of<GraphError>([&] { (void)make_automaton(std::move(arcs), f, start, states); });
  };
  EXPECT_NE(refused({{0, 1, 1, 1, nan}}, finals).find("energy of arc 0 is nan"), std::string::npos);
  EXPECT_NE(refused({{0, 1, 1, 1, -kInf}}, finals).find("energy of arc 0"), std::string::npos);
  EXPECT_NE(refused({{0, 1, 1, -1}}, finals).find("label -1"), std::string::npos);
  EXPECT_NE(refused({{0, 5, 1, 1}}, finals, 0, 2).find("state 5, outside 0..1"), std::string::npos);
  EXPECT_NE(refused({{0, -1, 1, 1}}, finals).find("state -1"), std::string::npos);
  EXPECT_NE(refused({{0, 2000000000, 1, 1}}, finals).find("without gaps"), std::string::npos);
  EXPECT_NE(refused({{0, 1, 1, 1}}, {}).find("final state"), std::string::npos);
  EXPECT_NE(refused({{0, 1, 1, 1}}, finals, -1).find("start"), std::string::npos);
  const std::vector<Final> nan_final{{1, nan}};
  EXPECT_NE(refused({{0, 1, 1, 1}}, nan_final).find("energy of final 0 is nan"), std::string::npos);
  EXPECT_NE(message_of<GraphError>([] {
              acceptor(std::vector<int>{1, 0});
            }).find("label 0 at place 1"),
            std::string::npos);
  EXPECT_NE(message_of<GraphError>([] { complement(std::vector<int>{-3}); }).find("label -3"),
            std::string::npos);
}

}  // namespace
}  // namespace ebm
