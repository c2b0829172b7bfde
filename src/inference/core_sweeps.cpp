#include "core_sweeps.hpp"

#include <algorithm>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

void CoreSweeps::gather(const PairCore& core, const CoreState& state) {
  turns_.clear();
  links_.clear();
  std::size_t most = 0;
  for (int v = 0; v < core.variables(); ++v) {
    if (state.fixed[at(v)] >= 0) continue;
    Turn t{v, core.labels[at(v)], core.offset[at(v)], links_.size(), 0, 0};
    for (const int i : core.back_of(at(v))) {
      const PairCore::Edge& e = core.edges[at(i)];
      if (state.fixed[at(e.a)] >= 0) continue;
      links_.push_back({e.a, core.tables[at(e.table)].by_b, e.scale, e.at_b, e.at_a});
    }
    t.middle = links_.size();
    for (std::size_t i = core.first[at(v)]; i < core.first[at(v) + 1]; ++i) {
      const PairCore::Edge& e = core.edges[i];
      if (state.fixed[at(e.b)] >= 0) continue;
      links_.push_back({e.b, core.tables[at(e.table)].by_a, e.scale, e.at_a, e.at_b});
    }
    t.last = links_.size();
    turns_.push_back(t);
    most = std::max(most, at(t.labels));
  }
  w_.resize(most);
  m_.resize(most);
}

bool CoreSweeps::pass(CoreState& state, double cut, bool forth) {
  const MinPlus product = min_plus();
  double* single = state.single.data();
  double* delta = state.delta.data();
  for (std::size_t i = 0; i < turns_.size(); ++i) {
    const Turn& t = turns_[forth ? i : turns_.size() - 1 - i];
    double* own = single + t.single;
    const auto k = at(t.labels);
    double low = kInf;
    for (std::size_t x = 0; x < k; ++x) low = own[x] < low ? own[x] : low;
    if (!(low < kInf)) return false;
    state.constant += low;
    const double room = cut - state.constant;
    if (!(room > 0)) return false;
    for (std::size_t x = 0; x < k; ++x) {
      if (own[x] == kInf) continue;
      own[x] -= low;
      if (own[x] >= room) own[x] = kInf, struck_ = true;
    }
    const std::size_t back = t.middle - t.first, ahead = t.last - t.middle;
    const double share = 1.0 / static_cast<double>(std::max<std::size_t>({back, ahead, 1}));
    const std::size_t end = forth ? t.last : t.middle;
    for (std::size_t l = forth ? t.middle : t.first; l < end; ++l) {
      const Link& link = links_[l];
      const double* mine = delta + link.own;
      for (std::size_t x = 0; x < k; ++x) w_[x] = share * own[x] - mine[x];
      const std::size_t columns = labels_[at(link.to)];
      product(link.table, link.scale, w_.data(), k, columns, m_.data());
      double* theirs = delta + link.other;
      double* to = single + single_[at(link.to)];
      for (std::size_t y = 0; y < columns; ++y) {
        const double m = m_[y];
        if (m < kInf) {
          to[y] += m - theirs[y];
          theirs[y] = m;
        } else if (to[y] < kInf) {
          to[y] = kInf;
          struck_ = true;
        }
      }
    }
  }
  return true;
}

void CoreSweeps::settle(CoreState& state) {
  for (const Turn& t : turns_) {
    const std::size_t back = t.middle - t.first, ahead = t.last - t.middle;
    if (back == 0) continue;
    const double share = 1.0 / static_cast<double>(std::max(back, ahead));
    const double rest = back >= ahead ? 0 : 1 - static_cast<double>(back) * share;
    for (std::size_t x = 0; x < at(t.labels); ++x) {
      double& own = state.single[t.single + x];
      if (own == kInf || own == 0) continue;
      for (std::size_t l = t.first; l < t.middle; ++l) state.delta[links_[l].own + x] -= share * own;
      own *= rest;
    }
  }
}

bool CoreSweeps::run(const PairCore& core, CoreState& state, const Options& o) {
  passes_ = 0;
  struck_ = false;
  if (!(state.constant < o.cut)) return false;
  single_.assign(core.offset.begin(), core.offset.end() - 1);
  labels_.assign(core.labels.begin(), core.labels.end());
  bool ever = false;
  for (bool again = true; again;) {
    gather(core, state);
    if (turns_.empty()) break;
    again = false;
    double before = state.constant;
    while (passes_ < o.passes) {
      struck_ = false;
      if (!pass(state, o.cut, true) || !pass(state, o.cut, false)) return false;
      ++passes_;
      ever |= struck_;
      if (state.constant - before <= o.gain && !struck_) break;
      before = state.constant;
    }
    settle(state);
    bool absorbed = false;
    for (const Turn& t : turns_) {
      int left = 0, label = -1;
      for (int x = 0; x < t.labels && left < 2; ++x)
        if (state.single[t.single + at(x)] < kInf) ++left, label = x;
      if (left > 1) continue;
      if (left == 0 || !absorb(core, state, t.variable, label)) return false;
      absorbed = true;
    }
    // What was absorbed may leave others with one label.
    if (absorbed) {
      if (!(state.constant < o.cut)) return false;
      for (const Turn& t : turns_) {
        if (state.fixed[at(t.variable)] >= 0) continue;
        int left = 0;
        for (int x = 0; x < t.labels; ++x) left += state.single[t.single + at(x)] < kInf;
        again |= left < 2;
      }
    }
  }
  struck_ = ever;
  return true;
}

void CoreSweeps::decode(const PairCore& core, const CoreState& state, std::span<int> labels) {
  std::size_t most = 0;
  for (const int k : core.labels) most = std::max(most, at(k));
  w_.resize(std::max(w_.size(), most));
  for (int v = 0; v < core.variables(); ++v) {
    if (state.fixed[at(v)] >= 0) {
      labels[at(v)] = state.fixed[at(v)];
      continue;
    }
    const auto k = at(core.labels[at(v)]);
    std::copy_n(state.single.data() + core.offset[at(v)], k, w_.data());
    for (const int i : core.back_of(at(v))) {
      const PairCore::Edge& e = core.edges[at(i)];
      if (state.fixed[at(e.a)] >= 0) continue;
      const auto x = at(labels[at(e.a)]);
      const double* row = core.tables[at(e.table)].by_a + x * k;
      for (std::size_t y = 0; y < k; ++y)
        w_[y] += e.scale * row[y] - state.delta[e.at_a + x] - state.delta[e.at_b + y];
    }
    labels[at(v)] = static_cast<int>(std::min_element(w_.data(), w_.data() + k) - w_.data());
  }
}

void CoreSweeps::descend(const PairCore& core, const CoreState& state, int rounds, std::span<int> labels) {
  std::vector<double> w;
  for (bool better = true; better && rounds-- > 0;) {
    better = false;
    for (int v = 0; v < core.variables(); ++v) {
      if (state.fixed[at(v)] >= 0) continue;
      const auto k = at(core.labels[at(v)]);
      const double* single = state.single.data() + core.offset[at(v)];
      w.assign(single, single + k);
      const auto add = [&](const PairCore::Edge& e, int u, bool forward) {
        if (state.fixed[at(u)] >= 0) return;
        const PairCore::Table& t = core.tables[at(e.table)];
        const auto x = at(labels[at(u)]);
        const double* row = (forward ? t.by_b : t.by_a) + x * k;
        const double theirs = state.delta[(forward ? e.at_b : e.at_a) + x];
        const double* own = state.delta.data() + (forward ? e.at_a : e.at_b);
        for (std::size_t y = 0; y < k; ++y) w[y] += e.scale * row[y] - theirs - own[y];
      };
      for (std::size_t i = core.first[at(v)]; i < core.first[at(v) + 1]; ++i)
        add(core.edges[i], core.edges[i].b, true);
      for (const int i : core.back_of(at(v))) add(core.edges[at(i)], core.edges[at(i)].a, false);
      const auto low = static_cast<std::size_t>(std::ranges::min_element(w) - w.begin());
      if (w[low] < w[at(labels[at(v)])]) labels[at(v)] = static_cast<int>(low), better = true;
    }
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
