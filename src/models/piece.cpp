#include "ebm/models/piece.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "ebm/core/error.hpp"

namespace ebm::models {
namespace {

constexpr double kSmallest = 0.4;  ///< of the text height, the least size that fills the box
constexpr float kFaint = 0.003F;   ///< less ink does not count for the size: under one step of 8 bits

Real value_of(float ink) {
  return static_cast<Real>(kPaper + (kFullInk - kPaper) * static_cast<double>(ink));
}

/// Where a run of `size` pixels with the given centre of mass starts, so that this falls on pixel 16 (14 of
/// 28, as in MNIST) and the run stays inside.
int centred(double mass, int size) {
  const int start = static_cast<int>(std::floor(kPieceSide / 2 + 0.5 - mass));
  return std::clamp(start, 0, kPieceSide - size);
}

}  // namespace

void normalise_piece(const GreyMap& ink, double text_height, std::span<Real> out) {
  assert(out.size() == std::size_t{kPieceSide} * kPieceSide);
  std::fill(out.begin(), out.end(), value_of(0));
  const Box box = ink_box(ink, kFaint);
  if (box.empty()) return;
  const double side =
      std::max({static_cast<double>(box.width), static_cast<double>(box.height), kSmallest * text_height});
  const auto scaled = [&](int size) {
    return std::clamp(static_cast<int>(std::lround(size * kGlyphSide / side)), 1, kGlyphSide);
  };
  const GreyMap glyph = resample(crop(ink, box), scaled(box.width), scaled(box.height));
  double mass = 0, mass_x = 0, mass_y = 0;
  for (int y = 0; y < glyph.height; ++y)
    for (int x = 0; x < glyph.width; ++x) {
      const double value = glyph.at(x, y);
      mass += value;
      mass_x += value * x;
      mass_y += value * y;
    }
  const int left = centred(mass_x / mass, glyph.width), top = centred(mass_y / mass, glyph.height);
  for (int y = 0; y < glyph.height; ++y)
    for (int x = 0; x < glyph.width; ++x)
      out[static_cast<std::size_t>((top + y) * kPieceSide + left + x)] = value_of(glyph.at(x, y));
}

void pad_mnist(std::span<const unsigned char> pixels, std::span<Real> out) {
  constexpr int kSide = 28, kMargin = (kPieceSide - kSide) / 2;
  if (pixels.size() != std::size_t{kSide} * kSide)
    throw ShapeError(
        message("[piece] a picture of ", pixels.size(), " bytes was given where 28 x 28 = 784 are needed"));
  assert(out.size() == std::size_t{kPieceSide} * kPieceSide);
  std::fill(out.begin(), out.end(), value_of(0));
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x)
      out[static_cast<std::size_t>((y + kMargin) * kPieceSide + x + kMargin)] =
          value_of(static_cast<float>(pixels[static_cast<std::size_t>(y * kSide + x)]) / 255.0F);
}

}  // namespace ebm::models
