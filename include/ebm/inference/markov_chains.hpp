#pragma once
/// \file
/// What a sampler keeps from query to query: where the Markov chain of each sample stopped (persistent
/// chains: Tieleman 2008), and how often it was asked, which is the counter of its random numbers. The
/// trainer owns one and writes it into its checkpoints; those who ask an engine themselves own theirs.
///
/// A chain belongs to a key. By default it is the place of the sample in the batch; a trainer gives the place
/// in the data, so that a model with an X keeps a chain for every sample. A model without X has one
/// distribution for all, and a few hundred shared chains, taken in turn, are better: all of them move at
/// every step.

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "ebm/core/real.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class MarkovChains {
 public:
  /// \param shared so many chains serve all samples in turn, a batch having no more samples; 0: one a key.
  /// \throws GraphError when it is negative.
  explicit MarkovChains(int shared = 0);
  int shared() const { return shared_; }

  /// The chain of each sample of the next batches; empty: the place in the batch. Not read when shared.
  std::vector<std::uint64_t> keys;

  /// \name For engines
  ///@{
  /// Another query, of a batch of so many samples: new random numbers, and, if shared, the next chains.
  /// \throws GraphError when there are more samples than shared chains, or not one key a sample.
  void begin(int samples);
  std::uint64_t turn() const { return turn_; }  ///< queries so far
  std::uint64_t key(int sample) const;
  /// Where the chain stopped: labels, real values and what else its engine keeps. Empty: it has not begun.
  std::vector<Real>& state(int sample) { return states_[key(sample)]; }
  ///@}

  /// All of it as numbers that a float holds exactly; empty when nothing was ever asked.
  std::vector<Real> encode() const;
  /// \throws DataError for numbers that encode cannot have written.
  static MarkovChains decode(std::span<const Real> numbers);

 private:
  int shared_ = 0, samples_ = 0;
  std::uint64_t turn_ = 0, first_ = 0;  ///< first_: the shared chain of the batch's first sample
  std::map<std::uint64_t, std::vector<Real>> states_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
