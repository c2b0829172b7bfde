#pragma once
/// \file
/// What an epoch says of the energy surface: is the truth low, is the most offending answer high, is it going
/// flat?

#include <cstdint>
#include <iosfwd>
#include <string>

#include "ebm/core/real.hpp"

namespace ebm {

/// Sums over the samples of one pass; part of a checkpoint, so that a resumed epoch reports the same.
struct Tally {
  std::uint64_t samples = 0;      ///< with a truth
  std::uint64_t skipped = 0;      ///< without one
  std::uint64_t impossible = 0;   ///< whose truth no answer spells
  std::uint64_t judged = 0;       ///< held against the other answers, by an engine that knows them
  std::uint64_t wrong = 0;        ///< .. some other is at most as high, or no answer is the truth
  std::uint64_t saturated = 0;    ///< with a loss that has no slope, so that nothing is learned from them
  std::uint64_t gaps = 0;         ///< with a finite gap
  std::uint64_t unconverged = 0;  ///< batches
  std::uint64_t ranges = 0;       ///< with a known range of the energy
  double range = 0;
  double loss = 0, gap = 0, absolute_gap = 0, truth = 0, offending = 0;
  /// Samples known as a whole to be low (genuine pairs, faces) or high (impostors, background).
  std::uint64_t lows = 0, highs = 0;
  std::uint64_t placed = 0;  ///< lows whose truth names a value of the real variable (a face of known pose)
  double low = 0, high = 0, square = 0;  ///< sums of their energies, and of the squares of both
};

struct EpochReport {
  int epoch = 0;    ///< counted from 1
  double loss = 0;  ///< mean over samples with a possible truth
  /// Fraction of samples whose most offending answer is at most as high as the truth; -1, and no gap, when
  /// the engine does not know the offending one.
  double error = -1;
  double gap = 0;  ///< mean of E(most offending) - E(truth), nats; of pairs, of E(impostor) - E(genuine)
  double truth = 0, offending = 0;  ///< their means; of pairs, those of genuine and of impostor ones
  /// Mean of max_y E(y) - min_y E(y), nats, as far as the engine meets the answers (Answer::highest); -1 when
  /// it does not say. Of pairs, where there is no other answer, the standard deviation of E over them.
  double range = -1;
  double seconds = 0;
  bool collapsed = false;  ///< the energy no longer tells answers apart
  Tally tally;
};

/// \param can_collapse whether the loss can be minimised by a flat surface. \param widest largest mean range
/// of the energy in the passes before: a range below a twentieth of it is a collapse too.
EpochReport summarise(const Tally& tally, int epoch, double seconds, bool can_collapse, double widest = 0);

/// "epoch 3: loss 0.21, error 4.2 %, gap 3.1 (truth 1.2, most offending 4.3), 5.1 s"; more lines for what
/// needs a look.
std::ostream& operator<<(std::ostream& out, const EpochReport& report);
std::string to_string(const EpochReport& report);

}  // namespace ebm
