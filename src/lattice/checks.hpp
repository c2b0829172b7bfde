#pragma once
/// \file
/// What every builder of automata and lattices checks first.

#include <span>

#include "ebm/lattice/automaton.hpp"

namespace ebm::lattice {

/// The number of states: `states`, or as many as are named when that is negative.
/// \throws GraphError for a state out of range, a label below 0, an energy that is NaN or -inf.
int checked_states(std::span<const Arc> arcs, std::span<const Final> finals, int start, int states);

}  // namespace ebm::lattice
