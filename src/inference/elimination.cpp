#include "elimination.hpp"

#include <algorithm>
#include <functional>
#include <queue>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using Neighbours = std::vector<std::vector<int>>;

Neighbours neighbours_of(const DiscreteView& view) {
  Neighbours all(view.labels.size());
  for (const DiscreteView::Group& g : view.groups)
    for (int i = 0; g.arity > 1 && i < g.instances; ++i)
      for (const int v : g.scope(i))
        for (const int u : g.scope(i))
          if (u != v) all[static_cast<std::size_t>(v)].push_back(u);
  for (auto& of_v : all) {
    std::ranges::sort(of_v);
    of_v.erase(std::unique(of_v.begin(), of_v.end()), of_v.end());
  }
  return all;
}

enum class Rule { fill, weight };

struct Order {
  std::vector<int> variables;
  std::vector<std::vector<int>> separators;  // beside them, in no order
  double entries = 0, work = 0;
  bool complete = false;
};

// The graph as variables go, one after another.
class Greedy {
 public:
  Greedy(std::span<const int> labels, Neighbours neighbours, Rule rule)
      : labels_(labels),
        near_(std::move(neighbours)),
        rule_(rule),
        stamp_(labels.size(), 0),
        version_(labels.size(), 0),
        gone_(labels.size(), 0) {}

  Order run(double most) {
    const auto n = static_cast<int>(labels_.size());
    Order out;
    out.variables.reserve(labels_.size());
    out.separators.reserve(labels_.size());
    for (int v = 0; v < n; ++v) push(v);
    while (!queue_.empty()) {
      const Entry top = queue_.top();
      queue_.pop();
      if (gone_[at(top.variable)] || top.version != version_[at(top.variable)]) continue;
      double entries = 1;
      for (const int u : near_[at(top.variable)]) entries *= labels_[at(u)];
      out.entries += entries;
      out.work += entries * labels_[at(top.variable)];
      if (out.entries > most) return out;
      out.variables.push_back(top.variable);
      out.separators.push_back(take(top.variable));
    }
    out.complete = true;
    return out;
  }

 private:
  struct Entry {
    double key, second;
    int variable, version;
    bool operator>(const Entry& o) const {
      return std::tie(key, second, variable) > std::tie(o.key, o.second, o.variable);
    }
  };
  static std::size_t at(int v) { return static_cast<std::size_t>(v); }

  // Pairs of neighbours that are not neighbours themselves.
  double fill(int v) {
    const auto& near = near_[at(v)];
    if (near.size() < 2) return 0;
    ++now_;
    for (const int u : near) stamp_[at(u)] = now_;
    std::size_t met = 0;
    for (const int u : near)
      for (const int w : near_[at(u)]) met += stamp_[at(w)] == now_;
    const auto d = static_cast<double>(near.size());
    return (d * (d - 1) - static_cast<double>(met)) / 2;
  }
  void push(int v) {
    double weight = labels_[at(v)];
    for (const int u : near_[at(v)]) weight *= labels_[at(u)];
    const double missing = fill(v);
    queue_.push(rule_ == Rule::fill ? Entry{missing, weight, v, ++version_[at(v)]}
                                    : Entry{weight, missing, v, ++version_[at(v)]});
  }

  // Removes v, makes its neighbours neighbours of each other, and returns them.
  std::vector<int> take(int v) {
    gone_[at(v)] = 1;
    std::vector<int> near = std::move(near_[at(v)]);
    bool filled = false;
    for (const int u : near) {
      auto& of_u = near_[at(u)];
      of_u.erase(std::ranges::find(of_u, v));
      ++now_;
      stamp_[at(u)] = now_;
      for (const int w : of_u) stamp_[at(w)] = now_;
      for (const int w : near)
        if (stamp_[at(w)] != now_) {
          of_u.push_back(w);
          filled = true;
        }
    }
    // A new edge closes a gap among the neighbours of both its ends, so their counts fall as well.
    dirty_ = near;
    if (filled)
      for (const int u : near) dirty_.insert(dirty_.end(), near_[at(u)].begin(), near_[at(u)].end());
    std::ranges::sort(dirty_);
    dirty_.erase(std::unique(dirty_.begin(), dirty_.end()), dirty_.end());
    for (const int u : dirty_) push(u);
    return near;
  }

  std::span<const int> labels_;
  Neighbours near_;
  Rule rule_;
  std::vector<int> stamp_, version_;
  std::vector<char> gone_;
  std::vector<int> dirty_;
  int now_ = 0;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

// Buckets in an order where every subtree is a run.
Elimination tree_of(const DiscreteView& view, Order order) {
  const std::size_t n = order.variables.size();
  std::vector<std::size_t> turn(n), position(n);  // of a variable: in the order found, in the tree
  for (std::size_t p = 0; p < n; ++p) turn[static_cast<std::size_t>(order.variables[p])] = p;
  struct Turn {
    int parent = -1, first_child = -1, next = -1;  // turns
    int bucket = -1;
  };
  std::vector<Turn> turns(n);
  for (std::size_t p = n; p-- > 0;) {
    for (const int u : order.separators[p]) {
      const int t = static_cast<int>(turn[static_cast<std::size_t>(u)]);
      if (turns[p].parent < 0 || t < turns[p].parent) turns[p].parent = t;
    }
    if (turns[p].parent < 0) continue;
    turns[p].next = turns[static_cast<std::size_t>(turns[p].parent)].first_child;
    turns[static_cast<std::size_t>(turns[p].parent)].first_child = static_cast<int>(p);
  }
  Elimination out;
  out.buckets.reserve(n);
  out.separator_first = {0};
  for (std::size_t root = 0; root < n; ++root) {
    if (turns[root].parent >= 0) continue;
    for (int t = static_cast<int>(root); t >= 0;) {
      const auto at = static_cast<std::size_t>(t);
      if (turns[at].first_child >= 0) {  // children first
        const int child = turns[at].first_child;
        turns[at].first_child = turns[static_cast<std::size_t>(child)].next;
        t = child;
        continue;
      }
      turns[at].bucket = static_cast<int>(out.buckets.size());
      Elimination::Bucket& b = out.buckets.emplace_back();
      b.variable = order.variables[at];
      t = t == static_cast<int>(root) ? -1 : turns[at].parent;
      auto& sep = order.separators[at];
      std::ranges::sort(sep, {}, [&](int u) { return turn[static_cast<std::size_t>(u)]; });
      for (const int u : sep) b.entries *= static_cast<std::size_t>(view.labels[static_cast<std::size_t>(u)]);
      out.separators.insert(out.separators.end(), sep.begin(), sep.end());
      out.separator_first.push_back(out.separators.size());
      out.width = std::max(out.width, static_cast<int>(sep.size()));
    }
  }
  out.child_first.assign(n + 1, 0);
  for (std::size_t t = 0; t < n; ++t) {
    Elimination::Bucket& b = out.buckets[static_cast<std::size_t>(turns[t].bucket)];
    position[static_cast<std::size_t>(b.variable)] = static_cast<std::size_t>(turns[t].bucket);
    if (turns[t].parent < 0) continue;
    b.parent = turns[static_cast<std::size_t>(turns[t].parent)].bucket;
    ++out.child_first[static_cast<std::size_t>(b.parent) + 1];
  }
  for (std::size_t p = 0; p < n; ++p) out.child_first[p + 1] += out.child_first[p];
  out.children.resize(out.child_first[n]);
  std::vector<std::size_t> fill(out.child_first.begin(), out.child_first.end() - 1);
  std::size_t message_at = 0;
  for (std::size_t p = 0; p < n; ++p) {
    Elimination::Bucket& b = out.buckets[p];
    b.message_at = message_at;
    message_at += b.entries;
    out.work += static_cast<double>(b.entries) * view.labels[static_cast<std::size_t>(b.variable)];
    if (b.parent < 0) continue;
    out.buckets[static_cast<std::size_t>(b.parent)].subtree += b.subtree;
    out.children[fill[static_cast<std::size_t>(b.parent)]++] = static_cast<int>(p);
  }
  out.message_entries = static_cast<double>(message_at);
  // Each factor is read where the first of its variables goes.
  const auto bucket_of = [&](const DiscreteView::Group& g, int i) {
    std::size_t first = n;
    for (const int v : g.scope(i)) first = std::min(first, position[static_cast<std::size_t>(v)]);
    return first;
  };
  out.factor_first.assign(n + 1, 0);
  for (const DiscreteView::Group& g : view.groups)
    for (int i = 0; g.arity > 0 && i < g.instances; ++i) ++out.factor_first[bucket_of(g, i) + 1];
  for (std::size_t p = 0; p < n; ++p) out.factor_first[p + 1] += out.factor_first[p];
  out.factors.resize(out.factor_first[n]);
  fill.assign(out.factor_first.begin(), out.factor_first.end() - 1);
  for (std::size_t g = 0; g < view.groups.size(); ++g)
    for (int i = 0; view.groups[g].arity > 0 && i < view.groups[g].instances; ++i)
      out.factors[fill[bucket_of(view.groups[g], i)]++] = {static_cast<int>(g), i};
  return out;
}

// Subtrees small enough for one thread, some to a piece, and the buckets above them. A graph of fewer table
// entries in all is not worth a second thread.
constexpr double kManyEntries = 1 << 16;
constexpr int kPieces = 64;

Elimination::Schedule schedule_of(const DiscreteView& view, const Elimination& tree) {
  Elimination::Schedule out;
  const int n = static_cast<int>(tree.buckets.size());
  if (tree.work < kManyEntries) {
    out.pieces.emplace_back().push_back({0, n - 1});
    return out;
  }
  const double most = tree.work / kPieces;
  std::vector<double> work(static_cast<std::size_t>(n));
  for (int p = 0; p < n; ++p) {
    const Elimination::Bucket& b = tree.buckets[static_cast<std::size_t>(p)];
    double& of_p = work[static_cast<std::size_t>(p)];
    of_p += static_cast<double>(b.entries) * view.labels[static_cast<std::size_t>(b.variable)];
    if (b.parent >= 0) work[static_cast<std::size_t>(b.parent)] += of_p;
  }
  double filled = most;
  for (int p = 0; p < n; ++p) {
    const Elimination::Bucket& b = tree.buckets[static_cast<std::size_t>(p)];
    const double of_p = work[static_cast<std::size_t>(p)];
    if (of_p > most) {
      out.above.push_back(p);
    } else if (b.parent < 0 || work[static_cast<std::size_t>(b.parent)] > most) {
      if (filled >= most) out.pieces.emplace_back(), filled = 0;
      out.pieces.back().push_back({p + 1 - b.subtree, p});
      filled += of_p;
    }
  }
  return out;
}

}  // namespace

Elimination eliminate(const DiscreteView& view, double most) {
  Neighbours neighbours = neighbours_of(view);
  std::size_t ends = 0;
  for (const auto& of_v : neighbours) ends += of_v.size();
  Order best = Greedy(view.labels, neighbours, Rule::fill).run(most);
  if (ends / 2 >= view.labels.size()) {  // with fewer edges a forest, nearly: min-fill takes leaf by leaf
    Order other =
        Greedy(view.labels, std::move(neighbours), Rule::weight).run(best.complete ? best.entries : most);
    if (other.complete && (!best.complete || other.work < best.work)) best = std::move(other);
  }
  Elimination out;
  if (best.complete) {
    out = tree_of(view, std::move(best));
    out.schedule = schedule_of(view, out);
    return out;
  }
  out.message_entries = best.entries;
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
