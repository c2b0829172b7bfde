// Gibbs sampling of label variables: one chain a sample, from the truth or from where it stopped last.

#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"
#include "label_scan.hpp"
#include "sampling.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// What a thread needs for one sample after another.
struct Chain {
  LabelScan scan;
  std::vector<int> labels;
  std::vector<char> free;
};

void answer_one(Chain& chain, const Batch& b, int i, const Query& q, const infer::Gibbs& o,
                std::vector<Real>* state, Answer& out, int* labels_out) {
  const Sample& sample = b.sample(i);
  LabelScan& scan = chain.scan;
  const auto n = static_cast<std::size_t>(sample.structure->label_variables);
  auto& labels = chain.labels;
  labels.resize(n);
  double& energy = out.energy[static_cast<std::size_t>(i)];
  Rng rng = chain_rng(o.seed, q.steps > 0 ? q.chains : nullptr, i);
  const bool clamped = q.over == Over::truth;
  scan.assign(b, i, clamped ? Over::truth : Over::all);
  // A state is labels; one of another graph, or outside the truth now asked for, is none.
  const auto fits = [&] {
    if (!state || state->size() != n) return false;
    for (std::size_t v = 0; v < n; ++v) {
      const int k = static_cast<int>((*state)[v]);
      const LabelSet& truth = truth_of(sample, static_cast<int>(v));
      if (k < 0 || k >= sample.structure->labels_of(static_cast<int>(v)) || (clamped && !truth.contains(k)))
        return false;
      labels[v] = k;
    }
    return true;
  };
  bool fine = true;
  if (!fits()) {
    scan.draw(rng, labels);
    if (q.steps > 0) fine = scan.sweep(Moving::unknown, q.beta, rng, labels);
  }
  for (int k = 0; k < q.steps && fine; ++k)
    fine = scan.sweep(clamped ? Moving::truth : Moving::all, q.beta, rng, labels);
  if (!fine) {
    energy = std::nan("");
    return;
  }
  if (state) state->assign(labels.begin(), labels.end());
  if (labels_out) std::ranges::copy(labels, labels_out);

  const std::span<Real> weights =
      q.weights ? std::span(out.weights).subspan(b.weights_of(i), b.weights_of(i + 1) - b.weights_of(i))
                : std::span<Real>();
  chain.free.assign(n, 0);
  bool known = false, summed = false;
  for (std::size_t v = 0; v < n; ++v) {
    const LabelSet& truth = truth_of(sample, static_cast<int>(v));
    known |= truth.known();
    chain.free[v] = q.steps > 0 ? !truth.known() : truth.single() < 0;
    summed |= chain.free[v];
  }
  if (q.steps == 0 || (o.sum_out && known && summed)) {
    energy = scan.sum_out(chain.free, q.beta, o.limit, "gibbs", labels, weights);
  } else {
    energy = energy_at(b, i, labels);
    if (q.weights) give_at(b, i, labels, 1, weights);
  }
}

}  // namespace

void infer::Gibbs::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  check_sampling(b, q, "gibbs");
  const int n = b.samples();
  refuse_other_than_labels(b, kKey);
  if (q.steps == 0 && q.over != Over::truth)
    throw GraphError("[gibbs] draws samples: ask it for Query::steps > 0, or for the truth");
  b.ensure();
  prepare(out, b, q);
  if (q.chains && q.steps > 0) q.chains->begin(n);
  if (q.answers) out.labels.assign(label_base(b, n), 0);
  // Looked up beforehand: a chain that begins makes a place for its state.
  Kept<std::vector<std::vector<Real>*>> kept;
  std::vector<std::vector<Real>*>& states = *kept;
  states.assign(static_cast<std::size_t>(n), nullptr);
  if (q.persistent)
    for (int i = 0; i < n; ++i) states[static_cast<std::size_t>(i)] = &q.chains->state(i);
  const std::size_t pieces = n < 4 ? 1 : 16;
  parallel_for(pieces, [&](std::size_t piece) {
    thread_local Chain chain;
    const int first = static_cast<int>(piece * n / pieces), last = static_cast<int>((piece + 1) * n / pieces);
    std::size_t at = q.answers ? label_base(b, first) : 0;
    for (int i = first; i < last; ++i) {
      answer_one(chain, b, i, q, *this, states[static_cast<std::size_t>(i)], out,
                 q.answers ? out.labels.data() + at : nullptr);
      at += static_cast<std::size_t>(b.sample(i).structure->label_variables);
    }
  });
  bool nan = false;
  for (const double e : out.energy) nan |= std::isnan(e);
  out.report = {.converged = !nan,
                .exactness = q.steps > 0 ? Exactness::sampled : Exactness::exact,
                .iterations = std::max(1, q.steps),
                .seconds = watch.seconds(),
                .asked = Method::gibbs,
                .used = Method::gibbs};
}

}  // namespace EBM_PRECISION
}  // namespace ebm
