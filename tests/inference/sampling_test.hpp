#pragma once
// Models of known distribution, and means with their standard error over independent chains.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "ebm/inference/sampling.hpp"
#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm::testing {

inline constexpr bool kDouble = sizeof(Real) == 8;

// E(z) by two functions, of all the numbers of a real variable; W does not enter.
struct Curve {
  double (*energy)(const Real* z, int n);
  void (*slope)(const Real* z, int n, double* out);
  std::string_view name() const { return "curve"; }
  bool operator==(const Curve&) const = default;
  void forward(const Reads& x, View out) const {
    const int n = x.in[0].shape[1];
    for (int r = 0; r < x.rows; ++r)
      out[static_cast<std::size_t>(r)] = static_cast<Real>(energy(x.in[0].data + r * n, n));
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const int n = x.in[0].shape[1];
    std::vector<double> g(static_cast<std::size_t>(n));
    for (int r = 0; r < x.rows; ++r) {
      slope(x.in[0].data + r * n, n, g.data());
      for (int d = 0; d < n && s.in[0].data; ++d)
        s.in[0].data[r * n + d] +=
            static_cast<Real>(dout[static_cast<std::size_t>(r)] * g[static_cast<std::size_t>(d)]);
    }
  }
};

// 2 (z^2 - 1)^2 + z / 2
inline constexpr Curve kDoubleWell{
    [](const Real* z, int) {
      const double q = double(z[0]) * z[0] - 1;
      return 2 * q * q + z[0] / 2;
    },
    [](const Real* z, int, double* out) { out[0] = 8 * z[0] * (double(z[0]) * z[0] - 1) + 0.5; }};
// |z|^2 / 2
inline constexpr Curve kRound{[](const Real* z, int n) {
                                double sum = 0;
                                for (int d = 0; d < n; ++d) sum += double(z[d]) * z[d];
                                return sum / 2;
                              },
                              [](const Real* z, int n, double* out) {
                                for (int d = 0; d < n; ++d) out[d] = z[d];
                              }};
// -2 cos(z - 1): von Mises
inline constexpr Curve kTurn{[](const Real* z, int) { return -2 * std::cos(z[0] - 1.0); },
                             [](const Real* z, int, double* out) { out[0] = 2 * std::sin(z[0] - 1.0); }};
// -3 z_0: von Mises and Fisher, on the sphere; without a floor elsewhere
inline constexpr Curve kTilt{[](const Real* z, int) { return -3.0 * z[0]; },
                             [](const Real*, int n, double* out) {
                               for (int d = 0; d < n; ++d) out[d] = d == 0 ? -3 : 0;
                             }};
// Forbidden left of 0.5, z^2 / 2 elsewhere
inline constexpr Curve kWall{
    [](const Real* z, int) { return z[0] < Real(0.5) ? kInf : double(z[0]) * z[0] / 2; },
    [](const Real* z, int, double* out) { out[0] = z[0]; }};
inline constexpr Curve kBroken{[](const Real* z, int) { return z[0] > Real(0.7) ? std::nan("") : 0.0; },
                               [](const Real*, int, double* out) { out[0] = 0; }};
inline constexpr Curve kFalling{[](const Real* z, int) { return -double(z[0]) * z[0]; },
                                [](const Real* z, int, double* out) { out[0] = -2.0 * z[0]; }};

// `copies` samples of one curve over one variable, in one batch.
struct Curves {
  Params W;
  std::unique_ptr<Model<int>> model;
  std::unique_ptr<Prepared> ready;
  std::unique_ptr<Batch> batch;
  Curves(const Curve& curve, const Reals& reals, int copies, std::vector<Real> truth = {}) {
    model = std::make_unique<Model<int>>(W, [=](FactorGraph& g, const int&) {
      const auto z = g.output("z", reals, truth);
      g.add(factor::function(curve, {g.feature(z)}, "curve"));
    });
    const std::vector<int> data(static_cast<std::size_t>(copies));
    ready = std::make_unique<Prepared>(model->prepare(data));
    batch = std::make_unique<Batch>(ready->batch());
  }
};

// Over chains: the mean of each chain's mean, and the standard error of that.
struct Estimate {
  double mean = 0, error = 0;
  double off(double truth) const { return std::abs(mean - truth) / error; }
};
inline Estimate estimate(const std::vector<double>& of_chains) {
  const auto n = static_cast<double>(of_chains.size());
  Estimate e;
  for (const double x : of_chains) e.mean += x / n;
  double sum = 0;
  for (const double x : of_chains) sum += (x - e.mean) * (x - e.mean);
  e.error = std::sqrt(sum / (n - 1) / n);
  return e;
}
// The mean of f(z) over draws of `chains` chains.
template <class F>
Estimate mean_of(const Draws& draws, std::size_t chains, std::size_t dims, const F& f) {
  std::vector<double> sums(chains, 0.0);
  for (std::size_t k = 0; k < draws.reals.size(); k += dims)
    sums[k / dims % chains] += f(draws.reals.data() + k) / draws.count;
  return estimate(sums);
}
// The mean of f over exp(-E) of one dimension between two bounds.
template <class F>
double exact(const Curve& curve, double low, double high, const F& f, double beta = 1) {
  double sum = 0, norm = 0;
  const int n = 20001;
  for (int k = 0; k < n; ++k) {
    const Real z = static_cast<Real>(low + (high - low) * (k + 0.5) / n);
    const double p = std::exp(-beta * curve.energy(&z, 1));
    sum += p * f(z);
    norm += p;
  }
  return sum / norm;
}

// What the error says, or nothing.
template <class Run>
std::string refusal(const Run& run) {
  try {
    run();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace ebm::testing
