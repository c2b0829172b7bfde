#pragma once
/// \file
/// Grey images of 8 bits, from and to PGM (netpbm's P2 and P5, and bitmaps, P4) and PNG (ISO/IEC 15948), and
/// from JPEG (ITU-T T.81).

#include <cstdint>
#include <string_view>
#include <vector>

#include "ebm/io/file.hpp"

namespace ebm::io {

/// Row-major; 0 is black, as stored: turning ink light or dark is the reader's matter.
struct Image {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  ///< [height, width]

  std::uint8_t at(int x, int y) const {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
  bool operator==(const Image&) const = default;
};

/// PGM, PNG or JPEG, told apart by content. \param name for messages.
/// \throws FormatError with the offset for anything that is none of them, damaged, truncated or over 2^26
/// pixels.
Image decode_image(std::span<const std::byte> bytes, std::string_view name);
/// P2 or P5, comments allowed, maxval 1 to 65535 scaled to 255, or the bits of a P4, 1 = black; what follows
/// the first image is ignored.
Image decode_pgm(std::span<const std::byte> bytes, std::string_view name);
/// Any depth and colour type. Colour becomes luma (0.299 R + 0.587 G + 0.114 B), transparency is laid over
/// white.
Image decode_png(std::span<const std::byte> bytes, std::string_view name);

/// Baseline or progressive, 8 bits. Colour becomes luma as in decode_png().
Image decode_jpeg(std::span<const std::byte> bytes, std::string_view name);

Bytes encode_pgm(const Image& image);  ///< P5, maxval 255
Bytes encode_png(const Image& image);  ///< 8-bit grey

Image read_image(const std::filesystem::path& path);
/// The images of a folder by their endings (.pgm, .png, .jpg, .jpeg, in any case), sorted by name; folders in
/// it are passed over. \throws DataError when it cannot be listed or has none.
std::vector<std::filesystem::path> list_images(const std::filesystem::path& folder);
void write_pgm(const std::filesystem::path& path, const Image& image);
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace ebm::io
