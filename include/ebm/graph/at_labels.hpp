#pragma once
/// \file
/// A batch read at joint labels: E(y) = sum over groups and instances of the table entry that the labels of
/// the scope name, row-major over the scope. The gradient of that energy is a weight of 1 on each such entry.

#include <span>

#include "ebm/graph/batch.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// The entry of one instance. `labels` has one label per variable of the graph.
inline int entry_at(const Group& g, int instance, std::span<const int> labels) {
  const int* scope = g.scopes.data() + static_cast<std::ptrdiff_t>(instance) * g.arity;
  return static_cast<int>(entry_of(g.index, g.sizes, scope, static_cast<std::size_t>(g.entries), labels));
}

/// The row of one instance.
inline const Real* row_at(const TableAt& t, int instance) {
  return t.data + static_cast<std::ptrdiff_t>(instance) * t.stride;
}

/// weights += weight at one entry; `weights` starts at the item's own (Batch::weights_of).
inline void give_entry(const Batch& b, int item, int group, int instance, int entry, double weight,
                       std::span<Real> weights) {
  const TableAt t = b.table(item, group);
  const std::size_t row = t.stride == 0 ? 0 : static_cast<std::size_t>(instance);
  weights[b.weights_at(item, group) - b.weights_of(item) + row * static_cast<std::size_t>(t.entries) +
          static_cast<std::size_t>(entry)] += static_cast<Real>(weight);
}

/// \name One group of an item, or all of them
/// Nats; of groups on a path nothing is read here. `labels` may be empty for groups without label variables.
///@{
double group_energy_at(const Batch& b, int item, int group, std::span<const int> labels);
void give_group_at(const Batch& b, int item, int group, std::span<const int> labels, double weight,
                   std::span<Real> weights);
double energy_at(const Batch& b, int item, std::span<const int> labels);
void give_at(const Batch& b, int item, std::span<const int> labels, double weight, std::span<Real> weights);
///@}

/// The weights of one item among those of all.
inline std::span<Real> weights_of(const Batch& b, int item, std::span<Real> weights) {
  return weights.subspan(b.weights_of(item), b.weights_of(item + 1) - b.weights_of(item));
}

}  // namespace EBM_PRECISION
}  // namespace ebm
