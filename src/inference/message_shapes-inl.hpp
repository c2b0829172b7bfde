// Messages through the shapes of a table: a function of the label difference by small steps or parabolas
// (Felzenszwalb, Huttenlocher 2006), any table, soft minima. Read once for each instruction set by
// message_kernels.cpp, so it has no guard of the usual kind.
#if defined(EBM_MESSAGE_SHAPES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef EBM_MESSAGE_SHAPES_INL
#undef EBM_MESSAGE_SHAPES_INL
#else
#define EBM_MESSAGE_SHAPES_INL
#endif

#include <algorithm>
#include <cmath>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
constexpr T kInfinite = std::numeric_limits<T>::infinity();

// x(k) = min(x(k), x(k +- step) + more) in place, n vectors.
template <class D, class V, class T>
HWY_NOINLINE void erode_far(D d, V* x, std::size_t n, std::size_t far, T more) {
  const V infinite = hn::Set(d, kInfinite<T>), add = hn::Set(d, more);
  // Vectors that are `far` apart, one after another.
  for (std::size_t first = 0; first < far; ++first) {
    V before = infinite;
    for (std::size_t j = first; j < n; j += far) {
      const V near = hn::Min(before, j + far < n ? x[j + far] : infinite);
      before = x[j];
      x[j] = hn::Min(x[j], hn::Add(near, add));
    }
  }
}

template <std::size_t kVectors, class D, class V, class T>
HWY_INLINE void erode(D d, V* x, std::size_t n, std::size_t step, T more) {
  const std::size_t lanes = hn::Lanes(d);
  const V add = hn::Set(d, more);
  if (step >= lanes) {
    if constexpr (kVectors == 2) {  // stays in registers
      const V low = hn::Min(x[0], hn::Add(x[1], add));
      x[1] = hn::Min(x[1], hn::Add(x[0], add));
      x[0] = low;
    } else if constexpr (kVectors > 2) {
      V y[kVectors];
      for (std::size_t j = 0; j < kVectors; ++j) y[j] = x[j];
      erode_far(d, y, kVectors, step / lanes, more);
      for (std::size_t j = 0; j < kVectors; ++j) x[j] = y[j];
    } else if constexpr (kVectors == 0) {
      erode_far(d, x, n, step / lanes, more);
    }
    return;
  }
#if HWY_TARGET != HWY_SCALAR
  const hn::RebindToUnsigned<D> du;
  using U = hn::TFromD<decltype(du)>;
  const auto turned = [&](std::size_t by) {
    return hn::IndicesFromVec(
        d, hn::And(hn::Add(hn::Iota(du, static_cast<U>(0)), hn::Set(du, static_cast<U>(by))),
                   hn::Set(du, static_cast<U>(lanes - 1))));
  };
  const auto up = turned(lanes - step), down = turned(step);
  const auto low = hn::FirstN(d, step), high = hn::FirstN(d, lanes - step);
  const V infinite = hn::Set(d, kInfinite<T>);
  V before = infinite, here = hn::TableLookupLanes(x[0], down);
  for (std::size_t j = 0; j < (kVectors ? kVectors : n); ++j) {
    const V from_below = hn::TableLookupLanes(x[j], up);
    const V after = j + 1 < (kVectors ? kVectors : n) ? hn::TableLookupLanes(x[j + 1], down) : infinite;
    const V near = hn::Min(hn::IfThenElse(low, before, from_below), hn::IfThenElse(high, here, after));
    x[j] = hn::Min(x[j], hn::Add(near, add));
    before = from_below;
    here = after;
  }
#endif
}

// out(k) = min over j of h(j) + weight (k - j)^2, through the parabolas that are lowest somewhere.
template <class T>
void envelope(const T* h, int labels, T weight, T* out, T* from, T* which) {
  int last = -1;
  for (int j = 0; j < labels; ++j) {
    if (h[j] == kInfinite<T>) continue;
    T start = -kInfinite<T>;
    while (last >= 0) {
      const int k = static_cast<int>(which[last]);
      start = ((h[j] - h[k]) / weight + static_cast<T>(j) * static_cast<T>(j) -
               static_cast<T>(k) * static_cast<T>(k)) /
              static_cast<T>(2 * (j - k));
      if (start > from[last]) break;
      start = -kInfinite<T>;
      --last;
    }
    which[++last] = static_cast<T>(j);
    from[last] = start;
  }
  for (int k = 0, at = 0; k < labels && last >= 0; ++k) {
    while (at < last && from[at + 1] < static_cast<T>(k)) ++at;
    const int j = static_cast<int>(which[at]);
    out[k] = h[j] + weight * static_cast<T>(k - j) * static_cast<T>(k - j);
  }
}

// out [stride of the message] from h [labels], by a table [labels, stride].
template <class D, class T>
void through_table(D d, const T* h, int labels, const T* table, T scale, std::size_t stride, T* out) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const V times = hn::Set(d, scale);
  const auto block = [&](std::size_t j, auto width) {
    constexpr std::size_t kWidth = decltype(width)::value;
    V low[kWidth];
    for (std::size_t i = 0; i < kWidth; ++i) low[i] = hn::Set(d, kInfinite<T>);
    const T* row = table + j;
    for (int a = 0; a < labels; ++a, row += stride) {
      const V from = hn::Set(d, h[a]);
      for (std::size_t i = 0; i < kWidth; ++i)
        low[i] = hn::Min(low[i], hn::MulAdd(times, hn::LoadU(d, row + i * lanes), from));
    }
    for (std::size_t i = 0; i < kWidth; ++i) hn::StoreU(low[i], d, out + j + i * lanes);
  };
  std::size_t j = 0;
  for (; j + 4 * lanes <= stride; j += 4 * lanes) block(j, std::integral_constant<std::size_t, 4>());
  for (; j < stride; j += lanes) block(j, std::integral_constant<std::size_t, 1>());
}

// exp of what is not above 0; below -700 it is 0, which no sum of ones and less would notice.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_below(D d, V x) {
  const V end = hn::Set(d, -700);
  return hn::IfThenZeroElse(hn::Lt(x, end), hn::Exp(d, hn::Max(x, end)));
}

// The same for soft minima, in logarithms, so that no range of energies is too wide.
template <class D, class T>
void soft_through_table(D d, const T* h, int labels, const T* table, T scale, std::size_t stride, T beta,
                        T* out) {
  using V = hn::Vec<D>;
  const V times = hn::Set(d, scale), minus_beta = hn::Set(d, -beta), infinite = hn::Set(d, kInfinite<T>);
  for (std::size_t j = 0; j < stride; j += hn::Lanes(d)) {
    V low = infinite, sum = hn::Zero(d);
    for (int a = 0; a < labels; ++a)
      low = hn::Min(low, hn::MulAdd(times, hn::LoadU(d, table + a * stride + j), hn::Set(d, h[a])));
    const auto none = hn::Eq(low, infinite);
    const V from = hn::IfThenZeroElse(none, low);
    for (int a = 0; a < labels; ++a) {
      const V x = hn::MulAdd(times, hn::LoadU(d, table + a * stride + j), hn::Set(d, h[a]));
      sum = hn::Add(sum, exp_below(d, hn::Mul(minus_beta, hn::Sub(x, from))));
    }
    sum = hn::IfThenElse(none, hn::Set(d, 1), sum);
    hn::StoreU(hn::IfThenElse(none, infinite, hn::Sub(low, hn::Div(hn::Log(d, sum), hn::Set(d, beta)))), d,
               out + j);
  }
}

// And by sums of products, where none is lost: x = exp(-beta h).
template <class D, class T>
void summed_through_table(D d, const T* x, int labels, const T* weights, std::size_t stride, T beta, T* out) {
  using V = hn::Vec<D>;
  for (std::size_t j = 0; j < stride; j += hn::Lanes(d)) {
    V sum = hn::Zero(d);
    for (int a = 0; a < labels; ++a)
      sum = hn::MulAdd(hn::Set(d, x[a]), hn::LoadU(d, weights + a * stride + j), sum);
    hn::StoreU(hn::Div(hn::Log(d, sum), hn::Set(d, -beta)), d, out + j);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ebm
HWY_AFTER_NAMESPACE();
#endif
