#include "pair_core.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// [Ka, Kb] turned; the same when nothing changes.
const double* turned(const std::vector<double>& t, std::size_t rows, std::size_t columns,
                     std::deque<std::vector<double>>& stored) {
  std::vector<double> out(t.size());
  for (std::size_t x = 0; x < rows; ++x)
    for (std::size_t y = 0; y < columns; ++y) out[y * rows + x] = t[x * columns + y];
  if (rows == columns && out == t) return t.data();
  return stored.emplace_back(std::move(out)).data();
}

int add_table(PairCore& core, std::vector<double> entries, std::size_t rows, std::size_t columns) {
  const std::vector<double>& kept = core.stored.emplace_back(std::move(entries));
  core.tables.push_back({kept.data(), turned(kept, rows, columns, core.stored)});
  return static_cast<int>(core.tables.size()) - 1;
}

void set_offsets(PairCore& core) {
  core.offset.assign(core.labels.size() + 1, 0);
  for (std::size_t v = 0; v < core.labels.size(); ++v)
    core.offset[v + 1] = core.offset[v] + at(core.labels[v]);
}

}  // namespace

void PairCore::index_edges() {
  const auto to = [](int i) { return static_cast<std::size_t>(i); };
  std::ranges::sort(edges, {}, [](const Edge& e) { return std::tuple(e.a, e.b); });
  const std::size_t n = labels.size();
  first.assign(n + 1, 0);
  back_first.assign(n + 1, 0);
  deltas = 0;
  for (Edge& e : edges) {
    ++first[to(e.a) + 1];
    ++back_first[to(e.b) + 1];
    e.at_a = deltas;
    e.at_b = deltas + to(labels[to(e.a)]);
    deltas = e.at_b + to(labels[to(e.b)]);
  }
  for (std::size_t v = 0; v < n; ++v) first[v + 1] += first[v], back_first[v + 1] += back_first[v];
  back.resize(edges.size());
  std::vector<std::size_t> next(back_first.begin(), back_first.end() - 1);
  for (std::size_t e = 0; e < edges.size(); ++e) back[next[to(edges[e].b)]++] = static_cast<int>(e);
}

void CoreMap::give(const PairCore& small, std::span<const int> labels, std::span<int> whole) const {
  for (std::size_t v = 0; v < variable.size(); ++v)
    whole[at(variable[v])] = label[small.offset[v] + at(labels[v])];
}

double core_bytes(const PairGraph& g) {
  double bytes = 0;
  for (const PairGraph::Table& t : g.tables) bytes += 16.0 * t.rows * t.columns;
  for (std::size_t e = 0; e < g.edges.size(); ++e)
    bytes += 8.0 * (g.labels[at(g.edges[e].a)] + g.labels[at(g.edges[e].b)]) + sizeof(PairCore::Edge);
  return bytes + 16.0 * static_cast<double>(g.single.size());
}

PairCore core_of(const PairGraph& g, CoreState& state, CoreMap& map) {
  PairCore core;
  const auto n = at(g.variables());
  // An auxiliary stands behind the first half of its scope: chains of messages then run through it.
  std::vector<std::vector<int>> scopes(n - at(g.own));
  for (const PairGraph::Edge& e : g.edges)
    if (e.a >= g.own) scopes[at(e.a - g.own)].push_back(e.b);
  std::vector<int> behind(n);
  std::iota(behind.begin(), behind.end(), 0);
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    auto& scope = scopes[i];
    if (scope.empty()) continue;
    std::ranges::sort(scope);
    behind[at(g.own) + i] = scope[(scope.size() - 1) / 2];
  }
  map.variable.resize(n);
  std::iota(map.variable.begin(), map.variable.end(), 0);
  std::ranges::stable_sort(map.variable, {}, [&](int v) { return std::tuple(behind[at(v)], v); });
  std::vector<int> place(n);
  for (std::size_t i = 0; i < n; ++i) {
    place[at(map.variable[i])] = static_cast<int>(i);
    core.labels.push_back(g.labels[at(map.variable[i])]);
    core.derived.push_back(map.variable[i] >= g.own);
  }
  set_offsets(core);
  map.label.resize(core.offset[n]);
  state.constant = g.constant;
  state.single.resize(core.offset[n]);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < at(core.labels[i]); ++k) {
      map.label[core.offset[i] + k] = static_cast<int>(k);
      state.single[core.offset[i] + k] = g.single[g.offset[at(map.variable[i])] + k];
    }
  // Edges of two variables side by side: one of them shares its table, several become one table.
  std::vector<std::size_t> order(g.edges.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto ends = [&](std::size_t e) {
    const int a = place[at(g.edges[e].a)], b = place[at(g.edges[e].b)];
    return std::tuple(std::min(a, b), std::max(a, b));
  };
  std::ranges::stable_sort(order, {}, ends);
  std::map<std::pair<std::uint32_t, bool>, int> shared;
  const auto entries_of = [&](std::size_t e, bool swapped, bool scaled) {
    const PairGraph::Table& t = g.tables[g.table[e]];
    const int rows = swapped ? t.columns : t.rows, columns = swapped ? t.rows : t.columns;
    std::vector<double> out(at(rows) * at(columns));
    for (int x = 0; x < rows; ++x)
      for (int y = 0; y < columns; ++y)
        out[at(x) * at(columns) + at(y)] = (scaled ? g.scale_of(e) : 1) * (swapped ? t.at(y, x) : t.at(x, y));
    return out;
  };
  for (std::size_t i = 0; i < order.size();) {
    std::size_t last = i + 1;
    while (last < order.size() && ends(order[last]) == ends(order[i])) ++last;
    const int a = std::get<0>(ends(order[i])), b = std::get<1>(ends(order[i]));
    const auto swapped = [&](std::size_t e) { return place[at(g.edges[e].a)] != a; };
    PairCore::Edge edge{a, b, 0, 1, 0, 0};
    if (last == i + 1) {
      const std::pair key{g.table[order[i]], swapped(order[i])};
      auto found = shared.find(key);
      if (found == shared.end())
        found = shared
                    .emplace(key, add_table(core, entries_of(order[i], key.second, false),
                                            at(core.labels[at(a)]), at(core.labels[at(b)])))
                    .first;
      edge.table = found->second;
      edge.scale = g.scale_of(order[i]);
    } else {
      std::vector<double> sum(at(core.labels[at(a)]) * at(core.labels[at(b)]), 0.0);
      for (std::size_t k = i; k < last; ++k) {
        const auto t = entries_of(order[k], swapped(order[k]), true);
        for (std::size_t x = 0; x < sum.size(); ++x) sum[x] += t[x];
      }
      edge.table = add_table(core, std::move(sum), at(core.labels[at(a)]), at(core.labels[at(b)]));
    }
    core.edges.push_back(edge);
    i = last;
  }
  core.index_edges();
  state.delta.assign(core.deltas, 0);
  state.fixed.assign(n, -1);
  // No term below 0.
  const auto lowest = [](std::span<const double> of) { return *std::ranges::min_element(of); };
  for (std::size_t i = 0; i < n; ++i) {
    const auto single = std::span(state.single).subspan(core.offset[i], at(core.labels[i]));
    const double low = lowest(single);
    state.constant += low;
    if (!(low < kInf)) return core;
    for (double& s : single) s -= low;
  }
  std::vector<double> low;
  for (std::size_t t = 0; t < core.tables.size(); ++t) low.push_back(kInf);
  for (const PairCore::Edge& e : core.edges) {
    double& of_table = low[at(e.table)];
    if (of_table == kInf)
      of_table = lowest({core.tables[at(e.table)].by_a, at(core.labels[at(e.a)]) * at(core.labels[at(e.b)])});
    double least = e.scale * of_table;
    if (e.scale < 0) {
      least = kInf;
      for (int x = 0; x < core.labels[at(e.a)]; ++x)
        for (int y = 0; y < core.labels[at(e.b)]; ++y) least = std::min(least, core.at(e, x, y));
    }
    state.constant += least;
    if (!(least < kInf)) return core;
    for (int x = 0; x < core.labels[at(e.a)]; ++x) state.delta[e.at_a + at(x)] += least;
  }
  return core;
}

PairCore part_of(const PairCore& core, const CoreState& state, std::span<const int> members, CoreState& out,
                 CoreMap& map) {
  PairCore small;
  std::vector<int> place(core.labels.size(), -1);
  map = {};
  out = {};
  for (const int v : members) {
    place[at(v)] = small.variables();
    map.variable.push_back(v);
    int left = 0;
    for (std::size_t k = core.offset[at(v)]; k < core.offset[at(v) + 1]; ++k)
      if (state.single[k] < kInf) {
        map.label.push_back(static_cast<int>(k - core.offset[at(v)]));
        out.single.push_back(state.single[k]);
        ++left;
      }
    small.labels.push_back(left);
    small.derived.push_back(core.derived[at(v)]);
  }
  set_offsets(small);
  for (const int v : members)
    for (std::size_t i = core.first[at(v)]; i < core.first[at(v) + 1]; ++i) {
      const PairCore::Edge& e = core.edges[i];
      const int a = place[at(e.a)], b = place[at(e.b)];
      if (b < 0) continue;
      const int* of_a = map.label.data() + small.offset[at(a)];
      const int* of_b = map.label.data() + small.offset[at(b)];
      std::vector<double> t;
      t.reserve(at(small.labels[at(a)]) * at(small.labels[at(b)]));
      bool idle = true;
      for (int x = 0; x < small.labels[at(a)]; ++x)
        for (int y = 0; y < small.labels[at(b)]; ++y) {
          t.push_back(core.at(e, of_a[x], of_b[y]) - state.delta[e.at_a + at(of_a[x])] -
                      state.delta[e.at_b + at(of_b[y])]);
          idle &= t.back() == 0;
        }
      if (idle) continue;
      const int table = add_table(small, std::move(t), at(small.labels[at(a)]), at(small.labels[at(b)]));
      small.edges.push_back({a, b, table, 1, 0, 0});
    }
  small.index_edges();
  out.delta.assign(small.deltas, 0);
  out.fixed.assign(small.labels.size(), -1);
  return small;
}

std::vector<std::vector<int>> components_of(const PairCore& core, const CoreState& state) {
  std::vector<std::vector<int>> out;
  std::vector<char> seen(core.labels.size(), 0);
  for (int v = 0; v < core.variables(); ++v) {
    if (seen[at(v)] || state.fixed[at(v)] >= 0) continue;
    std::vector<int> part{v};
    seen[at(v)] = 1;
    const auto visit = [&](int u) {
      if (!seen[at(u)] && state.fixed[at(u)] < 0) seen[at(u)] = 1, part.push_back(u);
    };
    for (std::size_t i = 0; i < part.size(); ++i) {
      const std::size_t u = at(part[i]);
      for (std::size_t e = core.first[u]; e < core.first[u + 1]; ++e) visit(core.edges[e].b);
      for (const int e : core.back_of(u)) visit(core.edges[at(e)].a);
    }
    std::ranges::sort(part);
    out.push_back(std::move(part));
  }
  return out;
}

double energy_of(const PairCore& core, const CoreState& state, std::span<const int> labels) {
  double total = 0;
  const auto label = [&](int v) { return state.fixed[at(v)] >= 0 ? state.fixed[at(v)] : labels[at(v)]; };
  for (int v = 0; v < core.variables(); ++v)
    if (state.fixed[at(v)] < 0) total += state.single[core.offset[at(v)] + at(labels[at(v)])];
  for (const PairCore::Edge& e : core.edges) {
    if (state.fixed[at(e.a)] >= 0 || state.fixed[at(e.b)] >= 0) continue;
    const int x = label(e.a), y = label(e.b);
    total += core.at(e, x, y) - state.delta[e.at_a + at(x)] - state.delta[e.at_b + at(y)];
  }
  return state.constant + total;
}

bool absorb(const PairCore& core, CoreState& state, int i, int x) {
  const double own = state.single[core.offset[at(i)] + at(x)];
  if (!(own < kInf)) return false;
  state.constant += own;
  state.single[core.offset[at(i)] + at(x)] = 0;
  state.fixed[at(i)] = x;
  const auto give = [&](const PairCore::Edge& e, int j, bool forward) {
    if (state.fixed[at(j)] >= 0) return true;
    const PairCore::Table& t = core.tables[at(e.table)];
    const auto k = at(core.labels[at(j)]);
    const double* row = (forward ? t.by_a : t.by_b) + at(x) * k;
    const double mine = state.delta[(forward ? e.at_a : e.at_b) + at(x)];
    double* theirs = state.delta.data() + (forward ? e.at_b : e.at_a);
    double* single = state.single.data() + core.offset[at(j)];
    bool left = false;
    for (std::size_t y = 0; y < k; ++y) {
      const double c = e.scale * row[y] - mine - theirs[y];
      single[y] += c;
      if (c < kInf) theirs[y] += c;
      left |= single[y] < kInf;
    }
    return left;
  };
  for (std::size_t e = core.first[at(i)]; e < core.first[at(i) + 1]; ++e)
    if (!give(core.edges[e], core.edges[e].b, true)) return false;
  for (const int e : core.back_of(at(i)))
    if (!give(core.edges[at(e)], core.edges[at(e)].a, false)) return false;
  return true;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
