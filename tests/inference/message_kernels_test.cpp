// Messages of every shape and number of labels against the definition of a message.

#include <gtest/gtest.h>

#include <cmath>

#include "src/inference/message_layout.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// Every variable tells every neighbour, from random messages; plain sums of doubles beside it.
template <class T>
void expect_messages(const DiscreteGraph& graph, double beta, Rng& rng, double tolerance) {
  Workspace ws;
  const PairGraph g = pair_graph(view_of(graph, ws), ws);
  const Neighbours near = neighbours(g, ws);
  const auto layout = message_layout<T>(g, near, range_of(g), beta, ws);
  const auto from = ws.take<T>(layout.entries), to = ws.take<T>(layout.entries, T(0));
  for (T& m : from) m = static_cast<T>(rng.normal());
  MessagePass<T> p{};
  p.from = from.data();
  p.to = to.data();
  p.write = 1;  // into the other's slot
  p.beta = static_cast<T>(beta);
  p.scratch = ws.take<T>(layout.graph.room, T(0)).data();
  send(layout.graph, p, 0, g.labels.size());
  EXPECT_FALSE(p.impossible);
  for (std::size_t v = 0; v < g.labels.size(); ++v)
    for (std::size_t i = near.first[v]; i < near.first[v + 1]; ++i) {
      const std::size_t e = near.incident[i] / 2;
      const unsigned side = near.incident[i] & 1;
      const PairGraph::Edge& ends = g.edges[e];
      const PairGraph::Table& t = g.tables[g.table[e]];
      const MessageEdge<T>& edge = layout.graph.edges[e];
      const int count = g.labels[v], other = g.labels[static_cast<std::size_t>(side ? ends.a : ends.b)];
      const auto h = ws.take<double>(static_cast<std::size_t>(count));
      const auto all = ws.take<T>(message_stride(count));
      belief(layout.graph, from.data(), 0, v, all.data());
      const bool joint = t.shape == PairGraph::Shape::projection && side == 0;
      const T* told = from.data() + edge.at + side * edge.slot;
      for (std::size_t k = 0; k < h.size(); ++k)
        h[k] = static_cast<double>(all[k]) -
               static_cast<double>(told[joint ? k / t.step % static_cast<std::size_t>(t.columns) : k]);
      std::vector<double> expected;
      for (int y = 0; y < (t.shape == PairGraph::Shape::projection ? t.columns : other); ++y) {
        std::vector<double> paths;
        if (t.shape == PairGraph::Shape::projection && side == 1)  // as long as what it is about
          paths.push_back(h[static_cast<std::size_t>(y)]);
        else
          for (int x = 0; x < count; ++x)
            paths.push_back(h[static_cast<std::size_t>(x)] + (side ? g.at(e, y, x) : g.at(e, x, y)));
        expected.push_back(joined(paths, beta));
      }
      const T* out = to.data() + edge.at + (side ^ 1) * edge.slot;
      // Up to a constant.
      const double low = *std::ranges::min_element(expected),
                   least = static_cast<double>(*std::min_element(out, out + expected.size()));
      for (std::size_t k = 0; k < expected.size(); ++k) {
        if (expected[k] == kInf)
          ASSERT_EQ(static_cast<double>(out[k]), kInf);
        else
          ASSERT_NEAR(static_cast<double>(out[k]) - least, expected[k] - low, tolerance) << k;
      }
    }
}

TEST(Message_OfPairsByDifference_IsTheMinimumOverLabels, OfAnyNumber) {
  Rng rng(320);
  for (const int labels : {1, 2, 3, 4, 5, 8, 9, 16, 17, 31, 40, 70, 130})
    for (const int power : {0, 1, 2})
      for (const double limit : {1e9, 0.9, 5.5, 700.0})
        for (const double forbidden : {0.0, 0.3}) {
          SCOPED_TRACE(std::to_string(labels) + " labels, power " + std::to_string(power) + ", limit " +
                       std::to_string(limit));
          DiscreteGraph g;
          g.add_variables(3, Labels(labels));
          for (int v = 0; v < 3; ++v) {
            auto row = random_row(static_cast<std::size_t>(labels), 3, forbidden, rng);
            row[static_cast<std::size_t>(labels / 2)] = 0;
            g.add(std::vector<int>{v}, row);
          }
          std::vector<double> row;
          for (int a = 0; a < labels; ++a)
            for (int b = 0; b < labels; ++b)
              row.push_back(0.7 + std::min(0.4 * std::pow(std::abs(a - b), power) * (a != b), limit));
          g.add_each(row, {2, {0, 1, 1, 2, 2, 0}}, {1.25, 0.7, forbidden > 0 ? 2 : -1.0});
          expect_messages<float>(g, kInf, rng, 2e-5 * (1 + 0.4 * labels));
          expect_messages<double>(g, kInf, rng, 1e-10);
          expect_messages<double>(g, 0.8, rng, 1e-10);
          expect_messages<double>(g, 50, rng, 1e-10);
        }
}

TEST(Message_OfAnyTable_IsTheMinimumOverLabels, AndOfLargerFactors) {
  Rng rng(321);
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE(round);
    RandomGraph shape;
    for (int v = 0; v < 4; ++v) shape.counts.push_back(1 + rng.below(round % 2 ? 4 : 10));
    shape.scopes = {{0, 1}, {3, 0}, {2, 1, 3}, {1}, {0, 2}};
    const DiscreteGraph g = discrete_graph(shape, round % 5 ? 1 : 400, 0, rng);
    expect_messages<float>(g, kInf, rng, round % 5 ? 1e-5 : 1e-3);
    expect_messages<double>(g, kInf, rng, 1e-9);
    expect_messages<double>(g, 1.3, rng, 1e-9);
  }
}

}  // namespace
}  // namespace ebm
