#include "lowering.hpp"

#include <algorithm>
#include <memory>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using ViewGroup = DiscreteView::Group;

// Auxiliaries of one scope: one behind every variable from the second on; a single variable has one, since
// its row may be longer than its labels.
std::size_t steps_of(const ViewGroup& g) {
  return g.index == Index::joint ? 0 : std::max<std::size_t>(1, static_cast<std::size_t>(g.arity) - 1);
}

// Labels of the auxiliary behind step j; the last has an entry of the row each.
int labels_at(const ViewGroup& g, std::size_t j) {
  const auto entries = static_cast<int>(g.entries);
  return g.index == Index::agreement || j + 1 == steps_of(g) ? entries
                                                             : std::min(static_cast<int>(j) + 3, entries);
}

int next(const ViewGroup& g, int before, int label) {
  const int last = static_cast<int>(g.entries) - 1;
  if (g.index == Index::count) return std::min(before + label, last);
  return before == label ? before : last;
}

// 0 where the auxiliary `cur` is what `prev` and the variable make it, forbidden elsewhere; prev = 1 label:
// none.
std::span<double> step_table(const ViewGroup& g, int prev, int labels, int cur, Workspace& ws) {
  const auto table = ws.take<double>(static_cast<std::size_t>(prev) * labels * cur, kInf);
  for (int p = 0; p < prev; ++p)
    for (int y = 0; y < labels; ++y)
      table[static_cast<std::size_t>((p * labels + y) * cur + next(g, p, y))] = 0;
  return table;
}

}  // namespace

DiscreteView lowered(const DiscreteView& view, Workspace& ws) {
  std::size_t auxiliaries = 0, steps = 0;
  for (const ViewGroup& g : view.groups) {
    auxiliaries += steps_of(g) * static_cast<std::size_t>(g.instances);
    steps += steps_of(g);
  }
  if (steps == 0) return view;
  const std::size_t n = view.labels.size(), old = view.groups.size();
  const auto labels = ws.take<int>(n + auxiliaries);
  std::ranges::copy(view.labels, labels.begin());
  const auto groups = ws.take<ViewGroup>(old + steps);
  std::uninitialized_copy(view.groups.begin(), view.groups.end(), groups.begin());
  std::size_t first = n, at = old;  // the next auxiliary, the next group
  for (std::size_t o = 0; o < old; ++o) {
    const ViewGroup& g = view.groups[o];
    const std::size_t m = steps_of(g), count = static_cast<std::size_t>(g.instances);
    const int k = g.index == Index::joint ? 0 : g.sizes[0];
    for (std::size_t j = 0; j < m; ++j) {
      // A single variable is met by the auxiliary alone; else the first step reads two of them.
      const bool alone = g.arity == 1;
      const int prev = alone ? 1 : j == 0 ? k : labels_at(g, j - 1), cur = labels_at(g, j);
      ViewGroup& step = *new (&groups[at++]) ViewGroup();
      step.arity = alone ? 2 : 3;
      step.instances = g.instances;
      const auto sizes = ws.take<int>(3);
      sizes[0] = prev, sizes[1] = k, sizes[2] = cur;
      step.sizes = sizes.subspan(alone ? 1 : 0);
      const auto table = step_table(g, prev, k, cur, ws);
      step.entries = table.size();
      step.doubles = table.data();
      const auto scopes = ws.take<int>(count * static_cast<std::size_t>(step.arity));
      int* to = scopes.data();
      for (std::size_t i = 0; i < count; ++i) {
        const auto scope = g.scope(static_cast<int>(i));
        const auto aux = [&](std::size_t step_of) { return static_cast<int>(first + i * m + step_of); };
        if (!alone) *to++ = j == 0 ? scope[0] : aux(j - 1);
        *to++ = scope[alone ? 0 : j + 1];
        *to++ = aux(j);
        labels[static_cast<std::size_t>(aux(j))] = cur;
      }
      step.scopes = scopes;
    }
    if (m == 0) continue;
    ViewGroup& row = groups[o];
    row.index = Index::joint;
    row.arity = 1;
    const auto size = ws.take<int>(1, static_cast<int>(g.entries)), last = ws.take<int>(count);
    for (std::size_t i = 0; i < count; ++i) last[i] = static_cast<int>(first + i * m + m - 1);
    row.sizes = size;
    row.scopes = last;
    first += count * m;
  }
  DiscreteView out = view;
  out.labels = labels;
  out.groups = groups;
  out.auxiliaries = static_cast<int>(auxiliaries);
  const auto offset = ws.take<std::size_t>(labels.size() + 1);
  offset[0] = 0;
  for (std::size_t v = 0; v < labels.size(); ++v)
    offset[v + 1] = offset[v] + static_cast<std::size_t>(labels[v]);
  out.offset = offset;
  if (!view.single.empty()) {
    const auto single = ws.take<double>(offset.back(), 0.0);
    std::ranges::copy(view.single, single.begin());
    out.single = single;
  }
  if (!view.in_truth.empty()) {
    const auto inside = ws.take<char>(offset.back(), 1);
    std::ranges::copy(view.in_truth, inside.begin());
    out.in_truth = inside;
  }
  return out;
}

void complete(const DiscreteView& view, std::span<int> labels) {
  const int own = view.variables() - view.auxiliaries;
  for (const ViewGroup& g : view.groups) {
    if (g.arity < 2 || g.instances == 0 || g.scopes.back() < own) continue;
    // A step: its last variable is the one label that is not forbidden.
    for (int i = 0; i < g.instances; ++i) {
      const auto scope = g.scope(i);
      int& label = labels[static_cast<std::size_t>(scope.back())];
      label = 0;
      const double* row = g.doubles + g.entry(i, labels);
      while (row[label] == kInf) ++label;
    }
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
