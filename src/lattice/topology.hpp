#pragma once
/// \file
/// Topological order, a state on a cycle, and which states are of use, for graphs in CSR form: arcs of state
/// s are first[s] .. first[s+1]-1, and target(k) is the end of arc k. None recurses.

#include <span>
#include <vector>

#include "ebm/core/real.hpp"

namespace ebm::lattice {

struct TopologicalOrder {
  std::vector<int> order;  ///< states, sources before targets; the numbers' own order where that is one
  int on_cycle = -1;       ///< a state on a cycle, -1 for none
};

/// Kahn's algorithm; O(states + arcs).
template <class Target>
TopologicalOrder topological_order(std::span<const int> first, const Target& target) {
  const int n = static_cast<int>(first.size()) - 1;
  const auto arcs = [&](int s, const auto& visit) {
    for (int k = first[static_cast<std::size_t>(s)]; k < first[static_cast<std::size_t>(s) + 1]; ++k)
      visit(target(k));
  };
  TopologicalOrder out;
  std::vector<int> entering(static_cast<std::size_t>(n), 0);
  bool ascending = true;
  for (int s = 0; s < n; ++s)
    arcs(s, [&](int t) {
      ++entering[static_cast<std::size_t>(t)];
      ascending = ascending && s < t;
    });
  out.order.reserve(static_cast<std::size_t>(n));
  for (int s = 0; s < n; ++s)
    if (ascending || entering[static_cast<std::size_t>(s)] == 0) out.order.push_back(s);
  if (ascending) return out;
  for (std::size_t k = 0; k < out.order.size(); ++k)
    arcs(out.order[k], [&](int t) {
      if (--entering[static_cast<std::size_t>(t)] == 0) out.order.push_back(t);
    });
  if (static_cast<int>(out.order.size()) == n) return out;
  // Every state that is left was entered by one that is left too: going back along those meets a cycle.
  std::vector<int> before(static_cast<std::size_t>(n), -1);
  for (int s = 0; s < n; ++s)
    if (entering[static_cast<std::size_t>(s)] > 0)
      arcs(s, [&](int t) {
        if (entering[static_cast<std::size_t>(t)] > 0) before[static_cast<std::size_t>(t)] = s;
      });
  int s = 0;
  while (entering[static_cast<std::size_t>(s)] <= 0) ++s;
  for (int step = 0; step < n; ++step) s = before[static_cast<std::size_t>(s)];
  out.on_cycle = s;
  return out;
}

/// New numbers, in the given topological order, of the states on a path from `start` to a final one; -1 for
/// others.
template <class Target>
std::vector<int> useful_numbers(std::span<const int> order, std::span<const int> first, const Target& target,
                                std::span<const double> final_energy, int start) {
  std::vector<int> number(first.size() - 1, -1);
  const auto arcs = [&](int s, const auto& visit) {
    for (int k = first[static_cast<std::size_t>(s)]; k < first[static_cast<std::size_t>(s) + 1]; ++k)
      visit(static_cast<std::size_t>(target(k)));
  };
  constexpr int kReached = -2;
  number[static_cast<std::size_t>(start)] = kReached;
  for (const int s : order)
    if (number[static_cast<std::size_t>(s)] == kReached)
      arcs(s, [&](std::size_t t) { number[t] = kReached; });
  for (std::size_t k = order.size(); k-- > 0;) {
    int& mine = number[static_cast<std::size_t>(order[k])];
    if (mine != kReached) continue;
    bool useful = final_energy[static_cast<std::size_t>(order[k])] < kInf;
    arcs(order[k], [&](std::size_t t) { useful = useful || number[t] >= 0; });
    mine = useful ? 0 : -1;
  }
  int next = 0;
  for (const int s : order)
    if (int& mine = number[static_cast<std::size_t>(s)]; mine >= 0) mine = next++;
  return number;
}

}  // namespace ebm::lattice
