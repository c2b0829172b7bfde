#pragma once
/// \file
/// Gradients checked by central differences,
///   dE/dx = (8 (E(x + h) - E(x - h)) - (E(x + 2h) - E(x - 2h))) / 12h + O(h^4),
/// for one factor or for a whole sample of a model. The answer names the entry that is furthest off: which
/// input or block of W, which row and column, both numbers. In a float build differences are good to about
/// 1e-3, in a double build to 1e-9; an entry is tried again with shorter steps before it is called wrong, so
/// that a kink nearby (abs, max, a robust loss) is not.

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>

#include "ebm/graph/factors.hpp"
#include "ebm/graph/model.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct GradientCheck {
  bool passed = true;
  double deviation =
      0;  ///< the largest |analytic - numeric| / max(1, |analytic|, |numeric|), rounding allowed for
  std::string where;  ///< "input 1, row 0, column 2", "W block 'centres' [2, 0]", "real 'z' [3]", ..
  double analytic = 0, numeric = 0;  ///< there
  std::size_t checked = 0;           ///< entries
  explicit operator bool() const { return passed; }
};
/// "gradient agrees (34 entries), furthest off in input 0, row 2, column 1 it is .. and differences give ..",
/// or "gradient is wrong (34 entries): input 0, row 2, .."
std::ostream& operator<<(std::ostream& out, const GradientCheck& check);

struct GradientCheckOptions {
  double tolerance = sizeof(Real) == 4 ? 1e-2 : 1e-6;
  int rows = 3;    ///< of random inputs
  int most = 200;  ///< entries of each input or block of W; beyond, so many are drawn
  std::uint64_t seed = 1;
};

/// The slopes of a factor by its inputs [rows, d], and by W if it is given, each entry of the table weighed
/// at random. Of a ResidualFactor the Jacobian is checked too. \throws ShapeError for a table that cannot be.
GradientCheck check_gradient(const Factor& factor, std::span<const Tensor> inputs, int entries,
                             const Params* W = nullptr, const GradientCheckOptions& options = {});
/// The same on normal random inputs of these widths.
GradientCheck check_gradient(const Factor& factor, std::initializer_list<int> widths, int entries = 1,
                             const Params* W = nullptr, const GradientCheckOptions& options = {});
/// The same for the function of a term, as factor::each and its like give it.
GradientCheck check_gradient(const Term& term, std::initializer_list<int> widths, int entries = 1,
                             const Params* W = nullptr, const GradientCheckOptions& options = {});

/// dE/dW and, if there is a real variable, dE/dreals of one prepared sample, E being read at `labels` (one
/// for every label variable) and at `reals`. W is changed meanwhile and put back. \throws GraphError for
/// labels or reals that are not the sample's, and for a path variable.
GradientCheck check_gradient(const Prepared& prepared, std::size_t sample, std::span<const int> labels = {},
                             std::span<const Real> reals = {}, const GradientCheckOptions& options = {});

}  // namespace EBM_PRECISION
}  // namespace ebm
