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
  // One part: whether the best answer, `labels` of `energy`, has become lower by more than `least`. Where
  // steps no longer help, the next starts from the minimum of energies with noise, and what follows is
  // another answer's surroundings; `labels` stay the best. The core and its state are the same in every call.
  bool step(const PairCore& core, const CoreState& state, double least, std::span<int> labels,
            double& energy);

 private:
  std::vector<char> draw_ball(const PairCore& core, const CoreState& state);
  std::vector<int> choose(const PairCore& core, const CoreState& state, double entries, bool everywhere);
  // The part's minimum given the rest, with noise of so many times the spread of pairs; false when there is
  // none.
  bool move(const PairCore& core, const CoreState& state, double entries, double noise);
  // Where single labels that move at a falling temperature end.
  void anneal(const PairCore& core, const CoreState& state, int sweeps);
  Rng rng_;
  std::vector<int> now_;                // where it is
  double energy_ = kInf, seen_ = kInf;  // of now_, and the best answer's when it was last asked
  int idle_ = 0;
  CoreExact exact_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
