#include "ebm/models/stroke_digits.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "ebm/core/error.hpp"

namespace ebm::models {
namespace {

struct ControlPoint {
  Point at;
  bool corner = false;
};

/// Reads the strokes of an allograph, in units of the digit height.
std::vector<std::vector<ControlPoint>> parse(std::string_view text) {
  std::vector<std::vector<ControlPoint>> strokes(1);
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    if (*at == ' ') {
      ++at;
    } else if (*at == ';') {
      strokes.emplace_back();
      ++at;
    } else if (*at == '!') {
      strokes.back().back().corner = true;
      ++at;
    } else {
      int x = 0, y = 0;
      at = std::from_chars(at, end, x).ptr + 1;  // the comma
      at = std::from_chars(at, end, y).ptr;
      strokes.back().push_back({{0.01 * x, 0.01 * y}, false});
    }
  }
  return strokes;
}

/// Index in [0, weights): the one in whose share of the total a number in [0, 1) falls.
std::size_t pick(const std::vector<Allograph>& forms, double share) {
  double total = 0;
  for (const Allograph& form : forms) total += form.weight;
  double left = share * total;
  for (std::size_t i = 0; i + 1 < forms.size(); ++i) {
    if (left < forms[i].weight) return i;
    left -= forms[i].weight;
  }
  return forms.size() - 1;
}

/// A spline through the points, with tangents that break at corners; about `steps` points per unit of length.
std::vector<Point> curve(const std::vector<ControlPoint>& points, double steps) {
  std::vector<Point> out;
  if (points.empty()) return out;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const Point a = points[i].at, b = points[i + 1].at;
    const Point before = i == 0 || points[i].corner ? a : points[i - 1].at;
    const Point after = i + 2 == points.size() || points[i + 1].corner ? b : points[i + 2].at;
    const int count = std::max(2, static_cast<int>(std::ceil(std::hypot(b.x - a.x, b.y - a.y) * steps)));
    for (int k = 0; k < count; ++k) {
      const double t = static_cast<double>(k) / count, t2 = t * t, t3 = t2 * t;
      const double p = -0.5 * t3 + t2 - 0.5 * t, q = 1.5 * t3 - 2.5 * t2 + 1,
                   r = -1.5 * t3 + 2 * t2 + 0.5 * t, s = 0.5 * t3 - 0.5 * t2;
      out.push_back(
          {p * before.x + q * a.x + r * b.x + s * after.x, p * before.y + q * a.y + r * b.y + s * after.y});
    }
  }
  out.push_back(points.back().at);
  return out;
}

/// Radius of the pen along a stroke: slow waves, thicker going down, thinner at the ends, sometimes a break.
std::vector<double> press(const std::vector<Point>& points, const Writer& writer, Rng& rng) {
  const double phase = rng.uniform(0, 2 * std::numbers::pi), waves = rng.uniform(0.5, 2);
  const bool breaks = points.size() > 8 && rng.chance(writer.broken);
  const double gap = rng.uniform(0.1, 0.9), half = rng.uniform(0.02, 0.06);
  std::vector<double> radii;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double t =
        static_cast<double>(i) / static_cast<double>(std::max<std::size_t>(1, points.size() - 1));
    const std::size_t before = i == 0 ? 0 : i - 1, after = std::min(i + 1, points.size() - 1);
    const double dx = points[after].x - points[before].x, dy = points[after].y - points[before].y;
    const double down = dy / std::max(1e-9, std::hypot(dx, dy));
    const double ends = std::min({1.0, 0.6 + 8 * t, 0.6 + 8 * (1 - t)});
    const double swell =
        1 + writer.pressure * (0.5 * std::sin(phase + 2 * std::numbers::pi * waves * t) + 0.5 * down);
    radii.push_back(breaks && std::abs(t - gap) < half ? 0 : 0.5 * writer.pen * writer.height * swell * ends);
  }
  return radii;
}

double spread(Rng& rng, double deviation, double low, double high) {
  return std::clamp(deviation * rng.normal(), low, high);
}

}  // namespace

Writer random_writer(Rng& rng) {
  Writer writer;
  writer.hand = (std::uint64_t{rng.next()} << 32) | rng.next();
  writer.height = std::clamp(31 * std::exp(0.25 * rng.normal()), 17.0, 56.0);
  writer.slant = rng.chance(0.25) ? rng.uniform(0.3, 0.8) : spread(rng, 0.16, -0.3, 0.5) + 0.08;
  writer.width = std::exp(spread(rng, 0.2, -0.45, 0.5));
  writer.pen = std::clamp(0.085 * std::exp(0.32 * rng.normal()), std::max(0.035, 1.1 / writer.height), 0.19);
  writer.pressure = rng.uniform(0, 0.45);
  writer.shape = rng.uniform(0.015, 0.05);
  writer.unsteady = rng.uniform(0.008, 0.03);
  writer.tremor = rng.uniform(0, 0.008);
  writer.size_change = rng.uniform(0.02, 0.1);
  writer.round_size = rng.chance(0.35) ? rng.uniform(0.5, 0.9) : rng.uniform(0.88, 1.05);
  writer.drift = spread(rng, 0.035, -0.1, 0.1);
  writer.spacing = std::clamp(0.14 + 0.12 * rng.normal(), -0.04, 0.5);
  writer.spacing_change = rng.uniform(0.02, 0.1);
  writer.touching = rng.chance(0.4) ? rng.uniform(0.05, 0.4) : 0.02;
  writer.broken = rng.chance(0.2) ? 0.08 : 0.01;
  for (double& taste : writer.taste) taste = rng.uniform();
  return writer;
}

WrittenGlyph write_glyph(const Writer& writer, char character, Rng& rng) {
  const auto forms = allographs(character);
  if (forms.empty())
    throw DataError(
        message("[generator] the character '", character, "' cannot be written: use only ", kWritable));
  const double taste = rng.chance(0.85) ? writer.taste[static_cast<unsigned char>(character)] : rng.uniform();
  const std::size_t form = pick(forms, taste);
  const bool digit = character >= '0' && character <= '9';
  const double size = writer.height * std::exp(writer.size_change * rng.normal()) *
                      (character == '0' ? writer.round_size : 1);
  const double wide =
      writer.width * std::exp(0.5 * writer.size_change * rng.normal()) * (character == '0' ? 1.05 : 1);
  const double turn = 0.04 * rng.normal(), turn_cos = std::cos(turn), turn_sin = std::sin(turn);
  // Signs keep their places more than digits keep their shapes.
  const double shape = digit ? writer.shape : 0.5 * writer.shape,
               unsteady = digit ? writer.unsteady : 0.5 * writer.unsteady;
  Rng habit(writer.hand, (static_cast<std::uint64_t>(static_cast<unsigned char>(character)) << 8) | form);

  WrittenGlyph glyph;
  double left = 1e9, right = -1e9;
  for (auto& controls : parse(forms[form].strokes)) {
    for (ControlPoint& control : controls) {
      control.at.x += shape * habit.normal() + unsteady * rng.normal();
      control.at.y += shape * habit.normal() + unsteady * rng.normal();
    }
    PenStroke stroke;
    stroke.points = curve(controls, 0.4 * writer.height);
    const double shake = rng.uniform(0, 100);
    for (std::size_t i = 0; i < stroke.points.size(); ++i) {
      Point& p = stroke.points[i];
      const double along = shake + 0.9 * static_cast<double>(i);
      const double x = wide * p.x + writer.tremor * std::sin(along),
                   y = p.y - 1 + writer.tremor * std::sin(1.3 * along + 1);
      p = {size * (turn_cos * x - turn_sin * y), size * (turn_sin * x + turn_cos * y)};
      left = std::min(left, p.x);
      right = std::max(right, p.x);
    }
    stroke.radii = press(stroke.points, writer, rng);
    // People press where a point is all that they write.
    if (character == '.' || character == ',')
      for (double& radius : stroke.radii) radius = std::max(1.35 * radius, 0.05 * writer.height);
    glyph.strokes.push_back(std::move(stroke));
  }
  const double edge = 0.5 * writer.pen * writer.height;
  for (PenStroke& stroke : glyph.strokes)
    for (Point& p : stroke.points) p.x += edge - left;
  glyph.width = right - left + 2 * edge;
  return glyph;
}

}  // namespace ebm::models
