#pragma once
// H = sum of rho' J^T J and g = sum of rho' J^T r of one small problem, and the damped step -(H + damping
// diag H)^-1 g inside its domain.

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "real_domain.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Columns of a row's Jacobian, [residuals, columns], and the coordinates that they belong to.
struct JacobianPart {
  const double* j = nullptr;
  const int* coordinate = nullptr;
  int columns = 0;
};

struct NormalEquations {
  std::size_t d;
  double *h, *g;  // [d, d] symmetric, [d]

  void add(std::span<const JacobianPart> parts, const double* r, int residuals, double weight) {
    if (parts.size() == 1) {
      switch (parts[0].columns) {
        case 1:
          return add_columns<1>(parts[0], r, residuals, weight);
        case 2:
          return add_columns<2>(parts[0], r, residuals, weight);
        case 3:
          return add_columns<3>(parts[0], r, residuals, weight);
        case 6:
          return add_columns<6>(parts[0], r, residuals, weight);
        default:
          break;
      }
    }
    for (std::size_t p = 0; p < parts.size(); ++p)
      for (int a = 0; a < parts[p].columns; ++a) {
        const int row = parts[p].coordinate[a];
        double slope = 0;
        for (int i = 0; i < residuals; ++i) slope += r[i] * parts[p].j[i * parts[p].columns + a];
        g[row] += weight * slope;
        for (std::size_t q = 0; q < parts.size(); ++q)
          for (int c = 0; c < parts[q].columns; ++c) {
            double sum = 0;
            for (int i = 0; i < residuals; ++i)
              sum += parts[p].j[i * parts[p].columns + a] * parts[q].j[i * parts[q].columns + c];
            h[static_cast<std::size_t>(row) * d + static_cast<std::size_t>(parts[q].coordinate[c])] +=
                weight * sum;
          }
      }
  }

  // The step and where it leads, inside the domain: what would leave the bounds stops at them, and the rest
  // is solved again. False when the damped matrix is not positive definite. `memory` holds d * (d + 1)
  // numbers.
  bool step(const Structure& domain, std::span<const double> x, double damping, std::span<double> memory,
            std::span<double> step, std::span<double> trial) const;
  // Fall of the energy that the model expects of a step: -(g.s + s.H s / 2).
  double fall(std::span<const double> step) const {
    double sum = 0;
    for (std::size_t a = 0; a < d; ++a) {
      double hs = 0;
      for (std::size_t c = 0; c < d; ++c) hs += h[a * d + c] * step[c];
      sum -= step[a] * (g[a] + hs / 2);
    }
    return sum;
  }

 private:
  template <int M>
  void add_columns(const JacobianPart& part, const double* r, int residuals, double weight) {
    double hh[M * M] = {}, gg[M] = {};
    const double* j = part.j;
    for (int i = 0; i < residuals; ++i, j += M)
      for (int a = 0; a < M; ++a) {
        gg[a] += r[i] * j[a];
        for (int c = 0; c < M; ++c) hh[a * M + c] += j[a] * j[c];
      }
    for (int a = 0; a < M; ++a) {
      g[part.coordinate[a]] += weight * gg[a];
      double* to = h + static_cast<std::size_t>(part.coordinate[a]) * d;
      for (int c = 0; c < M; ++c) to[part.coordinate[c]] += weight * hh[a * M + c];
    }
  }
};

}  // namespace EBM_PRECISION
}  // namespace ebm
