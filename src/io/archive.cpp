#include "ebm/io/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>

#include "format_error.hpp"

namespace ebm::io {
namespace {

struct Free {
  void operator()(archive* a) const { archive_read_free(a); }
};
using Handle = std::unique_ptr<archive, Free>;

Handle start() {
  Handle handle(archive_read_new());
  if (!handle) throw Error("[archive] libarchive cannot start");
  archive_read_support_filter_gzip(handle.get());
  archive_read_support_filter_xz(handle.get());
  archive_read_support_format_tar(handle.get());
  return handle;
}

FormatError damaged(std::string_view name, archive* a) {
  const char* why = archive_error_string(a);
  return at_offset(name, static_cast<std::size_t>(std::max<std::int64_t>(archive_filter_bytes(a, -1), 0)),
                   "this is no whole .tar or .tar.gz archive: ", why ? why : "unknown reason");
}

bool stays_inside(const std::filesystem::path& path) {
  return path.is_relative() && std::ranges::find(path, "..") == path.end();
}

void each(Handle handle, std::string_view name, const EntryVisitor& visit, const ArchiveLimits& limits) {
  archive* a = handle.get();
  std::size_t total = 0;
  Bytes content;
  archive_entry* entry = nullptr;
  for (;;) {
    const int state = archive_read_next_header(a, &entry);
    if (state == ARCHIVE_EOF) return;
    if (state != ARCHIVE_OK && state != ARCHIVE_WARN) throw damaged(name, a);
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) continue;
    // A name that the locale cannot hold is there as UTF-8 only.
    const char* raw = archive_entry_pathname(entry);
    if (raw == nullptr) raw = archive_entry_pathname_utf8(entry);
    const std::string path = raw ? raw : "";
    if (path.empty()) throw FormatError(message(name, ": there is an entry without a name"));
    if (!stays_inside(path))
      throw FormatError(message(name, ": the entry '", path, "' has a name that leads out of the archive"));
    // What the header says of the size is not believed: memory grows with what comes.
    content.clear();
    for (;;) {
      const std::size_t used = content.size();
      content.resize(used + std::max<std::size_t>(used, 1 << 16));
      const la_ssize_t got = archive_read_data(a, content.data() + used, content.size() - used);
      if (got < 0) throw damaged(name, a);
      content.resize(used + static_cast<std::size_t>(got));
      if (content.size() > limits.entry)
        throw FormatError(
            message(name, ": the entry '", path, "' is over the limit of ", limits.entry, " bytes"));
      if (total + content.size() > limits.total)
        throw FormatError(message(name, ": with the entry '", path, "' the archive holds more than ",
                                  limits.total, " bytes"));
      if (got == 0) break;
    }
    total += content.size();
    visit(path.starts_with("./") ? std::string_view(path).substr(2) : std::string_view(path), content);
  }
}

}  // namespace

void each_entry(const std::filesystem::path& path, const EntryVisitor& visit, const ArchiveLimits& limits) {
  constexpr std::size_t kBlock = 1 << 16;
  Handle handle = start();
  if (archive_read_open_filename(handle.get(), path.c_str(), kBlock) != ARCHIVE_OK)
    throw damaged(path.string(), handle.get());
  each(std::move(handle), path.string(), visit, limits);
}

void each_entry(std::span<const std::byte> bytes, std::string_view name, const EntryVisitor& visit,
                const ArchiveLimits& limits) {
  Handle handle = start();
  if (archive_read_open_memory(handle.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    throw damaged(name, handle.get());
  each(std::move(handle), name, visit, limits);
}

std::map<std::string, Bytes> read_archive(const std::filesystem::path& path, const ArchiveLimits& limits) {
  std::map<std::string, Bytes> out;
  each_entry(
      path,
      [&](std::string_view name, std::span<const std::byte> content) {
        if (!out.emplace(name, Bytes(content.begin(), content.end())).second)
          throw FormatError(message(path.string(), ": the entry '", name, "' comes twice"));
      },
      limits);
  return out;
}

}  // namespace ebm::io
