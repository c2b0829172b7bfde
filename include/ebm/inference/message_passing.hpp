#pragma once
/// \file
/// Messages along the pairs of a graph of label variables (factors on three and more variables tell each of
/// their variables), and the mean field: what serves graphs that are too wide for infer::JunctionTree.
///
/// Loopy, beta infinite: min-sum, minima. Each variable v tells its neighbour w
///   m_vw(y_w) = min over y_v of [E_v(y_v) + E_vw(y_v, y_w) + sum over other neighbours u of m_uv(y_v)];
/// beta finite: sum-product, the same with soft minima (Pearl 1988). On graphs without a cycle two passes are
/// exact. With cycles the free energy is Bethe's at the messages reached (Yedidia, Freeman, Weiss 2005),
/// whose slopes are the pair marginals where they have converged, so that losses train through it.
///
/// MeanField: the lowest free energy of independent variables,
///   F <= E_q[E(y)] - H(q) / beta,   q(y) = product of q_v(y_v)
/// (Gibbs, Bogoliubov), by coordinate descent.

#include <string_view>

#include "ebm/inference/discrete.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// Exact, in double, on graphs without a cycle, and says so; approximate elsewhere, where minima are made of
/// float messages. A factor on n variables passes its joint labels n times an iteration; pairs by difference
/// take linear time. The report has the largest change of a message in the last iteration (residual, nats)
/// and whether it fell to `tolerance`. \throws GraphError for path and real variables, Over::others, and
/// options out of range.
struct Loopy {
  static constexpr std::string_view kKey = "loopy";
  static constexpr Powers kPowers{.minimum = true, .free_energy = true};
  enum class Schedule {
    synchronous,  ///< all messages from those of the iteration before; on all threads
    sequential,  ///< variable after variable with the latest messages, there and back; needs fewer iterations
    residual,    ///< always the message that would change most (Elidan, McGraw, Koller 2006); where others
                 ///< oscillate
  };
  Schedule schedule = Schedule::sequential;
  double damping = 0;       ///< in [0, 1): how much of the old message stays; more where messages oscillate
  int iterations = 200;     ///< at most; each sends every message once (on average, by residuals)
  double tolerance = 1e-6;  ///< nats; a largest change below it has converged
  /// Iterations from one look at the change, the limits and the best labels yet to the next; 0: only at the
  /// end. Synchronous sweeps without damping are faster when nobody looks.
  int look = 10;
  /// Labels are read off one after another, given those before, and settled by conditional modes; false: each
  /// variable's own lowest.
  bool polish = true;
  void answer(Batch& batch, const Query& query, Answer& out) const;
  Solution solve(const DiscreteGraph& graph, const Question& question) const;
};

/// An upper bound of the free energy, never below the exact one where it has converged or not, and marginals
/// that are too sure. Counts and agreements are read as they are declared. Starts at the softmax of single
/// energies; forbidden joint labels that all remain possible leave it at +inf. \throws GraphError as Loopy.
struct MeanField {
  static constexpr std::string_view kKey = "mean_field";
  static constexpr Powers kPowers{.free_energy = true};
  int iterations = 500;      ///< sweeps over the variables, at most
  double tolerance = 1e-10;  ///< a largest change of a probability below it has converged
  double damping = 0;        ///< in [0, 1): how much of the old probabilities stays
  void answer(Batch& batch, const Query& query, Answer& out) const;
  Solution solve(const DiscreteGraph& graph, const Question& question) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
