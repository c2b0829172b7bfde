#pragma once
// One column of a bucket: the energies of its variable's labels at given labels of its separator. What a
// minimum, a draw or the next best answer reads on the way from the roots down.

#include <vector>

#include "elimination.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class BucketColumn {
 public:
  // Of weights (beta > 0) messages are exp(-beta E) but for a factor, and so the energies are but for a term.
  void open(const DiscreteView& view, const Elimination& tree, std::size_t p, const double* messages,
            double beta);
  // [labels of the bucket's variable], valid until the next call. `labels` of all variables.
  std::span<double> at(std::span<const int> labels);

 private:
  struct Source {
    const double* data;
    std::size_t step, first, last;  // strides in places_
  };
  struct Place {
    std::size_t variable, stride;
  };
  std::size_t entry(const Source& s, std::span<const int> labels) const {
    std::size_t at = 0;
    for (std::size_t i = s.first; i < s.last; ++i)
      at += places_[i].stride * static_cast<std::size_t>(labels[places_[i].variable]);
    return at;
  }
  void add(const double* data, std::span<const int> scope, std::size_t own, const DiscreteView& view);

  double beta_ = 0;
  std::size_t first_child_ = 0;
  std::vector<Source> sources_;
  std::vector<Place> places_;
  std::vector<double> column_;
  Workspace ws_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
