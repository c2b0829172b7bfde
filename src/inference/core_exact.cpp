#include "core_exact.hpp"

#include <memory>

namespace ebm {
inline namespace EBM_PRECISION {

bool CoreExact::minimum(const PairCore& core, const CoreState& state, double most, std::span<int> labels,
                        double& energy) {
  ws_.reset();
  DiscreteView view;
  view.labels = core.labels;
  view.offset = core.offset;
  view.constant = state.constant;
  view.single = state.single;
  const auto groups = ws_.take<DiscreteView::Group>(core.edges.size());
  const auto scopes = ws_.take<int>(2 * core.edges.size()), sizes = ws_.take<int>(2 * core.edges.size());
  const auto scales = ws_.take<double>(core.edges.size());
  for (std::size_t i = 0; i < core.edges.size(); ++i) {
    const PairCore::Edge& e = core.edges[i];
    scopes[2 * i] = e.a;
    scopes[2 * i + 1] = e.b;
    sizes[2 * i] = core.labels[static_cast<std::size_t>(e.a)];
    sizes[2 * i + 1] = core.labels[static_cast<std::size_t>(e.b)];
    scales[i] = e.scale;
    DiscreteView::Group& g = *new (&groups[i]) DiscreteView::Group();
    g.arity = 2;
    g.instances = 1;
    g.entries = static_cast<std::size_t>(sizes[2 * i]) * static_cast<std::size_t>(sizes[2 * i + 1]);
    g.sizes = sizes.subspan(2 * i, 2);
    g.scopes = scopes.subspan(2 * i, 2);
    g.doubles = core.tables[static_cast<std::size_t>(e.table)].by_a;
    g.scales = scales.subspan(i, 1);
  }
  view.groups = groups;
  const Elimination tree = eliminate(view, most);
  if (tree.buckets.size() != core.labels.size()) return false;
  room_.reset();
  energy = JunctionMessages(view, tree, kInf, room_).minimum(labels);
  return true;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
