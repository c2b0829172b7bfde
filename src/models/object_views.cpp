#include "ebm/models/object_views.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "ebm/core/error.hpp"

namespace ebm::models {
namespace {

using Vector = std::array<double, 3>;  // x along the fuselage to the nose, y to the left wing, z up

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vector unit(Vector v) {
  const double length = std::sqrt(dot(v, v));
  for (double& x : v) x /= length;
  return v;
}

struct Ellipsoid {
  Vector centre, radii;
  double yaw, albedo;  // turned by yaw round z
};

// Fuselage, canopy, two swept wings, engines under them, tailplane and fin; inside the unit ball.
constexpr std::array<Ellipsoid, 9> kAirplane{{{{0, 0, 0}, {0.95, 0.13, 0.14}, 0, 0.75},
                                              {{0.55, 0, 0.1}, {0.18, 0.08, 0.08}, 0, 0.3},
                                              {{-0.12, 0.45, -0.02}, {0.2, 0.5, 0.03}, 0.35, 0.7},
                                              {{-0.12, -0.45, -0.02}, {0.2, 0.5, 0.03}, -0.35, 0.7},
                                              {{0.08, 0.36, -0.1}, {0.2, 0.07, 0.07}, 0, 0.45},
                                              {{0.08, -0.36, -0.1}, {0.2, 0.07, 0.07}, 0, 0.45},
                                              {{-0.82, 0.16, 0.05}, {0.1, 0.2, 0.02}, 0.4, 0.65},
                                              {{-0.82, -0.16, 0.05}, {0.1, 0.2, 0.02}, -0.4, 0.65},
                                              {{-0.82, 0, 0.2}, {0.14, 0.025, 0.22}, 0, 0.55}}};

struct Light {
  double ambient;
  Vector direction;  // towards the light: to the picture's right, up, towards the camera
  double strength;
};
constexpr std::array<Light, Viewpoint::kLightings> kLights{{{0.35, {0, 0.4, 1}, 0.6},
                                                            {0.3, {0.8, 0.6, 0.7}, 0.65},
                                                            {0.3, {-0.8, 0.6, 0.7}, 0.65},
                                                            {0.3, {0, 1, 0.2}, 0.7},
                                                            {0.5, {0.3, 0.3, 1}, 0.35},
                                                            {0.2, {-0.3, 0.5, 1}, 0.9}}};
constexpr double kGround = 0.5;

Vector turned(const Vector& v, double cosine, double sine) {
  return {cosine * v[0] - sine * v[1], sine * v[0] + cosine * v[1], v[2]};
}

// What the ray from `eye` along `ahead` sees.
double seen(const Vector& eye, const Vector& ahead, const Light& light, const Vector& towards_light) {
  double nearest = kInf, shade = kGround;
  for (const Ellipsoid& e : kAirplane) {
    const double c = std::cos(e.yaw), s = std::sin(e.yaw);
    Vector from{eye[0] - e.centre[0], eye[1] - e.centre[1], eye[2] - e.centre[2]};
    from = turned(from, c, -s);
    Vector along = turned(ahead, c, -s);
    for (std::size_t k = 0; k < 3; ++k) from[k] /= e.radii[k], along[k] /= e.radii[k];
    const double a = dot(along, along), b = dot(from, along), root = b * b - a * (dot(from, from) - 1);
    if (root < 0) continue;
    const double distance = (-b - std::sqrt(root)) / a;
    if (distance >= nearest) continue;
    nearest = distance;
    Vector normal;
    for (std::size_t k = 0; k < 3; ++k) normal[k] = (from[k] + distance * along[k]) / e.radii[k];
    normal = unit(turned(normal, c, s));
    const double lit = std::max(0.0, dot(normal, towards_light));
    shade = e.albedo * (light.ambient + light.strength * lit) + 0.15 * light.strength * std::pow(lit, 24);
  }
  return shade;
}

}  // namespace

Tensor render_airplane(const Viewpoint& view, int size) {
  if (size < 8) throw DataError(message("[airplane] a picture has 8 x 8 pixels or more, not ", size));
  if (view.lighting < 0 || view.lighting >= Viewpoint::kLightings)
    throw DataError(
        message("[airplane] lighting ", view.lighting, " is none of 0 .. ", Viewpoint::kLightings - 1));
  if (!(view.elevation >= 0 && view.elevation <= std::numbers::pi / 2 + 1e-9))
    throw DataError(message("[airplane] elevation ", view.elevation, " is outside [0, pi / 2]"));
  const double ca = std::cos(view.azimuth), sa = std::sin(view.azimuth), ce = std::cos(view.elevation),
               se = std::sin(view.elevation);
  // The camera looks from (sin a, -cos a, 0) tipped up by the elevation.
  const Vector right{ca, sa, 0}, back{sa * ce, -ca * ce, se}, up{-sa * se, ca * se, ce};
  const Vector ahead{-back[0], -back[1], -back[2]};
  const Light& light = kLights[static_cast<std::size_t>(view.lighting)];
  Vector towards{};
  for (std::size_t k = 0; k < 3; ++k)
    towards[k] = light.direction[0] * right[k] + light.direction[1] * up[k] + light.direction[2] * back[k];
  towards = unit(towards);
  constexpr int kRays = 2;  // squared, a pixel
  Tensor out(Shape{size, size});
  for (int row = 0; row < size; ++row)
    for (int column = 0; column < size; ++column) {
      double sum = 0;
      for (int ray = 0; ray < kRays * kRays; ++ray) {
        const double x = 2.1 * ((column + (ray % kRays + 0.5) / kRays) / size - 0.5),
                     y = 2.1 * (0.5 - (row + (ray / kRays + 0.5) / kRays) / size);
        Vector eye;
        for (std::size_t k = 0; k < 3; ++k) eye[k] = x * right[k] + y * up[k] + 2 * back[k];
        sum += seen(eye, ahead, light, towards);
      }
      out[static_cast<std::size_t>(row * size + column)] =
          static_cast<Real>(std::clamp(sum / (kRays * kRays), 0.0, 1.0));
    }
  return out;
}

std::vector<Viewpoint> all_views(int azimuths, int elevations, double first_elevation,
                                 double elevation_step) {
  std::vector<Viewpoint> out;
  for (int light = 0; light < Viewpoint::kLightings; ++light)
    for (int e = 0; e < elevations; ++e)
      for (int a = 0; a < azimuths; ++a)
        out.push_back({2 * std::numbers::pi * a / azimuths, first_elevation + e * elevation_step, light});
  return out;
}

}  // namespace ebm::models
