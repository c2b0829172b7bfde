#include "core_search.hpp"

#include <algorithm>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

constexpr double kNarrowEntries = 1 << 15;  // of messages: what elimination may take at a branch
constexpr int kPasses = 8;                  // at a branch
constexpr int kDiveBacktracks = 64;

}  // namespace

bool CoreSearch::strike(const PairCore& core, CoreState& state, const Decision& d) const {
  double* single = state.single.data() + core.offset[at(d.variable)];
  if (!d.is) {
    single[d.label] = kInf;
    return true;
  }
  for (int k = 0; k < core.labels[at(d.variable)]; ++k)
    if (k != d.label) single[k] = kInf;
  return single[d.label] < kInf;
}

// Labels of the part that a dive goes through.
void CoreSearch::better(std::span<const int> labels, double energy) {
  std::ranges::copy(fixed_, labels_.begin());
  map_.give(part_, labels, labels_);
  best_.energy = energy;
}

double CoreSearch::lowest_open() const {
  double low = open_.empty() ? kInf : open_.front().bound;
  low = std::min(low, dive_bound_);
  return std::min(low, best_.energy);
}

CoreSearch::Next CoreSearch::visit(CoreState& state, int& narrow, Decision& decision) {
  const double cut = best_.energy - guard_;
  const double gain = best_.energy < kInf ? 0.02 * (cut - state.constant) : 1e-3;
  if (!sweeps_.run(part_, state, {kPasses, std::max(gain, guard_), cut})) return Next::closed;
  sweeps_.decode(part_, state, decoded_);
  double energy = energy_of(part_, state, decoded_);
  if (energy < best_.energy) {
    better(decoded_, energy);
    if (energy - state.constant <= guard_) return Next::closed;
    CoreSweeps::descend(part_, state, 20, decoded_);
    energy = energy_of(part_, state, decoded_);
    if (energy < best_.energy) better(decoded_, energy);
    sweeps_.decode(part_, state, decoded_);
  }
  if (state.constant >= best_.energy - guard_) return Next::closed;
  int active = 0;
  for (int v = 0; v < part_.variables(); ++v) active += state.fixed[at(v)] < 0;
  if (active == 0) return Next::closed;  // its only answer has been looked at
  if (active <= narrow) {
    std::vector<int> members;
    for (int v = 0; v < part_.variables(); ++v)
      if (state.fixed[at(v)] < 0) members.push_back(v);
    CoreState own;
    CoreMap map;
    const PairCore small = part_of(part_, state, members, own, map);
    small_.resize(members.size());
    double low = kInf;
    if (exact_.minimum(small, own, kNarrowEntries, small_, low)) {
      if (state.constant + low < best_.energy) {
        for (int v = 0; v < part_.variables(); ++v)
          if (state.fixed[at(v)] >= 0) decoded_[at(v)] = state.fixed[at(v)];
        map.give(small, small_, decoded_);
        better(decoded_, state.constant + low);
      }
      return Next::closed;
    }
    narrow = active * 9 / 10;
  }
  // Where single variables and pairs disagree with each being at its lowest.
  disagreement_.assign(part_.labels.size(), 0);
  for (const PairCore::Edge& e : part_.edges) {
    if (state.fixed[at(e.a)] >= 0 || state.fixed[at(e.b)] >= 0) continue;
    const int x = decoded_[at(e.a)], y = decoded_[at(e.b)];
    const double c =
        std::min(part_.at(e, x, y) - state.delta[e.at_a + at(x)] - state.delta[e.at_b + at(y)], 1e12);
    disagreement_[at(e.a)] += c;
    disagreement_[at(e.b)] += c;
  }
  int chosen = -1;
  double most = -1;
  for (int v = 0; v < part_.variables(); ++v) {
    if (state.fixed[at(v)] >= 0) continue;
    const double own = std::min(state.single[part_.offset[at(v)] + at(decoded_[at(v)])], 1e12);
    const double w = (disagreement_[at(v)] + own + 1e-9) * weight_[at(map_.variable[at(v)])] *
                     (part_.derived[at(v)] ? 0.5 : 1);
    if (w > most) most = w, chosen = v;
  }
  decision = {chosen, decoded_[at(chosen)], true};
  if (!(state.single[part_.offset[at(chosen)] + at(decision.label)] <
        kInf)) {  // a decoding that is forbidden
    for (int k = 0; k < part_.labels[at(chosen)]; ++k)
      if (state.single[part_.offset[at(chosen)] + at(k)] < kInf) decision.label = k;
  }
  return Next::branch;
}

// What the levels of a dive have left for later.
void CoreSearch::leave_open() {
  for (std::size_t l = 0; l < depth_; ++l) {
    std::vector<Decision> path(path_.begin(), path_.begin() + static_cast<std::ptrdiff_t>(levels_[l].path));
    const Decision& other = path_[levels_[l].path];
    path.push_back({other.variable, other.label, false});
    open_.push_back({levels_[l].state.constant, std::move(path)});
    std::push_heap(open_.begin(), open_.end());
  }
}

void CoreSearch::dive(const Stop& stop, Open from, int backtracks) {
  const PairCore& core = *whole_;
  CoreState state = *root_;
  for (const Decision& d : from.path)
    if (!strike(core, state, d)) return;
  if (!sweeps_.run(core, state, {kPasses, guard_, best_.energy - guard_})) return;
  std::vector<int> members;
  fixed_.assign(state.fixed.begin(), state.fixed.end());
  for (int v = 0; v < core.variables(); ++v)
    if (state.fixed[at(v)] < 0) members.push_back(v);
  CoreState here;
  part_ = part_of(core, state, members, here, map_);
  here.constant = state.constant;
  decoded_.resize(members.size());
  path_ = std::move(from.path);
  depth_ = 0;
  int narrow = static_cast<int>(members.size());
  for (;;) {
    ++best_.branches;
    if (best_.branches % 4 == 0 && stop()) {  // a dive may be deep and its branches slow
      open_.push_back({here.constant, path_});
      std::push_heap(open_.begin(), open_.end());
      leave_open();
      return;
    }
    Decision d{};
    if (visit(here, narrow, d) == Next::branch) {
      if (depth_ == levels_.size()) levels_.emplace_back();
      Level& level = levels_[depth_++];
      level.state = here;
      level.decision = d;
      level.path = path_.size();
      level.narrow = narrow;
      const int label = map_.label[part_.offset[at(d.variable)] + at(d.label)];
      path_.push_back({map_.variable[at(d.variable)], label, true});
      (void)strike(part_, here, d);
    } else {
      if (!path_.empty() && path_.back().is) weight_[at(path_.back().variable)] += 1;
      for (;;) {
        if (depth_ == 0) return;
        Level& level = levels_[depth_ - 1];
        if (level.state.constant < best_.energy - guard_) break;
        --depth_;
      }
      --backtracks;
      double low = kInf;
      for (std::size_t l = 0; l < depth_; ++l) low = std::min(low, levels_[l].state.constant);
      dive_bound_ = std::max(dive_bound_, low);
      if (backtracks < 0 || stop()) {
        leave_open();
        return;
      }
      Level& level = levels_[--depth_];
      std::swap(here, level.state);
      d = level.decision;
      d.is = false;
      narrow = level.narrow;
      Decision other = path_[level.path];
      other.is = false;
      path_.resize(level.path);
      path_.push_back(other);
      (void)strike(part_, here, d);
    }
  }
}

void CoreSearch::start(const PairCore& core, const CoreState& root, double energy, double guard,
                       std::span<int> labels) {
  whole_ = &core;
  root_ = &root;
  best_ = {energy, root.constant, false, 0};
  labels_ = labels;
  guard_ = guard;
  weight_.assign(core.labels.size(), 1);
  open_.clear();
  open_.push_back({root.constant, {}});
}

bool CoreSearch::proceed(const Stop& stop) {
  if (open_.empty()) return false;
  std::pop_heap(open_.begin(), open_.end());
  Open next = std::move(open_.back());
  open_.pop_back();
  if (next.bound >= best_.energy - guard_) {
    open_.clear();
    return false;
  }
  dive_bound_ = next.bound;
  dive(stop, std::move(next), kDiveBacktracks);
  dive_bound_ = kInf;
  return !open_.empty();
}

CoreSearch::Result CoreSearch::result() const {
  Result out = best_;
  out.complete = open_.empty() && dive_bound_ == kInf;  // not in the middle of a dive
  out.bound = out.complete ? best_.energy : lowest_open();
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
