#include "hard_minimum.hpp"

#include <cmath>
#include <deque>
#include <memory>

#include "core_neighbourhood.hpp"
#include "core_search.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

bool has_nan(const PairGraph& g) {
  if (std::ranges::any_of(g.single, [](double e) { return std::isnan(e); }) || std::isnan(g.constant))
    return true;
  for (const PairGraph::Table& t : g.tables)
    for (int e = 0; t.entries && e < t.rows * t.columns; ++e)
      if (std::isnan(t.entries[e])) return true;
  return false;
}

// An answer is taken for the lowest when none is lower by more: room for rounding, in parts of the energy.
double guard_of(double energy) { return energy < kInf ? 1e-10 * (1 + std::abs(energy)) : 0; }

// Every energy is a whole number, as in weighted constraint problems: a better answer is better by 1.
bool is_whole(const PairGraph& g) {
  constexpr double kMost = 0x1p40;
  const auto whole = [](double e) { return e == kInf || (std::abs(e) < kMost && e == std::floor(e)); };
  if (!g.scale.empty() || !std::ranges::all_of(g.single, whole)) return false;
  for (const PairGraph::Table& t : g.tables)
    for (int e = 0; t.entries && e < t.rows * t.columns; ++e)
      if (!whole(t.entries[e])) return false;
  return true;
}

// Branches that a step of the neighbourhoods is worth: both have their share of the time.
constexpr double kStepWork = 20;

class Work {
 public:
  Work(const HardMinimum& options, Limits& limits, const PairGraph& graph)
      : options_(options), limits_(limits), graph_(graph), near_(options.seed) {
    core_ = core_of(graph, state_, map_);
    labels_.assign(core_.labels.size(), 0);
    if (is_whole(graph)) least_ = 1 - 1e-6;
  }

  Found run(std::span<int> out);

 private:
  // A part of the core that is searched.
  struct Component {
    PairCore core;
    CoreState state;
    CoreMap map;
    std::vector<int> labels;
    double energy = kInf, bound = 0;
    bool open = true;
    CoreSearch search;
    std::unique_ptr<CoreNeighbourhood> near;
    int idle = 0;      // steps of neighbourhoods without a better answer
    double spent = 0;  // branches, and neighbourhoods in branches
    double work = 0;   // of neighbourhoods less that of dives, in branches
  };

  void take(std::span<const int> labels) {
    const double e = energy_of(core_, state_, labels);
    if (!(e < energy_)) return;
    energy_ = e;
    std::ranges::copy(labels, labels_.begin());
  }
  // The labels of the best answer are kept: neighbourhoods start from it.
  double cut() const { return energy_ + guard_of(energy_); }
  bool stop() { return limits_.stop(energy_, std::min(bound_, energy_)); }
  void take_start();
  bool reduce();  // false when nothing lower is left, or a limit has been met
  bool improve(int steps);
  void search();  // what is left
  bool step(Component& c);
  void total();

  const HardMinimum& options_;
  Limits& limits_;
  const PairGraph& graph_;
  PairCore core_;
  CoreState state_;
  CoreMap map_;
  CoreSweeps sweeps_;
  CoreExact exact_;
  CoreNeighbourhood near_;
  std::vector<int> labels_;  // the best
  double energy_ = kInf, bound_ = -kInf, old_ = kInf;
  bool closed_ = false, limited_ = false;
  int passes_ = 0;
  double least_ = 0;  // no answer is better than another by less
  // What is above energy - guard is not looked for.
  double guard() const { return std::max(guard_of(energy_), energy_ < kInf ? least_ : 0); }
  std::deque<Component> parts_;
};

void Work::take_start() {
  if (options_.start.empty()) return;
  std::vector<int> whole(core_.labels.size(), 0), own(core_.labels.size());
  std::ranges::copy(options_.start, whole.begin());
  complete(graph_, whole);
  for (std::size_t v = 0; v < own.size(); ++v) own[v] = whole[at(map_.variable[v])];
  CoreSweeps::descend(core_, state_, 20, own);
  take(own);
}

bool Work::improve(int steps) {
  if (!options_.neighbourhoods || !(energy_ < kInf)) return true;
  for (int i = 0; i < steps; ++i) {
    (void)near_.step(core_, state_, guard_of(energy_), labels_, energy_);
    if (stop()) return false;
  }
  return true;
}

bool Work::reduce() {
  constexpr int kMost = 2000, kStep = 16;
  std::vector<int> y(core_.labels.size());
  double before = -kInf;
  for (int step = 1;; step = std::min(2 * step, kStep)) {
    const int count = std::min(step, kMost - passes_);
    const double gap = energy_ - bound_;
    if (!sweeps_.run(core_, state_, {count, gap < kInf ? 1e-6 * gap : 0, cut()})) {
      closed_ = true;
      return false;
    }
    passes_ += sweeps_.passes();
    bound_ = std::max(bound_, state_.constant);
    sweeps_.decode(core_, state_, y);
    take(y);
    CoreSweeps::descend(core_, state_, 20, y);
    take(y);
    if (energy_ <= state_.constant + guard()) {
      closed_ = true;
      return false;
    }
    if (stop()) return false;
    if (!sweeps_.struck() && (state_.constant - before <= 2e-3 * count * (energy_ - state_.constant) ||
                              sweeps_.passes() < count || passes_ >= kMost))
      return true;
    before = state_.constant;
  }
}

void Work::total() {
  double energy = state_.constant, bound = state_.constant;
  for (const Component& c : parts_) energy += c.energy, bound += c.bound;
  energy_ = std::min(energy, old_);
  bound_ = std::min(std::max(bound, bound_), energy_);
}

// A dive, and neighbourhoods while they help. False when the component is done.
bool Work::step(Component& c) {
  const auto sync = [&] {
    const CoreSearch::Result r = c.search.result();
    c.energy = r.energy;
    c.bound = std::max(c.bound, std::min(r.bound, r.energy));
    c.open = !r.complete;
    total();
  };
  if (options_.neighbourhoods && c.energy < kInf && (c.idle < 8 || c.work < 0)) {
    if (c.near->step(c.core, c.state, guard_of(energy_), c.labels, c.energy)) {
      c.search.offer(c.energy);
      c.idle = 0;
      total();
    } else {
      ++c.idle;
    }
    c.work += kStepWork;
    c.spent += kStepWork;
    return true;
  }
  const long before = c.search.result().branches;
  c.search.proceed([&] {
    sync();
    return stop();
  });
  const auto branches = static_cast<double>(c.search.result().branches - before);
  c.work -= branches;
  c.spent += branches;
  sync();
  return c.open;
}

void Work::search() {
  const auto members = components_of(core_, state_);
  const double guard =
      std::max(guard_of(energy_ < kInf ? energy_ : bound_) / static_cast<double>(members.size() + 1), least_);
  for (const auto& m : members) {
    Component& c = parts_.emplace_back();
    c.core = part_of(core_, state_, m, c.state, c.map);
    c.labels.resize(m.size());
    double low = kInf;
    if (exact_.minimum(c.core, c.state, 1 << 18, c.labels, low)) {
      c.energy = c.bound = low;
      c.open = false;
      continue;
    }
    if (energy_ < kInf) {
      for (std::size_t v = 0; v < m.size(); ++v) {
        c.labels[v] = -1;
        for (int k = 0; k < c.core.labels[v]; ++k)
          if (c.map.label[c.core.offset[v] + at(k)] == labels_[at(m[v])]) c.labels[v] = k;
      }
      // A label that has been struck out belongs to no better answer.
      if (std::ranges::none_of(c.labels, [](int k) { return k < 0; }))
        c.energy = energy_of(c.core, c.state, c.labels);
      else
        std::ranges::fill(c.labels, 0);
    }
  }
  // The old answer stays the best until every part has one of its own.
  old_ = energy_;
  std::uint64_t stream = 1;
  for (Component& c : parts_) {
    if (!c.open) continue;
    c.near = std::make_unique<CoreNeighbourhood>(options_.seed + stream++);
    c.search.start(c.core, c.state, c.energy, guard, c.labels);
  }
  total();
  const auto open = [&] { return std::ranges::any_of(parts_, [](const Component& c) { return c.open; }); };
  const auto spent = [&] {
    double branches = 0;
    for (const Component& c : parts_) branches += c.spent;
    return branches >= options_.branches;
  };
  while (open() && !stop() && !(limited_ = spent()))
    for (Component& c : parts_)
      if (c.open && (static_cast<void>(step(c)), stop())) break;
  total();
  closed_ = !open();
  if (!(energy_ < old_)) return;
  for (int v = 0; v < core_.variables(); ++v)
    if (state_.fixed[at(v)] >= 0) labels_[at(v)] = state_.fixed[at(v)];
  for (const Component& c : parts_) c.map.give(c.core, c.labels, labels_);
}

Found Work::run(std::span<int> out) {
  Found f;
  f.exactness = Exactness::bounded;
  f.converged = false;
  bound_ = state_.constant;
  const bool possible = state_.constant < kInf;
  if (possible) take_start();
  closed_ = !possible;
  if (possible && reduce() && improve(4) && reduce()) search();
  closed_ |= energy_ < kInf && bound_ >= energy_ - guard();
  f.iterations = passes_;
  f.energy = energy_;
  if (closed_) {
    f.bound = energy_;
    f.exactness = Exactness::exact;
    f.converged = true;
  } else {
    f.bound = std::min(bound_ - guard_of(bound_), energy_);
    f.converged = !limits_.limited() && !limited_;
  }
  f.limited = limits_.limited();
  for (std::size_t v = 0; v < labels_.size(); ++v)
    if (map_.variable[v] < graph_.own) out[at(map_.variable[v])] = labels_[v];
  return f;
}

}  // namespace

Found HardMinimum::find(const DiscreteView& view, Limits& limits, std::span<int> labels,
                        Workspace& ws) const {
  const PairGraph graph = pair_graph(view, ws);
  if (has_nan(graph)) return {.energy = std::numeric_limits<double>::quiet_NaN()};
  if (const double bytes = core_bytes(graph); bytes > memory)
    throw GraphError(message("[branch_and_bound] tables and messages of ", bytes / 0x1p20,
                             " MiB are more than the ", memory / 0x1p20,
                             " MiB allowed; allow more memory, or use another engine"));
  return Work(*this, limits, graph).run(labels);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
