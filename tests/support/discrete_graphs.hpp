#pragma once
/// \file
/// Random graphs of label variables of every structure, small enough for enumeration.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ebm/graph/discrete_graph.hpp"
#include "support/graphs.hpp"

namespace ebm::testing {

struct RandomGraph {
  std::string kind;
  std::vector<int> counts;
  std::vector<std::vector<int>> scopes;  ///< of every factor
};

/// At most some thousand joint labels. Some variables have one label, some no factor.
inline RandomGraph random_graph(Rng& rng) {
  RandomGraph g;
  const auto draw = [&](int n) { return rng.below(n); };
  const int kind = draw(5);
  constexpr std::array<const char*, 5> kNames{"tree", "grid", "sparse", "higher order", "loop"};
  g.kind = kNames[static_cast<std::size_t>(kind)];
  const int n = kind == 1 ? 6 : 1 + draw(7);
  double joint = 1;
  for (int v = 0; v < n; ++v) {
    const int k = std::min(1 + draw(4), std::max(1, static_cast<int>(3000 / joint)));
    g.counts.push_back(k);
    joint *= k;
  }
  for (int v = 0; v < n; ++v)
    if (draw(3) > 0) g.scopes.push_back({v});
  const auto pair = [&](int a, int b) {
    g.scopes.push_back(draw(2) ? std::vector<int>{a, b} : std::vector<int>{b, a});
  };
  if (kind == 0)
    for (int v = 1; v < n; ++v) pair(draw(v), v);
  if (kind == 1)
    for (int y = 0; y < 2; ++y)
      for (int x = 0; x < 3; ++x) {
        if (x > 0) pair(3 * y + x - 1, 3 * y + x);
        if (y > 0) pair(x, 3 + x);
      }
  if (kind == 2)
    for (int a = 0; a < n; ++a)
      for (int b = 0; b < a; ++b)
        if (draw(3) == 0) pair(a, b);
  if (kind == 3)
    for (int f = draw(4); f >= 0; --f) {
      std::vector<int> all;
      for (int v = 0; v < n; ++v) all.push_back(v);
      rng.shuffle(std::span<int>(all));
      all.resize(static_cast<std::size_t>(std::min(n, 1 + draw(4))));
      g.scopes.push_back(all);
    }
  if (kind == 4 && n > 2)
    for (int v = 0; v < n; ++v) pair(v, (v + 1) % n);
  return g;
}

/// Energies of one factor, normal times `scale`; each forbidden with probability `forbidden`.
inline std::vector<double> random_row(std::size_t entries, double scale, double forbidden, Rng& rng) {
  std::vector<double> row(entries);
  for (double& e : row) e = rng.chance(forbidden) ? kInf : scale * rng.normal();
  return row;
}

inline std::size_t entries_of(const RandomGraph& g, const std::vector<int>& scope) {
  std::size_t entries = 1;
  for (const int v : scope) entries *= static_cast<std::size_t>(g.counts[static_cast<std::size_t>(v)]);
  return entries;
}

inline DiscreteGraph discrete_graph(const RandomGraph& g, double scale, double forbidden, Rng& rng) {
  DiscreteGraph out;
  for (const int k : g.counts) out.add_variables(1, Labels(k));
  for (const auto& scope : g.scopes) {
    const auto row = random_row(entries_of(g, scope), scale, forbidden, rng);
    if (rng.chance(0.7))
      out.add(scope, row);
    else  // twice, scaled
      out.add_each(row,
                   {static_cast<int>(scope.size()),
                    [&] {
                      std::vector<int> twice = scope;
                      twice.insert(twice.end(), scope.begin(), scope.end());
                      return twice;
                    }()},
                   {0.25, 1.5});
  }
  out.add_constant(scale * rng.normal());
  return out;
}

/// The same shape as a model, its tables the model's constants.
inline void declare(FactorGraph& graph, const RandomGraph& g, const std::vector<Tensor>& tables,
                    const std::vector<LabelSet>& truth) {
  std::vector<Variables> y;
  for (std::size_t v = 0; v < g.counts.size(); ++v)
    y.push_back(
        graph.output("y" + std::to_string(v), Labels(g.counts[v]), truth.empty() ? LabelSet() : truth[v]));
  for (std::size_t f = 0; f < g.scopes.size(); ++f) {
    std::vector<int> scope;
    for (const int v : g.scopes[f]) scope.push_back(y[static_cast<std::size_t>(v)].first);
    graph.add_each(factor::constant(tables[f]), Scopes{static_cast<int>(scope.size()), scope});
  }
}

inline std::vector<Tensor> random_tables(const RandomGraph& g, double scale, double forbidden, Rng& rng) {
  std::vector<Tensor> out;
  for (const auto& scope : g.scopes) {
    Tensor t(Shape{1, static_cast<int>(entries_of(g, scope))});
    for (std::size_t e = 0; e < t.size(); ++e)
      t[e] = rng.chance(forbidden) ? static_cast<Real>(kInf) : static_cast<Real>(scale * rng.normal());
    out.push_back(t);
  }
  return out;
}

}  // namespace ebm::testing
