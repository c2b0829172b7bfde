#pragma once
/// \file
/// What a face detector sees of a picture: light with the local mean taken away and the local contrast
/// brought to one, at every pixel alike, so that a net may be replicated over the result.

#include "ebm/models/grey_map.hpp"

namespace ebm::models {

/// How a picture is normalised: with mean m and standard deviation s over the square of side 2 radius + 1
/// around a pixel (what of it is inside the picture), light x becomes (x - m) / (s + floor).
struct LocalContrast {
  int radius = 12;      ///< pixels; 0: x becomes 2 x - 1
  double floor = 0.05;  ///< of light: contrasts well below are noise
};
/// Linear in the pixels, for any radius.
GreyMap normalise(const GreyMap& light, const LocalContrast& how);

}  // namespace ebm::models
