#pragma once
/// \file
/// Which point of which surface each pixel sees: triangles under a z-buffer.

#include <cstdint>

#include "src/models/face_geometry.hpp"

namespace ebm::models::face {

/// Maps points as seen (cm from the middle of the window) to pixels and a depth that grows to the camera.
struct Projection {
  float x = 0, y = 0, scale = 1;  ///< of the middle, pixels; pixels per cm there
  float distance = 100;           ///< to the camera, cm; 0: parallel rays
  Vec3 operator()(const Vec3& p) const {
    const float k = distance > 0 ? scale * distance / std::max(1.0F, distance - p.z) : scale;
    return {x + k * p.x, y - k * p.y, p.z};
  }
};

/// What a pixel sees: weights b, c and 1 - b - c of three corners of a cell.
struct Fragment {
  std::int16_t surface = -1;  ///< -1: nothing
  std::array<std::int32_t, 3> corner{};
  float b = 0, c = 0;

  Vec3 of(const std::vector<Vec3>& values) const {
    const auto at = [&](std::size_t k) { return values[static_cast<std::size_t>(corner[k])]; };
    return at(0) * (1 - b - c) + at(1) * b + at(2) * c;
  }
};

struct Buffer {
  int width = 0, height = 0;
  std::vector<float> depth;
  std::vector<Fragment> fragments;  ///< none when only the depth is wanted
};

/// Pixels of a box of the picture, its corner at (left, top). \param look for fragments; without, depths
/// alone, of both sides of every surface
Buffer rasterise(const std::vector<Surface>& surfaces, const std::vector<std::vector<Vec3>>& projected,
                 int width, int height, bool fragments);

std::vector<std::vector<Vec3>> project_all(const std::vector<Surface>& surfaces,
                                           const Projection& projection);

}  // namespace ebm::models::face
