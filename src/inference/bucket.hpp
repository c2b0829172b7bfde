#pragma once
// One bucket of an elimination, a block of separator entries at a time: the table [labels of its variable,
// block], joined from the factors and messages it reads, none of which is copied or widened to the whole
// table, unless the separator is one variable: then a block is all of it. What does not change from block to
// block is joined once.
//
// A table holds energies, which add up, or weights exp(-beta E), which multiply. Each factor's weights are
// those of its energies above its lowest, so that they lie in [0, 1] and the largest is 1.

#include <cstdint>
#include <vector>

#include "bucket_kernels.hpp"
#include "elimination.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Entries in a block of a separator of these sizes: of its last dimensions, from `outer` on.
struct BlockSize {
  explicit BlockSize(std::span<const std::size_t> sizes);
  std::size_t entries = 1, outer = 0;
  std::size_t stride() const { return (entries + kBucketLanes - 1) / kBucketLanes * kBucketLanes; }
};

class Bucket {
 public:
  // Something the bucket reads, by the strides of the bucket's variable and its separator's.
  struct Source {
    const double* data = nullptr;
    double* sums = nullptr;  // where what falls on its entries is added up, or null
    std::size_t step = 0;    // from label to label of the bucket's variable
    std::size_t at = 0;      // of the present block
    enum class Inner : std::uint8_t { scalar, dense, repeats, runs, scattered } inner = Inner::scalar;
    bool steady = false;                   // every block reads the same
    std::size_t run = 1;                   // entries side by side; of repeats, how often each stands
    const std::uint32_t* index = nullptr;  // [block] of what is scattered or in runs
  };

  // `messages` as Elimination lays them out. Weights for beta > 0, which messages are then too; energies for
  // 0.
  void open(const DiscreteView& view, const Elimination& tree, std::size_t p, const double* messages,
            double beta);
  int labels() const { return labels_; }
  std::size_t block() const { return block_; }    // entries in one
  std::size_t blocks() const { return blocks_; }  // of the message
  std::size_t stride() const { return stride_; }  // of the rows below
  // Of weights: the factors' lowest energies together, and -log of the smallest product of theirs that is not
  // 0.
  double lowest() const { return lowest_; }
  double range() const { return range_; }
  void seek(std::size_t block);
  void advance();  // to the next block
  // [labels, stride] of the present block; to be changed in place as one likes.
  double* read();
  // Adds p [labels, stride] to the sums of every source that has some, and over blocks to label [labels].
  void spread(const double* p, double* label);
  // Room for two rows of `stride`, one after the other.
  double* row() { return row_.data(); }

  // The sources in order: what view.single says of the variable if anything, factors, messages.
  std::span<Source> factors() {
    return std::span(sources_).subspan(first_factor_, first_child_ - first_factor_);
  }
  std::span<Source> children() { return std::span(sources_).subspan(first_child_); }

 private:
  void add_source(const double* data, std::span<const int> variables, const DiscreteView& view);
  void add_factor(std::span<const double> row, std::span<const int> variables, const DiscreteView& view);
  void choose_block();
  void index_source(Source& s, const std::size_t* strides);
  void join(double* t, const Source& s, int k) const;

  double beta_ = 0, lowest_ = 0, range_ = 0;
  int labels_ = 0;
  std::size_t block_ = 1, blocks_ = 1, stride_ = kBucketLanes, outer_ = 0;  // separators outside a block
  std::size_t first_factor_ = 0, first_child_ = 0;
  bool steady_ = false;  // there is a steady part, in base_
  std::vector<Source> sources_;
  std::vector<int> dim_of_;           // [variables] 0: the bucket's own, 1..: of its separator
  std::vector<std::size_t> sizes_;    // [separator]
  std::vector<std::size_t> strides_;  // [sources, separator]
  std::vector<std::size_t> label_;    // [outer] of the present block
  std::vector<double> table_, base_, row_;
  Workspace ws_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
