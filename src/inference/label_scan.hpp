#pragma once
// The label variables of one sample, one at a time: draws of each given the rest, and the exact sum over
// variables that few others meet.

#include <span>
#include <string_view>
#include <vector>

#include "local_energies.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Which variables a sweep draws, and over which labels.
enum class Moving {
  all,      // every one, over all its labels
  truth,    // every one, over the labels of its truth
  unknown,  // those without a known truth; the others stay
};

class LabelScan {
 public:
  // Another item; over the truth, labels outside it are forbidden.
  void assign(const Batch& b, int item, Over over);
  // Random labels, those of the truth where it is known.
  void draw(Rng& rng, std::span<int> labels) const;
  // Each in turn from P(label | rest), P = exp(-beta E). False at a NaN.
  bool sweep(Moving moving, double beta, Rng& rng, std::span<int> labels);
  // -1/beta log of the sum over the variables marked free, each over the labels of its truth, the rest as in
  // `labels`: exact, free variables that meet in a factor enumerated together. Marginals times 1 are added to
  // `weights` unless it is empty. \throws GraphError when `limit` joint labels of such a group are exceeded.
  double sum_out(std::span<const char> free, double beta, double limit, std::string_view engine,
                 std::span<int> labels, std::span<Real> weights);

 private:
  const Batch* b_ = nullptr;
  int item_ = 0;
  const Sample* sample_ = nullptr;
  const Structure* s_ = nullptr;
  Workspace ws_;
  DiscreteView view_;  // in ws_
  const Readers* readers_ = nullptr;
  std::vector<double> energy_;                  // of the labels of a variable, or of joint labels
  std::vector<int> group_of_;                   // of a free variable: the first variable it is summed with
  std::vector<int> members_;                    // of one such group
  std::vector<std::pair<int, int>> instances_;  // (group, row) that it reads
};

}  // namespace EBM_PRECISION
}  // namespace ebm
