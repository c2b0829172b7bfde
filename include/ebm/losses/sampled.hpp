#pragma once
/// \file
/// Sampled contrast: L = e - o with e = F_beta(truth) and o the energy where a Markov chain of the model at
/// inverse temperature beta ends after k transitions. Slopes 1 and -1. The mean slope tends to that of nll as
/// k grows; the value is no likelihood, may be negative, and says little by itself.
///
/// Contrastive divergence, cd (Hinton 2002; Carreira-Perpinan, Hinton 2005): the chain starts at the truth,
/// so wells far from the data are never visited. Persistent, pcd (Tieleman 2008): it goes on where the chain
/// of that sample stopped last. Margin: none of its own, that of nll in the limit. The samples are pushed up,
/// so a flat surface is no rest. Of inference it asks samples. Energies: any.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

namespace detail {

template <bool kPersistent>
struct SampledContrast {
  static constexpr std::string_view kKey = kPersistent ? "pcd" : "cd";
  static constexpr Powers kNeeds{.samples = true};
  static constexpr bool kContrasts = true, kCanCollapse = false;
  int steps = 1;    ///< k >= 1 transitions
  double beta = 1;  ///< inverse temperature of the chain, > 0
  void check() const {
    if (steps < 1) refuse(kKey, "steps", steps, "and must be at least 1");
    positive(kKey, "beta", beta);
  }
  Query truth() const { return {.over = Over::truth, .beta = beta}; }
  Query contrast() const {
    return {.over = Over::all, .beta = beta, .steps = steps, .persistent = kPersistent};
  }
  Slope operator()(double e, double o) const {
    known(kKey, e, o);
    return {difference(e, o), 1, -1};
  }
};

}  // namespace detail

using ContrastiveDivergence = detail::SampledContrast<false>;
using PersistentContrastiveDivergence = detail::SampledContrast<true>;

}  // namespace ebm::loss
