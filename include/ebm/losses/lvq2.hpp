#pragma once
/// \file
/// LVQ2 loss: L = min(1, [(e - o) / (delta o)]+) with o the energy of the most offending incorrect answer
/// (Kohonen, Barna, Chrisley 1988; Driancourt, Bottou, Gallinari 1991; LeCun et al. 2006, section 2.2.3: the
/// ratio form of its text, for the table there prints another). Slopes 1/(delta o) and -e/(delta o^2) while
/// o < e < (1 + delta) o, else 0: answers that are far off no longer pull. Margin 0; a flat surface minimises
/// it, so it can collapse. Of inference it asks minima, also over the incorrect answers. Energies: e at least
/// 0 and o above 0, others are refused.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct Lvq2 {
  static constexpr std::string_view kKey = "lvq2";
  static constexpr Powers kNeeds{.minimum = true, .others = true};
  static constexpr bool kContrasts = true, kCanCollapse = true;
  double delta = 1;  ///< > 0: the loss saturates at e = (1 + delta) o
  void check() const { detail::positive(kKey, "delta", delta); }
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return detail::offending(); }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    detail::distances(kKey, e, o);
    if (o == 0)
      detail::refuse(kKey, "the energy of the contrast", o,
                     "and this loss divides by it; use hinge, log or nll");
    if (e <= o) return {};
    const double ratio = (e - o) / (delta * o);
    if (!(ratio < 1)) return {1, 0, 0};
    return {ratio, 1 / (delta * o), -e / (delta * o * o)};
  }
};

}  // namespace ebm::loss
