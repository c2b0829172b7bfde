#pragma once
/// \file
/// Further copies of a real field: small affine changes, thicker or thinner strokes, other contrast (LeCun et
/// al. 1998, section III.B, "distorted patterns"), and smooth random displacements (Simard, Steinkraus, Platt
/// 2003). The amount stays the same.

#include "ebm/core/rng.hpp"
#include "ebm/io/image.hpp"
#include "ebm/models/field_normalise.hpp"

namespace ebm::models {

/// A function of the picture and the generator alone: sheared by up to 0.25, turned by up to 3 degrees,
/// scaled by up to 15 % in each direction, bent by a smooth field of displacements (a few hundredths of the
/// picture's height), blurred or sharpened, its ink made up to 15 % weaker.
io::Image distort_field(const io::Image& image, Rng rng, InkColour ink = InkColour::dark);

}  // namespace ebm::models
