#pragma once
/// \file
/// Lattice: an acyclic weighted graph whose paths are the answers: segmentations, recognitions, compositions
/// (LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition", section
/// on graph transformers). The energy of a path is the sum of its arcs' and of its final state's, in nats.
///
/// States are numbered so that every arc goes up, the start is state 0, and every state lies on a path from
/// the start to a final state (a lattice without any path is the one state 0). Arcs are sorted by source.
/// Immutable.

#include <memory>
#include <span>
#include <vector>

#include "ebm/lattice/automaton.hpp"

namespace ebm {

/// One answer: a path. All empty, energy +inf, when there is none.
struct Path {
  double energy = kInf;
  std::vector<int> arcs;            ///< of the lattice
  std::vector<int> labels;          ///< what it writes: output labels, nulls removed
  std::vector<int> automaton_arcs;  ///< of the automaton, when one was joined (joined.hpp)
};

namespace detail {
/// Leaves numbers unset when a vector grows: large arrays are written once.
template <class T>
struct Unset : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = Unset<U>;
  };
  template <class U>
  void construct(U* p) noexcept {
    ::new (static_cast<void*>(p)) U;
  }
  template <class U, class... Args>
  void construct(U* p, Args&&... args) {
    ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...);
  }
};
template <class T>
using Array = std::vector<T, Unset<T>>;

/// What a lattice is made of; see the accessors below.
struct LatticeArrays {
  Array<int> first, source, target, in, out, entry;
  Array<double> energy, final_energy;
};
}  // namespace detail

class Lattice {
 public:
  /// No path.
  Lattice();
  /// Arrays that already have the form described above (checked by assert).
  explicit Lattice(detail::LatticeArrays arrays);

  int states() const { return static_cast<int>(a_.final_energy.size()); }
  int arcs() const { return static_cast<int>(a_.target.size()); }
  /// False for the lattice of no path; energies of +inf may still forbid them all.
  bool has_path() const { return arcs() > 0 || a_.final_energy[0] < kInf; }

  std::span<const int> first() const { return a_.first; }  ///< arcs of state s are first[s] .. first[s+1]-1
  std::span<const int> source() const { return a_.source; }
  std::span<const int> target() const { return a_.target; }
  std::span<const int> in() const { return a_.in; }
  std::span<const int> out() const { return a_.out; }
  std::span<const double> energy() const { return a_.energy; }
  /// Per arc: index into a factor's table, -1 for none.
  std::span<const int> entry() const { return a_.entry; }
  /// Per state; +inf where it is not final.
  std::span<const double> final_energy() const { return a_.final_energy; }
  Arc arc(int i) const;

 private:
  detail::LatticeArrays a_;
};

namespace lattice {

/// The lattice of these arcs: states are renumbered, and those on no path from the start to a final state
/// dropped with their arcs. Numbers are kept in order where every arc goes up already. `arc_map`, when given,
/// receives per arc of the lattice its index in `arcs`. O(states + arcs). \throws GraphError for a cycle
/// (naming a state on it), no final state, a state out of range, a label below 0 or an energy that is NaN or
/// -inf.
Lattice make_lattice(std::span<const Arc> arcs, std::span<const Final> finals, int start = 0, int states = -1,
                     std::vector<int>* arc_map = nullptr);

/// \throws GraphError when the automaton has a cycle or no final state.
Lattice to_lattice(const Automaton& automaton);
Automaton to_automaton(const Lattice& lattice);

/// A segment between two cuts, read as one character.
struct Piece {
  int from = 0, to = 0;
  double energy = 0;
};

/// The recognition lattice of a segmentation: states are the `cuts` cuts, from the first to the last; every
/// piece becomes one arc per class, with entry = piece * classes + class, the piece's energy and the class's
/// label on both sides (0: the class writes nothing). \throws GraphError for a piece that does not go up or
/// leaves the cuts, and for fewer than one cut.
Lattice expand(std::span<const Piece> pieces, int cuts, std::span<const int> class_labels);

/// Output labels of arcs, nulls removed.
std::vector<int> labels(const Lattice& lattice, std::span<const int> arcs);

}  // namespace lattice
}  // namespace ebm
