#pragma once
/// \file
/// Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers:
/// as easy as 1, 2, 3"). A number is a pure function of (seed, stream, counter), so streams are the same for
/// any number of threads and on every device, and a generator is checkpointed by three integers.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace ebm {

class Rng {
 public:
  explicit Rng(std::uint64_t seed = 0, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  /// The four words at a counter; the sequence below reads them in order.
  static std::array<std::uint32_t, 4> block(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter);

  std::uint32_t next();
  double uniform();  ///< in [0, 1), 32 random bits
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal();   ///< mean 0, variance 1 (Box-Muller)
  int below(int n);  ///< in {0, .., n-1}; n >= 1; unbiased to 2^-32
  bool chance(double probability) { return uniform() < probability; }
  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[static_cast<std::size_t>(below(static_cast<int>(i)))]);
  }
  /// An independent generator: same seed, the stream mixed with `key`.
  Rng fork(std::uint64_t key) const;

  std::uint64_t seed() const { return seed_; }
  std::uint64_t stream() const { return stream_; }
  std::uint64_t counter() const { return counter_; }  ///< words drawn so far
  void seek(std::uint64_t counter);                   ///< continue after that many words

 private:
  std::uint64_t seed_, stream_, counter_ = 0;
  std::array<std::uint32_t, 4> words_{};
};

}  // namespace ebm
