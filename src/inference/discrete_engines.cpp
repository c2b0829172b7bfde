// The engines of DiscreteGraphs by name, the oracle, and the choice among them.

#include "discrete_engines.hpp"

#include <algorithm>
#include <array>

#include "answering.hpp"
#include "discrete_view.hpp"
#include "ebm/inference/label_chains.hpp"
#include "ebm/inference/local_search.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

Solution solve_by_modes(const DiscreteGraph& graph, const Question& q) {
  return infer::ConditionalModes{}.solve(graph, q);
}
Solution solve_by_block_modes(const DiscreteGraph& graph, const Question& q) {
  return infer::ConditionalModes{.blocks = true}.solve(graph, q);
}
Solution solve_by_annealing(const DiscreteGraph& graph, const Question& q) {
  return infer::SimulatedAnnealing{}.solve(graph, q);
}
template <Moves moves>
Solution solve_by_chains(const DiscreteGraph& graph, const Question& q) {
  return infer::LabelChains{.moves = moves}.solve(graph, q);
}

constexpr Powers kExact{.minimum = true, .free_energy = true, .n_best = true, .samples = true};
constexpr Powers kBoth{.minimum = true, .free_energy = true};
constexpr Powers kMinimum{.minimum = true};

constexpr DiscreteEngine kEngines[] = {
    {"automatic", "the structure decides", kExact, solve_automatically},
    {"exhaustive", "every joint label is tried; at most 10 million", kExact, solve_exhaustively},
    {"junction-tree", "exact where the treewidth is low", kExact, solve_by_junction_tree},
    {"icm", "conditional modes, one variable after another", kMinimum, solve_by_modes},
    {"block-icm", "conditional modes of whole trees", kMinimum, solve_by_block_modes},
    {"annealing", "simulated annealing", kMinimum, solve_by_annealing},
    {"gibbs", "samples and marginals by Gibbs sweeps", {.samples = true}, solve_by_chains<Moves::coloured>},
    {"blocked-gibbs", "the same, trees at once", {.samples = true}, solve_by_chains<Moves::blocked>},
    {"swendsen-wang",
     "the same by clusters, of Potts pairs",
     {.samples = true},
     solve_by_chains<Moves::swendsen_wang>},
    {"importance", "free energy by annealed importance sampling", {.free_energy = true}, solve_by_importance},
    {"loopy", "messages along pairs: exact without cycles, fast and approximate with them", kBoth,
     solve_by_loopy},
    {"trws", "minima with a lower bound, of any graph; exact on trees", kMinimum, solve_by_reweighted_trees},
    {"dual-decomposition", "the same by spanning forests and subgradients", kMinimum,
     solve_by_dual_decomposition},
    {"graph-cut", "exact for two labels and submodular factors", kMinimum, solve_by_graph_cut},
    {"alpha-expansion", "moves to one label by cuts", kMinimum, solve_by_alpha_expansion},
    {"alpha-beta-swap", "moves between two labels by cuts", kMinimum, solve_by_alpha_beta_swap},
    {"roof-duality", "two labels and any pairs: a bound, and labels proved", kMinimum, solve_by_roof_duality},
    {"branch-and-bound", "exact by bounding and searching; any time its best answer and bound", kMinimum,
     solve_by_branch_and_bound},
    {"chain", "Viterbi and forward-backward where factors form chains", kBoth, solve_by_chain},
    {"mini-bucket", "bounds of minima and free energies by elimination in small tables", kBoth,
     solve_by_mini_buckets},
    {"mean-field",
     "an upper bound of the free energy by independent variables",
     {.free_energy = true},
     solve_by_mean_field},
};

}  // namespace

std::span<const DiscreteEngine> discrete_engines() { return kEngines; }

const DiscreteEngine& discrete_engine(std::string_view key) {
  std::string names;
  for (const DiscreteEngine& e : kEngines) {
    if (e.key == key) return e;
    names.append(names.empty() ? "" : ", ").append(e.key);
  }
  throw GraphError(message("[solve] there is no engine '", key, "'; there are ", names));
}

void check_question(const Question& q) {
  if (q.task != Question::Task::minimum && !(q.beta > 0 && q.beta < kInf))
    throw GraphError(message("[solve] beta must be finite and above 0, not ", q.beta));
  if (q.best < 1 || q.samples < 1)
    throw GraphError(message("[solve] best and samples are 1 or more, not ", q.best, " and ", q.samples));
}

std::size_t labels_in(const DiscreteGraph& graph) {
  std::size_t n = 0;
  for (const int k : graph.labels()) n += static_cast<std::size_t>(k);
  return n;
}

void order_best(const DiscreteGraph& graph, Solution& out) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < out.best.size(); ++i) order.emplace_back(graph.energy(out.best[i]), i);
  std::ranges::sort(order);
  std::vector<std::vector<int>> best;
  for (const auto& [energy, i] : order) best.push_back(std::move(out.best[i]));
  out.best = std::move(best);
  if (out.best.empty()) return;
  out.labels = out.best.front();
  out.energy = order.front().first;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
