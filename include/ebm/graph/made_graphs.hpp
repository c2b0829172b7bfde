#pragma once
/// \file
/// Made graphs to try engines on,
///   E(y) = sum_i u_i(y_i) + sum_ij w_ij V(y_i, y_j):
/// u is normal with deviation 1, w uniform in strength times 1/2 to 3/2, and V one of a few. The same graph
/// for the same options.

#include <cstdint>

#include "ebm/graph/discrete_graph.hpp"

namespace ebm {

struct MadeGraph {
  enum class Structure {
    chain,
    tree,   ///< each variable hangs on a random earlier one
    grid,   ///< height x width, four neighbours
    loops,  ///< a tree and `pairs` more pairs at random
  } structure = Structure::grid;
  enum class Pairs {
    potts,      ///< V = [a != b]
    linear,     ///< V = min(|a - b|, limit)
    quadratic,  ///< V = min((a - b)^2, limit)
    random,     ///< V normal, each pair its own: not submodular, hard where it is loopy
  } pairs = Pairs::potts;
  int variables = 0;  ///< of all but a grid
  int height = 0, width = 0;
  int labels = 2;
  int more = 0;  ///< pairs beyond the tree, of Structure::loops
  double strength = 0.6, limit = 3;
  double forbidden = 0;  ///< fraction of the entries of random pairs that are +inf; one answer stays allowed
  std::uint64_t seed = 1;
};

/// \throws GraphError for sizes that make no graph, saying which.
DiscreteGraph make_graph(const MadeGraph& options);

}  // namespace ebm
