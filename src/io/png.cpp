#include <png.h>

#include <algorithm>
#include <array>
#include <string>

#include "ebm/io/image.hpp"
#include "format_error.hpp"
#include "image_limits.hpp"

namespace ebm::io {
namespace {

constexpr std::array<unsigned char, 8> kSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::size_t kMaxSize = std::size_t{1} << 31;  // of a side and of a chunk, by the format

std::size_t big_endian(std::span<const std::byte> four) {
  std::size_t value = 0;
  for (const std::byte b : four.first(4)) value = 256 * value + static_cast<std::size_t>(b);
  return value;
}

/// libpng does not say where a file is broken, and takes memory for whatever the header says. So the chunks
/// are walked first: each must be whole, the first must be a sane header, and there must be data enough to
/// fill the pixels.
void check_chunks(std::span<const std::byte> bytes, std::string_view name) {
  std::size_t at = kSignature.size(), data = 0, pixels = 0;
  for (std::string_view type; type != "IEND";) {
    if (bytes.size() - at < 12)
      throw at_offset(name, at, "the PNG file ends where a chunk should begin: it is truncated");
    const std::size_t length = big_endian(bytes.subspan(at));
    type = as_text(bytes.subspan(at + 4, 4));
    if (length > bytes.size() - at - 12)
      throw at_offset(name, at, "a PNG chunk says that it has ", length, " bytes, ", bytes.size() - at - 12,
                      " are left");
    const auto content = bytes.subspan(at + 8, length);
    if (at == kSignature.size()) {
      if (type != "IHDR" || length != 13)
        throw at_offset(name, at, "the first PNG chunk must be a header of 13 bytes");
      const std::size_t width = big_endian(content), height = big_endian(content.subspan(4));
      if (width == 0 || height == 0 || width >= kMaxSize || height >= kMaxSize)
        throw at_offset(name, at + 8, "a PNG image of ", width, " x ", height, " cannot be");
      check_size(width, height, name, at + 8);
      pixels = width * height;
    }
    if (type == "IDAT") data += length;
    at += 12 + length;
  }
  // Deflate packs at most 1032 bytes into one, and a byte holds at most 8 pixels.
  if (pixels > (data + 1) * 1032 * 8)
    throw at_offset(name, kSignature.size() + 8, "the PNG file says ", pixels, " pixels, its ", data,
                    " bytes of data cannot hold them");
}

/// libpng's simplified interface, which reports errors without long jumps through our frames.
struct Png {
  png_image image{};
  Png() { image.version = PNG_IMAGE_VERSION; }
  ~Png() { png_image_free(&image); }
  bool failed() const { return PNG_IMAGE_FAILED(image); }
};

}  // namespace

Image decode_png(std::span<const std::byte> bytes, std::string_view name) {
  if (bytes.size() < kSignature.size() ||
      !std::ranges::equal(bytes.first(8), std::as_bytes(std::span(kSignature))))
    throw at_offset(name, 0, "this is no PNG file: its first eight bytes are not the PNG signature");
  check_chunks(bytes, name);
  Png png;
  const auto refuse = [&] {
    return FormatError(message(name, ": the PNG file is damaged: ", png.image.message));
  };
  if (!png_image_begin_read_from_memory(&png.image, bytes.data(), bytes.size()) || png.failed())
    throw refuse();
  png.image.format = PNG_FORMAT_RGBA;
  png.image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16 bits without a gamma are no different from 8
  std::vector<std::uint8_t> rgba(PNG_IMAGE_SIZE(png.image));
  if (!png_image_finish_read(&png.image, nullptr, rgba.data(), 0, nullptr) || png.failed()) throw refuse();

  Image out{static_cast<int>(png.image.width), static_cast<int>(png.image.height), {}};
  out.pixels.resize(rgba.size() / 4);
  for (std::size_t i = 0; i < out.pixels.size(); ++i) {
    const std::uint8_t* p = rgba.data() + 4 * i;
    const unsigned luma = (299u * p[0] + 587u * p[1] + 114u * p[2] + 500) / 1000, alpha = p[3];
    out.pixels[i] = static_cast<std::uint8_t>((luma * alpha + 255u * (255 - alpha) + 127) / 255);
  }
  return out;
}

Bytes encode_png(const Image& image) {
  Png png;
  png.image.width = static_cast<png_uint_32>(image.width);
  png.image.height = static_cast<png_uint_32>(image.height);
  png.image.format = PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png.image);
  Bytes out(size);
  if (!png_image_write_to_memory(&png.image, out.data(), &size, 0, image.pixels.data(), 0, nullptr))
    throw DataError(message("[png] an image of ", image.width, " x ", image.height,
                            " cannot be written: ", png.image.message));
  out.resize(size);
  return out;
}

}  // namespace ebm::io
