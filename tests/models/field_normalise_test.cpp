#include "ebm/models/field_normalise.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/models/amount_generator.hpp"
#include "ebm/models/paper.hpp"
#include "ebm/models/piece.hpp"
#include "test_pictures.hpp"

namespace ebm::models {
namespace {

using testing::flat_image;

void fill(io::Image& image, const Box& box, std::uint8_t grey) {
  for (int y = box.y; y < box.bottom(); ++y)
    for (int x = box.x; x < box.right(); ++x)
      image.pixels[static_cast<std::size_t>(y * image.width + x)] = grey;
}

TEST(NormaliseField, WithoutInk_IsEmptyAndSaysWhy) {
  for (const std::uint8_t grey : {0, 1, 127, 254, 255})
    for (const auto& [width, height] :
         {std::pair{1, 1}, {1, 60}, {60, 1}, {3, 3}, {2000, 5}, {200, 60}, {2500, 800}}) {
      const Field field = normalise_field(flat_image(width, height, grey));
      EXPECT_TRUE(field.empty()) << width << " x " << height << " of " << int{grey};
      EXPECT_NE(field.reason.find("no ink"), std::string::npos) << field.reason;
    }
  EXPECT_TRUE(normalise_field({}).empty());
  EXPECT_FALSE(normalise_field({}).reason.empty());
}

TEST(NormaliseField, OfNoise_DoesNotFail) {
  Rng rng(5);
  for (const auto& [width, height] :
       {std::pair{1, 7}, {7, 1}, {2, 2}, {2000, 5}, {5, 900}, {300, 90}, {1200, 400}}) {
    io::Image image = flat_image(width, height, 0);
    for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(rng.below(256));
    const Field field = normalise_field(image);
    EXPECT_EQ(field.ink.values.size(),
              static_cast<std::size_t>(field.ink.width) * static_cast<std::size_t>(field.ink.height));
    for (const float value : field.ink.values) {
      EXPECT_GE(value, 0.0F);
      EXPECT_LE(value, 1.0F);
    }
  }
}

TEST(NormaliseField, OfSizesThatDisagree_IsRefused) {
  EXPECT_THROW(normalise_field({4, 4, std::vector<std::uint8_t>(15)}), ShapeError);
  EXPECT_THROW(normalise_field({-4, -4, std::vector<std::uint8_t>(16)}), ShapeError);
}

TEST(NormaliseField, OfLightInk_EqualsTheNegative) {
  AmountField field = AmountGenerator({.seed = 3}).field(4);
  const Field dark = normalise_field(field.image);
  for (std::uint8_t& pixel : field.image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  const Field light = normalise_field(field.image, {.ink = InkColour::light});
  ASSERT_EQ(dark.ink.values.size(), light.ink.values.size());
  double difference = 0;
  for (std::size_t i = 0; i < dark.ink.values.size(); ++i)
    difference = std::max(difference, std::abs(static_cast<double>(dark.ink.values[i]) -
                                               static_cast<double>(light.ink.values[i])));
  EXPECT_LT(difference, 0.05);
}

TEST(NormaliseField, MakesDigitsOfAnySizeEquallyHigh) {
  int good = 0, fields = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const AmountField written = AmountGenerator({.seed = 9}).field(i);
    const Field field = normalise_field(written.image);
    if (field.empty()) continue;
    ++fields;
    std::vector<double> heights;
    for (const PlacedGlyph& glyph : written.glyphs)
      if (glyph.character >= '1' && glyph.character <= '9') heights.push_back(glyph.box.height * field.scale);
    if (heights.empty()) continue;
    std::nth_element(heights.begin(), heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2),
                     heights.end());
    if (std::abs(heights[heights.size() / 2] - 32) < 9) ++good;
  }
  EXPECT_GE(fields, 99);
  EXPECT_GE(good, 88);
}

TEST(NormaliseField, MapsBackToThePicture) {
  io::Image image = flat_image(160, 60, 220);
  for (const int x : {30, 70, 110}) fill(image, {x, 12, 5, 36}, 30);
  const Field field = normalise_field(image);
  ASSERT_FALSE(field.empty());
  const Box ink = ink_box(field.ink, kInkThreshold);
  EXPECT_NEAR(field.picture_x(ink.x, field.middle), 30, 1.5);
  EXPECT_NEAR(field.picture_x(ink.right(), field.middle), 115, 1.5);
  EXPECT_NEAR(field.picture_y(ink.y), 12, 1.5);
  EXPECT_NEAR(field.picture_y(ink.bottom()), 48, 1.5);
  EXPECT_NEAR(field.scale, 32.0 / 36, 0.05);
}

TEST(NormaliseField, MakesSlantedStrokesUpright) {
  io::Image image = flat_image(200, 60, 220);
  for (const int x : {40, 90, 140})
    for (int y = 10; y < 50; ++y) fill(image, {x + (50 - y) / 2, y, 5, 1}, 20);
  const Field field = normalise_field(image);
  EXPECT_NEAR(field.shear, 0.5, 0.11);
  for (const Box& box : components(field.ink, kInkThreshold).boxes) EXPECT_LT(box.width, 0.35 * box.height);
  EXPECT_EQ(normalise_field(image, {.deslant = false}).shear, 0);
}

TEST(NormaliseField, TakesRuledLinesAwayAndKeepsStrokesThatCrossThem) {
  io::Image image = flat_image(200, 60, 220);
  fill(image, {0, 50, 200, 2}, 60);
  for (const int x : {40, 80, 120, 160}) fill(image, {x, 14, 5, 44}, 20);
  const Field with = normalise_field(image, {.remove_lines = false}), without = normalise_field(image);
  EXPECT_EQ(components(with.ink, kInkThreshold).boxes.size(), 1U);
  const auto strokes = components(without.ink, kInkThreshold).boxes;
  ASSERT_EQ(strokes.size(), 4U);
  for (const Box& box : strokes) EXPECT_GT(box.height, 28);
}

TEST(RemoveRuledLines, OnAMapOfOneRow_DoesNothing) {
  GreyMap contrast(50, 1);
  std::fill(contrast.values.begin(), contrast.values.end(), 1.0F);
  EXPECT_EQ(remove_ruled_lines(contrast, 0.5), 0);
}

TEST(Otsu, OfTwoLevels_SplitsBetweenThem) {
  std::vector<float> values(100, 0.1F);
  std::fill(values.begin(), values.begin() + 20, 0.8F);
  const Split split = otsu(values);
  EXPECT_GT(split.threshold, 0.1);
  EXPECT_LT(split.threshold, 0.8);
  EXPECT_NEAR(split.low, 0.1, 0.003);
  EXPECT_NEAR(split.high, 0.8, 0.003);
}

TEST(ContrastToPaper, OfUnevenPaper_IsThatOfEvenPaper) {
  GreyMap light(120, 40);
  for (int y = 0; y < 40; ++y)
    for (int x = 0; x < 120; ++x) {
      const float paper = 0.5F + 0.003F * static_cast<float>(x);
      light.at(x, y) = x % 30 < 4 && y > 8 && y < 32 ? paper - 0.3F : paper;
    }
  const GreyMap contrast = contrast_to_paper(light);
  for (int y = 10; y < 30; ++y)
    for (int x = 0; x < 120; ++x)
      EXPECT_NEAR(contrast.at(x, y), x % 30 < 4 ? 0.3 : 0.0, 0.08) << x << ", " << y;
}

TEST(FieldStrip, IsTheRecognisersHeight_WithTextInTheMiddle) {
  const Field field = normalise_field(AmountGenerator({.seed = 2}).field(1).image);
  const Tensor strip = field_strip(field, 12);
  ASSERT_EQ(strip.shape()[2], kPieceSide);
  EXPECT_NEAR(strip.shape()[3], field.ink.width * kGlyphSide / field.text_height + 24, 2);
  double mass = 0, row = 0;
  for (std::size_t i = 0; i < strip.size(); ++i) {
    const double ink = static_cast<double>(strip[i]) - kPaper;
    mass += ink;
    row += ink * static_cast<double>(i / static_cast<std::size_t>(strip.shape()[3]));
  }
  EXPECT_NEAR(row / mass, 15.5, 3);
  EXPECT_EQ(field_strip({}).shape(), (Shape{1, 1, 32, 32}));
}

}  // namespace
}  // namespace ebm::models
