#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

const std::vector<Group>& groups_of(const Batch& b, int item) {
  return b.sample(b.sample_of(item)).structure->groups;
}

}  // namespace

double group_energy_at(const Batch& b, int item, int group, std::span<const int> labels) {
  const Group& g = groups_of(b, item)[static_cast<std::size_t>(group)];
  const TableAt t = b.table(item, group);
  double e = 0;
  for (int i = 0; i < g.instances; ++i) e += static_cast<double>(row_at(t, i)[entry_at(g, i, labels)]);
  return e;
}

void give_group_at(const Batch& b, int item, int group, std::span<const int> labels, double weight,
                   std::span<Real> weights) {
  const Group& g = groups_of(b, item)[static_cast<std::size_t>(group)];
  const TableAt t = b.table(item, group);
  Real* to = weights.data() + (b.weights_at(item, group) - b.weights_of(item));
  const std::ptrdiff_t row = t.stride == 0 ? 0 : t.entries;
  for (int i = 0; i < g.instances; ++i) to[i * row + entry_at(g, i, labels)] += static_cast<Real>(weight);
}

double energy_at(const Batch& b, int item, std::span<const int> labels) {
  const auto groups = static_cast<int>(groups_of(b, item).size());
  double e = 0;
  for (int g = 0; g < groups; ++g) e += group_energy_at(b, item, g, labels);
  return e;
}

void give_at(const Batch& b, int item, std::span<const int> labels, double weight, std::span<Real> weights) {
  const auto groups = static_cast<int>(groups_of(b, item).size());
  for (int g = 0; g < groups; ++g) give_group_at(b, item, g, labels, weight, weights);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
