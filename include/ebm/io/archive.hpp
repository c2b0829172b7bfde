#pragma once
/// \file
/// The regular files of a .tar, .tar.gz or .tar.xz archive. Nothing is ever unpacked to the disk.

#include <functional>
#include <map>
#include <string>

#include "ebm/io/file.hpp"

namespace ebm::io {

/// How much an archive may hold before it is refused: guards against files made to fill the memory.
struct ArchiveLimits {
  std::size_t entry = std::size_t{64} << 20;  ///< bytes of one file
  std::size_t total = std::size_t{4} << 30;   ///< bytes of all files
};

/// A file's name inside the archive (a leading "./" removed) and its content, valid during the call.
using EntryVisitor = std::function<void(std::string_view name, std::span<const std::byte> content)>;

/// Calls `visit` for each regular file in the archive's order; folders and links are passed over.
/// \throws FormatError naming the archive and entry: damaged, truncated, over a limit, an absolute name or
/// one with "..".
void each_entry(const std::filesystem::path& path, const EntryVisitor& visit,
                const ArchiveLimits& limits = {});
void each_entry(std::span<const std::byte> archive, std::string_view name, const EntryVisitor& visit,
                const ArchiveLimits& limits = {});

/// Everything at once, by name. \throws FormatError also for a name that comes twice.
std::map<std::string, Bytes> read_archive(const std::filesystem::path& path,
                                          const ArchiveLimits& limits = {});

}  // namespace ebm::io
