#pragma once
// The domain of a real variable: its manifold, its bounds, and the ball around the truth that an incorrect
// answer must leave.

#include <span>
#include <utility>

#include "ebm/graph/structure.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class RealDomain {
 public:
  explicit RealDomain(const Structure& s) : s_(&s) {}
  int dims() const { return s_->real_dims; }
  // Least and most of dimension d: bounds, half turns of angles, else infinite.
  std::pair<double, double> range(std::size_t d) const;
  // Brings x back into the domain: clamped, wrapped, or made of unit length.
  void retract(std::span<double> x) const;
  // The part of a slope that moves along the domain.
  void to_tangent(std::span<const double> x, std::span<double> slope) const;
  // How far apart: Euclidean, with angles by their shorter way round, on the sphere along the chord.
  double distance(std::span<const double> a, std::span<const double> b) const;
  // The nearest point that is `radius` or more away from `centre`. False when the domain has none.
  bool leave_ball(std::span<const double> centre, double radius, std::span<double> x) const;
  bool contains(std::span<const double> x) const;

 private:
  const Structure* s_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
