// infer::Loopy over batches, and the same on a DiscreteGraph.

#include "bethe.hpp"
#include "discrete_answer.hpp"
#include "local_energies.hpp"
#include "lowering.hpp"
#include "message_exchange.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Beyond this, sums of floats would overflow, and doubles carry the messages.
constexpr double kLargestFloat = 1e30;

void check(const infer::Loopy& o) {
  if (!(o.damping >= 0 && o.damping < 1))
    throw GraphError(message("[loopy] damping must be in [0, 1), not ", o.damping));
  if (o.iterations < 1)
    throw GraphError(message("[loopy] there must be at least one iteration, not ", o.iterations));
}

// A view as pairs, and what decides how messages are to be carried.
struct Ground {
  PairGraph pairs;
  Range range;
  Neighbours neighbours;
  Ground(const DiscreteView& view, Workspace& ws)
      : pairs(pair_graph(view, ws)), range(range_of(pairs)), neighbours(ebm::neighbours(pairs, ws)) {}
};

Found nan_found() {
  Found f;
  f.energy = std::numeric_limits<double>::quiet_NaN();
  f.converged = false;
  f.exactness = Exactness::approximate;
  return f;
}

template <class T>
Found minimum(const infer::Loopy& o, const DiscreteView& view, const Ground& ground, Limits& limits,
              std::span<const int> start, std::span<int> labels, Workspace& ws) {
  MessageExchange<T> exchange(ground.pairs, ground.neighbours, ground.range, kInf, ws);
  Found best;
  const auto next = ws.take<int>(ground.pairs.labels.size(), 0);
  const auto own = next.first(labels.size());
  const auto offer = [&] {
    complete(view, own);
    const double e = energy_of(view, own);
    if (!(e < best.energy)) return;
    best.energy = e;
    std::ranges::copy(own, labels.begin());
  };
  if (!start.empty() && start.size() + static_cast<std::size_t>(view.auxiliaries) == own.size()) {
    std::ranges::copy(start, own.begin());
    offer();
  }
  const bool forest = ground.neighbours.forest;
  std::optional<Readers> readers;
  const auto settled = [&](std::span<double> room) {
    if (!readers) readers.emplace(view);
    const LocalEnergies local(view, *readers);
    constexpr int kSweeps = 20;
    bool moved = true;
    for (int sweep = 0; moved && sweep < kSweeps; ++sweep) {
      moved = false;
      for (int v = 0; v < view.variables(); ++v) {
        const auto count = static_cast<std::size_t>(view.labels[static_cast<std::size_t>(v)]);
        moved |= settle(local, v, own, room.first(count));
      }
    }
  };
  const auto read = [&] {
    Kept<Workspace> room;
    room->reset();
    for (const bool each : {false, true}) {
      if (forest ? each : !each && !o.polish) continue;
      read_labels(ground.pairs, ground.neighbours, exchange.graph(), exchange.messages(), exchange.flip(),
                  each, next, *room);
      if (!forest && o.polish) settled(room->take<double>(most_labels(view)));
      offer();
    }
  };
  exchange.run(o, limits.iterations(o.iterations), [&](bool looks) {
    if (looks) read();
    return looks ? !limits.stop(best.energy, -kInf) : !limits.out_of_time();
  });
  if (exchange.impossible())
    best.energy = best.bound = kInf;
  else
    read();
  best.iterations = exchange.iterations();
  best.residual = exchange.residual();
  best.converged = exchange.converged() || exchange.impossible();
  best.limited = limits.limited() || (!best.converged && limits.out_of_time());
  if (forest || exchange.impossible())
    best.bound = best.energy;
  else
    best.exactness = Exactness::approximate;
  return best;
}

Found find_minimum(const infer::Loopy& o, const DiscreteView& view, Limits& limits,
                   std::span<const int> start, std::span<int> labels, Workspace& ws) {
  const Ground ground(view, ws);
  if (ground.range.nan) return nan_found();
  if (ground.neighbours.forest || ground.range.largest > kLargestFloat)
    return minimum<double>(o, view, ground, limits, start, labels, ws);
  return minimum<float>(o, view, ground, limits, start, labels, ws);
}

Found find_sums(const infer::Loopy& o, const DiscreteView& view, Limits& limits, double beta,
                DiscreteMarginals* marginals, Workspace& ws) {
  const Ground ground(view, ws);
  if (ground.range.nan) {
    if (marginals) marginals->resize(view);
    return nan_found();
  }
  MessageExchange<double> exchange(ground.pairs, ground.neighbours, ground.range, beta, ws);
  exchange.run(o, limits.iterations(o.iterations), [&](bool) { return !limits.out_of_time(); });
  Found f;
  const Bethe bethe{ground.pairs,        ground.neighbours, exchange.graph(),
                    exchange.messages(), exchange.flip(),   beta};
  if (exchange.impossible()) {
    if (marginals) marginals->resize(view);
  } else {
    f.energy = bethe_free_energy(bethe, view, marginals, ws);
  }
  const bool exact = ground.neighbours.forest || exchange.impossible();
  f.exactness = exact ? Exactness::exact : Exactness::approximate;
  f.bound = exact ? f.energy : -kInf;
  f.converged = exact || exchange.converged();
  f.iterations = exchange.iterations();
  f.residual = exchange.residual();
  f.limited = !f.converged && limits.out_of_time();
  return f;
}

}  // namespace

void infer::Loopy::answer(Batch& b, const Query& q, Answer& out) const {
  check(*this);
  check_asked(b, q, kPowers, kKey);
  if (q.beta == kInf)
    answer_minima(b, q, Method::loopy, out,
                  [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                    Limits none;
                    return find_minimum(*this, view, none, {}, labels, ws);
                  });
  else
    answer_sums(
        b, q, Method::loopy, out,
        [&](const DiscreteView& view, const Plans&, double beta, DiscreteMarginals* m, Workspace& ws) {
          Limits none;
          return find_sums(*this, view, none, beta, m, ws);
        });
}

Solution infer::Loopy::solve(const DiscreteGraph& graph, const Question& q) const {
  check(*this);
  Limits limits(q, kKey);
  if (q.task == Question::Task::minimum)
    return solve_minimum(graph, q, Method::loopy,
                         [&](const DiscreteView& view, const Plans&, std::span<int> labels, Workspace& ws) {
                           return find_minimum(*this, view, limits, q.start, labels, ws);
                         });
  return solve_sums(graph, q, Method::loopy,
                    [&](const DiscreteView& view, const Plans&, double beta, DiscreteMarginals* m,
                        Workspace& ws) { return find_sums(*this, view, limits, beta, m, ws); });
}

Solution solve_by_loopy(const DiscreteGraph& graph, const Question& q) {
  return infer::Loopy{}.solve(graph, q);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
