#pragma once
// A distribution over a real domain from which points are drawn and whose integral is known: where chains
// start that know no better, and where annealing starts.

#include <span>

#include "ebm/core/rng.hpp"
#include "ebm/graph/structure.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// exp(-energy): uniform between two bounds, on angles and on the sphere; elsewhere a normal with the middle
// and half width of [low, high] as mean and deviation, or from the only bound on the half of one. A dimension
// with equal bounds is a point.
class RealBase {
 public:
  RealBase(const Structure& s, double low, double high);
  void draw(Rng& rng, std::span<double> x) const;
  double log_integral() const { return log_integral_; }
  double energy(std::span<const double> x) const;
  // slope += scale * d energy / dx
  void add_slope(std::span<const double> x, double scale, std::span<double> slope) const;
  // The smallest deviation of a dimension: a length to measure steps by.
  double width() const { return width_; }

 private:
  struct Dimension {
    double low, high;        // uniform, where deviation is 0
    double mean, deviation;  // of the normal
    int side;                // 0: both sides of the mean; 1 or -1: that one alone
  };
  Dimension dimension(std::size_t d) const;
  bool sphere() const { return s_->real_manifold == Manifold::sphere; }
  const Structure* s_;
  double low_, high_, log_integral_ = 0, width_ = 1;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
