#pragma once
/// \file
/// FNV-1a, 64 bits: parts of a data set by file name, random streams by block name.

#include <cstdint>
#include <string_view>

namespace ebm {

constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

}  // namespace ebm
