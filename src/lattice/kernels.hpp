#pragma once
/// \file
/// The numeric loops of the room, compiled once per instruction set (Highway) and chosen at run time. A whole pass is one
/// call: choosing costs nothing. Sizes and spans were checked by the callers.

#include <span>

#include "ebm/core/workspace.hpp"
#include "ebm/lattice/automaton.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm::lattice::kernels {

/// v[s] = min(final[s], min_i e_i + v[target i]).
void min_backward(const Lattice& l, const double* e, double* v);

/// f[s] = -log(exp(-beta final[s]) + sum_i exp(-(beta e_i + f[target i]))) and, per arc, the probability p of leaving its
/// source by it. (f is beta times the free energy.)
void log_backward(const Lattice& l, const double* e, double beta, double* f, double* p);

/// Probability of passing each arc, in place of the probability of leaving by it. `q` is scratch, one number a state.
void posteriors(const Lattice& l, double* p, double* q);

}  // namespace ebm::lattice::kernels
