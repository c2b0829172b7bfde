#include "ebm/core/report.hpp"

#include <array>
#include <ostream>

namespace ebm {

std::string_view to_string(Exactness exactness) {
  constexpr std::array<std::string_view, 4> names{"exact", "bounded", "approximate", "sampled"};
  return names[static_cast<std::size_t>(exactness)];
}

std::string_view to_string(Method method) {
  constexpr auto names = std::to_array<std::string_view>({"automatic",
                                                          "none",
                                                          "exhaustive",
                                                          "chain",
                                                          "paths",
                                                          "grid",
                                                          "gradient descent",
                                                          "L-BFGS",
                                                          "least squares",
                                                          "Levenberg-Marquardt",
                                                          "nested search",
                                                          "alternating search",
                                                          "Langevin",
                                                          "Hamiltonian Monte Carlo",
                                                          "Gibbs",
                                                          "annealing",
                                                          "closed form",
                                                          "junction tree",
                                                          "tree-reweighted message passing",
                                                          "loopy message passing",
                                                          "dual decomposition",
                                                          "mean field",
                                                          "iterated conditional modes",
                                                          "graph cut",
                                                          "alpha-expansion",
                                                          "alpha-beta swap",
                                                          "roof duality",
                                                          "branch and bound",
                                                          "simulated annealing",
                                                          "Swendsen-Wang",
                                                          "anytime search",
                                                          "pseudo-likelihood",
                                                          "mini-buckets"});
  return names[static_cast<std::size_t>(method)];
}

std::string_view to_string(Why why) {
  constexpr std::array<std::string_view, 16> names{"as asked",
                                                   "one variable of labels",
                                                   "chain structure",
                                                   "a path variable",
                                                   "no free variable",
                                                   "stopped, for the energy looks unbounded",
                                                   "factors that show residuals",
                                                   "a real variable of few dimensions in bounds",
                                                   "a smooth energy of a real variable",
                                                   "labels beside a real variable",
                                                   "a factor that knows its minimiser",
                                                   "a graph of low treewidth",
                                                   "binary and submodular",
                                                   "pairs that are a metric",
                                                   "a loopy graph",
                                                   "the time limit"};
  return names[static_cast<std::size_t>(why)];
}

std::ostream& operator<<(std::ostream& out, const Report& r) {
  out << to_string(r.used) << " (asked: " << to_string(r.asked) << ", " << to_string(r.why) << "), "
      << to_string(r.exactness) << (r.converged ? ", converged in " : ", NOT converged in ") << r.iterations
      << (r.iterations == 1 ? " iteration, " : " iterations, ") << r.seconds * 1e3 << " ms";
  if (!r.converged) out << ", residual " << r.residual;
  if (r.exactness == Exactness::sampled) out << ", " << 100 * r.acceptance << " % accepted";
  return out;
}

}  // namespace ebm
