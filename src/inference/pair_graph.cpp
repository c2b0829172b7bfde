#include "pair_graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using Table = PairGraph::Table;
using Shape = PairGraph::Shape;

// Whether entry (a, b) is `at(|a - b|)` everywhere, to rounding.
template <class At>
bool matches(const Table& t, const At& at) {
  for (int a = 0; a < t.rows; ++a)
    for (int b = 0; b < t.columns; ++b) {
      const double e = t.at(a, b), expected = at(std::abs(a - b));
      if (e != expected && !(std::abs(e - expected) <= 1e-12 * std::abs(expected))) return false;
    }
  return true;
}

// Shapes with a forbidden entry or a weight below 0 stay tables.
void recognise(Table& t) {
  if (t.rows != t.columns || t.rows < 2) return;
  const double base = t.at(0, 0), step = t.at(1, 0) - base;
  if (!std::isfinite(base) || !(step >= 0 && step < kInf)) return;
  t.base = base;
  t.weight = step;
  if (matches(t, [&](int d) { return base + (d > 0 ? step : 0); })) {
    t.shape = Shape::potts;
    return;
  }
  // The corner is the furthest pair: where the growth has been cut off, it says where.
  const double most = t.at(t.rows - 1, 0) - base;
  if (!(most >= step && most < kInf)) return;
  for (const Shape shape : {Shape::linear, Shape::quadratic}) {
    const auto grown = [&](double d) { return step * (shape == Shape::linear ? d : d * d); };
    if (!matches(t, [&](int d) { return base + std::min(grown(d), most); })) continue;
    t.shape = shape;
    t.limit = most;
    return;
  }
}

// Rows of one group as tables [rows, columns], in double; those of a batch are copied.
void add_rows(const DiscreteView::Group& g, Table* to, Workspace& ws) {
  const std::size_t rows = g.stride == 0 ? 1 : static_cast<std::size_t>(g.instances);
  const double* entries = g.doubles;
  std::size_t stride = g.stride;
  if (!entries) {
    const auto copy = ws.take<double>(rows * g.entries);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t e = 0; e < g.entries; ++e)
        copy[r * g.entries + e] = static_cast<double>(g.floats[r * g.stride + e]);
    entries = copy.data();
    stride = g.entries;
  }
  for (std::size_t r = 0; r < rows; ++r) {
    Table& t = *new (&to[r]) Table();
    t.rows = g.sizes[0];
    t.columns = g.sizes[1];
    t.entries = entries + r * stride;
    recognise(t);
  }
}

// How much of everything there will be.
struct Sizes {
  std::size_t variables, labels, edges = 0, tables = 0;
  bool scaled = false;
};

Sizes sizes_of(const DiscreteView& view) {
  Sizes s{view.labels.size(), view.offset.back()};
  for (const DiscreteView::Group& g : view.groups) {
    const auto n = static_cast<std::size_t>(g.instances), arity = static_cast<std::size_t>(g.arity);
    if (g.arity == 2) {
      s.edges += n;
      s.tables += g.stride == 0 ? 1 : n;
      s.scaled |= !g.scales.empty();
    } else if (g.arity > 2) {
      s.variables += n;
      s.labels += n * g.entries;
      s.edges += n * arity;
      s.tables += arity;
    }
  }
  if (s.variables > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      s.tables > std::numeric_limits<std::uint32_t>::max())
    throw GraphError(message("[pairs] ", s.variables, " variables with those of larger factors and ",
                             s.tables, " tables are more than there are numbers for"));
  return s;
}

}  // namespace

PairGraph pair_graph(const DiscreteView& view, Workspace& ws) {
  const Sizes size = sizes_of(view);
  const std::size_t n = view.labels.size();
  const auto labels = ws.take<int>(size.variables);
  const auto offset = ws.take<std::size_t>(size.variables + 1);
  const auto single = ws.take<double>(size.labels);
  const auto edges = ws.take<PairGraph::Edge>(size.edges);
  const auto table = ws.take<std::uint32_t>(size.edges);
  const auto scale = ws.take<double>(size.scaled ? size.edges : 0);
  const auto tables = ws.take<Table>(size.tables);
  std::ranges::copy(view.labels, labels.begin());
  std::ranges::copy(view.offset, offset.begin());
  read_singles(view, single.first(view.offset.back()));

  std::size_t v = n, e = 0, t = 0;  // the next auxiliary variable, edge and table
  const auto add = [&](int a, int b, std::size_t of, double times) {
    edges[e] = {a, b};
    table[e] = static_cast<std::uint32_t>(of);
    if (size.scaled) scale[e] = times;
    ++e;
  };
  for (std::size_t group = 0; group < view.groups.size(); ++group) {
    const DiscreteView::Group& g = view.groups[group];
    const auto arity = static_cast<std::size_t>(g.arity);
    if (g.arity == 2) {
      add_rows(g, tables.data() + t, ws);
      for (int i = 0; i < g.instances; ++i) {
        const std::size_t of = t + (g.stride == 0 ? 0 : static_cast<std::size_t>(i));
        const auto scope = g.scope(i);
        if (scope[0] != scope[1]) {
          add(scope[0], scope[1], of, g.scale(i));
          continue;
        }
        double* to = single.data() + offset[static_cast<std::size_t>(scope[0])];
        for (int k = 0; k < g.sizes[0]; ++k) to[k] += g.scale(i) * tables[of].at(k, k);
      }
      t += g.stride == 0 ? 1 : static_cast<std::size_t>(g.instances);
    } else if (g.arity > 2) {
      std::size_t step = g.entries;
      for (std::size_t a = 0; a < arity; ++a) {
        step /= static_cast<std::size_t>(g.sizes[a]);
        Table& p = *new (&tables[t + a]) Table();
        p.shape = Shape::projection;
        p.rows = static_cast<int>(g.entries);
        p.columns = g.sizes[a];
        p.step = step;
      }
      for (int i = 0; i < g.instances; ++i, ++v) {
        labels[v] = static_cast<int>(g.entries);
        offset[v + 1] = offset[v] + g.entries;
        const auto room = single.subspan(offset[v], g.entries);
        const auto row = read_row(view, static_cast<int>(group), i, room);
        if (row.data() != room.data()) std::ranges::copy(row, room.begin());
        for (std::size_t a = 0; a < arity; ++a) add(static_cast<int>(v), g.scope(i)[a], t + a, 1);
      }
      t += arity;
    }
  }

  PairGraph out;
  out.own = static_cast<int>(n);
  out.labels = labels;
  out.offset = offset;
  out.single = single;
  out.edges = edges.first(e);
  out.table = table.first(e);
  out.scale = scale.first(size.scaled ? e : 0);
  out.tables = tables;
  out.constant = view.constant;
  return out;
}

double energy_of(const PairGraph& g, std::span<const int> labels) {
  double singles = 0, pairs = 0;
  for (std::size_t v = 0; v < labels.size(); ++v)
    singles += g.single[g.offset[v] + static_cast<std::size_t>(labels[v])];
  for (std::size_t e = 0; e < g.edges.size(); ++e)
    pairs += g.at(e, labels[static_cast<std::size_t>(g.edges[e].a)],
                  labels[static_cast<std::size_t>(g.edges[e].b)]);
  return g.constant + singles + pairs;
}

void complete(const PairGraph& g, std::span<int> labels) {
  const auto own = static_cast<std::size_t>(g.own);
  std::ranges::fill(labels.subspan(own), 0);
  for (std::size_t e = 0; e < g.edges.size(); ++e) {
    const Table& t = g.tables[g.table[e]];
    if (t.shape != Shape::projection) continue;
    labels[static_cast<std::size_t>(g.edges[e].a)] +=
        static_cast<int>(t.step) * labels[static_cast<std::size_t>(g.edges[e].b)];
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
