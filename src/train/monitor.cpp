#include "ebm/train/monitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace ebm {

// Energies within this many nats of each other cannot be told apart by any threshold.
constexpr double kFlat = 1e-2;
constexpr double kShrunk = 0.05;  // of the widest range: a surface that is nearly gone

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
  // A small gap alone is no flat surface where the offending answer may lie next to the truth.
  const bool flat =
      r.range >= 0 ? r.range < std::max(kFlat, kShrunk * widest) : mean(t.absolute_gap, t.gaps) < kFlat;
  r.collapsed = can_collapse && t.gaps > 0 && flat;
  return r;
}

std::string to_string(const EpochReport& r) {
  std::string out = fmt::format("epoch {}: loss {:.5g}", r.epoch, r.loss);
  if (r.error >= 0)
    out +=
        fmt::format(", error {:.2f} %, gap {:.4g} (truth {:.4g}, most offending {:.4g}{})", 100 * r.error,
                    r.gap, r.truth, r.offending, r.range >= 0 ? fmt::format(", range {:.4g}", r.range) : "");
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
  if (r.collapsed)
    out +=
        "\n  WARNING: the energy has collapsed: it hardly tells right answers from wrong ones any more."
        "\n  This loss allows that. hinge, log, mce, square-square, square-exponential, nll and mee push "
        "wrong answers"
        "\n  up, so a flat surface is no minimum of theirs (ebm losses).";
  return out;
}

std::ostream& operator<<(std::ostream& out, const EpochReport& report) { return out << to_string(report); }

}  // namespace ebm
