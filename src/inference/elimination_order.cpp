#include "elimination_order.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "ebm/core/rng.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::size_t at(int v) { return static_cast<std::size_t>(v); }

// The lowest of n keys, changed one at a time: the winners of a tournament. Ties: the lower place.
class Tournament {
 public:
  explicit Tournament(std::size_t n) : places_(std::bit_ceil(std::max<std::size_t>(n, 1))) {
    key_.assign(places_, kOut);
    winner_.assign(2 * places_, 0);
    for (std::size_t i = 0; i < places_; ++i) winner_[places_ + i] = static_cast<std::uint32_t>(i);
  }
  static constexpr std::uint64_t kOut = ~std::uint64_t{0};
  void start(std::vector<std::uint64_t> keys) {
    std::ranges::copy(keys, key_.begin());
    for (std::size_t i = places_ - 1; i > 0; --i) winner_[i] = better(winner_[2 * i], winner_[2 * i + 1]);
  }
  void set(std::size_t place, std::uint64_t key) {
    if (key_[place] == key) return;
    key_[place] = key;
    for (std::size_t i = (places_ + place) / 2; i > 0; i /= 2) {
      const std::uint32_t now = better(winner_[2 * i], winner_[2 * i + 1]);
      // Nobody above has met this place when it loses here as it did before.
      if (now == winner_[i] && now != place) return;
      winner_[i] = now;
    }
  }
  std::size_t top() const { return places_ == 1 ? 0 : winner_[1]; }
  std::uint64_t key(std::size_t place) const { return key_[place]; }

 private:
  std::uint32_t better(std::uint32_t a, std::uint32_t b) const { return key_[b] < key_[a] ? b : a; }
  std::size_t places_;
  std::vector<std::uint64_t> key_;
  std::vector<std::uint32_t> winner_;  // [2 places] 1: of all
};

// The graph as variables go, one after another.
class Greedy {
 public:
  Greedy(std::span<const int> labels, const Neighbours& neighbours, Rule rule, std::uint32_t turn)
      : labels_(labels),
        rule_(rule),
        pool_(neighbours.all),
        rows_(labels.size()),
        fill_(neighbours.fill),
        weight_(labels.size()),
        bits_(labels.size()),
        stamp_(labels.size(), 0),
        gone_(labels.size(), 0),
        touched_(labels.size(), 0),
        place_(labels.size()),
        variable_(labels.size()),
        queue_(labels.size()) {
    const std::size_t n = labels.size();
    for (std::size_t v = 0; v < n; ++v) {
      const auto size = static_cast<int>(neighbours.first[v + 1] - neighbours.first[v]);
      rows_[v] = {neighbours.first[v], size, size, size};
      bits_[v] = std::llround(std::log2(labels[v]) * 4096);
    }
    std::iota(variable_.begin(), variable_.end(), 0);
    if (turn > 0) Rng(turn, 0x6f72646572ULL).shuffle(std::span(variable_));
    if (rule == Rule::sweep) sweep(neighbours);
    std::vector<std::uint64_t> keys(n);
    for (std::size_t i = 0; i < n; ++i) {
      const int v = variable_[i];
      place_[at(v)] = i;
      weight_[at(v)] = bits_[at(v)];
      for (const int u : neighbours.of(v)) weight_[at(v)] += bits_[at(u)];
      keys[i] = key_of(v);
    }
    queue_.start(std::move(keys));
  }

  Order run(double most_entries, double most_work) {
    const std::size_t n = labels_.size();
    Order out;
    out.variables.reserve(n);
    out.first.reserve(n + 1);
    out.first.push_back(0);
    while (out.variables.size() < n) {
      const int v = variable_[queue_.top()];
      alive(v);
      double entries = 1;
      for (const int u : list(v)) entries *= labels_[at(u)];
      out.entries += entries;
      out.work += entries * labels_[at(v)];
      if (out.entries > most_entries || out.work > most_work) break;
      out.variables.push_back(v);
      out.separators.insert(out.separators.end(), list(v).begin(), list(v).end());
      out.first.push_back(out.separators.size());
      take(v);
    }
    out.complete = out.variables.size() == n;
    out.effort = effort_;
    return out;
  }

 private:
  struct Row {
    std::size_t first;
    int size, room, degree;  // those that have gone are in the list, and not in the degree
  };
  std::span<const int> list(int v) const {
    return std::span(pool_).subspan(rows_[at(v)].first, static_cast<std::size_t>(rows_[at(v)].size));
  }

  std::uint64_t key_of(int v) const {
    constexpr std::int64_t kMost = 0xffffffff - 1;
    if (rule_ == Rule::sweep) return rank_[at(v)];
    const auto fill = static_cast<std::uint64_t>(std::min(fill_[at(v)], kMost)),
               weight = static_cast<std::uint64_t>(std::min(weight_[at(v)], kMost));
    return rule_ == Rule::fill ? fill << 32 | weight : weight << 32 | fill;
  }
  // Ranks breadth first, each component from a variable as far out as two walks find, those of low degree
  // first among equals.
  void sweep(const Neighbours& neighbours) {
    rank_.assign(labels_.size(), Tournament::kOut);
    std::vector<int> walk, seen(labels_.size(), 0), next;
    std::uint64_t ranks = 0;
    const auto from = [&](int start, int mark) {
      walk.assign(1, start);
      seen[at(start)] = mark;
      for (std::size_t i = 0; i < walk.size(); ++i) {
        next.clear();
        for (const int u : neighbours.of(walk[i]))
          if (seen[at(u)] != mark) seen[at(u)] = mark, next.push_back(u);
        std::ranges::sort(next, {}, [&](int u) { return std::pair(rows_[at(u)].degree, u); });
        walk.insert(walk.end(), next.begin(), next.end());
      }
      return walk.back();
    };
    for (const int start : variable_) {
      if (seen[at(start)] != 0) continue;
      from(from(from(start, 1), 2), 3);
      for (const int v : walk) rank_[at(v)] = ranks++;
    }
  }
  void touch(int v) {
    if (touched_[at(v)]) return;
    touched_[at(v)] = 1;
    dirty_.push_back(v);
  }
  // Drops those that have gone from the list.
  void alive(int v) {
    Row& r = rows_[at(v)];
    if (r.size == r.degree) return;
    int* from = pool_.data() + r.first;
    effort_ += r.size;
    int kept = 0;
    for (int i = 0; i < r.size; ++i)
      if (!gone_[at(from[i])]) from[kept++] = from[i];
    r.size = kept;
  }
  void append(int v, int u) {
    Row& r = rows_[at(v)];
    if (r.size == r.room) {  // moves to the end, where there is room for as many again
      const std::size_t first = pool_.size(), size = static_cast<std::size_t>(r.size);
      r.room = std::max(8, 2 * r.room);
      pool_.resize(first + static_cast<std::size_t>(r.room));
      std::copy_n(pool_.begin() + static_cast<std::ptrdiff_t>(r.first), size,
                  pool_.begin() + static_cast<std::ptrdiff_t>(first));
      r.first = first;
    }
    pool_[r.first + static_cast<std::size_t>(r.size++)] = u;
    ++r.degree;
  }

  void join(int u, int w) {  // u's neighbours are stamped
    alive(w);
    std::int64_t common = 0;
    for (const int x : list(w)) {
      if (stamp_[at(x)] != now_) continue;
      ++common;
      --fill_[at(x)];
      touch(x);
    }
    effort_ += rows_[at(w)].size;
    fill_[at(u)] += rows_[at(u)].degree - common;
    fill_[at(w)] += rows_[at(w)].degree - common;
    weight_[at(u)] += bits_[at(w)];
    weight_[at(w)] += bits_[at(u)];
    append(u, w);
    append(w, u);
    stamp_[at(w)] = now_;
  }

  void take(int v) {
    // Copied: lists move as they grow.
    near_.assign(list(v).begin(), list(v).end());
    if (fill_[at(v)] > 0) {
      std::ranges::sort(near_, {}, [&](int u) { return std::pair(rows_[at(u)].degree, u); });
      for (std::size_t i = 0; i + 1 < near_.size() && fill_[at(v)] > 0; ++i) {
        const int u = near_[i];
        alive(u);
        ++now_;
        for (const int x : list(u)) stamp_[at(x)] = now_;
        effort_ += rows_[at(u)].size;
        for (std::size_t j = i + 1; j < near_.size(); ++j)
          if (stamp_[at(near_[j])] != now_) join(u, near_[j]);
      }
    }
    gone_[at(v)] = 1;
    const auto d = static_cast<int>(near_.size());
    for (const int u : near_) {
      Row& r = rows_[at(u)];
      fill_[at(u)] -= r.degree - d;
      --r.degree;
      weight_[at(u)] -= bits_[at(v)];
      touch(u);
    }
    effort_ += d;
    queue_.set(place_[at(v)], Tournament::kOut);
    for (const int u : dirty_) {
      touched_[at(u)] = 0;
      if (u != v) queue_.set(place_[at(u)], key_of(u));
    }
    dirty_.clear();
  }

  std::span<const int> labels_;
  Rule rule_;
  std::vector<int> pool_;
  std::vector<Row> rows_;
  std::vector<std::int64_t> fill_, weight_, bits_;  // weight: sum of bits, of the variable and its neighbours
  std::vector<std::uint64_t> rank_;                 // of a sweep
  std::vector<int> stamp_;
  std::vector<char> gone_, touched_;
  std::vector<std::size_t> place_;  // in the queue
  std::vector<int> variable_;       // at a place
  std::vector<int> near_, dirty_;
  int now_ = 0;
  double effort_ = 0;
  Tournament queue_;
};

}  // namespace

Neighbours::Neighbours(const DiscreteView& view) {
  const std::size_t n = view.labels.size();
  const auto wide = [&](int v) { return view.labels[at(v)] > 1; };
  const auto each_scope = [&](const auto& visit) {
    std::vector<int> scope;
    for (const DiscreteView::Group& g : view.groups)
      for (int i = 0; g.arity > 1 && i < g.instances; ++i) {
        scope.clear();
        for (const int v : g.scope(i))
          if (wide(v)) scope.push_back(v);
        for (const int v : scope) visit(v, scope);
      }
  };
  std::vector<std::size_t> end(n + 1, 0);
  each_scope([&](int v, std::span<const int> scope) { end[at(v) + 1] += scope.size() - 1; });
  for (std::size_t v = 0; v < n; ++v) end[v + 1] += end[v];
  std::vector<int> met(end[n]);
  first = end;
  each_scope([&](int v, std::span<const int> scope) {
    bool self = false;  // a variable may stand twice: one of its places is left out
    for (const int u : scope)
      if (u == v && !self)
        self = true;
      else
        met[end[at(v)]++] = u;
  });
  // Each once.
  std::vector<int> stamp(n, -1);
  std::size_t size = 0;
  for (std::size_t v = 0; v < n; ++v) {
    const std::size_t from = first[v], to = end[v];
    first[v] = size;
    stamp[v] = static_cast<int>(v);
    for (std::size_t i = from; i < to; ++i) {
      const int u = met[i];
      if (stamp[at(u)] == static_cast<int>(v)) continue;
      stamp[at(u)] = static_cast<int>(v);
      met[size++] = u;
    }
  }
  first[n] = size;
  met.resize(size);
  all = std::move(met);
  // Pairs of neighbours less triangles, each found once from the end with the fewest neighbours (Chiba,
  // Nishizeki 1985): a hub's list is never walked for each of its neighbours.
  fill.resize(n);
  const auto degree = [&](int v) { return first[at(v) + 1] - first[at(v)]; };
  const auto before = [&](int v, int u) { return std::pair(degree(v), v) < std::pair(degree(u), u); };
  std::vector<std::size_t> up_first(n + 1, 0);
  std::vector<int> up;
  up.reserve(size / 2);
  for (std::size_t v = 0; v < n; ++v) {
    const int from = static_cast<int>(v);
    const auto d = static_cast<std::int64_t>(degree(from));
    fill[v] = d * (d - 1) / 2;
    for (const int u : of(from))
      if (before(from, u)) up.push_back(u);
    up_first[v + 1] = up.size();
  }
  std::ranges::fill(stamp, -1);
  for (std::size_t v = 0; v < n; ++v) {
    if (up_first[v + 1] - up_first[v] < 2) continue;
    for (std::size_t i = up_first[v]; i < up_first[v + 1]; ++i) stamp[at(up[i])] = static_cast<int>(v);
    for (std::size_t i = up_first[v]; i < up_first[v + 1]; ++i)
      for (std::size_t j = up_first[at(up[i])]; j < up_first[at(up[i]) + 1]; ++j)
        if (stamp[at(up[j])] == static_cast<int>(v)) --fill[v], --fill[at(up[i])], --fill[at(up[j])];
  }
}

Order order_of(std::span<const int> labels, const Neighbours& neighbours, Rule rule, std::uint32_t turn,
               double most_entries, double most_work) {
  return Greedy(labels, neighbours, rule, turn).run(most_entries, most_work);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
