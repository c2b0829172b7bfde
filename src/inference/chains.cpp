// The chain engines: MinSum and SumProduct over batches of ragged chains, and chains among DiscreteGraphs.

#include <array>

#include "chain_kernels.hpp"
#include "chain_problem.hpp"
#include "discrete_answer.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// What a thread keeps from call to call.
struct ChainRoom {
  ChainTables tables;  // of one call
  Workspace ws;        // of a few samples at once
  std::vector<int> order;
  std::vector<std::size_t> labels_at;  // of each sample of a piece, in the answer
};

// A few samples of one batch, answered side by side.
class Several {
 public:
  Several(Batch& b, const Query& q, Answer& out, ChainRoom& room) : b_(b), q_(q), out_(out), room_(room) {}

  // `labels_at`: where the sample's labels stand in the answer.
  void add(int i, std::size_t labels_at) {
    if (count_ == 0) room_.ws.reset();
    const Sample& sample = b_.sample(i);
    const std::optional<Over> over = competing(sample, q_.over);
    if (!over) return;
    if (*over == Over::truth && answer_known(i, labels_at)) return;
    One& one = all_[count_++];
    one.i = i, one.labels_at = labels_at, one.over = *over;
    one.chain = read_chain(b_, i, *over, q_.rescaling, room_.tables, room_.ws);
    if (count_ == all_.size()) answer();
  }

  void answer() {
    if (q_.beta < kInf) answer_sums();
    if (q_.beta == kInf || q_.answers) answer_minima();
    for (const One& one : taken()) finish(one.i, energy(one.i));
    count_ = 0;
  }

 private:
  struct One {
    int i = 0;
    std::size_t labels_at = 0;
    Over over = Over::all;
    ChainProblem chain;
    ChainMarginals marginals;
  };
  std::span<One> taken() { return std::span(all_).first(count_); }
  double& energy(int i) { return out_.energy[static_cast<std::size_t>(i)]; }

  // Where the truth is one answer there is nothing to search.
  bool answer_known(int i, std::size_t labels_at) {
    const auto variables = static_cast<std::size_t>(b_.sample(i).structure->label_variables);
    const auto labels = room_.ws.take<int>(variables);
    if (!known_truth(b_.sample(i), Over::truth, labels)) return false;
    energy(i) = energy_at(b_, i, labels);
    out_.bound[static_cast<std::size_t>(i)] = energy(i);
    if (q_.weights && energy(i) < kInf) give_at(b_, i, labels, 1, weights_of(b_, i, out_.weights));
    if (q_.answers) std::ranges::copy(labels, out_.labels.begin() + static_cast<std::ptrdiff_t>(labels_at));
    return true;
  }

  void answer_sums() {
    std::array<ChainSum, kChainRows> sums;
    for (std::size_t k = 0; k < count_; ++k) {
      One& one = all_[k];
      if (q_.weights) one.marginals = room_for_marginals(one.chain, true, room_.ws);
      sums[k] = {&one.chain, one.over, q_.weights ? &one.marginals : nullptr};
    }
    chain_free_energies(std::span(sums).first(count_), q_.beta, room_.ws);
    for (std::size_t k = 0; k < count_; ++k) {
      energy(all_[k].i) = sums[k].energy;
      if (q_.weights) give(b_, all_[k].i, all_[k].chain, all_[k].marginals, out_);
    }
  }

  void answer_minima() {
    std::array<ChainMinimum, kChainRows> minima;
    for (std::size_t k = 0; k < count_; ++k) {
      const ChainProblem& c = all_[k].chain;
      minima[k] = {&c, all_[k].over,
                   q_.weights || q_.answers ? room_.ws.take<int>(static_cast<std::size_t>(c.length), 0)
                                            : std::span<int>{}};
    }
    chain_minima(std::span(minima).first(count_), room_.ws);
    for (std::size_t k = 0; k < count_; ++k) {
      const One& one = all_[k];
      const ChainMinimum& m = minima[k];
      if (q_.answers)
        for (int p = 0; p < one.chain.length; ++p)
          out_.labels[one.labels_at + static_cast<std::size_t>(one.chain.plan->variable[p])] =
              m.labels[static_cast<std::size_t>(p)];
      if (q_.beta < kInf) continue;
      energy(one.i) = m.energy;
      if (q_.weights && m.energy < kInf) give(b_, one.i, one.chain, m.labels, out_);
    }
  }

  // Factors without label variables add a constant.
  void finish(int i, double e) {
    const std::vector<Group>& groups = b_.sample(i).structure->groups;
    for (std::size_t g = 0; g < groups.size(); ++g)
      if (groups[g].arity == 0) {
        e += group_energy_at(b_, i, static_cast<int>(g), {});
        if (q_.weights) give_group_at(b_, i, static_cast<int>(g), {}, 1, weights_of(b_, i, out_.weights));
      }
    energy(i) = out_.bound[static_cast<std::size_t>(i)] = e;
  }

  Batch& b_;
  const Query& q_;
  Answer& out_;
  ChainRoom& room_;
  std::array<One, kChainRows> all_;
  std::size_t count_ = 0;
};

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
  const std::size_t pieces =
      std::min<std::size_t>(static_cast<std::size_t>(n < 32 ? std::max(1, n / 4) : n / kChainRows), 16);
  Kept<ChainTables> common;
  common->clear();
  for (int i = 0; i < n; ++i) read_parameters(b, i, *common);
  if (q.beta < kInf) common->prepare_sums(q.beta);
  parallel_for(pieces, [&](std::size_t piece) {
    const int first = static_cast<int>(piece * n / pieces), last = static_cast<int>((piece + 1) * n / pieces);
    Kept<ChainRoom> room;
    room->tables.clear(&*common);
    room->ws.reset();
    Several several(b, q, out, *room);
    // Chains of one label count and about one length go side by side.
    std::vector<int>& order = room->order;
    order.clear();
    room->labels_at.clear();
    std::size_t at = q.answers ? label_base(b, first) : 0;
    bool alike = true;
    for (int i = first; i < last; ++i) {
      const Structure& s = *b.sample(i).structure;
      order.push_back(i);
      room->labels_at.push_back(at);
      at += static_cast<std::size_t>(s.label_variables);
      alike &= &s == b.sample(first).structure;
    }
    if (!alike)
      std::ranges::sort(order, {}, [&](int i) {
        const ChainPlan& plan = *b.sample(i).structure->chain;
        return std::tuple(plan.max_labels, plan.variable.size(), i);
      });
    for (const int i : order) several.add(i, room->labels_at[static_cast<std::size_t>(i - first)]);
    several.answer();
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
