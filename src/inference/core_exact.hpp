#pragma once
// The minimum of a small core by bucket elimination, where its messages are few.

#include "junction_tree.hpp"
#include "pair_core.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class CoreExact {
 public:
  // The minimum of a core of which nothing is absorbed or moved (what part_of gives), with its labels, unless
  // messages would hold more than `most` entries: then nothing. +inf when all answers are forbidden.
  bool minimum(const PairCore& core, const CoreState& state, double most, std::span<int> labels,
               double& energy);

 private:
  Workspace ws_;
  JunctionRoom room_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
