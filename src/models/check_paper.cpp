#include "ebm/models/check_paper.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace ebm::models {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;

/// Darkness added by fine print, as a function of the place. Its depth is in units of the ink's darkness.
class Pattern {
 public:
  Pattern(Rng& rng, int width)
      : kind_(rng.below(10)),
        sharp_(1 + rng.below(3)),
        depth_(rng.uniform(0.03, 0.33)),
        beat_(kTurn / rng.uniform(3.5, 8)) {
    const double angle = rng.uniform(-0.6, 0.6), side = rng.uniform(0, kTurn), far = rng.uniform(40, 250);
    const double bend = rng.uniform(0, 6), length = rng.uniform(30, 120), phase = rng.uniform(0, kTurn);
    const double first = kind_ == kHatching ? 0.7 : angle,
                 second = kind_ == kHatching ? -0.7 : angle + 0.25 * kTurn;
    across_ = {Point{std::sin(first), std::cos(first)}, Point{std::sin(second), std::cos(second)}};
    centre_ = {Point{far * std::cos(side), far * std::sin(side)},
               Point{far * std::cos(side + 2), far * std::sin(side + 2)}};
    if (kind_ < kArcs)
      for (int x = 0; x < width; ++x) bend_.push_back(bend * std::sin(kTurn * x / length + phase));
  }

  double at(int x, int y) const {
    if (kind_ < kWaves) return 0;
    if (kind_ < kArcs) return depth_ * wave(across(x, y, 0) + bend_[static_cast<std::size_t>(x)]);
    if (kind_ < kHatching) return depth_ * std::max(wave(arc(x, y, 0)), wave(arc(x, y, 1)));
    if (kind_ < kDots) return depth_ * std::max(wave(across(x, y, 0)), wave(across(x, y, 1)));
    return depth_ * wave(across(x, y, 0)) * wave(across(x, y, 1));
  }

 private:
  /// First of the ten kinds that are plain (below), wavy lines, arcs that cross, hatching, dots: 1, 4, 2, 1,
  /// 2 of ten.
  enum Kind { kWaves = 1, kArcs = 5, kHatching = 7, kDots = 8 };

  /// 0 .. 1, narrower when sharp.
  double wave(double distance) const {
    const double value = 0.5 + 0.5 * std::cos(beat_ * distance);
    return sharp_ == 1 ? value : sharp_ == 2 ? value * value : value * value * value;
  }
  double across(double x, double y, std::size_t k) const { return x * across_[k].x + y * across_[k].y; }
  double arc(double x, double y, std::size_t k) const {
    const double dx = x - centre_[k].x, dy = y - centre_[k].y;
    return std::sqrt(dx * dx + dy * dy);
  }

  int kind_, sharp_;
  double depth_, beat_;
  std::array<Point, 2> across_, centre_;
  std::vector<double> bend_;
};

/// A printed line from (x0, y0) to (x1, y1).
void rule(GreyMap& print, double x0, double y0, double x1, double y1, double thick, double dark) {
  PenStroke stroke;
  stroke.points = {{x0, y0}, {x1, y1}};
  stroke.radii = {0.5 * thick, 0.5 * thick};
  GreyMap line(print.width, print.height);
  draw(stroke, 0, 0, line);
  for (std::size_t i = 0; i < print.values.size(); ++i)
    print.values[i] = std::max(print.values[i], static_cast<float>(dark) * line.values[i]);
}

GreyMap printed_lines(int width, int height, Rng& rng) {
  GreyMap print(width, height);
  const double thick = rng.uniform(0.8, 2.2), dark = rng.uniform(0.2, 0.75),
               tilt = 0.01 * rng.normal() * width;
  if (rng.chance(0.4)) {
    const double y = height - 1 - rng.uniform(0, 0.15) * height;
    rule(print, -2, y, width + 2, y + tilt, thick, dark);
    if (rng.chance(0.2)) rule(print, -2, y + 3, width + 2, y + 3 + tilt, thick, dark);
  }
  if (rng.chance(0.12)) {
    const double y = rng.uniform(0, 0.12) * height;
    rule(print, -2, y, width + 2, y + tilt, thick, dark);
  }
  if (rng.chance(0.07)) {
    const double x =
        rng.chance(0.5) ? rng.uniform(0, 0.03) * width : width - 1 - rng.uniform(0, 0.03) * width;
    rule(print, x, -2, x - tilt * height / width, height + 2, thick, dark);
  }
  return print;
}

void blur(GreyMap& map) {
  const GreyMap old = map;
  for (int y = 0; y < map.height; ++y)
    for (int x = 0; x < map.width; ++x) {
      float sum = 0;
      for (int v = -1; v <= 1; ++v)
        for (int u = -1; u <= 1; ++u)
          sum += static_cast<float>((2 - std::abs(u)) * (2 - std::abs(v))) *
                 old.at(std::clamp(x + u, 0, map.width - 1), std::clamp(y + v, 0, map.height - 1));
      map.at(x, y) = sum / 16;
    }
}

}  // namespace

void draw(const PenStroke& stroke, double x, double y, GreyMap& ink) {
  for (std::size_t i = 0; i < stroke.points.size(); ++i) {
    const std::size_t j = std::min(i + 1, stroke.points.size() - 1);
    if (i == j && i > 0) break;
    const Point a{stroke.points[i].x + x, stroke.points[i].y + y},
        b{stroke.points[j].x + x, stroke.points[j].y + y};
    const double radius_a = stroke.radii[i], radius_b = stroke.radii[j];
    if (radius_a <= 0 || radius_b <= 0) continue;
    const double reach = std::max(radius_a, radius_b) + 1, dx = b.x - a.x, dy = b.y - a.y,
                 square = dx * dx + dy * dy;
    const int x0 = std::max(0, static_cast<int>(std::floor(std::min(a.x, b.x) - reach)));
    const int x1 = std::min(ink.width - 1, static_cast<int>(std::ceil(std::max(a.x, b.x) + reach)));
    const int y0 = std::max(0, static_cast<int>(std::floor(std::min(a.y, b.y) - reach)));
    const int y1 = std::min(ink.height - 1, static_cast<int>(std::ceil(std::max(a.y, b.y) + reach)));
    for (int v = y0; v <= y1; ++v)
      for (int u = x0; u <= x1; ++u) {
        const double px = u + 0.5 - a.x, py = v + 0.5 - a.y;
        const double t = square > 0 ? std::clamp((px * dx + py * dy) / square, 0.0, 1.0) : 0;
        const double qx = px - t * dx, qy = py - t * dy, distance = std::sqrt(qx * qx + qy * qy);
        const double cover = std::clamp(radius_a + t * (radius_b - radius_a) - distance + 0.5, 0.0, 1.0);
        float& value = ink.at(u, v);
        value = std::max(value, static_cast<float>(cover));
      }
  }
}

io::Image print_plain(const GreyMap& ink) {
  GreyMap light = ink;
  for (float& value : light.values) value = 1 - value;
  return to_image(light);
}

io::Image print_on_check(const GreyMap& ink, Rng& rng) {
  const Pattern pattern(rng, ink.width), second(rng, ink.width);
  const bool layered = rng.chance(0.3);
  const double tone = rng.uniform(0.55, 0.92), slope_x = 0.05 * rng.normal(), slope_y = 0.05 * rng.normal();
  const double dark = rng.uniform(0.38, 0.9), mottle = rng.uniform(0, 0.25);
  const double band =
      rng.chance(0.07) ? rng.uniform(-0.15, 0.3) * ink.height : -1;  // a lighter margin of the paper
  const GreyMap print = printed_lines(ink.width, ink.height, rng);
  GreyMap light(ink.width, ink.height);
  for (int y = 0; y < ink.height; ++y)
    for (int x = 0; x < ink.width; ++x) {
      double paper = tone + slope_x * (static_cast<double>(x) / ink.width - 0.5) +
                     slope_y * (static_cast<double>(y) / ink.height - 0.5);
      if (y < band) paper += 0.15;
      paper -= tone * dark * (pattern.at(x, y) + (layered ? 0.5 * second.at(x, y) : 0));
      paper *= 1 - 0.7 * static_cast<double>(print.at(x, y));
      light.at(x, y) = static_cast<float>(
          paper * (1 - dark * (1 - mottle * rng.uniform()) * static_cast<double>(ink.at(x, y))));
    }
  const double noise = rng.uniform(0.005, 0.03), salt = rng.chance(0.2) ? rng.uniform(0, 0.01) : 0;
  for (int blurs = rng.below(3); blurs > 0; --blurs) blur(light);
  for (float& value : light.values) {
    value += static_cast<float>(noise * (rng.uniform() + rng.uniform() + rng.uniform() - 1.5) * 2);
    if (salt > 0 && rng.chance(salt)) value = static_cast<float>(rng.uniform());
  }
  return to_image(light);
}

}  // namespace ebm::models
