#pragma once
/// \file
/// Composition: pairs of paths, one from each side, where what `a` writes is what `b` reads; energies add.
/// Null transitions on either side are passed with the sequencing filter (Mohri, Pereira, Riley 1996,
/// "Weighted automata in text and speech processing"): between two matches a's nulls come before b's, so that
/// every pair is counted once.

#include "ebm/lattice/automaton.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm {

/// A lattice and where its arcs came from: indices of arcs of `a` and of `b`, -1 where one side stood still.
struct Composed {
  Lattice lattice;
  detail::Array<int> arc_a, arc_b;  ///< vectors of one number per arc
};

namespace lattice {

/// Reads `a`'s input, writes `b`'s output; the entry of an arc is that of `a`'s. Only states on a path from
/// the start to the end are kept. O(reachable pairs and their arcs). \throws GraphError when null arcs of `b`
/// make the result cyclic, naming the state of `b`; NumberError when a sum leaves the range of a double.
Composed compose(const Lattice& a, const Automaton& b);

/// The same for two automata, both of which may have cycles. \throws GraphError when `a` writes kOther;
/// NumberError as above.
Automaton compose(const Automaton& a, const Automaton& b);

}  // namespace lattice
}  // namespace ebm
