#pragma once
// The chains of one sample as flat double arrays: what the dynamic programmes of chain_min.cpp and
// chain_sum.cpp walk. Chains are laid end to end; between two chains there is no table, so nothing joins
// them.

#include <span>

#include "answering.hpp"
#include "ebm/core/workspace.hpp"
#include "ebm/graph/chain_plan.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct ChainProblem {
  const ChainPlan* plan = nullptr;
  int length = 0;                  // positions
  std::span<double> unary;         // [sum of K], at plan->offset
  std::span<const double*> edge;   // [length - 1] of [K_p, K_{p+1}], null: nothing joins p and p + 1
  bool one_edge_table = false;     // every table is the same one
  std::span<const char> in_truth;  // [sum of K]; filled for Over::truth and Over::others

  int labels(int p) const { return plan->labels[static_cast<std::size_t>(p)]; }
  int at(int p) const { return plan->offset[static_cast<std::size_t>(p)]; }
};

// Probabilities of labels, and of pairs of neighbours' labels: for each position a block [K_p, K_{p+1}] at
// pair_at, or one block with the sum of all when one table serves every pair.
struct ChainMarginals {
  std::span<double> label;         // [sum of K], at plan->offset
  std::span<std::size_t> pair_at;  // [length - 1]
  std::span<double> pair;
};

// Adds up the tables of sample i, less the margin between answers. Everything lives in `ws`.
ChainProblem read_chain(const Batch& b, int i, Over over, const Rescaling* rescaling, Workspace& ws);
// Room for the marginals of a problem, all zero.
ChainMarginals room_for_marginals(const ChainProblem& c, Workspace& ws);

// Gives weights back to the tables that they came from: marginals, or one label per position.
void give(const Batch& b, int i, const ChainProblem& c, const ChainMarginals& m, Answer& out);
void give(const Batch& b, int i, const ChainProblem& c, std::span<const int> labels, Answer& out);

// Minimum over the chains; fills `labels` [length] by position. Returns +inf when there is none.
double chain_minimum(const ChainProblem& c, Over over, std::span<int> labels, Workspace& ws);

// Free energy at beta; adds the marginals to `out` where given.
double chain_free_energy(const ChainProblem& c, Over over, double beta, const ChainMarginals* out,
                         Workspace& ws);

}  // namespace EBM_PRECISION
}  // namespace ebm
