#pragma once
/// \file
/// Energy loss: L = E(truth) (LeCun et al. 2006, eq. 6). Pulls the truth down and nothing up, so an
/// architecture that can be flat collapses; it works where the energy of wrong answers rises by construction
/// (regression).

#include "ebm/losses/loss.hpp"

namespace ebm::loss {

struct Energy {
  static constexpr std::string_view kKey = "energy";
  static constexpr Powers kNeeds{.minimum = true};
  static constexpr bool kContrasts = false, kCanCollapse = true;
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return {}; }
  Slope operator()(double e, double) const { return {e, 1, 0}; }
};

}  // namespace ebm::loss
