#include "clusters.hpp"

#include <cmath>

#include "ebm/core/error.hpp"
#include "local_energies.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

Clusters::Clusters(const PairGraph& pairs) : pairs_(pairs) {
  for (std::size_t e = 0; e < pairs.edges.size(); ++e) {
    const PairGraph::Table& t = pairs.tables[pairs.table[e]];
    const auto [a, b] = pairs.edges[e];
    if (t.rows == 1 && t.columns == 1) continue;
    if (t.shape == PairGraph::Shape::potts && pairs.scale_of(e) >= 0) continue;
    throw GraphError(
        message("[swendsen-wang] the pair of variables ", a, " and ", b,
                " is no w [a != b] with w >= 0, so that it cannot bind them; use blocked-gibbs"));
  }
}

bool Clusters::sweep(double beta, Rng rng, std::span<int> labels, Room& room) const {
  const PairGraph& g = pairs_;
  const std::size_t n = labels.size();
  room.up.resize(n);
  for (std::size_t v = 0; v < n; ++v) room.up[v] = static_cast<int>(v);
  const auto top = [&](int v) {
    while (room.up[static_cast<std::size_t>(v)] != v) {
      int& above = room.up[static_cast<std::size_t>(v)];
      v = above = room.up[static_cast<std::size_t>(above)];
    }
    return v;
  };
  for (std::size_t e = 0; e < g.edges.size(); ++e) {
    const auto [a, b] = g.edges[e];
    const double u = rng.uniform();
    if (labels[static_cast<std::size_t>(a)] != labels[static_cast<std::size_t>(b)]) continue;
    const double w = g.scale_of(e) * g.tables[g.table[e]].weight;
    if (u >= -std::expm1(-beta * w)) continue;
    const int x = top(a), y = top(b);
    room.up[static_cast<std::size_t>(std::max(x, y))] = std::min(x, y);
  }
  room.energy.assign(g.single.begin(), g.single.begin() + static_cast<std::ptrdiff_t>(g.offset[n]));
  const auto energies = [&](int v) {
    return std::span(room.energy)
        .subspan(g.offset[static_cast<std::size_t>(v)],
                 static_cast<std::size_t>(g.labels[static_cast<std::size_t>(v)]));
  };
  for (std::size_t v = 0; v < n; ++v) {
    const int of_v = static_cast<int>(v), t = top(of_v);
    if (t == of_v) continue;
    const auto from = energies(of_v), to = energies(t);
    for (std::size_t k = 0; k < to.size(); ++k) to[k] += from[k];
  }
  // The first variable of a cluster is its top, so the others find a label that is drawn.
  for (std::size_t v = 0; v < n; ++v) {
    const int of_v = static_cast<int>(v), t = top(of_v);
    if (t != of_v) {
      labels[v] = labels[static_cast<std::size_t>(t)];
      continue;
    }
    const double u = rng.uniform();
    const double free = probabilities(energies(of_v), beta);
    if (std::isnan(free)) return false;
    if (free < kInf) labels[v] = draw_label(energies(of_v), u);  // else it stays, to be bound otherwise
  }
  return true;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
