#include "ebm/io/image.hpp"

#include <algorithm>
#include <string>

#include "format_error.hpp"
#include "image_limits.hpp"

namespace ebm::io {

Image decode_image(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view text = as_text(bytes);
  if (text.starts_with("\x89PNG")) return decode_png(bytes, name);
  if (text.starts_with("\xff\xd8\xff")) return decode_jpeg(bytes, name);
  if (text.starts_with("P2") || text.starts_with("P4") || text.starts_with("P5"))
    return decode_pgm(bytes, name);
  throw at_offset(
      name, 0,
      bytes.empty() ? "the file is empty" : "this is neither a PGM (P2, P4, P5) nor a PNG nor a JPEG image");
}

Image read_image(const std::filesystem::path& path) {
  // The largest picture as text: a number of five digits and a blank for every pixel; and some comments.
  constexpr std::size_t kMost = 6 * kMaxPixels + (std::size_t{1} << 20);
  return decode_image(read_regular_file(path, kMost), path.string());
}

std::vector<std::filesystem::path> list_images(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::string ending = it->path().extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    std::error_code ignored;
    if ((ending == ".pgm" || ending == ".png" || ending == ".jpg" || ending == ".jpeg") &&
        it->is_regular_file(ignored))
      found.push_back(it->path());
  }
  if (error) throw DataError(message("[image] ", folder.string(), ": cannot be listed: ", error.message()));
  if (found.empty())
    throw DataError(message("[image] ", folder.string(), " holds no image: no .pgm, .png, .jpg or .jpeg"));
  std::ranges::sort(found);
  return found;
}

void write_pgm(const std::filesystem::path& path, const Image& image) { write_file(path, encode_pgm(image)); }

void write_png(const std::filesystem::path& path, const Image& image) { write_file(path, encode_png(image)); }

}  // namespace ebm::io
