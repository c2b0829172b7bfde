#pragma once
/// \file
/// Log loss: L = log(1 + exp(e - o)) with o the energy of the most offending incorrect answer (LeCun et al.
/// 2006, section 2.2.3). Slopes s(e - o) and -s(e - o), s the logistic function. A soft hinge: some margin
/// above 0, of no fixed size, and a gap that grows without end. For two answers it is nll at beta 1. It does
/// not collapse. Of inference it asks minima, also over the incorrect answers. Energies: any.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct Log {
  static constexpr std::string_view kKey = "log";
  static constexpr Powers kNeeds{.minimum = true, .others = true};
  static constexpr bool kContrasts = true, kCanCollapse = false;
  Rescaling rescaling{};  ///< margin between answers, taken from o
  void check() const { detail::check_rescaling(kKey, rescaling); }
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return detail::offending(&rescaling); }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    if (o == kInf) return {};
    const double s = detail::sigmoid(e - o);
    return {detail::softplus(e - o), s, -s};
  }
};

}  // namespace ebm::loss
