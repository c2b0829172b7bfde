// infer::ConditionalModes and infer::SimulatedAnnealing, over batches and over DiscreteGraphs.

#include "ebm/inference/local_search.hpp"

#include <atomic>
#include <cmath>

#include "discrete_answer.hpp"
#include "label_moves.hpp"
#include "limits.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using infer::ConditionalModes;
using infer::SimulatedAnnealing;

// A search from one start.
struct Search {
  const DiscreteView& view;
  const LocalEnergies local;
  Limits& limits;
  bool leads;  // asks the limits for all; the others hear of it
  std::atomic<bool>& ended;

  bool over(double energy) {
    if (leads ? limits.stop(energy, -kInf) : limits.out_of_time()) ended = true;
    return ended;
  }
  Found found(std::span<const int> labels, bool converged, int iterations) const {
    return {.energy = energy_of(view, labels),
            .exactness = Exactness::approximate,
            .converged = converged,
            .iterations = iterations,
            .limited = ended && !converged};
  }
};

struct Room {
  std::vector<double> row;
  std::vector<int> best;
  TreeBlocks::Room trees;
};

// Sweeps of conditional modes; `sweeps` counts on. Whether none moves any more; a NaN ends it too.
bool descend(Search& s, int most, std::span<int> labels, Room& room, int& sweeps, bool& nan) {
  room.row.resize(most_labels(s.view));
  for (; sweeps < most; ++sweeps) {
    bool moved = false;
    for (std::size_t v = 0; v < labels.size(); ++v) {
      const auto row = std::span(room.row).first(static_cast<std::size_t>(s.view.labels[v]));
      moved |= settle(s.local, static_cast<int>(v), labels, row);
      for (const double e : row) nan |= std::isnan(e);
      if (v % 4096 == 4095 && s.limits.out_of_time()) break;
    }
    if (nan) return false;
    if (!moved) return true;
    if (s.over(kInf)) return false;
  }
  return false;
}

Found modes(Search& s, const TreeBlocks* trees, int most, std::span<int> labels) {
  Kept<Room> room;
  int sweeps = 0;
  bool nan = false, settled = descend(s, most, labels, *room, sweeps, nan);
  if (trees && settled) {
    settled = false;
    double energy = energy_of(s.view, labels);
    for (; sweeps < most && !settled && !nan; ++sweeps) {
      room->best.assign(labels.begin(), labels.end());
      for (std::size_t b = 0; b < trees->blocks() && !nan; ++b) {
        nan = !trees->minimize(b, s.local, labels, room->trees);
        if (s.limits.out_of_time()) break;
      }
      const double now = energy_of(s.view, labels);
      // Rounding may find as low what is a little higher.
      if (!(now < energy)) std::ranges::copy(room->best, labels.begin());
      if (s.over(std::min(now, energy))) break;
      settled = !(now < energy) && !(energy == kInf && !std::ranges::equal(room->best, labels));
      energy = std::min(now, energy);
    }
  }
  Found f = s.found(labels, settled, sweeps);
  if (nan) f.energy = std::nan("");
  return f;
}

// The lowest of several starts, whose labels are tried in parallel and compared in order.
template <class One>
Found lowest(std::size_t starts, std::span<int> labels, const One& one) {
  if (starts == 1) return one(std::size_t{0}, labels);
  std::vector<std::vector<int>> all(starts, std::vector<int>(labels.begin(), labels.end()));
  std::vector<Found> found(starts);
  parallel_for(starts, [&](std::size_t i) { found[i] = one(i, std::span(all[i])); });
  std::size_t best = 0;
  bool limited = false;
  for (std::size_t i = 0; i < starts; ++i) {
    limited |= found[i].limited;
    if (found[i].energy < found[best].energy || std::isnan(found[i].energy)) best = i;
    if (std::isnan(found[best].energy)) break;
  }
  std::ranges::copy(all[best], labels.begin());
  found[best].limited = limited;
  return found[best];
}

void lowest_singles(const DiscreteView& view, std::span<int> labels, Workspace& ws) {
  const auto single = ws.take<double>(view.offset.back());
  read_singles(view, single);
  for (std::size_t v = 0; v < labels.size(); ++v) {
    const auto e = single.subspan(view.offset[v], static_cast<std::size_t>(view.labels[v]));
    labels[v] = static_cast<int>(std::ranges::min_element(e) - e.begin());
  }
}

void check_start(const DiscreteView& view, std::span<const int> start, std::string_view key) {
  bool fits = start.size() == view.labels.size();
  for (std::size_t v = 0; fits && v < start.size(); ++v) fits = start[v] >= 0 && start[v] < view.labels[v];
  if (!fits)
    throw GraphError(message("[", key, "] the labels to start from are not one of each of the ",
                             view.labels.size(), " variables"));
}

Found find_modes(const ConditionalModes& o, const DiscreteView& view, const Plans& plans,
                 std::span<int> labels, std::span<const int> start, std::uint64_t seed, Limits& limits,
                 Workspace& ws) {
  const Readers& readers = declared_readers(view, plans);
  const TreeBlocks* trees =
      o.blocks ? &plans.get<TreeBlocks>([&] { return TreeBlocks(view, readers); }) : nullptr;
  if (start.empty())
    lowest_singles(view, labels, ws);
  else
    std::ranges::copy(start, labels.begin());
  std::atomic<bool> ended{false};
  return lowest(static_cast<std::size_t>(o.restarts) + 1, labels, [&](std::size_t i, std::span<int> y) {
    Search s{view, LocalEnergies(view, readers), limits, i == 0, ended};
    Rng rng = Rng(seed, 0x6d6f646573ULL).fork(i);
    if (i > 0) draw_uniformly(view, rng, y);
    return modes(s, trees, limits.iterations(o.sweeps), y);
  });
}

// By how much the energies of one variable differ, of some hundred variables at random labels.
double spread(const LocalEnergies& local, std::span<const int> labels, Rng& rng) {
  std::vector<double> row(most_labels(local.view()));
  double sum = 0;
  int count = 0;
  for (int i = 0; i < 256 && !labels.empty(); ++i) {
    const int v = rng.below(static_cast<int>(labels.size()));
    const auto e =
        std::span(row).first(static_cast<std::size_t>(local.view().labels[static_cast<std::size_t>(v)]));
    local.of(v, labels, e);
    double low = kInf, high = -kInf;
    for (const double x : e)
      if (std::isfinite(x)) low = std::min(low, x), high = std::max(high, x);
    if (high > low) sum += high - low, ++count;
  }
  return count > 0 ? sum / count : 1;
}

Found find_annealed(const SimulatedAnnealing& o, const DiscreteView& view, const Plans& plans,
                    std::span<int> labels, std::span<const int> start, std::uint64_t seed, Limits& limits,
                    Workspace& ws) {
  const LabelMoves moves(view, plans, Moves::coloured, ws);
  const Readers& readers = declared_readers(view, plans);
  std::atomic<bool> ended{false};
  return lowest(static_cast<std::size_t>(o.runs), labels, [&](std::size_t run, std::span<int> y) {
    Search s{view, LocalEnergies(view, readers), limits, run == 0, ended};
    LabelMoves::Chain chain = moves.start(seed, run, start);
    Rng rng = Rng(seed, 0x616e6e65616cULL).fork(run);
    const double hot = o.hot > 0 ? o.hot : spread(s.local, chain.labels, rng),
                 cold = o.cold > 0 ? o.cold : hot / 100;
    const int sweeps = limits.iterations(o.sweeps), every = moves.vectorised() ? 16 : 1;
    std::vector<int> best(chain.labels);
    double low = energy_of(view, best);
    int k = 0;
    for (; k < sweeps; ++k) {
      const double t = sweeps > 1 ? static_cast<double>(k) / (sweeps - 1) : 1;
      moves.sweep(chain, 1 / (hot * std::pow(cold / hot, t)), {});
      if ((k + 1) % every != 0) continue;
      const auto now = moves.labels(chain);
      const double e = energy_of(view, now);
      if (e < low || std::isnan(e)) {
        low = e;
        best.assign(now.begin(), now.end());
      }
      if (std::isnan(e) || s.over(low)) break;
    }
    const bool complete = k == sweeps;
    const auto last = moves.labels(chain);
    std::ranges::copy(last, y.begin());
    Kept<Room> room;
    int more = 0;
    bool nan = std::isnan(low);
    if (!nan && complete) descend(s, 1000, y, *room, more, nan);
    if (low < energy_of(view, y)) {
      std::ranges::copy(best, y.begin());
      if (!nan && complete) descend(s, 1000, y, *room, more, nan);
    }
    Found f = s.found(y, complete, k + more);
    if (nan) f.energy = std::nan("");
    return f;
  });
}

void check(const ConditionalModes& o) {
  if (o.restarts < 0 || o.sweeps < 1)
    throw GraphError(message("[icm] needs restarts >= 0 and a sweep, not ", o.restarts, " and ", o.sweeps));
}

void check(const SimulatedAnnealing& o) {
  if (!(o.hot >= 0 && o.hot < kInf) || !(o.cold >= 0 && o.cold < kInf) || o.sweeps < 1 || o.runs < 1)
    throw GraphError(message("[annealing] needs temperatures that are finite and not below 0, a sweep and a ",
                             "run, not ", o.hot, ", ", o.cold, ", ", o.sweeps, " and ", o.runs));
}

template <class Engine, class FindIt>
void answer_by(const Engine& o, Batch& b, const Query& q, Method method, Answer& out, const FindIt& find) {
  check_asked(b, q, Engine::kPowers, Engine::kKey);
  check(o);
  answer_minima(
      b, q, method, out,
      [&](const DiscreteView& view, const Plans& plans, std::span<int> labels, Workspace& ws) {
        Limits limits;
        return find(o, view, plans, labels, std::span<const int>{}, o.seed, limits, ws);
      },
      Tables::declared);
}

template <class Engine, class FindIt>
Solution solve_by(const Engine& o, const DiscreteGraph& graph, const Question& q, Method method,
                  std::string_view name, const FindIt& find) {
  if (q.task != Question::Task::minimum)
    throw GraphError(message("[", name, "] finds minima; for marginals and samples ask gibbs, for a free ",
                             "energy importance or junction-tree"));
  check(o);
  Limits limits(q, name);
  return solve_minimum(
      graph, q, method,
      [&](const DiscreteView& view, const Plans& plans, std::span<int> labels, Workspace& ws) {
        if (!q.start.empty()) check_start(view, q.start, name);
        return find(o, view, plans, labels, std::span<const int>(q.start), q.seed, limits, ws);
      },
      Tables::declared);
}

}  // namespace

void infer::ConditionalModes::answer(Batch& b, const Query& q, Answer& out) const {
  answer_by(*this, b, q, Method::conditional_modes, out, find_modes);
}

Solution infer::ConditionalModes::solve(const DiscreteGraph& graph, const Question& q) const {
  return solve_by(*this, graph, q, Method::conditional_modes, blocks ? "block-icm" : "icm", find_modes);
}

void infer::SimulatedAnnealing::answer(Batch& b, const Query& q, Answer& out) const {
  answer_by(*this, b, q, Method::simulated_annealing, out, find_annealed);
}

Solution infer::SimulatedAnnealing::solve(const DiscreteGraph& graph, const Question& q) const {
  return solve_by(*this, graph, q, Method::simulated_annealing, "annealing", find_annealed);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
