#pragma once
// The plain functions behind the table of discrete_engines.cpp, one per engine.

#include "ebm/inference/discrete.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// \throws GraphError unless beta is finite and above 0 where it is read, and there is something to find.
void check_question(const Question& q);
// Labels of all variables together.
std::size_t labels_in(const DiscreteGraph& graph);
// Solution::best in the order of the graph's own energies, which may round otherwise than an engine's sums.
void order_best(const DiscreteGraph& graph, Solution& out);

Solution solve_automatically(const DiscreteGraph& graph, const Question& q);
Solution solve_by_mini_buckets(const DiscreteGraph& graph, const Question& q);
Solution solve_by_junction_tree(const DiscreteGraph& graph, const Question& q);
Solution solve_by_reweighted_trees(const DiscreteGraph& graph, const Question& q);
Solution solve_by_dual_decomposition(const DiscreteGraph& graph, const Question& q);
Solution solve_by_mean_field(const DiscreteGraph& graph, const Question& q);
Solution solve_by_loopy(const DiscreteGraph& graph, const Question& q);
Solution solve_by_graph_cut(const DiscreteGraph& graph, const Question& q);
Solution solve_by_alpha_expansion(const DiscreteGraph& graph, const Question& q);
Solution solve_by_alpha_beta_swap(const DiscreteGraph& graph, const Question& q);
Solution solve_by_roof_duality(const DiscreteGraph& graph, const Question& q);
Solution solve_by_branch_and_bound(const DiscreteGraph& graph, const Question& q);
Solution solve_by_chain(const DiscreteGraph& graph, const Question& q);
bool is_chain(const DiscreteGraph& graph);
Solution solve_exhaustively(const DiscreteGraph& graph, const Question& q);
Solution solve_by_importance(const DiscreteGraph& graph, const Question& q);

}  // namespace EBM_PRECISION
}  // namespace ebm
