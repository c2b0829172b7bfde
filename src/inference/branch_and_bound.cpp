#include "ebm/inference/search.hpp"
#include "hard_minimum.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

void infer::BranchAndBound::answer(Batch& b, const Query& q, Answer& out) const {
  check_asked(b, q, kPowers, kKey);
  answer_minima(b, q, Method::branch_and_bound, out,
                [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                  const Question limit{.seconds = seconds};
                  Limits limits(limit, kKey);
                  return HardMinimum{.memory = memory, .seed = seed, .branches = branches}.find(view, limits,
                                                                                                labels, ws);
                });
}

Solution solve_by_branch_and_bound(const DiscreteGraph& graph, const Question& q) {
  if (q.task != Question::Task::minimum)
    throw GraphError("[branch-and-bound] finds minima alone; ask automatic or junction-tree for sums");
  if (!q.start.empty()) (void)graph.energy(q.start);  // of the right number and domains
  Solution out =
      solve_minimum(graph, q, Method::branch_and_bound,
                    [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                      Limits limits(q, "branch-and-bound");
                      return HardMinimum{.memory = q.memory, .seed = q.seed, .start = q.start}.find(
                          view, limits, labels, ws);
                    });
  if (out.report.exactness == Exactness::exact) out.bound = out.energy;  // not off by the order of sums
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
