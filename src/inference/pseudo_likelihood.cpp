#include "ebm/inference/pseudo_likelihood.hpp"

#include "discrete_view.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"
#include "local_energies.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Every entry that a factor has when one variable of its scope moves and the rest stays at the truth, with
// the probability of that label.
void give_conditionals(const Batch& b, int i, const DiscreteView& view, std::span<const double> p,
                       std::span<int> labels, Workspace& ws, std::span<Real> weights) {
  for (std::size_t g = 0; g < view.groups.size(); ++g) {
    const DiscreteView::Group& group = view.groups[g];
    if (group.arity == 0) continue;  // no variable, so no part in any conditional
    const auto row = ws.take<double>(group.entries);
    for (int instance = 0; instance < group.instances; ++instance) {
      std::ranges::fill(row, 0.0);
      const auto scope = group.scope(instance);
      for (std::size_t a = 0; a < scope.size(); ++a) {
        if (std::ranges::find(scope.first(a), scope[a]) != scope.begin() + static_cast<std::ptrdiff_t>(a))
          continue;  // it stands there twice and moves as one
        const auto v = static_cast<std::size_t>(scope[a]);
        const int truth = labels[v];
        for (int k = 0; k < view.labels[v]; ++k) {
          labels[v] = k;
          row[group.entry(instance, labels)] += p[view.offset[v] + static_cast<std::size_t>(k)];
        }
        labels[v] = truth;
      }
      give_row(b, i, static_cast<int>(g), instance, row, weights);
    }
  }
}

double answer_one(const Batch& b, int i, const Query& q, std::span<Real> weights, Workspace& ws) {
  const Sample& sample = b.sample(i);
  const DiscreteView view = view_of(b, i, Over::all, nullptr, ws, Tables::declared);
  const auto labels = ws.take<int>(view.labels.size());
  for (std::size_t v = 0; v < labels.size(); ++v) {
    labels[v] = truth_of(sample, static_cast<int>(v)).single();
    if (labels[v] < 0)
      throw GraphError(message("[pseudo_likelihood] label variable ", v,
                               " of a sample has no one true label, and every other is held against it; use ",
                               "an engine that sums over what is not known"));
  }
  const LocalEnergies local(view, declared_readers(view, sample.structure->plans));
  const auto p = ws.take<double>(view.offset.back());
  double energy = 0;
  for (int v = 0; v < view.variables(); ++v) {
    const auto at = static_cast<std::size_t>(v);
    const auto of_v = p.subspan(view.offset[at], static_cast<std::size_t>(view.labels[at]));
    local.of(v, labels, of_v);
    if (q.over == Over::truth) {
      energy += of_v[static_cast<std::size_t>(labels[at])];
      std::ranges::fill(of_v, 0.0);
      of_v[static_cast<std::size_t>(labels[at])] = 1;
    } else {
      energy += probabilities(of_v, q.beta);
    }
  }
  if (!weights.empty() && energy < kInf) give_conditionals(b, i, view, p, labels, ws, weights);
  return energy;
}

}  // namespace

void infer::PseudoLikelihood::answer(Batch& b, const Query& q, Answer& out) const {
  check_beta(q);
  refuse_other_than_labels(b, kKey);
  refuse_rescaling(q, kKey);
  if (q.beta == kInf || q.over == Over::others || q.steps > 0)
    throw GraphError(
        "[pseudo_likelihood] knows the truth and all answers at finite beta alone; ask another engine for "
        "minima, incorrect answers and samples");
  const Stopwatch watch;
  b.ensure();
  prepare(out, b, q);
  const auto n = static_cast<std::size_t>(b.samples()), pieces = std::min<std::size_t>(n, 16);
  parallel_for(pieces, [&](std::size_t piece) {
    Kept<Workspace> ws;
    for (std::size_t i = piece * n / pieces; i < (piece + 1) * n / pieces; ++i) {
      ws->reset();
      const int sample = static_cast<int>(i);
      out.energy[i] =
          answer_one(b, sample, q, q.weights ? weights_of(b, sample, out.weights) : std::span<Real>{}, *ws);
    }
  });
  out.report = {.exactness = Exactness::approximate,
                .seconds = watch.seconds(),
                .asked = Method::pseudo_likelihood,
                .used = Method::pseudo_likelihood};
}

}  // namespace EBM_PRECISION
}  // namespace ebm
