#pragma once
/// \file
/// Numbers of the pairs (state of a, state of b, filter) met by a composition: a plain table where all pairs
/// fit a small multiple of the automata, else open addressing on what was met.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ebm::lattice {

class PairTable {
 public:
  PairTable(int states_a, int states_b, int filters)
      : states_b_(static_cast<std::size_t>(states_b)), filters_(static_cast<std::size_t>(filters)) {
    const std::size_t all = static_cast<std::size_t>(states_a) * states_b_ * filters_;
    dense_ = all <= kDense;
    ids_.assign(dense_ ? all : kFirst, -1);
    if (!dense_) keys_.assign(kFirst, 0);
  }
  int filters() const { return static_cast<int>(filters_); }

  /// The number kept for a pair, -1 when it is new; the caller sets it at once. Valid until the next call.
  int& at(int a, int b, int filter) { return at(row(a), b, filter); }
  /// The same by steps, for many pairs of one a.
  std::size_t row(int a) const { return static_cast<std::size_t>(a) * states_b_ * filters_; }
  int& at(std::size_t row, int b, int filter) {
    const std::size_t key = row + static_cast<std::size_t>(b) * filters_ + static_cast<std::size_t>(filter);
    return dense_ ? ids_[key] : find(key);
  }

 private:
  static constexpr std::size_t kDense = std::size_t{1} << 23, kFirst = 1024;

  int& find(std::size_t key) {
    if (2 * used_ >= ids_.size()) grow();
    const std::size_t k = place(key);
    if (ids_[k] < 0) {
      keys_[k] = key;
      ++used_;
    }
    return ids_[k];
  }
  std::size_t place(std::size_t key) const {
    const std::size_t mask = ids_.size() - 1;
    std::uint64_t h = key * 0x9E3779B97F4A7C15ULL;
    std::size_t k = static_cast<std::size_t>(h ^ (h >> 32)) & mask;
    while (ids_[k] >= 0 && keys_[k] != key) k = (k + 1) & mask;
    return k;
  }
  void grow() {
    std::vector<int> ids(2 * ids_.size(), -1);
    std::vector<std::size_t> keys(2 * keys_.size());
    ids.swap(ids_);
    keys.swap(keys_);
    for (std::size_t i = 0; i < ids.size(); ++i)
      if (ids[i] >= 0) {
        const std::size_t k = place(keys[i]);
        ids_[k] = ids[i];
        keys_[k] = keys[i];
      }
  }

  std::size_t states_b_, filters_, used_ = 0;
  bool dense_ = true;
  std::vector<int> ids_;
  std::vector<std::size_t> keys_;
};

}  // namespace ebm::lattice
