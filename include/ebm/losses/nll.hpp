#pragma once
/// \file
/// Negative log-likelihood: L = F_beta(truth) - F_beta(all), with F_beta the free energy -1/beta log sum
/// exp(-beta E) (LeCun et al. 2006, eq. 11; discriminative forward training in LeCun et al. 1998). With an
/// exact engine it is at least 0, and beta L is -log P(truth). Its slopes are dE/dW averaged under P(y, z |
/// truth) minus the average under P(y, z). As beta grows it becomes the perceptron loss.

#include "ebm/losses/loss.hpp"

namespace ebm::loss {

struct NegativeLogLikelihood {
  static constexpr std::string_view kKey = "nll";
  static constexpr Powers kNeeds{.free_energy = true};
  static constexpr bool kContrasts = true, kCanCollapse = false;
  /// Inverse temperature, > 0; larger looks at fewer competitors. Leave it at 1 unless energies are not in
  /// nats.
  double beta = 1;
  Query truth() const { return {.over = Over::truth, .beta = beta}; }
  Query contrast() const { return {.over = Over::all, .beta = beta}; }
  Slope operator()(double e, double o) const { return {e - o, 1, -1}; }
};

}  // namespace ebm::loss
