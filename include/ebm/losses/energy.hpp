#pragma once
/// \file
/// Energy loss: L = e (LeCun et al. 2006, section 2.2.1). Slopes 1 on e, 0 on everything else: it pulls the
/// truth down and nothing up, so an architecture that can be flat collapses; it works where the energy of
/// wrong answers rises by construction (regression, fixed distinct centres). Margin: none. Of inference it
/// asks the minimum over what the truth leaves open. Energies: any.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct Energy {
  static constexpr std::string_view kKey = "energy";
  static constexpr Powers kNeeds{.minimum = true};
  static constexpr bool kContrasts = false, kCanCollapse = true;
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return {}; }
  Slope operator()(double e, double) const {
    detail::known(kKey, e, 0);
    return {e, 1, 0};
  }
};

}  // namespace ebm::loss
