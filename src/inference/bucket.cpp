#include "bucket.hpp"

#include <cmath>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// A block is wide enough for vectors and small enough for the first cache.
constexpr std::size_t kNarrow = 16, kWide = 256;

// Runs of fewer entries are gathered one by one.
constexpr std::size_t kShortRun = 8;

}  // namespace

BlockSize::BlockSize(std::span<const std::size_t> sizes) : outer(sizes.size()) {
  while (outer > 0 && (entries < kNarrow || entries * sizes[outer - 1] <= kWide)) entries *= sizes[--outer];
}

void Bucket::add_source(const double* data, std::span<const int> variables, const DiscreteView& view) {
  const std::size_t m = sizes_.size();
  Source& s = sources_.emplace_back();
  s.data = data;
  strides_.resize(strides_.size() + m, 0);
  std::size_t* strides = strides_.data() + strides_.size() - m;
  std::size_t stride = 1;
  for (std::size_t a = variables.size(); a-- > 0;) {
    const auto v = static_cast<std::size_t>(variables[a]);
    if (view.labels[v] == 1) continue;  // stands in no separator
    const int dim = dim_of_[v];
    (dim == 0 ? s.step : strides[dim - 1]) += stride;  // a variable that stands twice takes both strides
    stride *= static_cast<std::size_t>(view.labels[v]);
  }
}

void Bucket::add_factor(std::span<const double> row, std::span<const int> variables,
                        const DiscreteView& view) {
  if (beta_ > 0) {
    double low = kInf, high = -kInf;
    for (const double e : row) {
      low = std::min(low, e);
      if (e < kInf) high = std::max(high, e);
    }
    if (low == kInf) low = high = 0;
    lowest_ += low;
    range_ += beta_ * (high - low);
    const auto weights = ws_.take<double>(row.size());
    bucket_kernels().weights_of(row.data(), beta_, low, row.size(), weights.data());
    row = weights;
  }
  add_source(row.data(), variables, view);
}

void Bucket::open(const DiscreteView& view, const Elimination& tree, std::size_t p, const double* messages,
                  double beta) {
  ws_.reset();
  sources_.clear();
  strides_.clear();
  sizes_.clear();
  beta_ = beta;
  lowest_ = range_ = 0;
  dim_of_.resize(view.labels.size());
  const Elimination::Bucket& b = tree.buckets[p];
  const auto v = static_cast<std::size_t>(b.variable);
  labels_ = view.labels[v];
  dim_of_[v] = 0;
  const auto separator = tree.separator(p);
  for (std::size_t d = 0; d < separator.size(); ++d) {
    dim_of_[static_cast<std::size_t>(separator[d])] = static_cast<int>(d) + 1;
    sizes_.push_back(static_cast<std::size_t>(view.labels[static_cast<std::size_t>(separator[d])]));
  }
  if (!view.single.empty())
    add_factor(view.single.subspan(view.offset[v], static_cast<std::size_t>(labels_)), {&b.variable, 1},
               view);
  first_factor_ = sources_.size();
  for (const auto& [group, instance] : tree.factors_of(p)) {
    const DiscreteView::Group& g = view.groups[static_cast<std::size_t>(group)];
    const bool lies = g.doubles && g.scale(instance) == 1;
    add_factor(read_row(view, group, instance, lies ? std::span<double>() : ws_.take<double>(g.entries)),
               g.scope(instance), view);
  }
  first_child_ = sources_.size();
  for (const int c : tree.children_of(p)) {
    const auto child = static_cast<std::size_t>(c);
    add_source(messages + tree.buckets[child].message_at, tree.separator(child), view);
  }
  choose_block();
  blocks_ = b.entries / block_;
  seek(0);
}

// Where in its data a source has each entry of a block.
void Bucket::index_source(Source& s, const std::size_t* strides) {
  const std::size_t m = sizes_.size();
  const auto index = ws_.take<std::uint32_t>(block_);
  index[0] = 0;
  s.run = 1;
  std::size_t size = 1;
  bool side_by_side = true;
  for (std::size_t d = m; d-- > outer_; size *= sizes_[d]) {
    side_by_side &= strides[d] == size || sizes_[d] == 1;
    if (side_by_side) s.run = size * sizes_[d];
    for (std::size_t k = 1; k < sizes_[d]; ++k)
      for (std::size_t e = 0; e < size; ++e)
        index[k * size + e] = index[e] + static_cast<std::uint32_t>(k * strides[d]);
  }
  if (s.run >= kShortRun) s.inner = Source::Inner::runs;
  s.index = index.data();
}

void Bucket::choose_block() {
  const std::size_t m = sizes_.size();
  const BlockSize size{sizes_};
  block_ = size.entries;
  outer_ = size.outer;
  stride_ = size.stride();
  table_.resize(static_cast<std::size_t>(labels_) * stride_);
  row_.resize(2 * stride_);
  label_.assign(outer_, 0);
  std::size_t steady = 0;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const std::size_t* strides = strides_.data() + i * m;
    // Dense but for the last dimensions, over which it may stay the same.
    bool dense = true;
    std::size_t entries = 1, repeats = 1;
    for (std::size_t d = m; d-- > outer_;) {
      if (strides[d] == 0 && entries == 1)
        repeats *= sizes_[d];
      else
        dense &= strides[d] == entries, entries *= sizes_[d];
    }
    Source& s = sources_[i];
    s.run = repeats;
    s.inner = entries == 1   ? Source::Inner::scalar
              : !dense       ? Source::Inner::scattered
              : repeats == 1 ? Source::Inner::dense
                             : Source::Inner::repeats;
    if (s.inner == Source::Inner::scattered) index_source(s, strides);
    s.steady = true;
    for (std::size_t d = 0; d < outer_; ++d) s.steady &= strides[d] == 0 || sizes_[d] == 1;
    steady += s.steady;
  }
  // Joined once, where there is more than one block and more than one number in it.
  steady_ = outer_ > 0 && steady > 0;
  if (!steady_) return;
  base_.resize(table_.size());
  const BucketJoins& joins = beta_ > 0 ? bucket_kernels().weights : bucket_kernels().energies;
  for (int k = 0; k < labels_; ++k) {
    double* t = base_.data() + static_cast<std::size_t>(k) * stride_;
    joins.fill(t, beta_ > 0 ? 1 : 0, stride_);
    for (const Source& s : sources_)
      if (s.steady) join(t, s, k);
  }
}

void Bucket::join(double* t, const Source& s, int k) const {
  const BucketJoins& joins = beta_ > 0 ? bucket_kernels().weights : bucket_kernels().energies;
  const double* from = s.data + s.at + static_cast<std::size_t>(k) * s.step;
  switch (s.inner) {
    case Source::Inner::scalar:
      return joins.start(t, t, *from, stride_);
    case Source::Inner::dense:
      return joins.join(t, from, block_);
    case Source::Inner::repeats:
      return joins.join_repeats(t, from, block_, s.run);
    case Source::Inner::runs:
      return joins.join_runs(t, from, s.index, block_, s.run);
    case Source::Inner::scattered:
      return joins.join_at(t, from, s.index, block_);
  }
}

void Bucket::seek(std::size_t block) {
  for (std::size_t d = outer_; d-- > 0; block /= sizes_[d]) label_[d] = block % sizes_[d];
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    sources_[i].at = 0;
    for (std::size_t d = 0; d < outer_; ++d) sources_[i].at += strides_[i * sizes_.size() + d] * label_[d];
  }
}

void Bucket::advance() {
  const std::size_t m = sizes_.size();
  for (std::size_t d = outer_; d-- > 0;) {
    const bool next = ++label_[d] < sizes_[d];
    for (std::size_t i = 0; i < sources_.size(); ++i)
      if (next)
        sources_[i].at += strides_[i * m + d];
      else
        sources_[i].at -= strides_[i * m + d] * (sizes_[d] - 1);
    if (next) return;
    label_[d] = 0;
  }
}

double* Bucket::read() {
  const BucketJoins& joins = beta_ > 0 ? bucket_kernels().weights : bucket_kernels().energies;
  for (int k = 0; k < labels_; ++k) {
    double* t = table_.data() + static_cast<std::size_t>(k) * stride_;
    double level = beta_ > 0 ? 1 : 0;
    for (const Source& s : sources_) {
      if (s.inner != Source::Inner::scalar || (steady_ && s.steady)) continue;
      const double x = s.data[s.at + static_cast<std::size_t>(k) * s.step];
      level = beta_ > 0 ? level * x : level + x;
    }
    if (steady_)
      joins.start(t, base_.data() + static_cast<std::size_t>(k) * stride_, level, stride_);
    else
      joins.fill(t, level, stride_);
    for (const Source& s : sources_)
      if (s.inner != Source::Inner::scalar && !(steady_ && s.steady)) join(t, s, k);
  }
  return table_.data();
}

void Bucket::spread(const double* p, double* label) {
  const BucketKernels& kernels = bucket_kernels();
  for (int k = 0; k < labels_; ++k) {
    const double* row = p + static_cast<std::size_t>(k) * stride_;
    const double sum = kernels.sum(row, block_);
    label[k] += sum;
    for (const Source& s : sources_) {
      if (!s.sums) continue;
      double* to = s.sums + s.at + static_cast<std::size_t>(k) * s.step;
      switch (s.inner) {
        case Source::Inner::scalar:
          *to += sum;
          break;
        case Source::Inner::dense:
          kernels.energies.join(to, row, block_);
          break;
        case Source::Inner::repeats:
          for (std::size_t j = 0; j < block_; j += s.run) {
            double all = row[j];
            for (std::size_t i = 1; i < s.run; ++i) all += row[j + i];
            *to++ += all;
          }
          break;
        case Source::Inner::runs:
          for (std::size_t j = 0; j < block_; j += s.run)
            kernels.energies.join(to + s.index[j], row + j, s.run);
          break;
        case Source::Inner::scattered:
          for (std::size_t j = 0; j < block_; ++j) to[s.index[j]] += row[j];
      }
    }
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
