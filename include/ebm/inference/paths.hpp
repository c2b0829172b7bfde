#pragma once
/// \file
/// Reading a path variable beyond the one best answer.

#include <span>
#include <vector>

#include "ebm/inference/engine.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// Energy of every arc of sample i's lattice: the lattice's own plus the factors' table entries, without the
/// factors that read no arc. `energy` has one number per arc. A table of one column gives each row's energy
/// to all classes of the row. \throws ShapeError when an arc reads beyond a table, or tables of several
/// columns differ in their number.
void path_energies(const Batch& batch, int i, std::span<double> energy);

/// The n lowest distinct label strings of sample i, best first.
std::vector<Path> n_best_paths(Batch& batch, int i, int n);

}  // namespace EBM_PRECISION
}  // namespace ebm
