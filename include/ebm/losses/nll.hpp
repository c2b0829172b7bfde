#pragma once
/// \file
/// Negative log-likelihood, or maximum mutual information: L = e - o with e = F_beta(truth) and o =
/// F_beta(all) the free energies -1/beta log sum exp(-beta E) (LeCun et al. 2006; Bahl et al.
/// 1986; discriminative forward training in LeCun et al. 1998). With an exact engine it is at least 0, and
/// beta L is -log P(truth). Slopes 1 - P(truth) on the truth's energy and -P(y) on every other's. Some margin
/// above 0; it does not collapse, also not from a flat start. As beta grows it becomes the perceptron loss;
/// for two answers and beta 1 it is the log loss. Of inference it asks free energies. Energies: any.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct NegativeLogLikelihood {
  static constexpr std::string_view kKey = "nll";
  static constexpr Powers kNeeds{.free_energy = true};
  static constexpr bool kContrasts = true, kCanCollapse = false;
  /// Inverse temperature, > 0; larger looks at fewer competitors. Leave it at 1 unless energies are not in
  /// nats.
  double beta = 1;
  void check() const { detail::positive(kKey, "beta", beta); }
  Query truth() const { return {.over = Over::truth, .beta = beta}; }
  Query contrast() const { return {.over = Over::all, .beta = beta}; }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    return {detail::difference(e, o), 1, -1};
  }
};

}  // namespace ebm::loss
