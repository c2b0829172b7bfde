#pragma once
/// \file
/// Engines of graphs of label variables: one asked for a sample of a batch, as every engine is, or for a
/// DiscreteGraph of its own. The table of the latter, by name, is what `ebm solve` chooses from.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "ebm/graph/discrete_graph.hpp"
#include "ebm/inference/engine.hpp"
#include "ebm/inference/sampling.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// How far a search for a minimum has come.
struct Progress {
  double seconds = 0;
  double energy = kInf, bound = -kInf;  ///< of the best answer yet; nothing is lower than the bound
  std::string_view engine;              ///< what is at work
};

/// What is asked of a DiscreteGraph.
struct Question {
  enum class Task { minimum, free_energy, marginals, samples } task = Task::minimum;
  double beta = 1;         ///< of all but minima: finite, above 0
  double memory = 0x1p32;  ///< bytes that an engine may take
  double seconds = kInf;   ///< a search is stopped then; its best answer and bound until there are the answer
  int iterations = 0;      ///< of engines that iterate, at most; 0: the engine's own number
  double gap = 0;          ///< Task::minimum: a search may stop at an answer that is at most so far from its
                           ///< bound, nats
  int best = 1;            ///< Task::minimum: so many lowest answers, of engines with Powers::n_best
  int samples = 1;         ///< Task::samples
  bool factors = false;    ///< Task::marginals: those of factors too, of engines that have them
  std::uint64_t seed = 1;  ///< of engines that draw
  std::vector<int> start{};  ///< labels to start from, [variables]; empty: the engine's own
  /// Told of every better answer or bound of an engine that searches, and now and then when there is none;
  /// false stops it.
  std::function<bool(const Progress&)> progress{};
};

/// What an engine says of it, nats.
struct Solution {
  double energy = kInf;     ///< Task::minimum: of `labels`; +inf when none was found or all are forbidden
  std::vector<int> labels;  ///< Task::minimum: [variables], empty when the energy is +inf
  double bound = -kInf;     ///< Task::minimum: no energy is lower; -inf when unknown
  std::vector<std::vector<int>> best;  ///< Question::best > 1: distinct answers, the lowest first; fewer when
                                       ///< there are no more
  double free_energy = kInf;           ///< sums: -1/beta log sum exp(-beta E)
  double free_energy_bound = -kInf;    ///< no free energy is lower; -inf when unknown
  double error = 0;                    ///< standard error of a sampled free energy
  std::vector<double> marginals;       ///< Task::marginals: [sum of label counts], variable after variable
  /// Question::factors: probabilities of every entry, group after group, instance after instance. With counts
  /// and agreements an entry stands for all labels that read it.
  std::vector<double> factor_marginals;
  std::vector<int> samples;      ///< Task::samples: [samples, variables]
  double effective_samples = 0;  ///< of sampled marginals and samples that depend on each other; 0: not known
  double r_hat = 0;              ///< split R-hat of the same; 0: not known
  std::vector<int> proved;  ///< of infer::RoofDuality: [variables] labels that some minimum has together, -1
                            ///< where none is known
  std::vector<Method> tried{};  ///< of "automatic": what ran, the last of them gave the answer
  Report report;
};

namespace infer {

/// Exact on any graph of label variables whose treewidth is low: bucket elimination in a min-fill or
/// min-weight order (Dechter 1999), minima with their labels and the next best answers (`n_best`), free
/// energies at any beta with the marginals of variables and factors, independent draws (`sample`), all in
/// double and for any range of energies. Time and memory grow with the label counts of the widest separator
/// multiplied; what messages take is known before they are made. `others` is exact too: a second state a
/// variable says whether the answer has left the truth yet. \throws GraphError when messages would take more
/// than `memory`, saying how much, and for path and real variables.
struct JunctionTree {
  static constexpr std::string_view kKey = "junction_tree";
  static constexpr Powers kPowers{.minimum = true, .free_energy = true, .others = true};
  double memory = 0x1p32;  ///< bytes that one sample may take
  std::uint64_t seed = 1;  ///< of `sample`
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// What a junction tree of every sample takes fits into `memory` bytes, so that JunctionTree may be asked.
bool has_low_treewidth(const Batch& batch, const Query& query, double memory);

}  // namespace infer

/// One of the lowest answers.
struct Ranked {
  double energy = kInf;
  std::vector<int> labels;  ///< of all label variables, in order of declaration
};
/// The n lowest answers of every sample of a batch, distinct, the lowest first; fewer when there are no more.
/// \throws GraphError for n < 1, and as JunctionTree does.
std::vector<std::vector<Ranked>> n_best(Batch& batch, int n, Over over = Over::all,
                                        const infer::JunctionTree& engine = {});
/// n independent draws of every sample from exp(-beta E) / Z: nothing to burn in or to thin.
/// \throws GraphError for n < 1, a beta that is not finite, and as JunctionTree does; NumberError where a
/// sample has no answer or a NaN.
Draws sample(Batch& batch, const infer::JunctionTree& engine, int n, const SampleOptions& options = {});

/// An engine for DiscreteGraphs, by name.
struct DiscreteEngine {
  std::string_view key;  ///< as `ebm solve --engine` has it
  std::string_view what;
  Powers powers;
  Solution (*solve)(const DiscreteGraph& graph, const Question& question);
};

/// All there are. An engine is added in src/inference/discrete_engines.cpp.
std::span<const DiscreteEngine> discrete_engines();
/// \throws GraphError that lists the names when there is no such engine.
const DiscreteEngine& discrete_engine(std::string_view key);

/// What an order of elimination says of a graph before anything runs.
struct TreewidthBound {
  int width = 0;  ///< no treewidth is higher; -1 when the order was given up as too wide
  double bytes =
      0;  ///< most that JunctionTree takes for a minimum; when given up, what its messages had reached
  double entries = 0;  ///< table entries of one pass
};
TreewidthBound treewidth_bound(const DiscreteGraph& graph);

}  // namespace EBM_PRECISION
}  // namespace ebm
