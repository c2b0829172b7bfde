#pragma once
/// \file
/// Small random lattices and automata, and every path of them by plain enumeration: the oracle of this room's
/// tests.

#include <cmath>
#include <functional>
#include <vector>

#include "ebm/core/rng.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm::testing {

struct Kinds {
  bool nulls = true, forbidden = true, others = false;
  int labels = 3;
  double spread = 2;  ///< of energies, nats
};

inline double random_energy(Rng& rng, const Kinds& kinds) {
  return kinds.forbidden && rng.chance(0.06) ? kInf : kinds.spread * rng.normal();
}
inline int random_label(Rng& rng, const Kinds& kinds) {
  return kinds.nulls && rng.chance(0.25) ? 0 : 1 + rng.below(kinds.labels);
}

/// Arcs among up to 7 states, parallel ones too, several final states; always at least one path of finite
/// energy.
inline Lattice random_lattice(Rng& rng, const Kinds& kinds = {}) {
  const int n = 2 + rng.below(6), m = n + rng.below(2 * n);
  std::vector<Arc> arcs;
  for (int i = 0; i + 1 < n; ++i)
    arcs.push_back(
        {i, i + 1, random_label(rng, kinds), random_label(rng, kinds), kinds.spread * rng.normal(), i});
  for (int k = 0; k < m; ++k) {
    const int i = rng.below(n - 1), j = i + 1 + rng.below(n - 1 - i);
    arcs.push_back(
        {i, j, random_label(rng, kinds), random_label(rng, kinds), random_energy(rng, kinds), n + k});
  }
  std::vector<Final> finals{{n - 1, rng.normal()}};
  for (int i = 0; i < n; ++i)
    if (rng.chance(0.2)) finals.push_back({i, rng.normal()});
  rng.shuffle(std::span(arcs));
  return lattice::make_lattice(arcs, finals);
}

/// Cycles, but none of null arcs.
inline Automaton random_automaton(Rng& rng, const Kinds& kinds = {}) {
  const int n = 1 + rng.below(5), m = 2 * n + rng.below(4 * n);
  std::vector<Arc> arcs;
  for (int k = 0; k < m; ++k) {
    Arc a{rng.below(n), rng.below(n), random_label(rng, kinds), random_label(rng, kinds),
          random_energy(rng, kinds)};
    if (kinds.others && rng.chance(0.2)) a.in = kOther, a.out = rng.chance(0.5) ? kOther : a.out;
    if (a.in == 0 && a.source >= a.target) continue;
    arcs.push_back(a);
  }
  std::vector<Final> finals{{rng.below(n), rng.normal()}};
  for (int i = 0; i < n; ++i)
    if (rng.chance(0.3)) finals.push_back({i, rng.normal()});
  return lattice::make_automaton(arcs, finals, rng.below(n), n);
}

inline std::vector<double> energies(const Lattice& l) { return {l.energy().begin(), l.energy().end()}; }

/// Every path, those of energy +inf included.
inline std::vector<Path> all_paths(const Lattice& l, std::span<const double> e) {
  std::vector<Path> out;
  std::vector<int> arcs;
  const std::function<void(int, double)> go = [&](int s, double sum) {
    if (const double end = l.final_energy()[static_cast<std::size_t>(s)]; end < kInf)
      out.push_back({sum + end, arcs, lattice::labels(l, arcs), {}});
    for (int i = l.first()[static_cast<std::size_t>(s)]; i < l.first()[static_cast<std::size_t>(s) + 1];
         ++i) {
      arcs.push_back(i);
      go(l.target()[static_cast<std::size_t>(i)], sum + e[static_cast<std::size_t>(i)]);
      arcs.pop_back();
    }
  };
  go(0, 0);
  return out;
}

/// Every path of an automaton that reads a string; `labels` is what it writes.
inline std::vector<Path> all_readings(const Automaton& a, std::span<const int> text) {
  std::vector<Path> out;
  Path path{0, {}, {}, {}};
  const std::function<void(int, std::size_t, double)> go = [&](int s, std::size_t at, double sum) {
    if (at == text.size() && a.final_energy(s) < kInf) {
      out.push_back(path);
      out.back().energy = sum + a.final_energy(s);
    }
    for (const Arc& arc : a.arcs(s)) {
      bool reads = arc.in != 0 && at < text.size() && arc.in == text[at];
      if (arc.in == kOther && at < text.size()) {
        reads = true;
        for (const Arc& b : a.arcs(s)) reads = reads && b.in != text[at];
      }
      if (arc.in != 0 && !reads) continue;
      const int written = arc.out == kOther ? text[at] : arc.out;
      path.automaton_arcs.push_back(static_cast<int>(&arc - a.arcs().data()));
      if (written != 0) path.labels.push_back(written);
      go(arc.target, at + (arc.in != 0), sum + arc.energy);
      if (written != 0) path.labels.pop_back();
      path.automaton_arcs.pop_back();
    }
  };
  go(a.start(), 0, 0);
  return out;
}

/// Every pair of paths of a composition.
inline std::vector<Path> all_pairs(const Lattice& l, std::span<const double> e, const Automaton& a) {
  std::vector<Path> out;
  for (const Path& p : all_paths(l, e))
    for (Path r : all_readings(a, p.labels)) {
      r.arcs = p.arcs;
      r.energy += p.energy;
      out.push_back(std::move(r));
    }
  return out;
}

inline double minimum(std::span<const Path> paths) {
  double v = kInf;
  for (const Path& p : paths) v = std::min(v, p.energy);
  return v;
}

inline double free_energy(std::span<const Path> paths, double beta) {
  const double v = minimum(paths);
  if (v == kInf) return kInf;
  double sum = 0;
  for (const Path& p : paths) sum += std::exp(-beta * (p.energy - v));
  return v - std::log(sum) / beta;
}

}  // namespace ebm::testing
