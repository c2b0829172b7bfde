#include "pairs.hpp"

#include <numeric>

#include "pair_table.hpp"

namespace ebm::lattice {
namespace {

using detail::Array;

std::vector<int> order_by_output(std::span<const int> first, const int* out) {
  std::vector<int> order(static_cast<std::size_t>(first.back()));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t s = 0; s + 1 < first.size(); ++s) {
    const auto lo = order.begin() + first[s], hi = order.begin() + first[s + 1];
    const auto less = [&](int i, int j) { return out[i] != out[j] ? out[i] < out[j] : i < j; };
    if (!std::is_sorted(lo, hi, less)) std::sort(lo, hi, less);
  }
  return order;
}

/// Those pairs that wait to be left are kept by state of a lattice, lowest first, which is a
/// topological order as long as b has no null arcs; for an automaton they simply queue.
class Explorer {
 public:
  Explorer(const Left& a, const Automaton& b, bool by_state)
      : a_(a),
        b_(b),
        order_(order_by_output(a.first, a.out)),
        table_(a.states(), b.states(), has_null_arcs(b) ? 2 : 1),
        by_state_(by_state),
        waiting_(by_state ? static_cast<std::size_t>(a.states()) : 1, {-1, -1}),
        reading_(static_cast<std::size_t>(b.by_label().groups()), {0, 0}) {
    pair(a.start, b.start(), 0);
    for (const auto& queue : waiting_)
      for (int p = queue.first; p >= 0; p = next_[static_cast<std::size_t>(p)]) {
        pairs_.order.push_back(p);
        pairs_.first.push_back(static_cast<int>(pairs_.steps.size()));
        const auto k = static_cast<std::size_t>(p);
        leave(pairs_.a[k], pairs_.b[k], filter_.empty() ? 0 : filter_[k]);
      }
    pairs_.first.push_back(static_cast<int>(pairs_.steps.size()));
  }
  Pairs take() { return std::move(pairs_); }

 private:
  int pair(int a, int b, int filter) {
    int& id = table_.at(a, b, filter);
    return id >= 0 ? id : add(id, a, b, filter);
  }
  int add(int& id, int a, int b, int filter) {
    id = static_cast<int>(pairs_.a.size());
    pairs_.a.push_back(a);
    pairs_.b.push_back(b);
    next_.push_back(-1);
    if (table_.filters() > 1) filter_.push_back(static_cast<char>(filter));
    auto& queue = waiting_[by_state_ ? static_cast<std::size_t>(a) : 0];
    (queue.first < 0 ? queue.first : next_[static_cast<std::size_t>(queue.second)]) = id;
    queue.second = id;
    return id;
  }
  void step(int target, int arc_a, int arc_b) {
    *pairs_.steps.room(1) = {target, arc_a, arc_b};
    pairs_.steps.grow(1);
  }

  // Sorts out the arcs of a state of a: first its nulls, then by group of b's transitions.
  void prepare(int sa) {
    for (const Onward& o : onward_) reading_[static_cast<std::size_t>(o.group)] = {0, 0};
    onward_.clear();
    const auto lo = static_cast<std::size_t>(a_.first[static_cast<std::size_t>(sa)]);
    const auto hi = static_cast<std::size_t>(a_.first[static_cast<std::size_t>(sa) + 1]);
    arcs_ = std::span<const int>(order_).subspan(lo, hi - lo);
    nulls_ = 0;
    while (nulls_ < arcs_.size() && a_.out[arcs_[nulls_]] == 0) ++nulls_;
    const Automaton::ByLabel& by = b_.by_label();
    for (std::size_t k = nulls_; k < arcs_.size();) {
      const int label = a_.out[arcs_[k]];
      Onward o{by.group(label), label, static_cast<int>(k), 0};
      while (k < arcs_.size() && a_.out[arcs_[k]] == label) ++k;
      o.last = static_cast<int>(k);
      onward_.push_back(o);
      // Labels that b knows by kOther alone share a group; those are gone through one by one.
      if (o.group + 1 < by.groups()) reading_[static_cast<std::size_t>(o.group)] = {o.first, o.last};
    }
    rows_.clear();
    for (const int i : arcs_) rows_.push_back(table_.row(a_.target[i]));
    prepared_ = sa;
  }

  // Filter 0: anything may follow. Filter 1: b has passed a null, and a's nulls must wait for a match.
  void leave(int sa, int sb, int filter) {
    if (prepared_ != sa) prepare(sa);
    const auto arcs_b = b_.arcs(sb);
    const int first_b = b_.first()[static_cast<std::size_t>(sb)],
              last_b = first_b + static_cast<int>(arcs_b.size());
    if (filter == 0)
      for (std::size_t k = 0; k < nulls_; ++k) step(pair(a_.target[arcs_[k]], sb, 0), arcs_[k], -1);
    const Arc* const arcs = b_.arcs().data();
    const int* const group = b_.by_label().group_of_arc.data();
    int j = first_b;
    for (; j < last_b && arcs[j].in == 0; ++j) step(pair(sa, arcs[j].target, nulls_ > 0 ? 1 : 0), -1, j);
    for (; j < last_b && arcs[j].in != kOther; ++j)
      match(reading_[static_cast<std::size_t>(group[j])], j, arcs[j].target);
    if (j == last_b) return;
    const Arc* own = arcs + first_b;
    for (const Onward& o : onward_) {
      while (own->in < o.label) ++own;  // stops at a kOther at the latest
      if (own->in == o.label) continue;
      for (int other = j; other < last_b; ++other) match({o.first, o.last}, other, arcs[other].target);
    }
  }

  void match(std::pair<int, int> range, int j, int target) {
    const auto count = static_cast<std::size_t>(range.second - range.first);
    Step* out = pairs_.steps.room(count);
    for (int k = range.first; k < range.second; ++k, ++out) {
      const int ia = arcs_[static_cast<std::size_t>(k)];
      const std::size_t row = rows_[static_cast<std::size_t>(k)];
      int& id = table_.at(row, target, 0);
      *out = {id >= 0 ? id : add(id, a_.target[ia], target, 0), ia, j};
    }
    pairs_.steps.grow(count);
  }

  const Left& a_;
  const Automaton& b_;
  std::vector<int> order_;  // a's arcs, those of a state by output label
  PairTable table_;
  bool by_state_;
  std::vector<std::pair<int, int>> waiting_;  // first and last
  Pairs pairs_;
  Array<int> next_;
  Array<char> filter_;
  // Of the state of a at hand: its arcs, of which the first are null; runs of one label; and the run of each
  // group.
  struct Onward {
    int group, label, first, last;
  };
  int prepared_ = -1;
  std::span<const int> arcs_;
  std::size_t nulls_ = 0;
  std::vector<std::size_t> rows_;  // of the arcs' targets in the table
  std::vector<Onward> onward_;
  std::vector<std::pair<int, int>> reading_;
};

}  // namespace

Pairs explore(const Left& a, const Automaton& b, bool by_state) { return Explorer(a, b, by_state).take(); }

void settle(Pairs& p) {
  Array<int> place(p.size()), a(p.size()), b(p.size());
  for (std::size_t k = 0; k < p.size(); ++k) {
    const auto from = static_cast<std::size_t>(p.order[k]);
    place[from] = static_cast<int>(k);
    a[k] = p.a[from];
    b[k] = p.b[from];
  }
  p.a.swap(a);
  p.b.swap(b);
  for (auto& step : p.steps) step.target = place[static_cast<std::size_t>(step.target)];
  for (std::size_t k = 0; k < p.size(); ++k) p.order[k] = static_cast<int>(k);
}

std::vector<char> leading_to_an_end(const Pairs& p, std::span<const double> final_energy) {
  const std::size_t n = p.a.size();
  std::vector<int> first(n + 1, 0), source(p.steps.size()), queue;
  for (std::size_t k = 0; k < p.steps.size(); ++k) ++first[static_cast<std::size_t>(p.steps[k].target) + 1];
  std::partial_sum(first.begin(), first.end(), first.begin());
  std::vector<int> next(first.begin(), first.end() - 1);
  for (std::size_t s = 0; s < n; ++s)
    for (int k = p.first[s]; k < p.first[s + 1]; ++k)
      source[static_cast<std::size_t>(
          next[static_cast<std::size_t>(p.steps[static_cast<std::size_t>(k)].target)]++)] =
          static_cast<int>(s);
  std::vector<char> leads(n, 0);
  const auto reach = [&](int s) {
    if (leads[static_cast<std::size_t>(s)]) return;
    leads[static_cast<std::size_t>(s)] = 1;
    queue.push_back(s);
  };
  for (std::size_t s = 0; s < n; ++s)
    if (final_energy[s] < kInf) reach(static_cast<int>(s));
  while (!queue.empty()) {
    const auto t = static_cast<std::size_t>(queue.back());
    queue.pop_back();
    for (int k = first[t]; k < first[t + 1]; ++k) reach(source[static_cast<std::size_t>(k)]);
  }
  return leads;
}

void keep(Pairs& p, std::span<const char> marked, Array<double>& final_energy) {
  std::vector<int> number(p.a.size(), -1);
  int next = 0;
  for (std::size_t s = 0; s < number.size(); ++s)
    if (marked[s]) number[s] = next++;
  std::size_t used = 0, at = 0;
  int lo = p.first[0];
  for (std::size_t s = 0; s < number.size(); ++s) {
    const int hi = p.first[s + 1];
    if (marked[s]) {
      p.a[at] = p.a[s];
      p.b[at] = p.b[s];
      final_energy[at] = final_energy[s];
      p.first[at++] = static_cast<int>(used);
      for (auto k = static_cast<std::size_t>(lo); k < static_cast<std::size_t>(hi); ++k)
        if (const int t = number[static_cast<std::size_t>(p.steps[k].target)]; t >= 0)
          p.steps[used++] = {t, p.steps[k].arc_a, p.steps[k].arc_b};
    }
    lo = hi;
  }
  p.first[at] = static_cast<int>(used);
  p.first.resize(at + 1);
  for (auto* v : {&p.a, &p.b, &p.order}) v->resize(at);
  final_energy.resize(at);
  p.steps.cut(used);
}

void rearrange(Pairs& p, std::span<const int> order) {
  Pairs out;
  out.order.assign(order.begin(), order.end());
  for (const int s : order) {
    out.first.push_back(static_cast<int>(out.steps.size()));
    const auto k = static_cast<std::size_t>(s), count = static_cast<std::size_t>(p.first[k + 1] - p.first[k]);
    std::copy_n(p.steps.begin() + p.first[k], count, out.steps.room(count));
    out.steps.grow(count);
  }
  out.first.push_back(static_cast<int>(out.steps.size()));
  out.a = std::move(p.a);
  out.b = std::move(p.b);
  p = std::move(out);
}

}  // namespace ebm::lattice
