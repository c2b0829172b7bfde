// infer::TreeReweighted and infer::DualDecomposition, of samples of a batch and of DiscreteGraphs.

#include "ebm/inference/message_bounds.hpp"

#include <algorithm>
#include <cmath>

#include "discrete_answer.hpp"
#include "forest_minimum.hpp"
#include "limits.hpp"
#include "trws.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Gaps that rounding leaves of none.
bool closed(double energy, double bound) {
  return energy < kInf && energy - bound <= 1e-9 * std::max(1.0, std::abs(energy));
}

// The lowest answer yet, and what nothing is below.
class Best {
 public:
  Best(const PairGraph& g, std::span<int> labels, std::span<const int> start, Workspace& ws)
      : g_(g), labels_(labels), trial_(ws.take<int>(g.labels.size(), 0)) {
    if (start.empty()) return;
    std::ranges::copy(start, trial_.begin());
    offer();
  }
  // Where an answer is written before it is offered; auxiliary variables follow from the others.
  std::span<int> trial() { return trial_; }
  void offer() {
    if (g_.variables() > g_.own) complete(g_, trial_);
    const double e = energy_of(g_, trial_);
    if (!(e < energy_)) return;
    energy_ = e;
    std::copy_n(trial_.begin(), labels_.size(), labels_.begin());
  }
  void bound(double b) { bound_ = std::max(bound_, b); }
  double energy() const { return energy_; }
  double bound() const { return bound_; }
  bool closed() const { return bound_ == kInf || ebm::closed(energy_, bound_); }

  Found found(bool converged, int iterations, double residual, const Limits& limits) const {
    Found f{.energy = energy_,
            .bound = bound_,
            .converged = converged,
            .iterations = iterations,
            .residual = residual,
            .limited = limits.limited()};
    if (closed())
      f.bound = f.energy, f.converged = true, f.limited = false;
    else
      f.exactness = bound_ > -kInf ? Exactness::bounded : Exactness::approximate;
    return f;
  }

 private:
  const PairGraph& g_;
  std::span<int> labels_, trial_;
  double energy_ = kInf, bound_ = -kInf;
};

Found not_a_number() {
  return {.energy = std::nan(""), .exactness = Exactness::approximate, .converged = false};
}

// By one pass from leaves to roots.
Found find_in_forest(const PairGraph& g, const PairKinds& kinds, std::span<const std::uint32_t> edges,
                     Best& best, Workspace& ws) {
  ForestMinimum forest(g, kinds, edges, true, ws);
  const double bound = g.constant + forest.find(g.single, best.trial());
  if (bound < kInf) best.offer();
  best.bound(bound == kInf ? kInf : best.energy());
  return best.found(true, 1, 0, Limits());
}

Found reweighted(const DiscreteView& view, const infer::TreeReweighted& o, std::span<const int> start,
                 std::span<int> labels, Limits& limits, Workspace& ws) {
  const PairGraph g = pair_graph(view, ws);
  Best best(g, labels.first(static_cast<std::size_t>(g.own)), start, ws);
  if (g.edges.size() < g.labels.size())
    if (const Forests forests = forests_of(g, ws); forests.size() == 1) {
      const PairKinds kinds = pair_kinds(g, false, ws);
      if (kinds.nan || has_nan(g)) return not_a_number();
      return find_in_forest(g, kinds, forests.of(0), best, ws);
    }
  Kept<Trws> kept;
  Trws& t = *kept;
  // Where a sweep takes no time to speak of, float would only leave a gap.
  constexpr std::size_t kFewLabels = 20000;
  t.start(g, g.offset.back() < kFewLabels ? Trws::Precision::full : Trws::Precision::single);
  if (t.has_nan()) return not_a_number();
  const int most = std::max(1, limits.iterations(o.iterations));
  bool converged = false;
  double residual = kInf;
  int i = 0;
  while (i < most && !converged) {
    // The first pass knows too little for labels to be worth their time.
    const bool labels_too = i > 0 || most == 1 || limits.seconds_left() < kInf;
    t.iterate(labels_too, labels_too);
    ++i;
    if (labels_too && !t.forbidden()) {
      t.labels(best.trial());
      best.offer();
    }
    if (!labels_too && !t.forbidden()) continue;
    residual = t.bound() - best.bound();
    best.bound(t.bound());
    if (limits.stop(best.energy(), best.bound()) || best.closed()) break;
    if (t.precision() == Trws::Precision::single) {
      if (residual < 1e-7 * (1 + std::abs(t.bound()))) t.refine();
    } else {
      converged = residual < o.tolerance * (1 + std::abs(t.bound()));
    }
  }
  return best.found(converged, i, std::max(0.0, residual), limits);
}

Found decomposed(const DiscreteView& view, const infer::DualDecomposition& o, std::span<const int> start,
                 std::span<int> labels, Limits& limits, Workspace& ws) {
  const PairGraph g = pair_graph(view, ws);
  const PairKinds kinds = pair_kinds(g, false, ws);
  if (kinds.nan || has_nan(g)) return not_a_number();
  Best best(g, labels.first(static_cast<std::size_t>(g.own)), start, ws);
  const Forests forests = forests_of(g, ws);
  if (forests.size() == 1) return find_in_forest(g, kinds, forests.of(0), best, ws);

  const std::size_t n = g.labels.size(), m = forests.size();
  std::vector<ForestMinimum> forest;
  const auto shares = ws.take<int>(n, 0);
  for (std::size_t f = 0; f < m; ++f) {
    forest.emplace_back(g, kinds, forests.of(f), f == 0, ws);
    for (const int v : forest[f].variables()) ++shares[static_cast<std::size_t>(v)];
  }
  const auto single = ws.take<double>(m * g.offset.back());
  const auto taken = ws.take<int>(m * n, 0);
  const auto energy = ws.take<double>(m);
  const auto at = [&](std::size_t f, std::size_t v) {
    return single.data() + f * g.offset.back() + g.offset[v];
  };
  for (std::size_t f = 0; f < m; ++f)
    for (const int of : forest[f].variables()) {
      const auto v = static_cast<std::size_t>(of);
      for (int x = 0; x < g.labels[v]; ++x)
        at(f, v)[x] = g.single[g.offset[v] + static_cast<std::size_t>(x)] / shares[v];
    }

  const int most = std::max(1, limits.iterations(o.iterations));
  double rate = o.rate, residual = kInf;
  int since = 0, i = 0;
  while (i < most && rate >= o.tolerance) {
    parallel_for(m, [&](std::size_t f) {
      energy[f] =
          forest[f].find(single.subspan(f * g.offset.back(), g.offset.back()), taken.subspan(f * n, n));
    });
    ++i;
    double bound = g.constant, size = std::abs(g.constant);
    for (const double e : energy) bound += e, size += std::abs(e);
    if (bound == kInf) {
      best.bound(kInf);
      break;
    }
    bound -= 1e-14 * size;
    // Answers: of every forest, those it does not touch as the first one has them.
    for (std::size_t f = 0; f < m; ++f) {
      std::ranges::copy(taken.first(n), best.trial().begin());
      for (const int v : forest[f].variables())
        best.trial()[static_cast<std::size_t>(v)] = taken[f * n + static_cast<std::size_t>(v)];
      best.offer();
    }
    residual = bound - best.bound();
    since = residual > 0 ? 0 : since + 1;
    best.bound(bound);
    if (limits.stop(best.energy(), best.bound()) || best.closed()) break;
    if (since >= o.patience) rate /= 2, since = 0;

    // slope of forest f at its label of v: 1 less the share of forests that took it.
    double norm = 0;
    const auto each_slope = [&](auto&& give) {
      for (std::size_t f = 0; f < m; ++f)
        for (const int of : forest[f].variables()) {
          const auto v = static_cast<std::size_t>(of);
          if (shares[v] < 2) continue;
          for (std::size_t h = 0; h < m; ++h) {  // label taken by h, as f sees it
            if (!(forest[h].has(of))) continue;
            const int x = taken[h * n + v];
            give(f, v, x, ((h == f) - 1.0 / shares[v]));
          }
        }
    };
    each_slope(
        [&](std::size_t f, std::size_t v, int x, double s) { norm += s * (x == taken[f * n + v] ? 1 : 0); });
    if (!(norm > 0)) break;  // all agree: the gap is rounding
    const double away = best.energy() < kInf ? best.energy() - bound : 0.1 * (1 + std::abs(bound));
    const double step = rate * away / norm;
    each_slope([&](std::size_t f, std::size_t v, int x, double s) { at(f, v)[x] += step * s; });
  }
  return best.found(rate < o.tolerance, i, std::max(0.0, residual), limits);
}

}  // namespace

void infer::TreeReweighted::answer(Batch& b, const Query& q, Answer& out) const {
  check_asked(b, q, kPowers, kKey);
  answer_minima(b, q, Method::tree_reweighted, out,
                [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                  Limits none;
                  return reweighted(view, *this, {}, labels, none, ws);
                });
}

void infer::DualDecomposition::answer(Batch& b, const Query& q, Answer& out) const {
  check_asked(b, q, kPowers, kKey);
  answer_minima(b, q, Method::dual_decomposition, out,
                [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                  Limits none;
                  return decomposed(view, *this, {}, labels, none, ws);
                });
}

Solution solve_by_reweighted_trees(const DiscreteGraph& graph, const Question& q) {
  Limits limits(q, infer::TreeReweighted::kKey);
  return solve_minimum(graph, q, Method::tree_reweighted,
                       [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                         return reweighted(view, {}, q.start, labels, limits, ws);
                       });
}

Solution solve_by_dual_decomposition(const DiscreteGraph& graph, const Question& q) {
  Limits limits(q, infer::DualDecomposition::kKey);
  return solve_minimum(graph, q, Method::dual_decomposition,
                       [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                         return decomposed(view, {}, q.start, labels, limits, ws);
                       });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
