#pragma once
// The minimum of a graph that no engine solves by its structure. Tree-reweighted passes bound it and strike
// out labels that no better answer can have; what is left falls into components; each is solved by
// elimination where it is narrow, else by branch and bound beside a search of large neighbourhoods. The best
// answer and bound are known at any moment.

#include "discrete_answer.hpp"
#include "limits.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct HardMinimum {
  double memory = 0x1p32;        // bytes
  std::uint64_t seed = 1;        // of the neighbourhoods
  std::span<const int> start{};  // labels of the view's first variables, or none
  bool neighbourhoods = true;
  double branches = kInf;  // at most; a step of the neighbourhoods is some twenty
  // `labels` of the view's variables. \throws GraphError when more memory would be taken, saying how much.
  Found find(const DiscreteView& view, Limits& limits, std::span<int> labels, Workspace& ws) const;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
