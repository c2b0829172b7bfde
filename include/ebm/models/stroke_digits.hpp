#pragma once
/// \file
/// Handwriting without data: characters as pen strokes through control points (Catmull and Rom 1974 splines),
/// with the allographs in which people differ, and writers who have habits (which allograph, slant, width,
/// pen, spacing) and a hand that is never quite steady. Everything is a function of the generator given.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ebm/core/rng.hpp"

namespace ebm::models {

/// Characters the stroke model can write: 0-9 and $ , . - * / = _
inline constexpr std::string_view kWritable = "0123456789$,.-*/=_";

struct Point {
  double x = 0, y = 0;
};

/// One way of writing a character. `strokes` lists control points "x,y" in hundredths of the digit height, y
/// downwards from the top to the base line at 100; '!' after a point makes it a corner, ';' lifts the pen.
struct Allograph {
  char character = 0;
  double weight = 1;  ///< how common
  std::string_view strokes;
};

/// All ways of writing a character; none for one that is not writable.
std::vector<Allograph> allographs(char character);

/// Habits. Lengths are in units of the digit height.
struct Writer {
  std::uint64_t hand = 0;     ///< names the writer's own version of every control point
  double height = 32;         ///< of the digits, pixels
  double slant = 0;           ///< x per y, positive leans to the right
  double width = 1;           ///< factor of all widths
  double pen = 0.08;          ///< thickness of strokes
  double pressure = 0.2;      ///< how much thickness varies along a stroke
  double shape = 0.035;       ///< deviation of the writer's control points from the allograph's
  double unsteady = 0.02;     ///< deviation of one character from the writer's habit
  double tremor = 0.005;      ///< fine shake
  double size_change = 0.06;  ///< relative, from character to character
  double round_size = 1;      ///< relative height of zeros
  double drift = 0;           ///< slope of the base line
  double spacing = 0.12;      ///< mean gap between characters; negative: they touch
  double spacing_change = 0.06;
  double touching = 0.1;            ///< probability that a pair runs together whatever the gap
  double broken = 0.02;             ///< probability of a break in a stroke
  std::array<double, 256> taste{};  ///< in [0, 1), which allograph of each character is the usual one
};
Writer random_writer(Rng& rng);

/// A pen path: points and the radius of the pen at each, in pixels. Radius 0 leaves no ink (a break).
struct PenStroke {
  std::vector<Point> points;
  std::vector<double> radii;
};

/// One character as this writer writes it once: base line at y = 0, upwards negative, upright (slant is for
/// the line of writing), left edge of its box at x = 0.
struct WrittenGlyph {
  std::vector<PenStroke> strokes;
  double width = 0;
};
/// \throws DataError for a character that is not writable.
WrittenGlyph write_glyph(const Writer& writer, char character, Rng& rng);

}  // namespace ebm::models
