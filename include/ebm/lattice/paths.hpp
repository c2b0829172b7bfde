#pragma once
/// \file
/// Questions to a lattice (LeCun et al. 1998, section on graph transformers). Energies are given per arc, in
/// nats; final energies of the lattice are always added.
///   minimum      v_s = min_i (e_i + v_target(i))                         (Viterbi)
///   free energy  f_s = -1/beta log sum_i exp(-beta (e_i + f_target(i)))   (forward)
/// run from the ends to the start, so that exp(-beta (e_i + f_target - f_source)) is the probability of
/// leaving the source by arc i: posteriors and samples then run forward without another exponential.
/// Everything is in double and in the log domain: no overflow or underflow, +inf is forbidden. v >= f >= v -
/// log(paths) / beta.
///
/// All are O(states + arcs) and not recursive. Scratch comes from `ws` and is given back by its reset(),
/// which the caller calls between steps; with a warmed workspace the forms without a returned vector do not
/// allocate. \throws ShapeError when a span has not one number per arc; NumberError naming the first arc
/// whose energy is NaN or -inf, and when sums leave the range of a double; GraphError when beta is not finite
/// and positive.

#include <span>
#include <vector>

#include "ebm/core/rng.hpp"
#include "ebm/core/workspace.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm::lattice {

/// The path of lowest energy; the first arc in order wins ties.
Path best_path(const Lattice& lattice, std::span<const double> arc_energy, Workspace& ws);
/// The same into a path that is used again.
void best_path(const Lattice& lattice, std::span<const double> arc_energy, Workspace& ws, Path& out);

/// The n lowest *distinct* label strings, each with its best path, sorted by energy; fewer when there are
/// fewer. Exact: best first over pairs of a state and what was written, with the exact energy of the way left
/// (A*; after Mohri, Riley 2002, "An efficient algorithm for the n-best-strings problem"). Time and memory
/// grow with the pairs that a path of the n strings' energies passes; it allocates.
std::vector<Path> n_best(const Lattice& lattice, std::span<const double> arc_energy, int n, Workspace& ws);

/// -1/beta log sum over paths of exp(-beta E), +inf when there is none. `posterior`, unless empty, receives
/// per arc the probability that a path passes it (zero without a path): the slope of the free energy in the
/// arc's energy.
double free_energy(const Lattice& lattice, std::span<const double> arc_energy, double beta,
                   std::span<double> posterior, Workspace& ws);

/// n independent paths drawn with probability exp(-beta (E - F)); empty when there is no path.
std::vector<Path> sample(const Lattice& lattice, std::span<const double> arc_energy, double beta, int n,
                         Rng& rng, Workspace& ws);

}  // namespace ebm::lattice
