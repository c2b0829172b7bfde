#pragma once
// Grids that every benchmark of them solves: 40 rectangles of labels, noise on every label of every variable,
// and pairs of neighbours with random weights w,
//   E(y) = sum_i u_i(y_i) + sum_ij w_ij strength min(|y_i - y_j|, limit);   limit 1 is Potts.

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/graph/discrete_graph.hpp"
#include "workload_rng.hpp"

namespace ebm::bench {

struct GridWorkload {
  std::string name;
  int height = 0, width = 0, labels = 0;
  double strength = 0, limit = 1;
  std::vector<float> single;      // [height, width, labels]
  std::vector<float> horizontal;  // [height, width - 1] weights w
  std::vector<float> vertical;    // [height - 1, width]
  int variables() const { return height * width; }
  double pair(int a, int b) const { return strength * std::min<double>(std::abs(a - b), limit); }
};

inline GridWorkload make_grid(std::string name, int height, int width, int labels, double strength,
                              double limit, std::uint64_t seed) {
  GridWorkload g{std::move(name), height, width, labels, strength, limit, {}, {}, {}};
  WorkloadRng rng(seed);
  const auto area = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  std::vector<int> truth(area, 0);
  for (int k = 0; k < 40; ++k) {
    const int y0 = rng.below(height), x0 = rng.below(width);
    const int h = 1 + rng.below(height / 2), w = 1 + rng.below(width / 2), label = rng.below(labels);
    for (int y = y0; y < std::min(height, y0 + h); ++y)
      for (int x = x0; x < std::min(width, x0 + w); ++x)
        truth[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)] =
            label;
  }
  for (std::size_t i = 0; i < area; ++i)
    for (int k = 0; k < labels; ++k)
      g.single.push_back(static_cast<float>(rng.normal() - (k == truth[i] ? 1.0 : 0.0)));
  for (int i = 0; i < height * (width - 1); ++i)
    g.horizontal.push_back(static_cast<float>(0.5 + rng.uniform()));
  for (int i = 0; i < (height - 1) * width; ++i)
    g.vertical.push_back(static_cast<float>(0.5 + rng.uniform()));
  return g;
}

// grid16_potts4, grid32_potts8, grid64_potts8, grid64_tl8 (truncated linear), grid256_potts2,
// grid256_potts16, grid256_tl16.
inline GridWorkload grid_workload(std::string_view name) {
  struct Row {
    const char* name;
    int size, labels;
    double strength, limit;
  };
  constexpr std::array<Row, 7> kRows{{{"grid16_potts4", 16, 4, 0.6, 1},
                                      {"grid32_potts8", 32, 8, 0.6, 1},
                                      {"grid64_potts8", 64, 8, 0.6, 1},
                                      {"grid64_tl8", 64, 8, 0.3, 3},
                                      {"grid256_potts2", 256, 2, 0.6, 1},
                                      {"grid256_potts16", 256, 16, 0.6, 1},
                                      {"grid256_tl16", 256, 16, 0.3, 4}}};
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (name == kRows[i].name)
      return make_grid(kRows[i].name, kRows[i].size, kRows[i].size, kRows[i].labels, kRows[i].strength,
                       kRows[i].limit, 201 + i);
  throw std::invalid_argument("there is no grid workload '" + std::string(name) + "'");
}

// One shared row, scaled by the weight of each pair.
inline DiscreteGraph graph_of(const GridWorkload& g) {
  DiscreteGraph graph;
  const Variables y = graph.add_variables(g.variables(), Labels(g.labels));
  graph.add_each({g.single.begin(), g.single.end()}, y.each());
  std::vector<double> row, scales(g.horizontal.begin(), g.horizontal.end());
  for (int a = 0; a < g.labels; ++a)
    for (int b = 0; b < g.labels; ++b) row.push_back(g.pair(a, b));
  scales.insert(scales.end(), g.vertical.begin(), g.vertical.end());
  graph.add_each(std::move(row), y.grid_pairs(g.height, g.width), std::move(scales));
  return graph;
}

}  // namespace ebm::bench
