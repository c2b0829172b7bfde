// Lattices too large to enumerate, against Boost.Graph's shortest paths in acyclic graphs.

#include <gtest/gtest.h>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dag_shortest_paths.hpp>

#include "ebm/core/workspace.hpp"
#include "ebm/lattice/paths.hpp"

namespace ebm {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property,
                                    boost::property<boost::edge_weight_t, double>>;

TEST(BestPath_OnLargeRandomLattices, EqualsBoostGraph) {
  Rng rng(17);
  for (int trial = 0; trial < 20; ++trial) {
    const int n = 200 + rng.below(800);
    std::vector<Arc> arcs;
    Graph graph(static_cast<std::size_t>(n));
    for (int k = 0; k < 6 * n; ++k) {
      const int i = k < n - 1 ? k : rng.below(n - 1),
                j = k < n - 1 ? k + 1 : i + 1 + rng.below(std::min(30, n - 1 - i));
      arcs.push_back({i, j, 1 + rng.below(9), 1, rng.normal()});
      boost::add_edge(static_cast<std::size_t>(i), static_cast<std::size_t>(j), arcs.back().energy, graph);
    }
    const std::vector<Final> finals{{n - 1, 0}};
    const Lattice l = lattice::make_lattice(arcs, finals, 0, n);
    std::vector<double> distance(static_cast<std::size_t>(n));
    boost::dag_shortest_paths(graph, boost::vertex(0, graph), boost::distance_map(distance.data()));
    Workspace ws;
    EXPECT_NEAR(lattice::best_path(l, l.energy(), ws).energy, distance.back(), 1e-9);
  }
}

}  // namespace
}  // namespace ebm
