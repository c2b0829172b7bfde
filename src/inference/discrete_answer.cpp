#include "discrete_answer.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

Report joined(std::span<const Found> found, Method method) {
  Report r{.asked = method, .used = method};
  for (const Found& f : found) {
    r.converged &= f.converged;
    r.exactness = std::max(r.exactness, f.exactness);
    r.iterations = std::max(r.iterations, f.iterations);
    r.residual = std::max(r.residual, f.residual);
    if (f.limited) r.why = Why::time_limit;
  }
  return r;
}

bool known_truth(const Sample& sample, Over over, std::span<int> labels) {
  if (over != Over::truth) return false;
  for (std::size_t v = 0; v < labels.size(); ++v) {
    labels[v] = truth_of(sample, static_cast<int>(v)).single();
    if (labels[v] < 0) return false;
  }
  return true;
}

void check_asked(const Batch& b, const Query& q, const Powers& powers, std::string_view key) {
  check_beta(q);
  refuse_other_than_labels(b, key);
  const bool minimum = q.beta == kInf;
  if (minimum ? !powers.minimum : !powers.free_energy)
    throw GraphError(message("[", key, "] finds ", minimum ? "free energies" : "minima", " and no ",
                             minimum ? "minimum" : "free energy", "; ask infer::Automatic"));
  if (q.over == Over::others && !powers.others)
    throw GraphError(message("[", key,
                             "] cannot leave the truth out; use infer::JunctionTree, or a loss whose ",
                             "contrast is the minimum with a margin (Query::rescaling)"));
  if (q.steps > 0) throw GraphError(message("[", key, "] draws no samples; use infer::Gibbs"));
}

}  // namespace EBM_PRECISION
}  // namespace ebm
