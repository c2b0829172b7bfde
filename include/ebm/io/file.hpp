#pragma once
/// \file
/// Whole files in and out. A file is written whole or not at all: into `.NAME.part` of the same folder,
/// flushed to the disk, then renamed over the old one, so that a reader or a crash never meets half of it.
/// What a killed writer leaves is overwritten by the next one of the same file.

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

/// The most that a file may hold whose format sets no closer limit, in bytes.
inline constexpr std::size_t kMostBytes = std::size_t{1} << 34;
/// The most that is taken from a pipe or a device, whose length nobody knows beforehand, in bytes.
inline constexpr std::size_t kMostStreamed = std::size_t{1} << 30;

/// \param limit bytes. \throws DataError naming the file and the system's reason, or that it holds more.
Bytes read_file(const std::filesystem::path& path, std::size_t limit = kMostBytes);
/// The same of a file whose end is known: a pipe or a device is refused at once, for it may never end.
Bytes read_regular_file(const std::filesystem::path& path, std::size_t limit = kMostBytes);

/// The folder must be there. A symbolic link is followed; a device or a pipe is written directly.
/// \throws DataError naming the file and the system's reason; the old file is then still there, untouched.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

struct NewFile {
  std::filesystem::path path;
  std::span<const std::byte> bytes;
};
/// Files that belong together: all are on the disk before the first takes its place. They take it one by one,
/// in order, so a crash in between leaves the first ones new and the others old, each of them whole. \throws
/// DataError as write_file; when a content could not be written, every old file is still there.
void write_files(std::span<const NewFile> files);

/// Fails as write_file would, before there is anything to write; leaves nothing behind.
/// \throws DataError naming the file and the system's reason.
void check_writable(const std::filesystem::path& path);

/// For the signal handler of a program that then ends at once: removes the `.NAME.part` of files being
/// written. Async-signal-safe.
void remove_unfinished() noexcept;

/// The folder of the data set `name`: `given` itself when not empty (a command's --data DIR), else
/// $EBM_DATA/name. \throws DataError, saying which of the two to give, when there is no such folder.
std::filesystem::path find_data(std::string_view name, const std::filesystem::path& given = {});

}  // namespace ebm::io
