#pragma once
// Random tensors, whole-net evaluation and central differences for the tests of the net room.

#include <cmath>
#include <vector>

#include "ebm/core/rng.hpp"
#include "ebm/net/build.hpp"

namespace ebm::testing {

inline Tensor random_tensor(Shape shape, std::uint64_t seed, double scale = 1) {
  Tensor out(shape);
  Rng rng(seed);
  for (Real& x : out.span()) x = static_cast<Real>(scale * rng.normal());
  return out;
}

inline Tensor run(const Net& net, const Params& params, const Tensor& in) {
  Net::State state;
  Tensor out(net.output_shape(in.shape().row()).with_rows(in.shape()[0]));
  net.forward(params.data(), in, out, state);
  return out;
}

// sum of weight * output, in double.
inline double weighted(const Net& net, const Params& params, const Tensor& in, const Tensor& weight) {
  const Tensor out = run(net, params, in);
  double s = 0;
  for (std::size_t i = 0; i < out.size(); ++i) s += double(out[i]) * double(weight[i]);
  return s;
}

inline constexpr bool kDouble = sizeof(Real) == 8;
inline constexpr double kStep = kDouble ? 1e-5 : 1e-2;
inline constexpr double kSlopeTolerance = kDouble ? 1e-6 : 2e-2;

inline double difference(double got, double want) { return std::abs(got - want) / (1 + std::abs(want)); }

}  // namespace ebm::testing
