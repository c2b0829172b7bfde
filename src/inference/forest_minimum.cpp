#include "forest_minimum.hpp"

#include <algorithm>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::uint32_t root_of(std::span<std::uint32_t> above, std::uint32_t v) {
  while (above[v] != v) v = above[v] = above[above[v]];
  return v;
}

}  // namespace

Forests forests_of(const PairGraph& g, Workspace& ws) {
  const std::size_t m = g.edges.size(), n = g.labels.size();
  Forests out;
  out.edge = ws.take<std::uint32_t>(m);
  const auto first = ws.take<std::uint32_t>(m + 2), above = ws.take<std::uint32_t>(n);
  const auto left = ws.take<std::uint32_t>(m);
  for (std::size_t e = 0; e < m; ++e) left[e] = static_cast<std::uint32_t>(e);
  std::size_t forests = 0, taken = 0, remain = m;
  first[0] = 0;
  do {
    for (std::size_t v = 0; v < n; ++v) above[v] = static_cast<std::uint32_t>(v);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < remain; ++i) {
      const auto& e = g.edges[left[i]];
      const std::uint32_t a = root_of(above, static_cast<std::uint32_t>(e.a)),
                          b = root_of(above, static_cast<std::uint32_t>(e.b));
      if (a == b) {
        left[kept++] = left[i];
      } else {
        above[std::max(a, b)] = std::min(a, b);
        out.edge[taken++] = left[i];
      }
    }
    remain = kept;
    first[++forests] = static_cast<std::uint32_t>(taken);
  } while (remain > 0);
  out.first = first.first(forests + 1);
  return out;
}

ForestMinimum::ForestMinimum(const PairGraph& g, const PairKinds& kinds, std::span<const std::uint32_t> edges,
                             bool alone, Workspace& ws)
    : g_(&g), kinds_(&kinds) {
  const std::size_t n = g.labels.size();
  const auto first = ws.take<std::uint32_t>(n + 2, 0u), near = ws.take<std::uint32_t>(2 * edges.size());
  for (const std::uint32_t e : edges) {
    ++first[static_cast<std::size_t>(g.edges[e].a) + 2];
    ++first[static_cast<std::size_t>(g.edges[e].b) + 2];
  }
  for (std::size_t v = 2; v < n + 2; ++v) first[v] += first[v - 1];
  for (const std::uint32_t e : edges) {
    near[first[static_cast<std::size_t>(g.edges[e].a) + 1]++] = e;
    near[first[static_cast<std::size_t>(g.edges[e].b) + 1]++] = e;
  }
  order_ = ws.take<int>(n);
  parent_ = ws.take<int>(n);
  parent_edge_ = ws.take<std::uint32_t>(n, 0u);
  place_of_ = ws.take<int>(n, -1);
  std::size_t placed = 0;
  const auto place = [&](int v, int parent, std::uint32_t edge) {
    order_[placed] = v;
    parent_[placed] = parent;
    parent_edge_[placed] = edge;
    place_of_[static_cast<std::size_t>(v)] = static_cast<int>(placed++);
  };
  std::size_t next = 0;
  for (std::size_t root = 0; root < n; ++root) {
    if (place_of_[root] >= 0 || (!alone && first[root] == first[root + 1])) continue;
    place(static_cast<int>(root), -1, 0);
    for (; next < placed; ++next) {
      const int v = order_[next];
      for (const std::uint32_t e :
           near.subspan(first[static_cast<std::size_t>(v)],
                        first[static_cast<std::size_t>(v) + 1] - first[static_cast<std::size_t>(v)])) {
        const int other = g.edges[e].a == v ? g.edges[e].b : g.edges[e].a;
        if (place_of_[static_cast<std::size_t>(other)] < 0) place(other, static_cast<int>(next), e);
      }
    }
  }
  order_ = order_.first(placed);
  at_ = ws.take<std::size_t>(placed + 1);
  at_[0] = 0;
  for (std::size_t p = 0; p < placed; ++p)
    at_[p + 1] =
        at_[p] + static_cast<std::size_t>(trws_padded(g.labels[static_cast<std::size_t>(order_[p])]));
  sum_ = ws.take<double>(at_[placed]);
  std::size_t widest = kinds.widest;
  for (const int k : g.labels) widest = std::max(widest, static_cast<std::size_t>(trws_padded(k)));
  room_ = ws.take<double>(kTrwsRoom * widest + 16);
}

double ForestMinimum::find(std::span<const double> single, std::span<int> labels) {
  const PairGraph& g = *g_;
  const TrwsKernels& kernels = trws_kernels();
  for (std::size_t p = 0; p < order_.size(); ++p) {
    const auto v = static_cast<std::size_t>(order_[p]), k = static_cast<std::size_t>(g.labels[v]);
    double* to = sum_.data() + at_[p];
    std::copy_n(single.data() + g.offset[v], k, to);
    std::fill(to + k, sum_.data() + at_[p + 1], kInf);
  }
  double energy = 0;
  for (std::size_t p = order_.size(); p-- > 0;) {
    const auto v = static_cast<std::size_t>(order_[p]), k = static_cast<std::size_t>(g.labels[v]);
    double* own = sum_.data() + at_[p];
    if (parent_[p] < 0) {
      energy += *std::min_element(own, own + k);
      continue;
    }
    const auto to = static_cast<std::size_t>(parent_[p]);
    const std::uint32_t e = parent_edge_[p];
    double* message = room_.data();
    const auto& kind = kinds_->kind[kinds_->of(g, e)];
    energy += kernels.send(kind, g.edges[e].a == order_[p], g.scale_of(e), own, g.labels[v], message,
                           message + at_[to + 1] - at_[to]);
    if (kind.way == TrwsKind::Way::convex) energy += g.scale_of(e) * g.tables[g.table[e]].base;
    for (std::size_t x = 0; x < at_[to + 1] - at_[to]; ++x) sum_[at_[to] + x] += message[x];
  }
  if (!(energy < kInf)) return energy;
  for (std::size_t p = 0; p < order_.size(); ++p) {
    const auto v = static_cast<std::size_t>(order_[p]);
    const std::uint32_t e = parent_edge_[p];
    const int given =
        parent_[p] < 0 ? 0 : labels[static_cast<std::size_t>(order_[static_cast<std::size_t>(parent_[p])])];
    int best = 0;
    double low = kInf;
    for (int x = 0; x < g.labels[v]; ++x) {
      double t = sum_[at_[p] + static_cast<std::size_t>(x)];
      if (parent_[p] >= 0) t += g.edges[e].a == order_[p] ? g.at(e, x, given) : g.at(e, given, x);
      if (t < low) low = t, best = x;
    }
    labels[v] = best;
  }
  return energy;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
