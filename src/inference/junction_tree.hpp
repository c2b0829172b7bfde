#pragma once
// Messages over a tree of buckets: minima with their labels, the next best ones, free energies with their
// marginals, draws (Lauritzen, Spiegelhalter 1988; Shenoy, Shafer 1990), exact on any graph whose messages
// fit into memory. A message to the parent over the separator s is min_v t(v, s), or of weights
// w = exp(-beta t) the sum sum_v w(v, s), scaled so that its largest is 1. Marginals go from the roots down:
// p(v, s) = q(s) w(v, s) / sum_v w(v, s), where q is the parent's marginal of s.
//
// Weights are products of numbers whose smallest is known, so it is known whether one may vanish. Where it
// may, messages are energies, -1/beta log sum_v exp(-beta t(v, s)), shifted by their minimum: no range is too
// wide.

#include <atomic>
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
  // After minimum, which was finite: the n lowest answers, the lowest first, [answers, variables]; fewer when
  // there are no more.
  std::vector<int> best(int n);
  // After free_energy, which was finite: independent draws, [count, variables].
  void sample(int count, std::uint64_t seed, std::span<int> labels);
  // What either would take, in bytes. Known beforehand.
  double bytes(const DiscreteMarginals* out, std::size_t groups) const;

 private:
  // A bucket of more table entries is worth cutting into parts for several threads. How many depends on the
  // graph alone. Every part needs sums of its own; where these would weigh as messages do, one goes alone.
  static constexpr double kManyEntries = 1 << 16;
  static constexpr std::size_t kParts = 8, kLargestSums = 1 << 19;
  static std::size_t parts_of(const Bucket& bucket);

  template <class Reduce>
  bool upward(double beta, const Reduce& reduce);
  bool finish(std::size_t p, const Bucket& bucket, double beta);
  double sum_up(double beta) const;
  void take_room(bool down);
  void downward(std::size_t p, DiscreteMarginals& out, std::size_t groups, bool alone);
  void check_memory(const DiscreteMarginals* out, std::size_t groups) const;
  const DiscreteView& view_;
  const Elimination& tree_;
  double memory_;
  JunctionRoom& room_;
  std::span<double> up_, down_;
  std::span<double> shift_,
      range_;           // [buckets] of weights: the energy taken out, -log of the least that is not 0
  double beta_ = 0;     // of the last free energy
  double weights_ = 0;  // the same when messages are weights, else 0
};

}  // namespace EBM_PRECISION
}  // namespace ebm
