#pragma once
/// \file
/// Pictures around the ink of generated fields: antialiased pens, checks' paper (waves, arcs, hatching and
/// dots in print, uneven tone), ruled lines and box edges, scanner blur and noise. Linear in the pixels and
/// in the length of the strokes.

#include "ebm/core/rng.hpp"
#include "ebm/io/image.hpp"
#include "ebm/models/grey_map.hpp"
#include "ebm/models/stroke_digits.hpp"

namespace ebm::models {

/// Draws a stroke shifted by (x, y); overlapping ink keeps the darker value. What lies outside the map is
/// lost.
void draw(const PenStroke& stroke, double x, double y, GreyMap& ink);

/// The ink on random paper, dark on light.
io::Image print_on_check(const GreyMap& ink, Rng& rng);

/// The ink on plain white paper, without any noise.
io::Image print_plain(const GreyMap& ink);

}  // namespace ebm::models
