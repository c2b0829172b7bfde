#include "ebm/models/character_set.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/core/pool.hpp"
#include "ebm/models/mnist_composer.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {
namespace {

// The window of a strip whose middle is `x`, for sdnn.
void copy_window(const Tensor& strip, int column, Real* to) {
  const int width = strip.shape().back();
  for (int y = 0; y < 32; ++y)
    std::copy_n(strip.data() + static_cast<std::size_t>(y) * width + 4 * column, 32, to + 32 * y);
}

// Class of the window of a strip that starts at 4 * column: a character when its middle is the window's,
// rubbish when no character's is near, -1 between.
int window_label(const Field& field, const Tensor& strip, const std::vector<PlacedGlyph>& glyphs,
                 const Alphabet& alphabet, int column) {
  constexpr double kNear = 2.5, kFar = 6;
  const double scale = kGlyphSide / field.text_height;
  const double left = (strip.shape().back() - field.ink.width * scale) / 2;
  double nearest = kInf;
  char character = 0;
  for (const PlacedGlyph& g : glyphs) {
    const double y = field.top + field.scale * (g.box.y + g.box.height / 2.0);
    const double x =
        field.left + field.scale * (g.box.x + g.box.width / 2.0) + field.shear * (y - field.middle);
    const double distance = std::abs(left + scale * x - (4 * column + kPieceSide / 2.0));
    if (distance < nearest) nearest = distance, character = g.character;
  }
  const int label = alphabet.code(character);
  if (nearest <= kNear) return label < 0 ? alphabet.rubbish() : label;
  return nearest >= kFar ? alphabet.rubbish() : -1;
}

}  // namespace

AmountField made_field(const CheckReader& reader, const io::Mnist* mnist, std::uint64_t i) {
  const auto& config = reader.config();
  const bool dollars = config.alphabet.code('$') >= 0 || config.alphabet.code('.') >= 0;
  // With MNIST at hand every other field is composed of it: real digits, and the strokes' paper and layout.
  if (mnist && !dollars && i % 2 == 0)
    return MnistComposer(mnist->images.pixels, mnist->labels, {.seed = config.seed}).field(i / 2);
  return AmountGenerator(
             {.seed = config.seed ^ 0x9e37, .style = dollars ? AmountStyle::dollars : AmountStyle::digits})
      .field(i);
}

CharacterSet cut_characters(const CheckReader& reader, const io::Mnist* mnist, int fields) {
  std::vector<std::vector<std::pair<std::vector<Real>, int>>> found(static_cast<std::size_t>(fields));
  const Alphabet& alphabet = reader.config().alphabet;
  CheckReaderConfig config = reader.config();
  parallel_for(found.size(), [&](std::size_t i) {
    const AmountField made = made_field(reader, mnist, i);
    NormaliseOptions options;
    const Field field = normalise_field(made.image, options);
    if (field.empty()) return;
    const auto keep = [&](const Real* image, int label) {
      found[i].emplace_back(std::vector<Real>(image, image + 1024), label);
    };
    if (config.recogniser == Recogniser::hos) {
      const Segmentation s = segment(field);
      const std::vector<int> glyph = match_pieces(s.pieces, made.glyphs);
      for (std::size_t p = 0; p < glyph.size(); ++p) {
        if (glyph[p] == kUnsure) continue;
        const int label = glyph[p] == kNoGlyph
                              ? alphabet.rubbish()
                              : alphabet.code(made.glyphs[static_cast<std::size_t>(glyph[p])].character);
        // Writing that the alphabet has no class for is rubbish: it means nothing.
        keep(s.images.data() + p * 1024, label < 0 ? alphabet.rubbish() : label);
      }
      return;
    }
    const Tensor strip = field_strip(field);
    std::vector<Real> window(1024);
    for (int column = 0; column < (strip.shape().back() - 32) / 4 + 1; ++column) {
      const int label = window_label(field, strip, made.glyphs, alphabet, column);
      if (label < 0) continue;
      copy_window(strip, column, window.data());
      keep(window.data(), label);
    }
  });
  std::size_t n = 0;
  for (const auto& f : found) n += f.size();
  CharacterSet out{Tensor(Shape{static_cast<int>(n), 1, 32, 32}), {}};
  out.characters.reserve(n);
  for (const auto& f : found)
    for (const auto& [image, label] : f) {
      Real* to = out.images.data() + out.characters.size() * 1024;
      std::ranges::copy(image, to);
      out.characters.push_back({{to, Shape{1, 32, 32}}, label});
    }
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
