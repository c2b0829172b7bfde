#pragma once
/// \file
/// What the surface of a head returns of the light, place by place: eyes, brows, lips, beard, grain.

#include "src/models/face_geometry.hpp"

namespace ebm::models::face {

struct Finish {
  float brightness = 0;  ///< share of light returned
  float gloss = 0;       ///< strength of the highlight
  float open = 1;        ///< share of the light from everywhere that gets there, 0 deep in a hollow
};

/// \param place on the upright frontal head, cm
Finish skin_finish(const FaceLook& look, const Vec3& place);
Finish hair_finish(const FaceLook& look, const Vec3& place);

}  // namespace ebm::models::face
