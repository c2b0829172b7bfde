#include "core_neighbourhood.hpp"

#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

// Variables go in the order of the smallest table, jittered; when even that is too large, one with many
// neighbours is held instead.
std::vector<int> CoreNeighbourhood::choose(const PairCore& core, const CoreState& state, double entries) {
  const std::size_t n = core.labels.size();
  std::vector<std::vector<int>> near(n);
  for (const PairCore::Edge& e : core.edges) {
    if (state.fixed[at(e.a)] >= 0 || state.fixed[at(e.b)] >= 0) continue;
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
    gone[v] = state.fixed[v] >= 0;
  }
  using Entry = std::tuple<double, int, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  const auto weight = [&](int v) {
    double w = size[at(v)];
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

bool CoreNeighbourhood::step(const PairCore& core, const CoreState& state, double entries, double least,
                             std::span<int> labels) {
  const std::vector<int> members = choose(core, state, entries);
  if (members.empty()) return false;
  std::vector<char> free(core.labels.size(), 0);
  for (const int v : members) free[at(v)] = 1;
  CoreState held = state;
  for (int v = 0; v < core.variables(); ++v)
    if (!free[at(v)] && held.fixed[at(v)] < 0 && !absorb(core, held, v, labels[at(v)])) return false;
  const double before = energy_of(core, state, labels);
  CoreState own;
  CoreMap map;
  const PairCore part = part_of(core, held, members, own, map);
  std::vector<int> found(members.size());
  double low = kInf;
  if (!exact_.minimum(part, own, 1 << 24, found, low) || !(held.constant + low < before - least))
    return false;
  map.give(part, found, labels);
  return true;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
