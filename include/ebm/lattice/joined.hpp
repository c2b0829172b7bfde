#pragma once
/// \file
/// Questions to the composition of a lattice and an automaton that is never written out: what the lattice
/// writes is what the automaton reads, as in compose.hpp, and answers are about the lattice's arcs.
///
/// A row of one number per automaton state stands at every lattice state. Going from the ends to the start,
/// the row of a state t is carried through the automaton once per label (sparse), then added to the row of
/// each arc's source (dense):
///   B_s[q] = sum_{i: s -> t, label l} w_i sum_{q -l-> q'} g B_t[q'],     w = exp(-beta e), g = exp(-beta
///   energy),
/// and with min and + for the best path. Forward, A likewise, and the posterior of arc i is w_i (A_s . C_tl)
/// / Z. Exponentials are scaled per row; where the range is too wide for that (something might underflow) the
/// composition is written out and answered in the log domain instead, as it is for automata that are large
/// and sparse. Null transitions on both sides obey the filter of compose.hpp. O(arcs x automaton states /
/// lanes + lattice states x transitions).
///
/// Scratch and errors as in paths.hpp; GraphError also for a cycle of null transitions, as in compose.hpp.

#include <span>

#include "ebm/core/workspace.hpp"
#include "ebm/lattice/automaton.hpp"
#include "ebm/lattice/lattice.hpp"
#include "ebm/lattice/paths.hpp"

namespace ebm::lattice {

/// The best pair of paths: arcs of both sides; labels are what the automaton writes (labels(lattice,
/// path.arcs) gives what the lattice wrote).
Path best_path(const Lattice& lattice, const Automaton& automaton, std::span<const double> arc_energy,
               Workspace& ws);
void best_path(const Lattice& lattice, const Automaton& automaton, std::span<const double> arc_energy,
               Workspace& ws, Path& out);

/// Free energy of all pairs; posteriors, unless empty, per arc of the lattice and per arc of the automaton
/// (the expected number of times that it is taken).
double free_energy(const Lattice& lattice, const Automaton& automaton, std::span<const double> arc_energy,
                   double beta, std::span<double> posterior, Workspace& ws,
                   std::span<double> automaton_posterior = {});

}  // namespace ebm::lattice
