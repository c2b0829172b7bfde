#include "chain_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/inference/chain_kernels.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm {
inline namespace EBM_PRECISION {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
static_assert(kLanes <= kChainLanes);
constexpr double kInfinite = std::numeric_limits<double>::infinity();
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kBlockRows = 2, kBlockVectors = 2;  // small ones keep the compiler busy for seconds
#else
constexpr int kBlockRows = 4;                                  // in registers
constexpr int kBlockVectors = HWY_TARGET == HWY_AVX3 ? 6 : 3;  // of each: 32 or 16 registers in all
#endif

constexpr int kAhead = 4;  // positions that memory is asked for beforehand

int vectors_of(int n) { return (n + kLanes - 1) / kLanes; }

// Reals as doubles, and back.
#if defined(EBM_DOUBLE)
HWY_INLINE V load_reals(const Real* p) { return hn::LoadU(D(), p); }
HWY_INLINE void store_reals(V v, Real* p) { hn::StoreU(v, D(), p); }
#else
using F = hn::Rebind<float, D>;
HWY_INLINE V load_reals(const Real* p) { return hn::PromoteTo(D(), hn::LoadU(F(), p)); }
HWY_INLINE void store_reals(V v, Real* p) { hn::StoreU(hn::DemoteTo(F(), v), F(), p); }
#endif

struct Sums {
  static HWY_INLINE V zero() { return hn::Zero(D()); }
  static HWY_INLINE V join(V x, V w, V s) { return hn::MulAdd(x, w, s); }
};
struct Minima {
  static HWY_INLINE V zero() { return hn::Set(D(), kInfinite); }
  static HWY_INLINE V join(V x, V w, V s) { return hn::Min(s, hn::Add(x, w)); }
};

// f(0), ..., f(kCount - 1) written out, each index a constant, so that arrays of vectors are registers.
#define EBM_INLINE_LAMBDA __attribute__((always_inline)) HWY_ATTR
template <int... kIndex, class Body>
HWY_INLINE void written_out(std::integer_sequence<int, kIndex...>, const Body& f) {
  (f(std::integral_constant<int, kIndex>{}), ...);
}
template <int kCount, class Body>
HWY_INLINE void each(const Body& f) {
  written_out(std::make_integer_sequence<int, kCount>{}, f);
}
// f(n) with n in [1, kMost] as a constant; nothing for 0.
template <int kMost, class Body>
HWY_INLINE void with_constant(int n, const Body& f) {
  if constexpr (kMost > 0) {
    if (n == kMost)
      f(std::integral_constant<int, kMost>{});
    else
      with_constant<kMost - 1>(n, f);
  }
}

// out[r][z] = join over y of x[r][y] and w[y, z], for kNv vectors of z in kMr rows; all of y in registers.
template <class S, int kMr, int kNv>
HWY_NOINLINE void block(int k, const double* const* x, const double* w, std::ptrdiff_t ld, double* const* out,
                        int at) {
  const D d;
  const double* rows[kMr];
  each<kMr>([&](auto i) EBM_INLINE_LAMBDA { rows[i.value] = x[i.value]; });
  V s[kMr * kNv];
  each<kMr * kNv>([&](auto i) EBM_INLINE_LAMBDA { s[i.value] = S::zero(); });
  for (int y = 0; y < k; ++y, w += ld) {
    V row[kNv];
    each<kNv>([&](auto j) EBM_INLINE_LAMBDA { row[j.value] = hn::LoadU(d, w + j.value * kLanes); });
    each<kMr>([&](auto i) EBM_INLINE_LAMBDA {
      const V from = hn::Set(d, rows[i.value][y]);
      each<kNv>([&](auto j) EBM_INLINE_LAMBDA {
        constexpr int kAt = i.value * kNv + j.value;
        s[kAt] = S::join(from, row[j.value], s[kAt]);
      });
    });
  }
  each<kMr>([&](auto i) EBM_INLINE_LAMBDA {
    each<kNv>([&](auto j) EBM_INLINE_LAMBDA {
      hn::StoreU(s[i.value * kNv + j.value], d, out[i.value] + at + j.value * kLanes);
    });
  });
}

// visit(first vector, how many) of the panels of columns that a table is walked in.
template <class Visit>
HWY_INLINE void each_panel(int l, const Visit& visit) {
  const int vectors = vectors_of(l);
  for (int v = 0, wide; v < vectors; v += wide) {
    wide = std::min(kBlockVectors, vectors - v);
    // Not a lone vector behind full blocks, whose sums would wait for each other.
    if (vectors - v == kBlockVectors + 1) wide = (kBlockVectors + 1) / 2;
    visit(v, wide);
  }
}

void pack(int k, int l, const double* from, double* to) {
  const std::ptrdiff_t ld = chain_row(l);
  each_panel(l, [&](int v, int wide) {
    for (int y = 0; y < k; ++y, to += wide * kLanes)
      std::copy_n(from + y * ld + v * kLanes, wide * kLanes, to);
  });
}

template <class S>
void step(int rows, int k, int l, const double* const* x, ChainKernels::Table w, double* const* out) {
  each_panel(l, [&](int v, int wide) HWY_ATTR {
    const double* panel = w.packed ? w.packed + static_cast<std::ptrdiff_t>(v) * kLanes * k
                                   : w.rows + static_cast<std::ptrdiff_t>(v) * kLanes;
    const std::ptrdiff_t ld = w.packed ? wide * kLanes : chain_row(l);
    with_constant<kBlockVectors>(wide, [&](auto nv) HWY_ATTR {
      int r = 0;
      for (; r + kBlockRows <= rows; r += kBlockRows)
        block<S, kBlockRows, nv.value>(k, x + r, panel, ld, out + r, v * kLanes);
      with_constant<kBlockRows - 1>(rows - r, [&](auto mr) HWY_ATTR {
        block<S, mr.value, nv.value>(k, x + r, panel, ld, out + r, v * kLanes);
      });
    });
  });
}

HWY_INLINE double lowest_of(int vectors, const double* x) {
  const D d;
  V low = hn::LoadU(d, x);
  for (int v = 1; v < vectors; ++v) low = hn::Min(low, hn::LoadU(d, x + v * kLanes));
  return hn::GetLane(hn::MinOfLanes(d, low));
}

// exp(-beta (x - low)) for x that is hardly below `low`; 0 where that is below exp(-700). The power of two
// nearest is put into the exponent, what is left into the Taylor polynomial of degree 12 (2e-16, relative).
HWY_INLINE V exponential(V x, V low, V minus_beta) {
  const D d;
  const hn::RebindToSigned<D> bits;
  const V end = hn::Set(d, -700), e = hn::Mul(minus_beta, hn::Sub(x, low)), from = hn::Max(e, end);
  const V magic = hn::Set(d, 0x1.8p52);  // whose sum with a number has it rounded in the last bits
  const V shifted = hn::MulAdd(from, hn::Set(d, 1.4426950408889634), magic), n = hn::Sub(shifted, magic);
  V r = hn::NegMulAdd(n, hn::Set(d, 0x1.62e42fefap-1), from);
  r = hn::NegMulAdd(n, hn::Set(d, 0x1.cf79abc9e3b3ap-40), r);
  const V r2 = hn::Mul(r, r), r4 = hn::Mul(r2, r2), r8 = hn::Mul(r4, r4);
  const auto pair = [&](double c0, double c1)
                        HWY_ATTR { return hn::MulAdd(hn::Set(d, c1), r, hn::Set(d, c0)); };
  const V p0 = hn::MulAdd(pair(0.5, 1. / 6), r2, hn::Add(hn::Set(d, 1), r));
  const V p4 = hn::MulAdd(pair(1. / 720, 1. / 5040), r2, pair(1. / 24, 1. / 120));
  const V p8 = hn::MulAdd(pair(1. / 3628800, 1. / 39916800), r2, pair(1. / 40320, 1. / 362880));
  const V p12 = hn::Set(d, 1. / 479001600);
  const V y = hn::MulAdd(hn::MulAdd(p12, r4, p8), r8, hn::MulAdd(p4, r4, p0));
  const auto power = hn::ShiftLeft<52>(hn::BitCast(bits, shifted));
  return hn::IfThenZeroElse(hn::Lt(e, end), hn::BitCast(d, hn::Add(hn::BitCast(bits, y), power)));
}

void exponentials(std::size_t n, const double* x, double low, double beta, double* out) {
  const D d;
  const V from = hn::Set(d, low), minus_beta = hn::Set(d, -beta);
  for (std::size_t j = 0; j < n; j += kLanes)
    hn::StoreU(exponential(hn::LoadU(d, x + j), from, minus_beta), d, out + j);
}

template <bool kAdd>
bool copy_rows(int rows, int entries, const Real* from, std::ptrdiff_t stride, double* to,
               std::ptrdiff_t ld) {
  const D d;
  auto fine = hn::Eq(hn::Zero(d), hn::Zero(d));
  const int whole = entries / kLanes * kLanes, rest = entries - whole;
  const auto inside = hn::FirstN(d, static_cast<std::size_t>(rest));
  for (int r = 0; r < rows; ++r, from += stride, to += ld) {
    const auto take = [&](V x, int y) HWY_ATTR {
      fine = hn::And(fine, hn::Eq(x, x));
      hn::StoreU(kAdd ? hn::Add(x, hn::LoadU(d, to + y)) : x, d, to + y);
    };
    int y = 0;
    for (; y < whole; y += kLanes) take(load_reals(from + y), y);
    if (rest > 0) {
      V x;
      if (r + 1 < rows && stride >= entries && entries >= kLanes) {
        x = load_reals(from + y);  // reads a little of the next row
      } else {
        HWY_ALIGN Real last[kLanes] = {};
        for (int i = 0; i < rest; ++i) last[i] = from[y + i];
        x = load_reals(last);
      }
      x = hn::IfThenElse(inside, x, hn::Set(d, kAdd ? 0 : kInfinite));
      take(x, y);
      y += kLanes;
    }
    if (!kAdd)
      for (; y < ld; ++y) to[y] = kInfinite;
  }
  return hn::AllTrue(d, fine);
}

void give_rows(int rows, int entries, const double* from, std::ptrdiff_t ld, Real* to,
               std::ptrdiff_t stride) {
  const D d;
  const int whole = entries / kLanes * kLanes;
  for (int r = 0; r < rows; ++r, from += ld, to += stride) {
    int y = 0;
    for (; y < whole; y += kLanes) store_reals(hn::Add(load_reals(to + y), hn::LoadU(d, from + y)), to + y);
    for (; y < entries; ++y) to[y] = static_cast<Real>(static_cast<double>(to[y]) + from[y]);
  }
}

void lowest(int rows, int count, int k, int l, ChainKernels::Table w, const ChainKernels::Lowest* at) {
  const D d;
  const std::ptrdiff_t ld = chain_row(l);
  const int vectors = vectors_of(l);
  const double *x[kChainRows], *u[kChainRows];
  double* out[kChainRows];
  for (int r = 0; r < rows; ++r) x[r] = at[r].x, u[r] = at[r].u, out[r] = at[r].out;
  for (int p = 0; p < count; ++p)
    if (w.rows) {
      step<Minima>(rows, k, l, x, w, out);
      for (int r = 0; r < rows; ++r) {
        if (u[r]) {
          for (int y = 0; y < vectors * kLanes; y += kLanes)
            hn::StoreU(hn::Add(hn::LoadU(d, out[r] + y), hn::LoadU(d, u[r] + y)), d, out[r] + y);
          u[r] += ld;
        }
        x[r] = out[r];
        out[r] += ld;
      }
    } else {
      for (int r = 0; r < rows; ++r) {
        const V low = hn::Set(d, lowest_of(vectors_of(k), x[r]));
        for (int y = 0; y < vectors * kLanes; y += kLanes)
          hn::StoreU(u[r] ? hn::Add(low, hn::LoadU(d, u[r] + y)) : low, d, out[r] + y);
      }
    }
}

// The first index of the lowest of v + column, without branches, whose outcome nobody could foretell.
HWY_INLINE int lowest_before_in(int n, const double* v, const double* column, double* sum) {
  const D d;
  const V step = hn::Set(d, kLanes);
  V at = hn::Iota(d, 0), index = at, low = hn::Add(hn::LoadU(d, v), hn::LoadU(d, column));
  for (int y = kLanes; y < n; y += kLanes) {
    at = hn::Add(at, step);
    const V next = hn::Add(hn::LoadU(d, v + y), hn::LoadU(d, column + y));
    index = hn::IfThenElse(hn::Lt(next, low), at, index);
    low = hn::Min(low, next);
  }
  const V least = hn::MinOfLanes(d, low);
  *sum = hn::GetLane(least);
  return static_cast<int>(
      hn::GetLane(hn::MinOfLanes(d, hn::IfThenElse(hn::Eq(low, least), index, hn::Set(d, 1e9)))));
}

int lowest_before(int k, const double* v, const double* column, double* sum) {
  return lowest_before_in(vectors_of(k) * kLanes, v, column, sum);
}

void trace(int rows, int count, int k, const double* transposed, const ChainKernels::Trace* at) {
  const std::ptrdiff_t ld = chain_row(k);
  const int n = vectors_of(k) * kLanes;
  double unused;
  int z[kChainRows];
  for (int r = 0; r < rows; ++r) z[r] = at[r].labels[1];
  for (int p = 0; p < count; ++p)
    for (int r = 0; r < rows; ++r)
      at[r].labels[-p] = z[r] = lowest_before_in(n, at[r].v - p * ld, transposed + z[r] * ld, &unused);
}

int forward(int rows, int count, int k, int l, ChainKernels::Table w, double low, double beta, double narrow,
            ChainKernels::Forward* at) {
  const D d;
  const std::ptrdiff_t ld = chain_row(l);
  const int vectors = vectors_of(l), n = vectors * kLanes;
  const V minus_beta = hn::Set(d, -beta), edge = hn::Set(d, narrow);
  const double* x[kChainRows];
  double* out[kChainRows];
  for (int r = 0; r < rows; ++r) x[r] = at[r].x, out[r] = at[r].a;
  for (int p = 0; p < count; ++p) {
    if (w.rows) step<Sums>(rows, k, l, x, w, out);
    bool flagged = false;
    for (int r = 0; r < rows; ++r) {
      ChainKernels::Forward& f = at[r];
      const double *u = f.u + p * ld, least = lowest_of(vectors, u);
      double *s = f.s + p * ld, *a = out[r];
      const V from = hn::Set(d, least);
      V sum = hn::Zero(d);
      for (int y = 0; y < n; y += kLanes) {
        const V e = exponential(hn::LoadU(d, u + y), from, minus_beta);
        hn::StoreU(e, d, s + y);
        const V to = w.rows ? hn::Mul(e, hn::LoadU(d, a + y)) : e;
        hn::StoreU(to, d, a + y);
        sum = hn::Add(sum, to);
      }
      const double total = hn::GetLane(hn::SumOfLanes(d, sum));
      const V by = hn::Set(d, 1 / total);
      int below = l - n;  // the padding is
      for (int y = 0; y < n; y += kLanes) {
        const V to = hn::Mul(hn::LoadU(d, a + y), by);
        below += static_cast<int>(hn::CountTrue(d, hn::Lt(to, edge)));
        hn::StoreU(to, d, a + y);
      }
      f.sum = total;
      f.shift += least + low;
      f.scale *= total;
      if (!(f.scale > 1e-100 && f.scale < 1e100)) {
        f.log_scale += std::log(f.scale);
        f.scale = 1;
      }
      f.flagged = below > 0 || !(total > narrow) || !(least - least == 0);
      flagged |= f.flagged;
      x[r] = a;
      out[r] += ld;
    }
    if (flagged) return p + 1;
  }
  return count;
}

int backward(int rows, int count, int k, int l, ChainKernels::Table t, double narrow, double steep,
             ChainKernels::Backward* at) {
  const D d;
  const std::ptrdiff_t ld = chain_row(k), wide = chain_row(std::max(k, l));
  const int n = vectors_of(k) * kLanes, m = vectors_of(l) * kLanes;
  const V one = hn::Set(d, 1), tiny = hn::Set(d, 1e-30);
  for (int p = 0; p < count; ++p) {
    if (t.rows) {
      const double* x[kChainRows];
      double* out[kChainRows];
      for (int r = 0; r < rows; ++r) x[r] = at[r].next, out[r] = at[r].b;
      step<Sums>(rows, l, k, x, t, out);
    }
    bool stop = false;
    for (int r = 0; r < rows; ++r) {
      ChainKernels::Backward& b = at[r];
      const double *a = b.a - p * ld, *s = b.s - p * ld;
      double* label = b.label - p * ld;
      // Long chains come from memory, and backwards.
      if (p + kAhead < count)
        for (int y = 0; y < n; y += 8) {
          __builtin_prefetch(a - kAhead * ld + y);
          __builtin_prefetch(s - kAhead * ld + y);
          __builtin_prefetch(label - kAhead * ld + y, 1);
        }
      V sum = hn::Zero(d);
      for (int y = 0; y < n; y += kLanes)
        sum = hn::MulAdd(hn::LoadU(d, a + y), t.rows ? hn::LoadU(d, b.b + y) : one, sum);
      b.mass = hn::GetLane(hn::SumOfLanes(d, sum));
      const V by = hn::Set(d, 1 / b.mass);
      if (b.before) {
        // What is too small for Real adds nothing to a probability while no factor is steep.
        Real *before = b.before + p * wide, *after = b.after + p * wide;
        V high = hn::Zero(d);
        for (int z = 0; z < m; z += kLanes) {
          const V q = hn::Mul(hn::LoadU(d, b.next + z), by);
          high = hn::Max(high, q);
          store_reals(hn::IfThenZeroElse(hn::Lt(q, tiny), q), after + z);
        }
        for (int y = 0; y < n; y += kLanes) {
          const V from = hn::LoadU(d, a + y);
          store_reals(hn::IfThenZeroElse(hn::Lt(from, tiny), from), before + y);
        }
        b.steep = !(hn::GetLane(hn::MaxOfLanes(d, high)) < steep);
      }
      for (int y = 0; y < n; y += kLanes) {
        const V beta = t.rows ? hn::Mul(hn::LoadU(d, b.b + y), by) : by;
        hn::StoreU(hn::Mul(hn::LoadU(d, a + y), beta), d, label + y);
        hn::StoreU(hn::Mul(hn::LoadU(d, s + y), beta), d, b.out + y);
      }
      std::swap(b.next, b.out);
      stop |= b.steep || !(b.mass > narrow);
    }
    if (stop) return p + 1;
  }
  return count;
}

}  // namespace

const ChainKernels kChainKernels{exponentials,  copy_rows<true>, copy_rows<false>, give_rows, pack, lowest,
                                 lowest_before, trace,           forward,          backward};
const ChainKernels* table() { return &kChainKernels; }

}  // namespace HWY_NAMESPACE
}  // namespace EBM_PRECISION
}  // namespace ebm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm {
inline namespace EBM_PRECISION {

HWY_EXPORT(table);
const ChainKernels& chain_kernels() {
  static const ChainKernels& kernels = *HWY_DYNAMIC_DISPATCH(table)();
  return kernels;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
#endif
