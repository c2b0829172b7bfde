// The engines of DiscreteGraphs by name, the oracle, and the choice among them.

#include "discrete_engines.hpp"

#include <array>
#include <cmath>

#include "discrete_view.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// The junction tree wherever its messages fit; it is never worse than trying every joint label.
Solution solve_automatically(const DiscreteGraph& graph, const Question& q) {
  Solution out = solve_by_junction_tree(graph, q);
  out.report.asked = Method::automatic;
  out.report.why = graph.variables() == 0 ? Why::no_variable : Why::low_treewidth;
  return out;
}

constexpr Powers kExact{.minimum = true, .free_energy = true};
constexpr Powers kMinimum{.minimum = true};

constexpr std::array<DiscreteEngine, 5> kEngines{{
    {"automatic", "the structure decides", kExact, solve_automatically},
    {"exhaustive", "every joint label is tried; at most 10 million", kExact, solve_exhaustively},
    {"junction-tree", "exact where the treewidth is low", kExact, solve_by_junction_tree},
    {"trws", "minima with a lower bound, of any graph; exact on trees", kMinimum, solve_by_reweighted_trees},
    {"dual-decomposition", "the same by spanning forests and subgradients", kMinimum,
     solve_by_dual_decomposition},
}};

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
}

std::size_t labels_in(const DiscreteGraph& graph) {
  std::size_t n = 0;
  for (const int k : graph.labels()) n += static_cast<std::size_t>(k);
  return n;
}

Solution solve_exhaustively(const DiscreteGraph& graph, const Question& q) {
  check_question(q);
  const Stopwatch watch;
  constexpr double kLimit = 1e7;
  const auto counts = graph.labels();
  double joint = 1;
  for (const int k : counts) joint *= k;
  if (joint > kLimit)
    throw GraphError(message("[exhaustive] ", joint, " joint labels are more than the limit of ", kLimit,
                             "; use another engine"));
  Workspace ws;
  const DiscreteView view = view_of(graph, ws, Tables::declared);
  std::vector<int> y(counts.size(), 0);
  const auto next = [&] {
    for (std::size_t v = y.size(); v-- > 0;) {
      if (++y[v] < counts[v]) return true;
      y[v] = 0;
    }
    return false;
  };
  Solution out;
  std::vector<double> energies;
  double low = kInf;
  do {
    energies.push_back(energy_of(view, y));
    if (energies.back() < low) low = energies.back(), out.labels = y;
  } while (next());
  out.report = {.seconds = 0, .asked = Method::exhaustive, .used = Method::exhaustive};
  if (q.task == Question::Task::minimum) {
    out.energy = out.bound = low;
  } else {
    out.labels.clear();
    double sum = 0;
    for (double& e : energies) sum += e = low < kInf ? std::exp(-q.beta * (e - low)) : 0;
    out.free_energy = low < kInf ? low - std::log(sum) / q.beta : kInf;
    if (q.task == Question::Task::marginals) {
      out.marginals.assign(view.offset.back(), 0);
      std::size_t at = 0;
      std::fill(y.begin(), y.end(), 0);
      do {
        const double p = sum > 0 ? energies[at] / sum : 0;
        for (std::size_t v = 0; v < y.size(); ++v)
          out.marginals[view.offset[v] + static_cast<std::size_t>(y[v])] += p;
        ++at;
      } while (next());
    }
  }
  out.report.seconds = watch.seconds();
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
