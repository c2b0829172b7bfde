#include "core_neighbourhood.hpp"

#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// From the lowest to the highest energy of a pair, on average.
double spread_of(const PairCore& core) {
  double spread = 0;
  for (const PairCore::Edge& e : core.edges) {
    double low = kInf, high = 0;
    for (int x = 0; x < core.labels[at(e.a)]; ++x)
      for (int y = 0; y < core.labels[at(e.b)]; ++y)
        if (const double c = core.at(e, x, y); c < kInf) low = std::min(low, c), high = std::max(high, c);
    if (low < kInf) spread += high - low;
  }
  return spread / static_cast<double>(core.edges.size() + 1);
}

}  // namespace

// Every other time a ball around some variable, within which nothing may have to be held, so that a whole
// region can change its labels; else everything, with held variables scattered about.
std::vector<char> CoreNeighbourhood::draw_ball(const PairCore& core, const CoreState& state) {
  const std::size_t n = core.labels.size();
  std::vector<char> inside(n, 1);
  if (rng_.chance(0.4)) return inside;
  std::vector<int> queue;
  for (int v = 0; v < core.variables(); ++v)
    if (state.fixed[at(v)] < 0) queue.push_back(v);
  if (queue.size() < 8) return inside;
  const auto most =
      static_cast<std::size_t>(static_cast<double>(queue.size()) * std::pow(2.0, -rng_.uniform(0.2, 4)));
  std::ranges::fill(inside, 0);
  queue = {queue[at(rng_.below(static_cast<int>(queue.size())))]};
  inside[at(queue[0])] = 1;
  const auto visit = [&](int u) {
    if (inside[at(u)] || state.fixed[at(u)] >= 0) return;
    inside[at(u)] = 1;
    queue.push_back(u);
  };
  for (std::size_t i = 0; i < queue.size() && queue.size() < most; ++i) {
    const std::size_t v = at(queue[i]);
    for (std::size_t e = core.first[v]; e < core.first[v + 1]; ++e) visit(core.edges[e].b);
    for (const int e : core.back_of(v)) visit(core.edges[at(e)].a);
  }
  return inside;
}

// Variables go in the order of the smallest table, jittered; when even that is too large, one with many
// neighbours is held instead.
std::vector<int> CoreNeighbourhood::choose(const PairCore& core, const CoreState& state, double entries,
                                           bool everywhere) {
  const std::size_t n = core.labels.size();
  const std::vector<char> inside =
      everywhere ? std::vector<char>(core.labels.size(), 1) : draw_ball(core, state);
  std::vector<std::vector<int>> near(n);
  for (const PairCore::Edge& e : core.edges) {
    if (!inside[at(e.a)] || !inside[at(e.b)] || state.fixed[at(e.a)] >= 0 || state.fixed[at(e.b)] >= 0)
      continue;
    near[at(e.a)].push_back(e.b);
    near[at(e.b)].push_back(e.a);
  }
  std::vector<char> gone(n, 0);
  std::vector<int> version(n, 0), out, stamp(n, -1);
  std::vector<double> jitter(n), size(n);
  for (std::size_t v = 0; v < n; ++v) {
    jitter[v] = rng_.uniform(0, 2);
    int left = 0;
    for (std::size_t k = core.offset[v]; k < core.offset[v + 1]; ++k) left += state.single[k] < kInf;
    size[v] = std::log(static_cast<double>(left));
    gone[v] = state.fixed[v] >= 0 || !inside[v];
  }
  using Entry = std::tuple<double, int, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  const auto weight = [&](int v) {
    double w = 0;  // of the message over its neighbours
    for (const int u : near[at(v)]) w += size[at(u)];
    return w;
  };
  const auto push = [&](int v) { queue.emplace(weight(v) + jitter[at(v)], v, ++version[at(v)]); };
  for (std::size_t v = 0; v < n; ++v)
    if (!gone[v]) push(static_cast<int>(v));
  const double most = std::log(entries);
  int mark = 0;
  while (!queue.empty()) {
    const auto [key, v, of] = queue.top();
    queue.pop();
    if (gone[at(v)] || of != version[at(v)]) continue;
    const bool narrow = key - jitter[at(v)] <= most;
    int goes = v;
    if (!narrow)
      for (const int u : near[at(v)])
        if (std::tuple(!core.derived[at(u)], near[at(u)].size(), jitter[at(u)]) >
            std::tuple(!core.derived[at(goes)], near[at(goes)].size(), jitter[at(goes)]))
          goes = u;
    gone[at(goes)] = 1;
    const std::vector<int> of_v = std::move(near[at(goes)]);
    for (const int u : of_v) std::erase(near[at(u)], goes);
    if (narrow) {
      out.push_back(v);
      for (const int u : of_v) {
        ++mark;
        stamp[at(u)] = mark;
        for (const int w : near[at(u)]) stamp[at(w)] = mark;
        for (const int w : of_v)
          if (stamp[at(w)] != mark) near[at(u)].push_back(w);
      }
    }
    for (const int u : of_v) push(u);
  }
  std::ranges::sort(out);
  return out;
}

bool CoreNeighbourhood::move(const PairCore& core, const CoreState& state, double entries, double noise) {
  const std::vector<int> members = choose(core, state, entries, noise > 0 && rng_.chance(0.5));
  if (members.empty()) return false;
  std::vector<char> free(core.labels.size(), 0);
  for (const int v : members) free[at(v)] = 1;
  CoreState held = state;
  for (int v = 0; v < core.variables(); ++v)
    if (!free[at(v)] && held.fixed[at(v)] < 0 && !absorb(core, held, v, now_[at(v)])) return false;
  CoreState own;
  CoreMap map;
  const PairCore part = part_of(core, held, members, own, map);
  if (noise > 0) {
    noise *= spread_of(part);
    for (double& s : own.single) s += noise * rng_.normal();
  }
  std::vector<int> found(members.size());
  double low = kInf;
  if (!exact_.minimum(part, own, 1 << 20, found, low) || !(low < kInf)) return false;
  if (noise == 0 && !(held.constant + low < energy_)) return false;
  map.give(part, found, now_);
  energy_ = energy_of(core, state, now_);
  return true;
}

void CoreNeighbourhood::anneal(const PairCore& core, const CoreState& state, int sweeps) {
  std::vector<int> moving;
  for (int v = 0; v < core.variables(); ++v)
    if (state.fixed[at(v)] < 0) moving.push_back(v);
  const double hot = 0.5 * spread_of(core), fall = std::pow(0.02, 1.0 / sweeps);
  double temperature = hot;
  for (int sweep = 0; sweep < sweeps; ++sweep, temperature *= fall)
    for (const int v : moving) {
      const int old = now_[at(v)];
      int next = rng_.below(core.labels[at(v)] - 1);
      next += next >= old;
      const double* single = state.single.data() + core.offset[at(v)];
      double stay = single[old], go = single[next];
      const auto add = [&](const PairCore::Edge& e, int u, bool forward) {
        if (state.fixed[at(u)] >= 0) return;
        const int x = now_[at(u)];
        const double* own = state.delta.data() + (forward ? e.at_a : e.at_b);
        stay += (forward ? core.at(e, old, x) : core.at(e, x, old)) - own[old];
        go += (forward ? core.at(e, next, x) : core.at(e, x, next)) - own[next];
      };
      for (std::size_t i = core.first[at(v)]; i < core.first[at(v) + 1]; ++i)
        add(core.edges[i], core.edges[i].b, true);
      for (const int i : core.back_of(at(v))) add(core.edges[at(i)], core.edges[at(i)].a, false);
      if (!(go < kInf)) continue;
      if (go <= stay || rng_.uniform() < std::exp((stay - go) / temperature)) now_[at(v)] = next;
    }
  energy_ = energy_of(core, state, now_);
}

bool CoreNeighbourhood::step(const PairCore& core, const CoreState& state, double least,
                             std::span<int> labels, double& energy) {
  constexpr int kPatience = 24;
  if (energy < seen_) {  // found by others
    now_.assign(labels.begin(), labels.end());
    seen_ = energy_ = energy;
    idle_ = 0;
  } else if (idle_ >= kPatience) {
    if (rng_.chance(0.5)) {  // from the best again
      now_.assign(labels.begin(), labels.end());
      energy_ = energy;
    }
    // Auxiliary variables do not move alone.
    if (std::ranges::find(core.derived, 1) == core.derived.end() && rng_.chance(0.7))
      anneal(core, state, static_cast<int>(std::pow(2.0, rng_.uniform(6, 11))));
    else
      (void)move(core, state, 1 << 10, std::pow(2.0, rng_.uniform(-3, 3)));
    idle_ = 0;
  }
  const double before = energy_;
  const double entries = std::pow(2.0, rng_.uniform(8, 18));
  idle_ = move(core, state, entries, 0) && energy_ < before - least ? 0 : idle_ + 1;
  if (!(energy_ < energy - least)) return false;
  std::ranges::copy(now_, labels.begin());
  energy = seen_ = energy_;
  return true;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
