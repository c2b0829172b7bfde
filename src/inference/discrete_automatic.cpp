// The structure of a graph decides its engine: exact ones where they fit, else several, whose answers and
// bounds are put together.

#include "discrete_answer.hpp"
#include "mini_bucket.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Variables of at most two labels, pairs that one cut may serve; the cut itself says whether it does.
bool may_be_cut(const DiscreteGraph& g) {
  if (std::ranges::any_of(g.labels(), [](int k) { return k > 2; })) return false;
  for (const DiscreteGraph::Group& group : g.groups()) {
    if (group.arity > 2) return false;
    if (group.arity < 2 || group.entries != 4) continue;
    for (int i = 0; i < (group.shared ? 1 : group.instances); ++i) {
      const double* e = group.row(i);
      if (!(e[0] + e[3] <= e[1] + e[2])) return false;
    }
    if (std::ranges::any_of(group.scales, [](double s) { return s < 0; })) return false;
  }
  return true;
}

Solution said(Solution s, Why why, std::vector<Method> tried) {
  s.report.asked = Method::automatic;
  if (s.report.why != Why::time_limit) s.report.why = why;
  s.tried = std::move(tried);
  return s;
}

// Whether a junction tree takes no longer than there is time; sums are some ten times as slow as minima.
bool is_narrow(const DiscreteGraph& graph, const Question& q) {
  const TreewidthBound b = treewidth_bound(graph);
  const bool minimum = q.task == Question::Task::minimum;
  const double fits = q.task == Question::Task::marginals ? q.memory / 2 : q.memory;
  constexpr double kMinima = 2e8, kSums = 2e7;  // entries a second
  return b.width >= 0 && b.bytes <= fits &&
         (q.seconds == kInf || b.entries <= std::max(1e5, (minimum ? kMinima : kSums) * q.seconds));
}

// Of a wide graph: loopy sum-product, and a bound of what it estimates.
Solution sums(const DiscreteGraph& graph, const Question& q) {
  Solution out = solve_by_loopy(graph, q);
  if (out.report.exactness == Exactness::exact) return said(std::move(out), Why::loopy, {Method::loopy});
  Workspace ws;
  const MiniBucketBound b =
      mini_bucket_bound(view_of(graph, ws), q.beta, std::min(0x1p18, q.memory / 64), {});
  out.free_energy_bound = std::max(out.free_energy_bound, b.bound);
  // Bethe's free energy may be on either side of the truth, which is not below the bound.
  out.free_energy = std::max(out.free_energy, out.free_energy_bound);
  return said(std::move(out), Why::loopy, {Method::mini_bucket, Method::loopy});
}

}  // namespace

Solution solve_automatically(const DiscreteGraph& graph, const Question& q) {
  check_question(q);
  using Task = Question::Task;
  const bool minimum = q.task == Task::minimum && q.best <= 1;
  std::vector<Method> tried;
  if (q.task != Task::samples && (minimum || q.task != Task::minimum) && graph.variables() > 0 &&
      is_chain(graph))
    return said(solve_by_chain(graph, q), Why::chain_structure, {Method::chain});
  if (minimum && graph.variables() > 1 && may_be_cut(graph)) {
    try {
      return said(solve_by_graph_cut(graph, q), Why::submodular, {Method::graph_cut});
    } catch (const GraphError&) {  // not submodular after all
      tried.push_back(Method::graph_cut);
    }
  }
  if (graph.variables() < 2 || is_narrow(graph, q) ||
      (!minimum && (q.task == Task::minimum || q.task == Task::samples))) {
    tried.push_back(Method::junction_tree);
    return said(solve_by_junction_tree(graph, q),
                graph.variables() == 0 ? Why::no_variable : Why::low_treewidth, std::move(tried));
  }
  if (!minimum) return sums(graph, q);
  tried.push_back(Method::branch_and_bound);
  return said(solve_by_branch_and_bound(graph, q), Why::loopy, std::move(tried));
}

}  // namespace EBM_PRECISION
}  // namespace ebm
