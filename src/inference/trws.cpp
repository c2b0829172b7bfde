#include "trws.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using Shape = PairGraph::Shape;

// Beyond it float has too little room for sums.
constexpr double kMostSingle = 1e30;

// Distances below which the limit does not cut.
int reach(const PairGraph::Table& t) {
  int d = 1;
  while (d < t.rows && t.weight * (t.shape == Shape::quadratic ? double(d) * d : d) < t.limit) ++d;
  return d - 1;
}

void set_convex(TrwsKind& k, const PairGraph::Table& t) {
  k.way = TrwsKind::Way::convex;
  k.weight = t.weight;
  k.limit = t.shape == Shape::potts ? t.weight : t.limit;
  k.quadratic = t.shape == Shape::quadratic;
  k.steps = 0;
  if (t.shape == Shape::potts) return;
  const int most = reach(t);
  if (k.quadratic)
    k.steps = most;
  else
    while ((1 << k.steps) - 1 < most) ++k.steps;
}

// Rows padded by their first entry, which no minimum notices.
void pad(const PairGraph::Table& t, bool rows, float* out) {
  const int n = rows ? t.rows : t.columns, m = rows ? t.columns : t.rows, padded = trws_padded(m);
  for (int y = 0; y < n; ++y)
    for (int x = 0; x < padded; ++x) {
      const int from = x < m ? x : 0;
      *out++ = static_cast<float>(rows ? t.at(y, from) : t.at(from, y));
    }
}

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
  make_kinds();
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
  const auto level = ws_.take<std::uint32_t>(n), size = ws_.take<std::uint32_t>(n + 1, 0u);
  std::uint32_t at = 0;
  for (std::size_t v = 0; v < n; ++v) {
    std::uint32_t l = 0;
    for (; at < first[v]; ++at) l = std::max(l, level[earlier[at]] + 1);
    level[v] = l;
    ++size[l];
  }
  sum = 0;
  for (auto& s : size) sum += std::exchange(s, sum);
  for (std::size_t v = 0; v < n; ++v) {
    const std::uint32_t p = size[level[v]]++;
    order_[p] = static_cast<int>(v);
    place_of_[v] = static_cast<int>(p);
  }
}

void Trws::make_kinds() {
  const PairGraph& g = *g_;
  const std::size_t tables = g.tables.size();
  // A shape under a scale below 0 is a table, behind the others.
  const auto used = ws_.take<char>(2 * tables, 0);
  for (std::size_t e = 0; e < g.edges.size(); ++e) {
    const bool table = g.scale_of(e) < 0 && g.tables[g.table[e]].shape != Shape::table;
    used[g.table[e] + (table ? tables : 0)] = 1;
  }
  const bool behind =
      std::find(used.begin() + static_cast<std::ptrdiff_t>(tables), used.end(), 1) != used.end();
  kind_ = ws_.take<TrwsKind>(behind ? 2 * tables : tables, TrwsKind{});
  tables_forbid_ = false;
  convex_alone_ = true;
  widest_ = 8;
  for (std::size_t i = 0; i < kind_.size(); ++i) {
    const PairGraph::Table& t = g.tables[i % tables];
    TrwsKind& k = kind_[i];
    k.rows = t.rows;
    k.columns = t.columns;
    k.step = t.step;
    k.entries = t.entries;
    widest_ =
        std::max<std::size_t>(widest_, static_cast<std::size_t>(trws_padded(std::max(t.rows, t.columns))));
    if (!used[i]) continue;
    if (t.shape == Shape::projection) {
      k.way = TrwsKind::Way::projection;
      convex_alone_ = false;
    } else if (t.shape != Shape::table && i < tables) {
      set_convex(k, t);
    } else {
      k.way = TrwsKind::Way::table;
      convex_alone_ = false;
      const auto rows = static_cast<std::size_t>(t.rows), columns = static_cast<std::size_t>(t.columns);
      for (std::size_t j = 0; j < rows * columns; ++j) {
        nan_ |= std::isnan(t.entries[j]);
        tables_forbid_ |= t.entries[j] == kInf;
        if (t.entries[j] > kMostSingle && t.entries[j] < kInf) precision_ = Precision::full;
      }
      if (precision_ == Precision::full) continue;
      const auto by_row = ws_.take<float>(rows * static_cast<std::size_t>(trws_padded(t.columns)));
      const auto by_column = ws_.take<float>(columns * static_cast<std::size_t>(trws_padded(t.rows)));
      pad(t, true, by_row.data());
      pad(t, false, by_column.data());
      k.by_row = by_row.data();
      k.by_column = by_column.data();
    }
    if (std::isnan(k.weight) || k.weight > kMostSingle || (k.limit > kMostSingle && k.limit < kInf))
      precision_ = Precision::full;
  }
  view_.kind = kind_.data();
}

void Trws::make_links() {
  const PairGraph& g = *g_;
  const std::size_t n = g.labels.size(), m = g.edges.size(), tables = g.tables.size();
  place_ = ws_.take<TrwsPlace>(n + 1, TrwsPlace{});
  link_ = ws_.take<TrwsLink>(m);
  edge_of_ = ws_.take<std::uint32_t>(m);
  back_ = ws_.take<std::uint32_t>(m);
  scale_ = ws_.take<double>(g.scale.empty() ? 0 : m);
  const auto place_of = [&](int v) {
    return static_cast<std::uint32_t>(place_of_[static_cast<std::size_t>(v)]);
  };
  for (const auto& e : g.edges) {
    const std::uint32_t a = place_of(e.a), b = place_of(e.b);
    ++place_[std::min(a, b)].forward;
    ++place_[std::max(a, b)].back;
  }
  std::uint32_t ahead = 0, behind = 0, single = 0;
  for (std::size_t p = 0; p < n; ++p) {
    TrwsPlace& at = place_[p];
    const auto v = static_cast<std::size_t>(order_[p]);
    at.exact = g.offset[v];
    at.labels = g.labels[v];
    at.padded = trws_padded(at.labels);
    at.single = single;
    at.share = 1 / static_cast<float>(std::max({1u, at.forward, at.back}));
    single += static_cast<std::uint32_t>(at.padded) / 2;
    ahead += std::exchange(at.forward, ahead);
    behind += std::exchange(at.back, behind);
    widest_ = std::max(widest_, static_cast<std::size_t>(at.padded));
  }
  place_[n].forward = ahead;
  place_[n].back = behind;
  base_ = g.constant;
  for (std::size_t e = 0; e < m; ++e) {
    const std::uint32_t a = place_of(g.edges[e].a), b = place_of(g.edges[e].b);
    const std::uint32_t earlier = std::min(a, b), i = place_[earlier].forward++;
    const double scale = g.scale_of(e);
    const std::size_t kind =
        g.table[e] + (scale < 0 && g.tables[g.table[e]].shape != Shape::table ? tables : 0);
    link_[i] = {0, static_cast<std::uint32_t>(2 * kind + (b < a)), earlier, std::max(a, b),
                static_cast<float>(scale)};
    edge_of_[i] = static_cast<std::uint32_t>(e);
    if (!scale_.empty()) scale_[i] = scale;
    back_[place_[std::max(a, b)].back++] = i;
    if (kind_[kind].way == TrwsKind::Way::convex) base_ += scale * g.tables[g.table[e]].base;
  }
  for (std::size_t p = n; p > 0; --p) {  // ends have become beginnings of the next
    place_[p].forward = place_[p - 1].forward;
    place_[p].back = place_[p - 1].back;
  }
  if (n > 0) place_[0].forward = place_[0].back = 0;
  std::size_t values = 0;
  for (std::size_t i = 0; i < m; ++i) {
    const TrwsKind& k = kind_[link_[i].kind >> 1];
    link_[i].message = static_cast<std::uint32_t>(values / 2);
    values += static_cast<std::size_t>(trws_padded(std::max(k.rows, k.columns)));
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
  view_.room = ws_.take<double>(kTrwsRoom * widest_).data();
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
  float* to = single_.data();
  for (std::size_t p = 0; p < order_.size(); ++p) {
    const TrwsPlace& at = place_[p];
    const double* from = g.single.data() + at.exact;
    double low = kInf, high = 0;
    bool forbids = false, strange = false;
    for (int x = 0; x < at.labels; ++x) {
      const double e = from[x], size = std::abs(e);
      low = e < low ? e : low;
      forbids |= e == kInf;
      strange |= std::isnan(e);
      high = size < kInf && size > high ? size : high;
    }
    nan_ |= strange;
    infinite |= forbids;
    large |= high > kMostSingle;
    if (low == kInf) bound_ = kInf;
    if (to) {
      for (int x = 0; x < at.labels; ++x) *to++ = static_cast<float>(from[x]);
      for (int x = at.labels; x < at.padded; ++x) *to++ = static_cast<float>(kInf);
    }
  }
  view_.single = single_.data();
  view_.forbidden = tables_forbid_ || (infinite && !convex_alone_);
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
