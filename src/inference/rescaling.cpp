// The margin between answers, one label variable at a time: Delta is a sum over variables, so engines take it
// from the energies of single labels.

#include "answering.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

bool margins(const Rescaling& r, const Sample& s, int variable, std::span<double> out) {
  const LabelSet& truth = truth_of(s, variable);
  if (!truth.known()) return false;
  const int t = truth.single();
  if (t < 0)
    throw GraphError(message("[query] a margin between answers needs one true label, and ",
                             s.structure->variable_name(variable), " has ", truth.several().size()));
  const std::size_t k = out.size();
  if (!r.table.empty() && r.table.size() != k * k)
    throw GraphError(message("[query] a margin table of ", r.table.size(), " entries is not [", k, ", ", k,
                             "], the labels of ", s.structure->variable_name(variable)));
  for (std::size_t y = 0; y < k; ++y) {
    out[y] = static_cast<int>(y) == t ? 0 : r.hamming;
    if (!r.table.empty()) out[y] += r.table[static_cast<std::size_t>(t) * k + y];
  }
  return true;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
