#pragma once
// Annealed importance sampling (Neal 2001) of the label variables of one view, and what its particles say:
// infer::AnnealedImportance over batches, and the same on a DiscreteGraph.

#include "ebm/inference/sampling.hpp"
#include "limits.hpp"
#include "local_energies.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Of the way from the base to the model: slow at first, where the energy first bites.
inline double annealing_level(const infer::AnnealedImportance& o, int k) {
  const double t = static_cast<double>(k) / o.levels;
  return t * t;
}

// log mean exp(log_weight), and the weights normalised in its place; its standard error.
struct MeanWeight {
  double log = -kInf, error = kInf;
};
MeanWeight mean_weight(std::span<double> log_weight);

// Particles of labels; their number depends on the options alone, as does how they are cut for threads.
struct LabelParticles {
  std::vector<double> log_weight;  // [particles]; one where nothing is open
  std::vector<int> labels;         // [particles, variables]
  double log_base = 0;             // log of the labels that compete at beta = 0
  bool open = false;               // more than one joint label competes
};
// Of exp(-beta E) on what `single` of the view does not forbid. Particle p draws from rng.fork(p). When the
// time is up no more are begun, and there are fewer; whether that was so.
bool anneal(const DiscreteView& view, const Readers& readers, const infer::AnnealedImportance& o, double beta,
            const Rng& rng, const Limits& limits, LabelParticles& out);

}  // namespace EBM_PRECISION
}  // namespace ebm
