#pragma once
/// \file
/// Taking ink off its paper: the paper's local level, the contrast of strokes against it and against printed
/// patterns (Otsu 1979, the threshold of largest between-class variance), and ruled lines. Linear in the
/// pixels, times the number of slopes tried for lines.

#include <span>

#include "ebm/models/grey_map.hpp"

namespace ebm::models {

/// Darkness of each pixel below the paper around it, in [0, 1]. The level of the paper is the 75th percentile
/// of lightness in overlapping windows of about the height of the picture, interpolated between their
/// middles. \param light [height, width] lightness in [0, 1]
GreyMap contrast_to_paper(const GreyMap& light);

/// The level that splits numbers in [0, 1] into two classes of largest between-class variance, and the mean
/// of each.
struct Split {
  double threshold = 0, low = 0, high = 0;
};
Split otsu(std::span<const float> values);

/// Ruled lines and box edges: straight, thin, reaching over most of the map. Their pixels become 0 except
/// where strokes cross. \param dark contrast from which a pixel belongs to a line. Returns the number of
/// lines removed.
int remove_ruled_lines(GreyMap& contrast, double dark);

}  // namespace ebm::models
