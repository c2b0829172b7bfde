#include "trws_kernels.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/inference/trws_kernels.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/highway.h"
#include "trws_messages-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ebm {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Values of type A in `P` padded labels: V vectors of N lanes. Messages are of type S.
template <class A, class S, int P>
struct Lanes {
  static constexpr int N = std::gcd(P, static_cast<int>(hn::MaxLanes(hn::ScalableTag<A>())));
  static constexpr int V = P / N;
  using D = hn::CappedTag<A, N>;
  using Vec = hn::Vec<D>;
  static HWY_INLINE Vec load(const S* from) {
    const D d;
    if constexpr (std::is_same_v<A, S>)
      return hn::LoadU(d, from);
    else
      return hn::PromoteTo(d, hn::LoadU(hn::Rebind<S, D>(), from));
  }
  // Values are not below 0; a message may be lower than it is in A, never higher.
  static HWY_INLINE void store(Vec v, S* to) {
    const D d;
    if constexpr (std::is_same_v<A, S>) {
      hn::StoreU(v, d, to);
    } else {
      const hn::Rebind<S, D> narrow;
      hn::StoreU(hn::DemoteTo(narrow, hn::Mul(v, hn::Set(d, A(1) - A(0x1p-23)))), narrow, to);
    }
  }
};

// h = min(h, what is `Shift` labels to either side + add).
template <class L, int Shift>
HWY_INLINE void convolve(typename L::Vec (&h)[L::V], typename L::Vec add) {
  constexpr int N = L::N, V = L::V;
  const typename L::D d;
  using Vec = typename L::Vec;
  const Vec infinite = hn::Set(d, kInfinite<hn::TFromD<typename L::D>>);
  Vec out[V];
  if constexpr (Shift >= N) {
    constexpr int q = Shift / N;
    for (int v = 0; v < V; ++v) {
      Vec low = infinite;
      if (v >= q) low = h[v - q];
      if (v + q < V) low = hn::Min(low, h[v + q]);
      out[v] = hn::Min(h[v], hn::Add(low, add));
    }
  } else {
    const hn::RebindToSigned<typename L::D> whole;
    using I = hn::TFromD<hn::RebindToSigned<typename L::D>>;
    const auto wrap = hn::Set(whole, static_cast<I>(N - 1));
    const auto up = hn::IndicesFromVec(d, hn::And(hn::Iota(whole, static_cast<I>(N - Shift)), wrap));
    const auto down = hn::IndicesFromVec(d, hn::And(hn::Iota(whole, static_cast<I>(Shift)), wrap));
    const auto lane = hn::Iota(whole, 0);
    const auto head = hn::RebindMask(d, hn::Lt(lane, hn::Set(whole, static_cast<I>(Shift))));
    const auto tail = hn::RebindMask(d, hn::Gt(lane, hn::Set(whole, static_cast<I>(N - Shift - 1))));
    Vec before = infinite;
    Vec next = hn::TableLookupLanes(h[0], down);
    for (int v = 0; v < V; ++v) {
      const Vec raised = hn::TableLookupLanes(h[v], up), lowered = next;
      next = infinite;
      if (v + 1 < V) next = hn::TableLookupLanes(h[v + 1], down);
      const Vec left = hn::IfThenElse(head, before, raised), right = hn::IfThenElse(tail, next, lowered);
      out[v] = hn::Min(h[v], hn::Add(hn::Min(left, right), add));
      before = raised;
    }
  }
  for (int v = 0; v < V; ++v) h[v] = out[v];
}

template <class A>
struct Sent {
  const TrwsLink* link;
  const TrwsKind* kind;
  bool from_a;
  A scale;
};

template <class A>
HWY_INLINE Sent<A> sent(const TrwsView& t, std::size_t index, bool forward) {
  const TrwsLink& l = t.link[index];
  A scale = static_cast<A>(l.scale);
  if constexpr (std::is_same_v<A, double>)
    if (t.scale) scale = t.scale[index];
  return {&l, t.kind + (l.kind >> 1), ((l.kind & 1) == 0) == forward, scale};
}

// Where no label is allowed, no answer is: messages need only be towards the right end.
template <class S>
void send_nothing(const TrwsView& t, std::size_t place, bool forward) {
  const TrwsPlace &at = t.place[place], &next = t.place[place + 1];
  for (std::size_t i = forward ? at.forward : at.back, end = forward ? next.forward : next.back; i < end;
       ++i) {
    const TrwsLink& l = t.link[forward ? i : t.back[i]];
    std::fill_n(static_cast<S*>(t.message) + 2 * std::size_t{l.message},
                t.place[forward ? l.later : l.earlier].padded, S(0));
  }
}

// Bounds of labels in a forward pass: what visits of later places have taken out in the pass before, what
// those of earlier ones and their links as far as here have taken out in this one, and the labels' own.
template <class A>
void give_marginals(TrwsView& t, std::size_t place, double lowest, const A* above) {
  const TrwsPlace& at = t.place[place];
  t.above -= t.constant[place];
  for (std::size_t j = at.back; j < t.place[place + 1].back; ++j) t.above += t.taken[t.back[j]];
  t.above += lowest;
  for (int x = 0; x < at.labels; ++x)
    t.marginal[at.exact + static_cast<std::size_t>(x)] = t.above + static_cast<double>(above[x]);
}

// One visit with everything in registers.
template <class A, class S, int P>
HWY_INLINE void visit(TrwsView& t, std::size_t place, bool forward, bool labels) {
  using L = Lanes<A, S, P>;
  constexpr int N = L::N, V = L::V;
  const typename L::D d;
  using Vec = typename L::Vec;
  const TrwsPlace& at = t.place[place];
  const std::size_t ahead = at.forward, ahead_end = t.place[place + 1].forward, behind = at.back,
                    behind_end = t.place[place + 1].back;
  S* const messages = static_cast<S*>(t.message);
  A* const room = static_cast<A*>(t.room);
  Vec sum[V];
  if constexpr (std::is_same_v<A, float>) {
    const float* single = t.single + 2 * std::size_t{at.single};
    for (int v = 0; v < V; ++v) sum[v] = hn::LoadU(d, single + v * N);
  } else {
    const double* single = t.exact + at.exact;
    if (at.labels < P) {
      double* padded = static_cast<double*>(t.room);
      for (int x = 0; x < P; ++x) padded[x] = x < at.labels ? single[x] : kInfinite<double>;
      single = padded;
    }
    for (int v = 0; v < V; ++v) sum[v] = hn::LoadU(d, single + v * N);
  }
  const auto add_ahead = [&]() HWY_ATTR {
    for (std::size_t i = ahead; i < ahead_end; ++i) {
      const S* m = messages + 2 * std::size_t{t.link[i].message};
      for (int v = 0; v < V; ++v) sum[v] = hn::Add(sum[v], L::load(m + v * N));
    }
  };
  const auto add_behind = [&]() HWY_ATTR {
    for (std::size_t j = behind; j < behind_end; ++j) {
      const S* m = messages + 2 * std::size_t{t.link[t.back[j]].message};
      for (int v = 0; v < V; ++v) sum[v] = hn::Add(sum[v], L::load(m + v * N));
    }
  };
  forward ? add_ahead() : add_behind();
  if (labels) {
    Vec given[V];
    for (int v = 0; v < V; ++v) given[v] = sum[v];
    for (std::size_t j = forward ? behind : ahead, end = forward ? behind_end : ahead_end; j < end; ++j) {
      const Sent<A> s = sent<A>(t, forward ? t.back[j] : j, forward);
      const int other = t.label[forward ? s.link->earlier : s.link->later];
      if (s.kind->way == TrwsKind::Way::convex) {
        const Vec limit = hn::Set(d, s.scale * static_cast<A>(s.kind->limit));
        const Vec weight = hn::Set(d, s.scale * static_cast<A>(s.kind->weight));
        for (int v = 0; v < V; ++v) {
          const Vec away =
              hn::Abs(hn::Sub(hn::Iota(d, static_cast<A>(v * N)), hn::Set(d, static_cast<A>(other))));
          Vec e;
          if (s.kind->steps == 0)
            e = hn::IfThenZeroElse(hn::Eq(away, hn::Zero(d)), limit);
          else
            e = hn::Min(hn::Mul(weight, s.kind->quadratic ? hn::Mul(away, away) : away), limit);
          given[v] = hn::Add(given[v], e);
        }
      } else {
        for (int x = at.labels; x < P; ++x) room[x] = A(0);
        row_of(*s.kind, s.from_a, other, s.scale, room);
        for (int v = 0; v < V; ++v) given[v] = hn::Add(given[v], hn::LoadU(d, room + v * N));
      }
    }
    Vec low = given[0];
    for (int v = 1; v < V; ++v) low = hn::Min(low, given[v]);
    low = hn::MinOfLanes(d, low);
    int label = 0;
    for (int v = V; v-- > 0;)
      if (const auto first = hn::FindFirstTrue(d, hn::Eq(given[v], low)); first >= 0)
        label = v * N + static_cast<int>(first);
    t.label[place] = label;
  }
  forward ? add_behind() : add_ahead();

  const std::size_t begin = forward ? ahead : behind, end = forward ? ahead_end : behind_end;
  A share = static_cast<A>(at.share);
  if constexpr (std::is_same_v<A, double>)
    share = 1.0 / static_cast<double>(std::max<std::size_t>({1, ahead_end - ahead, behind_end - behind}));
  double constant = 0;
  // What the links take is all there is when their shares add up to 1: then nothing is left to take out.
  if (std::is_same_v<A, double> || t.forbidden ||
      end - begin < std::max(ahead_end - ahead, behind_end - behind) || end == begin) {
    Vec low = sum[0];
    for (int v = 1; v < V; ++v) low = hn::Min(low, sum[v]);
    low = hn::MinOfLanes(d, low);
    const A lowest = hn::GetLane(low);
    constant = static_cast<double>(lowest);
    if (!(lowest < kInfinite<A>)) {
      t.constant[place] = constant;
      send_nothing<S>(t, place, forward);
      return;
    }
    for (int v = 0; v < V; ++v) sum[v] = hn::Sub(sum[v], low);
    if (std::is_same_v<A, double> && t.marginal) {
      for (int v = 0; v < V; ++v) hn::StoreU(sum[v], d, room + v * N);
      give_marginals(t, place, constant, room);
    }
  }
  for (std::size_t i = begin; i < end; ++i) {
    const Sent<A> s = sent<A>(t, forward ? i : t.back[i], forward);
    S* const m = messages + 2 * std::size_t{s.link->message};
    Vec h[V];
    for (int v = 0; v < V; ++v) h[v] = hn::MulSub(sum[v], hn::Set(d, share), L::load(m + v * N));
    if (t.forbidden) {
      const Vec infinite = hn::Set(d, kInfinite<A>);
      for (int v = 0; v < V; ++v) h[v] = hn::IfThenElse(hn::Eq(sum[v], infinite), infinite, h[v]);
    }
    if (s.kind->way != TrwsKind::Way::convex) {
      for (int v = 0; v < V; ++v) hn::StoreU(h[v], d, room + v * N);
      const double low = send<A, S>(*s.kind, s.from_a, s.scale, room, at.labels, m, room + P);
      if (t.marginal) t.taken[forward ? i : t.back[i]] = low;
      constant += low;
      continue;
    }
    Vec low = h[0];
    for (int v = 1; v < V; ++v) low = hn::Min(low, h[v]);
    low = hn::MinOfLanes(d, low);
    for (int step = 0; step < s.kind->steps; ++step) {
      const Vec add = hn::Set(d, s.scale * entry_growth<A>(*s.kind, step));
      if (s.kind->quadratic || step == 0)
        convolve<L, 1>(h, add);
      else if (step == 1)
        convolve<L, 2>(h, add);
      else if (step == 2)
        convolve<L, 4>(h, add);
      else if (step == 3)
        convolve<L, 8>(h, add);
      else
        convolve<L, 16>(h, add);
    }
    const Vec limit = hn::Set(d, s.scale * static_cast<A>(s.kind->limit));
    for (int v = 0; v < V; ++v) L::store(hn::Min(hn::Sub(h[v], low), limit), m + v * N);
    const double lowest = static_cast<double>(hn::GetLane(low));
    if (t.marginal) t.taken[forward ? i : t.back[i]] = lowest;
    constant += lowest;
  }
  t.constant[place] = constant;
}

// The same in memory, for any number of labels.
template <class A, class S>
void visit_wide(TrwsView& t, std::size_t place, bool forward, bool labels) {
  const TrwsPlace& at = t.place[place];
  const int n = at.labels;
  const std::size_t ahead = at.forward, ahead_end = t.place[place + 1].forward, behind = at.back,
                    behind_end = t.place[place + 1].back;
  S* const messages = static_cast<S*>(t.message);
  A* const sum = static_cast<A*>(t.room);
  A *const h = sum + at.padded, *const room = h + at.padded;
  if constexpr (std::is_same_v<A, float>)
    for (int x = 0; x < n; ++x) sum[x] = t.single[2 * std::size_t{at.single} + static_cast<std::size_t>(x)];
  else
    for (int x = 0; x < n; ++x) sum[x] = t.exact[at.exact + static_cast<std::size_t>(x)];
  const auto add = [&](std::size_t link) {
    const S* m = messages + 2 * std::size_t{t.link[link].message};
    for (int x = 0; x < n; ++x) sum[x] += static_cast<A>(m[x]);
  };
  const auto add_ahead = [&] {
    for (std::size_t i = ahead; i < ahead_end; ++i) add(i);
  };
  const auto add_behind = [&] {
    for (std::size_t j = behind; j < behind_end; ++j) add(t.back[j]);
  };
  forward ? add_ahead() : add_behind();
  if (labels) {
    for (int x = 0; x < n; ++x) h[x] = sum[x];
    for (std::size_t j = forward ? behind : ahead, end = forward ? behind_end : ahead_end; j < end; ++j) {
      const Sent<A> s = sent<A>(t, forward ? t.back[j] : j, forward);
      row_of(*s.kind, s.from_a, t.label[forward ? s.link->earlier : s.link->later], s.scale, room);
      for (int x = 0; x < n; ++x) h[x] += room[x];
    }
    t.label[place] = static_cast<int>(std::min_element(h, h + n) - h);
  }
  forward ? add_behind() : add_ahead();
  A low = sum[0];
  for (int x = 1; x < n; ++x) low = sum[x] < low ? sum[x] : low;
  double constant = static_cast<double>(low);
  if (!(low < kInfinite<A>)) {
    t.constant[place] = constant;
    send_nothing<S>(t, place, forward);
    return;
  }
  for (int x = 0; x < n; ++x) sum[x] -= low;
  if (std::is_same_v<A, double> && t.marginal) give_marginals(t, place, constant, sum);
  const std::size_t begin = forward ? ahead : behind, end = forward ? ahead_end : behind_end;
  const A share = A(1) / static_cast<A>(std::max<std::size_t>({1, ahead_end - ahead, behind_end - behind}));
  for (std::size_t i = begin; i < end; ++i) {
    const Sent<A> s = sent<A>(t, forward ? i : t.back[i], forward);
    S* const m = messages + 2 * std::size_t{s.link->message};
    for (int x = 0; x < n; ++x)
      h[x] = sum[x] < kInfinite<A> ? share * sum[x] - static_cast<A>(m[x]) : kInfinite<A>;
    const double taken = send<A, S>(*s.kind, s.from_a, s.scale, h, n, m, room);
    if (t.marginal) t.taken[forward ? i : t.back[i]] = taken;
    constant += taken;
  }
  t.constant[place] = constant;
}

template <class A, class S>
void pass(const TrwsView& view, const TrwsRange& range) {
  TrwsView t = view;
  for (std::size_t i = range.first; i < range.last; ++i) {
    const std::size_t p = range.forward ? i : range.last - 1 - (i - range.first);
    switch (t.place[p].padded) {
      case 2:
        visit<A, S, 2>(t, p, range.forward, range.labels);
        break;
      case 4:
        visit<A, S, 4>(t, p, range.forward, range.labels);
        break;
      case 8:
        visit<A, S, 8>(t, p, range.forward, range.labels);
        break;
      case 16:
        visit<A, S, 16>(t, p, range.forward, range.labels);
        break;
      case 24:
        visit<A, S, 24>(t, p, range.forward, range.labels);
        break;
      case 32:
        visit<A, S, 32>(t, p, range.forward, range.labels);
        break;
      default:
        visit_wide<A, S>(t, p, range.forward, range.labels);
    }
  }
}

bool read(const TrwsPlace* place, std::size_t places, const double* exact, double most, float* single) {
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<float, decltype(d)> narrow;
  constexpr int kN = static_cast<int>(hn::MaxLanes(d));
  const auto limit = hn::Set(d, most);
  auto high = hn::Zero(d);
  bool plain = true;
  for (std::size_t p = 0; p < places; ++p) {
    const TrwsPlace& at = place[p];
    const double* from = exact + at.exact;
    float* to = single + 2 * std::size_t{at.single};
    int x = 0;
    for (; x + kN <= at.labels; x += kN) {
      const auto e = hn::LoadU(d, from + x);
      // Not a number is told by no comparison, so what is not below the limit is marked.
      high = hn::IfThenElse(hn::Le(hn::Abs(e), limit), high, hn::Set(d, 1));
      hn::StoreU(hn::DemoteTo(narrow, e), narrow, to + x);
    }
    for (; x < at.labels; ++x) {
      plain &= std::abs(from[x]) <= most;
      to[x] = static_cast<float>(from[x]);
    }
    for (; x < at.padded; ++x) to[x] = kInfinite<float>;
  }
  return plain && hn::AllTrue(d, hn::Eq(high, hn::Zero(d)));
}

}  // namespace

const TrwsKernels kTrws{read, send<double, double>, pass<float, float>, pass<double, float>,
                        pass<double, double>};
const TrwsKernels* trws_table() { return &kTrws; }

}  // namespace HWY_NAMESPACE
}  // namespace ebm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm {

HWY_EXPORT(trws_table);
const TrwsKernels& trws_kernels() {
  static const TrwsKernels& kernels = *HWY_DYNAMIC_DISPATCH(trws_table)();
  return kernels;
}

}  // namespace ebm
#endif
