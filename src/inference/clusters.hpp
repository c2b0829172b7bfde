#pragma once
// Swendsen-Wang moves (Swendsen, Wang 1987) of Potts pairs with weights w >= 0: a pair whose labels agree is
// bound with probability 1 - exp(-beta w); each cluster of bound variables then draws one label from the
// energies of all its variables alone (of none: uniformly). Whole domains flip at once, where single
// variables would wait for each other. Time: pairs and labels.

#include <vector>

#include "ebm/core/rng.hpp"
#include "pair_graph.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class Clusters {
 public:
  // `pairs` must outlive it. \throws GraphError naming the first factor that is no such pair.
  explicit Clusters(const PairGraph& pairs);
  struct Room {
    std::vector<int> up;
    std::vector<double> energy;
  };
  // False at a NaN.
  bool sweep(double beta, Rng rng, std::span<int> labels, Room& room) const;

 private:
  const PairGraph& pairs_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
