#include "tree_blocks.hpp"

#include <algorithm>
#include <cmath>

namespace ebm {
inline namespace EBM_PRECISION {

TreeBlocks::TreeBlocks(const DiscreteView& view, const Readers& readers) {
  const auto n = static_cast<std::size_t>(view.variables());
  std::vector<int> block_of(n, -1), up(n);  // up: union-find within the block that grows
  for (std::size_t v = 0; v < n; ++v) up[v] = static_cast<int>(v);
  const auto top = [&](int v) {
    while (up[static_cast<std::size_t>(v)] != v) {
      int& above = up[static_cast<std::size_t>(v)];
      v = above = up[static_cast<std::size_t>(above)];
    }
    return v;
  };
  std::vector<int> open(n), members, left, around, tops;
  for (std::size_t v = 0; v < n; ++v) open[v] = static_cast<int>(v);
  for (int block = 0; !open.empty(); ++block) {
    members.clear();
    left.clear();
    for (const int v : open) {
      around.clear();
      bool fits = true;
      for (const Readers::Reader& r : readers.of(v)) {
        int met = -1;
        for (const int u : view.groups[r.group].scope(r.instance)) {
          if (u == v || u == met || block_of[static_cast<std::size_t>(u)] != block) continue;
          fits = fits && met < 0;
          met = u;
        }
        if (met >= 0 && std::ranges::find(around, met) == around.end()) around.push_back(met);
        if (!fits) break;
      }
      tops.clear();
      for (const int u : around) {
        fits = fits && std::ranges::find(tops, top(u)) == tops.end();
        tops.push_back(top(u));
      }
      if (!fits) {
        left.push_back(v);
        continue;
      }
      block_of[static_cast<std::size_t>(v)] = block;
      for (const int t : tops) up[static_cast<std::size_t>(t)] = v;
      members.push_back(v);
    }
    root(view, readers, block_of, block, members);
    open.swap(left);
  }
}

// Members in order of a walk from the first of each tree, with what reads them.
void TreeBlocks::root(const DiscreteView& view, const Readers& readers, std::vector<int>& block_of, int block,
                      std::span<const int> members) {
  const auto in_block = [&](int u) { return block_of[static_cast<std::size_t>(u)] == block; };
  constexpr int kVisited = -2;  // for now
  for (const int start : members) {
    if (!in_block(start)) continue;
    std::size_t next = members_.size();
    members_.push_back({start, -1, 0, 0, 0});
    block_of[static_cast<std::size_t>(start)] = kVisited;
    for (; next < members_.size(); ++next) {
      const int v = members_[next].variable;
      for (const Readers::Reader& r : readers.of(v))
        for (const int u : view.groups[r.group].scope(r.instance))
          if (in_block(u)) {
            block_of[static_cast<std::size_t>(u)] = kVisited;
            members_.push_back({u, v, 0, 0, 0});
          }
    }
  }
  for (const int v : members) block_of[static_cast<std::size_t>(v)] = block;
  for (std::size_t i = first_.back(); i < members_.size(); ++i) {
    Member& m = members_[i];
    m.own = static_cast<std::uint32_t>(readers_.size());
    // The one of the block beside v that reads a factor, if any.
    const auto other = [&](const Readers::Reader& r) {
      for (const int u : view.groups[r.group].scope(r.instance))
        if (u != m.variable && in_block(u)) return u;
      return -1;
    };
    for (const Readers::Reader& r : readers.of(m.variable))
      if (other(r) < 0) readers_.push_back(r);
    m.tied = static_cast<std::uint32_t>(readers_.size());
    Readers::Reader last{(1u << 24) - 1, 0, -1};
    for (const Readers::Reader& r : readers.of(m.variable)) {
      const bool again = r.group == last.group && r.instance == last.instance;
      if (m.parent >= 0 && !again && other(r) == m.parent) readers_.push_back(r);
      last = r;
    }
    m.end = static_cast<std::uint32_t>(readers_.size());
  }
  first_.push_back(members_.size());
}

// out[a K + b] = energies at label a of the parent and b of the member.
void TreeBlocks::pair_energies(const Member& m, const DiscreteView& view, std::span<const int> labels,
                               std::span<double> out) const {
  std::ranges::fill(out, 0.0);
  const auto count = static_cast<std::size_t>(view.labels[static_cast<std::size_t>(m.variable)]),
             above = static_cast<std::size_t>(view.labels[static_cast<std::size_t>(m.parent)]);
  for (const Readers::Reader& r : std::span(readers_).subspan(m.tied, m.end - m.tied)) {
    const DiscreteView::Group& g = view.groups[r.group];
    const auto scope = g.scope(r.instance);
    const double scale = g.scale(r.instance);
    const std::size_t row = static_cast<std::size_t>(r.instance) * g.stride;
    const auto value = [&](std::size_t entry) {
      return scale * (g.doubles ? g.doubles[row + entry] : static_cast<double>(g.floats[row + entry]));
    };
    // Of the others: an offset, a sum of labels, or a label they agree on (if they do).
    std::size_t rest = 0, step_a = 0, step_b = 0, stride = 1;
    bool agree = true, any = false;
    for (std::size_t p = scope.size(); p-- > 0; stride *= static_cast<std::size_t>(g.sizes[p])) {
      const std::size_t step = g.index == Index::joint ? stride : 1;
      const auto label = static_cast<std::size_t>(labels[static_cast<std::size_t>(scope[p])]);
      if (scope[p] == m.variable)
        step_b += step;
      else if (scope[p] == m.parent)
        step_a += step;
      else if (g.index != Index::agreement)
        rest += step * label;
      else
        agree = agree && (!any || label == rest), rest = label, any = true;
    }
    for (std::size_t a = 0; a < above; ++a)
      for (std::size_t b = 0; b < count; ++b) {
        const std::size_t entry = g.index != Index::agreement
                                      ? std::min(rest + a * step_a + b * step_b, g.entries - 1)
                                  : agree && a == b && (!any || a == rest) ? a
                                                                           : g.entries - 1;
        out[a * count + b] += value(entry);
      }
  }
}

// Energies of every member with those of what hangs from it, in room.energy at the view's offsets.
template <class Summary>
void TreeBlocks::gather(std::size_t block, const LocalEnergies& local, std::span<const int> labels,
                        Room& room, const Summary& summary) const {
  const DiscreteView& view = local.view();
  const auto energies = [&](int v) {
    return std::span(room.energy)
        .subspan(view.offset[static_cast<std::size_t>(v)],
                 static_cast<std::size_t>(view.labels[static_cast<std::size_t>(v)]));
  };
  room.energy.resize(view.offset.back());
  const std::size_t most = most_labels(view);
  room.row.resize(most);
  room.pair.resize(most * most);
  for (std::size_t i = first_[block]; i < first_[block + 1]; ++i) {
    const Member& m = members_[i];
    const auto e = energies(m.variable);
    if (view.single.empty())
      std::ranges::fill(e, 0.0);
    else
      std::ranges::copy(view.single.subspan(view.offset[static_cast<std::size_t>(m.variable)], e.size()),
                        e.begin());
    local.add(m.variable, std::span(readers_).subspan(m.own, m.tied - m.own), labels, e);
  }
  for (std::size_t i = first_[block + 1]; i-- > first_[block];) {
    const Member& m = members_[i];
    if (m.parent < 0) continue;
    const auto e = energies(m.variable), above = energies(m.parent);
    const auto pair = std::span(room.pair).first(e.size() * above.size());
    const auto row = std::span(room.row).first(e.size());
    pair_energies(m, view, labels, pair);
    for (std::size_t a = 0; a < above.size(); ++a) {
      for (std::size_t b = 0; b < e.size(); ++b) row[b] = e[b] + pair[a * e.size() + b];
      above[a] += summary(row);
    }
  }
}

// From the roots on: pick(variable, energies) sets a label, and says whether there was one that is allowed:
// a tree without is left to alone(variable).
template <class Pick, class Alone>
bool TreeBlocks::choose(std::size_t block, const LocalEnergies& local, std::span<int> labels, Room& room,
                        const Pick& pick, const Alone& alone) const {
  const DiscreteView& view = local.view();
  bool allowed = true;  // of the present tree
  for (std::size_t i = first_[block]; i < first_[block + 1]; ++i) {
    const Member& m = members_[i];
    const auto e = std::span(room.energy)
                       .subspan(view.offset[static_cast<std::size_t>(m.variable)],
                                static_cast<std::size_t>(view.labels[static_cast<std::size_t>(m.variable)]));
    if (m.parent < 0) allowed = true;
    if (m.parent >= 0 && allowed) {
      const auto above = static_cast<std::size_t>(view.labels[static_cast<std::size_t>(m.parent)]);
      const auto pair = std::span(room.pair).first(e.size() * above);
      pair_energies(m, view, labels, pair);
      const auto a = static_cast<std::size_t>(labels[static_cast<std::size_t>(m.parent)]);
      for (std::size_t b = 0; b < e.size(); ++b) e[b] += pair[a * e.size() + b];
    }
    if (std::ranges::any_of(e, [](double x) { return std::isnan(x); })) return false;
    if (allowed) allowed = pick(m.variable, e);
    if (!allowed && !alone(m.variable, std::span(room.row).first(e.size()))) return false;
  }
  return true;
}

bool TreeBlocks::minimize(std::size_t block, const LocalEnergies& local, std::span<int> labels,
                          Room& room) const {
  gather(block, local, labels, room, [](std::span<const double> row) {
    double low = kInf;
    for (const double e : row) low = e < low || std::isnan(e) ? e : low;
    return low;
  });
  return choose(
      block, local, labels, room,
      [&](int v, std::span<const double> e) {
        int& label = labels[static_cast<std::size_t>(v)];
        const auto low = std::ranges::min_element(e);
        if (*low == kInf) return false;
        if (*low < e[static_cast<std::size_t>(label)]) label = static_cast<int>(low - e.begin());
        return true;
      },
      [&](int v, std::span<double> row) {
        settle(local, v, labels, row);
        return true;
      });
}

bool TreeBlocks::draw(std::size_t block, const LocalEnergies& local, double beta, Rng& rng,
                      std::span<int> labels, Room& room) const {
  gather(block, local, labels, room, [&](std::span<double> row) {
    double low = kInf, sum = 0;
    for (const double e : row) low = e < low || std::isnan(e) ? e : low;
    if (!(std::abs(low) < kInf)) return low;
    for (const double e : row) sum += std::exp(-beta * (e - low));
    return low - std::log(sum) / beta;
  });
  return choose(
      block, local, labels, room,
      [&](int v, std::span<double> e) {
        if (probabilities(e, beta) == kInf) return false;
        labels[static_cast<std::size_t>(v)] = draw_label(e, rng.uniform());
        return true;
      },
      [&](int v, std::span<double> row) { return redraw(local, v, beta, rng.uniform(), labels, row); });
}

}  // namespace EBM_PRECISION
}  // namespace ebm
