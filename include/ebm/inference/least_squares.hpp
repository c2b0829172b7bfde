#pragma once
/// \file
/// Least squares: min over z of E(W, X, z) = sum over rows of 1/2 rho(|r(W, X, z)|^2), for graphs of one real
/// variable whose factors on it show their residuals (factor::residual; half_squared_distance does too). The
/// normal equations (J^T J + damping) dz = -J^T r of Gauss-Newton are damped after Levenberg 1944 and
/// Marquardt 1963; robust losses weigh each row by rho' (iteratively reweighted least squares, Holland and
/// Welsch 1977; Triggs, McLauchlan, Hartley and Fitzgibbon 2000, section 4.3).
///
/// Each engine finds a local minimum from its start and reports it as approximate. By the envelope theorem
/// the slope of the answer in W is dE/dW there. Bounds, angles and unit vectors are kept; the query `others`
/// is refused, for a ball left out has no normal equations: use infer::Grid or infer::GradientDescent.
/// Arithmetic is double in every build; answers are rounded to Real at the end.
///
/// LeastSquares and Lbfgs are Ceres Solver's (Agarwal, Mierle et al., ceres-solver.org): in a build without
/// it they throw. LevenbergMarquardt is our own, for many small problems at once.

#include <cstdint>
#include <string_view>
#include <vector>

#include "ebm/inference/engine.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// This build has Ceres Solver, and with it LeastSquares and Lbfgs.
bool has_ceres();

/// Where a search begins, in the words of GradientDescent: `start` ([dims], or [samples of the batch, dims]),
/// or when it is empty the middle of the range.
struct Start {
  std::vector<double> start{};
  double low = -1, high = 1;  ///< range where the domain has no bounds
  std::uint64_t seed = 1;     ///< of random starts
};

/// Large sparse problems, sample after sample: coordinates that always occur together make one block, each
/// group is evaluated once at each point, and Ceres sees slices of it. Sparse Cholesky above 64 dimensions,
/// dense QR below.
struct LeastSquares {
  static constexpr std::string_view kKey = "least_squares";
  static constexpr Powers kPowers{.minimum = true};
  int iterations = 100;
  double tolerance = 1e-10;  ///< converged: an iteration lowers the energy by less than this part of it
  Start from{};
  /// \throws GraphError for a graph or query it does not cover, a start outside the bounds, or a build
  /// without Ceres; NumberError naming the factor whose residuals are NaN or infinite at the start.
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Limited-memory BFGS (Liu, Nocedal 1989) on any smooth energy of flat reals without bounds, or angles. As
/// exact as Real: in a float build the search ends where rounding hides the slope.
struct Lbfgs {
  static constexpr std::string_view kKey = "lbfgs";
  static constexpr Powers kPowers{.minimum = true};
  int iterations = 500;
  double tolerance = sizeof(Real) == 4 ? 1e-7 : 1e-12;  ///< as in LeastSquares
  double floor = -1e9;  ///< an energy below this is taken as unbounded: stopped, and reported
  Start from{};
  /// \throws GraphError for a graph or query it does not cover or a build without Ceres; NumberError when the
  /// energy is NaN or infinite at the start.
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Many small problems: the residuals of all samples that still move are one evaluation, the normal equations
/// and their damping are each sample's own, and a sample that has converged leaves. Complexity of an
/// iteration: the residuals, and dims^3 / 6 a sample. Bounds by projection and an active set (Kanzow,
/// Yamashita, Fukushima 2004).
struct LevenbergMarquardt {
  static constexpr std::string_view kKey = "levenberg_marquardt";
  static constexpr Powers kPowers{.minimum = true};
  static constexpr int kMostDims = 64;
  int iterations = 100;
  double tolerance = 1e-8;  ///< converged: the step to come would lower the energy by less than this part of
                            ///< it; that step is still taken
  double damping = 1e-4;    ///< of the first step, relative to the diagonal of J^T J
  int restarts = 1;  ///< starts of each sample: the first as `from` says, then random ones; best is kept
  Start from{};
  /// \throws GraphError for a graph or query it does not cover, options out of range, or a start outside the
  /// bounds; NumberError naming the factor whose residuals are NaN or infinite at the first start.
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
