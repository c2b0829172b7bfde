#include "message_kernels.hpp"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/inference/message_kernels.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/highway.h"
#include "message_shapes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ebm {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Quadratic pairs that reach further are met by their lower envelope.
constexpr int kEnvelope = 24;

// What one variable sends with: where each message goes and what becomes of the one before.
template <class T>
class Sender {
 public:
  Sender(const MessageGraph<T>& g, MessagePass<T>& p) : g_(g), p_(p) {}
  const MessageGraph<T>& graph() const { return g_; }
  MessagePass<T>& pass() { return p_; }
  T change() const { return change_; }
  const T* read(const MessageEdge<T>& e, unsigned side) const {
    return p_.from + e.at + (side ^ p_.read) * e.slot;
  }
  T* written(const MessageEdge<T>& e, unsigned side) const {
    return p_.to + e.at + (side ^ p_.write) * e.slot;
  }
  const T* replaced(const MessageEdge<T>& e, unsigned side) const {
    return p_.old + e.at + (side ^ p_.replaced) * e.slot;
  }
  // Message of so many labels, value(j) its j-th vector.
  template <bool kForbidden, class D, class Value>
  HWY_INLINE void put(D d, std::uint32_t at, int labels, std::size_t n, const Value& value) {
    const MessageEdge<T>& e = g_.edges[at / 2];
    const std::size_t lanes = hn::Lanes(d);
    T* to = written(e, at & 1);
    if (!p_.old) {
      for (std::size_t j = 0; j < n; ++j) hn::StoreU(value(j), d, to + j * lanes);
      return;
    }
    const T* old = replaced(e, at & 1);
    const auto damping = hn::Set(d, p_.damping), infinite = hn::Set(d, kInfinite<T>);
    auto most = hn::Zero(d);
    for (std::size_t j = 0; j < n; ++j) {
      const auto x = value(j), before = hn::LoadU(d, old + j * lanes);
      auto change = hn::Sub(before, x);
      auto damped = hn::MulAdd(damping, change, x);
      if constexpr (kForbidden) {
        change = hn::IfThenZeroElse(hn::Eq(before, x), change);
        damped = hn::IfThenElse(hn::Or(hn::Eq(x, infinite), hn::Eq(before, infinite)), x, damped);
      }
      if ((j + 1) * lanes > static_cast<std::size_t>(labels))  // padding does not count
        change = hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(labels) -
                                                      std::min(j * lanes, static_cast<std::size_t>(labels))),
                                    change);
      most = hn::Max(most, hn::Abs(change));
      hn::StoreU(damped, d, to + j * lanes);
    }
    note(at, hn::GetLane(hn::MaxOfLanes(d, most)));
  }

 private:
  HWY_INLINE void note(std::uint32_t at, T change) {
    change_ = std::max(change_, change);
    if (p_.changes) p_.changes[at ^ 1] = change;
  }
  const MessageGraph<T>& g_;
  MessagePass<T>& p_;
  T change_ = 0;
};

// Calls body(tag) with vectors that fit messages of this stride.
template <class T, class Body>
HWY_INLINE void with_lanes(std::size_t stride, const Body& body) {
  if (stride == 4)
    body(hn::CappedTag<T, 4>());
  else if (stride == 8)
    body(hn::CappedTag<T, 8>());
  else
    body(hn::CappedTag<T, 16>());
}

// b = own energies and all that is told.
template <class D, class T, class V = hn::Vec<D>>
HWY_INLINE void gather(D d, Sender<T>& s, std::size_t v, V* b, std::size_t n) {
  const MessageGraph<T>& g = s.graph();
  const std::size_t lanes = hn::Lanes(d);
  const T* single = g.single + g.offset[v];
  for (std::size_t j = 0; j < n; ++j) b[j] = hn::LoadU(d, single + j * lanes);
  for (std::size_t i = g.first[v]; i < g.first[v + 1]; ++i) {
    const std::uint32_t at = g.incident[i];
    const T* m = s.read(g.edges[at / 2], at & 1);
    for (std::size_t j = 0; j < n; ++j) b[j] = hn::Add(b[j], hn::LoadU(d, m + j * lanes));
  }
}

// h = b less what this neighbour has told, lowest 0; a label that is forbidden by anybody stays so. Returns
// the lowest, +inf when there is none (h stays +inf).
template <bool kForbidden, class D, class T, class V = hn::Vec<D>>
HWY_INLINE T without(D d, const T* m, const V* b, V* h, std::size_t n) {
  const std::size_t lanes = hn::Lanes(d);
  const V infinite = hn::Set(d, kInfinite<T>);
  V low = infinite;
  for (std::size_t j = 0; j < n; ++j) {
    h[j] = hn::Sub(b[j], hn::LoadU(d, m + j * lanes));
    if constexpr (kForbidden) h[j] = hn::IfThenElse(hn::Eq(b[j], infinite), infinite, h[j]);
    low = hn::Min(low, h[j]);
  }
  low = hn::MinOfLanes(d, low);
  T lowest = 0;
  if constexpr (kForbidden) {
    lowest = hn::GetLane(low);
    if (lowest == kInfinite<T>) low = hn::Zero(d);
  }
  for (std::size_t j = 0; j < n; ++j) h[j] = hn::Sub(h[j], low);
  return lowest;
}

// Room of one variable in scratch memory: rows of the longest message.
template <class T>
T* row_of(Sender<T>& s, std::size_t k) {
  return s.pass().scratch + k * (s.graph().room / 6);
}

// kVectors a variable, known when compiled, or 0: as many as its stride has.
template <class D, std::size_t kVectors, bool kForbidden, class T = hn::TFromD<D>>
HWY_INLINE void send_lowest(D d, Sender<T>& s, std::size_t v) {
  using V = hn::Vec<D>;
  const MessageGraph<T>& g = s.graph();
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t n = kVectors ? kVectors : message_stride(g.labels[v]) / lanes;
  constexpr std::size_t kFixed = kVectors ? kVectors : 1;
  V b_fixed[kFixed], h_fixed[kFixed];
  V* b = kVectors ? b_fixed : reinterpret_cast<V*>(row_of(s, 0));
  V* h = kVectors ? h_fixed : reinterpret_cast<V*>(row_of(s, 1));
  gather(d, s, v, b, n);
  const int labels = g.labels[v];
  for (std::size_t i = g.first[v]; i < g.first[v + 1]; ++i) {
    const std::uint32_t at = g.incident[i];
    const MessageEdge<T>& e = g.edges[at / 2];
    const MessageTable<T>& table = g.tables[e.table];
    const T lowest = without<kForbidden>(d, s.read(e, at & 1), b, h, n);
    if (kForbidden && lowest == kInfinite<T>) s.pass().impossible = true;
    const MessageShape shape = e.scale >= 0 ? table.shape : MessageShape::table;
    const T weight = e.scale * table.weight;
    if (shape == MessageShape::potts) {
      const V most = hn::Set(d, weight);
      s.template put<kForbidden>(d, at, labels, n, [&](std::size_t j) { return hn::Min(h[j], most); });
    } else if (shape == MessageShape::linear ||
               (shape == MessageShape::quadratic && (kVectors || table.reach <= kEnvelope))) {
      if (shape == MessageShape::linear)
        for (int step = 1, reached = 0; reached < table.reach; reached += step, step *= 2)
          erode<kVectors>(d, h, n, static_cast<std::size_t>(step), weight * static_cast<T>(step));
      else
        for (int k = 1; k <= table.reach; ++k)
          erode<kVectors>(d, h, n, 1, weight * static_cast<T>(2 * k - 1));
      const V most = hn::Set(d, e.scale * table.limit);
      s.template put<kForbidden>(d, at, labels, n, [&](std::size_t j) { return hn::Min(h[j], most); });
    } else if (shape == MessageShape::quadratic && weight > 0) {
      T *from = row_of(s, 1), *to = row_of(s, 2);
      for (std::size_t j = 0; j < n; ++j) {
        hn::StoreU(h[j], d, from + j * lanes);
        hn::StoreU(hn::Zero(d), d, to + j * lanes);
      }
      envelope(from, labels, weight, to, row_of(s, 3), row_of(s, 4));
      const V most = hn::Set(d, e.scale * table.limit);
      s.template put<kForbidden>(d, at, labels, n,
                                 [&](std::size_t j) { return hn::Min(hn::LoadU(d, to + j * lanes), most); });
    } else if (shape == MessageShape::quadratic) {  // of weight 0
      s.template put<kForbidden>(d, at, labels, n, [&](std::size_t) { return hn::Zero(d); });
    } else if (shape == MessageShape::projection) {
      s.template put<kForbidden>(d, at, labels, n, [&](std::size_t j) { return h[j]; });
    } else {
      T *from = row_of(s, 1), *to = row_of(s, 2);
      for (std::size_t j = 0; j < n; ++j) hn::StoreU(h[j], d, from + j * lanes);
      const bool a = (at & 1) == 0;
      const std::size_t stride = message_stride(a ? table.columns : table.rows);
      with_lanes<T>(stride, [&](auto tag) {
        through_table(tag, from, labels, a ? table.forward : table.backward, e.scale, stride, to);
        s.template put<kForbidden>(tag, at, a ? table.columns : table.rows, stride / hn::Lanes(tag),
                                   [&](std::size_t j) { return hn::LoadU(tag, to + j * hn::Lanes(tag)); });
      });
    }
  }
}

// Soft minima at beta.
template <class D>
void send_soft(D d, Sender<double>& s, std::size_t v) {
  using T = double;
  using V = hn::Vec<D>;
  const MessageGraph<T>& g = s.graph();
  const std::size_t lanes = hn::Lanes(d), n = message_stride(g.labels[v]) / lanes;
  const T beta = s.pass().beta;
  const V minus_beta = hn::Set(d, -beta), scale = hn::Set(d, 1 / beta);
  V *b = reinterpret_cast<V*>(row_of(s, 0)), *h = reinterpret_cast<V*>(row_of(s, 1));
  gather(d, s, v, b, n);
  const int labels = g.labels[v];
  for (std::size_t i = g.first[v]; i < g.first[v + 1]; ++i) {
    const std::uint32_t at = g.incident[i];
    const MessageEdge<T>& e = g.edges[at / 2];
    const MessageTable<T>& table = g.tables[e.table];
    const T lowest = without<true>(d, s.read(e, at & 1), b, h, n);
    if (lowest == kInfinite<T>) s.pass().impossible = true;
    const bool none = lowest == kInfinite<T>;
    const MessageShape shape = e.scale >= 0 ? table.shape : MessageShape::table;
    if (shape == MessageShape::projection || (shape == MessageShape::potts && none)) {
      s.put<true>(d, at, labels, n, [&](std::size_t j) { return h[j]; });
    } else if (shape == MessageShape::potts) {
      // exp(-beta w) sum of all + (1 - exp(-beta w)) of the label itself.
      V sum = hn::Zero(d);
      for (std::size_t j = 0; j < n; ++j) sum = hn::Add(sum, exp_below(d, hn::Mul(minus_beta, h[j])));
      const T weight = e.scale * table.weight;
      const V other = hn::Set(d, weight - std::log(hn::GetLane(hn::SumOfLanes(d, sum))) / beta),
              more = hn::Set(d, -std::log(-std::expm1(-beta * weight)) / beta);
      s.put<true>(d, at, labels, n, [&](std::size_t j) {
        const V same = hn::Add(h[j], more);
        const V apart = hn::Abs(hn::Sub(same, other));
        return hn::Sub(hn::Min(same, other),
                       hn::Mul(scale, hn::Log1p(d, exp_below(d, hn::Mul(minus_beta, apart)))));
      });
    } else {
      T *from = row_of(s, 2), *to = row_of(s, 3);
      const bool a = (at & 1) == 0;
      const T* weights = e.scale == 1 && !none ? (a ? table.forward_weight : table.backward_weight) : nullptr;
      for (std::size_t j = 0; j < n; ++j)
        hn::StoreU(weights ? exp_below(d, hn::Mul(minus_beta, h[j])) : h[j], d, from + j * lanes);
      const std::size_t stride = message_stride(a ? table.columns : table.rows);
      with_lanes<T>(stride, [&](auto tag) {
        if (weights)
          summed_through_table(tag, from, labels, weights, stride, beta, to);
        else
          soft_through_table(tag, from, labels, a ? table.forward : table.backward, e.scale, stride, beta,
                             to);
        s.put<true>(tag, at, a ? table.columns : table.rows, stride / hn::Lanes(tag),
                    [&](std::size_t j) { return hn::LoadU(tag, to + j * hn::Lanes(tag)); });
      });
    }
  }
}

// An auxiliary variable tells each variable of its factor the (soft) minimum over the joint labels that have
// the label, less what that variable told. visit(label of b, first joint label, so many) of every run.
template <class T, class Visit>
void each_run(const MessageTable<T>& t, const Visit& visit) {
  const auto columns = static_cast<std::size_t>(t.columns);
  const std::size_t joint = static_cast<std::size_t>(t.rows);
  for (std::size_t first = 0; first < joint; first += columns * t.step)
    for (std::size_t c = 0; c < columns; ++c) visit(c, first + c * t.step, t.step);
}

template <class T>
void send_joint(Sender<T>& s, std::size_t v) {
  const MessageGraph<T>& g = s.graph();
  const T beta = s.pass().beta;
  const std::size_t joint = static_cast<std::size_t>(g.labels[v]), padded = message_stride(g.labels[v]);
  T *b = row_of(s, 0), *x = row_of(s, 1), *low = row_of(s, 2), *out = row_of(s, 3);
  std::copy_n(g.single + g.offset[v], padded, b);
  for (std::size_t i = g.first[v]; i < g.first[v + 1]; ++i) {
    const MessageEdge<T>& e = g.edges[g.incident[i] / 2];
    const T* m = s.read(e, 0);
    each_run(g.tables[e.table], [&](std::size_t c, std::size_t first, std::size_t count) {
      for (std::size_t k = first; k < first + count; ++k) b[k] += m[c];
    });
  }
  T lowest = kInfinite<T>;
  for (std::size_t k = 0; k < joint; ++k) lowest = std::min(lowest, b[k]);
  const bool none = lowest == kInfinite<T>, soft = beta < kInfinite<T>;
  if (none) s.pass().impossible = true;
  if constexpr (std::is_same_v<T, double>) {
    const hn::CappedTag<T, 4> d;
    if (soft && !none)
      for (std::size_t k = 0; k < padded; k += hn::Lanes(d))
        hn::StoreU(exp_below(d, hn::Mul(hn::Set(d, -beta), hn::Sub(hn::LoadU(d, b + k), hn::Set(d, lowest)))),
                   d, x + k);
  }
  for (std::size_t i = g.first[v]; i < g.first[v + 1]; ++i) {
    const std::uint32_t at = g.incident[i];
    const MessageEdge<T>& e = g.edges[at / 2];
    const MessageTable<T>& t = g.tables[e.table];
    const auto columns = static_cast<std::size_t>(t.columns);
    const T* m = s.read(e, 0);
    std::fill_n(low, columns, kInfinite<T>);
    each_run(t, [&](std::size_t c, std::size_t first, std::size_t count) {
      for (std::size_t k = first; k < first + count; ++k) low[c] = std::min(low[c], b[k]);
    });
    if (soft && !none) {
      constexpr T kSafe = 600;  // exponentials of what is nearer to the lowest are all there
      std::fill_n(out, columns, T(0));
      each_run(t, [&](std::size_t c, std::size_t first, std::size_t count) {
        if (low[c] == kInfinite<T>) return;
        if (beta * (low[c] - lowest) < kSafe)
          for (std::size_t k = first; k < first + count; ++k) out[c] += x[k];
        else
          for (std::size_t k = first; k < first + count; ++k) out[c] += std::exp(-beta * (b[k] - low[c]));
      });
      for (std::size_t c = 0; c < columns; ++c) {
        if (low[c] == kInfinite<T>) continue;
        const T from = beta * (low[c] - lowest) < kSafe ? lowest : low[c];
        low[c] = from - std::log(out[c]) / beta;
      }
    }
    T least = kInfinite<T>;
    for (std::size_t c = 0; c < columns; ++c) {
      if (low[c] < kInfinite<T>) low[c] -= m[c];
      least = std::min(least, low[c]);
    }
    const std::size_t stride = message_stride(t.columns);
    for (std::size_t c = 0; c < stride; ++c)
      out[c] = c < columns && least < kInfinite<T> ? low[c] - least : T(0);
    with_lanes<T>(stride, [&](auto tag) {
      s.template put<true>(tag, at, t.columns, stride / hn::Lanes(tag),
                           [&](std::size_t j) { return hn::LoadU(tag, out + j * hn::Lanes(tag)); });
    });
  }
}

template <class T>
bool is_joint(const MessageGraph<T>& g, std::size_t v) {
  if (g.first[v] == g.first[v + 1]) return false;
  const std::uint32_t at = g.incident[g.first[v]];
  return (at & 1) == 0 && g.tables[g.edges[at / 2].table].shape == MessageShape::projection;
}

template <bool kForbidden, class T>
HWY_INLINE void send_lowest_of(Sender<T>& s, std::size_t v) {
  const std::size_t stride = message_stride(s.graph().labels[v]);
  if (stride == 4) {
    const hn::CappedTag<T, 4> d;
    send_lowest<decltype(d), 4 / hn::MaxLanes(d), kForbidden>(d, s, v);
  } else if (stride == 8) {
    const hn::CappedTag<T, 8> d;
    send_lowest<decltype(d), 8 / hn::MaxLanes(d), kForbidden>(d, s, v);
  } else if (stride == 16) {
    const hn::CappedTag<T, 16> d;
    send_lowest<decltype(d), 16 / hn::MaxLanes(d), kForbidden>(d, s, v);
  } else {
    send_lowest<hn::CappedTag<T, 16>, 0, kForbidden>(hn::CappedTag<T, 16>(), s, v);
  }
}

template <class T, class One>
HWY_INLINE T each_sender(Sender<T>& s, std::size_t first, std::size_t last, bool reversed, const One& one) {
  const std::uint32_t* order = s.pass().order;
  for (std::size_t i = first; i < last; ++i) {
    const std::size_t k = reversed ? first + last - 1 - i : i, v = order ? order[k] : k;
    if (is_joint(s.graph(), v))
      send_joint(s, v);
    else
      one(v);
  }
  return s.change();
}

float send_floats(const MessageGraph<float>& g, MessagePass<float>& p, std::size_t first, std::size_t last,
                  bool reversed) {
  Sender<float> s(g, p);
  if (g.forbidden)
    return each_sender(s, first, last, reversed, [&](std::size_t v) { send_lowest_of<true>(s, v); });
  return each_sender(s, first, last, reversed, [&](std::size_t v) { send_lowest_of<false>(s, v); });
}

double send_doubles(const MessageGraph<double>& g, MessagePass<double>& p, std::size_t first,
                    std::size_t last, bool reversed) {
  Sender<double> s(g, p);
  if (p.beta == kInfinite<double>)
    return each_sender(s, first, last, reversed, [&](std::size_t v) { send_lowest_of<true>(s, v); });
  return each_sender(s, first, last, reversed, [&](std::size_t v) {
    with_lanes<double>(message_stride(g.labels[v]), [&](auto tag) { send_soft(tag, s, v); });
  });
}

}  // namespace

const MessageKernels kKernels{send_floats, send_doubles};
const MessageKernels* message_kernel_table() { return &kKernels; }

}  // namespace HWY_NAMESPACE
}  // namespace ebm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm {

HWY_EXPORT(message_kernel_table);
const MessageKernels& message_kernels() {
  static const MessageKernels& kernels = *HWY_DYNAMIC_DISPATCH(message_kernel_table)();
  return kernels;
}

}  // namespace ebm
#endif
