#pragma once
/// \file
/// Minimum classification error: L = s(e - o), s the logistic function, with o the energy of the most
/// offending incorrect answer (Juang, Hou, Lee 1997; LeCun et al. 2006, section 2.2.3). Slopes s (1 - s) and
/// -s (1 - s): a smooth count of errors, whose pull fades for samples that are far wrong as for those far
/// right. Some margin above 0. It is 1/2 on a flat surface, so it does not collapse, but a start far wrong
/// may stay there. Of inference it asks minima, also over the incorrect answers. Energies: any.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct Mce {
  static constexpr std::string_view kKey = "mce";
  static constexpr Powers kNeeds{.minimum = true, .others = true};
  static constexpr bool kContrasts = true, kCanCollapse = false;
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return detail::offending(); }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    if (o == kInf) return {};
    const double slope = detail::sigmoid_slope(e - o);
    return {detail::sigmoid(e - o), slope, -slope};
  }
};

}  // namespace ebm::loss
