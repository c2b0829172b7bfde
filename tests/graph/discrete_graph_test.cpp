#include "ebm/graph/discrete_graph.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/error.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using testing::each_labelling;

template <class Call>
std::string refused(const Call& call) {
  try {
    call();
  } catch (const GraphError& e) {
    return e.what();
  }
  return "no error";
}
#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

// Two variables of 2 labels and one of 3; a shared pair, a scaled pair, a triple, singles, a constant.
DiscreteGraph mixed() {
  DiscreteGraph g;
  const Variables two = g.add_variables(2, Labels(2)), three = g.add_variables(1, Labels(3));
  g.add_each({1, 2, 3, 4}, two.each());
  g.add_each({0, 5, 7, 1}, {2, {0, 1, 1, 0}}, {2, 0.5});
  const std::vector<int> all{2, 0, 1};
  std::vector<double> triple;
  for (int e = 0; e < 12; ++e) triple.push_back(e == 7 ? kInf : 100 * e);
  g.add(all, triple);
  g.add(std::vector<int>{three.first}, std::vector<double>{10, 20, 30});
  g.add(std::vector<int>{}, std::vector<double>{-6});
  g.add_constant(0.5);
  return g;
}

double by_hand(const std::vector<int>& y) {
  const int a = y[0], b = y[1], c = y[2], triple = (c * 2 + a) * 2 + b;
  const double pair[2][2] = {{0, 5}, {7, 1}};
  return (1 + a) + (3 + b) + 2 * pair[a][b] + 0.5 * pair[b][a] + (triple == 7 ? kInf : 100 * triple) +
         10 * (c + 1) - 5.5;
}

TEST(DiscreteGraph, Energy_IsTheSumOfTheTableEntries) {
  const DiscreteGraph g = mixed();
  EXPECT_EQ(g.variables(), 3);
  EXPECT_EQ(g.factors(), 6u);
  EXPECT_EQ(g.constant(), -5.5);
  each_labelling({2, 2, 3}, [&](const std::vector<int>& y) { EXPECT_EQ(g.energy(y), by_hand(y)); });
}

TEST(DiscreteGraph, FactorsAddedOneByOne_AreOneGroupForEachShape) {
  DiscreteGraph g;
  g.add_variables(3, Labels(2));
  g.add_variables(1, Labels(3));
  for (int round = 0; round < 5; ++round) {
    g.add(std::vector<int>{0, 1}, std::vector<double>{0, 1, 2, 3});
    g.add(std::vector<int>{1, 3}, std::vector<double>(6, round));
    g.add(std::vector<int>{3, 1}, std::vector<double>(6, round));
  }
  ASSERT_EQ(g.groups().size(), 3u);
  for (const auto& group : g.groups()) EXPECT_EQ(group.instances, 5);
}

TEST(DiscreteGraph, WhatMakesNoEnergy_IsRefused) {
  DiscreteGraph g;
  g.add_variables(3, Labels(2));
  g.add_variables(1, Labels(3));
  const std::vector<double> pair{0, 1, 2, 3};
  EXPECT_SAYS(refused([&] { g.add(std::vector<int>{0, 4}, pair); }), "names variable 4, and there are 4");
  EXPECT_SAYS(refused([&] { g.add(std::vector<int>{-1, 1}, pair); }), "names variable -1");
  EXPECT_SAYS(refused([&] { g.add(std::vector<int>{1, 1}, pair); }), "variable 1 twice");
  EXPECT_SAYS(refused([&] {
                g.add(std::vector<int>{0, 3}, pair);
              }),
              "a table of 4 energies for 6 joint labels");
  EXPECT_SAYS(refused([&] { g.add(std::vector<int>{0}, std::vector<double>{0, std::nan("")}); }), "entry 1");
  EXPECT_SAYS(refused([&] { g.add(std::vector<int>{0}, std::vector<double>{-kInf, 0}); }), "-inf");
  EXPECT_SAYS(refused([&] { g.add_constant(std::nan("")); }), "no energy");
  EXPECT_SAYS(refused([&] { g.add_each(pair, {2, {0, 1, 2}}); }), "are no scopes");
  EXPECT_SAYS(refused([&] { g.add_each(pair, {2, {0, 1, 2, 3}}); }), "variable 1 of scope 1 has 3 labels");
  EXPECT_SAYS(refused([&] { g.add_each({0, 1, 2}, {2, {0, 1, 1, 2}}); }), "neither one row of 4");
  EXPECT_SAYS(refused([&] { g.add_each(pair, {2, {0, 1, 1, 2}}, {1}); }), "1 scales are given for 2");
  EXPECT_SAYS(refused([&] { g.add_each({0, kInf, 1, 1}, {2, {0, 1}}, {0}); }), "scale 0 is 0");
  EXPECT_SAYS(refused([&] { g.add_each(pair, {2, {0, 1}}, {kInf}); }), "must be finite");
  EXPECT_SAYS(refused([&] { g.add_variables(std::numeric_limits<int>::max(), Labels(2)); }), "numbered");
  EXPECT_SAYS(refused([&] { (void)g.energy(std::vector<int>{0, 0, 0}); }), "3 labels are given");
  EXPECT_SAYS(refused([&] { (void)g.energy(std::vector<int>{0, 0, 2, 0}); }), "label 2 of variable 2");
  EXPECT_EQ(g.factors(), 0u);
}

TEST(Clamp, Energies_AreThoseOfTheWholeGraphAtTheEvidence) {
  const DiscreteGraph g = mixed();
  each_labelling({3, 3, 4}, [&](const std::vector<int>& shifted) {
    std::vector<int> evidence;  // -1 is a free variable
    for (const int k : shifted) evidence.push_back(k - 1);
    const Clamped c = clamp(g, evidence);
    const std::vector<int> counts(c.graph.labels().begin(), c.graph.labels().end());
    each_labelling(counts, [&](const std::vector<int>& free) {
      const std::vector<int> y = c.all(free);
      for (std::size_t v = 0; v < 3; ++v) {
        if (evidence[v] < 0) continue;
        EXPECT_EQ(y[v], evidence[v]);
      }
      EXPECT_EQ(c.graph.energy(free), g.energy(y));
    });
  });
}

TEST(Clamp, GroupsThatNoEvidenceTouches_StayShared) {
  DiscreteGraph g;
  const Variables y = g.add_variables(100, Labels(2));
  g.add_each({0, 1, 1, 0}, y.pairs());
  std::vector<int> evidence(100, -1);
  evidence[50] = 1;
  const Clamped c = clamp(g, evidence);
  ASSERT_EQ(c.graph.groups().size(), 2u);
  EXPECT_EQ(c.graph.groups()[1].instances, 97);
  EXPECT_TRUE(c.graph.groups()[1].shared);
}

TEST(Clamp, EvidenceOutsideTheDomain_IsRefused) {
  const DiscreteGraph g = mixed();
  EXPECT_SAYS(refused([&] { (void)clamp(g, std::vector<int>{0, 2, -1}); }), "evidence 2 for variable 1");
  EXPECT_SAYS(refused([&] { (void)clamp(g, std::vector<int>{0, -1}); }), "2 entries is given for 3");
}

// Four bytes a label count, eight a pair's scope: what a picture of 16.7 million pixels rests on.
TEST(DiscreteGraph, AGridOfSharedPairs_HoldsItsScopesAlone) {
  DiscreteGraph g;
  const Variables y = g.add_variables(64 * 64, Labels(2));
  g.add_each({0, 1, 1, 0}, y.grid_pairs(64, 64));
  ASSERT_EQ(g.groups().size(), 1u);
  EXPECT_EQ(g.groups()[0].energies.size(), 4u);
  EXPECT_EQ(g.groups()[0].scopes.size(), 2u * 2 * 64 * 63);
  EXPECT_TRUE(g.groups()[0].scales.empty());
}

}  // namespace
}  // namespace ebm
