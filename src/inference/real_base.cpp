#include "real_base.hpp"

#include <cmath>
#include <numbers>

namespace ebm {
inline namespace EBM_PRECISION {

RealBase::RealBase(const Structure& s, double low, double high)
    : sphere_(s.real_manifold == Manifold::sphere) {
  const double pi = std::numbers::pi, n = s.real_dims;
  if (sphere_) {
    dims_.resize(static_cast<std::size_t>(s.real_dims));
    log_integral_ = std::log(2.0) + n / 2 * std::log(pi) - std::lgamma(n / 2);
    return;
  }
  width_ = kInf;
  for (std::size_t d = 0; d < static_cast<std::size_t>(s.real_dims); ++d) {
    Dimension at{-kInf, kInf, 0, 0, 0};
    if (s.real_manifold == Manifold::angles) at.low = -pi, at.high = pi;
    if (!s.real_low.empty()) at.low = s.real_low[d];
    if (!s.real_high.empty()) at.high = s.real_high[d];
    const double between = at.high - at.low;
    if (std::isfinite(between)) {
      if (between > 0) {
        log_integral_ += std::log(between);
        width_ = std::min(width_, between / std::sqrt(12.0));
      }
    } else {
      at.deviation = high > low ? (high - low) / 2 : 1;
      at.mean = (low + high) / 2;
      at.side = std::isfinite(at.low) ? 1 : std::isfinite(at.high) ? -1 : 0;
      if (at.side) at.mean = at.side > 0 ? at.low : at.high;
      log_integral_ += std::log(at.deviation * std::sqrt(2 * pi) / (at.side ? 2 : 1));
      width_ = std::min(width_, at.deviation);
    }
    dims_.push_back(at);
  }
  if (width_ == kInf) width_ = 1;
}

void RealBase::draw(Rng& rng, std::span<double> x) const {
  if (sphere_) {
    double length = 0;
    do {
      length = 0;
      for (double& v : x) v = rng.normal(), length += v * v;
    } while (length < 1e-12);
    for (double& v : x) v /= std::sqrt(length);
    return;
  }
  for (std::size_t d = 0; d < x.size(); ++d) {
    const Dimension& at = dims_[d];
    if (at.deviation == 0) {
      x[d] = rng.uniform(at.low, at.high);
    } else {
      const double away = at.deviation * rng.normal();
      x[d] = at.mean + (at.side ? at.side * std::abs(away) : away);
    }
  }
}

double RealBase::energy(std::span<const double> x) const {
  double e = 0;
  for (std::size_t d = 0; d < x.size() && !sphere_; ++d)
    if (const Dimension& at = dims_[d]; at.deviation > 0) {
      const double z = (x[d] - at.mean) / at.deviation;
      e += z * z / 2;
    }
  return e;
}

void RealBase::add_slope(std::span<const double> x, double scale, std::span<double> slope) const {
  for (std::size_t d = 0; d < x.size() && !sphere_; ++d)
    if (const Dimension& at = dims_[d]; at.deviation > 0)
      slope[d] += scale * (x[d] - at.mean) / (at.deviation * at.deviation);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
