#pragma once
// The minimum of a forest of pairs by messages from leaves to roots, in double and by what each table knows
// of itself (pair_kinds.hpp):
//   t_v(x) = theta_v(x) + sum over children c of min_y [ t_c(y) + theta_cv(y, x) ].

#include "pair_kinds.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Edges of a graph that are no forest: every edge goes to the first forest that it closes no cycle in.
struct Forests {
  std::span<std::uint32_t> edge;   // forest after forest
  std::span<std::uint32_t> first;  // [forests + 1]
  std::size_t size() const { return first.size() - 1; }
  std::span<const std::uint32_t> of(std::size_t forest) const {
    return edge.subspan(first[forest], first[forest + 1] - first[forest]);
  }
};
Forests forests_of(const PairGraph& g, Workspace& ws);

class ForestMinimum {
 public:
  // Of the variables that `edges` touch, and of all others too where `alone`. What it holds lies in `ws`.
  ForestMinimum(const PairGraph& g, const PairKinds& kinds, std::span<const std::uint32_t> edges, bool alone,
                Workspace& ws);
  // `single` at the graph's offsets; labels of its variables alone are written. Without the graph's constant.
  double find(std::span<const double> single, std::span<int> labels);
  // A variable's parent comes before it.
  std::span<const int> variables() const { return order_; }
  bool has(int variable) const { return place_of_[static_cast<std::size_t>(variable)] >= 0; }

 private:
  const PairGraph* g_;
  const PairKinds* kinds_;
  std::span<int> order_, parent_;         // of a place in the order; -1: a root
  std::span<std::uint32_t> parent_edge_;  // of a place
  std::span<double> sum_, room_;
  std::span<std::size_t> at_;  // of a place: where its padded labels lie in sum_
  std::span<int> place_of_;    // of a variable
};

}  // namespace EBM_PRECISION
}  // namespace ebm
