#pragma once
// Better answers from a good one: a large part of the variables is freed that is narrow once the rest is
// held, and its minimum given the rest found by elimination; again with another part, drawn at random.

#include "core_exact.hpp"
#include "ebm/core/rng.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class CoreNeighbourhood {
 public:
  explicit CoreNeighbourhood(std::uint64_t seed) : rng_(seed, 0x6e656172) {}
  // One part; whether the energy is lower by more than `least`. Messages hold at most `entries` in each
  // bucket.
  bool step(const PairCore& core, const CoreState& state, double entries, double least,
            std::span<int> labels);

 private:
  std::vector<int> choose(const PairCore& core, const CoreState& state, double entries);
  Rng rng_;
  CoreExact exact_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
