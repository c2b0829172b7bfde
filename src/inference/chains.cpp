// The chain engines: MinSum and SumProduct over batches of ragged chains.

#include "chain_problem.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

void answer_chains(Batch& b, const Query& q, Answer& out, std::string_view engine) {
  check_beta(q);
  refuse_other_than_labels(b, engine);
  b.ensure();
  prepare(out, b, q);
  const int n = b.samples();
  for (int i = 0; i < n; ++i)
    if (!b.sample(i).structure->chain)
      throw GraphError(
          message("[", engine, "] the graph of sample ", i, " is no set of chains of label variables: ",
                  "its factors form a loop or join three variables; use Exhaustive on small graphs"));
  if (q.answers) out.labels.resize(label_base(b, n));
  const bool minimum = q.beta == kInf;
  const std::size_t pieces = std::min<std::size_t>(static_cast<std::size_t>(std::max(1, n / 4)), 16);
  parallel_for(pieces, [&](std::size_t piece) {
    thread_local Workspace ws;
    const int first = static_cast<int>(piece * n / pieces), last = static_cast<int>((piece + 1) * n / pieces);
    std::size_t base = q.answers ? label_base(b, first) : 0;
    for (int i = first; i < last; ++i) {
      ws.reset();
      const Structure& s = *b.sample(i).structure;
      const std::size_t labels_at = base;
      base += static_cast<std::size_t>(s.label_variables);
      const std::optional<Over> over = competing(b.sample(i), q.over);
      if (!over) continue;
      const ChainProblem c = read_chain(b, i, *over, q.rescaling, ws);
      double& energy = out.energy[static_cast<std::size_t>(i)];
      if (!minimum) {
        const ChainMarginals marginals = q.weights ? room_for_marginals(c, ws) : ChainMarginals{};
        energy = chain_free_energy(c, *over, q.beta, q.weights ? &marginals : nullptr, ws);
        if (q.weights) give(b, i, c, marginals, out);
      }
      if (minimum || q.answers) {
        const auto labels =
            q.weights || q.answers ? ws.take<int>(static_cast<std::size_t>(c.length), 0) : std::span<int>{};
        const double low = chain_minimum(c, *over, labels, ws);
        if (minimum) energy = low;
        if (q.answers)
          for (int p = 0; p < c.length; ++p)
            out.labels[labels_at + static_cast<std::size_t>(c.plan->variable[p])] = labels[p];
        if (minimum && q.weights && low < kInf) give(b, i, c, labels, out);
      }
      // Factors without label variables add a constant.
      for (std::size_t g = 0; g < s.groups.size(); ++g)
        if (s.groups[g].arity == 0) {
          energy += group_energy_at(b, i, static_cast<int>(g), {});
          if (q.weights) give_group_at(b, i, static_cast<int>(g), {}, 1, weights_of(b, i, out.weights));
        }
      out.bound[static_cast<std::size_t>(i)] = energy;
    }
  });
}

}  // namespace

void infer::MinSum::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  if (q.beta != kInf) throw GraphError("[min_sum] gives minima only; ask SumProduct for a free energy");
  answer_chains(b, q, out, "min_sum");
  out.report = {.seconds = watch.seconds(), .asked = Method::chain, .used = Method::chain};
}

void infer::SumProduct::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  answer_chains(b, q, out, "sum_product");
  out.report = {.seconds = watch.seconds(), .asked = Method::chain, .used = Method::chain};
}

}  // namespace EBM_PRECISION
}  // namespace ebm
