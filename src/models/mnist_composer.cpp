#include "ebm/models/mnist_composer.hpp"

#include <algorithm>

#include "ebm/core/error.hpp"
#include "ebm/core/hash.hpp"
#include "ebm/models/check_paper.hpp"

namespace ebm::models {
namespace {

constexpr int kSide = 28, kMargin = 4;
constexpr std::size_t kPixels = std::size_t{kSide} * kSide;

GreyMap digit_ink(std::span<const std::uint8_t> pixels) {
  GreyMap ink(kSide, kSide);
  for (std::size_t i = 0; i < kPixels; ++i) ink.values[i] = static_cast<float>(pixels[i]) / 255.0F;
  return ink;
}

struct Placed {
  GreyMap ink;
  Box box;  ///< of its ink, in itself
  int x = 0, y = 0;
};

/// Whether solid ink of the two meets, corners included.
bool touch(const Placed& a, const Placed& b) {
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      if (b.ink.at(x, y) < kInkThreshold) continue;
      for (int v = -1; v <= 1; ++v)
        for (int u = -1; u <= 1; ++u) {
          const int ax = b.x + x + u - a.x, ay = b.y + y + v - a.y;
          if (ax >= 0 && ax < kSide && ay >= 0 && ay < kSide && a.ink.at(ax, ay) >= kInkThreshold)
            return true;
        }
    }
  return false;
}

}  // namespace

MnistComposer::MnistComposer(std::span<const std::uint8_t> pixels, std::span<const std::uint8_t> labels,
                             ComposerOptions options)
    : pixels_(pixels), labels_(labels), options_(options) {
  if (labels.empty() || pixels.size() != labels.size() * kPixels)
    throw ShapeError(message("[composer] ", labels.size(), " labels with ", pixels.size(),
                             " pixels: at least one digit is needed, and 28 x 28 pixels for each"));
  // All of them in one vectorised pass, for a composer may be made for a single field.
  std::uint8_t highest = 0;
  for (const std::uint8_t label : labels) highest = std::max(highest, label);
  if (highest > 9) {
    const auto i =
        std::ranges::find_if(labels, [](std::uint8_t label) { return label > 9; }) - labels.begin();
    throw DataError(message("[composer] label ", i, " is ", int{labels[static_cast<std::size_t>(i)]},
                            ": digits have labels 0 to 9"));
  }
  if (options.least < 1 || options.most < options.least || options.overlap < 1)
    throw DataError(message("[composer] fields of ", options.least, " to ", options.most,
                            " digits with an overlap up to ", options.overlap,
                            ": ask for 1 <= least <= most and an overlap of at least 1"));
}

AmountField MnistComposer::field(std::uint64_t i) const {
  Rng rng = Rng(options_.seed, fnv1a("composed field")).fork(i);
  const int count = options_.least + rng.below(options_.most - options_.least + 1);
  const bool touching = count > 1 && rng.chance(options_.touching);
  const int pair = touching ? 1 + rng.below(count - 1) : -1;  // the right one of the two
  AmountField out;
  std::vector<Placed> digits;
  int at = kMargin;
  for (int k = 0; k < count; ++k) {
    const auto which = static_cast<std::size_t>(rng.below(static_cast<int>(labels_.size())));
    Placed digit;
    digit.ink = digit_ink(pixels_.subspan(which * kPixels, kPixels));
    digit.box = ink_box(digit.ink, 0);
    digit.y = kMargin + rng.below(5) - 2;
    const int gap = 1 + rng.below(6);
    int overlap = 1 + rng.below(options_.overlap);
    digit.x = at - digit.box.x;
    if (k > 0) digit.x += gap;
    if (k == pair) {
      // Not more than a third of the narrower one, or a thin digit would vanish in its neighbour.
      const int most =
          std::clamp(std::min(digits.back().box.width, digit.box.width) / 3, 1, options_.overlap);
      overlap = std::min(overlap, most);
      digit.x = at - digit.box.x - overlap;
      while (!touch(digits.back(), digit) && overlap < most) --digit.x, ++overlap;
    }
    at = digit.x + digit.box.right();
    out.amount.push_back(static_cast<char>('0' + labels_[which]));
    digits.push_back(std::move(digit));
  }
  GreyMap ink(at + kMargin, kSide + 2 * kMargin);
  for (const Placed& digit : digits) {
    for (int y = digit.box.y; y < digit.box.bottom(); ++y)
      for (int x = digit.box.x; x < digit.box.right(); ++x) {
        float& value = ink.at(digit.x + x, digit.y + y);
        value = std::max(value, digit.ink.at(x, y));
      }
    out.glyphs.push_back({out.amount[out.glyphs.size()],
                          {digit.x + digit.box.x, digit.y + digit.box.y, digit.box.width, digit.box.height}});
  }
  out.text = out.amount;
  out.image = print_plain(ink);
  return out;
}

}  // namespace ebm::models
