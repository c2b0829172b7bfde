#pragma once
/// \file
/// The numeric loops of the room, compiled once per instruction set (Highway) and chosen at run time. A whole
/// pass is one call, so that choosing takes no time. Sizes and spans were checked by the callers.

#include <span>

#include "ebm/core/workspace.hpp"
#include "ebm/lattice/automaton.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm::lattice::kernels {

/// v[s] = min(final[s], min_i e_i + v[target i]).
void min_backward(const Lattice& l, const double* e, double* v);

/// f[s] = -log(exp(-beta final[s]) + sum_i exp(-(beta e_i + f[target i]))), which is beta times the free
/// energy from there. The probability of leaving s by arc i is w[i] * share[s].
void log_backward(const Lattice& l, const double* e, double beta, double* f, double* w, double* share);

/// w[i] becomes the probability of passing arc i. `q` is scratch, one number a state.
void posteriors(const Lattice& l, double* w, const double* share, double* q);

}  // namespace ebm::lattice::kernels
