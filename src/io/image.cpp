#include "ebm/io/image.hpp"

#include "format_error.hpp"
#include "image_limits.hpp"

namespace ebm::io {

Image decode_image(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view text = as_text(bytes);
  if (text.starts_with("\x89PNG")) return decode_png(bytes, name);
  if (text.starts_with("P2") || text.starts_with("P5")) return decode_pgm(bytes, name);
  throw at_offset(name, 0,
                  bytes.empty() ? "the file is empty" : "this is neither a PGM (P2, P5) nor a PNG image");
}

Image read_image(const std::filesystem::path& path) {
  // The largest picture as text: a number of five digits and a blank for every pixel; and some comments.
  constexpr std::size_t kMost = 6 * kMaxPixels + (std::size_t{1} << 20);
  return decode_image(read_file(path, kMost), path.string());
}

void write_pgm(const std::filesystem::path& path, const Image& image) { write_file(path, encode_pgm(image)); }

void write_png(const std::filesystem::path& path, const Image& image) { write_file(path, encode_png(image)); }

}  // namespace ebm::io
