#pragma once
/// \file
/// Square-exponential loss: L = e^2 + gamma exp(-o) with o the energy of the most offending incorrect answer
/// (LeCun, Huang 2005; Osadchy, LeCun, Miller 2007; LeCun et al. 2006, section 2.2.3). Slopes 2 e and -gamma
/// exp(-o): the others are pushed up for ever, ever more gently. Some margin above 0. No flat surface is a
/// minimum of it, though one can be a trap. Of inference it asks minima, also over the incorrect answers.
/// Energies: at least 0, others are refused.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct SquareExponential {
  static constexpr std::string_view kKey = "square-exponential";
  static constexpr Powers kNeeds{.minimum = true, .others = true};
  static constexpr bool kContrasts = true, kCanCollapse = false, kImpostors = true;
  double gamma = 1;  ///< > 0: weight of the pull up
  void check() const { detail::positive(kKey, "gamma", gamma); }
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return detail::offending(); }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    detail::distances(kKey, e, o);
    const double low = e == kInf ? 0 : e, pull = gamma * std::exp(-o);
    return {low * low + pull, 2 * low, -pull};
  }
};

}  // namespace ebm::loss
