#include "pair_kinds.hpp"

#include <algorithm>
#include <cmath>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using Shape = PairGraph::Shape;

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

bool has_nan(const PairGraph& g) {
  return std::isnan(g.constant) || std::ranges::any_of(g.single, [](double e) { return std::isnan(e); });
}

PairKinds pair_kinds(const PairGraph& g, bool floats, Workspace& ws) {
  PairKinds out;
  const std::size_t tables = g.tables.size();
  // A shape under a scale below 0 is a table, behind the others.
  const auto used = ws.take<char>(2 * tables, 0);
  for (std::size_t e = 0; e < g.edges.size(); ++e) {
    used[out.of(g, e)] = 1;
  }
  const bool behind =
      std::find(used.begin() + static_cast<std::ptrdiff_t>(tables), used.end(), 1) != used.end();
  out.kind = ws.take<TrwsKind>(behind ? 2 * tables : tables, TrwsKind{});
  for (std::size_t i = 0; i < out.kind.size(); ++i) {
    const PairGraph::Table& t = g.tables[i % tables];
    TrwsKind& k = out.kind[i];
    k.rows = t.rows;
    k.columns = t.columns;
    k.step = t.step;
    k.entries = t.entries;
    out.widest =
        std::max<std::size_t>(out.widest, static_cast<std::size_t>(trws_padded(std::max(t.rows, t.columns))));
    if (!used[i]) continue;
    if (t.shape == Shape::projection) {
      k.way = TrwsKind::Way::projection;
      out.convex_alone = false;
    } else if (t.shape != Shape::table && i < tables) {
      set_convex(k, t);
    } else {
      k.way = TrwsKind::Way::table;
      out.convex_alone = false;
      const auto rows = static_cast<std::size_t>(t.rows), columns = static_cast<std::size_t>(t.columns);
      for (std::size_t j = 0; j < rows * columns; ++j) {
        out.nan |= std::isnan(t.entries[j]);
        out.forbid |= t.entries[j] == kInf;
        if (t.entries[j] > kMostFloat && t.entries[j] < kInf) out.large = true;
      }
      if (!floats) continue;
      const auto by_row = ws.take<float>(rows * static_cast<std::size_t>(trws_padded(t.columns)));
      const auto by_column = ws.take<float>(columns * static_cast<std::size_t>(trws_padded(t.rows)));
      pad(t, true, by_row.data());
      pad(t, false, by_column.data());
      k.by_row = by_row.data();
      k.by_column = by_column.data();
    }
    if (std::isnan(k.weight) || k.weight > kMostFloat || (k.limit > kMostFloat && k.limit < kInf))
      out.large = true;
  }
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
