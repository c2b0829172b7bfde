#include "ebm/train/monitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace ebm {

// Energies within this many nats of each other cannot be told apart by any threshold.
constexpr double kFlat = 1e-2;
constexpr double kFlatRange = 0.13;  // nats between the lowest and the highest answer
constexpr double kShrunk = 0.05;     // of the widest range: a surface that is nearly gone

EpochReport summarise(const Tally& t, int epoch, double seconds, bool can_collapse, double widest) {
  EpochReport r;
  r.epoch = epoch;
  r.seconds = seconds;
  r.tally = t;
  const auto mean = [](double sum, std::uint64_t n) { return n ? sum / static_cast<double>(n) : 0.0; };
  r.loss = mean(t.loss, t.samples);
  if (t.judged) r.error = mean(static_cast<double>(t.wrong), t.judged);
  r.gap = mean(t.gap, t.gaps);
  r.truth = mean(t.truth, t.gaps);
  r.offending = mean(t.offending, t.gaps);
  if (t.ranges) r.range = mean(t.range, t.ranges);
  const std::uint64_t pairs = t.lows + t.highs;
  const bool of_pairs = pairs && !t.gaps;
  if (of_pairs) {
    r.truth = mean(t.low, t.lows);
    r.offending = mean(t.high, t.highs);
    if (t.lows && t.highs) r.gap = r.offending - r.truth;
    const double centre = mean(t.low + t.high, pairs);
    r.range = std::sqrt(std::max(0.0, mean(t.square, pairs) - centre * centre));
    // Whatever the loss: with one kind alone nothing keeps the energies apart, unless it is known at which
    // value they are to be low, and those of other values may stay high.
    can_collapse |= (!t.lows || !t.highs) && !t.placed;
  }
  // A small gap alone is no flat surface where the offending answer may lie next to the truth.
  const bool flat = t.gaps > 0 && mean(t.absolute_gap, t.gaps) < kFlat && r.range < kFlatRange;
  r.collapsed =
      can_collapse && (t.gaps || of_pairs) && (flat || (r.range >= 0 && r.range < kShrunk * widest));
  return r;
}

std::string to_string(const EpochReport& r) {
  const std::string range = r.range >= 0 ? fmt::format(", range {:.4g}", r.range) : "";
  const bool pairs = !r.tally.gaps && r.tally.lows + r.tally.highs > 0;
  std::string out = fmt::format("epoch {}: loss {:.5g}", r.epoch, r.loss);
  if (pairs && r.tally.lows && r.tally.highs)
    out +=
        fmt::format(", gap {:.4g} (genuine {:.4g}, impostor {:.4g}{})", r.gap, r.truth, r.offending, range);
  else if (pairs)
    out += r.tally.lows ? fmt::format(", genuine {:.4g}{}", r.truth, range)
                        : fmt::format(", impostor {:.4g}{}", r.offending, range);
  else if (r.error >= 0)
    out += fmt::format(", error {:.2f} %, gap {:.4g} (truth {:.4g}, most offending {:.4g}{})", 100 * r.error,
                       r.gap, r.truth, r.offending, range);
  out += fmt::format(", {:.1f} s", r.seconds);
  if (r.tally.impossible)
    out += fmt::format("\n  {} samples skipped: no answer of theirs is the truth", r.tally.impossible);
  if (r.tally.skipped)
    out += fmt::format("\n  {} samples skipped: their truth is not known", r.tally.skipped);
  if (r.tally.unconverged)
    out += fmt::format("\n  {} batches: inference did not converge", r.tally.unconverged);
  if (r.tally.saturated)
    out += fmt::format("\n  {} samples have a loss without a slope: nothing is learned from them",
                       r.tally.saturated);
  if (r.collapsed && pairs)
    out +=
        "\n  WARNING: the energy has collapsed: it is nearly the same for every pair. Show it both genuine "
        "and impostor pairs.";
  else if (r.collapsed)
    out +=
        "\n  WARNING: the energy has collapsed: it hardly tells right answers from wrong ones any more."
        "\n  This loss allows that. hinge, log, mce, square-square, square-exponential, nll and mee push "
        "wrong answers"
        "\n  up, so a flat surface is no minimum of theirs (ebm losses).";
  return out;
}

std::ostream& operator<<(std::ostream& out, const EpochReport& report) { return out << to_string(report); }

}  // namespace ebm
