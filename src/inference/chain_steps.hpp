#pragma once
// Walking along several chains at once: those that read the same table at a place take its steps in one call
// of a kernel, as many steps as all have in common.

#include <algorithm>
#include <array>
#include <span>

#include "chain_kernels.hpp"
#include "chain_problem.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// A walk has `const ChainProblem* c`, null once it has left, and a number `layers` of rows a position.

// visit(table or null, k, l, walks) for walks that take the same step between p and p + 1, in order. `ends`:
// walks whose last position is p are visited too, as if l were 0.
template <class Walk, class Visit>
void each_step(std::span<Walk> all, int p, bool ends, const Visit& visit) {
  std::array<Walk*, kChainRows> walks;
  std::size_t count = 0;
  const ChainTable* table = nullptr;
  int k = 0, l = 0, layers = 0;
  const auto flush = [&] {
    if (count > 0) visit(table, k, l, std::span(walks.data(), count));
    count = 0;
  };
  for (Walk& w : all) {
    if (!w.c || p + (ends ? 0 : 1) >= w.c->length) continue;
    const bool last = p + 1 == w.c->length;
    const ChainTable* t = last ? nullptr : w.c->edge[static_cast<std::size_t>(p)];
    const int before = w.c->labels(p), after = last ? 0 : w.c->labels(p + 1);
    if (t != table || before != k || after != l || w.layers != layers) flush();
    table = t, k = before, l = after, layers = w.layers;
    walks[count++] = &w;
  }
  flush();
}

// How many steps from p on all walks have before their tables change or one ends.
template <class Walk>
int steps_after(std::span<const Walk> all, int p) {
  int count = 1 << 30;
  for (const Walk& w : all)
    if (w.c && p + 1 < w.c->length)
      count = std::min(count, w.c->plan->alike[static_cast<std::size_t>(p)].after);
  return count == 1 << 30 ? 1 : count;
}

// The same from p down, p itself among them, until one begins that is shorter.
template <class Walk>
int steps_before(std::span<const Walk> all, int p) {
  int count = p + 1;
  for (const Walk& w : all) {
    if (!w.c) continue;
    if (p >= w.c->length)
      count = std::min(count, p - w.c->length + 1);
    else
      count =
          std::min(count, p + 1 == w.c->length ? 1 : w.c->plan->alike[static_cast<std::size_t>(p)].before);
  }
  return count;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
