#pragma once
/// \file
/// Minima with a certificate by messages: the energy is cut into chains or trees, whose minima added up are a
/// lower bound, and messages move energy between them until the bound rises no more. Both answer any graph of
/// label variables (factors on three and more through an auxiliary variable each) and are exact on trees.
///   E(y) >= sum_T min E_T(y),   E = sum_T E_T
/// A gap that is left is that of the linear relaxation, or of where it stopped.

#include "ebm/inference/engine.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// Sequential tree-reweighted message passing (Kolmogorov 2006) over monotonic chains in the order of the
/// variables. Messages of functions of the label difference (Potts, linear and quadratic, truncated or not)
/// take time linear in the labels or nearly so, others K^2. Messages are float until that is too coarse;
/// bounds are evaluated in double. Labels are taken in every backward pass, each given those behind it. Exact
/// where the gap closes to rounding (1e-9 of the energy), bounded elsewhere. Memory: 4 to 8 bytes a label of
/// every pair and variable. \throws GraphError for paths and reals.
struct TreeReweighted {
  static constexpr std::string_view kKey = "trws";
  static constexpr Powers kPowers{.minimum = true};
  int iterations = 1000;    ///< a forward and a backward pass each
  double tolerance = 1e-8;  ///< it stops when the bound grows by less than this part of itself
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Dual decomposition into spanning forests with subgradient steps (Komodakis, Paragios, Tziritas 2007): each
/// forest has its share of the energies of variables and is minimised exactly; where forests disagree on a
/// variable, label energies are moved from those that took the label to those that did not. The step is
///   rate (best energy - bound) / |slope|^2,
/// rate halved whenever the bound has not risen for `patience` iterations. Slower than TreeReweighted, but it
/// does not stop at a bound that single messages cannot raise.
struct DualDecomposition {
  static constexpr std::string_view kKey = "dual-decomposition";
  static constexpr Powers kPowers{.minimum = true};
  int iterations = 500;
  double rate = 1;  ///< of the first steps, in (0, 2)
  int patience = 5;
  double tolerance = 1e-6;  ///< it stops at rates below
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
