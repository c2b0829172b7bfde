#include "real_domain.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

double wrap(double angle) {
  const double turn = 2 * std::numbers::pi;
  const double out = angle - turn * std::floor((angle + std::numbers::pi) / turn);
  return out < std::numbers::pi ? out : -std::numbers::pi;  // rounding may reach pi itself
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

}  // namespace

std::pair<double, double> RealDomain::range(std::size_t d) const {
  if (s_->real_manifold == Manifold::angles) return {-std::numbers::pi, std::numbers::pi};
  if (s_->real_low.empty()) return {-kInf, kInf};
  return {s_->real_low[d], s_->real_high[d]};
}

void RealDomain::retract(std::span<double> x) const {
  if (s_->real_manifold == Manifold::angles) {
    for (double& v : x) v = wrap(v);
  } else if (s_->real_manifold == Manifold::sphere) {
    const double length = std::sqrt(dot(x, x));
    if (length > 0)
      for (double& v : x) v /= length;
    else
      x[0] = 1;
  } else if (!s_->real_low.empty()) {
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = std::clamp(x[k], s_->real_low[k], s_->real_high[k]);
  }
}

void RealDomain::to_tangent(std::span<const double> x, std::span<double> slope) const {
  if (s_->real_manifold != Manifold::sphere) return;
  const double along = dot(x, slope);
  for (std::size_t k = 0; k < x.size(); ++k) slope[k] -= along * x[k];
}

double RealDomain::distance(std::span<const double> a, std::span<const double> b) const {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double d = s_->real_manifold == Manifold::angles ? wrap(a[k] - b[k]) : a[k] - b[k];
    sum += d * d;
  }
  return std::sqrt(sum);
}

bool RealDomain::contains(std::span<const double> x) const {
  if (s_->real_manifold == Manifold::sphere) return std::abs(dot(x, x) - 1) < 1e-4;
  for (std::size_t k = 0; k < s_->real_low.size(); ++k)
    if (x[k] < s_->real_low[k] || x[k] > s_->real_high[k]) return false;
  return true;
}

bool RealDomain::leave_ball(std::span<const double> centre, double radius, std::span<double> x) const {
  const double d = distance(x, centre);
  if (d >= radius) return true;
  const std::size_t n = x.size();
  if (s_->real_manifold == Manifold::sphere) {
    if (radius > 2) return false;
    // Along the great circle through both; the chord has length `radius` at this angle.
    const double angle = 2 * std::asin(radius / 2), along = dot(x, centre);
    double length = 0;
    for (std::size_t k = 0; k < n; ++k) x[k] -= along * centre[k], length += x[k] * x[k];
    if (length < 1e-24) {  // at the centre every direction is as near: the first axis that is not along it
      const std::size_t axis = std::abs(centre[0]) < 0.9 ? 0 : 1 % n;
      length = 0;
      for (std::size_t k = 0; k < n; ++k)
        x[k] = (k == axis) - centre[axis] * centre[k], length += x[k] * x[k];
      if (length == 0) return false;  // in one dimension there are two points
    }
    for (std::size_t k = 0; k < n; ++k)
      x[k] = std::cos(angle) * centre[k] + std::sin(angle) * x[k] / std::sqrt(length);
    return true;
  }
  const bool angles = s_->real_manifold == Manifold::angles;
  if (angles && radius > std::numbers::pi * std::sqrt(static_cast<double>(n))) return false;
  // Slightly beyond, so that rounding leaves it outside.
  const double reach = radius * (1 + 1e-9);
  for (std::size_t k = 0; k < n; ++k) {
    const double away = angles ? wrap(x[k] - centre[k]) : x[k] - centre[k];
    x[k] = centre[k] + (d > 0 ? away / d : k == 0 ? 1.0 : 0.0) * reach;
  }
  retract(x);
  if (distance(x, centre) >= radius) return true;
  if (!angles && s_->real_low.empty()) {  // rounding alone, of large numbers: farther until it is outside
    for (double away = reach; away < kInf; away *= 2) {
      std::ranges::copy(centre, x.begin());
      x[0] += away;
      if (distance(x, centre) >= radius) return true;
    }
    return false;
  }
  // Bounds cut it off there: along the axis with most room, and then towards the farthest corner.
  std::size_t axis = 0;
  double room = -1;
  for (std::size_t k = 0; k < n; ++k) {
    const double low = s_->real_low.empty() ? -kInf : s_->real_low[k],
                 high = s_->real_high.empty() ? kInf : s_->real_high[k];
    const double here = std::max(centre[k] - low, high - centre[k]);
    if (here > room) room = here, axis = k;
  }
  const auto farthest = [&](std::size_t k) {
    if (angles) return wrap(centre[k] + std::numbers::pi);
    return centre[k] - s_->real_low[k] > s_->real_high[k] - centre[k] ? s_->real_low[k] : s_->real_high[k];
  };
  if (!angles && room >= radius) {
    const bool down = centre[axis] - s_->real_low[axis] > s_->real_high[axis] - centre[axis];
    x[axis] = centre[axis] + (down ? -1 : 1) * std::min(reach, room);
    return true;
  }
  for (std::size_t k = 0; k < n; ++k) x[k] = farthest(k);
  return distance(x, centre) >= radius;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
