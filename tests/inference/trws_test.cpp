// Sequential tree-reweighted message passing: its bounds hold whatever the graph, whatever the messages.

#include "src/inference/trws.hpp"

#include <gtest/gtest.h>

#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;
using Shape = PairGraph::Shape;

// Rounding in double of sums in another order.
double tiny(double e) { return 1e-10 * (1 + std::abs(e)); }

struct Enumerated {
  double low = kInf;
  std::vector<double> with_label;  // at the offsets of the graph's own variables
};

Enumerated enumerate(const DiscreteGraph& g) {
  Enumerated out;
  std::vector<int> counts(g.labels().begin(), g.labels().end());
  std::vector<std::size_t> offset;
  for (const int k : counts) {
    offset.push_back(out.with_label.size());
    out.with_label.resize(out.with_label.size() + static_cast<std::size_t>(k), kInf);
  }
  each_labelling(counts, [&](const std::vector<int>& y) {
    const double e = g.energy(y);
    out.low = std::min(out.low, e);
    for (std::size_t v = 0; v < y.size(); ++v) {
      double& low = out.with_label[offset[v] + static_cast<std::size_t>(y[v])];
      low = std::min(low, e);
    }
  });
  return out;
}

void bounds_hold(int rounds, std::uint64_t seed) {
  Rng rng(seed);
  int closed = 0, infeasible = 0;
  Trws t;
  for (int round = 0; round < rounds; ++round) {
    const RandomGraph shape = random_graph(rng);
    const double scale = round % 7 == 0 ? 300 : 1;
    const DiscreteGraph graph = discrete_graph(shape, scale, round % 3 == 0 ? 0.2 : 0, rng);
    SCOPED_TRACE(shape.kind + " of round " + std::to_string(round));
    const Enumerated truth = enumerate(graph);
    Workspace ws;
    const PairGraph g = pair_graph(view_of(graph, ws), ws);
    const bool full = round % 2 == 0;
    t.start(g, full ? Trws::Precision::full : Trws::Precision::single);
    double before = -kInf, energy = kInf;
    std::vector<int> y(g.labels.size());
    for (int i = 0; i < 30; ++i) {
      if (i == 20) t.refine();
      t.iterate();
      ASSERT_LE(t.bound(), truth.low == kInf ? kInf : truth.low + tiny(truth.low));
      ASSERT_GE(t.bound(), before - (full ? 2 * t.slack() + tiny(truth.low) : 1e-4 * scale)) << i;
      before = t.bound();
      if (t.forbidden()) break;
      t.labels(y);
      const double e = energy_of(g, y);
      ASSERT_GE(e, truth.low - tiny(e));
      if (e < kInf) {
        ASSERT_NEAR(e, graph.energy(std::span(y).first(static_cast<std::size_t>(g.own))), tiny(e));
      }
      energy = std::min(energy, e);
    }
    std::vector<double> least(g.single.size());
    t.min_marginals(least);
    for (std::size_t i = 0; i < truth.with_label.size(); ++i)
      ASSERT_LE(least[i], truth.with_label[i] == kInf ? kInf : truth.with_label[i] + tiny(truth.low)) << i;
    ASSERT_GE(*std::ranges::min_element(least), before < kInf ? before - 2 * t.slack() - tiny(before) : kInf);
    ASSERT_LE(t.bound(), truth.low == kInf ? kInf : truth.low + tiny(truth.low));
    infeasible += truth.low == kInf && t.forbidden();
    if (truth.low < kInf) closed += energy - t.bound() < 1e-6 * scale;
  }
  EXPECT_GT(closed, rounds / 2);
  EXPECT_GT(infeasible, rounds / 100);
}

TEST(TreeReweightedPasses_OnAnyGraph, BoundItAndEveryLabelOfIt) { bounds_hold(200, 91); }

TEST(TreeReweightedPasses_OnAThousandGraphs, BoundThemToo) {
  if (!std::getenv("EBM_LONG")) GTEST_SKIP() << "set EBM_LONG to run it";
  bounds_hold(1000, 92);
}

// A grid whose pairs are functions of the difference, a random scale each.
DiscreteGraph grid_of(int labels, Shape shape, double limit, bool negative, Rng& rng) {
  DiscreteGraph g;
  const Variables y = g.add_variables(12, Labels(labels));
  std::vector<double> single, row, scales;
  for (int i = 0; i < 12 * labels; ++i) single.push_back(2 * rng.normal());
  g.add_each(single, y.each());
  for (int a = 0; a < labels; ++a)
    for (int b = 0; b < labels; ++b) {
      const double d = std::abs(a - b);
      row.push_back(0.3 + (shape == Shape::potts
                               ? (d > 0)
                               : std::min(0.2 * (shape == Shape::linear ? d : d * d), limit)));
    }
  for (int i = 0; i < 17; ++i) scales.push_back(negative && i % 5 == 0 ? -0.5 : rng.uniform(0.3, 1.5));
  g.add_each(row, y.grid_pairs(3, 4), scales);
  return g;
}

TEST(TreeReweightedPasses_WithShapesOfDifferences, AreThoseWithTables) {
  Rng rng(93);
  for (const int labels : {2, 3, 4, 5, 8, 11, 16, 21, 27, 32, 33, 70})
    for (const Shape shape : {Shape::potts, Shape::linear, Shape::quadratic})
      for (const double limit : {0.7, 3.0, 1e6}) {
        SCOPED_TRACE(std::to_string(labels) + " labels, limit " + std::to_string(limit));
        const DiscreteGraph graph = grid_of(labels, shape, limit, limit == 3, rng);
        Workspace ws;
        const PairGraph g = pair_graph(view_of(graph, ws), ws);
        if (labels > 2 && limit != 0.7) {
          ASSERT_EQ(g.tables[0].shape, shape);
        }
        std::vector<PairGraph::Table> tables(g.tables.begin(), g.tables.end());
        for (auto& t : tables) t.shape = Shape::table;
        PairGraph plain = g;
        plain.tables = tables;
        Trws of_tables;
        of_tables.start(plain, Trws::Precision::full);
        for (int i = 0; i < 3; ++i) of_tables.iterate();
        std::vector<int> y(12), expected(12);
        of_tables.labels(expected);
        for (const bool full : {true, false}) {
          Trws t;
          t.start(g, full ? Trws::Precision::full : Trws::Precision::single);
          for (int i = 0; i < 3; ++i) t.iterate();
          ASSERT_NEAR(t.bound(), of_tables.bound(), full ? tiny(t.bound()) : 2e-4);
          t.labels(y);
          if (full) {
            ASSERT_EQ(y, expected);
          }
          // Float passes of tables, and bounds in float alone.
          Trws s;
          s.start(plain);
          for (int i = 0; i < 3; ++i) s.iterate(true, false);
          ASSERT_NEAR(s.estimate(), t.estimate(), 2e-4);
          s.labels(y);
          ASSERT_NEAR(energy_of(g, y), energy_of(g, expected), 1e-3);
        }
      }
}

TEST(TreeReweightedPasses_WithChangedSingles, StartFromWhatTheyKnow) {
  Rng rng(94);
  const DiscreteGraph graph = grid_of(6, Shape::linear, 0.8, false, rng);
  Workspace ws;
  PairGraph g = pair_graph(view_of(graph, ws), ws);
  Trws t;
  t.start(g, Trws::Precision::full);
  for (int i = 0; i < 50; ++i) t.iterate();
  const double before = t.bound();
  for (int k = 0; k < 6; ++k) g.single[6 + k] += k == 2 ? 0 : kInf;  // variable 1 is 2
  t.read_singles();
  t.iterate();
  EXPECT_GE(t.bound(), before - 1e-9);
  std::vector<int> y(12);
  t.labels(y);
  EXPECT_EQ(y[1], 2);
  const std::vector<std::byte> kept(t.messages().begin(), t.messages().end());
  const double bound = t.bound();
  const double at = std::exchange(g.single[8], kInf);
  t.read_singles();
  t.iterate();
  EXPECT_TRUE(t.forbidden());
  g.single[8] = at;
  std::ranges::copy(kept, t.messages().begin());
  t.read_singles();
  t.iterate();
  EXPECT_GE(t.bound(), bound - 1e-9);
}

}  // namespace
}  // namespace ebm
