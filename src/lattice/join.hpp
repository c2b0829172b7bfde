#pragma once
/// \file
/// A lattice and an automaton side by side, laid out for the passes of joined.hpp; all arrays are of a
/// workspace or of the two machines. Rows have `stride` numbers, a multiple of the longest vector, those
/// beyond `width` neutral.

#include "ebm/core/workspace.hpp"
#include "ebm/lattice/automaton.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm::lattice {

struct Join {
  int states = 0;              ///< of the lattice
  int width = 0, stride = 0;   ///< states of the automaton
  int start = 0;               ///< of the automaton
  int null_group = 0;          ///< group of lattice arcs that write nothing
  bool both_null = false;      ///< null arcs on both sides: matched and null arrivals need rows of their own
  const int* enter = nullptr;  ///< [states + 1]: entering arcs of each lattice state, sorted by group
  const int* arc = nullptr;  ///< per entering arc: its number, its source, its group of automaton transitions
  const int* source = nullptr;
  const int* group = nullptr;
  const double* end = nullptr;       ///< final energies of the lattice
  const int* group_first = nullptr;  ///< transitions of group g, [groups + 1]
  const int* from = nullptr;         ///< per transition
  const int* to = nullptr;
  const double* energy = nullptr;
  int transitions = 0;
  bool single = false;  ///< a state has at most one transition in a group
  int null_depth = 0;   ///< arcs on the longest path of them
  int nulls = 0;        ///< null arcs of the automaton, each after those that leave its target
  const int* null_from = nullptr;
  const int* null_to = nullptr;
  const double* null_energy = nullptr;
  const double* end_row = nullptr;  ///< [stride]: final energies of the automaton, +inf beyond the width

  std::size_t cells() const { return static_cast<std::size_t>(states) * static_cast<std::size_t>(stride); }
};

namespace kernels {

/// Rows of the minimum: `row` for what a's nulls may still lead to, `matched` for what they may not (the same
/// array unless both sides have null arcs). `carried` is scratch, one row.
void min_rows(const Join& j, const double* e, double* row, double* matched, double* carried);

/// The same for sums of exponentials, scaled: true value = row * exp(-shift[state]).
struct SumRows {
  double beta = 1;
  double *row, *matched;         ///< [states, stride]
  double* shift;                 ///< [states]; +inf where nothing leads to an end
  double* low;                   ///< [states]: log of a lower bound of the row's positive numbers
  double *excess, *weight;       ///< per entering arc
  double *factor, *null_factor;  ///< per transition: exp(-beta (energy - least))
  double* end_factor;            ///< [stride]
  double* carried;               ///< [stride]
  double* joined;                ///< [stride], for posteriors
  double least = 0;              ///< energy taken out of every transition's factor
  double end_least = 0;          ///< and of end_factor
};
/// False when something might have been lost to underflow: the rows are then of no use.
bool sum_rows(const Join& j, const double* e, SumRows& r);

/// Posteriors per lattice arc and, unless null, per automaton arc, after sum_rows. `before` and
/// `before_matched` are rows like those of SumRows; automaton posteriors are indexed by `transition_arc` and
/// `null_arc`.
struct Posteriors {
  double *before, *before_matched;
  double* arcs;
  double* automaton = nullptr;
  const int* transition_arc = nullptr;
  const int* null_arc = nullptr;
};
void join_posteriors(const Join& j, const double* e, SumRows& r, const Posteriors& p);

}  // namespace kernels
}  // namespace ebm::lattice
