#pragma once
/// \file
/// The two shapes of a parser's message: "FILE: offset N: ..." and "FILE:LINE: ...".

#include <string_view>

#include "ebm/core/error.hpp"

namespace ebm::io {

template <class... Parts>
FormatError at_offset(std::string_view name, std::size_t offset, const Parts&... parts) {
  return FormatError(message(name, ": offset ", offset, ": ", parts...));
}

template <class... Parts>
FormatError at_line(std::string_view name, std::size_t line, const Parts&... parts) {
  return FormatError(message(name, ":", line, ": ", parts...));
}

}  // namespace ebm::io
