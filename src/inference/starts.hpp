#pragma once
// Where searches over a real variable begin.

#include <cstdint>
#include <span>
#include <string_view>

#include "ebm/inference/least_squares.hpp"
#include "real_domain.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// The words of infer::Start and infer::GradientDescent.
struct Starts {
  std::span<const double> given;  // [dims], or [samples of the batch, dims]; empty: the middle of the range
  double low = -1, high = 1;      // range where the domain has no bounds
  std::uint64_t seed = 1;

  Starts(const infer::Start& s) : given(s.start), low(s.low), high(s.high), seed(s.seed) {}  // NOLINT
  Starts(std::span<const double> given, double low, double high, std::uint64_t seed)
      : given(given), low(low), high(high), seed(seed) {}

  // The k-th start of a sample: the first as given, the others at random, the same ones for all samples.
  // \throws GraphError for a start of the wrong length, or outside the bounds.
  void place(const Batch& b, int sample, int k, std::string_view engine, std::span<double> x) const;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
