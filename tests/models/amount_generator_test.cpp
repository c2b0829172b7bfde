#include "ebm/models/amount_generator.hpp"

#include <gtest/gtest.h>

#include <map>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/models/check_paper.hpp"
#include "ebm/models/mnist_composer.hpp"
#include "ebm/models/stroke_digits.hpp"
#include "test_pictures.hpp"

namespace ebm::models {
namespace {

constexpr std::size_t kPixels = std::size_t{kPieceSide} * kPieceSide;

void expect_same(const AmountField& a, const AmountField& b) {
  EXPECT_EQ(a.amount, b.amount);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.image, b.image);
  EXPECT_EQ(a.glyphs.size(), b.glyphs.size());
}

TEST(AmountGenerator, FieldOfASeed_IsTheSameInAnyOrderAndForAnyThreads) {
  constexpr std::size_t kFields = 16;
  for (const AmountStyle style : {AmountStyle::digits, AmountStyle::dollars}) {
    const AmountGenerator generator({.seed = 4, .style = style}), again({.seed = 4, .style = style});
    std::vector<AmountField> forwards(kFields), threaded(kFields);
    for (std::size_t i = 0; i < kFields; ++i) forwards[i] = generator.field(i);
    set_threads(3);
    parallel_for(kFields, [&](std::size_t i) { threaded[i] = again.field(i); });
    set_threads(0);
    for (std::size_t i = kFields; i-- > 0;) {
      expect_same(forwards[i], threaded[i]);
      expect_same(forwards[i], generator.field(i));
    }
  }
}

TEST(AmountGenerator, OtherSeedsAndOtherFields_Differ) {
  const AmountGenerator one({.seed = 1}), two({.seed = 2});
  EXPECT_NE(one.field(0).image, one.field(1).image);
  EXPECT_NE(one.field(0).image, two.field(0).image);
  EXPECT_NE(one.field(0).image, one.field(std::uint64_t{1} << 40).image);
}

TEST(AmountGenerator, Labels_AreWhatTheGrammarMakesOfTheText) {
  const Automaton dollars = dollar_grammar(), digits = digit_grammar(2, 7);
  for (std::uint64_t i = 0; i < 300; ++i) {
    const AmountField field =
        AmountGenerator({.seed = 6, .style = AmountStyle::dollars, .paper = false}).field(i);
    EXPECT_EQ(amounts(dollars, field.text), std::vector<std::string>{field.amount}) << field.text;
    const AmountField plain = AmountGenerator({.seed = 6, .paper = false}).field(i);
    EXPECT_TRUE(can_mean(digits, plain.amount)) << plain.amount;
    std::string written = plain.text;
    std::erase_if(written, [](char c) { return c < '0' || c > '9'; });
    EXPECT_EQ(written, plain.amount);
  }
}

TEST(AmountGenerator, Glyphs_SpellTheTextInOrderInsideThePicture) {
  for (const AmountStyle style : {AmountStyle::digits, AmountStyle::dollars})
    for (std::uint64_t i = 0; i < 100; ++i) {
      const AmountField field = AmountGenerator({.seed = 8, .style = style}).field(i);
      std::string spelt;
      for (const PlacedGlyph& glyph : field.glyphs) {
        spelt += glyph.character;
        EXPECT_FALSE(glyph.box.empty());
        EXPECT_GE(glyph.box.x, 0);
        EXPECT_GE(glyph.box.y, 0);
        EXPECT_LE(glyph.box.right(), field.image.width);
        EXPECT_LE(glyph.box.bottom(), field.image.height);
      }
      EXPECT_EQ(spelt, field.text);
      EXPECT_EQ(field.image.pixels.size(),
                static_cast<std::size_t>(field.image.width) * static_cast<std::size_t>(field.image.height));
    }
}

TEST(AmountGenerator, Digits_AreDistributedAsOnRealChecks) {
  const AmountGenerator generator({.seed = 10, .paper = false});
  std::map<std::size_t, int> lengths;
  int zeros = 0, digits = 0;
  constexpr int kFields = 1000;
  for (std::uint64_t i = 0; i < kFields; ++i) {
    const std::string amount = generator.field(i).amount;
    ++lengths[amount.size()];
    EXPECT_NE(amount[0], '0');
    zeros += static_cast<int>(std::count(amount.begin(), amount.end(), '0'));
    digits += static_cast<int>(amount.size());
  }
  EXPECT_GE(lengths.begin()->first, 2U);
  EXPECT_LE(lengths.rbegin()->first, 7U);
  EXPECT_GT(lengths[4] + lengths[5], kFields * 7 / 10);
  EXPECT_NEAR(static_cast<double>(zeros) / digits, 0.2, 0.05);
}

TEST(AmountGenerator, WithoutPaper_IsBlackOnWhite) {
  const AmountField field = AmountGenerator({.seed = 1, .paper = false}).field(0);
  EXPECT_EQ(*std::max_element(field.image.pixels.begin(), field.image.pixels.end()), 255);
  EXPECT_LE(*std::min_element(field.image.pixels.begin(), field.image.pixels.end()), 30);
}

TEST(Character, IsAFunctionOfSeedAndIndex_AndAllClassesAppear) {
  const AmountGenerator generator({.seed = 12});
  const Alphabet alphabet{std::string(kDollarCharacters)};
  std::vector<Real> once(kPixels), again(kPixels);
  std::vector<int> count(static_cast<std::size_t>(alphabet.classes()));
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const int code = generator.character(i, alphabet, 0.25, once);
    ASSERT_GE(code, 0);
    ASSERT_LT(code, alphabet.classes());
    ++count[static_cast<std::size_t>(code)];
    if (i % 50 == 0) {
      EXPECT_EQ(generator.character(i, alphabet, 0.25, again), code);
      EXPECT_EQ(once, again);
    }
    EXPECT_GT(*std::max_element(once.begin(), once.end()), Real(0.2)) << i << " " << code;
  }
  for (int code = 0; code < alphabet.rubbish(); ++code) EXPECT_GT(count[static_cast<std::size_t>(code)], 50);
  EXPECT_NEAR(count.back(), 500, 100);
}

TEST(WriteGlyph, KnowsSeveralFormsOfEveryDigit) {
  for (const char character : kWritable) EXPECT_FALSE(allographs(character).empty()) << character;
  for (char digit = '0'; digit <= '9'; ++digit) EXPECT_GE(allographs(digit).size(), 4U) << digit;
  EXPECT_TRUE(allographs('x').empty());
}

TEST(WriteGlyph, OfAnotherCharacter_IsRefused) {
  Rng rng(1);
  const Writer writer = random_writer(rng);
  EXPECT_THROW(write_glyph(writer, 'x', rng), DataError);
  std::vector<Real> out(kPixels);
  EXPECT_THROW(AmountGenerator().character(0, Alphabet{"ab"}, 0, out), DataError);
}

TEST(WriteGlyph, OfOneWriter_IsAlikeButNeverTheSame) {
  Rng rng(2);
  Writer writer = random_writer(rng);
  writer.hand = 99;
  const WrittenGlyph a = write_glyph(writer, '5', rng), b = write_glyph(writer, '5', rng);
  EXPECT_NEAR(a.width, b.width, 0.6 * writer.height);
  EXPECT_NE(a.width, b.width);
}

TEST(Draw, OfADot_CoversItsArea) {
  PenStroke dot;
  dot.points = {{10, 10}};
  dot.radii = {4};
  GreyMap ink(20, 20);
  draw(dot, 0, 0, ink);
  double area = 0;
  for (const float value : ink.values) area += static_cast<double>(value);
  EXPECT_NEAR(area, 3.1416 * 16, 1.5);
  draw(dot, 1000, 1000, ink);  // outside: nothing happens
  double same = 0;
  for (const float value : ink.values) same += static_cast<double>(value);
  EXPECT_EQ(same, area);
}

TEST(MnistComposer, FieldOfASeed_IsTheSameInAnyOrder) {
  const auto digits = testing::stroke_digits(60);
  const MnistComposer composer(digits.pixels, digits.labels, {.seed = 4}),
      other(digits.pixels, digits.labels, {.seed = 5});
  const AmountField last = composer.field(9);
  for (std::uint64_t i = 0; i < 9; ++i) expect_same(composer.field(i), composer.field(i));
  expect_same(last, composer.field(9));
  EXPECT_NE(composer.field(0).image, other.field(0).image);
}

TEST(MnistComposer, Fields_HoldThreeToSixDarkDigits_AndTouchInThreeOfTen) {
  const auto digits = testing::stroke_digits(200);
  const MnistComposer composer(digits.pixels, digits.labels, {.seed = 2});
  std::map<std::size_t, int> lengths;
  int overlapping = 0;
  constexpr int kFields = 600;
  for (std::uint64_t i = 0; i < kFields; ++i) {
    const AmountField field = composer.field(i);
    ++lengths[field.amount.size()];
    EXPECT_EQ(field.image.pixels[0], 255);
    EXPECT_EQ(field.glyphs.size(), field.amount.size());
    int pairs = 0;
    for (std::size_t k = 0; k < field.glyphs.size(); ++k) {
      EXPECT_EQ(field.glyphs[k].character, field.amount[k]);
      if (k == 0) continue;
      const int shared = field.glyphs[k - 1].box.right() - field.glyphs[k].box.x;
      EXPECT_LE(shared, 4);
      pairs += shared > 0 ? 1 : 0;
    }
    EXPECT_LE(pairs, 1);
    overlapping += pairs;
  }
  EXPECT_EQ(lengths.size(), 4U);
  EXPECT_EQ(lengths.begin()->first, 3U);
  EXPECT_NEAR(static_cast<double>(overlapping) / kFields, 0.3, 0.06);
}

TEST(MnistComposer, OfWrongSizes_IsRefused) {
  const auto digits = testing::stroke_digits(3);
  auto labels = digits.labels;
  EXPECT_THROW(MnistComposer({}, {}), ShapeError);
  EXPECT_THROW(MnistComposer(std::span(digits.pixels).first(784), labels), ShapeError);
  EXPECT_THROW(MnistComposer(digits.pixels, labels, {.least = 4, .most = 3}), DataError);
  EXPECT_THROW(MnistComposer(digits.pixels, labels, {.overlap = 0}), DataError);
  labels[1] = 10;
  EXPECT_THROW(MnistComposer(digits.pixels, labels), DataError);
}

}  // namespace
}  // namespace ebm::models
