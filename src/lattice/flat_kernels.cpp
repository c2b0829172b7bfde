// The passes of paths.hpp over a lattice's arcs, which lie in order of their source: one sweep each.
#include <algorithm>
#include <cmath>

#include "kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/lattice/flat_kernels.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm::lattice::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

namespace {

// x[i] becomes exp(low - x[i]) and their sum is returned. What is below exp(-700) of the largest counts as
// nothing.
double exp_below(double* x, int n, double low) {
  const hn::ScalableTag<double> d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto from = hn::Set(d, low), least = hn::Set(d, -700.0);
  const auto value = [&](auto v) HWY_ATTR {
    const auto y = hn::Sub(from, v);
    return hn::IfThenElseZero(hn::Ge(y, least), hn::Exp(d, hn::Max(y, least)));
  };
  if (n < lanes) {
    alignas(64) double few[HWY_MAX_BYTES / 8];
    std::fill(few, few + lanes, kInf);
    for (int i = 0; i < n; ++i) few[i] = x[i];
    const auto y = value(hn::Load(d, few));
    hn::Store(y, d, few);
    for (int i = 0; i < n; ++i) x[i] = few[i];
    return hn::GetLane(hn::SumOfLanes(d, y));
  }
  // The last vector overlaps the one before it, so it is read first and what was counted already left out of
  // the sum.
  const int full = n / lanes * lanes;
  const auto last = value(hn::LoadU(d, x + n - lanes));
  auto sum = hn::IfThenZeroElse(hn::FirstN(d, static_cast<std::size_t>(lanes - (n - full))), last);
  for (int i = 0; i < full; i += lanes) {
    const auto y = value(hn::LoadU(d, x + i));
    hn::StoreU(y, d, x + i);
    sum = hn::Add(sum, y);
  }
  hn::StoreU(last, d, x + n - lanes);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

}  // namespace

void log_backward(const Lattice& l, const double* e, double beta, double* f, double* w, double* share) {
  const int* const first = l.first().data();
  const int* const target = l.target().data();
  const double* const final_energy = l.final_energy().data();
  for (int s = l.states() - 1; s >= 0; --s) {
    const int lo = first[s], n = first[s + 1] - lo;
    const double end = beta * final_energy[s];
    double low = end, low2 = kInf;
    int i = 0;
    for (; i + 1 < n; i += 2) {
      const double x = beta * e[lo + i] + f[target[lo + i]], y = beta * e[lo + i + 1] + f[target[lo + i + 1]];
      w[lo + i] = x;
      w[lo + i + 1] = y;
      low = std::min(low, x);
      low2 = std::min(low2, y);
    }
    if (i < n) low = std::min(low, w[lo + i] = beta * e[lo + i] + f[target[lo + i]]);
    low = std::min(low, low2);
    if (low == kInf || (n == 1 && end == kInf)) {  // nothing, or one way on
      std::fill(w + lo, w + lo + n, low == kInf ? 0.0 : 1.0);
      share[s] = 1;
      f[s] = low;
      continue;
    }
    double sum = exp_below(w + lo, n, low);
    if (end < kInf) sum += std::exp(low - end);
    f[s] = low - std::log(sum);
    share[s] = 1 / sum;
  }
}

}  // namespace ebm::lattice::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm::lattice::kernels {

void min_backward(const Lattice& l, const double* e, double* v) {
  const int* const first = l.first().data();
  const int* const target = l.target().data();
  for (int s = l.states() - 1; s >= 0; --s) {
    double a = l.final_energy()[static_cast<std::size_t>(s)], b = kInf;
    int i = first[s];
    for (const int hi = first[s + 1] - 1; i < hi; i += 2) {
      a = std::min(a, e[i] + v[target[i]]);
      b = std::min(b, e[i + 1] + v[target[i + 1]]);
    }
    if (i < first[s + 1]) a = std::min(a, e[i] + v[target[i]]);
    v[s] = std::min(a, b);
  }
}

HWY_EXPORT(log_backward);
void log_backward(const Lattice& l, const double* e, double beta, double* f, double* w, double* share) {
  HWY_DYNAMIC_DISPATCH(log_backward)(l, e, beta, f, w, share);
}

void posteriors(const Lattice& l, double* w, const double* share, double* q) {
  const int* const first = l.first().data();
  const int* const target = l.target().data();
  std::fill(q, q + l.states(), 0.0);
  q[0] = 1;
  for (int s = 0; s < l.states(); ++s) {
    const double here = q[s] * share[s];
    for (int i = first[s]; i < first[s + 1]; ++i) q[target[i]] += w[i] *= here;
  }
}

}  // namespace ebm::lattice::kernels
#endif
