// The dense passes of joined.hpp.
#include <algorithm>
#include <cmath>

#include "join.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/lattice/join_kernels.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm::lattice::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

using Tag = hn::ScalableTag<double>;

constexpr double kRescale = 100;  // nats above a row's shift at which it is moved
constexpr double kSafe =
    -650;  // log of the smallest number that may arise: exp(-708) is the smallest normal one

std::ptrdiff_t at(const Join& j, int state) { return static_cast<std::ptrdiff_t>(state) * j.stride; }

// y = exp(-scale (x - least)) for n numbers; +inf gives 0.
void exp_of(const double* x, int n, double scale, double least, double* y) {
  const Tag d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto s = hn::Set(d, -scale), l = hn::Set(d, least), tiny = hn::Set(d, -708.0);
  const auto f = [&](auto v) HWY_ATTR {
    const auto z = hn::Mul(s, hn::Sub(v, l));
    return hn::IfThenElseZero(hn::Ge(z, tiny), hn::Exp(d, hn::Max(z, tiny)));
  };
  int i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(hn::LoadU(d, x + i)), d, y + i);
  if (i == n) return;
  alignas(64) double rest[HWY_MAX_BYTES / 8];
  std::fill(rest, rest + lanes, kInf);
  for (int k = 0; i + k < n; ++k) rest[k] = x[i + k];
  hn::Store(f(hn::Load(d, rest)), d, rest);
  for (int k = 0; i + k < n; ++k) y[i + k] = rest[k];
}

void fill(double* y, int n, double value) {
  const Tag d;
  const auto v = hn::Set(d, value);
  for (int q = 0; q < n; q += static_cast<int>(hn::Lanes(d))) hn::Store(v, d, y + q);
}

void scale(double* y, int n, double by) {
  const Tag d;
  const auto w = hn::Set(d, by);
  for (int q = 0; q < n; q += static_cast<int>(hn::Lanes(d)))
    hn::Store(hn::Mul(w, hn::Load(d, y + q)), d, y + q);
}

void add_scaled(double* y, int n, double by, const double* x) {
  const Tag d;
  const auto w = hn::Set(d, by);
  for (int q = 0; q < n; q += static_cast<int>(hn::Lanes(d)))
    hn::Store(hn::MulAdd(w, hn::Load(d, x + q), hn::Load(d, y + q)), d, y + q);
}

void min_shifted(double* y, int n, double by, const double* x) {
  const Tag d;
  const auto e = hn::Set(d, by);
  for (int q = 0; q < n; q += static_cast<int>(hn::Lanes(d)))
    hn::Store(hn::Min(hn::Load(d, y + q), hn::Add(e, hn::Load(d, x + q))), d, y + q);
}

double largest(const double* y, int n) {
  const Tag d;
  auto m = hn::Zero(d);
  for (int q = 0; q < n; q += static_cast<int>(hn::Lanes(d))) m = hn::Max(m, hn::Load(d, y + q));
  return hn::GetLane(hn::MaxOfLanes(d, m));
}

double least_positive(const double* y, int n) {
  const Tag d;
  const auto inf = hn::Set(d, kInf), zero = hn::Zero(d);
  auto m = inf;
  for (int q = 0; q < n; q += static_cast<int>(hn::Lanes(d))) {
    const auto v = hn::Load(d, y + q);
    m = hn::Min(m, hn::IfThenElse(hn::Gt(v, zero), v, inf));
  }
  return hn::GetLane(hn::MinOfLanes(d, m));
}

// y is zero where x is.
void keep_where_positive(double* y, int n, const double* x) {
  const Tag d;
  const auto zero = hn::Zero(d);
  for (int q = 0; q < n; q += static_cast<int>(hn::Lanes(d)))
    hn::Store(hn::IfThenElseZero(hn::Gt(hn::Load(d, x + q), zero), hn::Load(d, y + q)), d, y + q);
}

// y += by * a, and a . x is returned.
double join_row(double* y, int n, double by, const double* a, const double* x) {
  const Tag d;
  const auto w = hn::Set(d, by);
  auto dot = hn::Zero(d);
  for (int q = 0; q < n; q += static_cast<int>(hn::Lanes(d))) {
    const auto v = hn::Load(d, a + q);
    dot = hn::MulAdd(v, hn::Load(d, x + q), dot);
    hn::Store(hn::MulAdd(w, v, hn::Load(d, y + q)), d, y + q);
  }
  return hn::GetLane(hn::SumOfLanes(d, dot));
}

// The row of a group of transitions: out[q] joins energy (or factor) and row[q'] over the group's q -> q'.
void carry_min(const Join& j, int group, const double* row, double* out) {
  fill(out, j.stride, kInf);
  const int first = j.group_first[group], last = j.group_first[group + 1];
  if (j.single)
    for (int k = first; k < last; ++k) out[j.from[k]] = j.energy[k] + row[j.to[k]];
  else
    for (int k = first; k < last; ++k) out[j.from[k]] = std::min(out[j.from[k]], j.energy[k] + row[j.to[k]]);
}

void carry_sum(const Join& j, int group, const double* factor, const double* row, double* out) {
  fill(out, j.stride, 0);
  const int first = j.group_first[group], last = j.group_first[group + 1];
  if (j.single)
    for (int k = first; k < last; ++k) out[j.from[k]] = factor[k] * row[j.to[k]];
  else
    for (int k = first; k < last; ++k) out[j.from[k]] += factor[k] * row[j.to[k]];
}

// The row of `s` is about to receive numbers of shift x: moves its own shift when that is far above.
void place(const Join& j, SumRows& r, int s, double x) {
  double& shift = r.shift[s];
  if (x >= shift - kRescale) return;
  if (shift < kInf && r.low[s] < kInf) {
    const double by = std::exp(x - shift);
    scale(r.row + at(j, s), j.stride, by);
    if (r.matched != r.row) scale(r.matched + at(j, s), j.stride, by);
    r.low[s] += x - shift;
  }
  shift = x;
}

}  // namespace

void min_rows(const Join& j, const double* e, double* row, double* matched, double* carried) {
  std::fill(row, row + j.cells(), kInf);
  if (matched != row) std::fill(matched, matched + j.cells(), kInf);
  for (int t = j.states - 1; t >= 0; --t) {
    double* const m = matched + at(j, t);
    double* const r = row + at(j, t);
    if (j.end[t] < kInf) min_shifted(m, j.stride, j.end[t], j.end_row);
    for (int k = 0; k < j.nulls; ++k)
      m[j.null_from[k]] = std::min(m[j.null_from[k]], j.null_energy[k] + m[j.null_to[k]]);
    if (m != r) min_shifted(r, j.stride, 0, m);
    for (int k = j.enter[t]; k < j.enter[t + 1];) {
      const int group = j.group[k];
      const bool null = group == j.null_group;
      if (!null) carry_min(j, group, r, carried);
      double* const into = null ? row : matched;
      for (; k < j.enter[t + 1] && j.group[k] == group; ++k)
        min_shifted(into + at(j, j.source[k]), j.stride, e[j.arc[k]], null ? r : carried);
    }
  }
}

bool sum_rows(const Join& j, const double* e, SumRows& r) {
  exp_of(j.energy, j.transitions, r.beta, r.least, r.factor);
  exp_of(j.null_energy, j.nulls, r.beta, 0, r.null_factor);
  exp_of(j.end_row, j.stride, r.beta, r.end_least, r.end_factor);
  const auto widest = [&](const double* x, int n, double least) {
    double m = 0;
    for (int k = 0; k < n; ++k)
      if (x[k] < kInf) m = std::max(m, r.beta * (x[k] - least));
    return m;
  };
  const double spread = widest(j.energy, j.transitions, r.least),
               end_spread = widest(j.end_row, j.stride, r.end_least);
  const double null_spread = widest(j.null_energy, j.nulls, 0) * j.null_depth;
  for (int k = 0; k < j.nulls; ++k)
    if (r.beta * j.null_energy[k] * j.null_depth < -300) return false;
  std::fill(r.row, r.row + j.cells(), 0.0);
  if (r.matched != r.row) std::fill(r.matched, r.matched + j.cells(), 0.0);
  std::fill(r.shift, r.shift + j.states, kInf);
  std::fill(r.low, r.low + j.states, kInf);

  for (int t = j.states - 1; t >= 0; --t) {
    double* const m = r.matched + at(j, t);
    double* const b = r.row + at(j, t);
    if (j.end[t] < kInf) {
      const double x = r.beta * (j.end[t] + r.end_least);
      place(j, r, t, x);
      add_scaled(m, j.stride, std::exp(r.shift[t] - x), r.end_factor);
      r.low[t] = std::min(r.low[t], r.shift[t] - x - end_spread);
    }
    if (!(r.low[t] - null_spread > kSafe)) return false;
    for (int k = 0; k < j.nulls; ++k) m[j.null_from[k]] += r.null_factor[k] * m[j.null_to[k]];
    if (m != b) add_scaled(b, j.stride, 1, m);
    const double most = largest(b, j.stride);
    if (most == 0) {
      r.shift[t] = kInf;
      continue;
    }
    const double low =
        std::log(std::min(least_positive(b, j.stride), m != b ? least_positive(m, j.stride) : kInf) / most);
    scale(b, j.stride, 1 / most);
    if (m != b) scale(m, j.stride, 1 / most);
    r.shift[t] -= std::log(most);

    const int first = j.enter[t], last = j.enter[t + 1];
    for (int k = first; k < last; ++k) {
      const double x = r.beta * (e[j.arc[k]] + (j.group[k] == j.null_group ? 0 : r.least)) + r.shift[t];
      place(j, r, j.source[k], x);
      r.excess[k] = x;
    }
    for (int k = first; k < last; ++k) r.excess[k] -= r.shift[j.source[k]];
    exp_of(r.excess + first, last - first, 1, 0, r.weight + first);
    for (int k = first; k < last;) {
      const int group = j.group[k];
      const bool null = group == j.null_group;
      double low_here = low;
      if (!null) {
        low_here -= spread;
        if (!(low_here > kSafe)) return false;
        carry_sum(j, group, r.factor, b, r.carried);
        if (largest(r.carried, j.stride) == 0) {
          while (k < last && j.group[k] == group) ++k;
          continue;
        }
      }
      double* const into = null ? r.row : r.matched;
      for (; k < last && j.group[k] == group; ++k) {
        const int s = j.source[k];
        add_scaled(into + at(j, s), j.stride, r.weight[k], null ? b : r.carried);
        r.low[s] = std::min(r.low[s], low_here - r.excess[k]);
        if (!(low_here - r.excess[k] > kSafe)) return false;
      }
    }
  }
  return true;
}

void join_posteriors(const Join& j, const double* e, SumRows& r, const Posteriors& p) {
  std::fill(p.before, p.before + j.cells(), 0.0);
  if (p.before_matched != p.before) std::fill(p.before_matched, p.before_matched + j.cells(), 0.0);
  p.before[j.start] = 1 / r.row[j.start];
  for (int t = 0; t < j.states; ++t)
    for (int k = j.enter[t]; k < j.enter[t + 1]; ++k) {
      const double from = r.shift[j.source[k]];
      r.excess[k] =
          from == kInf || r.shift[t] == kInf
              ? kInf
              : r.beta * (e[j.arc[k]] + (j.group[k] == j.null_group ? 0 : r.least)) + r.shift[t] - from;
    }
  exp_of(r.excess, j.enter[j.states], 1, 0, r.weight);
  for (int t = 0; t < j.states; ++t) {
    const double* const b = r.row + at(j, t);
    double* const a = p.before + at(j, t);
    if (r.shift[t] == kInf) {
      for (int k = j.enter[t]; k < j.enter[t + 1]; ++k) p.arcs[j.arc[k]] = 0;
      continue;
    }
    for (int k = j.enter[t]; k < j.enter[t + 1];) {
      const int group = j.group[k];
      const bool null = group == j.null_group;
      if (!null) carry_sum(j, group, r.factor, b, r.carried);
      const double* const after = null ? b : r.carried;
      const bool leads = null || largest(after, j.stride) > 0;
      fill(r.joined, j.stride, 0);
      for (; k < j.enter[t + 1] && j.group[k] == group; ++k) {
        double& out = p.arcs[j.arc[k]];
        out = 0;
        if (!leads || r.shift[j.source[k]] == kInf) continue;
        const double* const from = (null ? p.before : p.before_matched) + at(j, j.source[k]);
        const double dot = join_row(r.joined, j.stride, r.weight[k], from, after);
        if (dot > 0) out = dot * r.weight[k];
      }
      if (!leads) continue;
      // What leads nowhere may have grown without bound; it is nothing.
      keep_where_positive(r.joined, j.stride, after);
      if (null) {
        add_scaled(a, j.stride, 1, r.joined);
        continue;
      }
      for (int i = j.group_first[group]; i < j.group_first[group + 1]; ++i)
        a[j.to[i]] += r.factor[i] * r.joined[j.from[i]];
      if (p.automaton == nullptr) continue;
      for (int i = j.group_first[group]; i < j.group_first[group + 1]; ++i)
        if (b[j.to[i]] > 0)
          p.automaton[p.transition_arc[i]] += r.factor[i] * r.joined[j.from[i]] * b[j.to[i]];
    }
    keep_where_positive(a, j.stride, b);
    if (j.nulls == 0) continue;
    double* const am = p.before_matched + at(j, t);
    const double* const m = r.matched + at(j, t);
    if (am != a) std::copy(a, a + j.stride, am);
    for (int k = j.nulls; k-- > 0;) {
      const double passed = r.null_factor[k] * am[j.null_from[k]];
      if (!(m[j.null_to[k]] > 0)) continue;
      am[j.null_to[k]] += passed;
      if (p.automaton != nullptr) p.automaton[p.null_arc[k]] += passed * m[j.null_to[k]];
    }
  }
}

}  // namespace ebm::lattice::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm::lattice::kernels {

HWY_EXPORT(min_rows);
HWY_EXPORT(sum_rows);
HWY_EXPORT(join_posteriors);
void min_rows(const Join& j, const double* e, double* row, double* matched, double* carried) {
  HWY_DYNAMIC_DISPATCH(min_rows)(j, e, row, matched, carried);
}
bool sum_rows(const Join& j, const double* e, SumRows& r) { return HWY_DYNAMIC_DISPATCH(sum_rows)(j, e, r); }
void join_posteriors(const Join& j, const double* e, SumRows& r, const Posteriors& p) {
  HWY_DYNAMIC_DISPATCH(join_posteriors)(j, e, r, p);
}

}  // namespace ebm::lattice::kernels
#endif
