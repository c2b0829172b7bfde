#pragma once
// A pair graph as the kernels of messages read it, and what all schedules need of it: who is told by whom, an
// order from roots to leaves, labels read off the messages.

#include "ebm/core/workspace.hpp"
#include "message_kernels.hpp"
#include "pair_graph.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Of the edges alone. In `order` every variable stands behind one of its neighbours, roots apart.
struct Neighbours {
  std::span<const std::size_t> first;       // [variables + 1] into `incident`
  std::span<const std::uint32_t> incident;  // edge * 2 + (0: the variable is a, 1: it is b)
  std::span<const std::uint32_t> order;     // [variables]
  bool forest = false;                      // no cycle, so that two passes tell everything
};
// \throws GraphError for more than 2^31 - 1 edges.
Neighbours neighbours(const PairGraph& g, Workspace& ws);

// What its numbers are like.
struct Range {
  bool nan = false, forbidden = false;
  double largest = 0;  // of all that are finite, by size
};
Range range_of(const PairGraph& g);

template <class T>
struct MessageLayout {
  MessageGraph<T> graph{};
  std::size_t entries = 0;  // of all messages
};
// Lies in `ws` and in `g`. beta +inf: for minima.
template <class T>
MessageLayout<T> message_layout(const PairGraph& g, const Neighbours& n, const Range& range, double beta,
                                Workspace& ws);

// Energies of the labels of v with everything it is told, [stride].
template <class T>
void belief(const MessageGraph<T>& g, const T* messages, unsigned flip, std::size_t v, T* out);

// Labels of all variables. `each`: of every variable the one where its belief is lowest; else one after
// another along the order, given the labels before it, which finds the minimum of a forest.
template <class T>
void read_labels(const PairGraph& g, const Neighbours& n, const MessageGraph<T>& m, const T* messages,
                 unsigned flip, bool each, std::span<int> labels, Workspace& ws);

}  // namespace EBM_PRECISION
}  // namespace ebm
