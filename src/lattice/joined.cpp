#include "ebm/lattice/joined.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/lattice/compose.hpp"
#include "join.hpp"
#include "queries.hpp"

namespace ebm::lattice {
namespace {

constexpr int kLanes = 8;  // of the longest vector, 64 bytes

/// Whether rows are the better way: small or well filled automata, and rows that fit in memory.
bool rows_serve(const Lattice& l, const Automaton& a) {
  if (a.null_cycle()) return false;
  const auto width = static_cast<double>(a.states()), bytes = 16 * width * static_cast<double>(l.states());
  const double filled = static_cast<double>(a.by_label().arc.size()) / (width * a.by_label().groups());
  return bytes < double{1 << 30} && (width <= 64 || filled > 1.0 / 32);
}

/// Entering arcs by target and group: two stable counting sorts. Arcs of energy +inf, and those whose label
/// the automaton never reads, are left out.
Join join(const Lattice& l, const Automaton& a, std::span<const double> e, Workspace& ws) {
  const Automaton::ByLabel& by = a.by_label();
  Join j;
  j.states = l.states();
  j.width = a.states();
  j.stride = (j.width + kLanes - 1) / kLanes * kLanes;
  j.start = a.start();
  j.null_group = by.groups();
  const auto m = static_cast<std::size_t>(l.arcs());
  const auto groups = static_cast<std::size_t>(by.groups()) + 1;
  const auto group_of = ws.take<int>(m);
  const auto by_group = ws.take<int>(groups + 1, 0);
  bool lattice_null = false;
  for (std::size_t i = 0; i < m; ++i) {
    const int label = l.out()[i];
    int g = label == 0 ? j.null_group : by.group(label);
    if (e[i] == kInf ||
        (label != 0 && by.first[static_cast<std::size_t>(g)] == by.first[static_cast<std::size_t>(g) + 1]))
      g = -1;
    group_of[i] = g;
    if (g < 0) continue;
    ++by_group[static_cast<std::size_t>(g) + 1];
    lattice_null = lattice_null || label == 0;
  }
  for (std::size_t g = 0; g < groups; ++g) by_group[g + 1] += by_group[g];
  const auto kept = static_cast<std::size_t>(by_group[groups]);
  const auto sorted = ws.take<int>(kept);
  for (std::size_t i = 0; i < m; ++i)
    if (const int g = group_of[i]; g >= 0)
      sorted[static_cast<std::size_t>(by_group[static_cast<std::size_t>(g)]++)] = static_cast<int>(i);
  const auto enter = ws.take<int>(static_cast<std::size_t>(j.states) + 2, 0);
  const auto arc = ws.take<int>(kept), source = ws.take<int>(kept), group = ws.take<int>(kept);
  for (const int i : sorted) ++enter[static_cast<std::size_t>(l.target()[static_cast<std::size_t>(i)]) + 2];
  for (std::size_t s = 2; s < enter.size(); ++s) enter[s] += enter[s - 1];
  for (const int i : sorted) {
    const auto k = static_cast<std::size_t>(i);
    const auto at = static_cast<std::size_t>(enter[static_cast<std::size_t>(l.target()[k]) + 1]++);
    arc[at] = i;
    source[at] = l.source()[k];
    group[at] = group_of[k];
  }
  j.enter = enter.data();
  j.arc = arc.data();
  j.source = source.data();
  j.group = group.data();
  j.end = l.final_energy().data();
  j.group_first = by.first.data();
  j.from = by.source.data();
  j.to = by.target.data();
  j.energy = by.energy.data();
  j.single = by.single;
  j.transitions = static_cast<int>(by.arc.size());
  const auto nulls = a.null_arcs();
  j.nulls = static_cast<int>(nulls.size());
  j.null_depth = a.null_depth();
  const auto null_from = ws.take<int>(nulls.size()), null_to = ws.take<int>(nulls.size());
  const auto null_energy = ws.take<double>(nulls.size());
  for (std::size_t k = 0; k < nulls.size(); ++k) {
    const Arc& n = a.arcs()[static_cast<std::size_t>(nulls[k])];
    null_from[k] = n.source;
    null_to[k] = n.target;
    null_energy[k] = n.energy;
  }
  j.null_from = null_from.data();
  j.null_to = null_to.data();
  j.null_energy = null_energy.data();
  j.both_null = lattice_null && j.nulls > 0;
  const auto end_row = ws.take<double>(static_cast<std::size_t>(j.stride), kInf);
  std::copy(a.final_energy().begin(), a.final_energy().end(), end_row.begin());
  j.end_row = end_row.data();
  return j;
}

double least_finite(const double* x, int n) {
  double least = kInf;
  for (int k = 0; k < n; ++k) least = std::min(least, x[k]);
  return least == kInf ? 0 : least;
}

/// The composition written out, and the energies of its arcs.
struct Written {
  Composed composed;
  std::vector<double> energy;
};
Written write_out(const Lattice& l, const Automaton& a, std::span<const double> e) {
  Written w{compose(l, a), {}};
  w.energy.resize(w.composed.arc_a.size());
  for (std::size_t i = 0; i < w.energy.size(); ++i) {
    const int ia = w.composed.arc_a[i], ib = w.composed.arc_b[i];
    w.energy[i] = (ia < 0 ? 0 : e[static_cast<std::size_t>(ia)]) +
                  (ib < 0 ? 0 : a.arcs()[static_cast<std::size_t>(ib)].energy);
  }
  return w;
}

/// Follows the best pair of paths through the rows of the minimum, finding the best step of each pair of
/// states again.
class Walk {
 public:
  Walk(const Lattice& l, const Automaton& a, std::span<const double> e, const Join& j, const double* row,
       const double* matched)
      : l_(l), a_(a), e_(e), j_(j), row_(row), matched_(matched) {}

  void follow(Path& out) {
    int s = 0, q = a_.start();
    bool nulls_allowed = true;  // of the lattice; not after one of the automaton
    for (;;) {
      best_ = l_.final_energy()[static_cast<std::size_t>(s)] + a_.final_energy(q);
      arc_ = automaton_arc_ = -1;
      for (int i = l_.first()[static_cast<std::size_t>(s)]; i < l_.first()[static_cast<std::size_t>(s) + 1];
           ++i)
        lattice_arc(i, q, nulls_allowed);
      for (const Arc& b : a_.arcs(q)) {
        if (b.in != 0) break;
        offer(b.energy + cell(matched_, s, b.target), -1, static_cast<int>(&b - a_.arcs().data()));
      }
      if (arc_ < 0 && automaton_arc_ < 0) return;
      int written = 0;
      if (arc_ >= 0) {
        out.arcs.push_back(arc_);
        s = l_.target()[static_cast<std::size_t>(arc_)];
      }
      if (automaton_arc_ >= 0) {
        const Arc& b = a_.arcs()[static_cast<std::size_t>(automaton_arc_)];
        out.automaton_arcs.push_back(automaton_arc_);
        written = b.out == kOther ? (arc_ >= 0 ? l_.out()[static_cast<std::size_t>(arc_)] : 0) : b.out;
        q = b.target;
      }
      if (written != 0) out.labels.push_back(written);
      nulls_allowed = arc_ >= 0;
    }
  }

 private:
  double cell(const double* rows, int s, int q) const {
    return rows[static_cast<std::ptrdiff_t>(s) * j_.stride + q];
  }
  void offer(double energy, int arc, int automaton_arc) {
    if (!(energy < best_)) return;
    best_ = energy;
    arc_ = arc;
    automaton_arc_ = automaton_arc;
  }
  void lattice_arc(int i, int q, bool nulls_allowed) {
    const auto k = static_cast<std::size_t>(i);
    const int t = l_.target()[k], label = l_.out()[k];
    if (label == 0) {
      if (nulls_allowed) offer(e_[k] + cell(row_, t, q), i, -1);
      return;
    }
    const auto arcs = a_.arcs(q);
    auto lo = std::lower_bound(arcs.begin(), arcs.end(), label, [](const Arc& b, int x) { return b.in < x; });
    if (lo == arcs.end() || lo->in != label)
      lo = std::lower_bound(lo, arcs.end(), kOther, [](const Arc& b, int x) { return b.in < x; });
    if (lo == arcs.end()) return;
    for (const int in = lo->in; lo != arcs.end() && lo->in == in; ++lo)
      offer(e_[k] + (lo->energy + cell(row_, t, lo->target)), i, static_cast<int>(&*lo - a_.arcs().data()));
  }

  const Lattice& l_;
  const Automaton& a_;
  std::span<const double> e_;
  const Join& j_;
  const double* row_;
  const double* matched_;
  double best_ = kInf;
  int arc_ = -1, automaton_arc_ = -1;
};

}  // namespace

void best_path(const Lattice& lattice, const Automaton& automaton, std::span<const double> arc_energy,
               Workspace& ws, Path& out) {
  check_energies(lattice, arc_energy);
  out.arcs.clear();
  out.labels.clear();
  out.automaton_arcs.clear();
  if (!rows_serve(lattice, automaton)) {
    const Written w = write_out(lattice, automaton, arc_energy);
    const Path best = best_path(w.composed.lattice, w.energy, ws);
    out.energy = best.energy;
    out.labels = best.labels;
    for (const int i : best.arcs) {
      const int ia = w.composed.arc_a[static_cast<std::size_t>(i)],
                ib = w.composed.arc_b[static_cast<std::size_t>(i)];
      if (ia >= 0) out.arcs.push_back(ia);
      if (ib >= 0) out.automaton_arcs.push_back(ib);
    }
    return;
  }
  const Join j = join(lattice, automaton, arc_energy, ws);
  const auto row = ws.take<double>(j.cells());
  const auto matched = j.both_null ? ws.take<double>(j.cells()) : row;
  const auto carried = ws.take<double>(static_cast<std::size_t>(j.stride));
  kernels::min_rows(j, arc_energy.data(), row.data(), matched.data(), carried.data());
  out.energy = row[static_cast<std::size_t>(j.start)];
  if (out.energy < kInf) Walk(lattice, automaton, arc_energy, j, row.data(), matched.data()).follow(out);
}

Path best_path(const Lattice& lattice, const Automaton& automaton, std::span<const double> arc_energy,
               Workspace& ws) {
  Path out;
  best_path(lattice, automaton, arc_energy, ws, out);
  return out;
}

namespace {

double written_free_energy(const Lattice& lattice, const Automaton& automaton,
                           std::span<const double> arc_energy, double beta, std::span<double> posterior,
                           Workspace& ws, std::span<double> automaton_posterior) {
  const Written w = write_out(lattice, automaton, arc_energy);
  const auto p = ws.take<double>(w.energy.size());
  const double f = free_energy(w.composed.lattice, w.energy, beta, p, ws);
  std::fill(posterior.begin(), posterior.end(), 0.0);
  for (std::size_t i = 0; i < p.size(); ++i) {
    const int ia = w.composed.arc_a[i], ib = w.composed.arc_b[i];
    if (ia >= 0 && !posterior.empty()) posterior[static_cast<std::size_t>(ia)] += p[i];
    if (ib >= 0 && !automaton_posterior.empty()) automaton_posterior[static_cast<std::size_t>(ib)] += p[i];
  }
  return f;
}

}  // namespace

double free_energy(const Lattice& lattice, const Automaton& automaton, std::span<const double> arc_energy,
                   double beta, std::span<double> posterior, Workspace& ws,
                   std::span<double> automaton_posterior) {
  check_energies(lattice, arc_energy);
  check_beta(beta);
  check_posterior(lattice, posterior);
  if (!automaton_posterior.empty() && automaton_posterior.size() != automaton.arcs().size())
    throw ShapeError(message("[lattice] room for ", automaton_posterior.size(),
                             " posteriors, for an automaton of ", automaton.arcs().size(), " arcs."));
  std::fill(automaton_posterior.begin(), automaton_posterior.end(), 0.0);
  const auto written = [&] {
    return written_free_energy(lattice, automaton, arc_energy, beta, posterior, ws, automaton_posterior);
  };
  if (!rows_serve(lattice, automaton)) return written();
  const Join j = join(lattice, automaton, arc_energy, ws);
  const auto rows = [&] { return ws.take<double>(j.cells()).data(); };
  const auto one_row = [&] { return ws.take<double>(static_cast<std::size_t>(j.stride)).data(); };
  const auto entering = static_cast<std::size_t>(j.enter[j.states]);
  kernels::SumRows r;
  r.beta = beta;
  r.row = rows();
  r.matched = j.both_null ? rows() : r.row;
  r.shift = ws.take<double>(static_cast<std::size_t>(j.states)).data();
  r.low = ws.take<double>(static_cast<std::size_t>(j.states)).data();
  r.excess = ws.take<double>(entering).data();
  r.weight = ws.take<double>(entering).data();
  r.factor = ws.take<double>(static_cast<std::size_t>(j.transitions)).data();
  r.null_factor = ws.take<double>(static_cast<std::size_t>(j.nulls)).data();
  r.end_factor = one_row();
  r.carried = one_row();
  r.joined = one_row();
  r.least = least_finite(j.energy, j.transitions);
  r.end_least = least_finite(j.end_row, j.stride);
  if (!kernels::sum_rows(j, arc_energy.data(), r)) return written();

  std::fill(posterior.begin(), posterior.end(), 0.0);
  const double z = r.row[j.start];
  if (r.shift[0] == kInf || z == 0) return kInf;
  if (!posterior.empty() || !automaton_posterior.empty()) {
    kernels::Posteriors p;
    p.before = rows();
    p.before_matched = j.both_null ? rows() : p.before;
    p.arcs = posterior.empty() ? ws.take<double>(arc_energy.size()).data() : posterior.data();
    p.automaton = automaton_posterior.empty() ? nullptr : automaton_posterior.data();
    p.transition_arc = automaton.by_label().arc.data();
    p.null_arc = automaton.null_arcs().data();
    kernels::join_posteriors(j, arc_energy.data(), r, p);
  }
  return (r.shift[0] - std::log(z)) / beta;
}

}  // namespace ebm::lattice
