#pragma once
/// \file
/// Square-square loss: L = e^2 + ([m - o]+)^2 with o the energy of the most offending incorrect answer
/// (LeCun, Huang 2005; LeCun et al. 2006, section 2.2.3, where the table prints a minus before the second
/// term, a misprint). Slopes 2 e and -2 [m - o]+. Margin m. It drives the energy of the truth to 0 and that
/// of the others to m, each by itself, so energies mean something afterwards. A flat surface is no minimum
/// but can be a trap: at E = m/2 everywhere both pulls cancel. Of inference it asks minima, also over the
/// incorrect answers. Energies: at least 0, others are refused.
///
/// A margin between answers is taken from o, which may then be below 0.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct SquareSquare {
  static constexpr std::string_view kKey = "square-square";
  static constexpr Powers kNeeds{.minimum = true, .others = true};
  static constexpr bool kContrasts = true, kCanCollapse = false, kImpostors = true;
  double margin = 1;      ///< >= 0, in units of the energy
  Rescaling rescaling{};  ///< added to the margin, answer by answer
  void check() const {
    detail::not_negative(kKey, "margin", margin);
    detail::check_rescaling(kKey, rescaling);
  }
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return detail::offending(&rescaling); }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    detail::distances(kKey, e, contrast().rescaling ? 0 : o);
    const double low = e == kInf ? 0 : e, lack = o < margin ? margin - o : 0;
    return {low * low + lack * lack, 2 * low, -2 * lack};
  }
};

}  // namespace ebm::loss
