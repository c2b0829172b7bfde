#include "ebm/graph/made_graphs.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "ebm/core/error.hpp"
#include "ebm/core/rng.hpp"

namespace ebm {
namespace {

using Structure = MadeGraph::Structure;
using Pairs = MadeGraph::Pairs;

void check(const MadeGraph& o) {
  const bool grid = o.structure == Structure::grid;
  const double n = grid ? static_cast<double>(o.height) * o.width : o.variables;
  if (grid ? o.height < 1 || o.width < 1 : o.variables < 1)
    throw GraphError(grid ? message("[graph] a grid of ", o.height, " x ", o.width, " has no variable")
                          : message("[graph] ", o.variables, " variables make no graph"));
  if (o.labels < 1) throw GraphError(message("[graph] a variable has no ", o.labels, " labels"));
  if (o.more < 0 || n + o.more > n * (n - 1) / 2 + 1)
    throw GraphError(message("[graph] ", n, " variables have no ", o.more, " pairs beyond those of a tree"));
  constexpr double kMostEntries = 0x1p28;
  const double pair = o.pairs == Pairs::random ? 2 * static_cast<double>(o.labels) * o.labels : 0;
  if (n * (o.labels + pair) > kMostEntries)
    throw GraphError(message("[graph] ", n, " variables of ", o.labels, " labels take ",
                             8 * n * (o.labels + pair) / 0x1p20, " MiB of tables; take fewer"));
  if (!(o.forbidden >= 0 && o.forbidden < 1) || !std::isfinite(o.strength) || !(o.limit > 0))
    throw GraphError("[graph] forbidden is from 0 to below 1, strength finite and limit above 0");
}

std::vector<int> scopes_of(const MadeGraph& o, const Variables& y, Rng& rng) {
  if (o.structure == Structure::grid) return y.grid_pairs(o.height, o.width).variables;
  if (o.structure == Structure::chain) return y.pairs().variables;
  std::vector<int> out;
  std::set<std::pair<int, int>> used;
  for (int v = 1; v < y.count; ++v) {
    const int parent = rng.below(v);
    out.insert(out.end(), {parent, v});
    used.emplace(parent, v);
  }
  for (int added = 0; o.structure == Structure::loops && added < o.more;) {
    const int a = rng.below(y.count), b = rng.below(y.count);
    if (a == b || !used.emplace(std::min(a, b), std::max(a, b)).second) continue;
    out.insert(out.end(), {std::min(a, b), std::max(a, b)});
    ++added;
  }
  return out;
}

double difference(const MadeGraph& o, int a, int b) {
  const double d = std::abs(a - b);
  return o.pairs == Pairs::potts    ? static_cast<double>(a != b)
         : o.pairs == Pairs::linear ? std::min(d, o.limit)
                                    : std::min(d * d, o.limit);
}

}  // namespace

DiscreteGraph make_graph(const MadeGraph& o) {
  check(o);
  Rng rng(o.seed);
  DiscreteGraph graph;
  const int n = o.structure == Structure::grid ? o.height * o.width : o.variables;
  const Variables y = graph.add_variables(n, Labels(o.labels));
  const auto k = static_cast<std::size_t>(o.labels);
  std::vector<double> single(static_cast<std::size_t>(n) * k);
  for (double& u : single) u = rng.normal();
  std::vector<int> allowed;
  for (int v = 0; v < n; ++v) allowed.push_back(rng.below(o.labels));
  graph.add_each(std::move(single), y.each());
  Scopes scopes{2, scopes_of(o, y, rng)};
  const std::size_t pairs = scopes.variables.size() / 2;
  if (pairs == 0) return graph;
  std::vector<double> rows, scales;
  if (o.pairs == Pairs::random) {
    rows.resize(pairs * k * k);
    for (double& e : rows) e = rng.chance(o.forbidden) ? kInf : o.strength * rng.normal();
    for (std::size_t p = 0; p < pairs; ++p) {
      const auto label = [&](std::size_t end) {
        return static_cast<std::size_t>(allowed[static_cast<std::size_t>(scopes.variables[2 * p + end])]);
      };
      double& e = rows[p * k * k + label(0) * k + label(1)];
      if (e == kInf) e = 0;
    }
  } else {
    for (int a = 0; a < o.labels; ++a)
      for (int b = 0; b < o.labels; ++b) rows.push_back(difference(o, a, b));
    for (std::size_t p = 0; p < pairs; ++p) scales.push_back(o.strength * (0.5 + rng.uniform()));
  }
  graph.add_each(std::move(rows), std::move(scopes), std::move(scales));
  return graph;
}

}  // namespace ebm
