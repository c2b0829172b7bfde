#pragma once
/// \file
/// Points, turns, smooth steps and noise of the rendered heads.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "ebm/models/face_renderer.hpp"

namespace ebm::models::face {

struct Vec3 {
  float x = 0, y = 0, z = 0;
  Vec3 operator+(const Vec3& b) const { return {x + b.x, y + b.y, z + b.z}; }
  Vec3 operator-(const Vec3& b) const { return {x - b.x, y - b.y, z - b.z}; }
  Vec3 operator*(float s) const { return {x * s, y * s, z * s}; }
};
inline float dot(const Vec3& a, const Vec3& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(const Vec3& a, const Vec3& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline Vec3 unit(const Vec3& a) {
  const float length = std::sqrt(dot(a, a));
  return length > 0 ? a * (1 / length) : Vec3{0, 0, 1};
}
inline Vec3 mix(const Vec3& a, const Vec3& b, float t) { return a + (b - a) * t; }
inline float mix(float a, float b, float t) { return a + (b - a) * t; }

/// The turn of a pose: yaw, then pitch, then roll, as rows.
struct Turn {
  std::array<Vec3, 3> row;
  explicit Turn(const FacePose& pose) {
    const auto sine = [](double a) { return static_cast<float>(std::sin(a)); };
    const auto cosine = [](double a) { return static_cast<float>(std::cos(a)); };
    const float sy = sine(pose.yaw), cy = cosine(pose.yaw), sp = sine(pose.pitch), cp = cosine(pose.pitch),
                sr = sine(pose.roll), cr = cosine(pose.roll);
    const Vec3 right{cy, 0, sy}, up{-sp * sy, cp, sp * cy};
    row = {right * cr + up * sr, up * cr - right * sr, Vec3{-cp * sy, -sp, cp * cy}};
  }
  Vec3 operator()(const Vec3& p) const { return {dot(row[0], p), dot(row[1], p), dot(row[2], p)}; }
};

/// 0 below `low`, 1 above `high`, smooth between.
inline float step(float low, float high, float value) {
  const float t = std::clamp((value - low) / (high - low), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}
/// 1 in the middle, 0 from distance 1 on; `square` is the squared distance.
inline float bump(float square) {
  const float t = std::max(0.0F, 1 - square);
  return t * t;
}
inline float bump(float x, float y, float width, float height) {
  x /= width, y /= height;
  return bump(x * x + y * y);
}

inline std::uint32_t hashed(std::uint32_t v) {
  v ^= v >> 15, v *= 0x846ca68bU, v ^= v >> 13, v *= 0x7feb352dU;
  return v;
}
/// Value noise in [0, 1] with cells of side 1; coordinates above -4096.
inline float noise(Vec3 p, std::uint32_t seed) {
  constexpr float kFar = 1 << 12;  // makes truncation a floor
  const auto cell = [](float v) { return static_cast<std::uint32_t>(v + kFar); };
  const std::uint32_t ix = cell(p.x), iy = cell(p.y), iz = cell(p.z);
  const auto corner = [&](std::uint32_t i, std::uint32_t j, std::uint32_t k) {
    const std::uint32_t h =
        hashed((ix + i) * 0x9e3779b1U ^ (iy + j) * 0x85ebca77U ^ (iz + k) * 0xc2b2ae3dU ^ seed);
    return static_cast<float>(h >> 8) * 0x1p-24F;
  };
  const auto part = [](float v, std::uint32_t i) {
    const float t = v + kFar - static_cast<float>(i);
    return t * t * (3 - 2 * t);
  };
  const float x = part(p.x, ix), y = part(p.y, iy), z = part(p.z, iz);
  const auto plane = [&](std::uint32_t k) {
    return mix(mix(corner(0, 0, k), corner(1, 0, k), x), mix(corner(0, 1, k), corner(1, 1, k), x), y);
  };
  return mix(plane(0), plane(1), z);
}

/// The middle of the detector's window, between eyes and mouth and a little inside the head, cm.
inline constexpr Vec3 kMiddle{0, -3.5F, 6};
/// Side of the detector's window, cm.
inline constexpr float kWindowSide = 22;

enum class Material { skin, hair, plain, cloth, frame, lens };

/// A grid of points, (across + 1) x (down + 1), row-major.
struct Surface {
  Material material = Material::skin;
  int across = 0, down = 0;
  bool closed = true;        ///< seen from outside alone
  float brightness = 0;      ///< of plain surfaces
  std::vector<Vec3> place;   ///< on the upright frontal head, cm from the point between the eyes
  std::vector<Vec3> seen;    ///< as turned, cm from the middle; x right, y up, z to the camera
  std::vector<Vec3> normal;  ///< of `seen`, outwards, length 1

  int columns() const { return across + 1; }
  std::size_t at(int i, int j) const { return static_cast<std::size_t>(j * columns() + i); }
};

}  // namespace ebm::models::face
