// Exhaustive search: sums every factor for every joint label. The oracle of all other engines.

#include "answering.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/core/workspace.hpp"
#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// The joint labels of one sample in odometer order, last variable fastest.
class Odometer {
 public:
  Odometer(std::span<int> labels, std::span<const int> counts) : y_(labels), k_(counts) {}
  bool next() {
    for (std::size_t v = y_.size(); v-- > 0;) {
      if (++y_[v] < k_[v]) return true;
      y_[v] = 0;
    }
    return false;
  }
  bool inside_truth(const Sample& sample) const {
    for (std::size_t v = 0; v < y_.size(); ++v)
      if (!truth_of(sample, static_cast<int>(v)).contains(y_[v])) return false;
    return true;
  }

 private:
  std::span<int> y_;
  std::span<const int> k_;
};

void answer_one(const Batch& b, int i, const Query& q, double limit, Answer& out, int* labels_out) {
  const Sample& sample = b.sample(i);
  const Structure& s = *sample.structure;
  thread_local Workspace ws;
  ws.reset();
  const auto n = static_cast<std::size_t>(s.label_variables);
  const auto y = ws.take<int>(n, 0), counts = ws.take<int>(n), best = ws.take<int>(n, 0);
  double joint = 1;
  for (std::size_t v = 0; v < n; ++v) joint *= counts[v] = s.labels_of(static_cast<int>(v));
  if (joint > limit)
    throw GraphError(message("[exhaustive] ", joint, " joint labels are more than the limit of ", limit,
                             "; use another engine"));
  const auto energy = ws.take<double>(static_cast<std::size_t>(joint));
  // Delta of label k of variable v at delta_at[v] + k.
  std::span<std::size_t> delta_at;
  std::span<double> delta;
  if (q.rescaling) {
    delta_at = ws.take<std::size_t>(n);
    std::size_t size = 0;
    for (std::size_t v = 0; v < n; ++v) delta_at[v] = size, size += static_cast<std::size_t>(counts[v]);
    delta = ws.take<double>(size, 0.0);
    for (std::size_t v = 0; v < n; ++v)
      margins(*q.rescaling, sample, static_cast<int>(v),
              delta.subspan(delta_at[v], static_cast<std::size_t>(counts[v])));
  }

  const std::optional<Over> over = competing(sample, q.over);
  Odometer at(y, counts);
  double low = kInf, high = -kInf;
  std::size_t index = 0;
  do {
    double e = energy_at(b, i, y);
    for (std::size_t v = 0; v < delta_at.size(); ++v)
      e -= delta[delta_at[v] + static_cast<std::size_t>(y[v])];
    if (!over || (*over != Over::all && at.inside_truth(sample) != (*over == Over::truth))) e = kInf;
    if (e < kInf) high = std::max(high, e);
    if (e < low) {
      low = e;
      std::ranges::copy(y, best.begin());
    }
    if (std::isnan(e)) low = e;
    energy[index++] = e;
    if (std::isnan(low)) break;
  } while (at.next());

  out.energy[static_cast<std::size_t>(i)] = low;
  out.highest[static_cast<std::size_t>(i)] = high;
  if (labels_out) std::ranges::copy(best, labels_out);
  if (low == kInf || std::isnan(low)) return;
  const auto give = [&](double weight) { give_at(b, i, y, weight, weights_of(b, i, out.weights)); };
  if (q.beta == kInf) {
    out.bound[static_cast<std::size_t>(i)] = low;
    std::ranges::copy(best, y.begin());
    if (q.weights) give(1);
    return;
  }
  double sum = 0;
  for (double& e : energy) sum += e = std::exp(-q.beta * (e - low));
  out.energy[static_cast<std::size_t>(i)] = out.bound[static_cast<std::size_t>(i)] =
      low - std::log(sum) / q.beta;
  if (!q.weights) return;
  std::ranges::fill(y, 0);
  index = 0;
  do {
    if (energy[index] > 0) give(energy[index] / sum);
    ++index;
  } while (at.next());
}

}  // namespace

void infer::Exhaustive::answer(Batch& b, const Query& q, Answer& out) const {
  check_beta(q);
  refuse_other_than_labels(b, kKey);
  const Stopwatch watch;
  b.ensure();
  prepare(out, b, q);
  const int n = b.samples();
  out.highest.assign(static_cast<std::size_t>(n), -kInf);
  if (q.answers) out.labels.resize(label_base(b, n));
  // One sample is too little work to hand to another thread.
  const std::size_t pieces = n < 64 ? 1 : 16;
  parallel_for(pieces, [&](std::size_t piece) {
    const int first = static_cast<int>(piece * n / pieces), last = static_cast<int>((piece + 1) * n / pieces);
    std::size_t at = q.answers ? label_base(b, first) : 0;
    for (int i = first; i < last; ++i) {
      answer_one(b, i, q, limit, out, q.answers ? out.labels.data() + at : nullptr);
      at += static_cast<std::size_t>(b.sample(i).structure->label_variables);
    }
  });
  out.report = {.seconds = watch.seconds(), .asked = Method::exhaustive, .used = Method::exhaustive};
}

}  // namespace EBM_PRECISION
}  // namespace ebm
