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

struct Plus {
  static HWY_INLINE double of(double a, double b) { return a + b; }
  static HWY_INLINE V of(V a, V b) { return hn::Add(a, b); }
};
struct Times {
  static HWY_INLINE double of(double a, double b) { return a * b; }
  static HWY_INLINE V of(V a, V b) { return hn::Mul(a, b); }
};

void fill(double* t, double value, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) t[j] = value;
}

template <class Op>
void start(double* t, const double* s, double value, std::size_t n) {
  const D d;
  const V v = hn::Set(d, value);
  for (std::size_t j = 0; j < n; j += kLanes) hn::StoreU(Op::of(hn::LoadU(d, s + j), v), d, t + j);
}

template <class Op>
HWY_INLINE void join(double* t, const double* s, std::size_t n) {
  const D d;
  std::size_t j = 0;
  for (; j + kLanes <= n; j += kLanes) hn::StoreU(Op::of(hn::LoadU(d, t + j), hn::LoadU(d, s + j)), d, t + j);
  for (; j < n; ++j) t[j] = Op::of(t[j], s[j]);
}

template <class Op>
void join_all(double* t, const double* s, std::size_t n) {
  join<Op>(t, s, n);
}

template <class Op>
void join_at(double* t, const double* s, const std::uint32_t* index, std::size_t n) {
  const D d;
  const hn::RebindToSigned<D> wide;
  const hn::Rebind<std::int32_t, D> narrow;  // offsets in a block or a factor, below 2^31
  std::size_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    const auto at = hn::PromoteTo(wide, hn::LoadU(narrow, reinterpret_cast<const std::int32_t*>(index + j)));
    hn::StoreU(Op::of(hn::LoadU(d, t + j), hn::GatherIndex(d, s, at)), d, t + j);
  }
  for (; j < n; ++j) t[j] = Op::of(t[j], s[index[j]]);
}

template <class Op>
void join_runs(double* t, const double* s, const std::uint32_t* index, std::size_t n, std::size_t run) {
  for (std::size_t j = 0; j < n; j += run) join<Op>(t + j, s + index[j], run);
}

template <class Op>
void join_repeats(double* t, const double* s, std::size_t n, std::size_t times) {
  const D d;
  std::size_t j = 0;
  if (times % kLanes == 0) {
    for (; j < n; j += times) {
      const V x = hn::Set(d, *s++);
      for (std::size_t i = j; i < j + times; i += kLanes)
        hn::StoreU(Op::of(hn::LoadU(d, t + i), x), d, t + i);
    }
  } else if (kLanes % times == 0) {
    const hn::RebindToSigned<D> whole;
    HWY_ALIGN std::int64_t place[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i) place[i] = static_cast<std::int64_t>(i / times);
    const auto at = hn::IndicesFromVec(d, hn::Load(whole, place));
    const auto first = hn::FirstN(d, kLanes / times);
    for (; j + kLanes <= n; j += kLanes, s += kLanes / times) {
      const V x = hn::TableLookupLanes(hn::MaskedLoad(first, d, s), at);
      hn::StoreU(Op::of(hn::LoadU(d, t + j), x), d, t + j);
    }
  }
  for (std::size_t i = 0; j < n; ++j) {
    t[j] = Op::of(t[j], *s);
    if (++i == times) i = 0, ++s;
  }
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

void total(const double* t, int labels, std::size_t columns, std::size_t stride, double* out) {
  const D d;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    V sum = hn::LoadU(d, t + j);
    for (int k = 1; k < labels; ++k)
      sum = hn::Add(sum, hn::LoadU(d, t + static_cast<std::size_t>(k) * stride + j));
    hn::StoreU(sum, d, out + j);
  }
}

void share(double* t, int labels, std::size_t columns, std::size_t stride, const double* q) {
  const D d;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    V sum = hn::LoadU(d, t + j);
    for (int k = 1; k < labels; ++k)
      sum = hn::Add(sum, hn::LoadU(d, t + static_cast<std::size_t>(k) * stride + j));
    const auto none = hn::Eq(sum, hn::Zero(d));
    const V by =
        hn::IfThenZeroElse(none, hn::Div(hn::LoadU(d, q + j), hn::IfThenElse(none, hn::Set(d, 1), sum)));
    for (int k = 0; k < labels; ++k) {
      double* row = t + static_cast<std::size_t>(k) * stride + j;
      hn::StoreU(hn::Mul(hn::LoadU(d, row), by), d, row);
    }
  }
}

void weights_of(const double* e, double beta, double from, std::size_t n, double* out) {
  const D d;
  const V minus_beta = hn::Set(d, -beta), low = hn::Set(d, from);
  std::size_t j = 0;
  for (; j + kLanes <= n; j += kLanes)
    hn::StoreU(exp_below(hn::Mul(minus_beta, hn::Sub(hn::LoadU(d, e + j), low))), d, out + j);
  if (j == n) return;
  double last[kBucketLanes] = {};
  for (std::size_t i = j; i < n; ++i) last[i - j] = e[i];
  hn::StoreU(exp_below(hn::Mul(minus_beta, hn::Sub(hn::LoadU(d, last), low))), d, last);
  for (std::size_t i = j; i < n; ++i) out[i] = last[i - j];
}

double sum(const double* s, std::size_t n) {
  const D d;
  V all = hn::Zero(d);
  std::size_t j = 0;
  for (; j + kLanes <= n; j += kLanes) all = hn::Add(all, hn::LoadU(d, s + j));
  double out = j > 0 ? hn::GetLane(hn::SumOfLanes(d, all)) : 0;
  for (; j < n; ++j) out += s[j];
  return out;
}

void scale(double* s, double by, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) s[j] *= by;
}

void extent(const double* s, std::size_t n, double* low, double* high) {
  const D d;
  const V infinite = hn::Set(d, std::numeric_limits<double>::infinity()), zero = hn::Zero(d);
  V least = infinite, most = zero;
  std::size_t j = 0;
  for (; j + kLanes <= n; j += kLanes) {
    const V x = hn::LoadU(d, s + j);
    most = hn::Max(most, x);
    least = hn::Min(least, hn::IfThenElse(hn::Gt(x, zero), x, infinite));
  }
  *low = hn::GetLane(hn::MinOfLanes(d, least));
  *high = hn::GetLane(hn::MaxOfLanes(d, most));
  for (; j < n; ++j) {
    if (s[j] > *high) *high = s[j];
    if (s[j] > 0 && s[j] < *low) *low = s[j];
  }
}

template <class Op>
constexpr BucketJoins kJoins{fill, start<Op>, join_all<Op>, join_at<Op>, join_runs<Op>, join_repeats<Op>};

}  // namespace

const BucketKernels kKernels{kJoins<Plus>, kJoins<Times>, lowest, soft_lowest, total, weigh,
                             share,        weights_of,    sum,    scale,       extent};
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
