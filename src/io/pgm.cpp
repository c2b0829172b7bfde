#include <algorithm>
#include <string>

#include "ebm/io/image.hpp"
#include "format_error.hpp"
#include "image_limits.hpp"

namespace ebm::io {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Reads the numbers of a netpbm file one after the other.
class Numbers {
 public:
  Numbers(std::string_view text, std::string_view name) : text_(text), name_(name), at_(2) {}

  std::size_t offset() const { return at_; }

  /// The next number, white space and comments before it passed over.
  std::size_t next(std::string_view what, std::size_t low, std::size_t high) {
    skip();
    const std::size_t begin = at_;
    std::size_t value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      // Stops growing once it is too large, so that no run of digits overflows.
      if (value <= high) value = 10 * value + static_cast<std::size_t>(text_[at_] - '0');
      ++at_;
    }
    if (at_ == begin) {
      if (at_ == text_.size())
        throw at_offset(name_, begin, "the PGM file ends where its ", what, " should be");
      throw at_offset(name_, begin, "a number is expected: the PGM file's ", what);
    }
    if (value < low || value > high)
      throw at_offset(name_, begin, "the PGM file's ", what, " must be from ", low, " to ", high);
    return value;
  }

  /// The single white space between header and binary pixels.
  void space() {
    if (at_ == text_.size()) throw at_offset(name_, at_, "the PGM file ends after its header");
    if (!is_space(text_[at_]))
      throw at_offset(name_, at_, "white space is expected after the PGM file's header");
    ++at_;
  }

 private:
  void skip() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#')
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      else if (is_space(text_[at_]))
        ++at_;
      else
        return;
    }
  }

  std::string_view text_, name_;
  std::size_t at_;
};

// P4: rows of bits, each filled up to a byte; 1 is black.
Image decode_bitmap(std::span<const std::byte> bytes, std::string_view name) {
  Numbers numbers(as_text(bytes), name);
  const std::size_t width = numbers.next("width", 1, kMaxPixels);
  const std::size_t height = numbers.next("height", 1, kMaxPixels);
  check_size(width, height, name, numbers.offset());
  numbers.space();
  const std::size_t start = numbers.offset(), row = (width + 7) / 8, left = bytes.size() - start;
  if (left < row * height)
    throw at_offset(name, start, "a bitmap of ", width, " x ", height, " needs ", row * height,
                    " bytes here, ", left, " are there");
  Image image{static_cast<int>(width), static_cast<int>(height), std::vector<std::uint8_t>(width * height)};
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      const auto eight = std::to_integer<unsigned>(bytes[start + y * row + x / 8]);
      image.pixels[y * width + x] = (eight >> (7 - x % 8)) & 1 ? 0 : 255;
    }
  return image;
}

}  // namespace

Image decode_pgm(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view text = as_text(bytes);
  if (text.starts_with("P4")) return decode_bitmap(bytes, name);
  const bool binary = text.starts_with("P5");
  if (!binary && !text.starts_with("P2"))
    throw at_offset(name, 0, "this is no PGM file: it begins with none of P2, P4 and P5");
  Numbers numbers(text, name);
  const std::size_t width = numbers.next("width", 1, kMaxPixels);
  const std::size_t height = numbers.next("height", 1, kMaxPixels);
  const std::size_t maxval = numbers.next("maxval", 1, 65535);
  check_size(width, height, name, numbers.offset());
  if (binary) numbers.space();

  // Memory is taken only once the file is known to be long enough for what it says.
  const std::size_t size = width * height, sample = maxval > 255 ? 2 : 1, start = numbers.offset();
  const std::size_t needed = binary ? size * sample : 2 * size, left = bytes.size() - start;
  if (left < needed)
    throw at_offset(name, start, "an image of ", width, " x ", height, " needs ", binary ? "" : "at least ",
                    needed, " bytes here, ", left, " are there");
  Image image{static_cast<int>(width), static_cast<int>(height), std::vector<std::uint8_t>(size)};
  for (std::size_t i = 0; i < size; ++i) {
    std::size_t value = 0;
    if (binary) {
      const std::size_t at = start + i * sample;
      for (std::size_t k = 0; k < sample; ++k) value = 256 * value + static_cast<std::size_t>(bytes[at + k]);
      if (value > maxval) throw at_offset(name, at, "the pixel ", value, " is above the maxval ", maxval);
    } else {
      value = numbers.next("pixel", 0, maxval);
    }
    image.pixels[i] = static_cast<std::uint8_t>((value * 255 + maxval / 2) / maxval);
  }
  return image;
}

Bytes encode_pgm(const Image& image) {
  const std::string header = message("P5\n", image.width, " ", image.height, "\n255\n");
  Bytes out(header.size() + image.pixels.size());
  const auto rest = std::ranges::copy(as_bytes(header), out.begin()).out;
  std::ranges::copy(std::as_bytes(std::span(image.pixels)), rest);
  return out;
}

}  // namespace ebm::io
