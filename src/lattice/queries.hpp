#pragma once
/// \file
/// What every question to a lattice checks first; see paths.hpp for the errors.

#include <span>

#include "ebm/core/workspace.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm::lattice {

void check_energies(const Lattice& lattice, std::span<const double> arc_energy);
void check_beta(double beta);
void check_posterior(const Lattice& lattice, std::span<const double> posterior);
/// \param value of the whole lattice: infinite is right only where every path is forbidden.
void check_range(const Lattice& lattice, std::span<const double> arc_energy, double value, Workspace& ws);

}  // namespace ebm::lattice
