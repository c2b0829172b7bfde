#pragma once
// The generator of the benchmarks' inputs: splitmix64, doubles from its top 53 bits, normals by Box and
// Muller. Twenty lines, so that a peer's program in any language can make the same inputs.

#include <cmath>
#include <cstdint>

namespace ebm::bench {

class WorkloadRng {
 public:
  explicit WorkloadRng(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  double normal() {
    const double u = uniform(), v = uniform();
    return std::sqrt(-2 * std::log(u < 1e-300 ? 1e-300 : u)) * std::cos(6.283185307179586 * v);
  }

 private:
  std::uint64_t state_;
};

}  // namespace ebm::bench
