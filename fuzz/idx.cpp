/// \file
/// Any bytes as IDX images and labels, plain or gzipped: read or refused.

#include "ebm/io/idx.hpp"
#include "ebm/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const auto images = ebm::io::decode_idx_images(bytes, "input");
    if (images.pixels.size() != static_cast<std::size_t>(images.count) * images.image_size())
      __builtin_trap();
  } catch (const ebm::FormatError&) {
  }
  try {
    ebm::io::decode_idx_labels(bytes, "input");
  } catch (const ebm::FormatError&) {
  }
  return 0;
}
