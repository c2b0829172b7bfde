#include "ebm/models/segmentation.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <sstream>

#include "ebm/core/pool.hpp"
#include "ebm/io/idx.hpp"
#include "ebm/io/labels.hpp"
#include "ebm/models/mnist_composer.hpp"
#include "test_pictures.hpp"

namespace ebm::models {
namespace {

using testing::data_folder;

/// What must hold for every field.
void expect_sound(const Field& field, const Segmentation& found) {
  ASSERT_GE(found.cuts, 1);
  if (field.empty()) {
    EXPECT_EQ(found.cuts, 1);
    EXPECT_TRUE(found.pieces.empty());
    return;
  }
  // Cuts do not cross, and every pixel lies in exactly one single piece.
  ASSERT_EQ(found.paths.size(), static_cast<std::size_t>(found.cuts));
  for (int y = 0; y < field.ink.height; ++y) {
    EXPECT_EQ(found.paths.front().column[static_cast<std::size_t>(y)], 0);
    EXPECT_EQ(found.paths.back().column[static_cast<std::size_t>(y)], field.ink.width);
    for (std::size_t cut = 1; cut < found.paths.size(); ++cut)
      EXPECT_LE(found.paths[cut - 1].column[static_cast<std::size_t>(y)],
                found.paths[cut].column[static_cast<std::size_t>(y)]);
  }
  // Single pieces are all there, so a path leads from the first cut to the last.
  std::vector<int> single(static_cast<std::size_t>(found.cuts) - 1);
  ASSERT_EQ(found.images.shape(), (Shape{static_cast<int>(found.pieces.size()), 1, kPieceSide, kPieceSide}));
  ASSERT_EQ(found.geometry.shape(), (Shape{static_cast<int>(found.pieces.size()), kGeometry}));
  for (std::size_t i = 0; i < found.pieces.size(); ++i) {
    const Piece& piece = found.pieces[i];
    EXPECT_LT(piece.from, piece.to);
    EXPECT_GE(piece.from, 0);
    EXPECT_LT(piece.to, found.cuts);
    EXPECT_FALSE(piece.box.empty());
    EXPECT_FALSE(piece.picture_box.empty());
    if (piece.to == piece.from + 1) ++single[static_cast<std::size_t>(piece.from)];
    if (i > 0) {
      const Piece& before = found.pieces[i - 1];
      EXPECT_LT(std::pair(before.from, before.to), std::pair(piece.from, piece.to));
    }
    double ink = 0;
    const ConstView image = found.images.view().row(static_cast<int>(i));
    for (const Real value : image.span()) ink += static_cast<double>(value) - kPaper;
    EXPECT_GT(ink, 0);
  }
  for (const int count : single) EXPECT_EQ(count, 1);
}

TEST(Segment, OfAnyPicture_IsALatticeFromFirstToLastCut) {
  Rng rng(11);
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Field field = normalise_field(
        AmountGenerator({.seed = 21, .style = i % 2 ? AmountStyle::digits : AmountStyle::dollars})
            .field(i)
            .image);
    expect_sound(field, segment(field));
  }
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 40}, {2000, 5}, {40, 3}, {150, 50}}) {
    io::Image image = testing::flat_image(width, height, 0);
    expect_sound(normalise_field(image), segment(normalise_field(image)));
    for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(rng.below(2) * 255);
    expect_sound(normalise_field(image), segment(normalise_field(image)));
  }
}

TEST(Segment, WithOneKindOfCut_IsStillALattice) {
  const Field field = normalise_field(AmountGenerator({.seed = 5}).field(3).image);
  for (int kind = 0; kind < 5; ++kind) {
    SegmentOptions options;
    options.kinds = {kind == 0, kind == 1, kind == 2, kind == 3};
    expect_sound(field, segment(field, options));
  }
}

TEST(Segment, LongerGroups_OnlyAddPieces) {
  const Field field = normalise_field(AmountGenerator({.seed = 5}).field(8).image);
  std::size_t before = 0;
  for (int longest = 1; longest <= 5; ++longest) {
    SegmentOptions options;
    options.longest = longest;
    const Segmentation found = segment(field, options);
    for (const Piece& piece : found.pieces) EXPECT_LE(piece.to - piece.from, longest);
    EXPECT_GE(found.pieces.size(), before);
    before = found.pieces.size();
    if (longest == 1) {
      EXPECT_EQ(static_cast<int>(found.pieces.size()), found.cuts - 1);
    }
  }
}

TEST(Segment, OfSeparateBars_CutsBetweenThem) {
  io::Image image = testing::flat_image(160, 60, 255);
  for (const int left : {20, 60, 100})
    for (int y = 10; y < 50; ++y)
      for (int x = left; x < left + 6; ++x) image.pixels[static_cast<std::size_t>(y * 160 + x)] = 0;
  const Segmentation found = segment(normalise_field(image));
  EXPECT_EQ(found.cuts, 4);
  ASSERT_EQ(found.pieces.size(), 3U);  // too far apart for groups
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(found.pieces[i].picture_box.x, 20 + 40 * static_cast<int>(i), 2);
  EXPECT_NEAR(static_cast<double>(found.geometry[1 * kGeometry + kHeight]), 1.0, 0.1);
  EXPECT_NEAR(static_cast<double>(found.geometry[1 * kGeometry + kWidth]), 0.15, 0.06);
  EXPECT_NEAR(static_cast<double>(found.geometry[1 * kGeometry + kOffset]), 0.0, 0.05);
  EXPECT_NEAR(static_cast<double>(found.geometry[1 * kGeometry + kGapLeft]), 34.0 / 40, 0.08);
}

TEST(Segment, WithAnyNumberOfThreads_GivesTheSameBits) {
  constexpr std::size_t kFields = 12;
  const AmountGenerator generator({.seed = 31});
  std::vector<std::vector<Segmentation>> runs;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    auto& run = runs.emplace_back(kFields);
    parallel_for(kFields,
                 [&](std::size_t i) { run[i] = segment(normalise_field(generator.field(i).image)); });
  }
  set_threads(0);
  for (std::size_t i = 0; i < kFields; ++i)
    for (std::size_t run = 1; run < runs.size(); ++run) {
      ASSERT_EQ(runs[run][i].pieces.size(), runs[0][i].pieces.size());
      EXPECT_TRUE(std::equal(runs[run][i].images.span().begin(), runs[run][i].images.span().end(),
                             runs[0][i].images.span().begin()));
    }
}

/// Share of fields of which every digit is proposed, in order; and pieces per field.
struct Recall {
  int fields = 0, covered = 0;
  double pieces = 0;
  void add(const io::Image& image, const std::vector<PlacedGlyph>& glyphs) {
    const Segmentation found = segment(normalise_field(image));
    std::vector<PlacedGlyph> digits;
    for (const PlacedGlyph& glyph : glyphs)
      if (glyph.character >= '0' && glyph.character <= '9') digits.push_back(glyph);
    ++fields;
    covered += covers(found.pieces, digits) ? 1 : 0;
    pieces += static_cast<double>(found.pieces.size());
  }
  double share() const { return static_cast<double>(covered) / fields; }
  double mean_pieces() const { return pieces / fields; }
};

TEST(Segment, OfGeneratedFields_ProposesNearlyAllDigits) {
  const AmountGenerator generator({.seed = 77});
  Recall recall;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const AmountField field = generator.field(i);
    recall.add(field.image, field.glyphs);
  }
  EXPECT_GE(recall.share(), 0.95);
  EXPECT_LE(recall.mean_pieces(), 40);
}

TEST(Segment, OfComposedFields_ProposesNearlyAllDigits) {
  const auto folder = data_folder() / "mnist";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no MNIST in " << folder;
  const auto mnist = io::read_mnist(folder, io::MnistPart::train);
  const MnistComposer composer(mnist.images.pixels, mnist.labels, {.seed = 3});
  Recall recall;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const AmountField field = composer.field(i);
    recall.add(field.image, field.glyphs);
  }
  EXPECT_GE(recall.share(), 0.985);
  EXPECT_LE(recall.mean_pieces(), 40);
}

TEST(Segment, OfRealFields_ProposesNearlyAllDigits) {
  const auto folder = data_folder() / "orand_car";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no orand_car in " << folder;
  // Parts 0 and 1 only: part 2 is for choices, and part 3 judges.
  const io::LabelledFolder fields = io::read_labelled_folder(folder, {0, 1});
  int boxes = -1;
  for (std::size_t k = 0; k < fields.table.columns.size(); ++k)
    if (fields.table.columns[k].starts_with("boxes")) boxes = static_cast<int>(k);
  ASSERT_GE(boxes, 0);
  Recall recall;
  for (const io::LabelledImage& field : fields.images) {
    std::istringstream list(
        fields.table.rows[static_cast<std::size_t>(field.row)].fields[static_cast<std::size_t>(boxes)]);
    std::vector<PlacedGlyph> glyphs;
    for (std::string item; std::getline(list, item, ';');) {
      PlacedGlyph glyph;
      ASSERT_EQ(std::sscanf(item.c_str(), "%d,%d,%d,%d,%c", &glyph.box.x, &glyph.box.y, &glyph.box.width,
                            &glyph.box.height, &glyph.character),
                5);
      glyphs.push_back(glyph);
    }
    recall.add(field.image, glyphs);
  }
  EXPECT_GE(recall.share(), 0.95);
  EXPECT_LE(recall.mean_pieces(), 40);
}

TEST(MatchPieces, TellsGlyphsFromRubbish) {
  const std::vector<PlacedGlyph> glyphs{{'1', {0, 0, 10, 20}}, {'2', {12, 0, 20, 20}}};
  const auto piece = [](int x, int width) { return Piece{0, 1, {}, {x, 0, width, 20}}; };
  EXPECT_EQ(
      match_pieces({piece(0, 10), piece(13, 18), piece(0, 32), piece(12, 8), piece(40, 5), piece(12, 12)},
                   glyphs),
      (std::vector<int>{0, 1, kUnsure, kNoGlyph, kNoGlyph, kUnsure}));
}

TEST(Covers, NeedsTheGlyphsInOrder) {
  const auto piece = [](int from, int to, int x) { return Piece{from, to, {}, {x, 0, 10, 20}}; };
  const std::vector<Piece> pieces{piece(0, 1, 0), piece(1, 2, 20), piece(2, 3, 40)};
  EXPECT_TRUE(covers(pieces, {{'1', {0, 0, 10, 20}}, {'3', {40, 0, 10, 20}}}));
  EXPECT_FALSE(covers(pieces, {{'3', {40, 0, 10, 20}}, {'1', {0, 0, 10, 20}}}));
  EXPECT_FALSE(covers(pieces, {{'1', {5, 0, 10, 20}}}));
  EXPECT_TRUE(covers(pieces, {}));
}

}  // namespace
}  // namespace ebm::models
