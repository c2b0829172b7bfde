#pragma once
/// \file
/// Perceptron loss: L = e - o with o = min_y E(y), the truth among the y (LeCun et al. 2006, section 2.2.2;
/// discriminative Viterbi training in LeCun et al. 1998; Collins 2002). Slopes 1 and -1, which cancel where
/// the minimiser is the truth. With exact minima at least 0, and 0 as soon as the truth is an answer of least
/// energy: margin 0, and a flat energy surface minimises it. Of inference it asks two minima. Energies: any.
///
/// With a margin between answers it is the structured hinge, max_y [Delta(y, truth) + e - E(y)] (max-margin
/// Markov networks: Taskar, Guestrin, Koller 2003; Tsochantaridis et al. 2005): the hinge at margin 0, for
/// the truth among the y adds nothing, but it asks for no incorrect answers, so that engines of minima alone
/// serve it, graph cuts among them.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct Perceptron {
  static constexpr std::string_view kKey = "perceptron";
  static constexpr Powers kNeeds{.minimum = true};
  static constexpr bool kContrasts = true, kCanCollapse = true;
  Rescaling rescaling{};  ///< Delta, answer by answer; none: no margin
  void check() const { detail::check_rescaling(kKey, rescaling); }
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return detail::competing(Over::all, &rescaling); }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    return {detail::difference(e, o), 1, -1};
  }
};

}  // namespace ebm::loss
