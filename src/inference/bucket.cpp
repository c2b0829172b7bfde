#include "bucket.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// A block is wide enough for vectors and small enough for the first cache.
constexpr std::size_t kNarrow = 16, kWide = 256;

}  // namespace

void Bucket::add_source(const double* data, std::span<const int> variables, const DiscreteView& view) {
  const std::size_t m = sizes_.size();
  Source& s = sources_.emplace_back();
  s.data = data;
  strides_.resize(strides_.size() + m, 0);
  std::size_t* strides = strides_.data() + strides_.size() - m;
  std::size_t stride = 1;
  for (std::size_t a = variables.size(); a-- > 0;) {
    const auto v = static_cast<std::size_t>(variables[a]);
    const int dim = dim_of_[v];
    (dim == 0 ? s.step : strides[dim - 1]) += stride;  // a variable that stands twice takes both strides
    stride *= static_cast<std::size_t>(view.labels[v]);
  }
}

void Bucket::open(const DiscreteView& view, const Elimination& tree, std::size_t p, const double* messages) {
  ws_.reset();
  sources_.clear();
  strides_.clear();
  sizes_.clear();
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
  if (!view.single.empty()) add_source(view.single.data() + view.offset[v], {&b.variable, 1}, view);
  first_factor_ = sources_.size();
  for (const auto& [group, instance] : tree.factors_of(p)) {
    const DiscreteView::Group& g = view.groups[static_cast<std::size_t>(group)];
    const bool lies = g.doubles && g.scale(instance) == 1;
    const auto row =
        read_row(view, group, instance, lies ? std::span<double>() : ws_.take<double>(g.entries));
    add_source(row.data(), g.scope(instance), view);
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

void Bucket::choose_block() {
  const std::size_t m = sizes_.size();
  block_ = 1;
  outer_ = m;
  while (outer_ > 0 && (block_ < kNarrow || block_ * sizes_[outer_ - 1] <= kWide)) block_ *= sizes_[--outer_];
  stride_ = (block_ + kBucketLanes - 1) / kBucketLanes * kBucketLanes;
  table_.resize(static_cast<std::size_t>(labels_) * stride_);
  row_.resize(2 * stride_);
  label_.assign(outer_, 0);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const std::size_t* strides = strides_.data() + i * m;
    bool scalar = true, dense = true;
    std::size_t size = 1;
    for (std::size_t d = m; d-- > outer_; size *= sizes_[d]) {
      scalar &= strides[d] == 0 || sizes_[d] == 1;
      dense &= strides[d] == size || sizes_[d] == 1;
    }
    Source& s = sources_[i];
    s.inner = scalar ? Source::Inner::scalar : dense ? Source::Inner::dense : Source::Inner::scattered;
    if (s.inner != Source::Inner::scattered) continue;
    const auto index = ws_.take<std::uint32_t>(block_);
    index[0] = 0;
    size = 1;
    for (std::size_t d = m; d-- > outer_; size *= sizes_[d])
      for (std::size_t k = 1; k < sizes_[d]; ++k)
        for (std::size_t e = 0; e < size; ++e)
          index[k * size + e] = index[e] + static_cast<std::uint32_t>(k * strides[d]);
    s.index = index.data();
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
  const BucketKernels& kernels = bucket_kernels();
  for (int k = 0; k < labels_; ++k) {
    double* t = table_.data() + static_cast<std::size_t>(k) * stride_;
    double level = 0;
    for (const Source& s : sources_)
      if (s.inner == Source::Inner::scalar) level += s.data[s.at + static_cast<std::size_t>(k) * s.step];
    kernels.fill(t, level, stride_);
    for (const Source& s : sources_) {
      const double* from = s.data + s.at + static_cast<std::size_t>(k) * s.step;
      if (s.inner == Source::Inner::dense)
        kernels.add(t, from, block_);
      else if (s.inner == Source::Inner::scattered)
        kernels.add_at(t, from, s.index, block_);
    }
  }
  return table_.data();
}

void Bucket::spread(const double* p) {
  const BucketKernels& kernels = bucket_kernels();
  for (int k = 0; k < labels_; ++k) {
    const double* row = p + static_cast<std::size_t>(k) * stride_;
    double sum = 0;
    for (std::size_t j = 0; j < block_; ++j) sum += row[j];
    for (const Source& s : sources_) {
      if (!s.sums) continue;
      double* to = s.sums + s.at + static_cast<std::size_t>(k) * s.step;
      if (s.inner == Source::Inner::scalar)
        *to += sum;
      else if (s.inner == Source::Inner::dense)
        kernels.add(to, row, block_);
      else
        for (std::size_t j = 0; j < block_; ++j) to[s.index[j]] += row[j];
    }
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
