#include "ebm/lattice/paths.hpp"

#include <cmath>

#include "ebm/core/error.hpp"
#include "kernels.hpp"
#include "queries.hpp"

namespace ebm::lattice {

void check_energies(const Lattice& lattice, std::span<const double> arc_energy) {
  if (arc_energy.size() != static_cast<std::size_t>(lattice.arcs()))
    throw ShapeError(message("[lattice] ", arc_energy.size(), " arc energies for a lattice of ",
                             lattice.arcs(), " arcs."));
  // NaN and -inf are what does not exceed -inf; one sum without a branch finds whether there is any.
  std::size_t bad = 0;
  for (const double e : arc_energy) bad += !(e > -kInf);
  if (bad == 0) return;
  std::size_t i = 0;
  while (arc_energy[i] > -kInf) ++i;
  throw NumberError(
      message("[lattice] the energy of arc ", i, " is ", arc_energy[i], "; it must be a number or +inf."));
}

void check_beta(double beta) {
  if (!(beta > 0 && beta < kInf))
    throw GraphError(message("[lattice] beta is ", beta,
                             "; a free energy needs 0 < beta < inf (best_path is its limit)."));
}

void check_posterior(const Lattice& lattice, std::span<const double> posterior) {
  if (!posterior.empty() && posterior.size() != static_cast<std::size_t>(lattice.arcs()))
    throw ShapeError(message("[lattice] room for ", posterior.size(), " posteriors, for a lattice of ",
                             lattice.arcs(), " arcs."));
}

void check_range(const Lattice& lattice, std::span<const double> arc_energy, double value, Workspace& ws) {
  if (std::isfinite(value)) return;
  const auto open = ws.take<char>(static_cast<std::size_t>(lattice.states()));
  for (std::size_t s = open.size(); s-- > 0;) {
    open[s] = lattice.final_energy()[s] < kInf;
    for (int i = lattice.first()[s]; i < lattice.first()[s + 1] && !open[s]; ++i) {
      const auto k = static_cast<std::size_t>(i);
      open[s] = arc_energy[k] < kInf && open[static_cast<std::size_t>(lattice.target()[k])];
    }
  }
  if (open[0] || value != kInf)
    throw NumberError(
        "[lattice] there are paths, but their energies are beyond the range of a double; make the energies, "
        "or "
        "beta, smaller.");
}

void best_path(const Lattice& lattice, std::span<const double> arc_energy, Workspace& ws, Path& out) {
  check_energies(lattice, arc_energy);
  const auto v = ws.take<double>(static_cast<std::size_t>(lattice.states()));
  kernels::min_backward(lattice, arc_energy.data(), v.data());
  check_range(lattice, arc_energy, v[0], ws);
  out.arcs.clear();
  out.labels.clear();
  out.automaton_arcs.clear();
  out.energy = v[0];
  if (v[0] == kInf) return;
  // No pointers back were kept: the best arc of each state on the way is found again.
  for (int s = 0;;) {
    double best = lattice.final_energy()[static_cast<std::size_t>(s)];
    int arc = -1;
    for (int i = lattice.first()[static_cast<std::size_t>(s)];
         i < lattice.first()[static_cast<std::size_t>(s) + 1]; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const double e = arc_energy[k] + v[static_cast<std::size_t>(lattice.target()[k])];
      if (e < best) best = e, arc = i;
    }
    if (arc < 0) return;
    out.arcs.push_back(arc);
    if (const int l = lattice.out()[static_cast<std::size_t>(arc)]; l != 0) out.labels.push_back(l);
    s = lattice.target()[static_cast<std::size_t>(arc)];
  }
}

Path best_path(const Lattice& lattice, std::span<const double> arc_energy, Workspace& ws) {
  Path out;
  best_path(lattice, arc_energy, ws, out);
  return out;
}

double free_energy(const Lattice& lattice, std::span<const double> arc_energy, double beta,
                   std::span<double> posterior, Workspace& ws) {
  check_energies(lattice, arc_energy);
  check_beta(beta);
  check_posterior(lattice, posterior);
  const auto f = ws.take<double>(static_cast<std::size_t>(lattice.states())),
             share = ws.take<double>(f.size());
  const auto w = posterior.empty() ? ws.take<double>(arc_energy.size()) : posterior;
  kernels::log_backward(lattice, arc_energy.data(), beta, f.data(), w.data(), share.data());
  check_range(lattice, arc_energy, f[0], ws);
  const double energy = f[0] / beta;
  if (!posterior.empty()) kernels::posteriors(lattice, w.data(), share.data(), f.data());
  return energy;
}

std::vector<Path> sample(const Lattice& lattice, std::span<const double> arc_energy, double beta, int n,
                         Rng& rng, Workspace& ws) {
  check_energies(lattice, arc_energy);
  check_beta(beta);
  const auto f = ws.take<double>(static_cast<std::size_t>(lattice.states())),
             share = ws.take<double>(f.size());
  const auto w = ws.take<double>(arc_energy.size());
  kernels::log_backward(lattice, arc_energy.data(), beta, f.data(), w.data(), share.data());
  check_range(lattice, arc_energy, f[0], ws);
  std::vector<Path> out;
  if (f[0] == kInf) return out;
  for (int k = 0; k < n; ++k) {
    Path path{0, {}, {}, {}};
    for (int s = 0;;) {
      // Leaving by arc i has the probability w[i] * share[s]; what is left of one is the probability of
      // ending here.
      const double end = lattice.final_energy()[static_cast<std::size_t>(s)];
      double u = rng.uniform();
      int arc = -1, last = -1;
      const int hi = lattice.first()[static_cast<std::size_t>(s) + 1];
      for (int i = lattice.first()[static_cast<std::size_t>(s)]; i < hi && arc < 0; ++i) {
        const double leave = w[static_cast<std::size_t>(i)] * share[static_cast<std::size_t>(s)];
        if (leave == 0) continue;
        last = i;
        if (u < leave) arc = i;
        u -= leave;
      }
      if (arc < 0 && end == kInf) arc = last;  // rounding
      if (arc < 0) {
        path.energy += end;
        break;
      }
      path.arcs.push_back(arc);
      path.energy += arc_energy[static_cast<std::size_t>(arc)];
      if (const int l = lattice.out()[static_cast<std::size_t>(arc)]; l != 0) path.labels.push_back(l);
      s = lattice.target()[static_cast<std::size_t>(arc)];
    }
    out.push_back(std::move(path));
  }
  return out;
}

}  // namespace ebm::lattice
