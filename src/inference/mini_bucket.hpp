#pragma once
// Bounds by mini-buckets: elimination where a bucket whose table would be too large is split into several,
// and each sums (or minimises) over the variable on its own. Minima: sum of minima <= minimum of sums
// (Dechter, Rish 2003). Free energies: with weights w_r that add up to 1,
//   -1/beta log sum_v exp(-beta sum_r t_r(v)) >= sum_r -w_r/beta log sum_v exp(-beta t_r(v) / w_r)
// (Hoelder; Liu, Ihler 2011, weighted mini-bucket). Before that the minis of a bucket are moved towards each
// other in the energies of its variable, which only changes how the same sum is cut. Exact when nothing is
// split.

#include "discrete_view.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct MiniBucketBound {
  double bound = -kInf;  // of the minimum (beta infinite) or the free energy
  bool exact = true;     // no bucket was split
};
// Tables of at most `entries` entries, in whatever number of them there is. `labels`, of minima: each the
// lowest of its bucket given those after it. \throws GraphError when one factor is larger than 2^28 entries.
MiniBucketBound mini_bucket_bound(const DiscreteView& view, double beta, double entries,
                                  std::span<int> labels);

}  // namespace EBM_PRECISION
}  // namespace ebm
