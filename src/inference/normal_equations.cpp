#include "normal_equations.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Solves a x = b by Cholesky's factors, in place: b becomes x. `a` is symmetric, its lower half is read.
bool solve(std::size_t d, double* a, double* b) {
  for (std::size_t i = 0; i < d; ++i) {
    double* row = a + i * d;
    for (std::size_t j = 0; j < i; ++j) {
      const double* other = a + j * d;
      double sum = row[j];
      for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      row[j] = sum * other[j];  // the diagonal holds inverses
    }
    double sum = row[i];
    for (std::size_t k = 0; k < i; ++k) sum -= row[k] * row[k];
    if (!(sum > 0) || !std::isfinite(sum)) return false;
    row[i] = 1 / std::sqrt(sum);
    double value = b[i];
    for (std::size_t k = 0; k < i; ++k) value -= row[k] * b[k];
    b[i] = value * row[i];
  }
  for (std::size_t i = d; i-- > 0;) {
    double value = b[i];
    for (std::size_t k = i + 1; k < d; ++k) value -= a[k * d + i] * b[k];
    b[i] = value * a[i * d + i];
  }
  return true;
}

// a = P h P + largest(h) x x^T with P = 1 - x x^T: the normal matrix along the sphere, and stiff across it.
void to_sphere(std::size_t d, std::span<const double> x, double* a, double* b) {
  double along = 0, largest = 0;
  for (std::size_t i = 0; i < d; ++i) along += x[i] * b[i];
  for (std::size_t i = 0; i < d; ++i) b[i] -= along * x[i];
  for (int side = 0; side < 2; ++side)  // P from the left, then, the matrix being turned, from the right
    for (std::size_t j = 0; j < d; ++j) {
      double dot = 0;
      for (std::size_t i = 0; i < d; ++i) dot += x[i] * (side ? a[j * d + i] : a[i * d + j]);
      for (std::size_t i = 0; i < d; ++i) (side ? a[j * d + i] : a[i * d + j]) -= dot * x[i];
    }
  for (std::size_t i = 0; i < d; ++i) largest = std::max(largest, a[i * d + i]);
  if (largest == 0) largest = 1;
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < d; ++j) a[i * d + j] += largest * x[i] * x[j];
}

}  // namespace

bool NormalEquations::step(const Structure& domain, std::span<const double> x, double damping,
                           std::span<double> memory, std::span<double> step, std::span<double> trial) const {
  double* const a = memory.data();
  double* const fixed = a + d * d;  // 1 where a coordinate stays at its bound, or goes just to it
  const bool bounded = !domain.real_low.empty();
  std::fill_n(fixed, d, 0.0);
  std::ranges::fill(step, 0.0);
  if (bounded)
    for (std::size_t i = 0; i < d; ++i)
      fixed[i] = (x[i] <= domain.real_low[i] && g[i] >= 0) || (x[i] >= domain.real_high[i] && g[i] <= 0);
  for (;;) {
    for (std::size_t i = 0; i < d; ++i) {
      trial[i] = -g[i];
      if (bounded)
        for (std::size_t j = 0; j < d; ++j)
          if (fixed[j] != 0) trial[i] -= h[i * d + j] * step[j];
    }
    std::copy_n(h, d * d, a);
    if (domain.real_manifold == Manifold::sphere) to_sphere(d, x, a, trial.data());
    for (std::size_t i = 0; i < d; ++i) a[i * d + i] += damping * std::clamp(a[i * d + i], 1e-6, 1e32);
    if (bounded)
      for (std::size_t i = 0; i < d; ++i)
        if (fixed[i] != 0) {
          for (std::size_t j = 0; j < d; ++j) a[i * d + j] = a[j * d + i] = 0;
          a[i * d + i] = 1;
          trial[i] = step[i];
        }
    if (!solve(d, a, trial.data())) return false;
    bool cut = false;
    for (std::size_t i = 0; i < d; ++i) {
      if (bounded && fixed[i] == 0 &&
          (x[i] + trial[i] < domain.real_low[i] || x[i] + trial[i] > domain.real_high[i])) {
        step[i] = (trial[i] < 0 ? domain.real_low[i] : domain.real_high[i]) - x[i];
        fixed[i] = 1;
        cut = true;
      }
    }
    if (!cut) break;
  }
  for (std::size_t i = 0; i < d; ++i) {
    step[i] = trial[i];
    trial[i] = x[i] + step[i];
  }
  RealDomain(domain).retract(trial);
  return true;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
