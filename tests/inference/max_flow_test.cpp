// The search-tree maximum flow against Boost.Graph's push-relabel.

#include "src/inference/max_flow.hpp"

#include <gtest/gtest.h>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>

#include "ebm/core/rng.hpp"
#include "src/inference/pair_graph.hpp"

namespace ebm {
namespace {

struct Network {
  int vertices = 0;
  std::vector<PairGraph::Edge> edges;
  std::vector<double> forward, backward, excess;
};

Network random_network(Rng& rng, bool whole) {
  Network out;
  out.vertices = 2 + rng.below(30);
  const auto capacity = [&] { return rng.chance(0.2) ? 0.0 : whole ? rng.below(20) : rng.uniform(0, 10); };
  for (int e = rng.below(6 * out.vertices); e > 0; --e) {
    const int a = rng.below(out.vertices), b = rng.below(out.vertices);
    if (a == b) continue;
    out.edges.push_back({a, b});
    out.forward.push_back(capacity());
    out.backward.push_back(rng.chance(0.5) ? 0 : capacity());
  }
  for (int v = 0; v < out.vertices; ++v)
    out.excess.push_back(rng.chance(0.3) ? 0 : capacity() * (rng.chance(0.5) ? 1 : -1));
  return out;
}

void set(MaxFlow& flow, const Network& n) {
  for (std::size_t v = 0; v < n.excess.size(); ++v) flow.add_excess(v, n.excess[v]);
  for (std::size_t e = 0; e < n.edges.size(); ++e) flow.set_edge(e, n.forward[e], n.backward[e]);
}

double flow_by_boost(const Network& n) {
  using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
  using Graph = boost::adjacency_list<
      boost::vecS, boost::vecS, boost::directedS, boost::no_property,
      boost::property<boost::edge_capacity_t, double,
                      boost::property<boost::edge_residual_capacity_t, double,
                                      boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>>;
  Graph g(static_cast<std::size_t>(n.vertices) + 2);
  const auto capacity = get(boost::edge_capacity, g);
  const auto reverse = get(boost::edge_reverse, g);
  const auto add = [&](int a, int b, double there, double back) {
    const auto e = add_edge(static_cast<std::size_t>(a), static_cast<std::size_t>(b), g).first,
               f = add_edge(static_cast<std::size_t>(b), static_cast<std::size_t>(a), g).first;
    capacity[e] = there, capacity[f] = back, reverse[e] = f, reverse[f] = e;
  };
  const int source = n.vertices, sink = n.vertices + 1;
  for (std::size_t e = 0; e < n.edges.size(); ++e)
    add(n.edges[e].a, n.edges[e].b, n.forward[e], n.backward[e]);
  for (int v = 0; v < n.vertices; ++v) {
    const double x = n.excess[static_cast<std::size_t>(v)];
    if (x > 0) add(source, v, x, 0);
    if (x < 0) add(v, sink, -x, 0);
  }
  return push_relabel_max_flow(g, static_cast<std::size_t>(source), static_cast<std::size_t>(sink));
}

double cut_of(const Network& n, const std::vector<bool>& source) {
  double total = 0;
  for (std::size_t e = 0; e < n.edges.size(); ++e) {
    const bool a = source[static_cast<std::size_t>(n.edges[e].a)],
               b = source[static_cast<std::size_t>(n.edges[e].b)];
    total += a && !b ? n.forward[e] : b && !a ? n.backward[e] : 0;
  }
  for (std::size_t v = 0; v < n.excess.size(); ++v)
    total += source[v] ? std::max(0.0, -n.excess[v]) : std::max(0.0, n.excess[v]);
  return total;
}

int rounds(int few) { return std::getenv("EBM_LONG") ? 10 * few : few; }

TEST(MaxFlow_OnRandomGraphs, IsThatOfBoostAndEqualsTheCutOnEitherSide) {
  Rng rng(71);
  Workspace ws;
  for (int round = 0; round < rounds(400); ++round) {
    SCOPED_TRACE(round);
    const Network n = random_network(rng, round % 2 == 0);
    ws.reset();
    MaxFlow flow;
    flow.shape(
        n.excess.size(), n.edges.size(), [&](std::size_t e) { return n.edges[e]; }, ws);
    set(flow, n);
    const double f = flow.solve();
    if (round % 2 == 0) {  // whole numbers: those of doubles are what its loops end at by rounding
      ASSERT_EQ(f, flow_by_boost(n));
    }
    std::vector<bool> least, most;
    for (std::size_t v = 0; v < n.excess.size(); ++v) {
      least.push_back(flow.side(v) == MaxFlow::Side::source);
      most.push_back(flow.side(v) != MaxFlow::Side::sink);
    }
    ASSERT_NEAR(cut_of(n, least), f, 1e-9);
    ASSERT_NEAR(cut_of(n, most), f, 1e-9);
  }
}

TEST(MaxFlow_SolvedAgainOnOneShape, IsThatOfItsNewCapacities) {
  Rng rng(72);
  for (int round = 0; round < rounds(50); ++round) {
    Network n = random_network(rng, true);
    Workspace ws;
    MaxFlow flow;
    flow.shape(
        n.excess.size(), n.edges.size(), [&](std::size_t e) { return n.edges[e]; }, ws);
    for (int again = 0; again < 3; ++again) {
      flow.clear_excess();
      for (double& c : n.forward) c = rng.below(9);
      for (double& x : n.excess) x = rng.below(21) - 10;
      set(flow, n);
      ASSERT_EQ(flow.solve(), flow_by_boost(n));
    }
  }
}

TEST(MaxFlow_AlongAChainOfAMillion, NeedsNoStack) {
  constexpr std::size_t kLength = 1000000;
  Workspace ws;
  MaxFlow flow;
  flow.shape(
      kLength, kLength - 1,
      [](std::size_t e) {
        return PairGraph::Edge{static_cast<int>(e), static_cast<int>(e) + 1};
      },
      ws);
  for (std::size_t e = 0; e + 1 < kLength; ++e) flow.set_edge(e, e == kLength / 2 ? 2 : 3, 3);
  flow.add_excess(0, 10);
  flow.add_excess(kLength - 1, -10);
  EXPECT_EQ(flow.solve(), 2);
  EXPECT_EQ(flow.side(kLength / 2), MaxFlow::Side::source);
  EXPECT_EQ(flow.side(kLength / 2 + 1), MaxFlow::Side::sink);
}

TEST(MaxFlow_Stopped, HasSomeOfTheFlow) {
  constexpr int kSide = 300;
  Rng rng(73);
  Workspace ws;
  MaxFlow flow;
  std::vector<PairGraph::Edge> edges;
  for (int v = 0; v < kSide * kSide; ++v) {
    if (v % kSide + 1 < kSide) edges.push_back({v, v + 1});
    if (v + kSide < kSide * kSide) edges.push_back({v, v + kSide});
  }
  double full = 0;
  for (const bool stopped : {false, true}) {
    flow.shape(
        kSide * kSide, edges.size(), [&](std::size_t e) { return edges[e]; }, ws);
    Rng same(74);
    for (std::size_t v = 0; v < kSide * kSide; ++v) flow.add_excess(v, 3 * same.normal());
    for (std::size_t e = 0; e < edges.size(); ++e) flow.set_edge(e, 1, 1);
    int asked = 0;
    const double f = stopped ? flow.solve([&](double) { return ++asked > 0; }) : flow.solve();
    if (!stopped) full = f;
    EXPECT_EQ(asked, stopped ? 1 : 0);
    if (stopped) {
      EXPECT_LT(f, full);
    }
  }
}

TEST(MaxFlow_WithoutEdges, IsNothing) {
  Workspace ws;
  MaxFlow flow;
  const auto none = [](std::size_t) { return PairGraph::Edge{0, 0}; };
  flow.shape(0, 0, none, ws);
  EXPECT_EQ(flow.solve(), 0);
  flow.shape(3, 0, none, ws);
  flow.add_excess(0, 1);
  flow.add_excess(2, -1);
  EXPECT_EQ(flow.solve(), 0);
  EXPECT_EQ(flow.side(0), MaxFlow::Side::source);
  EXPECT_EQ(flow.side(1), MaxFlow::Side::free);
}

}  // namespace
}  // namespace ebm
