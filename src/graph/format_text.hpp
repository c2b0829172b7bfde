#pragma once
// What writers of discrete graphs share: numbers as text, and a graph as factors that each have their table.

#include <array>
#include <charconv>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ebm/core/error.hpp"
#include "ebm/graph/discrete_graph.hpp"

namespace ebm::discrete {

// Numbers are the shortest that are read back to the same value.
class Text {
 public:
  Text& operator<<(std::string_view s) {
    out.append(s);
    return *this;
  }
  template <class T>
  requires std::is_arithmetic_v<T> Text& operator<<(T value) {
    std::array<char, 32> buffer;
    out.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
    return *this;
  }
  std::string out;
};

// The joint table of a count or an agreement. \throws GraphError when no file would hold it.
inline void expand(const DiscreteGraph::Group& g, std::vector<double>& row) {
  constexpr std::size_t kMost = std::size_t{1} << 20;  // joint labels
  const std::size_t joint = entries_of(Index::joint, g.sizes);
  if (joint == 0 || joint > kMost)
    throw GraphError(message("[graph] a factor on ", g.arity,
                             " variables has no table that a file of tables ", "holds: more than ", kMost,
                             " joint labels; write JSON"));
  std::vector<int> scope(g.sizes.size()), labels(g.sizes.size(), 0);
  for (std::size_t a = 0; a < scope.size(); ++a) scope[a] = static_cast<int>(a);
  std::vector<double> out;
  out.reserve(joint);
  for (std::size_t e = 0; e < joint; ++e) {
    out.push_back(row[entry_of(g.index, g.sizes, scope.data(), g.entries, labels)]);
    for (std::size_t a = labels.size(); a-- > 0;) {
      if (++labels[a] < g.sizes[a]) break;
      labels[a] = 0;
    }
  }
  row = std::move(out);
}

// visit(scope, row of energies) for every factor, and the constant as one without variables.
template <class Visit>
void each_factor(const DiscreteGraph& graph, const Visit& visit) {
  std::vector<double> row;
  for (const DiscreteGraph::Group& g : graph.groups())
    for (int i = 0; i < g.instances; ++i) {
      row.assign(g.row(i), g.row(i) + g.entries);
      for (double& e : row) e *= g.scale(i);
      if (g.index != Index::joint) expand(g, row);
      visit(g.scope(i), std::span<const double>(row), std::span<const int>(g.sizes));
    }
  const double constant = graph.constant();
  if (constant != 0) visit(std::span<const int>(), std::span(&constant, 1), std::span<const int>());
}

}  // namespace ebm::discrete
