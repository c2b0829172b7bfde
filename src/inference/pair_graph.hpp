#pragma once
// A view as energies of single variables and of pairs: what engines read that pass messages along pairs, cut
// them or bound them. A factor on three and more variables becomes an auxiliary variable whose labels are its
// joint labels, tied to each variable of its scope by a pair that forbids what disagrees, so that every such
// engine serves tables of any order (and counts and agreements, lowered to tables of three).

#include <cstdint>

#include "discrete_view.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct PairGraph {
  // What messages may know of a table, so that they need not try all pairs of labels.
  enum class Shape : std::uint8_t {
    table,       // nothing
    potts,       // base + weight [a != b]
    linear,      // base + min(weight |a - b|, limit)
    quadratic,   // base + min(weight (a - b)^2, limit)
    projection,  // 0 where b = a / step % columns, forbidden elsewhere; a is an auxiliary variable
  };
  struct Table {
    Shape shape = Shape::table;
    int rows = 0, columns = 0;                  // labels of a and of b
    const double* entries = nullptr;            // [rows, columns]; null for a projection
    double base = 0, weight = 0, limit = kInf;  // weight >= 0
    std::size_t step = 1;
    double at(int a, int b) const {
      if (entries) return entries[static_cast<std::size_t>(a) * static_cast<std::size_t>(columns) + b];
      return static_cast<std::size_t>(a) / step % static_cast<std::size_t>(columns) ==
                     static_cast<std::size_t>(b)
                 ? 0
                 : kInf;
    }
  };
  struct Edge {
    int a, b;  // different variables; several edges may join the same two
  };

  int own = 0;                          // variables of the view; auxiliaries stand behind
  std::span<const int> labels;          // [variables]
  std::span<const std::size_t> offset;  // [variables + 1]
  std::span<double> single;             // at offset: everything that reads one variable alone
  std::span<const Edge> edges;
  std::span<const std::uint32_t> table;  // [edges] into tables
  std::span<const double> scale;         // [edges], or empty: all 1; a shape holds where it is >= 0
  std::span<const Table> tables;
  double constant = 0;

  int variables() const { return static_cast<int>(labels.size()); }
  double scale_of(std::size_t edge) const { return scale.empty() ? 1 : scale[edge]; }
  // Of one edge at labels of its two variables.
  double at(std::size_t edge, int a, int b) const { return scale_of(edge) * tables[table[edge]].at(a, b); }
};

// What it holds lies in `ws` and in the view's tables. \throws GraphError for more than 2^31 - 1 variables or
// 2^32 - 1 tables.
PairGraph pair_graph(const DiscreteView& view, Workspace& ws);

// In double: constant, singles, then edges. `labels` of all variables.
double energy_of(const PairGraph& g, std::span<const int> labels);

// The auxiliaries' labels from those of the view's own variables; `labels` of all variables.
void complete(const PairGraph& g, std::span<int> labels);

}  // namespace EBM_PRECISION
}  // namespace ebm
