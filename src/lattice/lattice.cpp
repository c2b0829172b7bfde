#include "ebm/lattice/lattice.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "checks.hpp"
#include "ebm/core/error.hpp"
#include "topology.hpp"

namespace ebm {

Lattice::Lattice() {
  a_.first = {0, 0};
  a_.final_energy = {kInf};
}

Lattice::Lattice(detail::LatticeArrays arrays) : a_(std::move(arrays)) {
  assert(a_.first.size() == a_.final_energy.size() + 1 && !a_.final_energy.empty());
  assert(a_.target.size() == static_cast<std::size_t>(a_.first.back()));
#ifndef NDEBUG
  for (int i = 0; i < arcs(); ++i) {
    const Arc a = arc(i);
    assert(a.source < a.target && a.target < states());
    assert(a_.first[static_cast<std::size_t>(a.source)] <= i &&
           i < a_.first[static_cast<std::size_t>(a.source) + 1]);
  }
#endif
}

Arc Lattice::arc(int i) const {
  const auto k = static_cast<std::size_t>(i);
  return {a_.source[k], a_.target[k], a_.in[k], a_.out[k], a_.energy[k], a_.entry[k]};
}

namespace lattice {

Lattice make_lattice(std::span<const Arc> arcs, std::span<const Final> finals, int start, int states,
                     std::vector<int>* arc_map) {
  if (finals.empty()) throw GraphError("[lattice] a lattice needs at least one final state.");
  const auto n = static_cast<std::size_t>(checked_states(arcs, finals, start, states));
  for (std::size_t i = 0; i < arcs.size(); ++i)
    if (arcs[i].in == kOther || arcs[i].out == kOther)
      throw GraphError(message("[lattice] arc ", i, " has label ", kOther, ", which only automata may use."));

  std::vector<int> first(n + 1, 0), order(arcs.size());
  for (const Arc& a : arcs) ++first[static_cast<std::size_t>(a.source) + 1];
  std::partial_sum(first.begin(), first.end(), first.begin());
  {
    std::vector<int> next(first.begin(), first.end() - 1);
    for (std::size_t i = 0; i < arcs.size(); ++i)
      order[static_cast<std::size_t>(next[static_cast<std::size_t>(arcs[i].source)]++)] = static_cast<int>(i);
  }
  std::vector<double> final_energy(n, kInf);
  for (const Final& f : finals) {
    double& e = final_energy[static_cast<std::size_t>(f.state)];
    e = std::min(e, f.energy);
  }
  const auto target = [&](int k) {
    return arcs[static_cast<std::size_t>(order[static_cast<std::size_t>(k)])].target;
  };
  const auto sorted = topological_order(first, target);
  if (sorted.on_cycle >= 0)
    throw GraphError(message("[lattice] state ", sorted.on_cycle, " lies on a cycle; a lattice has none."));
  const std::vector<int> number = useful_numbers(sorted.order, first, target, final_energy, start);

  detail::LatticeArrays out;
  const auto kept =
      static_cast<std::size_t>(std::count_if(number.begin(), number.end(), [](int k) { return k >= 0; }));
  if (kept == 0) {
    if (arc_map) arc_map->clear();
    return {};
  }
  out.final_energy.resize(kept);
  out.first.resize(kept + 1);
  std::size_t m = 0;
  const auto useful = [&](const Arc& a) { return number[static_cast<std::size_t>(a.target)] >= 0; };
  for (const int s : sorted.order) {
    if (number[static_cast<std::size_t>(s)] < 0) continue;
    for (int k = first[static_cast<std::size_t>(s)]; k < first[static_cast<std::size_t>(s) + 1]; ++k)
      m += useful(arcs[static_cast<std::size_t>(order[static_cast<std::size_t>(k)])]);
  }
  for (auto* v : {&out.source, &out.target, &out.in, &out.out, &out.entry}) v->resize(m);
  out.energy.resize(m);
  if (arc_map) arc_map->resize(m);
  m = 0;
  std::size_t at = 0;
  for (const int s : sorted.order) {
    const int from = number[static_cast<std::size_t>(s)];
    if (from < 0) continue;
    out.first[at] = static_cast<int>(m);
    out.final_energy[at++] = final_energy[static_cast<std::size_t>(s)];
    for (int k = first[static_cast<std::size_t>(s)]; k < first[static_cast<std::size_t>(s) + 1]; ++k) {
      const int i = order[static_cast<std::size_t>(k)];
      const Arc& a = arcs[static_cast<std::size_t>(i)];
      if (!useful(a)) continue;
      out.source[m] = from;
      out.target[m] = number[static_cast<std::size_t>(a.target)];
      out.in[m] = a.in;
      out.out[m] = a.out;
      out.energy[m] = a.energy;
      out.entry[m] = a.entry;
      if (arc_map) (*arc_map)[m] = i;
      ++m;
    }
  }
  out.first[at] = static_cast<int>(m);
  return Lattice(std::move(out));
}

Lattice to_lattice(const Automaton& automaton) {
  std::vector<Final> finals;
  for (int s = 0; s < automaton.states(); ++s)
    if (automaton.final_energy(s) < kInf) finals.push_back({s, automaton.final_energy(s)});
  return make_lattice(automaton.arcs(), finals, automaton.start(), automaton.states());
}

Automaton to_automaton(const Lattice& lattice) {
  std::vector<Arc> arcs(static_cast<std::size_t>(lattice.arcs()));
  for (int i = 0; i < lattice.arcs(); ++i) arcs[static_cast<std::size_t>(i)] = lattice.arc(i);
  std::vector<Final> finals;
  for (int s = 0; s < lattice.states(); ++s)
    if (const double e = lattice.final_energy()[static_cast<std::size_t>(s)]; e < kInf)
      finals.push_back({s, e});
  return {std::move(arcs), finals, 0, lattice.states()};
}

Lattice expand(std::span<const Piece> pieces, int cuts, std::span<const int> class_labels) {
  if (cuts < 1) throw GraphError(message("[lattice] a segmentation has at least one cut, not ", cuts, "."));
  std::vector<Arc> arcs;
  arcs.reserve(pieces.size() * class_labels.size());
  int entry = 0;
  for (std::size_t p = 0; p < pieces.size(); ++p) {
    const Piece& piece = pieces[p];
    if (piece.from < 0 || piece.from >= piece.to || piece.to >= cuts)
      throw GraphError(message("[lattice] piece ", p, " goes from cut ", piece.from, " to cut ", piece.to,
                               "; pieces go up, within cuts 0..", cuts - 1, "."));
    for (const int label : class_labels)
      arcs.push_back({piece.from, piece.to, label, label, piece.energy, entry++});
  }
  const Final end{cuts - 1, 0};
  return make_lattice(arcs, {&end, 1}, 0, cuts);
}

std::vector<int> labels(const Lattice& lattice, std::span<const int> arcs) {
  std::vector<int> out;
  for (const int i : arcs)
    if (const int l = lattice.out()[static_cast<std::size_t>(i)]; l != 0) out.push_back(l);
  return out;
}

}  // namespace lattice
}  // namespace ebm
