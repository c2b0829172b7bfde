#pragma once
/// \file
/// Hinge loss: L = [m + e - o]+ with o the energy of the most offending incorrect answer (LeCun et al. 2006,
/// section 2.2.3; Altun, Tsochantaridis, Hofmann 2003). Slopes 1 and -1 while m + e > o, else 0. Margin m. It
/// trains the gap alone: never read its energies as a confidence. With a flat surface it is m, so it does not
/// collapse (m > 0). Of inference it asks minima, also over the incorrect answers. Energies: any.
///
/// With a margin between answers o = min over y != truth of E(y) - Delta(y, truth), and the loss is
/// max_y [m + Delta(y, truth) + e - E(y)]+: margin rescaling (Taskar, Guestrin, Koller 2003; Tsochantaridis
/// et al. 2005). Set `margin` to 0 for Delta alone.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct Hinge {
  static constexpr std::string_view kKey = "hinge";
  static constexpr Powers kNeeds{.minimum = true, .others = true};
  static constexpr bool kContrasts = true, kCanCollapse = false;
  double margin = 1;      ///< >= 0, nats; at 0 and without rescaling it is the perceptron loss
  Rescaling rescaling{};  ///< added to the margin, answer by answer
  void check() const {
    detail::not_negative(kKey, "margin", margin);
    detail::check_rescaling(kKey, rescaling);
  }
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return detail::offending(&rescaling); }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    const double lack = o == kInf ? 0 : margin + e - o;
    if (!(lack > 0)) return {};
    return {lack, 1, -1};
  }
};

}  // namespace ebm::loss
