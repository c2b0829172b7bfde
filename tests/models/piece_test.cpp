#include "ebm/models/piece.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/io/idx.hpp"
#include "test_pictures.hpp"

namespace ebm::models {
namespace {

using testing::data_folder;

constexpr std::size_t kPixels = std::size_t{kPieceSide} * kPieceSide;

GreyMap from_bytes(std::span<const std::uint8_t> pixels, int width, int height) {
  GreyMap ink(width, height);
  for (std::size_t i = 0; i < ink.values.size(); ++i) ink.values[i] = static_cast<float>(pixels[i]) / 255.0F;
  return ink;
}

/// Column and row of the centre of mass above paper.
std::pair<double, double> centre(std::span<const Real> piece) {
  double mass = 0, x = 0, y = 0;
  for (std::size_t i = 0; i < kPixels; ++i) {
    const double ink = static_cast<double>(piece[i]) - kPaper;
    mass += ink;
    x += ink * static_cast<double>(i % kPieceSide);
    y += ink * static_cast<double>(i / kPieceSide);
  }
  return {x / mass, y / mass};
}

TEST(Resample, SameSize_GivesTheSameNumbers) {
  GreyMap ink(5, 3);
  for (std::size_t i = 0; i < 15; ++i) ink.values[i] = static_cast<float>(i) / 15;
  EXPECT_EQ(resample(ink, 5, 3).values, ink.values);
}

TEST(Resample, OfOneGrey_StaysThatGreyAtEverySize) {
  GreyMap ink(7, 4);
  std::fill(ink.values.begin(), ink.values.end(), 0.25F);
  for (const int width : {1, 2, 7, 20})
    for (const int height : {1, 3, 4, 31})
      for (const float value : resample(ink, width, height).values) EXPECT_NEAR(value, 0.25F, 1e-6F);
}

TEST(Resample, ByHalf_KeepsTheMeanInk) {
  GreyMap ink(40, 40);
  for (int y = 10; y < 30; ++y)
    for (int x = 12; x < 26; ++x) ink.at(x, y) = 1;
  double before = 0, after = 0;
  for (const float value : ink.values) before += static_cast<double>(value) / 1600;
  for (const float value : resample(ink, 20, 20).values) after += static_cast<double>(value) / 400;
  EXPECT_NEAR(after, before, 1e-3);
}

TEST(NormalisePiece, OfNoInk_IsPlainPaper) {
  std::vector<Real> out(kPixels, 5);
  normalise_piece(GreyMap(9, 4), 32, out);
  for (const Real value : out) EXPECT_EQ(value, static_cast<Real>(kPaper));
  normalise_piece(GreyMap(), 32, out);
  for (const Real value : out) EXPECT_EQ(value, static_cast<Real>(kPaper));
}

TEST(NormalisePiece, LiesInTheFrame_WithItsMassInTheMiddle) {
  const AmountGenerator generator;
  std::vector<Real> out(kPixels);
  for (std::uint64_t i = 0; i < 200; ++i) {
    generator.character(i, Alphabet{}, 0.2, out);
    const auto [x, y] = centre(out);
    EXPECT_NEAR(x, 16, 0.51);
    EXPECT_NEAR(y, 16, 0.51);
    for (const Real value : out) {
      EXPECT_GE(static_cast<double>(value), kPaper - 1e-6);
      EXPECT_LE(static_cast<double>(value), kFullInk + 1e-6);
    }
  }
}

TEST(NormalisePiece, OfALargerCopy_IsTheSamePicture) {
  GreyMap ink(20, 14);
  for (int x = 0; x < 20; ++x)
    for (int y = 0; y < 14; ++y) ink.at(x, y) = x < 4 || y > 10 ? 1.0F : 0.0F;
  GreyMap large(80, 56);
  for (int y = 0; y < 56; ++y)
    for (int x = 0; x < 80; ++x) large.at(x, y) = ink.at(x / 4, y / 4);
  std::vector<Real> small(kPixels), big(kPixels);
  normalise_piece(ink, 0, small);
  normalise_piece(large, 0, big);
  double difference = 0;
  for (std::size_t i = 0; i < kPixels; ++i)
    difference += std::abs(static_cast<double>(small[i] - big[i])) / kPixels;
  EXPECT_LT(difference, 0.03);
}

TEST(NormalisePiece, OfADot_StaysSmallWhenTheTextHeightIsKnown) {
  GreyMap dot(4, 4);
  std::fill(dot.values.begin(), dot.values.end(), 1.0F);
  std::vector<Real> alone(kPixels), in_text(kPixels);
  normalise_piece(dot, 0, alone);
  normalise_piece(dot, 32, in_text);
  const auto inked = [](std::span<const Real> piece) {
    return std::count_if(piece.begin(), piece.end(), [](Real value) { return value > Real(0.5); });
  };
  EXPECT_EQ(inked(alone), 400);
  EXPECT_LT(inked(in_text), 60);
  EXPECT_GT(inked(in_text), 15);
}

TEST(NormalisePiece, OfAFramedGlyph_IsThatGlyphPadded) {
  // A glyph that fills a box of 20 x 20 already, its mass in the middle of 28 x 28: what MNIST is.
  std::vector<std::uint8_t> pixels(784);
  for (int y = 4; y < 24; ++y)
    for (int x = 4; x < 24; ++x)
      if (x < 7 || x >= 21 || y < 6 || y >= 22)
        pixels[static_cast<std::size_t>(y * 28 + x)] = static_cast<std::uint8_t>(80 + 2 * x + 3 * y);
  std::vector<Real> padded(kPixels), framed(kPixels);
  pad_mnist(pixels, padded);
  normalise_piece(from_bytes(pixels, 28, 28), 0, framed);
  EXPECT_EQ(framed, padded);
}

TEST(NormalisePiece, OfMnistDigits_IsTheirOwnFraming) {
  const auto folder = data_folder() / "mnist";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no MNIST in " << folder;
  const auto mnist = io::read_mnist(folder, io::MnistPart::test);
  std::vector<Real> padded(kPixels), framed(kPixels);
  int same = 0;
  constexpr int kCount = 1000;
  for (int i = 0; i < kCount; ++i) {
    pad_mnist(mnist.images.image(i), padded);
    normalise_piece(from_bytes(mnist.images.image(i), 28, 28), 0, framed);
    double difference = 0;
    for (std::size_t k = 0; k < kPixels; ++k)
      difference += std::abs(static_cast<double>(padded[k] - framed[k])) / kPixels;
    if (difference < 1e-6) ++same;
  }
  RecordProperty("same", same);
  EXPECT_EQ(same, kCount);
}

TEST(PadMnist, OfAnotherSize_IsRefused) {
  std::vector<Real> out(kPixels);
  const std::vector<std::uint8_t> pixels(783);
  EXPECT_THROW(pad_mnist(pixels, out), ShapeError);
}

}  // namespace
}  // namespace ebm::models
