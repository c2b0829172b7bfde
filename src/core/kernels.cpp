// Elementwise functions, sums and optimiser steps of the CPU's kernel table. The products are in
// kernels_product.cpp. exp and log are highway's, guarded at the ends of their range; tanh of float is a
// rational function of our own.

#include <cmath>
#include <limits>

#include "ebm/core/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/core/kernels.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm {
inline namespace EBM_PRECISION {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Of kernels_product.cpp, compiled for the same instruction set.
void product(int m, int n, int k, MatrixRef a, const Real* b, std::ptrdiff_t ldb, Real* c, std::ptrdiff_t ldc,
             bool add);
void product_rows(int m, int n, int k, const Real* a, std::ptrdiff_t lda, const Real* b, std::ptrdiff_t ldb,
                  Real* c, std::ptrdiff_t ldc);

namespace {

using D = hn::ScalableTag<Real>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());

// The last n < kLanes numbers, zeros behind them: never touches memory beyond.
HWY_INLINE V load_first(const Real* p, std::size_t n) {
  HWY_ALIGN Real lanes[kLanes] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return hn::Load(D(), lanes);
}
HWY_INLINE void store_first(V v, Real* p, std::size_t n) {
  HWY_ALIGN Real lanes[kLanes];
  hn::Store(v, D(), lanes);
  for (std::size_t i = 0; i < n; ++i) p[i] = lanes[i];
}

// y = f(x), y = f(x, y) and so on: `out` gets f of the vectors at `in`.
template <class F, class... In>
HWY_INLINE void map(std::size_t n, Real* out, const F& f, const In*... in) {
  const D d;
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) hn::StoreU(f(hn::LoadU(d, in + i)...), d, out + i);
  if (i < n) store_first(f(load_first(in + i, n - i)...), out + i, n - i);
}

// Four sums side by side hide the latency of additions.
template <class Term, class... In>
HWY_INLINE Real reduce(std::size_t n, const Term& term, const In*... in) {
  const D d;
  V s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    s0 = term(s0, hn::LoadU(d, in + i)...);
    s1 = term(s1, hn::LoadU(d, in + i + kLanes)...);
    s2 = term(s2, hn::LoadU(d, in + i + 2 * kLanes)...);
    s3 = term(s3, hn::LoadU(d, in + i + 3 * kLanes)...);
  }
  for (; i + kLanes <= n; i += kLanes) s0 = term(s0, hn::LoadU(d, in + i)...);
  if (i < n) s1 = term(s1, load_first(in + i, n - i)...);
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
}

HWY_INLINE V exp_lanes(V x) {
  const D d;
  constexpr bool kSingle = sizeof(Real) == 4;
  const V high = hn::Set(d, kSingle ? Real(88.72283905206835) : Real(709.782712893384));
  const V low = hn::Set(d, kSingle ? Real(-104) : Real(-745.2));
  V y = hn::Exp(d, hn::Max(hn::Min(x, high), low));
  y = hn::IfThenElse(hn::Gt(x, high), hn::Set(d, Real(kInf)), y);
  y = hn::IfThenZeroElse(hn::Lt(x, low), y);
  return hn::IfThenElse(hn::Eq(x, x), y, x);  // NaN stays
}

HWY_INLINE V log_lanes(V x) {
  const D d;
  const V zero = hn::Zero(d), inf = hn::Set(d, Real(kInf));
  V y = hn::Log(d, x);
  y = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(inf), y);
  y = hn::IfThenElse(hn::Eq(x, inf), inf, y);
  y = hn::IfThenElse(hn::Lt(x, zero), hn::Set(d, std::numeric_limits<Real>::quiet_NaN()), y);
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

HWY_INLINE V tanh_lanes(V x) {
  const D d;
  if constexpr (sizeof(Real) == 8) {
    const V limit = hn::Set(d, Real(22));  // tanh is 1 from here on
    const V y = hn::Tanh(d, hn::Max(hn::Min(x, limit), hn::Neg(limit)));
    return hn::IfThenElse(hn::Eq(x, x), y, x);
  } else {
    // x P(x^2) / Q(x^2), the best of its degrees on [-9, 9] (2e-8, relative); tanh is 1 beyond.
    const V limit = hn::Set(d, Real(9)), t = hn::Max(hn::Min(x, limit), hn::Neg(limit)), z = hn::Mul(t, t);
    const auto polynomial = [d, z](float c4, float c3, float c2, float c1, float c0) HWY_ATTR {
      V s = hn::MulAdd(hn::Set(d, Real(c4)), z, hn::Set(d, Real(c3)));
      s = hn::MulAdd(s, z, hn::Set(d, Real(c2)));
      s = hn::MulAdd(s, z, hn::Set(d, Real(c1)));
      return hn::MulAdd(s, z, hn::Set(d, Real(c0)));
    };
    const V p =
        polynomial(1.3354653282e-8f, 2.0609074960e-5f, 3.4955876031e-3f, 1.3381025165e-1f, 9.9999997945e-1f);
    const V q = polynomial(7.7765545395e-7f, 3.2856340191e-4f, 2.5876980107e-2f, 4.6714340755e-1f, 1.0f);
    const V y = hn::Div(hn::Mul(t, p), q);
    return hn::IfThenElse(hn::Eq(x, x), y, x);
  }
}

void exp(const Real* x, Real* y, std::size_t n) {
  map(
      n, y, [](V a) HWY_ATTR { return exp_lanes(a); }, x);
}
void log(const Real* x, Real* y, std::size_t n) {
  map(
      n, y, [](V a) HWY_ATTR { return log_lanes(a); }, x);
}
void square(const Real* x, Real* y, std::size_t n) {
  map(
      n, y, [](V a) HWY_ATTR { return hn::Mul(a, a); }, x);
}
void relu(const Real* x, Real* y, std::size_t n) {
  map(
      n, y, [](V a) HWY_ATTR { return hn::Max(a, hn::Zero(D())); }, x);
}
void tanh(const Real* x, Real* y, std::size_t n, Real inside, Real outside) {
  const V in = hn::Set(D(), inside), out = hn::Set(D(), outside);
  map(
      n, y, [in, out](V a) HWY_ATTR { return hn::Mul(out, tanh_lanes(hn::Mul(in, a))); }, x);
}
void tanh_slope(const Real* y, const Real* dy, Real* dx, std::size_t n, Real inside, Real outside,
                bool squared) {
  // inside * outside * (1 - (y / outside)^2)
  const V top = hn::Set(D(), inside * outside), bend = hn::Set(D(), -inside / outside);
  if (squared)
    map(
        n, dx,
        [top, bend](V a, V g) HWY_ATTR {
          const V slope = hn::MulAdd(hn::Mul(a, a), bend, top);
          return hn::Mul(g, hn::Mul(slope, slope));
        },
        y, dy);
  else
    map(
        n, dx, [top, bend](V a, V g) HWY_ATTR { return hn::Mul(g, hn::MulAdd(hn::Mul(a, a), bend, top)); }, y,
        dy);
}
void relu_slope(const Real* y, const Real* dy, Real* dx, std::size_t n) {
  map(
      n, dx, [](V a, V g) HWY_ATTR { return hn::IfThenElseZero(hn::Gt(a, hn::Zero(D())), g); }, y, dy);
}

void axpy(Real a, const Real* x, Real* y, std::size_t n) {
  const V s = hn::Set(D(), a);
  map(
      n, y, [s](V u, V v) HWY_ATTR { return hn::MulAdd(s, u, v); }, x, static_cast<const Real*>(y));
}
void scale(Real a, Real* x, std::size_t n) {
  const V s = hn::Set(D(), a);
  map(
      n, x, [s](V u) HWY_ATTR { return hn::Mul(s, u); }, static_cast<const Real*>(x));
}
void multiply(const Real* x, Real* y, std::size_t n) {
  map(
      n, y, [](V u, V v) HWY_ATTR { return hn::Mul(u, v); }, x, static_cast<const Real*>(y));
}
Real dot(const Real* x, const Real* y, std::size_t n) {
  return reduce(
      n, [](V s, V a, V b) HWY_ATTR { return hn::MulAdd(a, b, s); }, x, y);
}
Real sum(const Real* x, std::size_t n) {
  return reduce(
      n, [](V s, V a) HWY_ATTR { return hn::Add(s, a); }, x);
}
Real sum_squares(const Real* x, std::size_t n) { return dot(x, x, n); }
Real sum_square_distance(const Real* x, const Real* y, std::size_t n) {
  return reduce(
      n,
      [](V s, V a, V b) HWY_ATTR {
        const V u = hn::Sub(a, b);
        return hn::MulAdd(u, u, s);
      },
      x, y);
}
Real maximum(const Real* x, std::size_t n) {
  const D d;
  V most = hn::Set(d, -Real(kInf));
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) most = hn::Max(most, hn::LoadU(d, x + i));
  HWY_ALIGN Real lanes[kLanes];
  hn::Store(most, d, lanes);
  Real out = -Real(kInf);  // highway's own maximum of lanes does not know it on every instruction set
  for (const Real lane : lanes) out = lane > out ? lane : out;
  for (; i < n; ++i) out = x[i] > out ? x[i] : out;
  return out;
}
Real log_sum_exp(const Real* x, std::size_t n) {
  const Real top = maximum(x, n);
  if (top - top != 0) return top;  // all -inf, or one +inf
  const V shift = hn::Set(D(), top);
  const D d;
  V s = hn::Zero(d);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) s = hn::Add(s, exp_lanes(hn::Sub(hn::LoadU(d, x + i), shift)));
  if (i < n)
    s = hn::Add(
        s, hn::IfThenElseZero(hn::FirstN(d, n - i), exp_lanes(hn::Sub(load_first(x + i, n - i), shift))));
  return top + std::log(hn::GetLane(hn::SumOfLanes(d, s)));
}

// w and g are written where every step writes them: the new weight, and zero.
template <class F, class... In>
HWY_INLINE void step(Real* w, Real* g, std::size_t n, StepRule rule, const F& f, In*... state) {
  const D d;
  const V decay = hn::Set(d, rule.decay);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const V old = hn::LoadU(d, w + i);
    hn::StoreU(f(old, hn::MulAdd(decay, old, hn::LoadU(d, g + i)), kLanes, (state + i)...), d, w + i);
    hn::StoreU(hn::Zero(d), d, g + i);
  }
  if (const std::size_t rest = n - i; rest > 0) {
    const V old = load_first(w + i, rest);
    store_first(f(old, hn::MulAdd(decay, old, load_first(g + i, rest)), rest, (state + i)...), w + i, rest);
    store_first(hn::Zero(d), g + i, rest);
  }
}
HWY_INLINE V load_some(const Real* p, std::size_t n) {
  return n == kLanes ? hn::LoadU(D(), p) : load_first(p, n);
}
HWY_INLINE void store_some(V v, Real* p, std::size_t n) {
  if (n == kLanes)
    hn::StoreU(v, D(), p);
  else
    store_first(v, p, n);
}

void sgd_step(Real* w, Real* g, std::size_t n, StepRule rule) {
  const V rate = hn::Set(D(), rule.rate);
  step(w, g, n, rule,
       [rate](V old, V slope, std::size_t) HWY_ATTR { return hn::NegMulAdd(rate, slope, old); });
}
void momentum_step(Real* w, Real* g, Real* v, std::size_t n, StepRule rule, Real momentum) {
  const V rate = hn::Set(D(), rule.rate), keep = hn::Set(D(), momentum);
  step(
      w, g, n, rule,
      [rate, keep](V old, V slope, std::size_t count, Real* at) HWY_ATTR {
        const V next = hn::NegMulAdd(rate, slope, hn::Mul(keep, load_some(at, count)));
        store_some(next, at, count);
        return hn::Add(old, next);
      },
      v);
}
void adam_step(Real* w, Real* g, Real* first, Real* second, std::size_t n, StepRule rule, Real beta1,
               Real beta2, Real epsilon, long count) {
  const D d;
  const double unbias1 = 1 - std::pow(double(beta1), double(count)),
               unbias2 = 1 - std::pow(double(beta2), double(count));
  const V b1 = hn::Set(d, beta1), b2 = hn::Set(d, beta2), c1 = hn::Set(d, 1 - beta1),
          c2 = hn::Set(d, 1 - beta2);
  const V rate = hn::Set(d, Real(rule.rate / unbias1)), root = hn::Set(d, Real(1 / unbias2)),
          eps = hn::Set(d, epsilon);
  step(
      w, g, n, rule,
      [=](V old, V slope, std::size_t some, Real* m_at, Real* v_at) HWY_ATTR {
        const V m = hn::MulAdd(c1, slope, hn::Mul(b1, load_some(m_at, some)));
        const V v = hn::MulAdd(c2, hn::Mul(slope, slope), hn::Mul(b2, load_some(v_at, some)));
        store_some(m, m_at, some);
        store_some(v, v_at, some);
        return hn::Sub(old, hn::Div(hn::Mul(rate, m), hn::Add(hn::Sqrt(hn::Mul(root, v)), eps)));
      },
      first, second);
}
void diagonal_step(Real* w, Real* g, const Real* h, std::size_t n, StepRule rule, Real mu) {
  const V rate = hn::Set(D(), rule.rate), least = hn::Set(D(), mu);
  step(
      w, g, n, rule,
      [=](V old, V slope, std::size_t some, const Real* at) HWY_ATTR {
        return hn::Sub(old, hn::Div(hn::Mul(rate, slope), hn::Add(least, load_some(at, some))));
      },
      h);
}

}  // namespace

const Kernels* cpu_kernels() {
  static const Kernels table{hwy::TargetName(HWY_TARGET),
                             exp,
                             log,
                             square,
                             relu,
                             tanh,
                             tanh_slope,
                             relu_slope,
                             axpy,
                             scale,
                             multiply,
                             dot,
                             sum,
                             maximum,
                             sum_squares,
                             sum_square_distance,
                             log_sum_exp,
                             product,
                             product_rows,
                             sgd_step,
                             momentum_step,
                             adam_step,
                             diagonal_step};
  return &table;
}

}  // namespace HWY_NAMESPACE
}  // namespace EBM_PRECISION
}  // namespace ebm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm {
inline namespace EBM_PRECISION {

HWY_EXPORT(cpu_kernels);

const Kernels& kernels(Device device) {
  if (device.kind == Device::Kind::cuda) ebm::cuda(device.index);  // throws where CUDA was not built
  return *HWY_DYNAMIC_DISPATCH(cpu_kernels)();
}

}  // namespace EBM_PRECISION
}  // namespace ebm
#endif
