#pragma once
/// \file
/// Low answers of graphs of label variables without a certificate, from changes that lower the energy given
/// the rest, or that a temperature allows: quick, and on any graph: tables of any order, counts, agreements,
/// forbidden entries. Where the labels a search stands at are forbidden, it moves to what fewer factors
/// forbid.
///
/// Over batches they answer minima, the truth's with what it leaves open, and with a margin
/// (Query::rescaling); over a DiscreteGraph they heed the limits, start, seed and progress of a Question.
/// Exactness is `approximate` and bounds are unknown.

#include <cstdint>
#include <string_view>

#include "ebm/inference/discrete.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// Iterated conditional modes (Besag 1986): each variable in turn moves to its lowest label given the rest,
/// until none moves. With `blocks`, from there on whole trees move at once to their exact minimum given the
/// rest, by min-sum, the trees of the graph in turn: never higher than without. Time of a sweep: of every
/// factor its labels; of blocks the pairs of labels.
struct ConditionalModes {
  static constexpr std::string_view kKey = "conditional_modes";
  static constexpr Powers kPowers{.minimum = true};
  bool blocks = false;
  int restarts = 0;        ///< random starts beside the first, in parallel; the lowest answer wins
  int sweeps = 1000;       ///< of a start, at most; fewer almost always
  std::uint64_t seed = 1;  ///< of the restarts; a Question has its own
  /// Converged: no variable (or tree) is higher than it need be given the rest. The first start is that of
  /// the Question, or each variable's lowest label by the factors that read it alone.
  /// \throws GraphError for free energies, Over::others, real and path variables, options out of range.
  void answer(Batch& batch, const Query& query, Answer& out) const;
  Solution solve(const DiscreteGraph& graph, const Question& question) const;
};

/// Simulated annealing (Kirkpatrick, Gelatt, Vecchi 1983; Geman, Geman 1984): Gibbs sweeps at temperatures
/// that fall from `hot` to `cold`, equal factors apart, then conditional modes. The lowest answer passed is
/// the answer.
struct SimulatedAnnealing {
  static constexpr std::string_view kKey = "simulated_annealing";
  static constexpr Powers kPowers{.minimum = true};
  double hot = 0;     ///< nats; 0: by how much energies of one variable differ at random labels, in the mean
  double cold = 0;    ///< nats; 0: hot / 100
  int sweeps = 1000;  ///< of a run, unless Question::iterations says how many
  int runs = 1;       ///< in parallel, of which the lowest answer wins
  std::uint64_t seed = 1;  ///< a Question has its own
  /// \throws GraphError as ConditionalModes does.
  void answer(Batch& batch, const Query& query, Answer& out) const;
  Solution solve(const DiscreteGraph& graph, const Question& question) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
