#pragma once
/// \file
/// Engines that search: exact minima of graphs that no structure makes easy, with a bound at any moment.

#include "ebm/inference/discrete.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// Exact minima of graphs of label variables with tables of any order, loopy and wide ones included. Tree-
/// reweighted passes (Kolmogorov 2006) give a lower bound and strike out labels whose min-marginals are above
/// the best energy known; what is left falls into components, solved by elimination where they are narrow,
/// else by branch and bound, best first and depth first in turn (Allouche et al. 2015), beside a search of
/// large neighbourhoods. On a DiscreteGraph a Question's limits stop it at its best answer and bound, and it
/// starts from Question::start. Time grows exponentially in the worst case; a pass takes K^2 a pair.
/// \throws GraphError when tables and messages would take more than `memory`, saying how much, and for path
/// and real variables.
struct BranchAndBound {
  static constexpr std::string_view kKey = "branch_and_bound";
  static constexpr Powers kPowers{.minimum = true};
  double memory = 0x1p32;  ///< bytes for one sample
  std::uint64_t seed = 1;  ///< of the neighbourhoods
  double seconds = kInf;   ///< for one sample; answers of a search that is stopped are `bounded`
  double branches = kInf;  ///< the same, whatever the machine: branches looked at
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Bounds by elimination in tables of at most `entries` entries, a bucket that would take more split into
/// several (Dechter, Rish 2003; Liu, Ihler 2011): minima with labels of a greedy choice, and on a
/// DiscreteGraph free energies, which are then the bound itself. Exact where nothing is split. Time grows
/// with `entries` times the factors. \throws GraphError for path and real variables and factors of more than
/// 2^28 entries.
struct MiniBucket {
  static constexpr std::string_view kKey = "mini_bucket";
  static constexpr Powers kPowers{.minimum = true};
  double entries = 0x1p16;
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
