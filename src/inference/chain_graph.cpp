// Chains among DiscreteGraphs.

#include "chain_problem.hpp"
#include "discrete_answer.hpp"
#include "discrete_engines.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Null when the graph is no set of chains. Rows that are scaled are no shared ones.
std::shared_ptr<const ChainPlan> plan_of(const DiscreteGraph& graph) {
  std::vector<ChainScopes> groups;
  for (const DiscreteGraph::Group& g : graph.groups()) {
    if (g.index != Index::joint || g.arity > 2) return nullptr;
    groups.push_back({g.arity, g.instances, g.shared && g.scales.empty(), g.scopes});
  }
  return plan_chains(graph.labels(), groups);
}

}  // namespace

bool is_chain(const DiscreteGraph& graph) { return plan_of(graph) != nullptr; }

Solution solve_by_chain(const DiscreteGraph& graph, const Question& q) {
  const auto plan = plan_of(graph);
  if (!plan)
    throw GraphError(
        "[chain] the graph is no set of chains: its factors form a loop or a fork, or join three variables; "
        "use junction-tree");
  ChainTables tables;
  const auto read = [&](const DiscreteView& view, Workspace& ws) {
    return read_chain(view, *plan, tables, ws);
  };
  if (q.task == Question::Task::minimum)
    return solve_minimum(graph, q, Method::chain,
                         [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                           const ChainProblem c = read(view, ws);
                           const auto by_position = ws.take<int>(static_cast<std::size_t>(c.length), 0);
                           ChainMinimum m{&c, Over::all, by_position};
                           chain_minima(std::span(&m, 1), ws);
                           for (int p = 0; p < c.length; ++p)
                             labels[static_cast<std::size_t>(plan->variable[p])] = by_position[p];
                           return Found{.energy = m.energy + view.constant,
                                        .bound = m.energy + view.constant};
                         });
  return solve_sums(
      graph, q, Method::chain,
      [&](const DiscreteView& view, const Plans&, double beta, DiscreteMarginals* wanted, Workspace& ws) {
        const ChainProblem c = read(view, ws);
        const ChainMarginals m = wanted ? room_for_marginals(c, false, ws) : ChainMarginals{};
        ChainSum sum{&c, Over::all, wanted ? &m : nullptr};
        chain_free_energies(std::span(&sum, 1), beta, ws);
        if (wanted) wanted->label.assign(view.offset.back(), 0.0);
        if (wanted && sum.energy < kInf)
          for (int p = 0; p < c.length; ++p)
            std::copy_n(m.label.data() + c.at(p), c.labels(p),
                        wanted->label.data() + view.offset[static_cast<std::size_t>(plan->variable[p])]);
        return Found{.energy = sum.energy + view.constant, .bound = sum.energy + view.constant};
      });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
