#include "trws.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Variables that are put in levels together: so few that what is said of them stays in a cache.
constexpr std::size_t kWindow = 2048;

}  // namespace

void Trws::start(const PairGraph& g, Precision precision) {
  g_ = &g;
  precision_ = precision;
  ws_.reset();
  view_ = {};
  bound_ = -kInf;
  slack_ = 0;
  nan_ = false;
  if (std::isnan(g.constant)) nan_ = true;
  make_order();
  kinds_ = pair_kinds(g, precision == Precision::single, ws_);
  nan_ |= kinds_.nan;
  if (kinds_.large) precision_ = Precision::full;
  view_.kind = kinds_.kind.data();
  make_links();
  read_singles();
  view_.message = precision_ == Precision::single ? static_cast<void*>(message_room<float>().data())
                                                  : message_room<double>().data();
}

template <class T>
std::span<T> Trws::message_room() {
  return ws_.take<T>(message_values_, T(0));
}

// Levels, then places level by level.
void Trws::make_order() {
  const PairGraph& g = *g_;
  const std::size_t n = g.labels.size(), m = g.edges.size();
  order_ = ws_.take<int>(n);
  place_of_ = ws_.take<int>(n);
  const auto first = ws_.take<std::uint32_t>(n + 1, 0u), earlier = ws_.take<std::uint32_t>(m);
  for (const auto& e : g.edges) ++first[static_cast<std::size_t>(std::max(e.a, e.b))];
  std::uint32_t sum = 0;
  for (auto& f : first) sum += std::exchange(f, sum);
  for (const auto& e : g.edges)
    earlier[first[static_cast<std::size_t>(std::max(e.a, e.b))]++] =
        static_cast<std::uint32_t>(std::min(e.a, e.b));
  const auto level = ws_.take<std::uint32_t>(n);
  std::array<std::uint32_t, kWindow + 1> size;
  std::uint32_t at = 0;
  for (std::size_t begin = 0; begin < n; begin += kWindow) {
    const std::size_t end = std::min(n, begin + kWindow);
    std::fill_n(size.begin(), end - begin + 1, 0u);
    for (std::size_t v = begin; v < end; ++v) {
      std::uint32_t l = 0;
      for (; at < first[v]; ++at)
        if (earlier[at] >= begin) l = std::max(l, level[earlier[at]] + 1);
      level[v] = l;
      ++size[l];
    }
    sum = static_cast<std::uint32_t>(begin);
    for (auto& s : std::span(size).first(end - begin)) sum += std::exchange(s, sum);
    for (std::size_t v = begin; v < end; ++v) {
      const std::uint32_t p = size[level[v]]++;
      order_[p] = static_cast<int>(v);
      place_of_[v] = static_cast<int>(p);
    }
  }
}

void Trws::make_links() {
  const PairGraph& g = *g_;
  const std::size_t n = g.labels.size(), m = g.edges.size();
  place_ = ws_.take<TrwsPlace>(n + 1);
  link_ = ws_.take<TrwsLink>(m);
  back_ = ws_.take<std::uint32_t>(m);
  scale_ = ws_.take<double>(g.scale.empty() ? 0 : m);
  const auto ahead = ws_.take<std::uint32_t>(n, 0u), behind = ws_.take<std::uint32_t>(n, 0u);
  const auto place_of = [&](int v) {
    return static_cast<std::uint32_t>(place_of_[static_cast<std::size_t>(v)]);
  };
  for (const auto& e : g.edges) {
    const std::uint32_t a = place_of(e.a), b = place_of(e.b);
    ++ahead[std::min(a, b)];
    ++behind[std::max(a, b)];
  }
  TrwsPlace next{};
  std::size_t widest = kinds_.widest;
  for (std::size_t p = 0; p < n; ++p) {
    const auto v = static_cast<std::size_t>(order_[p]);
    next.exact = g.offset[v];
    next.labels = g.labels[v];
    next.padded = trws_padded(next.labels);
    next.share = 1 / static_cast<float>(std::max({1u, ahead[p], behind[p]}));
    place_[p] = next;
    next.single += static_cast<std::uint32_t>(next.padded) / 2;
    next.forward += std::exchange(ahead[p], next.forward);
    next.back += std::exchange(behind[p], next.back);
    widest = std::max(widest, static_cast<std::size_t>(next.padded));
  }
  place_[n] = next;
  base_ = g.constant;
  for (std::size_t e = 0; e < m; ++e) {
    const std::uint32_t a = place_of(g.edges[e].a), b = place_of(g.edges[e].b);
    const std::uint32_t earlier = std::min(a, b), later = std::max(a, b), i = ahead[earlier]++;
    const double scale = g.scale_of(e);
    const std::size_t kind = kinds_.of(g, e);
    link_[i] = {0, static_cast<std::uint32_t>(2 * kind + (b < a)), earlier, later, static_cast<float>(scale)};
    if (!scale_.empty()) scale_[i] = scale;
    back_[behind[later]++] = i;
    if (kinds_.kind[kind].way == TrwsKind::Way::convex) base_ += scale * g.tables[g.table[e]].base;
  }
  std::size_t values = 0;
  for (TrwsLink& l : link_) {
    l.message = static_cast<std::uint32_t>(values / 2);
    values += static_cast<std::size_t>(std::max(place_[l.earlier].padded, place_[l.later].padded));
  }
  if (values / 2 > 0xffffffffu)
    throw GraphError(message("[trws] ", values, " values of messages are more than there are numbers for"));
  message_values_ = values;
  constant_ = ws_.take<double>(n, 0.0);
  label_ = ws_.take<int>(n, 0);
  view_.place = place_.data();
  view_.link = link_.data();
  view_.back = back_.data();
  view_.scale = scale_.empty() ? nullptr : scale_.data();
  view_.constant = constant_.data();
  view_.label = label_.data();
  view_.room = ws_.take<double>(kTrwsRoom * widest).data();
  single_ = {};
  taken_ = {};
}

void Trws::read_singles() {
  const PairGraph& g = *g_;
  bound_ = -kInf;
  view_.exact = g.single.data();
  bool infinite = false, large = false;
  if (precision_ == Precision::single && single_.empty() && !place_.empty()) {
    std::size_t values = 0;
    for (const int k : g.labels) values += static_cast<std::size_t>(trws_padded(k));
    single_ = ws_.take<float>(values);
  }
  const bool plain = !single_.empty() && trws_kernels().read(place_.data(), order_.size(), g.single.data(),
                                                             kMostFloat, single_.data());
  for (std::size_t v = 0; !plain && v < g.labels.size(); ++v) {
    double low = kInf;
    for (const double e : g.single.subspan(g.offset[v], static_cast<std::size_t>(g.labels[v]))) {
      low = e < low ? e : low;
      infinite |= e == kInf;
      nan_ |= std::isnan(e);
      large |= std::abs(e) > kMostFloat && e < kInf;
    }
    if (low == kInf) bound_ = kInf;
  }
  view_.single = single_.data();
  view_.forbidden = kinds_.forbid || (infinite && !kinds_.convex_alone);
  if (large && precision_ == Precision::single) view_.message ? refine() : void(precision_ = Precision::full);
}

void Trws::refine() {
  if (precision_ == Precision::full) return;
  precision_ = Precision::full;
  const auto wide = message_room<double>();
  if (view_.message) std::copy_n(static_cast<const float*>(view_.message), message_values_, wide.begin());
  view_.message = wide.data();
}

void Trws::run(bool forward, bool labels, bool certify, double* marginal) {
  const TrwsKernels& kernels = trws_kernels();
  view_.marginal = marginal;
  view_.above = 0;
  if (marginal) {
    view_.above = base_;
    if (taken_.empty()) taken_ = ws_.take<double>(link_.size());
    view_.taken = taken_.data();
    for (const double c : constant_) view_.above += c;
  }
  const auto pass = precision_ == Precision::full ? kernels.full
                    : certify                     ? kernels.certified
                                                  : kernels.single;
  pass(view_, {0, order_.size(), forward, labels});
  double sum = 0, size = std::abs(base_);
  for (const double c : constant_) {
    sum += c;
    size += std::abs(c);
  }
  if (sum == kInf) {
    bound_ = kInf;
  } else if (certify) {
    slack_ = 1e-14 * size;
    bound_ = base_ + sum - slack_;
  }
}

void Trws::iterate(bool labels, bool certify) {
  if (nan_ || forbidden()) return;
  run(true, false, false, nullptr);
  if (!forbidden()) run(false, labels, certify, nullptr);
}

double Trws::estimate() const {
  double sum = base_;
  for (const double c : constant_) sum += c;
  return sum;
}

void Trws::labels(std::span<int> out) const {
  for (std::size_t p = 0; p < order_.size(); ++p) out[static_cast<std::size_t>(order_[p])] = label_[p];
}

std::span<std::byte> Trws::messages() {
  const std::size_t size = precision_ == Precision::full ? sizeof(double) : sizeof(float);
  return {static_cast<std::byte*>(view_.message), message_values_ * size};
}

void Trws::min_marginals(std::span<double> out) {
  if (nan_) return;
  if (!forbidden()) run(true, false, true, out.data());
  const double slack = slack_;
  if (!forbidden()) run(false, false, true, nullptr);  // messages are towards earlier ends between iterations
  for (double& e : out) e = forbidden() ? kInf : e - slack;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
