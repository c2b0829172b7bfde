// What stands behind faces, and what is none.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ebm/models/check_paper.hpp"
#include "ebm/models/face_scenes.hpp"

namespace ebm::models {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

float f(double value) { return static_cast<float>(value); }

/// Noise at several scales: random grids of 2, 4, 8, ... cells, each `fall` as strong as the one before.
GreyMap clouds(int width, int height, double fall, Rng& rng) {
  GreyMap sum(width, height);
  double strength = 1, whole = 0;
  const int longest = std::max(width, height);
  for (int cells = 1 + rng.below(3); cells <= longest; cells *= 2, strength *= fall) {
    if (strength < 0.02) break;
    GreyMap coarse(std::max(2, cells * width / longest + 1), std::max(2, cells * height / longest + 1));
    for (float& value : coarse.values) value = f(rng.uniform());
    const GreyMap fine = resample(coarse, width, height);
    for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += f(strength) * fine.values[i];
    whole += strength;
  }
  const double low = rng.uniform(-0.2, 0.4), high = rng.uniform(0.5, 1.2);
  for (float& value : sum.values) value = f(low) + f(high - low) * value / f(whole);
  return sum;
}

GreyMap gradient(int width, int height, Rng& rng) {
  GreyMap map(width, height);
  const double angle = rng.uniform(0, kTurn), low = rng.uniform(), high = rng.uniform();
  const double longest = std::max(width, height), cx = rng.uniform() * width, cy = rng.uniform() * height;
  const bool round = rng.chance(0.4);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const double t =
          round
              ? std::hypot(x - cx, y - cy) / longest
              : 0.5 + (std::cos(angle) * (x - 0.5 * width) + std::sin(angle) * (y - 0.5 * height)) / longest;
      map.at(x, y) = f(low + (high - low) * std::clamp(t, 0.0, 1.0));
    }
  return map;
}

/// Adds a shape: `distance(x, y)` negative inside, `shade(x, y)` its light; edges of one pixel.
template <class Distance, class Shade>
void add_shape(int x0, int y0, int x1, int y1, const Distance& distance, const Shade& shade, GreyMap& map) {
  for (int y = std::max(0, y0); y < std::min(map.height, y1); ++y)
    for (int x = std::max(0, x0); x < std::min(map.width, x1); ++x) {
      const double cover = std::clamp(0.5 - distance(x + 0.5, y + 0.5), 0.0, 1.0);
      if (cover > 0) map.at(x, y) += f(cover) * (f(shade(x + 0.5, y + 0.5)) - map.at(x, y));
    }
}

void add_disc(GreyMap& map, double radius, bool ball, Rng& rng) {
  const double cx = rng.uniform(-0.1, 1.1) * map.width, cy = rng.uniform(-0.1, 1.1) * map.height;
  const double flat = rng.uniform(0.5, 1), angle = rng.uniform(0, kTurn), c = std::cos(angle),
               s = std::sin(angle);
  const double light = rng.uniform(0.02, 0.98), from = rng.uniform(0, kTurn),
               depth = ball ? rng.uniform(0.3, 1) : 0;
  const auto local = [&](double x, double y) {
    return Point{c * (x - cx) + s * (y - cy), (c * (y - cy) - s * (x - cx)) / flat};
  };
  const int reach = static_cast<int>(radius) + 2, ix = static_cast<int>(cx), iy = static_cast<int>(cy);
  add_shape(
      ix - reach, iy - reach, ix + reach + 1, iy + reach + 1,
      [&](double x, double y) {
        const Point p = local(x, y);
        return (std::hypot(p.x, p.y) - radius) * flat;
      },
      [&](double x, double y) {
        // Lambert's law on a ball.
        const double u = (x - cx) / radius, v = (y - cy) / radius,
                     w = std::sqrt(std::max(0.0, 1 - u * u - v * v));
        const double facing = std::max(0.0, 0.6 * (u * std::cos(from) + v * std::sin(from)) + 0.8 * w);
        return light * (1 - depth + depth * facing);
      },
      map);
}

void add_box(GreyMap& map, double size, Rng& rng) {
  const double cx = rng.uniform(-0.1, 1.1) * map.width, cy = rng.uniform(-0.1, 1.1) * map.height;
  const double half_x = size * rng.uniform(0.3, 1), half_y = size * rng.uniform(0.3, 1);
  const double angle = rng.chance(0.5) ? 0.05 * rng.normal() : rng.uniform(0, kTurn), c = std::cos(angle),
               s = std::sin(angle);
  const double light = rng.uniform(0.02, 0.98), slope = 0.4 * rng.normal() / size;
  const int reach = static_cast<int>(half_x + half_y) + 2, ix = static_cast<int>(cx),
            iy = static_cast<int>(cy);
  add_shape(
      ix - reach, iy - reach, ix + reach + 1, iy + reach + 1,
      [&](double x, double y) {
        const double u = c * (x - cx) + s * (y - cy), v = c * (y - cy) - s * (x - cx);
        return std::max(std::abs(u) - half_x, std::abs(v) - half_y);
      },
      [&](double x, double y) { return std::clamp(light + slope * (c * (x - cx) + s * (y - cy)), 0.0, 1.0); },
      map);
}

/// Opaque shapes one over the other, radii by a power law.
void add_leaves(GreyMap& map, int count, bool balls, Rng& rng) {
  const double longest = std::max(map.width, map.height), least = std::max(1.5, 0.02 * longest),
               most = 0.4 * longest;
  for (int i = 0; i < count; ++i) {
    // Density r^-3 between the bounds.
    const double u = rng.uniform(), a = 1 / (least * least), b = 1 / (most * most);
    const double radius = 1 / std::sqrt(a + u * (b - a));
    if (rng.chance(0.4))
      add_box(map, radius, rng);
    else
      add_disc(map, radius, balls, rng);
  }
}

void add_stripes(GreyMap& map, Rng& rng) {
  const double angle = rng.uniform(0, kTurn),
               period = rng.uniform(2.5, 0.6 * std::max(map.width, map.height)),
               phase = rng.uniform(0, kTurn);
  const double depth = rng.uniform(0.1, 0.5), sharp = rng.uniform(1, 6),
               bend = rng.chance(0.3) ? rng.uniform(0, 3) : 0;
  const double c = std::cos(angle) / period, s = std::sin(angle) / period;
  for (int y = 0; y < map.height; ++y)
    for (int x = 0; x < map.width; ++x) {
      const double wave =
          std::sin(kTurn * (c * x + s * y) + phase + bend * std::sin(kTurn * (c * y - s * x) * 0.4));
      map.at(x, y) += f(depth * std::clamp(sharp * wave, -1.0, 1.0));
    }
}

/// Strokes as of writing, branches, cracks: smooth pen paths.
void add_strokes(GreyMap& map, int count, Rng& rng) {
  GreyMap ink(map.width, map.height);
  for (int i = 0; i < count; ++i) {
    PenStroke stroke;
    double x = rng.uniform() * map.width, y = rng.uniform() * map.height, heading = rng.uniform(0, kTurn);
    const double pace = rng.uniform(1.5, 5), turn = rng.uniform(0, 0.8),
                 radius = rng.uniform(0.4, 0.02 * map.width + 1.2);
    for (int k = 4 + rng.below(16); k > 0; --k) {
      stroke.points.push_back({x, y});
      stroke.radii.push_back(radius);
      heading += turn * rng.normal();
      x += pace * std::cos(heading);
      y += pace * std::sin(heading);
    }
    draw(stroke, 0, 0, ink);
  }
  const float tone = f(rng.uniform()), strength = f(rng.uniform(0.4, 1));
  for (std::size_t i = 0; i < map.values.size(); ++i)
    map.values[i] += strength * ink.values[i] * (tone - map.values[i]);
}

/// A cut of a picture, from its own size to five times smaller, perhaps as in a mirror.
GreyMap cut(const GreyMap& from, int width, int height, Rng& rng) {
  const double most =
      std::min(static_cast<double>(from.width) / width, static_cast<double>(from.height) / height);
  const double factor = std::exp(rng.uniform() * std::log(std::min(5.0, most)));
  const int w = std::clamp(static_cast<int>(factor * width), 1, from.width),
            h = std::clamp(static_cast<int>(factor * height), 1, from.height);
  GreyMap out = resample(crop(from, {rng.below(from.width - w + 1), rng.below(from.height - h + 1), w, h}),
                         width, height);
  if (rng.chance(0.5))
    for (int y = 0; y < height; ++y) {
      const auto row = out.values.begin() + static_cast<std::ptrdiff_t>(out.index(0, y));
      std::reverse(row, row + width);
    }
  return out;
}

}  // namespace

GreyMap draw_background(int width, int height, Rng& rng, std::span<const GreyMap> natural) {
  if (!natural.empty() && rng.chance(0.5))
    return cut(natural[static_cast<std::size_t>(rng.below(static_cast<int>(natural.size())))], width, height,
               rng);
  const double area = static_cast<double>(width) * height / 1024;
  const auto many = [&](double few, double lots) {
    return static_cast<int>(rng.uniform(few, lots) * std::sqrt(area));
  };
  GreyMap map =
      rng.chance(0.4) ? gradient(width, height, rng) : clouds(width, height, rng.uniform(0.35, 0.95), rng);
  switch (rng.below(7)) {
    case 0:
      break;
    case 1:
      add_leaves(map, many(20, 80), false, rng);
      break;
    case 2:
      add_leaves(map, many(3, 25), true, rng);
      break;
    case 3:
      add_leaves(map, many(1, 5), rng.chance(0.5), rng);
      break;
    case 4:
      add_stripes(map, rng);
      break;
    case 5:
      add_strokes(map, many(3, 25), rng);
      break;
    case 6:
      add_leaves(map, many(2, 12), true, rng);
      add_strokes(map, many(0, 8), rng);
      if (rng.chance(0.5)) add_stripes(map, rng);
      break;
  }
  if (rng.chance(0.3)) {  // grain of its own
    const GreyMap grain = clouds(width, height, 0.9, rng);
    const float depth = f(rng.uniform(0.1, 0.5));
    for (std::size_t i = 0; i < map.values.size(); ++i) map.values[i] += depth * (grain.values[i] - 0.5F);
  }
  for (float& value : map.values) value = std::clamp(value, 0.0F, 1.0F);
  return map;
}

}  // namespace ebm::models
