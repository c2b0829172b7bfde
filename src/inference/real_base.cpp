#include "real_base.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "real_domain.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

RealBase::RealBase(const Structure& s, double low, double high) : s_(&s), low_(low), high_(high) {
  const double pi = std::numbers::pi, n = s.real_dims;
  if (sphere()) {
    log_integral_ = std::log(2.0) + n / 2 * std::log(pi) - std::lgamma(n / 2);
    return;
  }
  width_ = kInf;
  for (std::size_t d = 0; d < static_cast<std::size_t>(s.real_dims); ++d) {
    const Dimension at = dimension(d);
    if (at.deviation > 0) {
      log_integral_ += std::log(at.deviation * std::sqrt(2 * pi) / (at.side ? 2 : 1));
      width_ = std::min(width_, at.deviation);
    } else if (at.high > at.low) {
      log_integral_ += std::log(at.high - at.low);
      width_ = std::min(width_, (at.high - at.low) / std::sqrt(12.0));
    }
  }
  if (width_ == kInf) width_ = 1;
}

RealBase::Dimension RealBase::dimension(std::size_t d) const {
  const auto [least, most] = RealDomain(*s_).range(d);
  Dimension at{least, most, 0, 0, 0};
  if (std::isfinite(at.high - at.low)) return at;
  at.side = std::isfinite(at.low) ? 1 : std::isfinite(at.high) ? -1 : 0;
  at.deviation = high_ > low_ ? (high_ - low_) / 2 : 1;
  at.mean = at.side > 0 ? at.low : at.side < 0 ? at.high : (low_ + high_) / 2;
  return at;
}

void RealBase::draw(Rng& rng, std::span<double> x) const {
  if (sphere()) {
    double length = 0;
    do {
      length = 0;
      for (double& v : x) v = rng.normal(), length += v * v;
    } while (length < 1e-12);
    for (double& v : x) v /= std::sqrt(length);
    return;
  }
  for (std::size_t d = 0; d < x.size(); ++d) {
    const Dimension at = dimension(d);
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
  for (std::size_t d = 0; d < x.size() && !sphere(); ++d)
    if (const Dimension at = dimension(d); at.deviation > 0) {
      const double z = (x[d] - at.mean) / at.deviation;
      e += z * z / 2;
    }
  return e;
}

void RealBase::add_slope(std::span<const double> x, double scale, std::span<double> slope) const {
  for (std::size_t d = 0; d < x.size() && !sphere(); ++d)
    if (const Dimension at = dimension(d); at.deviation > 0)
      slope[d] += scale * (x[d] - at.mean) / (at.deviation * at.deviation);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
