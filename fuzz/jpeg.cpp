/// \file
/// Any bytes as a JPEG: read or refused.

#include "ebm/core/error.hpp"
#include "ebm/io/image.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const auto image = ebm::io::decode_jpeg(bytes, "input");
    if (ebm::io::decode_image(ebm::io::encode_png(image), "again") != image) __builtin_trap();
  } catch (const ebm::FormatError&) {
  }
  return 0;
}
