#pragma once
/// \file
/// W: every trainable number of a model, in one flat buffer of named blocks. Nets and factors hold block
/// indices only, so sharing is using a handle twice, an optimiser is one loop, and a checkpoint forgets
/// nothing.

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/core/rng.hpp"
#include "ebm/core/tensor.hpp"

namespace ebm {

/// A handle to one block of Params; stays valid as blocks are added.
struct Param {
  int index = -1;
  bool operator==(const Param&) const = default;
};

/// Memory that starts on a 64-byte line, so that no vector of the weights straddles two.
template <class T>
struct CacheLines {
  using value_type = T;
  CacheLines() = default;
  template <class U>
  CacheLines(const CacheLines<U>&) {}  // NOLINT
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new (n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, std::size_t) { ::operator delete (p, std::align_val_t{64}); }
  bool operator==(const CacheLines&) const = default;
};

inline namespace EBM_PRECISION {

class Params {
 public:
  struct Options {
    std::uint64_t seed = 1;
  };
  struct Block {
    std::string name;
    Shape shape;
    std::size_t offset = 0;  ///< into the flat buffer; a multiple of 16 numbers
    bool trainable = true;   ///< false: frozen
    double rate = 1;         ///< multiplies the optimiser's step for this block
    double least = -kInf;    ///< no number of it falls below: a step ends there
    std::size_t size() const { return shape.size(); }
  };

  Params() : Params(Options{}) {}
  explicit Params(Options options);
  Params(Params&&) = default;
  Params& operator=(Params&&) = default;
  Params(const Params&) = delete;
  Params& operator=(const Params&) = delete;
  Params clone() const;

  /// A new block of zeros. \throws GraphError when the name is taken.
  Param add(std::string name, Shape shape);
  /// A new block drawn uniformly from [-limit, limit], from a stream that depends on the seed and the name
  /// alone.
  Param uniform(std::string name, Shape shape, double limit);
  /// A table of energies, zero; the usual start of a pairwise factor.
  Param table(std::string name, Shape shape) { return add(std::move(name), shape); }

  Param find(std::string_view name) const;  ///< index -1 when there is none
  const Block& block(Param p) const { return blocks_[static_cast<std::size_t>(p.index)]; }
  std::span<const Block> blocks() const { return blocks_; }
  View view(Param p) { return {flat_.data() + block(p).offset, block(p).shape}; }
  ConstView view(Param p) const { return {flat_.data() + block(p).offset, block(p).shape}; }

  /// The flat buffer; between blocks lie zeros that no gradient reaches.
  std::span<Real> flat() { return flat_; }
  std::span<const Real> flat() const { return flat_; }
  Real* data() { return flat_.data(); }
  const Real* data() const { return flat_.data(); }

  /// Numbers in all blocks, and in the trainable ones.
  std::size_t count() const;
  std::size_t trainable_count() const;
  /// Blocks whose name starts with `prefix` are frozen or thawed. \throws GraphError when none does.
  void set_trainable(std::string_view prefix, bool trainable);
  /// The same for their rate (>= 0).
  void set_rate(std::string_view prefix, double rate);
  /// The same for the least value that their numbers may have, from now on: 0 keeps what a learned pair adds
  /// for differing labels attractive, so that a graph cut can be asked. \throws GraphError unless it is
  /// finite.
  void set_least(std::string_view prefix, double least);
  std::uint64_t seed() const { return seed_; }

 private:
  template <class Change>
  void change(std::string_view prefix, const Change& apply);
  std::uint64_t seed_ = 1;
  std::vector<Block> blocks_;
  std::vector<Real, CacheLines<Real>> flat_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
