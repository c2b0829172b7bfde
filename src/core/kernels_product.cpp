// Matrix products of the CPU's kernel table. C is cut into blocks that stay in registers while k runs;
// columns are vectors. A block of B that several blocks of rows read is first copied together, so that a long
// row does not throw itself out of the cache.

#include <algorithm>
#include <utility>

#include "ebm/core/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/core/kernels_product.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm {
inline namespace EBM_PRECISION {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

namespace {

using D = hn::ScalableTag<Real>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Every access to a block is instrumented: small ones keep the compiler busy for seconds instead of minutes.
constexpr int kRows = 2, kVectors = 2;
#else
constexpr int kRows = 6;                                  // of C in registers
constexpr int kVectors = HWY_TARGET == HWY_AVX3 ? 4 : 2;  // of each row: 32 or 16 registers in all
#endif
constexpr int kDepth = 256;  // of k between two visits of C

#if HWY_TARGET != HWY_AVX2 && HWY_TARGET != HWY_AVX3
// Without masked memory operations, the last vector of a row goes through the stack.
HWY_INLINE V load_last(M, int n, const Real* p) {
  HWY_ALIGN Real lanes[kLanes];
  for (int i = 0; i < kLanes; ++i) lanes[i] = i < n ? p[i] : Real(0);
  return hn::Load(D(), lanes);
}
HWY_INLINE void store_last(V v, M, int n, Real* p) {
  HWY_ALIGN Real lanes[kLanes];
  hn::Store(v, D(), lanes);
  for (int i = 0; i < kLanes; ++i)
    if (i < n) p[i] = lanes[i];
}
#else
HWY_INLINE V load_last(M mask, int, const Real* p) { return hn::MaskedLoad(mask, D(), p); }
HWY_INLINE void store_last(V v, M mask, int, Real* p) { hn::BlendedStore(v, mask, D(), p); }
#endif

// f(0), ..., f(kCount - 1) written out, each index a constant, so that arrays of vectors are registers.
#define EBM_INLINE_LAMBDA __attribute__((always_inline)) HWY_ATTR
template <int... kIndex, class F>
HWY_INLINE void written_out(std::integer_sequence<int, kIndex...>, const F& f) {
  (f(std::integral_constant<int, kIndex>{}), ...);
}
template <int kCount, class F>
HWY_INLINE void each(const F& f) {
  written_out(std::make_integer_sequence<int, kCount>{}, f);
}

// f(n) with n in [1, kMost] as a constant; nothing for 0.
template <int kMost, class F>
HWY_INLINE void with_constant(int n, const F& f) {
  if constexpr (kMost > 0) {
    if (n == kMost)
      f(std::integral_constant<int, kMost>{});
    else
      with_constant<kMost - 1>(n, f);
  }
}

// C[kMr, kNv vectors, the last of `last` lanes unless kFull] = or += A B, all of k in registers.
template <int kMr, int kNv, bool kFull>
HWY_INLINE void block(int k, MatrixRef a, const Real* b, std::ptrdiff_t ldb, Real* c, std::ptrdiff_t ldc,
                      int last, bool add) {
  const D d;
  const M mask = hn::FirstN(d, static_cast<std::size_t>(last));
  const auto load = [=](const Real* row, auto j) EBM_INLINE_LAMBDA {
    if constexpr (kFull || j.value < kNv - 1)
      return hn::LoadU(D(), row + j.value * kLanes);
    else
      return load_last(mask, last, row + j.value * kLanes);
  };
  V s[kMr * kNv];
  each<kMr * kNv>([&](auto i) EBM_INLINE_LAMBDA { s[i.value] = hn::Zero(d); });
  const Real* a_at = a.data;
  for (int p = 0; p < k; ++p, a_at += a.column, b += ldb) {
    V row[kNv];
    each<kNv>([&](auto j) EBM_INLINE_LAMBDA { row[j.value] = load(b, j); });
    each<kMr>([&](auto i) EBM_INLINE_LAMBDA {
      const V x = hn::Set(d, a_at[i.value * a.row]);
      each<kNv>([&](auto j) EBM_INLINE_LAMBDA {
        constexpr int kAt = i.value * kNv + j.value;
        s[kAt] = hn::MulAdd(x, row[j.value], s[kAt]);
      });
    });
  }
  each<kMr>([&](auto i) EBM_INLINE_LAMBDA {
    Real* row = c + i.value * ldc;
    each<kNv>([&](auto j) EBM_INLINE_LAMBDA {
      constexpr int kAt = i.value * kNv + j.value;
      if (add) s[kAt] = hn::Add(s[kAt], load(row, j));
      if constexpr (kFull || j.value < kNv - 1)
        hn::StoreU(s[kAt], d, row + j.value * kLanes);
      else
        store_last(s[kAt], mask, last, row + j.value * kLanes);
    });
  });
}

template <int kNv>
HWY_NOINLINE void columns(int m, int k, MatrixRef a, const Real* b, std::ptrdiff_t ldb, Real* c,
                          std::ptrdiff_t ldc, int last, bool add) {
  int i = 0;
  const auto next = [&](auto rows) HWY_ATTR {
    const MatrixRef part{a.data + i * a.row, a.row, a.column};
    if (last == kLanes)
      block<rows.value, kNv, true>(k, part, b, ldb, c + i * ldc, ldc, last, add);
    else
      block<rows.value, kNv, false>(k, part, b, ldb, c + i * ldc, ldc, last, add);
    i += rows.value;
  };
  while (m - i >= 2 * kRows) next(std::integral_constant<int, kRows>{});
  if (m - i > kRows)
    with_constant<kRows>((m - i + 1) / 2, next);  // what is left in two blocks of nearly equal height
  with_constant<kRows>(m - i, next);
}

// Sums of the lanes of four vectors, in four lanes (two vectors, two lanes for double).
#if defined(EBM_DOUBLE) || HWY_TARGET == HWY_SCALAR
HWY_INLINE void sum_four(V a, V b, V c, V d4, Real* out, int count) {
  const D d;
  const V all[4] = {a, b, c, d4};
  for (int i = 0; i < count; ++i) out[i] += hn::GetLane(hn::SumOfLanes(d, all[i]));
}
#else
template <class DD, class VV>
HWY_INLINE auto add_blocks(DD d, VV v) {
  if constexpr (hn::MaxLanes(DD()) <= 4) {
    return v;
  } else {
    const hn::Half<DD> half;
    return add_blocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
  (void)d;
}
HWY_INLINE void sum_four(V a, V b, V c, V d4, Real* out, int count) {
  const D d;
  const hn::Repartition<double, D> wide;
  const V ab = hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  const V cd = hn::Add(hn::InterleaveLower(d, c, d4), hn::InterleaveUpper(d, c, d4));
  const auto x = hn::BitCast(wide, ab), y = hn::BitCast(wide, cd);
  const V sums = hn::Add(hn::BitCast(d, hn::InterleaveLower(wide, x, y)),
                         hn::BitCast(d, hn::InterleaveUpper(wide, x, y)));
  const hn::CappedTag<Real, 4> four;
  const auto total = add_blocks(d, sums);
  if (count == 4) {
    hn::StoreU(hn::Add(total, hn::LoadU(four, out)), four, out);
  } else {
    HWY_ALIGN Real lanes[4];
    hn::Store(total, four, lanes);
    for (int i = 0; i < count; ++i) out[i] += lanes[i];
  }
}
#endif

// C[kMr, count <= 4] += dot products of kMr rows of A with count rows of B; the rows of B beyond count repeat
// the last.
template <int kMr>
HWY_INLINE void dots(int k, const Real* a, std::ptrdiff_t lda, const Real* b, std::ptrdiff_t ldb, Real* c,
                     std::ptrdiff_t ldc, int count) {
  const D d;
  const Real* b1 = b + std::min(1, count - 1) * ldb;
  const Real* b2 = b + std::min(2, count - 1) * ldb;
  const Real* b3 = b + std::min(3, count - 1) * ldb;
  V s[kMr * 4];
  each<kMr * 4>([&](auto i) EBM_INLINE_LAMBDA { s[i.value] = hn::Zero(d); });
  const auto step = [&](int p, auto load) EBM_INLINE_LAMBDA {
    V x[kMr];
    each<kMr>([&](auto i) EBM_INLINE_LAMBDA { x[i.value] = load(a + i.value * lda + p); });
    const Real* rows[4] = {b, b1, b2, b3};
    each<4>([&](auto j) EBM_INLINE_LAMBDA {
      const V y = load(rows[j.value] + p);
      each<kMr>([&](auto i) EBM_INLINE_LAMBDA {
        constexpr int kAt = i.value * 4 + j.value;
        s[kAt] = hn::MulAdd(x[i.value], y, s[kAt]);
      });
    });
  };
  int p = 0;
  for (; p + kLanes <= k; p += kLanes)
    step(p, [](const Real* at) EBM_INLINE_LAMBDA { return hn::LoadU(D(), at); });
  if (const int last = k - p; last > 0) {
    const M mask = hn::FirstN(d, static_cast<std::size_t>(last));
    step(p, [=](const Real* at) EBM_INLINE_LAMBDA { return load_last(mask, last, at); });
  }
  each<kMr>([&](auto i) EBM_INLINE_LAMBDA {
    constexpr int kAt = i.value * 4;
    sum_four(s[kAt], s[kAt + 1], s[kAt + 2], s[kAt + 3], c + i.value * ldc, count);
  });
}

template <int kMr>
HWY_NOINLINE void dot_rows(int n, int k, const Real* a, std::ptrdiff_t lda, const Real* b, std::ptrdiff_t ldb,
                           Real* c, std::ptrdiff_t ldc) {
  for (int j = 0; j < n; j += 4) dots<kMr>(k, a, lda, b + j * ldb, ldb, c + j, ldc, std::min(4, n - j));
}

// Columns of the next block: never a lone vector after full blocks, whose additions would wait for each
// other.
HWY_INLINE int next_width(int left) {
  constexpr int kWidth = kVectors * kLanes;
  if (left <= kWidth) return left;
  return left <= kWidth + kLanes ? (kVectors / 2) * kLanes : kWidth;
}

}  // namespace

void product(int m, int n, int k, MatrixRef a, const Real* b, std::ptrdiff_t ldb, Real* c, std::ptrdiff_t ldc,
             bool add) {
  constexpr int kWidth = kVectors * kLanes;
  HWY_ALIGN Real packed[kDepth * kWidth];
  if (k <= 0 && !add)
    for (int i = 0; i < m; ++i) std::fill_n(c + i * ldc, n, Real(0));
  for (int p = 0; p < k; p += kDepth) {
    const int depth = std::min(kDepth, k - p);
    const MatrixRef a_part{a.data + p * a.column, a.row, a.column};
    const bool adds = add || p > 0;
    for (int j = 0, width; j < n; j += width) {
      width = next_width(n - j);
      const int vectors = (width + kLanes - 1) / kLanes, last = width - (vectors - 1) * kLanes;
      const Real* b_at = b + p * ldb + j;
      std::ptrdiff_t stride = ldb;
      if (m >= 4 * kRows && ldb > kWidth) {
        for (int q = 0; q < depth; ++q) std::copy_n(b_at + q * ldb, width, packed + q * kWidth);
        b_at = packed;
        stride = kWidth;
      }
      with_constant<kVectors>(vectors, [&](auto count) HWY_ATTR {
        columns<count.value>(m, depth, a_part, b_at, stride, c + j, ldc, last, adds);
      });
    }
  }
}

void product_rows(int m, int n, int k, const Real* a, std::ptrdiff_t lda, const Real* b, std::ptrdiff_t ldb,
                  Real* c, std::ptrdiff_t ldc) {
  // A few rows of A against four of B at a time; k in parts, and B's rows in groups, that stay in the cache.
  constexpr int kPart = 2048, kGroup = 1 << 16;
  constexpr int kDotRows = HWY_TARGET == HWY_AVX3 ? 4 : 3;  // with four of B: 32 or 16 registers
  for (int p = 0; p < k; p += kPart) {
    const int part = std::min(kPart, k - p), group = std::max(4, (kGroup / part) & ~3);
    for (int j = 0; j < n; j += group) {
      const int width = std::min(group, n - j);
      const Real* b_at = b + j * ldb + p;
      int i = 0;
      for (; i + kDotRows <= m; i += kDotRows)
        dot_rows<kDotRows>(width, part, a + i * lda + p, lda, b_at, ldb, c + i * ldc + j, ldc);
      with_constant<kDotRows - 1>(m - i, [&](auto rows) HWY_ATTR {
        dot_rows<rows.value>(width, part, a + i * lda + p, lda, b_at, ldb, c + i * ldc + j, ldc);
      });
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace EBM_PRECISION
}  // namespace ebm
HWY_AFTER_NAMESPACE();
