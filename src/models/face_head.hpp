#pragma once
/// \file
/// The shape of a head as grids of points: skull and face, ears, neck, shoulders, hair, glasses.

#include "src/models/face_geometry.hpp"

namespace ebm::models::face {

/// Where the skin is in the direction (azimuth from the front, latitude), radians.
Vec3 skin_point(const FaceLook& look, float azimuth, float latitude);
Vec3 nose_tip_place(const FaceLook& look);

/// Everything there is to draw of this person, turned to the pose. \param detail cells per direction,
/// relative to what 32 x 32 pixels need
std::vector<Surface> head_surfaces(const FaceLook& look, const FacePose& pose, float detail);

/// Hair and glasses, for head_surfaces(): appended, not turned yet.
void add_hair(const FaceLook& look, float detail, std::vector<Surface>& surfaces);
void add_glasses(const FaceLook& look, std::vector<Surface>& surfaces);

/// A grid from a function of (s, t), both in [0, 1].
template <class Place>
Surface grid(Material material, int across, int down, bool closed, const Place& place) {
  Surface surface{material, across, down, closed, 0, {}, {}, {}};
  surface.place.reserve(static_cast<std::size_t>((across + 1) * (down + 1)));
  for (int j = 0; j <= down; ++j)
    for (int i = 0; i <= across; ++i)
      surface.place.push_back(place(static_cast<float>(i) / static_cast<float>(across),
                                    static_cast<float>(j) / static_cast<float>(down)));
  return surface;
}

/// Grid coordinates of head and hair: finer at the face than behind. s, t in [0, 1].
inline float azimuth_of(float s) {
  const float u = 2 * s - 1;
  return 3.14159265F * u * (0.5F + 0.5F * u * u);
}
inline float latitude_of(float t) {
  const float u = 1 - 2 * t;
  return 1.57079633F * u * (0.72F + 0.28F * u * u);
}

}  // namespace ebm::models::face
