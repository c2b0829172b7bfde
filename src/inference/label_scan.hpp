#pragma once
// The label variables of one graph, one at a time: which table entries each is read by, draws of one given
// the rest, and the exact sum over variables that few others meet.

#include <span>
#include <string_view>
#include <vector>

#include "ebm/core/rng.hpp"
#include "ebm/graph/batch.hpp"

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
  void assign(const Structure& s);
  const Structure* structure() const { return s_; }
  // Random labels, those of the truth where it is known.
  void draw(const Sample& sample, Rng& rng, std::span<int> labels) const;
  // Each in turn from P(label | rest), P = exp(-beta E). False at a NaN.
  bool sweep(const Batch& b, int item, const Sample& sample, Moving moving, double beta, Rng& rng,
             std::span<int> labels);
  // -1/beta log of the sum over the variables marked free, each over the labels of its truth, the rest as in
  // `labels`: exact, free variables that meet in a factor enumerated together. Marginals times 1 are added to
  // `weights` unless it is empty. \throws GraphError when `limit` joint labels of such a group are exceeded.
  double sum_out(const Batch& b, int item, const Sample& sample, std::span<const char> free, double beta,
                 double limit, std::string_view engine, std::span<int> labels, std::span<Real> weights);

 private:
  // An instance that reads a variable: its entry grows by `stride` with the label.
  struct Reading {
    int group, row, stride;
  };
  std::span<const Reading> readings(int v) const {
    const auto first = static_cast<std::size_t>(first_[static_cast<std::size_t>(v)]);
    return std::span(readings_).subspan(
        first, static_cast<std::size_t>(first_[static_cast<std::size_t>(v) + 1]) - first);
  }
  std::span<const int> scope(int group, int row) const;
  int entry(int group, int row, std::span<const int> labels) const;
  static const Real* row_of(const Batch& b, int item, int group, int row);

  const Structure* s_ = nullptr;
  std::vector<int> counts_, first_;  // of each variable: labels; into readings_
  std::vector<Reading> readings_;
  std::vector<double> energy_;                  // of the labels of a variable, or of joint labels
  std::vector<int> group_of_;                   // of a free variable: the first variable it is summed with
  std::vector<int> members_;                    // of one such group
  std::vector<std::pair<int, int>> instances_;  // (group, row) that it reads
};

}  // namespace EBM_PRECISION
}  // namespace ebm
