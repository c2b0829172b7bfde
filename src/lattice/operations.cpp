#include "ebm/lattice/operations.hpp"

#include <algorithm>
#include <deque>

#include "ebm/core/error.hpp"

namespace ebm::lattice {
namespace {

std::vector<Final> finals_of(const Automaton& a, int shift = 0) {
  std::vector<Final> out;
  for (int s = 0; s < a.states(); ++s)
    if (a.final_energy(s) < kInf) out.push_back({s + shift, a.final_energy(s)});
  return out;
}

template <class Change>
Automaton relabelled(const Automaton& a, const Change& change) {
  std::vector<Arc> arcs(a.arcs().begin(), a.arcs().end());
  for (Arc& arc : arcs) change(arc);
  return {std::move(arcs), finals_of(a), a.start(), a.states()};
}

void append(std::vector<Arc>& arcs, const Automaton& a, int shift) {
  for (Arc arc : a.arcs()) {
    arc.source += shift;
    arc.target += shift;
    arcs.push_back(arc);
  }
}

Arc null_arc(int source, int target, double energy = 0) { return {source, target, 0, 0, energy, -1}; }

/// What kOther stands for depends on the other arcs of its state, and these two change that.
void refuse_other(const Automaton& a, const char* what) {
  for (const Arc& arc : a.arcs())
    if (arc.in == kOther)
      throw GraphError(message("[lattice] cannot ", what, " an automaton that reads kOther, as state ",
                               arc.source, " does."));
}

/// Marks what `from` leads to, along arcs or against them.
std::vector<char> reached(const Automaton& a, std::span<const int> from, bool against) {
  std::vector<std::vector<int>> next;
  if (against) {
    next.resize(static_cast<std::size_t>(a.states()));
    for (const Arc& arc : a.arcs()) next[static_cast<std::size_t>(arc.target)].push_back(arc.source);
  }
  std::vector<char> mark(static_cast<std::size_t>(a.states()), 0);
  std::vector<int> queue;
  const auto reach = [&](int s) {
    if (mark[static_cast<std::size_t>(s)]) return;
    mark[static_cast<std::size_t>(s)] = 1;
    queue.push_back(s);
  };
  for (const int s : from) reach(s);
  while (!queue.empty()) {
    const int s = queue.back();
    queue.pop_back();
    if (against)
      for (const int t : next[static_cast<std::size_t>(s)]) reach(t);
    else
      for (const Arc& arc : a.arcs(s)) reach(arc.target);
  }
  return mark;
}

}  // namespace

Automaton invert(const Automaton& a) {
  refuse_other(a, "invert");
  return relabelled(a, [](Arc& arc) { std::swap(arc.in, arc.out); });
}
Automaton project_input(const Automaton& a) {
  return relabelled(a, [](Arc& arc) { arc.out = arc.in; });
}
Automaton project_output(const Automaton& a) {
  return relabelled(a, [](Arc& arc) { arc.in = arc.out; });
}

Automaton connect(const Automaton& a) {
  std::vector<int> ends;
  for (const Final& f : finals_of(a)) ends.push_back(f.state);
  const int start = a.start();
  const std::vector<char> forward = reached(a, {&start, 1}, false), back = reached(a, ends, true);
  std::vector<int> number(static_cast<std::size_t>(a.states()), -1);
  int next = 0;
  for (std::size_t s = 0; s < number.size(); ++s)
    if (forward[s] && back[s]) number[s] = next++;
  if (number[static_cast<std::size_t>(start)] < 0) return {};
  std::vector<Arc> arcs;
  for (Arc arc : a.arcs()) {
    arc.source = number[static_cast<std::size_t>(arc.source)];
    arc.target = number[static_cast<std::size_t>(arc.target)];
    if (arc.source >= 0 && arc.target >= 0) arcs.push_back(arc);
  }
  std::vector<Final> finals;
  for (const Final& f : finals_of(a))
    if (const int s = number[static_cast<std::size_t>(f.state)]; s >= 0) finals.push_back({s, f.energy});
  return {std::move(arcs), finals, number[static_cast<std::size_t>(start)], next};
}

Automaton reverse(const Automaton& a) {
  refuse_other(a, "reverse");
  std::vector<Arc> arcs;
  for (const Final& f : finals_of(a, 1)) arcs.push_back(null_arc(0, f.state, f.energy));
  for (Arc arc : a.arcs()) {
    std::swap(arc.source, arc.target);
    ++arc.source;
    ++arc.target;
    arcs.push_back(arc);
  }
  const Final end{a.start() + 1, 0};
  return {std::move(arcs), {&end, 1}, 0, a.states() + 1};
}

Automaton unite(std::span<const Automaton> alternatives) {
  std::vector<Arc> arcs;
  std::vector<Final> finals;
  int states = 1;
  for (const Automaton& a : alternatives) {
    arcs.push_back(null_arc(0, states + a.start()));
    append(arcs, a, states);
    const auto more = finals_of(a, states);
    finals.insert(finals.end(), more.begin(), more.end());
    states += a.states();
  }
  return {std::move(arcs), finals, 0, states};
}

Automaton concat(std::span<const Automaton> parts) {
  std::vector<Arc> arcs;
  std::vector<Final> ends{{0, 0}};
  int states = 1;
  for (const Automaton& a : parts) {
    for (const Final& f : ends) arcs.push_back(null_arc(f.state, states + a.start(), f.energy));
    append(arcs, a, states);
    ends = finals_of(a, states);
    states += a.states();
  }
  return {std::move(arcs), ends, 0, states};
}

Automaton star(const Automaton& a) {
  std::vector<Arc> arcs{null_arc(0, a.start() + 1)};
  append(arcs, a, 1);
  for (const Final& f : finals_of(a, 1)) arcs.push_back(null_arc(f.state, 0, f.energy));
  const Final end{0, 0};
  return {std::move(arcs), {&end, 1}, 0, a.states() + 1};
}

std::vector<double> distances(const Automaton& a) {
  const auto n = static_cast<std::size_t>(a.states());
  std::vector<double> out(n, kInf);
  std::vector<int> length(n, 0);  // arcs on the best path so far; as many as there are states means a cycle
  std::vector<char> waiting(n, 0);
  std::deque<int> queue{a.start()};
  out[static_cast<std::size_t>(a.start())] = 0;
  while (!queue.empty()) {
    const int s = queue.front();
    queue.pop_front();
    waiting[static_cast<std::size_t>(s)] = 0;
    for (const Arc& arc : a.arcs(s)) {
      const auto t = static_cast<std::size_t>(arc.target);
      const double through = out[static_cast<std::size_t>(s)] + arc.energy;
      if (!(through < out[t])) continue;
      out[t] = through;
      length[t] = length[static_cast<std::size_t>(s)] + 1;
      if (length[t] >= a.states())
        throw GraphError(message("[lattice] a cycle of negative energy leads to state ", arc.target,
                                 "; shortest distances do not exist."));
      if (!waiting[t]) {
        waiting[t] = 1;
        queue.push_back(arc.target);
      }
    }
  }
  return out;
}

}  // namespace ebm::lattice
