#pragma once
/// \file
/// How well a map of learned coordinates keeps what it should, and forgets the rest: Hadsell, Chopra, LeCun
/// 2006, section 3, put in numbers. Maps are [points, dims].

#include <span>
#include <vector>

#include "ebm/core/tensor.hpp"

namespace ebm::models {

/// Fraction of `points` whose label is the commonest among their k nearest points of the map (of equally
/// common ones, the nearest one's). \throws ShapeError for maps of different width, or labels of another
/// count; DataError for k outside 1 .. rows of the map.
double neighbour_accuracy(const Tensor& map, std::span<const int> labels, const Tensor& points,
                          std::span<const int> true_labels, int k = 5);

/// Mean distance of rows that belong together (equal group), over that of rows drawn at random: 0 when what
/// tells the members of a group apart is forgotten. Random pairs are `draws` many. \throws as above.
double spread_within(const Tensor& map, std::span<const int> group, int draws = 20000,
                     std::uint64_t seed = 1);

/// Correlation of two angles, in [-1, 1]: negative when they run against one another (Fisher, Lee 1983).
/// Radians. \throws ShapeError when the counts differ, or are 0.
double circular_correlation(std::span<const double> a, std::span<const double> b);

/// A map of three dimensions seen as a cylinder: its axis is the direction along which `height` grows
/// (least squares), its angle the one around that axis.
struct Cylinder {
  std::vector<double> angle;      ///< of every point, radians
  std::vector<double> height;     ///< along the axis
  double angle_correlation = 0;   ///< |circular correlation| with the true angle
  double height_correlation = 0;  ///< with the true height
};
Cylinder as_cylinder(const Tensor& map, std::span<const double> true_angle,
                     std::span<const double> true_height);

}  // namespace ebm::models
