#pragma once
/// \file
/// Engines of real variables: descent along dE/dz, alone or nested with label variables. All starts of all
/// samples move in one batch: an iteration is one forward and one backward over every point that still moves,
/// and what does not depend on the real variable is computed once. Each gives a local minimum; by the
/// envelope theorem its slope in W is dE/dW there, as good as the search has converged (Answer::report says
/// how far it got).

#include <string_view>
#include <vector>

#include "ebm/inference/engine.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// Descends from several starts, each with its own step length: the Barzilai-Borwein step (1988), cut
/// to a quarter until the energy falls enough (Armijo 1966) along the path projected on the domain (bounds,
/// angles, unit vectors). `others` are the points outside the ball |y - truth| <= exclude: what enters it is
/// put back on the sphere.
struct GradientDescent {
  static constexpr std::string_view kKey = "gradient_descent";
  static constexpr Powers kPowers{.minimum = true, .others = true};
  int steps = 200;          ///< most iterations
  double rate = 0.1;        ///< first step length; every one, without the line search
  double momentum = 0;      ///< in [0, 1): part of the last step that is taken again
  bool line_search = true;  ///< false: every step is taken, as with a noisy energy
  double tolerance =
      1e-6;          ///< a start has converged when a unit step along -dE/dz would move it less than this
  int restarts = 4;  ///< starts of each sample: `start` or the middle of the range, then random ones
  double low = -1, high = 1;  ///< range of random starts where the domain has no bounds
  std::vector<double>
      start{};           ///< [dims], of every sample, or [samples of the batch, dims]; empty: the middle
  double exclude = 0.1;  ///< radius of the ball that `others` leave out
  double floor = -1e9;   ///< an energy below this is taken as unbounded: stopped, and reported
  std::uint64_t seed = 1;
  /// \throws GraphError for a graph with label variables (use Nested), options out of range, a start outside
  /// the bounds, or a ball that leaves no incorrect answer.
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Labels outside, reals inside: for every joint label its own best reals, all searched in one batch. A free
/// energy sums over labels, each at its best reals. Graphs without labels are left to the inner engine.
/// \throws GraphError when there are more than `limit` joint labels.
struct LabelsOutside {
  static constexpr std::string_view kKey = "nested";
  static constexpr Powers kPowers{.minimum = true, .free_energy = true, .others = true};
  double limit = 4096;
  GradientDescent inner{};
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Reals outside, labels inside: descends min over labels of E(labels, reals), which has kinks where labels
/// change.
struct RealsOutside {
  static constexpr std::string_view kKey = "nested";
  static constexpr Powers kPowers{.minimum = true, .others = true};
  GradientDescent outer{};
  double limit = 4096;
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Nested{Exhaustive{}, GradientDescent{}} and Nested{GradientDescent{}, Exhaustive{}}: the first engine's
/// variables outside.
inline LabelsOutside Nested(const Exhaustive& outer, const GradientDescent& inner) {
  return {outer.limit, inner};
}
inline RealsOutside Nested(const GradientDescent& outer, const Exhaustive& inner) {
  return {outer, inner.limit};
}

/// Blocks in turn: the best joint label at the present reals, then `reals.steps` of descent at that label,
/// until the label stays. Cheaper than nesting, and stops where no single block can do better.
struct Alternating {
  static constexpr std::string_view kKey = "alternating";
  static constexpr Powers kPowers{.minimum = true, .others = true};
  GradientDescent reals{};
  int rounds = 20;
  double limit = 4096;
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
