#pragma once
/// \file
/// Whole files in and out. A file is written whole or not at all: into a new file of the same folder, flushed
/// to the disk, then renamed over the old one, so that a reader or a crash never meets half of it.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace ebm::io {

using Bytes = std::vector<std::byte>;

inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// \throws DataError naming the file and the system's reason.
Bytes read_file(const std::filesystem::path& path);

/// The folder must be there. A symbolic link is followed; a device or a pipe is written directly.
/// \throws DataError naming the file and the system's reason; the old file is then still there, untouched.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

/// The folder of the data set `name`: `given` itself when not empty (a command's --data DIR), else
/// $EBM_DATA/name. \throws DataError, saying which of the two to give, when there is no such folder.
std::filesystem::path find_data(std::string_view name, const std::filesystem::path& given = {});

}  // namespace ebm::io
