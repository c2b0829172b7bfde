#pragma once
// In which order the variables of a graph go: that which leaves the fewest new edges first (min-fill), or
// that with the smallest table (min-weight). How many edges each variable would leave is kept up to date, not
// counted anew: a new edge (u, w) lowers it by one at every common neighbour, and raises it at u by the
// neighbours of u that w has not; a variable that goes takes degree(u) - degree(v) from each u that it met.
// A variable whose neighbours are all neighbours of each other (fill 0) costs no look at their lists, so that
// hubs, trees and chordal graphs take time in their edges.
//
// The third order sweeps over the graph from one end to the other, breadth first (Cuthill, McKee 1969): of a
// grid it keeps a diagonal in mind, where greedy ones get lost in the middle.
//
// Variables of one label are no neighbours of anything: a table over them is no larger.

#include <cstdint>
#include <vector>

#include "discrete_view.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Who meets whom in a factor, before anything has gone.
struct Neighbours {
  explicit Neighbours(const DiscreteView& view);
  std::vector<std::size_t> first;  // [variables + 1] in `all`
  std::vector<int> all;            // each once
  std::vector<std::int64_t> fill;  // pairs of neighbours that are not neighbours themselves
  std::span<const int> of(int v) const {
    const auto i = static_cast<std::size_t>(v);
    return std::span(all).subspan(first[i], first[i + 1] - first[i]);
  }
};

struct Order {
  std::vector<int> variables;
  std::vector<std::size_t> first;  // [variables + 1] in `separators`
  std::vector<int> separators;     // beside them, in no order
  double entries = 0, work = 0;    // of messages; of tables
  double effort = 0;               // lists looked at, entries
  bool complete = false;
  std::span<const int> separator(std::size_t p) const {
    return std::span(separators).subspan(first[p], first[p + 1] - first[p]);
  }
};

enum class Rule { fill, weight, sweep };

// Ties go by the other rule, and then by number, or, with `turn` above 0, by one of its permutations.
// Given up, and not complete, beyond so many entries of messages or so much work.
Order order_of(std::span<const int> labels, const Neighbours& neighbours, Rule rule, std::uint32_t turn,
               double most_entries, double most_work);

}  // namespace EBM_PRECISION
}  // namespace ebm
