#pragma once
// What every engine of label variables does around its own algorithm, which is a function of one view: of a
// batch, sample after sample in parallel, or of a DiscreteGraph.
//
//   minima: Found find(const DiscreteView&, const Plans&, std::span<int> labels, Workspace&)
//     writes labels [the view's variables] unless the energy is +inf.
//   sums:   Found find(const DiscreteView&, const Plans&, double beta, DiscreteMarginals* wanted, Workspace&)
//     writes marginals of variables and factors when they are wanted.
//
// `Plans` are the structure's; the workspace is the thread's, and reset between samples. Views have joint
// tables, and auxiliary variables behind the graph's own where it has counts or agreements; or, asked for
// Tables::declared, what was declared.

#include "discrete_engines.hpp"
#include "discrete_view.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Of one view: the minimum or the free energy, and what it is worth.
struct Found {
  double energy = kInf;
  double bound = -kInf;
  Exactness exactness = Exactness::exact;
  bool converged = true;
  int iterations = 1;
  double residual = 0;
  bool limited = false;  // stopped by a limit (limits.hpp) before its own end
};

// Of several samples: the worst of each.
Report joined(std::span<const Found> found, Method method);

// The one answer over the truth where that is known, as labels [variables]; else false.
bool known_truth(const Sample& sample, Over over, std::span<int> labels);

// `find` of every sample: (sample, view, labels or none, workspace) -> Found, weights given by it.
template <class FindOne>
void answer_samples(Batch& b, const Query& q, Method method, Answer& out, const FindOne& find,
                    Tables tables = Tables::joint) {
  const Stopwatch watch;
  b.ensure();
  prepare(out, b, q);
  const int n = b.samples();
  if (q.answers) out.labels.assign(label_base(b, n), 0);
  Kept<std::vector<Found>> kept;
  std::vector<Found>& found = *kept;
  found.assign(static_cast<std::size_t>(n), {});
  const std::size_t pieces = std::min<std::size_t>(static_cast<std::size_t>(n), 16);
  parallel_for(pieces, [&](std::size_t piece) {
    const int first = static_cast<int>(piece * n / pieces), last = static_cast<int>((piece + 1) * n / pieces);
    Kept<Workspace> ws;
    std::size_t at = q.answers ? label_base(b, first) : 0;
    for (int i = first; i < last; ++i) {
      ws->reset();
      const Sample& sample = b.sample(i);
      const auto variables = static_cast<std::size_t>(sample.structure->label_variables);
      Found& f = found[static_cast<std::size_t>(i)];
      if (const std::optional<Over> over = competing(sample, q.over)) {
        auto labels = ws->take<int>(variables, 0);
        if (known_truth(sample, *over, labels)) {
          f.energy = f.bound = energy_at(b, i, labels);
          if (q.weights && f.energy < kInf) give_at(b, i, labels, 1, weights_of(b, i, out.weights));
        } else {
          const DiscreteView view = view_of(b, i, *over, q.rescaling, *ws, tables);
          labels = ws->take<int>(view.labels.size(), 0);
          f = find(i, view, labels, *ws);
        }
        if (q.answers) std::ranges::copy(labels.first(variables), out.labels.data() + at);
      }
      out.energy[static_cast<std::size_t>(i)] = f.energy;
      out.bound[static_cast<std::size_t>(i)] = f.bound;
      at += variables;
    }
  });
  out.report = joined(found, method);
  out.report.seconds = watch.seconds();
}

// \throws GraphError for what an engine of minima alone, or of sums alone, over label variables cannot do.
void check_asked(const Batch& b, const Query& q, const Powers& powers, std::string_view key);

// An engine of minima. Weights are one-hot at the labels found.
template <class Find>
void answer_minima(Batch& b, const Query& q, Method method, Answer& out, const Find& find,
                   Tables tables = Tables::joint) {
  answer_samples(
      b, q, method, out,
      [&](int i, const DiscreteView& view, std::span<int> labels, Workspace& ws) {
        const Found f = find(view, b.sample(i).structure->plans, labels, ws);
        if (q.weights && f.energy < kInf)
          give_at(b, i, labels, 1, weights_of(b, i, out.weights));  // reads the sample's own alone
        return f;
      },
      tables);
}

// An engine of free energies, beta finite. Weights are the marginals of factors; labels, when asked for, each
// variable's most probable.
template <class Find>
void answer_sums(Batch& b, const Query& q, Method method, Answer& out, const Find& find,
                 Tables tables = Tables::joint) {
  answer_samples(
      b, q, method, out,
      [&](int i, const DiscreteView& view, std::span<int> labels, Workspace& ws) {
        Kept<DiscreteMarginals> marginals;
        const bool wanted = q.weights || q.answers;
        const Found f = find(view, b.sample(i).structure->plans, q.beta, wanted ? &*marginals : nullptr, ws);
        if (!(f.energy < kInf) || !wanted) return f;
        if (q.weights) give_marginals(b, i, view, *marginals, weights_of(b, i, out.weights));
        for (std::size_t v = 0; q.answers && v < labels.size(); ++v) {
          const auto p =
              std::span(marginals->label).subspan(view.offset[v], static_cast<std::size_t>(view.labels[v]));
          labels[v] = static_cast<int>(std::ranges::max_element(p) - p.begin());
        }
        return f;
      },
      tables);
}

// The same for a DiscreteGraph: Task::minimum.
template <class Find>
Solution solve_minimum(const DiscreteGraph& graph, const Question& q, Method method, const Find& find,
                       Tables tables = Tables::joint) {
  check_question(q);
  const Stopwatch watch;
  Workspace ws;
  const Plans plans;
  Solution out;
  const DiscreteView view = view_of(graph, ws, tables);
  out.labels.assign(view.labels.size(), 0);
  const Found f = find(view, plans, std::span(out.labels), ws);
  out.labels.resize(graph.labels().size());
  out.energy = f.energy < kInf ? graph.energy(out.labels) : f.energy;  // in the order of the graph's own
  if (!(out.energy < kInf)) out.labels.clear();
  out.bound = std::min(f.bound, out.energy);
  out.report = joined(std::span(&f, 1), method);
  out.report.seconds = watch.seconds();
  return out;
}

// Task::free_energy and Task::marginals.
template <class Find>
Solution solve_sums(const DiscreteGraph& graph, const Question& q, Method method, const Find& find,
                    Tables tables = Tables::joint) {
  check_question(q);
  const Stopwatch watch;
  Workspace ws;
  const Plans plans;
  DiscreteMarginals marginals;
  const bool wanted = q.task == Question::Task::marginals;
  const Found f = find(view_of(graph, ws, tables), plans, q.beta, wanted ? &marginals : nullptr, ws);
  Solution out;
  out.free_energy = f.energy;
  out.free_energy_bound = f.bound;
  out.marginals = std::move(marginals.label);
  if (wanted) out.marginals.resize(labels_in(graph));
  out.report = joined(std::span(&f, 1), method);
  out.report.seconds = watch.seconds();
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
