#include "bucket_column.hpp"

#include <cmath>

namespace ebm {
inline namespace EBM_PRECISION {

void BucketColumn::add(const double* data, std::span<const int> scope, std::size_t own,
                       const DiscreteView& view) {
  Source s{data, 0, places_.size(), 0};
  std::size_t stride = 1;
  for (std::size_t a = scope.size(); a-- > 0;) {
    const auto u = static_cast<std::size_t>(scope[a]);
    if (u == own)
      s.step += stride;
    else
      places_.push_back({u, stride});
    stride *= static_cast<std::size_t>(view.labels[u]);
  }
  s.last = places_.size();
  sources_.push_back(s);
}

void BucketColumn::open(const DiscreteView& view, const Elimination& tree, std::size_t p,
                        const double* messages, double beta) {
  ws_.reset();
  sources_.clear();
  places_.clear();
  beta_ = beta;
  const int variable = tree.buckets[p].variable;
  const auto v = static_cast<std::size_t>(variable);
  column_.resize(static_cast<std::size_t>(view.labels[v]));
  if (!view.single.empty()) add(view.single.data() + view.offset[v], {&variable, 1}, v, view);
  for (const auto& [group, instance] : tree.factors_of(p)) {
    const DiscreteView::Group& g = view.groups[static_cast<std::size_t>(group)];
    const bool lies = g.doubles && g.scale(instance) == 1;
    add(read_row(view, group, instance, lies ? std::span<double>() : ws_.take<double>(g.entries)).data(),
        g.scope(instance), v, view);
  }
  first_child_ = sources_.size();
  for (const int c : tree.children_of(p)) {
    const auto child = static_cast<std::size_t>(c);
    add(messages + tree.buckets[child].message_at, tree.separator(child), v, view);
  }
}

std::span<double> BucketColumn::at(std::span<const int> labels) {
  std::ranges::fill(column_, 0.0);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Source& s = sources_[i];
    const double* from = s.data + entry(s, labels);
    if (i >= first_child_ && beta_ > 0)
      for (double& t : column_) t -= std::log(*from) / beta_, from += s.step;
    else
      for (double& t : column_) t += *from, from += s.step;
  }
  return column_;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
