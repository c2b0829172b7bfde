#pragma once
/// \file
/// Grey maps, row-major [height, width]: of light, 0 = black and 1 = white, as photographs have it; or of
/// ink, what is left of a scanned page once the paper is gone, 0 = paper and 1 = full ink. All functions are
/// linear in the number of pixels read or written.

#include <cstddef>
#include <vector>

#include "ebm/io/image.hpp"

namespace ebm::models {

/// A rectangle of pixels: columns [x, x + width), rows [y, y + height).
struct Box {
  int x = 0, y = 0, width = 0, height = 0;
  int right() const { return x + width; }
  int bottom() const { return y + height; }
  bool empty() const { return width <= 0 || height <= 0; }
  bool operator==(const Box&) const = default;
};

/// The smallest box around both; an empty box adds nothing.
Box join(const Box& a, const Box& b);
/// Length shared by the x-extents over length of their union, in [0, 1].
double overlap_x(const Box& a, const Box& b);

struct GreyMap {
  int width = 0, height = 0;
  std::vector<float> values;  ///< [height, width], in [0, 1] unless normalised

  GreyMap() = default;
  GreyMap(int width, int height)
      : width(width),
        height(height),
        values(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)) {}
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
  }
  float at(int x, int y) const { return values[index(x, y)]; }
  float& at(int x, int y) { return values[index(x, y)]; }
  bool empty() const { return values.empty(); }
};

/// Ink from here on counts as a stroke, in boxes, contours and components.
inline constexpr float kInkThreshold = 0.5F;

/// The smallest box around all ink > threshold; empty when there is none.
Box ink_box(const GreyMap& ink, float threshold);
/// The part inside `box`, which must lie inside the map.
GreyMap crop(const GreyMap& map, const Box& box);
/// Another size, sizes >= 1: linear interpolation when growing, area weighting (a triangle as wide as two new
/// pixels) when shrinking. The same size gives the same numbers.
GreyMap resample(const GreyMap& map, int width, int height);

/// Light of a picture, and back: clamped and rounded.
GreyMap to_light(const io::Image& image);
io::Image to_image(const GreyMap& light);

/// 8-connected components of ink >= threshold.
struct Components {
  std::vector<int> label;  ///< [height, width], -1 where there is no ink
  std::vector<Box> boxes;  ///< one per component
  std::vector<int> areas;  ///< pixels of each
};
Components components(const GreyMap& ink, float threshold);

}  // namespace ebm::models
