#pragma once
/// \file
/// Least squares: a row of a factor is half the squared length of R residuals, seen through a robust loss,
///   E = 1/2 rho(|r|^2),   rho(0) = 0, rho'(0) = 1.
/// A factor function that can say its residuals and their Jacobian (concept ResidualFactor, in factor.hpp)
/// serves infer::LeastSquares and infer::LevenbergMarquardt. Residuals are double in every build.
///
/// Robust losses, scale a > 0, s = |r|^2: Huber 1964 (quadratic, then linear in |r|); Cauchy, that is
/// Lorentzian (Black and Anandan 1996); Tukey's biweight (Beaton and Tukey 1974), constant where |r| > a.

#include <span>

#include "ebm/core/real.hpp"

namespace ebm {

/// rho, by name. Plain squares when nothing is said.
struct Robust {
  enum class Kind { none, huber, cauchy, tukey };
  Kind kind = Kind::none;
  double scale = 1;  ///< |r| beyond which a residual counts as an outlier, in units of r

  /// \throws GraphError unless scale > 0.
  static Robust huber(double scale);
  static Robust cauchy(double scale);
  static Robust tukey(double scale);
  bool operator==(const Robust&) const = default;

  struct At {
    double value, slope;  ///< rho(s), rho'(s); the slope is in [0, 1]
  };
  At operator()(double s) const;
};

inline namespace EBM_PRECISION {

/// What residuals read: in[k] is [rows, widths[k]], and W.
struct ResidualReads {
  int rows = 0;
  const Real* w = nullptr;
  std::span<const double* const> in;
  std::span<const int> widths;
};

/// Where residuals go: r is [rows, R]; jacobian[k] is dr/d(in[k]), [rows, R, widths[k]], or null: not wanted.
/// An empty span: none is.
struct Residuals {
  double* r = nullptr;
  std::span<double* const> jacobian;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
