#include "ebm/lattice/automaton.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "checks.hpp"
#include "ebm/core/error.hpp"

namespace ebm {

Automaton::Automaton() : first_{0, 0}, final_{kInf} { index_labels(); }

Automaton::Automaton(std::vector<Arc> arcs, std::span<const Final> finals, int start, int states)
    : start_(start), arcs_(std::move(arcs)) {
  const int count = lattice::checked_states(arcs_, finals, start, states);
  for (Arc& a : arcs_)
    if (a.out == kOther) a.out = a.in;
  std::stable_sort(arcs_.begin(), arcs_.end(), [](const Arc& a, const Arc& b) {
    return a.source != b.source ? a.source < b.source : a.in < b.in;
  });
  first_.assign(static_cast<std::size_t>(count) + 1, 0);
  for (const Arc& a : arcs_) ++first_[static_cast<std::size_t>(a.source) + 1];
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  final_.assign(static_cast<std::size_t>(count), kInf);
  for (const Final& f : finals) {
    double& e = final_[static_cast<std::size_t>(f.state)];
    e = std::min(e, f.energy);
  }
  order_null_arcs();
  index_labels();
}

// Kahn's algorithm on the null arcs alone, from the states that no null arc enters; then read backwards.
void Automaton::order_null_arcs() {
  const auto n = static_cast<std::size_t>(states());
  std::vector<int> entering(n, 0), depth(n, 0), queue;
  std::size_t total = 0;
  const auto nulls = [&](int s) {
    const auto all = arcs(s);
    return all.first(static_cast<std::size_t>(
        std::find_if(all.begin(), all.end(), [](const Arc& a) { return a.in != 0; }) - all.begin()));
  };
  for (int s = 0; s < states(); ++s)
    for (const Arc& a : nulls(s)) ++entering[static_cast<std::size_t>(a.target)], ++total;
  if (total == 0) return;
  for (int s = 0; s < states(); ++s)
    if (entering[static_cast<std::size_t>(s)] == 0) queue.push_back(s);
  for (std::size_t k = 0; k < queue.size(); ++k)
    for (const Arc& a : nulls(queue[k])) {
      null_arcs_.push_back(static_cast<int>(&a - arcs_.data()));
      int& d = depth[static_cast<std::size_t>(a.target)];
      d = std::max(d, depth[static_cast<std::size_t>(a.source)] + 1);
      null_depth_ = std::max(null_depth_, d);
      if (--entering[static_cast<std::size_t>(a.target)] == 0) queue.push_back(a.target);
    }
  null_cycle_ = null_arcs_.size() != total;
  if (null_cycle_) null_arcs_.clear();
  std::reverse(null_arcs_.begin(), null_arcs_.end());
}

void Automaton::index_labels() {
  ByLabel& x = by_label_;
  std::vector<int> order;
  order.reserve(arcs_.size());
  std::vector<int> others;  // arcs with kOther, by source
  for (std::size_t i = 0; i < arcs_.size(); ++i) {
    if (arcs_[i].in == kOther)
      others.push_back(static_cast<int>(i));
    else if (arcs_[i].in != 0)
      order.push_back(static_cast<int>(i));
  }
  const auto at = [&](int i) -> const Arc& { return arcs_[static_cast<std::size_t>(i)]; };
  std::stable_sort(order.begin(), order.end(), [&](int i, int j) { return at(i).in < at(j).in; });
  const auto add = [&](int i) {
    x.arc.push_back(i);
    x.source.push_back(at(i).source);
    x.target.push_back(at(i).target);
    x.energy.push_back(at(i).energy);
  };
  x.first.push_back(0);
  for (std::size_t k = 0; k < order.size();) {
    const int label = at(order[k]).in;
    std::size_t other = 0;
    // Both lists ascend by source: take the others of every state that does not read the label itself.
    const auto others_before = [&](int source) {
      for (; other < others.size() && at(others[other]).source < source; ++other) add(others[other]);
      while (other < others.size() && at(others[other]).source == source) ++other;
    };
    for (; k < order.size() && at(order[k]).in == label; ++k) {
      others_before(at(order[k]).source);
      add(order[k]);
    }
    others_before(states());
    x.label.push_back(label);
    x.first.push_back(static_cast<int>(x.arc.size()));
  }
  for (const int i : others) add(i);
  x.label.push_back(kOther);
  x.first.push_back(static_cast<int>(x.arc.size()));
  x.group_of_arc.assign(arcs_.size(), -1);
  for (int g = 0; g < x.groups(); ++g)
    for (int k = x.first[static_cast<std::size_t>(g)]; k < x.first[static_cast<std::size_t>(g) + 1]; ++k) {
      const auto i = static_cast<std::size_t>(k);
      x.group_of_arc[static_cast<std::size_t>(x.arc[i])] = g;
      if (k > x.first[static_cast<std::size_t>(g)] && x.source[i] == x.source[i - 1]) x.single = false;
    }
  const std::size_t small = 1024 + 8 * arcs_.size();
  if (x.groups() > 1) {
    const auto largest = static_cast<std::size_t>(x.label[x.label.size() - 2]);
    x.table.assign(std::min(largest + 1, small), x.groups() - 1);
    for (int g = 0; g + 1 < x.groups(); ++g)
      if (const auto l = static_cast<std::size_t>(x.label[static_cast<std::size_t>(g)]); l < x.table.size())
        x.table[l] = g;
  }
}

int Automaton::ByLabel::group(int l) const {
  if (static_cast<std::size_t>(l) < table.size()) return table[static_cast<std::size_t>(l)];
  const auto found = std::lower_bound(label.begin(), label.end() - 1, l);
  return found != label.end() - 1 && *found != l ? groups() - 1 : static_cast<int>(found - label.begin());
}

namespace lattice {

int checked_states(std::span<const Arc> arcs, std::span<const Final> finals, int start, int states) {
  // A state that no arc names is of no use, so that numbers far above the number of arcs are a mistake in the
  // input.
  const std::size_t room =
      states >= 0 ? static_cast<std::size_t>(states) : 1024 + 16 * (arcs.size() + finals.size());
  int largest = -1;
  const auto check_state = [&](int s, std::string_view what, std::size_t i) {
    if (s < 0 || static_cast<std::size_t>(s) >= room)
      throw GraphError(message("[lattice] ", what, " ", i, " names state ", s, ", outside 0..", room - 1,
                               states >= 0 ? "." : "; number the states without gaps."));
    largest = std::max(largest, s);
  };
  const auto check_energy = [](double e, std::string_view what, std::size_t i) {
    if (std::isnan(e) || e == -kInf)
      throw GraphError(message("[lattice] the energy of ", what, " ", i, " is ", e,
                               "; give a number, or +inf to forbid."));
  };
  for (std::size_t i = 0; i < arcs.size(); ++i) {
    const Arc& a = arcs[i];
    check_state(a.source, "arc", i);
    check_state(a.target, "arc", i);
    check_energy(a.energy, "arc", i);
    if (a.in < 0 || a.out < 0)
      throw GraphError(message("[lattice] arc ", i, " has label ", std::min(a.in, a.out),
                               "; labels are >= 0 (0 is null)."));
  }
  for (std::size_t i = 0; i < finals.size(); ++i) {
    check_state(finals[i].state, "final", i);
    check_energy(finals[i].energy, "final", i);
  }
  check_state(start, "start", 0);
  return states >= 0 ? states : largest + 1;
}

Automaton make_automaton(std::vector<Arc> arcs, std::span<const Final> finals, int start, int states) {
  if (finals.empty()) throw GraphError("[lattice] an automaton needs at least one final state.");
  return {std::move(arcs), finals, start, states};
}

namespace {

void check_string(std::span<const int> labels) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] <= 0 || labels[i] == kOther)
      throw GraphError(
          message("[lattice] label ", labels[i], " at place ", i, " of a string; labels there are > 0."));
}

}  // namespace

Automaton acceptor(std::span<const int> labels) {
  check_string(labels);
  const int n = static_cast<int>(labels.size());
  std::vector<Arc> arcs;
  arcs.reserve(labels.size());
  for (int i = 0; i < n; ++i) {
    const int l = labels[static_cast<std::size_t>(i)];
    arcs.push_back({i, i + 1, l, l});
  }
  const Final end{n, 0};
  return {std::move(arcs), {&end, 1}, 0, n + 1};
}

Automaton acceptor(std::string_view text) { return acceptor(labels(text)); }

Automaton complement(std::span<const int> labels) {
  check_string(labels);
  const int n = static_cast<int>(labels.size()), differs = n + 1;
  std::vector<Arc> arcs;
  std::vector<Final> finals;
  for (int i = 0; i <= differs; ++i) {
    if (i < n) {
      const int l = labels[static_cast<std::size_t>(i)];
      arcs.push_back({i, i + 1, l, l});
    }
    arcs.push_back({i, differs, kOther, kOther});
    if (i != n) finals.push_back({i, 0});
  }
  return {std::move(arcs), finals, 0, n + 2};
}

Automaton complement(std::string_view text) { return complement(labels(text)); }

std::vector<int> labels(std::string_view text) {
  std::vector<int> out;
  out.reserve(text.size());
  for (const char c : text) out.push_back(static_cast<unsigned char>(c));
  return out;
}

}  // namespace lattice
}  // namespace ebm
