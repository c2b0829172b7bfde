#include "junction_tree.hpp"

#include <cmath>

#include "ebm/core/pool.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// A bucket of more table entries is worth cutting into parts for several threads. How many depends on the
// graph alone.
constexpr double kManyEntries = 1 << 16;
constexpr std::size_t kParts = 8, kLargestSums = 1 << 19;

// Where the sums of a source go in the end, and how many there are.
struct Sums {
  double* to;
  std::size_t size;
};

bool has_nan(const DiscreteView& view) {
  for (const DiscreteView::Group& g : view.groups) {
    const std::size_t size = (g.stride == 0 ? 1 : static_cast<std::size_t>(g.instances)) * g.entries;
    for (std::size_t e = 0; e < size; ++e)
      if (g.doubles ? std::isnan(g.doubles[e]) : std::isnan(g.floats[e])) return true;
  }
  return false;
}

std::size_t parts_of(const Bucket& bucket) {
  const double entries =
      static_cast<double>(bucket.block() * bucket.blocks()) * static_cast<double>(bucket.labels());
  return entries < kManyEntries ? 1 : std::min(kParts, bucket.blocks());
}

// One part of a bucket's blocks: visit(block number).
template <class Visit>
void each_block(Bucket& bucket, std::size_t part, std::size_t parts, const Visit& visit) {
  const std::size_t first = part * bucket.blocks() / parts, last = (part + 1) * bucket.blocks() / parts;
  if (first == last) return;
  bucket.seek(first);
  for (std::size_t block = first;; bucket.advance()) {
    visit(block);
    if (++block == last) return;
  }
}

}  // namespace

double JunctionMessages::bytes(const DiscreteMarginals* out, std::size_t groups) const {
  double entries = tree_.message_entries;
  if (out) {
    entries *= 2;
    entries += static_cast<double>(view_.offset.back());
    for (std::size_t g = 0; g < groups; ++g)
      entries +=
          static_cast<double>(view_.groups[g].instances) * static_cast<double>(view_.groups[g].entries);
  }
  return 8 * entries;
}

void JunctionMessages::check_memory(const DiscreteMarginals* out, std::size_t groups) const {
  const double needed = bytes(out, groups);
  if (needed > memory_ || tree_.message_entries > 0x1p32)
    throw GraphError(message("[junction_tree] messages of ", needed / 0x1p20, " MiB are more than the ",
                             memory_ / 0x1p20, " MiB allowed (the widest joins ", tree_.width,
                             " variables); allow more memory, or use another engine"));
}

// reduce(bucket, t, m): the message of one block.
template <class Reduce>
double JunctionMessages::upward(const Reduce& reduce) {
  room_.reset();
  up_ = room_.arrays.take<double>(static_cast<std::size_t>(tree_.message_entries));
  const auto part_of = [&](Bucket& bucket, std::size_t p, std::size_t part, std::size_t parts) {
    double* to = up_.data() + tree_.buckets[p].message_at;
    each_block(bucket, part, parts, [&](std::size_t block) {
      reduce(bucket, bucket.read(), bucket.row());
      std::copy_n(bucket.row(), bucket.block(), to + block * bucket.block());
    });
  };
  const Elimination::Schedule& schedule = tree_.schedule;
  parallel_for(schedule.pieces.size(), [&](std::size_t i) {
    Kept<Bucket> bucket;
    for (const Elimination::Run& run : schedule.pieces[i])
      for (int p = run.first; p <= run.last; ++p) {
        bucket->open(view_, tree_, static_cast<std::size_t>(p), up_.data());
        part_of(*bucket, static_cast<std::size_t>(p), 0, 1);
      }
  });
  for (const int p : schedule.above) {
    Kept<Bucket> bucket;
    bucket->open(view_, tree_, static_cast<std::size_t>(p), up_.data());
    const std::size_t parts = parts_of(*bucket);
    if (parts == 1) {
      part_of(*bucket, static_cast<std::size_t>(p), 0, 1);
      continue;
    }
    parallel_for(parts, [&](std::size_t part) {
      Kept<Bucket> own;
      own->open(view_, tree_, static_cast<std::size_t>(p), up_.data());
      part_of(*own, static_cast<std::size_t>(p), part, parts);
    });
  }
  double total = view_.constant;
  for (const Elimination::Bucket& b : tree_.buckets)
    if (b.parent < 0) total += up_[b.message_at];
  return total;
}

double JunctionMessages::minimum(std::span<int> labels) {
  check_memory(nullptr, 0);
  if (has_nan(view_)) return std::numeric_limits<double>::quiet_NaN();
  const double low = upward([](const Bucket& b, const double* t, double* m) {
    bucket_kernels().lowest(t, b.labels(), b.block(), b.stride(), m);
  });
  if (!(low < kInf) || labels.empty()) return low;
  // From the roots down, each variable takes its lowest label given those of its separator.
  const auto most = static_cast<std::size_t>(*std::ranges::max_element(view_.labels));
  const auto room = room_.arrays.take<double>(most);
  Workspace& ws = room_.rows;
  for (std::size_t p = tree_.buckets.size(); p-- > 0;) {
    ws.reset();
    const auto v = static_cast<std::size_t>(tree_.buckets[p].variable);
    const auto k = static_cast<std::size_t>(view_.labels[v]);
    const auto t = room.first(k);
    std::ranges::fill(t, 0.0);
    // A table's entry at these labels with label 0 of v, and its step from label to label.
    const auto add = [&](const double* table, std::span<const int> scope) {
      std::size_t at = 0, step = 0, stride = 1;
      for (std::size_t a = scope.size(); a-- > 0;) {
        const auto u = static_cast<std::size_t>(scope[a]);
        (u == v ? step : at) += stride * (u == v ? 1 : static_cast<std::size_t>(labels[u]));
        stride *= static_cast<std::size_t>(view_.labels[u]);
      }
      for (std::size_t y = 0; y < k; ++y) t[y] += table[at + y * step];
    };
    if (!view_.single.empty()) add(view_.single.data() + view_.offset[v], {&tree_.buckets[p].variable, 1});
    for (const auto& [group, instance] : tree_.factors_of(p)) {
      const DiscreteView::Group& g = view_.groups[static_cast<std::size_t>(group)];
      add(read_row(view_, group, instance, ws.take<double>(g.entries)).data(), g.scope(instance));
    }
    for (const int c : tree_.children_of(p)) {
      const auto child = static_cast<std::size_t>(c);
      add(up_.data() + tree_.buckets[child].message_at, tree_.separator(child));
    }
    labels[v] = static_cast<int>(std::min_element(t.begin(), t.end()) - t.begin());
  }
  return low;
}

double JunctionMessages::free_energy(double beta, DiscreteMarginals* out, std::size_t groups) {
  check_memory(out, groups);
  if (has_nan(view_)) return std::numeric_limits<double>::quiet_NaN();
  const double f = upward([beta](const Bucket& b, const double* t, double* m) {
    bucket_kernels().soft_lowest(t, b.labels(), b.block(), b.stride(), beta, m);
  });
  if (!out) return f;
  out->label.assign(view_.offset.back(), 0);
  out->factor_at.assign(groups, 0);
  std::size_t size = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    out->factor_at[g] = size;
    size += static_cast<std::size_t>(view_.groups[g].instances) * view_.groups[g].entries;
  }
  out->factor.assign(size, 0);
  if (!(f < kInf)) return f;
  down_ = room_.arrays.take<double>(up_.size(), 0.0);

  const Elimination::Schedule& schedule = tree_.schedule;
  for (std::size_t i = schedule.above.size(); i-- > 0;)
    downward(static_cast<std::size_t>(schedule.above[i]), beta, *out, groups, true);
  parallel_for(schedule.pieces.size(), [&](std::size_t i) {
    const auto& runs = schedule.pieces[i];
    for (std::size_t r = runs.size(); r-- > 0;)
      for (int p = runs[r].last; p >= runs[r].first; --p)
        downward(static_cast<std::size_t>(p), beta, *out, groups, false);
  });
  return f;
}

void JunctionMessages::downward(std::size_t p, double beta, DiscreteMarginals& out, std::size_t groups,
                                bool alone) {
  const Elimination::Bucket& b = tree_.buckets[p];
  if (b.parent < 0) down_[b.message_at] = 1;
  const auto factors = tree_.factors_of(p);
  const auto children = tree_.children_of(p);
  const auto v = static_cast<std::size_t>(b.variable);
  double* label = out.label.data() + view_.offset[v];
  Kept<std::vector<Sums>> kept;
  std::vector<Sums>& sums = *kept;
  sums.clear();
  sums.push_back({label, static_cast<std::size_t>(view_.labels[v])});
  for (const auto& [group, instance] : factors) {
    const auto g = static_cast<std::size_t>(group);
    const std::size_t entries = view_.groups[g].entries;
    sums.push_back({g < groups
                        ? out.factor.data() + out.factor_at[g] + static_cast<std::size_t>(instance) * entries
                        : nullptr,
                    g < groups ? entries : 0});
  }
  for (const int c : children) {
    const Elimination::Bucket& child = tree_.buckets[static_cast<std::size_t>(c)];
    sums.push_back({down_.data() + child.message_at, child.entries});
  }
  // Blocks of one part added up in `own`, laid out as `sums` one after another, or where they belong.
  const auto part_of = [&](Bucket& bucket, std::size_t part, std::size_t parts, std::span<double> own) {
    auto place = [&, at = std::size_t{0}](std::size_t s) mutable {
      double* to = own.empty() ? sums[s].to : sums[s].to ? own.data() + at : nullptr;
      at += sums[s].size;
      return to;
    };
    double* label_sums = place(0);
    std::size_t s = 1;
    for (Bucket::Source& source : bucket.factors()) source.sums = place(s++);
    for (Bucket::Source& source : bucket.children()) source.sums = place(s++);
    const BucketKernels& kernels = bucket_kernels();
    double *m = bucket.row(), *q = bucket.row() + bucket.stride();
    each_block(bucket, part, parts, [&](std::size_t block) {
      const std::size_t at = b.message_at + block * bucket.block();
      std::copy_n(up_.data() + at, bucket.block(), m);
      std::copy_n(down_.data() + at, bucket.block(), q);
      double* t = bucket.read();
      kernels.weigh(t, bucket.labels(), bucket.block(), bucket.stride(), beta, m, q);
      for (int k = 0; k < bucket.labels(); ++k)
        for (std::size_t j = 0; j < bucket.block(); ++j)
          label_sums[k] += t[static_cast<std::size_t>(k) * bucket.stride() + j];
      bucket.spread(t);
    });
  };
  Kept<Bucket> bucket;
  bucket->open(view_, tree_, p, up_.data());
  std::size_t size = 0;
  for (const Sums& s : sums) size += s.size;
  // Every part needs sums of its own; where these would weigh as messages do, one thread goes alone.
  const std::size_t parts = alone && size <= kLargestSums ? parts_of(*bucket) : 1;
  if (parts == 1) {
    part_of(*bucket, 0, 1, {});
    return;
  }
  std::vector<std::vector<double>> own(parts);
  parallel_for(parts, [&](std::size_t part) {
    own[part].assign(size, 0);
    Kept<Bucket> one;
    one->open(view_, tree_, p, up_.data());
    part_of(*one, part, parts, own[part]);
  });
  for (const std::vector<double>& from : own) {  // in order, whoever was first
    std::size_t at = 0;
    for (const Sums& s : sums) {
      for (std::size_t e = 0; e < s.size; ++e) s.to[e] += from[at + e];
      at += s.size;
    }
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
