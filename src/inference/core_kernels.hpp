#pragma once
// The loop under every message between two label variables, compiled for each instruction set.

#include <cstddef>

namespace ebm {

// out[c] = min_r (scale t[r, c] + w[r]), t [rows, columns] dense.
using MinPlus = void (*)(const double* t, double scale, const double* w, std::size_t rows,
                         std::size_t columns, double* out);

MinPlus min_plus();

}  // namespace ebm
