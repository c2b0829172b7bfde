#pragma once
// What the engines of cuts (ebm/inference/cuts.hpp) share.

#include <string_view>

#include "binary_cut.hpp"
#include "discrete_answer.hpp"
#include "limits.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// +inf as the large energy of its graph.
inline double capped(double energy, double large) { return energy == kInf ? large : energy; }

// [a, b] labels of edge e; a variable of one label has it twice.
inline BinaryPair pair_of(const PairGraph& g, std::size_t e, double large) {
  const int a = std::min(1, g.labels[static_cast<std::size_t>(g.edges[e].a)] - 1);
  const int b = std::min(1, g.labels[static_cast<std::size_t>(g.edges[e].b)] - 1);
  return {capped(g.at(e, 0, 0), large), capped(g.at(e, 0, b), large), capped(g.at(e, a, 0), large),
          capped(g.at(e, a, b), large)};
}
inline double single_of(const PairGraph& g, std::size_t v, int label, double large) {
  return capped(g.single[g.offset[v] + static_cast<std::size_t>(label)], large);
}

// "factor 3 of group 1 on variables (4, 9)"
std::string factor_name(const DiscreteView& view, std::size_t group, int instance);
// The same of edge e of the view's pair graph.
std::string edge_name(const DiscreteView& view, std::size_t e);

// \throws GraphError naming the first factor on more than `most` variables, or the first variable of more
// than two labels.
void refuse_larger(const DiscreteView& view, int most, std::string_view key);
void refuse_labels(const DiscreteView& view, std::string_view key);

// Of every variable alone, the first of equals; else those to start from.
// \throws GraphError unless these are one label a variable, of its domain.
void start_labels(const PairGraph& g, std::span<const int> start, std::string_view key,
                  std::span<int> labels);

// Energies of labels that a search has found, with what a search knows of them. +inf and NaN leave no labels.
Found found_at(const PairGraph& g, std::span<const int> labels, double bound);

}  // namespace EBM_PRECISION
}  // namespace ebm
