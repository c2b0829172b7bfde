#include "grid_cuts.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#ifdef EBM_MAXFLOW
#include <maxflow.h>
#endif
#ifdef EBM_OPENCV
#include <opencv2/core.hpp>
#include <opencv2/imgproc/detail/gcgraph.hpp>
#endif

namespace ebm::bench {
namespace {
// Of label k of variable v.
double single(const GridWorkload& g, int v, int k) {
  return g
      .single[static_cast<std::size_t>(v) * static_cast<std::size_t>(g.labels) + static_cast<std::size_t>(k)];
}
}  // namespace

#ifdef EBM_MAXFLOW
namespace {
using Graph = maxflow::Graph_DDD;

bool expand(const GridWorkload& g, std::vector<int>& y, int alpha, double& energy) {
  const int n = g.variables();
  Graph graph(n, 2 * n);
  graph.add_node(n);
  for (int v = 0; v < n; ++v)
    graph.add_tweights(v, single(g, v, alpha), single(g, v, y[static_cast<std::size_t>(v)]));
  each_pair(g, [&](int i, int j, double w) {
    const int a = y[static_cast<std::size_t>(i)], b = y[static_cast<std::size_t>(j)];
    const double both = w * g.pair(a, b), second = w * g.pair(a, alpha), first = w * g.pair(alpha, b);
    graph.add_tweights(i, std::max(0.0, first - both), std::max(0.0, both - first));
    graph.add_tweights(j, 0, first);
    graph.add_edge(i, j, std::max(0.0, second + first - both), 0);
  });
  graph.maxflow();
  std::vector<int> moved = y;
  for (int v = 0; v < n; ++v)
    if (graph.what_segment(v) == Graph::SINK) moved[static_cast<std::size_t>(v)] = alpha;
  const double e = energy_of(g, moved);
  if (!(e < energy - 1e-9)) return false;
  y = moved;
  energy = e;
  return true;
}
}  // namespace

std::vector<int> cut_by_maxflow(const GridWorkload& g) {
  const int n = g.variables();
  Graph graph(n, 2 * n);
  graph.add_node(n);
  for (int v = 0; v < n; ++v) graph.add_tweights(v, single(g, v, 1), single(g, v, 0));
  each_pair(g, [&](int i, int j, double w) { graph.add_edge(i, j, w * g.pair(0, 1), w * g.pair(0, 1)); });
  graph.maxflow();
  std::vector<int> y;
  for (int v = 0; v < n; ++v) y.push_back(graph.what_segment(v) == Graph::SINK);
  return y;
}

std::vector<int> expand_by_maxflow(const GridWorkload& g) {
  std::vector<int> y;
  for (int v = 0; v < g.variables(); ++v) {
    const auto first = g.single.begin() + static_cast<std::ptrdiff_t>(v) * g.labels;
    y.push_back(static_cast<int>(std::min_element(first, first + g.labels) - first));
  }
  double energy = energy_of(g, y);
  for (int failed = 0, alpha = 0; failed < g.labels; alpha = (alpha + 1) % g.labels)
    failed = expand(g, y, alpha, energy) ? 0 : failed + 1;
  return y;
}
#else
std::vector<int> cut_by_maxflow(const GridWorkload&) { return {}; }
std::vector<int> expand_by_maxflow(const GridWorkload&) { return {}; }
#endif

std::vector<int> cut_by_boost(const GridWorkload& g) {
  using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
  using VertexProperties =
      boost::property<boost::vertex_color_t, boost::default_color_type,
                      boost::property<boost::vertex_predecessor_t, Traits::edge_descriptor,
                                      boost::property<boost::vertex_distance_t, long>>>;
  using EdgeProperties =
      boost::property<boost::edge_capacity_t, double,
                      boost::property<boost::edge_residual_capacity_t, double,
                                      boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>;
  boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, VertexProperties, EdgeProperties> graph(
      static_cast<std::size_t>(g.variables()) + 2);
  const auto capacity = boost::get(boost::edge_capacity, graph);
  const auto reverse = boost::get(boost::edge_reverse, graph);
  const auto add = [&](int i, int j, double there, double back) {
    const auto e = boost::add_edge(static_cast<std::size_t>(i), static_cast<std::size_t>(j), graph).first,
               f = boost::add_edge(static_cast<std::size_t>(j), static_cast<std::size_t>(i), graph).first;
    capacity[e] = there, capacity[f] = back, reverse[e] = f, reverse[f] = e;
  };
  const int n = g.variables(), source = n, sink = n + 1;
  for (int v = 0; v < n; ++v) {
    const double x = single(g, v, 1) - single(g, v, 0);
    if (x > 0)
      add(source, v, x, 0);
    else
      add(v, sink, -x, 0);
  }
  each_pair(g, [&](int i, int j, double w) { add(i, j, w * g.pair(0, 1), w * g.pair(0, 1)); });
  boost::boykov_kolmogorov_max_flow(graph, static_cast<std::size_t>(source), static_cast<std::size_t>(sink));
  const auto colour = boost::get(boost::vertex_color, graph);
  std::vector<int> y;
  for (int v = 0; v < n; ++v)
    y.push_back(colour[static_cast<std::size_t>(v)] != colour[static_cast<std::size_t>(source)]);
  return y;
}

#ifdef EBM_OPENCV
std::vector<int> cut_by_opencv(const GridWorkload& g) {
  const int n = g.variables();
  cv::detail::GCGraph<double> graph;
  graph.create(static_cast<unsigned>(n), static_cast<unsigned>(4 * n));
  for (int v = 0; v < n; ++v) {
    graph.addVtx();
    const double one = single(g, v, 1), zero = single(g, v, 0), least = std::min(one, zero);
    graph.addTermWeights(v, one - least, zero - least);
  }
  each_pair(g, [&](int i, int j, double w) { graph.addEdges(i, j, w * g.pair(0, 1), w * g.pair(0, 1)); });
  graph.maxFlow();
  std::vector<int> y;
  for (int v = 0; v < n; ++v) y.push_back(!graph.inSourceSegment(v));
  return y;
}
#else
std::vector<int> cut_by_opencv(const GridWorkload&) { return {}; }
#endif

}  // namespace ebm::bench
