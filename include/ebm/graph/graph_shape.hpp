#pragma once
/// \file
/// What kind of graph a DiscreteGraph is, before anything is asked of it: its structure, what it holds, and
/// whether it is submodular. A function of variables with ordered labels is submodular when for any two
/// answers E(least of both) + E(greatest of both) <= E(one) + E(other), label by label; for binary variables
/// its minimum is one minimum cut (Kolmogorov, Zabih 2004).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ebm/graph/discrete_graph.hpp"

namespace ebm {

struct GraphShape {
  enum class Kind {
    single,   ///< no factor has two variables
    chain,    ///< pairs, each component a path
    tree,     ///< pairs without a cycle
    grid,     ///< pairs, the neighbours of a height x width grid in row-major order and no others
    acyclic,  ///< factors of three and more variables among them, and no cycle of factors
    loopy,
  };
  using Counts = std::vector<std::pair<int, std::size_t>>;
  Kind kind = Kind::single;
  int height = 0, width = 0;  ///< of a grid
  int components = 0;         ///< variables without a neighbour among them
  Counts labels;              ///< (labels, variables that have so many), ascending
  Counts arities;             ///< (arity, factors), ascending
  std::size_t forbidden = 0;  ///< entries of the factors' tables that are +inf, shared ones in each factor
  double bytes = 0;           ///< of scopes and tables as they are held
};
std::string_view to_string(GraphShape::Kind kind);

/// Time: factors times the logarithm of their number. Scopes that stand several times count once.
GraphShape shape_of(const DiscreteGraph& graph);

struct Violation {
  std::vector<int> scope;  ///< of the first factor that is not submodular
  std::string why;         ///< "E(0,0) + E(1,1) = 3 is above E(0,1) + E(1,0) = 2"
};
/// None when every factor is submodular by the order of its labels; rounding is excused. Forbidden entries of
/// factors on three and more variables are checked pair by pair of the allowed ones, up to 4,096 of them.
std::optional<Violation> submodularity_violation(const DiscreteGraph& graph);

/// Names for messages: "7", or "7 (rain)".
std::string name_of(int variable, std::span<const std::string> names);

/// The graph in the language of Graphviz: variables as circles, observed ones shaded with their label,
/// factors as squares. Grids lie as grids. \param evidence [variables] a label or -1, or empty. \throws
/// GraphError when variables and factors are more than `most`, which no picture would show.
std::string to_dot(const DiscreteGraph& graph, std::span<const std::string> names,
                   std::span<const int> evidence, std::size_t most);

}  // namespace ebm
