#include "ebm/models/amount_generator.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "ebm/core/hash.hpp"
#include "ebm/models/check_paper.hpp"
#include "ebm/models/piece.hpp"
#include "ebm/models/stroke_digits.hpp"

namespace ebm::models {
namespace {

bool is_digit(char character) { return character >= '0' && character <= '9'; }

int pick(std::span<const double> weights, Rng& rng) {
  double total = 0;
  for (const double weight : weights) total += weight;
  double left = rng.uniform(0, total);
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    if (left < weights[i]) return static_cast<int>(i);
    left -= weights[i];
  }
  return static_cast<int>(weights.size()) - 1;
}

/// A whole number of `length` digits: small first digits and round numbers are common, as on real checks.
std::string whole_number(int length, Rng& rng) {
  constexpr std::array<double, 10> kFirst{0, 26, 16, 13, 9, 10, 8, 7, 6, 5};
  std::string out(1, static_cast<char>('0' + pick(kFirst, rng)));
  while (static_cast<int>(out.size()) < length) out.push_back(static_cast<char>('0' + rng.below(10)));
  if (rng.chance(0.33)) {
    const int zeros = std::min(length - 1, 1 + rng.below(std::max(1, length - 1)));
    std::fill(out.end() - zeros, out.end(), '0');
  }
  return out;
}

std::string grouped(const std::string& digits, char separator) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out.push_back(separator);
    out.push_back(digits[i]);
  }
  return out;
}

struct Amount {
  std::string amount, text;
};

Amount digit_amount(Rng& rng) {
  constexpr std::array<double, 6> kLengths{1, 8.5, 33.5, 49, 7.4, 0.6};
  Amount out;
  out.amount = whole_number(2 + pick(kLengths, rng), rng);
  out.text = rng.chance(0.6) ? grouped(out.amount, rng.chance(0.92) ? '.' : ',') : out.amount;
  constexpr std::array<const char*, 8> kTails{"", ".", "-", "=", ".-", ",", "--", "_"};
  constexpr std::array<double, 8> kTailWeights{62, 14, 9, 4, 5, 3, 1, 2};
  out.text += kTails[static_cast<std::size_t>(pick(kTailWeights, rng))];
  return out;
}

Amount dollar_amount(Rng& rng) {
  constexpr std::array<double, 6> kLengths{8, 22, 35, 25, 8, 2};
  std::string whole = whole_number(1 + pick(kLengths, rng), rng);
  if (rng.chance(0.02)) whole.assign(1, '0');
  const std::string cents = rng.chance(0.3) ? "00"
                                            : std::string{static_cast<char>('0' + rng.below(10)),
                                                          static_cast<char>('0' + rng.below(10))};
  Amount out;
  out.amount = whole + "." + cents;
  if (rng.chance(0.7)) out.text += '$';
  if (rng.chance(0.15)) out.text.append(static_cast<std::size_t>(1 + rng.below(3)), '*');
  out.text += rng.chance(0.6) ? grouped(whole, ',') : whole;
  if (rng.chance(0.2)) {
    out.text += (rng.chance(0.6) ? " " : "-") + cents + "/100";
  } else {
    out.text += "." + cents;
    if (rng.chance(0.1))
      out.text.append(static_cast<std::size_t>(1 + rng.below(2)), '*');
    else if (rng.chance(0.1))
      out.text += '-';
  }
  return out;
}

/// A text laid out on a line of writing, with the base line at y = 0 where it starts.
struct Line {
  struct Letter {
    char character = 0;
    std::vector<PenStroke> strokes;
    double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;  ///< of its ink
  };
  std::vector<Letter> letters;
  double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
};

Line write_line(const Writer& writer, std::string_view text, Rng& rng) {
  Line line;
  double at = 0, base = 0, before = 0;
  for (const char character : text) {
    if (character == ' ') {
      at += rng.uniform(0.2, 0.45) * writer.height;
      continue;
    }
    WrittenGlyph glyph = write_glyph(writer, character, rng);
    double gap = writer.spacing + writer.spacing_change * rng.normal();
    if (rng.chance(writer.touching)) gap = rng.uniform(-0.22, 0.02);
    const bool digit = is_digit(character);
    if (!digit || (!line.letters.empty() && !is_digit(line.letters.back().character)))
      gap = std::max(gap, 0.06);
    if (!line.letters.empty()) at += std::max(gap * writer.height, -0.3 * std::min(glyph.width, before));
    before = glyph.width;
    base += 0.02 * writer.height * rng.normal() - 0.3 * base;
    Line::Letter letter;
    letter.character = character;
    for (PenStroke& stroke : glyph.strokes) {
      for (std::size_t i = 0; i < stroke.points.size(); ++i) {
        Point& p = stroke.points[i];
        const double x = at + p.x, y = p.y + base + writer.drift * x;
        p = {x - writer.slant * (p.y + 0.5 * writer.height), y};
        letter.left = std::min(letter.left, p.x - stroke.radii[i]);
        letter.right = std::max(letter.right, p.x + stroke.radii[i]);
        letter.top = std::min(letter.top, p.y - stroke.radii[i]);
        letter.bottom = std::max(letter.bottom, p.y + stroke.radii[i]);
      }
      letter.strokes.push_back(std::move(stroke));
    }
    at += glyph.width;
    line.left = std::min(line.left, letter.left);
    line.right = std::max(line.right, letter.right);
    line.top = std::min(line.top, letter.top);
    line.bottom = std::max(line.bottom, letter.bottom);
    line.letters.push_back(std::move(letter));
  }
  return line;
}

/// All letters in the smallest map that holds the line.
GreyMap draw_line(const Line& line) {
  GreyMap ink(static_cast<int>(std::ceil(line.right - line.left)) + 2,
              static_cast<int>(std::ceil(line.bottom - line.top)) + 2);
  for (const Line::Letter& letter : line.letters)
    for (const PenStroke& stroke : letter.strokes) draw(stroke, 1 - line.left, 1 - line.top, ink);
  return ink;
}

/// What is seen of isolated characters: a scanner's softness, and now and then a little residue of print.
void weather(GreyMap& ink, Rng& rng) {
  const auto gain = static_cast<float>(rng.uniform(1, 2.2)), loss = static_cast<float>(rng.uniform(0, 0.2));
  for (float& value : ink.values) value = std::clamp(value * gain - loss, 0.0F, 1.0F);
  if (rng.chance(0.1))
    for (int speck = rng.below(4); speck >= 0; --speck)
      ink.at(rng.below(ink.width), rng.below(ink.height)) = 1;
}

/// Part of a character, or several that run together.
GreyMap draw_rubbish(const Writer& writer, const Alphabet& alphabet, Rng& rng) {
  const auto any = [&] {
    return alphabet
        .characters[static_cast<std::size_t>(rng.below(static_cast<int>(alphabet.characters.size())))];
  };
  Writer hand = writer;
  const double kind = rng.uniform();
  if (kind < 0.45) {
    hand.spacing = rng.uniform(-0.15, 0.1);
    std::string text{any(), any()};
    if (rng.chance(0.2)) text += any();
    return draw_line(write_line(hand, text, rng));
  }
  std::string text(1, any());
  if (kind > 0.75) text += any();  // half of one and all or half of its neighbour
  GreyMap ink = draw_line(write_line(hand, text, rng));
  const double share = rng.uniform(0.3, 0.7) / static_cast<double>(text.size());
  const int cut = std::clamp(static_cast<int>(std::lround(share * ink.width)), 1, std::max(1, ink.width - 1));
  const bool left = text.size() == 1 && rng.chance(0.5);
  return crop(ink, left ? Box{0, 0, cut, ink.height}
                        : Box{std::min(cut, ink.width - 1), 0, std::max(1, ink.width - cut), ink.height});
}

}  // namespace

AmountField AmountGenerator::field(std::uint64_t i) const {
  Rng rng = Rng(options_.seed, fnv1a("amount field")).fork(i);
  const Amount amount = options_.style == AmountStyle::digits ? digit_amount(rng) : dollar_amount(rng);
  const Writer writer = random_writer(rng);
  const Line line = write_line(writer, amount.text, rng);

  const auto margin = [&](double most) { return writer.height * (rng.uniform(0, most) - 0.03); };
  const double left = margin(0.6), right = margin(0.6), top = margin(0.55), bottom = margin(0.55);
  GreyMap ink(std::max(8, static_cast<int>(line.right - line.left + left + right)),
              std::max(8, static_cast<int>(line.bottom - line.top + top + bottom)));
  AmountField out;
  out.amount = amount.amount;
  out.text = amount.text;
  std::erase(out.text, ' ');
  const double x = left - line.left, y = top - line.top;
  for (const Line::Letter& letter : line.letters) {
    for (const PenStroke& stroke : letter.strokes) draw(stroke, x, y, ink);
    const int x0 = std::clamp(static_cast<int>(std::floor(letter.left + x)), 0, ink.width - 1);
    const int y0 = std::clamp(static_cast<int>(std::floor(letter.top + y)), 0, ink.height - 1);
    const int x1 = std::clamp(static_cast<int>(std::ceil(letter.right + x)), x0 + 1, ink.width);
    const int y1 = std::clamp(static_cast<int>(std::ceil(letter.bottom + y)), y0 + 1, ink.height);
    out.glyphs.push_back({letter.character, {x0, y0, x1 - x0, y1 - y0}});
  }
  out.image = options_.paper ? print_on_check(ink, rng) : print_plain(ink);
  return out;
}

int AmountGenerator::character(std::uint64_t i, const Alphabet& alphabet, double rubbish,
                               std::span<Real> out) const {
  Rng rng = Rng(options_.seed, fnv1a("character")).fork(i);
  Writer writer = random_writer(rng);
  writer.slant *= rng.uniform(0, 0.6);  // fields are made upright before they are read, though never quite
  const bool junk = rng.chance(rubbish);
  const int code = junk ? alphabet.rubbish() : rng.below(alphabet.rubbish());
  GreyMap ink =
      junk
          ? draw_rubbish(writer, alphabet, rng)
          : draw_line(write_line(writer, alphabet.characters.substr(static_cast<std::size_t>(code), 1), rng));
  weather(ink, rng);
  normalise_piece(ink, writer.height, out);
  return code;
}

}  // namespace ebm::models
