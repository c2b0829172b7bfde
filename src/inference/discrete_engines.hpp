#pragma once
// The plain functions behind the table of discrete_engines.cpp, one per engine.

#include "ebm/inference/discrete.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// \throws GraphError unless beta is finite and above 0 where it is read.
void check_question(const Question& q);
// Labels of all variables together.
std::size_t labels_in(const DiscreteGraph& graph);

Solution solve_by_junction_tree(const DiscreteGraph& graph, const Question& q);
Solution solve_by_reweighted_trees(const DiscreteGraph& graph, const Question& q);
Solution solve_by_dual_decomposition(const DiscreteGraph& graph, const Question& q);
Solution solve_exhaustively(const DiscreteGraph& graph, const Question& q);

}  // namespace EBM_PRECISION
}  // namespace ebm
