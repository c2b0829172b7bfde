#pragma once
// Random tensors, whole-net evaluation and central differences for the tests of the net room.

#include <algorithm>
#include <vector>

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

struct Step {
  Tensor out, din;
  std::vector<Real> dw;
};
inline Step train_step(const Net& net, const Params& params, const Tensor& in, Net::State& state) {
  const Shape shape = net.output_shape(in.shape().row()).with_rows(in.shape()[0]);
  Step s{Tensor(shape), Tensor(in.shape()), std::vector<Real>(params.flat().size())};
  net.forward(params.data(), in, s.out, state, Net::Mode::train);
  net.backward(params.data(), random_tensor(shape, 99), s.dw.data(), s.din, state);
  return s;
}

template <class A, class B>
double largest_difference(const A& a, const B& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(double(a[i]) - double(b[i])));
  return most;
}

template <class A>
bool same_bits(const A& a, const A& b) {
  return std::equal(a.data(), a.data() + a.size(), b.data());
}

inline constexpr bool kDouble = sizeof(Real) == 8;
inline constexpr double kStep = kDouble ? 1e-5 : 1e-2;
inline constexpr double kSlopeTolerance = kDouble ? 1e-6 : 2e-2;

inline double difference(double got, double want) { return std::abs(got - want) / (1 + std::abs(want)); }

}  // namespace ebm::testing
