// What the messages of a tree of buckets take, known before they are made.

#include "ebm/core/pool.hpp"
#include "junction_tree.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// An upper bound of all that a query allocates in proportion to the graph: messages up, and down where
// marginals are wanted, the marginals, and what the threads have open at a time.
double JunctionMessages::bytes(const DiscreteMarginals* out, std::size_t groups) const {
  const std::size_t n = tree_.buckets.size();
  double entries = tree_.message_entries + 2 * static_cast<double>(n);
  if (out) {
    entries += tree_.message_entries + static_cast<double>(view_.offset.back());
    for (std::size_t g = 0; g < groups; ++g)
      entries +=
          static_cast<double>(view_.groups[g].instances) * static_cast<double>(view_.groups[g].entries);
  }
  // The widest bucket: its table and what is joined once, two rows, and for each source its weights, its
  // energies when they are scaled or floats, strides and the places of a block's entries.
  double widest = 0, sums = 0;
  Kept<std::vector<std::size_t>> kept;
  std::vector<std::size_t>& sizes = *kept;
  for (std::size_t p = 0; p < n; ++p) {
    sizes.clear();
    for (const int v : tree_.separator(p))
      sizes.push_back(static_cast<std::size_t>(view_.labels[static_cast<std::size_t>(v)]));
    const BlockSize block{sizes};
    const double labels = view_.labels[static_cast<std::size_t>(tree_.buckets[p].variable)];
    const auto children = static_cast<double>(tree_.children_of(p).size());
    const double sources = children + static_cast<double>(tree_.factors_of(p).size()) + 1;
    double of_p = (2 * labels + 2) * static_cast<double>(block.stride());
    of_p += sources * (static_cast<double>(sizes.size()) + 16 + static_cast<double>(block.entries) / 2);
    double own = labels;  // sums of one part
    for (const auto& [group, instance] : tree_.factors_of(p)) {
      const auto row = static_cast<double>(view_.groups[static_cast<std::size_t>(group)].entries);
      of_p += 2 * row + 16;
      if (static_cast<std::size_t>(group) < groups) own += row;
    }
    for (const int c : tree_.children_of(p))
      own += static_cast<double>(tree_.buckets[static_cast<std::size_t>(c)].entries);
    widest = std::max(widest, of_p);
    if (labels * static_cast<double>(tree_.buckets[p].entries) >= kManyEntries && own <= kLargestSums)
      sums = std::max(sums, own);
  }
  // Every thread has one open, and the caller a second one. Where buckets grow, what they held before is
  // there with what they hold.
  entries += 3 * widest * (threads() + 1) + static_cast<double>(view_.variables()) * (threads() + 1);
  if (out) entries += kParts * sums;
  return 8 * entries;
}

void JunctionMessages::check_memory(const DiscreteMarginals* out, std::size_t groups) const {
  const double needed = bytes(out, groups);
  if (needed > memory_ || tree_.message_entries > 0x1p32)
    throw GraphError(message("[junction_tree] messages of ", needed / 0x1p20, " MiB are more than the ",
                             memory_ / 0x1p20, " MiB allowed (the widest joins ", tree_.width,
                             " variables); allow more memory, or use another engine"));
}

}  // namespace EBM_PRECISION
}  // namespace ebm
