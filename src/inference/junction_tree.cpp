#include "junction_tree.hpp"

#include <cmath>

#include "bucket_column.hpp"
#include "ebm/core/pool.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// exp of minus that is far from vanishing.
constexpr double kWidest = 600;

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

std::size_t JunctionMessages::parts_of(const Bucket& bucket) {
  const double entries =
      static_cast<double>(bucket.block() * bucket.blocks()) * static_cast<double>(bucket.labels());
  return entries < kManyEntries ? 1 : std::min(kParts, bucket.blocks());
}

// The messages, energies or weights (beta > 0), by reduce(bucket, t, m), which makes one block of one. False
// when weights might vanish.
template <class Reduce>
bool JunctionMessages::upward(double beta, const Reduce& reduce) {
  const auto part_of = [&](Bucket& bucket, std::size_t p, std::size_t part, std::size_t parts) {
    double* to = up_.data() + tree_.buckets[p].message_at;
    each_block(bucket, part, parts, [&](std::size_t block) {
      double* m = to + block * bucket.block();
      if (bucket.block() == bucket.stride()) {  // whole vectors
        reduce(bucket, bucket.read(), m);
      } else {
        reduce(bucket, bucket.read(), bucket.row());
        std::copy_n(bucket.row(), bucket.block(), m);
      }
    });
  };
  const Elimination::Schedule& schedule = tree_.schedule;
  std::atomic<bool> narrow{true};
  parallel_for(schedule.pieces.size(), [&](std::size_t i) {
    Kept<Bucket> bucket;
    for (const Elimination::Run& run : schedule.pieces[i])
      for (int p = run.first; p <= run.last; ++p) {
        const auto at = static_cast<std::size_t>(p);
        bucket->open(view_, tree_, at, up_.data(), beta);
        part_of(*bucket, at, 0, 1);
        if (!finish(at, *bucket, beta)) {
          narrow = false;
          return;
        }
      }
  });
  if (!narrow) return false;
  for (const int p : schedule.above) {
    const auto at = static_cast<std::size_t>(p);
    Kept<Bucket> bucket;
    bucket->open(view_, tree_, at, up_.data(), beta);
    const std::size_t parts = parts_of(*bucket);
    if (parts == 1)
      part_of(*bucket, at, 0, 1);
    else
      parallel_for(parts, [&](std::size_t part) {
        Kept<Bucket> own;
        own->open(view_, tree_, at, up_.data(), beta);
        part_of(*own, at, part, parts);
      });
    if (!finish(at, *bucket, beta)) return false;
  }
  return true;
}

// Scales a message of weights so that its largest is 1, and says how small its smallest is.
bool JunctionMessages::finish(std::size_t p, const Bucket& bucket, double beta) {
  if (beta == 0) return true;
  double range = bucket.range();
  for (const int c : tree_.children_of(p)) range += range_[static_cast<std::size_t>(c)];
  if (!(range <= kWidest)) return false;
  const BucketKernels& kernels = bucket_kernels();
  const std::span<double> message = up_.subspan(tree_.buckets[p].message_at, tree_.buckets[p].entries);
  double low, high;
  kernels.extent(message.data(), message.size(), &low, &high);
  range_[p] = high > 0 ? std::log(high / low) : 0;
  shift_[p] = high > 0 ? bucket.lowest() - std::log(high) / beta : kInf;
  if (high > 0) kernels.scale(message.data(), 1 / high, message.size());
  return true;
}

double JunctionMessages::sum_up(double beta) const {
  double total = view_.constant;
  for (std::size_t p = 0; p < tree_.buckets.size(); ++p)
    if (beta > 0)
      total += shift_[p];
    else if (tree_.buckets[p].parent < 0)
      total += up_[tree_.buckets[p].message_at];
  return total;
}

// All at once: room that grows twice holds more than it gives.
void JunctionMessages::take_room(bool down) {
  const auto messages = static_cast<std::size_t>(tree_.message_entries);
  const std::size_t n = tree_.buckets.size();
  room_.reset();
  const auto all = room_.arrays.take<double>(messages * (down ? 2 : 1) + 2 * n);
  up_ = all.first(messages);
  shift_ = all.subspan(messages, n);
  range_ = all.subspan(messages + n, n);
  down_ = all.subspan(messages + 2 * n);
}

double JunctionMessages::minimum(std::span<int> labels) {
  check_memory(nullptr, 0);
  if (has_nan(view_)) return std::numeric_limits<double>::quiet_NaN();
  take_room(false);
  (void)upward(0, [](const Bucket& b, const double* t, double* m) {
    bucket_kernels().lowest(t, b.labels(), b.block(), b.stride(), m);
  });
  const double low = sum_up(0);
  if (!(low < kInf) || labels.empty()) return low;
  // From the roots down, each variable takes its lowest label given those of its separator.
  Kept<BucketColumn> column;
  for (std::size_t p = tree_.buckets.size(); p-- > 0;) {
    column->open(view_, tree_, p, up_.data(), 0);
    const auto t = column->at(labels);
    labels[static_cast<std::size_t>(tree_.buckets[p].variable)] =
        static_cast<int>(std::ranges::min_element(t) - t.begin());
  }
  return low;
}

double JunctionMessages::free_energy(double beta, DiscreteMarginals* out, std::size_t groups) {
  check_memory(out, groups);
  if (has_nan(view_)) return std::numeric_limits<double>::quiet_NaN();
  take_room(out != nullptr);
  beta_ = weights_ = beta;
  if (!upward(beta, [](const Bucket& b, const double* t, double* m) {
        bucket_kernels().total(t, b.labels(), b.block(), b.stride(), m);
      })) {
    weights_ = 0;
    (void)upward(0, [beta](const Bucket& b, const double* t, double* m) {
      bucket_kernels().soft_lowest(t, b.labels(), b.block(), b.stride(), beta, m);
    });
  }
  const double f = sum_up(weights_);
  if (!out) return f;
  out->label.assign(view_.offset.back(), 0);
  out->factor_at.assign(groups, 0);
  std::size_t size = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    out->factor_at[g] = size;
    if (view_.groups[g].arity > 0)
      size += static_cast<std::size_t>(view_.groups[g].instances) * view_.groups[g].entries;
  }
  out->factor.assign(size, 0);
  if (!(f < kInf)) return f;
  std::ranges::fill(down_, 0.0);

  const Elimination::Schedule& schedule = tree_.schedule;
  for (std::size_t i = schedule.above.size(); i-- > 0;)
    downward(static_cast<std::size_t>(schedule.above[i]), *out, groups, true);
  parallel_for(schedule.pieces.size(), [&](std::size_t i) {
    const auto& runs = schedule.pieces[i];
    for (std::size_t r = runs.size(); r-- > 0;)
      for (int p = runs[r].last; p >= runs[r].first; --p)
        downward(static_cast<std::size_t>(p), *out, groups, false);
  });
  return f;
}

void JunctionMessages::downward(std::size_t p, DiscreteMarginals& out, std::size_t groups, bool alone) {
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
      std::copy_n(down_.data() + at, bucket.block(), q);
      double* t = bucket.read();
      if (weights_ > 0) {
        kernels.share(t, bucket.labels(), bucket.block(), bucket.stride(), q);
      } else {
        std::copy_n(up_.data() + at, bucket.block(), m);
        kernels.weigh(t, bucket.labels(), bucket.block(), bucket.stride(), beta_, m, q);
      }
      bucket.spread(t, label_sums);
    });
  };
  Kept<Bucket> bucket;
  bucket->open(view_, tree_, p, up_.data(), weights_);
  std::size_t size = 0;
  for (const Sums& s : sums) size += s.size;
  const std::size_t parts = alone && size <= kLargestSums ? parts_of(*bucket) : 1;
  if (parts == 1) {
    part_of(*bucket, 0, 1, {});
    return;
  }
  std::vector<std::vector<double>> own(parts);
  parallel_for(parts, [&](std::size_t part) {
    own[part].assign(size, 0);
    Kept<Bucket> one;
    one->open(view_, tree_, p, up_.data(), weights_);
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
