#pragma once
/// \file
/// How large an image may be. A header of a few bytes can ask for any amount of memory.

#include "format_error.hpp"

namespace ebm::io {

inline constexpr std::size_t kMaxPixels = std::size_t{1} << 26;

/// \pre both at most 2^32, so that the product cannot wrap.
inline void check_size(std::size_t width, std::size_t height, std::string_view name, std::size_t offset) {
  if (width * height > kMaxPixels)
    throw at_offset(name, offset, "an image of ", width, " x ", height, " is over the limit of ", kMaxPixels,
                    " pixels");
}

}  // namespace ebm::io
