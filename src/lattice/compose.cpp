#include "ebm/lattice/compose.hpp"

#include <cmath>

#include "ebm/core/error.hpp"
#include "pairs.hpp"
#include "topology.hpp"

namespace ebm::lattice {
namespace {

using detail::Array;

int written(int out_b, int out_a) { return out_b == kOther ? out_a : out_b; }

double sum(double a, double b) {
  const double both = a + b;
  if (!std::isfinite(both) && std::isfinite(a) && std::isfinite(b))
    throw NumberError(message("[lattice] the composition adds the energies ", a, " and ", b,
                              ", and their sum is beyond the range of a double; make the energies smaller."));
  return both;
}

}  // namespace

Composed compose(const Lattice& a, const Automaton& b) {
  const int* const out_a = a.out().data();
  Pairs p = explore({a.first(), a.target().data(), out_a}, b, true);
  const auto end_of = [&](int pair) {
    const auto k = static_cast<std::size_t>(pair);
    return sum(a.final_energy()[static_cast<std::size_t>(p.a[k])], b.final_energy(p.b[k]));
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
    energy[m] = sum(ia < 0 ? 0 : energy_a[ia], ib < 0 ? 0 : arcs_b[ib].energy);
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
  Pairs p = explore({a.first(), target.data(), label.data(), a.start()}, b, false);
  settle(p);
  Array<double> final_energy(p.size());
  for (std::size_t s = 0; s < p.size(); ++s)
    final_energy[s] = sum(a.final_energy(p.a[s]), b.final_energy(p.b[s]));
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
                      sum(x ? x->energy : 0, y ? y->energy : 0), x ? x->entry : -1});
    }
    if (final_energy[s] < kInf) finals.push_back({static_cast<int>(s), final_energy[s]});
  }
  return {std::move(arcs), finals, 0, static_cast<int>(p.a.size())};
}

}  // namespace ebm::lattice
