#pragma once
/// \file
/// Pseudo-likelihood (Besag 1975): every label variable in turn given the true labels of the rest,
///   truth: sum_v e_v(t_v),   all: sum_v -1/beta log sum_k exp(-beta e_v(k)),
/// e_v(k) the energy of what reads variable v at y_v = k and the truth elsewhere. Their difference is beta^-1
/// times minus the log of the product of conditionals, so that the negative log-likelihood loss through this
/// engine trains any graph of labels, however loopy, by local sums alone: consistent where the model is
/// right, poor where pairs are strong. Not a way to answer: ask another engine for minima and marginals.

#include "ebm/inference/engine.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// A factor on n variables is met n times, so its weights sum to n. Complexity: factors times arity times
/// labels. \throws GraphError for variables whose truth is not one label, path and real variables, a query of
/// minima, of `others` or with a margin between answers.
struct PseudoLikelihood {
  static constexpr std::string_view kKey = "pseudo_likelihood";
  static constexpr Powers kPowers{.free_energy = true};
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
