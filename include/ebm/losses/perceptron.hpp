#pragma once
/// \file
/// Perceptron loss: L = E(truth) - min_y E(y) (LeCun et al. 2006, eq. 7; discriminative Viterbi training in
/// LeCun et al. 1998). At least 0, and 0 as soon as the truth is an answer of least energy: it has no margin,
/// and a flat energy surface minimises it.

#include "ebm/losses/loss.hpp"

namespace ebm::loss {

struct Perceptron {
  static constexpr std::string_view kKey = "perceptron";
  static constexpr Powers kNeeds{.minimum = true};
  static constexpr bool kContrasts = true, kCanCollapse = true;
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return {.over = Over::all}; }
  Slope operator()(double e, double o) const { return {e - o, 1, -1}; }
};

}  // namespace ebm::loss
