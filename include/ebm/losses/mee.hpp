#pragma once
/// \file
/// Minimum empirical error: L = 1 - P(truth) with P = exp(-beta (e - o)), e = F_beta(truth) and o =
/// F_beta(all) the free energies (Ljolje, Ephraim, Rabiner 1990; LeCun et al. 2006). Slopes
/// beta P and -beta P, which leave beta P (1 - P) on the truth's energy and -beta P P(y) on every other's: a
/// smooth count of errors, not convex, slow where the truth is far off. Some margin above 0; it is 1 - 1/K on
/// a flat surface, so it does not collapse. Of inference it asks free energies. Energies: any.
///
/// An engine that sums over a sample of the answers can find o above e; P is then taken as 1.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct MinimumEmpiricalError {
  static constexpr std::string_view kKey = "mee";
  static constexpr Powers kNeeds{.free_energy = true};
  static constexpr bool kContrasts = true, kCanCollapse = false;
  double beta = 1;  ///< inverse temperature, > 0
  void check() const { detail::positive(kKey, "beta", beta); }
  Query truth() const { return {.over = Over::truth, .beta = beta}; }
  Query contrast() const { return {.over = Over::all, .beta = beta}; }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    const double u = beta * detail::difference(e, o);
    if (u < 0) return {};
    const double p = std::exp(-u);
    return {-std::expm1(-u), beta * p, -beta * p};
  }
};

}  // namespace ebm::loss
