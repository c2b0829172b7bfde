#pragma once
/// \file
/// What an engine says of its own answer: what was asked, what was used and why, and what the answer is
/// worth.

#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace ebm {

enum class Exactness : std::uint8_t { exact, bounded, approximate, sampled };
enum class Method : std::uint8_t {
  automatic,
  none,
  exhaustive,
  chain,
  paths,
  grid,
  gradient_descent,
  lbfgs,
  least_squares,
  levenberg_marquardt,
  nested,
  alternating,
  langevin,
  hamiltonian,
  gibbs,
  annealing,
  closed_form,
  junction_tree,
  tree_reweighted,
  loopy,
  dual_decomposition,
  mean_field,
  conditional_modes,
  graph_cut,
  alpha_expansion,
  alpha_beta_swap,
  roof_duality,
  branch_and_bound,
  simulated_annealing,
  swendsen_wang,
  anytime,
  pseudo_likelihood,
  mini_bucket
};
enum class Why : std::uint8_t {
  asked,
  single_variable,
  chain_structure,
  path_variable,
  no_variable,
  unbounded,
  residual_factors,
  few_dimensions,
  smooth,
  labels_beside_reals,
  closed_form,
  low_treewidth,
  submodular,
  metric_pairs,
  loopy,
  time_limit
};

struct Report {
  bool converged = true;  ///< not converging is data, not an exception
  Exactness exactness = Exactness::exact;
  int iterations = 1;
  double residual = 0;  ///< largest change of the last iteration, in nats
  double seconds = 0;
  double acceptance = 1;  ///< of samplers: fraction of transitions that were accepted
  Method asked = Method::automatic, used = Method::automatic;
  Why why = Why::asked;
};

std::string_view to_string(Exactness exactness);
std::string_view to_string(Method method);
std::string_view to_string(Why why);
/// "chain (asked: automatic, chain structure), exact, converged in 1 iteration, 0.1 ms"
std::ostream& operator<<(std::ostream& out, const Report& report);

}  // namespace ebm
