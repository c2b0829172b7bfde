#pragma once
/// \file
/// Scratch memory that is handed out in order and taken back all at once. After the first pass of a steady
/// loop it allocates nothing: reset() joins what was needed into one block.

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

namespace ebm {

class Workspace {
 public:
  /// `count` uninitialised values, aligned to 64 bytes, valid until reset().
  template <class T>
  std::span<T> take(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return {static_cast<T*>(raw(count * sizeof(T))), count};
  }
  /// The same, each set to `value`.
  template <class T>
  std::span<T> take(std::size_t count, T value) {
    const auto out = take<T>(count);
    for (T& x : out) x = value;
    return out;
  }
  /// Everything taken is given back.
  void reset();
  /// Bytes held.
  std::size_t bytes() const;

  Workspace() = default;
  Workspace(Workspace&&) = default;
  Workspace& operator=(Workspace&&) = default;

 private:
  struct Free {
    std::size_t align;
    void operator()(std::byte* p) const;
  };
  struct Block {
    std::unique_ptr<std::byte[], Free> data;
    std::size_t size = 0;
  };
  void* raw(std::size_t bytes);
  void grow(std::size_t bytes);
  std::vector<Block> blocks_;
  std::size_t used_ = 0;  ///< of the last block
};

}  // namespace ebm
