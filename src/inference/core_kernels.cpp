#include "core_kernels.hpp"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/inference/core_kernels.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());

void min_plus_of(const double* t, double scale, const double* w, std::size_t rows, std::size_t columns,
                 double* out) {
  if (columns == 2) {  // binary graphs: no vector is worth its mask
    double a = std::numeric_limits<double>::infinity(), b = a;
    for (std::size_t r = 0; r < rows; ++r) {
      const double x = scale * t[2 * r] + w[r], y = scale * t[2 * r + 1] + w[r];
      a = x < a ? x : a;
      b = y < b ? y : b;
    }
    out[0] = a;
    out[1] = b;
    return;
  }
  if (columns < kLanes) {
    for (std::size_t c = 0; c < columns; ++c) out[c] = std::numeric_limits<double>::infinity();
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c) {
        const double x = scale * t[r * columns + c] + w[r];
        out[c] = x < out[c] ? x : out[c];
      }
    return;
  }
  const D d;
  const V times = hn::Set(d, scale), infinite = hn::Set(d, std::numeric_limits<double>::infinity());
  // The last vector may overlap the one before it, and writes the same again.
  for (std::size_t c = 0; c < columns; c += kLanes) {
    const double* from = t + std::min(c, columns - kLanes);
    V low = infinite, other = infinite;
    std::size_t r = 0;
    for (; r + 2 <= rows; r += 2, from += 2 * columns) {
      low = hn::Min(low, hn::MulAdd(times, hn::LoadU(d, from), hn::Set(d, w[r])));
      other = hn::Min(other, hn::MulAdd(times, hn::LoadU(d, from + columns), hn::Set(d, w[r + 1])));
    }
    if (r < rows) low = hn::Min(low, hn::MulAdd(times, hn::LoadU(d, from), hn::Set(d, w[r])));
    hn::StoreU(hn::Min(low, other), d, out + std::min(c, columns - kLanes));
  }
}

}  // namespace

MinPlus kernel() { return min_plus_of; }

}  // namespace HWY_NAMESPACE
}  // namespace ebm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm {

HWY_EXPORT(kernel);
MinPlus min_plus() {
  static const MinPlus chosen = HWY_DYNAMIC_DISPATCH(kernel)();
  return chosen;
}

}  // namespace ebm
#endif
