#pragma once
// Least-squares problems with an answer known otherwise, and the engines that are to find it.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "ebm/graph/user_factor.hpp"
#include "ebm/inference/least_squares.hpp"
#include "ebm/inference/verbs.hpp"
#include "support/graphs.hpp"

namespace ebm::testing {

inline constexpr bool kFloat = sizeof(Real) == 4;
inline constexpr double kTolerance = kFloat ? 2e-5 : 1e-8;  // of answers, which are rounded to Real

// The least-squares engines of this build, as precise as they go.
inline std::vector<std::pair<std::string, AnyEngine>> engines(const infer::Start& from = {}) {
  std::vector<std::pair<std::string, AnyEngine>> out{
      {"ours", infer::LevenbergMarquardt{.iterations = 300, .tolerance = 1e-15, .from = from}}};
  if (infer::has_ceres())
    out.emplace_back("ceres", infer::LeastSquares{.iterations = 300, .tolerance = 1e-15, .from = from});
  return out;
}

#define EBM_NEEDS_CERES() \
  if (!infer::has_ceres()) GTEST_SKIP() << "this build has no Ceres Solver"

// Solves h x = b, dense, by elimination with pivots.
inline std::vector<double> solve(std::vector<double> h, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < n; ++i)
      if (std::abs(h[i * n + k]) > std::abs(h[pivot * n + k])) pivot = i;
    for (std::size_t j = 0; j < n; ++j) std::swap(h[k * n + j], h[pivot * n + j]);
    std::swap(b[k], b[pivot]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double f = h[i * n + k] / h[k * n + k];
      for (std::size_t j = k; j < n; ++j) h[i * n + j] -= f * h[k * n + j];
      b[i] -= f * b[k];
    }
  }
  for (std::size_t k = 0; k < n; ++k) b[k] /= h[k * n + k];
  return b;
}

// Rows a_i . z - b_i, the width being the functor's.
struct LinearRow {
  int dims;
  bool operator==(const LinearRow&) const = default;
  template <class T>
  T operator()(const T* z, const T* a, const T* b) const {
    T sum = -b[0];
    for (int k = 0; k < dims; ++k) sum += a[k] * z[k];
    return sum;
  }
};

struct Linear {
  int rows, dims;
  Tensor a, b;
  Linear(int rows, int dims, Rng& rng)
      : rows(rows), dims(dims), a(random_tensor({rows, dims}, rng)), b(random_tensor({rows, 1}, rng)) {}
  void declare(FactorGraph& g, Reals reals, Robust robust = {}) const {
    const auto z = g.output("z", std::move(reals));
    g.add_each(factor::residual("linear", LinearRow{dims}, {.robust = robust}, g.feature(z), g.feature(a),
                                g.feature(b)),
               rows);
  }
  double energy(std::span<const double> z, Robust robust = {}) const {
    double e = 0;
    for (int i = 0; i < rows; ++i) {
      double r = -static_cast<double>(b[static_cast<std::size_t>(i)]);
      for (int k = 0; k < dims; ++k)
        r += static_cast<double>(a[static_cast<std::size_t>(i * dims + k)]) * z[static_cast<std::size_t>(k)];
      e += robust(r * r).value / 2;
    }
    return e;
  }
  std::vector<double> closed_form() const {
    const auto n = static_cast<std::size_t>(dims);
    std::vector<double> h(n * n), g(n);
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i)
      for (std::size_t k = 0; k < n; ++k) {
        g[k] += static_cast<double>(a[i * n + k]) * static_cast<double>(b[i]);
        for (std::size_t j = 0; j < n; ++j)
          h[k * n + j] += static_cast<double>(a[i * n + k]) * static_cast<double>(a[i * n + j]);
      }
    return solve(h, g);
  }
};

// r_k = z_k - c_k + 0.3 sum_j sin(2 z_j + k), and a bend of all: one minimum near c, curved enough to need
// steps.
struct Bent {
  template <class T>
  void operator()(const T* z, const T* c, T* r) const {
    using std::sin;
    using std::tanh;
    for (int k = 0; k < 3; ++k) {
      r[k] = z[k] - c[k];
      for (int j = 0; j < 3; ++j) r[k] += 0.3 * sin(z[j] + k);
    }
    r[3] = tanh(z[0] * z[1]) - c[3];
  }
};

}  // namespace ebm::testing
