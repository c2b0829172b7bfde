#include <cstddef>
#include <cstdio>
// libjpeg's header wants the two above.
#include <jerror.h>
#include <jpeglib.h>

#include <array>
#include <csetjmp>
#include <string>

#include "ebm/io/image.hpp"
#include "format_error.hpp"
#include "image_limits.hpp"

namespace ebm::io {
namespace {

constexpr int kMaxScans = 200;  // a progressive file may ask for any number of passes over the pixels

/// libjpeg's state for one file. Its errors end in a long jump, so nothing that has a destructor may live
/// between the jump and where it lands: what is owned is owned here.
struct Jpeg {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf stop{};
  std::array<char, JMSG_LENGTH_MAX> why{};
  std::vector<JSAMPLE> row;

  Jpeg() {
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr common) { give_up(common); };
    errors.emit_message = [](j_common_ptr common, int level) {
      // Bytes between markers are common and harmless; whatever else it warns of spoils pixels.
      if (level < 0 && common->err->msg_code != JWRN_EXTRANEOUS_DATA) give_up(common);
    };
    progress.progress_monitor = [](j_common_ptr common) {
      if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number > kMaxScans) {
        auto* self = static_cast<Jpeg*>(common->client_data);
        std::snprintf(self->why.data(), self->why.size(), "it has more than %d scans", kMaxScans);
        std::longjmp(self->stop, 1);
      }
    };
  }
  ~Jpeg() { jpeg_destroy_decompress(&info); }
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;

  static void give_up(j_common_ptr common) {
    auto* self = static_cast<Jpeg*>(common->client_data);
    common->err->format_message(common, self->why.data());
    std::longjmp(self->stop, 1);
  }

  /// Reads up to the pixels. False: damaged, `why` says how.
  bool open(std::span<const std::byte> bytes) {
    if (setjmp(stop) != 0) return false;
    jpeg_create_decompress(&info);
    info.progress = &progress;
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&info, TRUE);
    const bool four = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = four ? JCS_CMYK : JCS_GRAYSCALE;
    return true;
  }

  /// Reads the pixels, space for which is there. False: damaged.
  bool read(std::uint8_t* pixels) {
    if (setjmp(stop) != 0) return false;
    jpeg_start_decompress(&info);
    const bool four = info.output_components == 4;
    while (info.output_scanline < info.output_height) {
      std::uint8_t* out = pixels + static_cast<std::size_t>(info.output_scanline) * info.output_width;
      JSAMPROW line = four ? row.data() : out;
      jpeg_read_scanlines(&info, &line, 1);
      // Adobe stores four inks upside down, so that 255 is none.
      if (four)
        for (std::size_t x = 0; x < info.output_width; ++x) {
          const JSAMPLE* p = row.data() + 4 * x;
          const auto light = [&](int k) { return info.saw_Adobe_marker ? p[k] : 255u - p[k]; };
          const unsigned luma = (299u * light(0) + 587u * light(1) + 114u * light(2) + 500) / 1000;
          out[x] = static_cast<std::uint8_t>((luma * light(3) + 127) / 255);
        }
    }
    jpeg_finish_decompress(&info);
    return true;
  }
};

}  // namespace

Image decode_jpeg(std::span<const std::byte> bytes, std::string_view name) {
  if (!as_text(bytes).starts_with("\xff\xd8\xff"))
    throw at_offset(name, 0, "this is no JPEG file: its first three bytes are not FF D8 FF");
  Jpeg jpeg;
  const auto refuse = [&] {
    const std::size_t left = jpeg.info.src != nullptr ? jpeg.info.src->bytes_in_buffer : bytes.size();
    return at_offset(name, left <= bytes.size() ? bytes.size() - left : bytes.size(),
                     "the JPEG file is damaged: ", jpeg.why.data());
  };
  if (!jpeg.open(bytes)) throw refuse();
  const std::size_t width = jpeg.info.image_width, height = jpeg.info.image_height;
  check_size(width, height, name, 0);
  // A block of 64 pixels takes a bit at least, unless arithmetic codes pack many into one.
  if (!jpeg.info.arith_code && width * height / 64 > 8 * bytes.size())
    throw at_offset(name, 0, "the JPEG file says ", width, " x ", height, " pixels, its ", bytes.size(),
                    " bytes cannot hold them");
  Image image{static_cast<int>(width), static_cast<int>(height), std::vector<std::uint8_t>(width * height)};
  if (jpeg.info.out_color_space == JCS_CMYK) jpeg.row.resize(4 * width);
  if (!jpeg.read(image.pixels.data())) throw refuse();
  return image;
}

}  // namespace ebm::io
