#pragma once
/// \file
/// The two ways of adding up answers. Both "multiply" by adding energies; they differ in how alternatives
/// join: min keeps the lowest, logadd(a, b) = -log(exp(-a) + exp(-b)) keeps all (LeCun et al. 1998, section
/// on graph transformers). Forbidden is +inf and stays so: no inf - inf arises.

#include <algorithm>
#include <cmath>
#include <concepts>

#include "ebm/core/real.hpp"

namespace ebm {

struct MinPlus {
  static constexpr double zero() { return kInf; }  ///< joins with anything to that thing
  static double join(double a, double b) { return std::min(a, b); }
};

struct LogSum {
  static constexpr double zero() { return kInf; }
  static double join(double a, double b) {
    const double low = std::min(a, b), high = std::max(a, b);
    return high == kInf ? low : low - std::log1p(std::exp(low - high));
  }
};

template <class S>
concept Semiring = requires(double a, double b) {
  { S::zero() } -> std::convertible_to<double>;
  { S::join(a, b) } -> std::convertible_to<double>;
};

}  // namespace ebm
