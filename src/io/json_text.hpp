#pragma once
/// \file
/// Text to nlohmann's value, for this room's sources: strict, and able to say where it failed.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ebm::io {

/// Why a text is no JSON that we take, and how far it was read.
struct JsonFault {
  std::size_t offset = 0;
  std::string what;
};

/// One value, objects without repeated names, at most 64 levels deep. \throws JsonFault
nlohmann::json parse_json(std::string_view text);

}  // namespace ebm::io
