#pragma once
/// \file
/// A toy airplane rendered from any side under six lights: the object whose views lie on a cylinder (Hadsell,
/// Chopra, LeCun 2006, section 3.4, where it is an airplane of the NORB set).

#include <vector>

#include "ebm/core/tensor.hpp"

namespace ebm::models {

struct Viewpoint {
  double azimuth = 0;    ///< radians, all the way round; 0: the nose points right
  double elevation = 0;  ///< radians in [0, pi / 2]: how far above the horizon the camera is
  int lighting = 0;      ///< one of kLightings
  static constexpr int kLightings = 6;
};

/// The airplane on a grey ground, [size, size], 0 black to 1 white. \throws DataError for a size below 8, an
/// elevation out of range or no such lighting.
Tensor render_airplane(const Viewpoint& view, int size = 96);

/// Every combination, azimuths fastest: `azimuths` evenly spaced round the circle, elevations
/// `first_elevation` + k `elevation_step` radians, each under all lights. The paper's: 18, 9, 30 degrees, 5.
std::vector<Viewpoint> all_views(int azimuths, int elevations, double first_elevation, double elevation_step);

}  // namespace ebm::models
