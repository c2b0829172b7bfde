#pragma once
/// \file
/// A map of pictures: a dot for each at its place in a plane, its picture shown when pointed at or tapped.

#include <string>
#include <vector>

#include "ebm/io/image.hpp"

namespace ebm::report {

struct MapPoint {
  double x = 0, y = 0;
  int group = 0;      ///< dots of one group have one colour
  std::string title;  ///< shown with the picture
  io::Image picture;  ///< without pixels: the title alone
};

struct PictureMap {
  std::string label;  ///< what is seen, in words
  std::vector<MapPoint> points;
  double width = 620, height = 520;
  double picture = 92;  ///< height of a picture shown, same unit
};

/// As SVG that stands in a page or alone, one scale for both axes. Points that are not finite are left out.
std::string picture_map(const PictureMap& map);

}  // namespace ebm::report
