#pragma once
// What the engines that ask Ceres sample after sample make of its answers.

#include <algorithm>
#include <span>
#include <vector>

#include "answering.hpp"
#include "points.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Piece p ended at row p of x, [pieces, dims], with energy[p], as reports[p] says.
inline void answer_from_searches(Batch& b, const Query& q, const Pieces& pieces, std::span<const double> x,
                                 std::span<const double> energy, std::span<const Report> reports,
                                 Method method, const Stopwatch& watch, Answer& out) {
  Report report{.exactness = Exactness::approximate,
                .iterations = 0,
                .asked = method,
                .used = method,
                .why = Why::asked};
  const std::size_t n = pieces.all().size(), dims = n ? x.size() / n : 0;
  std::vector<Found> found;
  for (std::size_t p = 0; p < n; ++p) {
    found.push_back({static_cast<int>(p), energy[p], 0, x.subspan(p * dims, dims)});
    report.converged &= reports[p].converged;
    if (reports[p].why == Why::unbounded) report.why = Why::unbounded;
    report.iterations = std::max(report.iterations, reports[p].iterations);
    report.residual = std::max(report.residual, reports[p].residual);
  }
  answer_from(b, q, pieces, found, out);
  report.seconds = watch.seconds();
  out.report = report;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
