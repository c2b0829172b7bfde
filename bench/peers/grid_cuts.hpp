#pragma once
// Cuts of grids by other libraries, built from the same arrays; labels of all variables. Empty where a
// library is not there.

#include <vector>

#include "grid_workloads.hpp"

namespace ebm::bench {

// libmaxflow, the code of Boykov and Kolmogorov (GPL).
std::vector<int> cut_by_maxflow(const GridWorkload& g);
// Alpha-expansion on it: from the best label of every variable alone, until a whole pass gains nothing; each
// move's graph is built anew.
std::vector<int> expand_by_maxflow(const GridWorkload& g);
// Boost.Graph's generic boykov_kolmogorov_max_flow.
std::vector<int> cut_by_boost(const GridWorkload& g);
// OpenCV's GCGraph.
std::vector<int> cut_by_opencv(const GridWorkload& g);

// f(i, j, weight) of every pair of neighbours.
template <class F>
void each_pair(const GridWorkload& g, const F& f) {
  std::size_t k = 0;
  for (int y = 0; y < g.height; ++y)
    for (int x = 0; x + 1 < g.width; ++x)
      f(y * g.width + x, y * g.width + x + 1, static_cast<double>(g.horizontal[k++]));
  k = 0;
  for (int y = 0; y + 1 < g.height; ++y)
    for (int x = 0; x < g.width; ++x)
      f(y * g.width + x, (y + 1) * g.width + x, static_cast<double>(g.vertical[k++]));
}

inline double energy_of(const GridWorkload& g, const std::vector<int>& y) {
  double e = 0;
  for (int v = 0; v < g.variables(); ++v)
    e += static_cast<double>(
        g.single[static_cast<std::size_t>(v * g.labels + y[static_cast<std::size_t>(v)])]);
  each_pair(g, [&](int i, int j, double w) {
    e += w * g.pair(y[static_cast<std::size_t>(i)], y[static_cast<std::size_t>(j)]);
  });
  return e;
}

}  // namespace ebm::bench
