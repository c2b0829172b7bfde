#pragma once
/// \file
/// The verbs users call: minimize, free_energy, energy of an assignment, accuracy.

#include <span>
#include <vector>

#include "ebm/inference/engine.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// The least energy of every sample of a batch, and where it is.
struct Minimum {
  std::vector<double> energy;            ///< per sample, nats
  std::vector<std::vector<int>> labels;  ///< per sample: its label variables, in order of declaration
  std::vector<Path> paths;               ///< per sample, for a path variable
  std::vector<Real> reals;               ///< [samples, dims], for a real variable
  Report report;
};
Minimum minimize(Batch& batch, const AnyEngine& engine = infer::Automatic{});

/// -1/beta log sum exp(-beta E) of every sample.
std::vector<double> free_energy(Batch& batch, double beta = 1, const AnyEngine& engine = infer::Automatic{});

/// E of one sample at given labels, one per variable. \throws GraphError for labels outside their domain, or
/// when the graph has a real or path variable.
double energy(Batch& batch, int sample, std::span<const int> labels);

/// Fraction of label variables with a known single truth that the minimum gets right.
double accuracy(const Batch& batch, const Minimum& minimum);

}  // namespace EBM_PRECISION
}  // namespace ebm
