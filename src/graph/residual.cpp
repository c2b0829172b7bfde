#include "ebm/graph/residual.hpp"

#include <cmath>

#include "ebm/core/error.hpp"

namespace ebm {
namespace {

Robust make(Robust::Kind kind, double scale) {
  if (!(scale > 0) || !std::isfinite(scale))
    throw GraphError(
        message("[robust] the scale is ", scale, "; it must be above 0, in the units of the residuals"));
  return {kind, scale};
}

}  // namespace

Robust Robust::huber(double scale) { return make(Kind::huber, scale); }
Robust Robust::cauchy(double scale) { return make(Kind::cauchy, scale); }
Robust Robust::tukey(double scale) { return make(Kind::tukey, scale); }

Robust::At Robust::operator()(double s) const {
  const double a2 = scale * scale;
  switch (kind) {
    case Kind::huber: {
      if (s <= a2) return {s, 1};
      const double length = std::sqrt(s);
      return {2 * scale * length - a2, scale / length};
    }
    case Kind::cauchy:
      return {a2 * std::log1p(s / a2), 1 / (1 + s / a2)};
    case Kind::tukey: {
      if (s > a2) return {a2 / 3, 0};
      const double t = 1 - s / a2;
      return {a2 / 3 * (1 - t * t * t), t * t};
    }
    case Kind::none:
      break;
  }
  return {s, 1};
}

}  // namespace ebm
