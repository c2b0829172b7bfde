#pragma once
/// \file
/// The rational operations on automata that grammars are built from, and a few that rearrange one (Mohri
/// 2009, "Weighted automata algorithms", sections 3 and 4). Each returns a new automaton; linear in the size
/// of its arguments.

#include <span>
#include <vector>

#include "ebm/lattice/automaton.hpp"

namespace ebm::lattice {

Automaton invert(const Automaton& a);          ///< input and output labels exchanged
Automaton project_input(const Automaton& a);   ///< writes what it reads
Automaton project_output(const Automaton& a);  ///< reads what it writes
/// Without the states that lie on no path from the start to a final state.
Automaton connect(const Automaton& a);
/// Paths from the end to the start: a new start state 0 with a null arc to every final state.
Automaton reverse(const Automaton& a);

Automaton unite(std::span<const Automaton> alternatives);  ///< any one of them
Automaton concat(std::span<const Automaton> parts);        ///< one after another
Automaton star(const Automaton& a);                        ///< any number of times, none included

/// Lowest energy from the start to each state, +inf where none leads; cycles allowed (Bellman, Ford).
/// \throws GraphError for a cycle of negative energy, naming a state on it.
std::vector<double> distances(const Automaton& a);

}  // namespace ebm::lattice
