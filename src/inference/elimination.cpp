#include "elimination.hpp"

#include <algorithm>

#include "elimination_order.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

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
    for (const int u : order.separator(p)) {
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
      const auto sep =
          std::span(order.separators).subspan(order.first[at], order.first[at + 1] - order.first[at]);
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
  // Each factor is read where the first of its variables goes; one label is no variable, unless there is no
  // other.
  const auto bucket_of = [&](const DiscreteView::Group& g, int i) {
    std::size_t first = n;
    for (const int v : g.scope(i))
      if (view.labels[static_cast<std::size_t>(v)] > 1)
        first = std::min(first, position[static_cast<std::size_t>(v)]);
    return first < n ? first : position[static_cast<std::size_t>(g.scope(i)[0])];
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

// Orders that are tried beyond these, and the part of the work that all of them may take.
constexpr std::uint32_t kTurns = 8;
constexpr double kEffort = 0.03;

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
  const Neighbours neighbours(view);
  Order best = order_of(view.labels, neighbours, Rule::fill, 0, most, kInf);
  double effort = best.effort;
  // With fewer edges a forest, nearly: min-fill takes leaf by leaf.
  if (neighbours.all.size() / 2 >= view.labels.size()) {
    const auto try_another = [&](Rule rule, std::uint32_t turn) {
      Order other = order_of(view.labels, neighbours, rule, turn, most, best.complete ? best.work : kInf);
      effort += other.effort;
      if (other.complete && (!best.complete || other.work < best.work)) best = std::move(other);
    };
    if (best.work > kManyEntries) try_another(Rule::sweep, 0);
    if (effort < kEffort * best.work || best.work <= kManyEntries) try_another(Rule::weight, 0);
    // Ties fall otherwise, while that takes a small part of the work that it may spare.
    for (std::uint32_t turn = 1; turn <= kTurns && best.complete && effort < kEffort * best.work; ++turn)
      try_another(turn % 2 ? Rule::fill : Rule::weight, turn);
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
