#include "ebm/lattice/compose.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <numeric>

#include "ebm/core/error.hpp"
#include "pair_table.hpp"
#include "topology.hpp"

namespace ebm::lattice {
namespace {

using detail::Array;

/// The left side of a composition: arcs by source, those of a state sorted by output label in `order`.
struct Left {
  std::span<const int> first, order;
  const int* target;
  const int* out;
};

struct Step {
  int target, arc_a, arc_b;  // -1: that side stood still
};

/// A vector of steps that grows by realloc, which moves pages instead of copying them.
class Steps {
 public:
  std::size_t size() const { return size_; }
  const Step& operator[](std::size_t k) const { return data_.get()[k]; }
  Step& operator[](std::size_t k) { return data_.get()[k]; }
  Step* begin() { return data_.get(); }
  Step* end() { return data_.get() + size_; }
  /// Room for `more` steps at the end; those that are written become part of it by grow().
  Step* room(std::size_t more) {
    if (size_ + more > room_) {
      if (size_ + more > static_cast<std::size_t>(INT_MAX))
        throw GraphError("[lattice] a composition has over 2^31 arcs.");
      room_ = std::max(2 * room_, size_ + more + 1024);
      void* const moved = std::realloc(data_.get(), room_ * sizeof(Step));
      if (moved == nullptr) throw std::bad_alloc();
      (void)data_.release();
      data_.reset(static_cast<Step*>(moved));
    }
    return end();
  }
  void grow(std::size_t by) { size_ += by; }
  void cut(std::size_t size) { size_ = size; }

 private:
  struct Free {
    void operator()(Step* p) const { std::free(p); }
  };
  std::unique_ptr<Step, Free> data_;
  std::size_t size_ = 0, room_ = 0;
};

/// Pairs reachable from the start, numbered as they were found. They were left in `order`: arcs of pair
/// order[k] are first[k] .. first[k+1]-1.
struct Pairs {
  Array<int> a, b;  // per pair: states of both sides
  Array<int> order, first;
  Steps steps;

  std::size_t size() const { return a.size(); }
};

bool has_null_arcs(const Automaton& b) { return !b.null_arcs().empty() || b.null_cycle(); }

template <class Out>
std::vector<int> order_by_output(std::span<const int> first, const Out& out) {
  std::vector<int> order(static_cast<std::size_t>(first.back()));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t s = 0; s + 1 < first.size(); ++s) {
    const auto lo = order.begin() + first[s], hi = order.begin() + first[s + 1];
    const auto less = [&](int i, int j) { return out(i) != out(j) ? out(i) < out(j) : i < j; };
    if (!std::is_sorted(lo, hi, less)) std::sort(lo, hi, less);
  }
  return order;
}

/// Finds the pairs. Those that wait to be left are kept by state of a lattice, lowest first, which is a
/// topological order as long as b has no null arcs; for an automaton they simply queue.
class Explorer {
 public:
  Explorer(const Left& a, const Automaton& b, int states_a, int start_a, bool by_state)
      : a_(a),
        b_(b),
        table_(states_a, b.states(), has_null_arcs(b) ? 2 : 1),
        by_state_(by_state),
        waiting_(by_state ? static_cast<std::size_t>(states_a) : 1, {-1, -1}),
        reading_(static_cast<std::size_t>(b.by_label().groups()), {0, 0}) {
    pair(start_a, b.start(), 0);
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
    const int known = table_.at(a, b, filter);
    return known >= 0 ? known : add(table_.at(a, b, filter), a, b, filter);
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
    arcs_ = a_.order.subspan(lo, hi - lo);
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
      const int known = table_.at(row, target, 0);
      *out = {known >= 0 ? known : add(table_.at(row, target, 0), a_.target[ia], target, 0), ia, j};
    }
    pairs_.steps.grow(count);
  }

  const Left& a_;
  const Automaton& b_;
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

int written(int out_b, int out_a) { return out_b == kOther ? out_a : out_b; }

/// Numbers the pairs in the order in which they were left.
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

/// The pairs from which an end can be reached, by a search backwards that does not mind cycles. Pairs are
/// settled.
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

/// Keeps the pairs that are marked and the arcs between them.
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

/// Settled pairs and their arcs in another order: that of `order`.
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

}  // namespace

Composed compose(const Lattice& a, const Automaton& b) {
  const int* const out_a = a.out().data();
  const std::vector<int> by_output = order_by_output(a.first(), [&](int i) { return out_a[i]; });
  const Left left{a.first(), by_output, a.target().data(), out_a};
  Pairs p = Explorer(left, b, a.states(), 0, true).take();
  const auto end_of = [&](int pair) {
    const auto k = static_cast<std::size_t>(pair);
    return a.final_energy()[static_cast<std::size_t>(p.a[k])] + b.final_energy(p.b[k]);
  };
  if (has_null_arcs(b)) {
    settle(p);
    Array<double> final_energy(p.size());
    for (std::size_t k = 0; k < p.size(); ++k) final_energy[k] = end_of(static_cast<int>(k));
    const std::vector<char> leads = leading_to_an_end(p, final_energy);
    if (!leads[0]) return {};
    keep(p, leads, final_energy);  // the start is pair 0 and stays so
    const auto sorted =
        topological_order(p.first, [&](int k) { return p.steps[static_cast<std::size_t>(k)].target; });
    if (sorted.on_cycle >= 0)
      throw GraphError(
          message("[lattice] null arcs of the automaton make the composition cyclic, at its state ",
                  p.b[static_cast<std::size_t>(sorted.on_cycle)], "; a lattice has no cycle."));
    rearrange(p, sorted.order);
  }

  // All pairs were reached from the start and lie in topological order: a sweep backwards says which lead to
  // an end.
  Array<int> number(p.size());  // counted from the end; -1: of no use
  std::size_t states = 0, arcs = 0;
  for (std::size_t k = p.size(); k-- > 0;) {
    int useful = 0;
    for (int i = p.first[k]; i < p.first[k + 1]; ++i)
      useful += number[static_cast<std::size_t>(p.steps[static_cast<std::size_t>(i)].target)] >= 0;
    const bool kept = useful > 0 || end_of(p.order[k]) < kInf;
    number[static_cast<std::size_t>(p.order[k])] = kept ? static_cast<int>(states++) : -1;
    arcs += static_cast<std::size_t>(useful);
  }
  if (states == 0) return {};

  Composed c;
  detail::LatticeArrays out;
  out.first.resize(states + 1);
  out.final_energy.resize(states);
  for (auto* v : {&out.source, &out.target, &out.in, &out.out, &out.entry, &c.arc_a, &c.arc_b})
    v->resize(arcs);
  out.energy.resize(arcs);
  const int last = static_cast<int>(states) - 1;
  const int *const in_a = a.in().data(), *const entry_a = a.entry().data();
  const double* const energy_a = a.energy().data();
  const Arc* const arcs_b = b.arcs().data();
  int m = 0;
  const auto write = [&, source = out.source.data(), target = out.target.data(), in = out.in.data(),
                      label = out.out.data(), entry = out.entry.data(), energy = out.energy.data(),
                      arc_a = c.arc_a.data(), arc_b = c.arc_b.data()](int from, int to, int ia, int ib) {
    source[m] = from;
    target[m] = to;
    in[m] = ia < 0 ? 0 : in_a[ia];
    label[m] = ib < 0 ? 0 : written(arcs_b[ib].out, ia < 0 ? 0 : out_a[ia]);
    energy[m] = (ia < 0 ? 0 : energy_a[ia]) + (ib < 0 ? 0 : arcs_b[ib].energy);
    entry[m] = ia < 0 ? -1 : entry_a[ia];
    arc_a[m] = ia;
    arc_b[m++] = ib;
  };
  for (std::size_t s = 0; s < p.size(); ++s) {
    const int mine = number[static_cast<std::size_t>(p.order[s])];
    if (mine < 0) continue;
    const int from = last - mine;
    out.first[static_cast<std::size_t>(from)] = m;
    out.final_energy[static_cast<std::size_t>(from)] = end_of(p.order[s]);
    for (const Step *k = p.steps.begin() + p.first[s], *const hi = p.steps.begin() + p.first[s + 1]; k != hi;
         ++k)
      if (const int t = number[static_cast<std::size_t>(k->target)]; t >= 0)
        write(from, last - t, k->arc_a, k->arc_b);
  }
  out.first[states] = m;
  c.lattice = Lattice(std::move(out));
  return c;
}

Automaton compose(const Automaton& a, const Automaton& b) {
  std::vector<int> target, label;
  for (const Arc& arc : a.arcs()) {
    if (arc.out == kOther)
      throw GraphError("[lattice] the left side of a composition writes kOther; only the right side may.");
    target.push_back(arc.target);
    label.push_back(arc.out);
  }
  const std::vector<int> by_output =
      order_by_output(a.first(), [&](int i) { return label[static_cast<std::size_t>(i)]; });
  const Left left{a.first(), by_output, target.data(), label.data()};
  Pairs p = Explorer(left, b, a.states(), a.start(), false).take();
  settle(p);
  Array<double> final_energy(p.size());
  for (std::size_t s = 0; s < p.size(); ++s)
    final_energy[s] = a.final_energy(p.a[s]) + b.final_energy(p.b[s]);
  const std::vector<char> leads = leading_to_an_end(p, final_energy);
  if (!leads[0]) return {};
  keep(p, leads, final_energy);

  std::vector<Arc> arcs;
  arcs.reserve(p.steps.size());
  std::vector<Final> finals;
  for (std::size_t s = 0; s < p.a.size(); ++s) {
    for (auto k = static_cast<std::size_t>(p.first[s]); k < static_cast<std::size_t>(p.first[s + 1]); ++k) {
      const auto [to, ia, ib] = p.steps[k];
      const Arc* const x = ia < 0 ? nullptr : &a.arcs()[static_cast<std::size_t>(ia)];
      const Arc* const y = ib < 0 ? nullptr : &b.arcs()[static_cast<std::size_t>(ib)];
      arcs.push_back({static_cast<int>(s), to, x ? x->in : 0, y ? written(y->out, x ? x->out : 0) : 0,
                      (x ? x->energy : 0) + (y ? y->energy : 0), x ? x->entry : -1});
    }
    if (final_energy[s] < kInf) finals.push_back({static_cast<int>(s), final_energy[s]});
  }
  return {std::move(arcs), finals, 0, static_cast<int>(p.a.size())};
}

}  // namespace ebm::lattice
