#pragma once
// Messages over a tree of buckets: minima with their labels, free energies with their marginals
// (Lauritzen, Spiegelhalter 1988; Shenoy, Shafer 1990), exact on any graph whose messages fit into memory.
// A message to the parent over the separator s is min_v t(v, s), or -1/beta log sum_v exp(-beta t(v, s)),
// shifted by its minimum, so that no range of energies is too wide. Marginals then go from the roots down:
// p(v, s) = q(s) exp(-beta (t(v, s) - m(s))), where q is the parent's marginal of s.

#include <vector>

#include "bucket.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Memory of JunctionMessages, kept from one to the next.
struct JunctionRoom {
  Workspace arrays, rows;
  void reset() {
    arrays.reset();
    rows.reset();
  }
};

class JunctionMessages {
 public:
  // All of them must outlive it. `memory`: bytes that messages and marginals may take.
  JunctionMessages(const DiscreteView& view, const Elimination& tree, double memory, JunctionRoom& room)
      : view_(view), tree_(tree), memory_(memory), room_(room) {}

  // Lowest energy, and labels [variables] where it is reached unless it is +inf. NaN when a table has one.
  double minimum(std::span<int> labels);
  // -1/beta log sum exp(-beta E), beta finite; the marginals where wanted, of the first `groups` groups'
  // factors.
  double free_energy(double beta, DiscreteMarginals* out = nullptr, std::size_t groups = 0);
  // What either would take, in bytes. Known beforehand.
  double bytes(const DiscreteMarginals* out, std::size_t groups) const;

 private:
  template <class Reduce>
  double upward(const Reduce& reduce);
  void downward(std::size_t p, double beta, DiscreteMarginals& out, std::size_t groups, bool alone);
  void check_memory(const DiscreteMarginals* out, std::size_t groups) const;
  const DiscreteView& view_;
  const Elimination& tree_;
  double memory_;
  JunctionRoom& room_;
  std::span<double> up_, down_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
