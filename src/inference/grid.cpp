// A real variable on evenly spaced points: every point of every sample is one item of the batch.

#include "answering.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

void infer::Grid::answer(Batch& b, const Query& q, Answer& out) const {
  check_beta(q);
  if (points < 1 || !(high >= low))
    throw GraphError(
        message("[grid] needs points >= 1 and low <= high, not ", points, " on [", low, ", ", high, "]"));
  const Stopwatch watch;
  Points& p = out.points;
  p.clear();
  const int n = b.samples();
  for (int i = 0; i < n; ++i) {
    const Sample& s = b.sample(i);
    if (s.structure->real_dims != 1 || s.structure->label_variables > 0 || s.structure->has_path)
      throw GraphError(message("[grid] covers graphs of one real variable with one dimension, not '",
                               s.structure->real_name, "' with ", s.structure->real_dims));
    p.dims = 1;
    const bool known = !s.truth.reals.empty();
    if (q.over == Over::others && !known) continue;
    if (q.over == Over::truth && known) {
      p.sample.push_back(i);
      p.values.push_back(s.truth.reals[0]);
      continue;
    }
    for (int k = 0; k < points; ++k) {
      const double y = points == 1 ? low : low + (high - low) * k / (points - 1);
      if (q.over == Over::others && known && std::abs(y - s.truth.reals[0]) <= exclude) continue;
      p.sample.push_back(i);
      p.values.push_back(static_cast<Real>(y));
    }
  }
  Points at = std::move(p);
  b.forward(at);
  prepare(out, b, q);
  if (q.answers) out.reals.assign(static_cast<std::size_t>(n), Real(0));
  for (int first = 0, last = 0; first < b.items(); first = last) {
    const int i = b.sample_of(first);
    const Structure& s = *b.sample(i).structure;
    const auto energy = [&](int item) {
      double e = 0;
      for (std::size_t g = 0; g < s.groups.size(); ++g) e += b.table(item, static_cast<int>(g)).data[0];
      return e;
    };
    const auto give = [&](int item, double w) {
      if (!q.weights) return;
      for (std::size_t g = 0; g < s.groups.size(); ++g)
        out.weights[b.weights_at(item, static_cast<int>(g))] = static_cast<Real>(w);
    };
    double lowest = kInf;
    int best = first;
    for (last = first; last < b.items() && b.sample_of(last) == i; ++last) {
      const double e = energy(last);
      if (e < lowest || std::isnan(e)) lowest = e, best = last;
      if (std::isnan(e)) break;
    }
    while (last < b.items() && b.sample_of(last) == i) ++last;
    double& e = out.energy[static_cast<std::size_t>(i)];
    e = lowest;
    if (q.answers) out.reals[static_cast<std::size_t>(i)] = at.values[static_cast<std::size_t>(best)];
    if (q.beta == kInf) {
      give(best, 1);
    } else if (std::isfinite(lowest)) {
      double sum = 0;
      for (int item = first; item < last; ++item) sum += std::exp(-q.beta * (energy(item) - lowest));
      e = lowest - std::log(sum) / q.beta;
      for (int item = first; item < last; ++item)
        give(item, std::exp(-q.beta * (energy(item) - lowest)) / sum);
    }
  }
  out.points = std::move(at);
  b.invalidate();
  out.report = {.exactness = Exactness::approximate,
                .seconds = watch.seconds(),
                .asked = Method::grid,
                .used = Method::grid,
                .why = Why::asked};
}

}  // namespace EBM_PRECISION
}  // namespace ebm
