#pragma once
// The hard part of a pair graph, in a form whose energies can be moved about and whose labels can go:
//   E(x) = constant + sum_i single_i(x_i) + sum_e [scale_e t_e(x_a, x_b) - delta_ea(x_a) - delta_eb(x_b)],
// equal to the graph's energy for any delta that the singles have been given (a reparametrisation). Between
// operations every term is at least 0, so that `constant` is a lower bound (Kolmogorov 2006; Cooper et al.
// 2010, soft arc consistency). A label that is out of the question has single = +inf, and a variable with one
// label left is absorbed: its pairs are in the singles of its neighbours.

#include <deque>
#include <limits>
#include <span>
#include <vector>

#include "pair_graph.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct PairCore {
  struct Table {
    const double* by_a = nullptr;  // [Ka, Kb]
    const double* by_b = nullptr;  // [Kb, Ka]
  };
  struct Edge {
    int a, b;  // a < b
    int table;
    double scale;
    std::size_t at_a, at_b;  // in CoreState::delta
  };
  std::vector<int> labels;
  std::vector<std::size_t> offset;  // [variables + 1]
  std::vector<Edge> edges;          // by a, then b; one for two variables
  std::vector<std::size_t> first;   // [variables + 1]: edges [first[i], first[i + 1]) have a = i
  std::vector<std::size_t> back_first;
  std::vector<int> back;  // edges with b = i, at back_first
  std::vector<Table> tables;
  std::vector<char> derived;               // [variables] its label follows from its neighbours'
  std::deque<std::vector<double>> stored;  // what tables point to
  std::size_t deltas = 0;

  int variables() const { return static_cast<int>(labels.size()); }
  std::span<const int> back_of(std::size_t i) const {
    return std::span(back).subspan(back_first[i], back_first[i + 1] - back_first[i]);
  }
  double at(const Edge& e, int x, int y) const {
    return e.scale * tables[static_cast<std::size_t>(e.table)]
                         .by_a[static_cast<std::size_t>(x) *
                                   static_cast<std::size_t>(labels[static_cast<std::size_t>(e.b)]) +
                               static_cast<std::size_t>(y)];
  }
  void index_edges();  // sorts them and sets first, back, at_a, at_b and deltas
};

struct CoreState {
  double constant = 0;
  std::vector<double> single;  // at offset
  std::vector<double> delta;
  std::vector<int> fixed;  // [variables] the label of one that is absorbed, else -1
};

// What a smaller core's variables and labels are in the one it was made from.
struct CoreMap {
  std::vector<int> variable;  // [variables]
  std::vector<int> label;     // at the smaller core's offset
  void give(const PairCore& small, std::span<const int> labels, std::span<int> whole) const;
};

// Bytes that `core_of` takes, known beforehand.
double core_bytes(const PairGraph& g);
// Variables in an order that runs auxiliaries between those they join; `map` says whose they are. The state
// is that of no messages.
PairCore core_of(const PairGraph& g, CoreState& state, CoreMap& map);

// The part of `members` (ascending, none absorbed), with the labels that are left.
PairCore part_of(const PairCore& core, const CoreState& state, std::span<const int> members, CoreState& out,
                 CoreMap& map);
// Connected components of what is not absorbed, each ascending.
std::vector<std::vector<int>> components_of(const PairCore& core, const CoreState& state);

// In the moved terms. `labels` of all variables; those of absorbed ones are read from `fixed`.
double energy_of(const PairCore& core, const CoreState& state, std::span<const int> labels);

// Absorbs variable i at label x. False when its neighbours have no label left.
bool absorb(const PairCore& core, CoreState& state, int i, int x);

}  // namespace EBM_PRECISION
}  // namespace ebm
