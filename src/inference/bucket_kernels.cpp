#include "bucket_kernels.hpp"

#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/inference/bucket_kernels.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());
static_assert(kLanes <= kBucketLanes);

void fill(double* t, double value, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) t[j] = value;
}

void add(double* t, const double* s, std::size_t n) {
  const D d;
  std::size_t j = 0;
  for (; j + kLanes <= n; j += kLanes)
    hn::StoreU(hn::Add(hn::LoadU(d, t + j), hn::LoadU(d, s + j)), d, t + j);
  for (; j < n; ++j) t[j] += s[j];
}

void add_at(double* t, const double* s, const std::uint32_t* index, std::size_t n) {
  const D d;
  const hn::RebindToSigned<D> wide;
  const hn::Rebind<std::int32_t, D> narrow;  // offsets in a block or a factor, below 2^31
  std::size_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    const auto at = hn::PromoteTo(wide, hn::LoadU(narrow, reinterpret_cast<const std::int32_t*>(index + j)));
    hn::StoreU(hn::Add(hn::LoadU(d, t + j), hn::GatherIndex(d, s, at)), d, t + j);
  }
  for (; j < n; ++j) t[j] += s[index[j]];
}

void lowest(const double* t, int labels, std::size_t columns, std::size_t stride, double* out) {
  const D d;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    V low = hn::LoadU(d, t + j);
    for (int k = 1; k < labels; ++k)
      low = hn::Min(low, hn::LoadU(d, t + static_cast<std::size_t>(k) * stride + j));
    hn::StoreU(low, d, out + j);
  }
}

// exp of what is not above 0; below -700 it is 0, which no sum of ones and less would notice.
HWY_INLINE V exp_below(V x) {
  const D d;
  const V end = hn::Set(d, -700);
  return hn::IfThenZeroElse(hn::Lt(x, end), hn::Exp(d, hn::Max(x, end)));
}

void soft_lowest(const double* t, int labels, std::size_t columns, std::size_t stride, double beta,
                 double* out) {
  const D d;
  const V infinite = hn::Set(d, std::numeric_limits<double>::infinity()), minus_beta = hn::Set(d, -beta),
          scale = hn::Set(d, 1 / beta);
  for (std::size_t j = 0; j < columns; j += kLanes) {
    V low = hn::LoadU(d, t + j);
    for (int k = 1; k < labels; ++k)
      low = hn::Min(low, hn::LoadU(d, t + static_cast<std::size_t>(k) * stride + j));
    const auto none = hn::Eq(low, infinite);
    const V from = hn::IfThenZeroElse(none, low);  // inf - inf never happens
    V sum = hn::Zero(d);
    for (int k = 0; k < labels; ++k)
      sum = hn::Add(
          sum, exp_below(hn::Mul(minus_beta,
                                 hn::Sub(hn::LoadU(d, t + static_cast<std::size_t>(k) * stride + j), from))));
    sum = hn::IfThenElse(none, hn::Set(d, 1), sum);
    hn::StoreU(hn::IfThenElse(none, infinite, hn::Sub(low, hn::Mul(scale, hn::Log(d, sum)))), d, out + j);
  }
}

void weigh(double* t, int labels, std::size_t columns, std::size_t stride, double beta, const double* m,
           const double* q) {
  const D d;
  const V infinite = hn::Set(d, std::numeric_limits<double>::infinity()), minus_beta = hn::Set(d, -beta),
          zero = hn::Zero(d);
  for (std::size_t j = 0; j < columns; j += kLanes) {
    const V from = hn::LoadU(d, m + j);
    const auto none = hn::Eq(from, infinite);
    const V finite = hn::IfThenZeroElse(none, from), mass = hn::IfThenElse(none, zero, hn::LoadU(d, q + j));
    for (int k = 0; k < labels; ++k) {
      double* row = t + static_cast<std::size_t>(k) * stride + j;
      // Rounding may leave an entry a little below the soft minimum.
      const V x = hn::Min(zero, hn::Mul(minus_beta, hn::Sub(hn::LoadU(d, row), finite)));
      hn::StoreU(hn::Mul(mass, exp_below(x)), d, row);
    }
  }
}

}  // namespace

const BucketKernels kKernels{fill, add, add_at, lowest, soft_lowest, weigh};
const BucketKernels* table() { return &kKernels; }

}  // namespace HWY_NAMESPACE
}  // namespace ebm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm {

HWY_EXPORT(table);
const BucketKernels& bucket_kernels() {
  static const BucketKernels& kernels = *HWY_DYNAMIC_DISPATCH(table)();
  return kernels;
}

}  // namespace ebm
#endif
