#include "ebm/io/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "ebm/core/error.hpp"

namespace ebm::io {
namespace {

DataError failed(std::string_view what, const std::filesystem::path& path, int code) {
  return DataError(message("[io] cannot ", what, " ", path.string(), ": ", std::strerror(code)));
}

/// An open file that is closed whatever happens.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : number_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }
  /// False, with errno, when what was written did not reach the disk.
  bool close() {
    const int number = number_;
    number_ = -1;
    return number < 0 || ::close(number) == 0;
  }

 private:
  int number_;
};

bool write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto done = ::write(descriptor, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return true;
}

/// In the same folder, so that renaming stays inside one file system; unlike any other writer's.
std::filesystem::path beside(const std::filesystem::path& path) {
  static std::atomic<unsigned> count{0};
  return path.parent_path() / message(".", path.filename().string(), ".", ::getpid(), "-", count++, ".part");
}

}  // namespace

Bytes read_file(const std::filesystem::path& path) {
  Descriptor file(path, O_RDONLY);
  if (!file.is_open()) throw failed("open", path, errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) throw failed("read", path, errno);
  if (S_ISDIR(status.st_mode)) throw failed("read", path, EISDIR);
  Bytes bytes;
  std::size_t used = 0;
  // One byte more than the stated size, so that the end is met without growing; pipes state nothing.
  bytes.resize(static_cast<std::size_t>(status.st_size > 0 ? status.st_size : 0) + 1);
  for (;;) {
    const auto done = ::read(file.number(), bytes.data() + used, bytes.size() - used);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw failed("read", path, errno);
    if (done == 0) break;
    used += static_cast<std::size_t>(done);
    if (used == bytes.size()) bytes.resize(2 * used);
  }
  bytes.resize(used);
  return bytes;
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored) &&
      !std::filesystem::is_directory(path, ignored)) {
    Descriptor device(path, O_WRONLY);
    if (!device.is_open() || !write_all(device.number(), bytes)) throw failed("write", path, errno);
    return;
  }
  const auto target =
      std::filesystem::is_symlink(path, ignored) ? std::filesystem::weakly_canonical(path) : path;
  const auto part = beside(target);
  Descriptor file(part, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) throw failed("write", path, errno);
  if (!write_all(file.number(), bytes) || ::fsync(file.number()) != 0 || !file.close() ||
      ::rename(part.c_str(), target.c_str()) != 0) {
    const int code = errno;
    ::unlink(part.c_str());
    throw failed("write", path, code);
  }
  // The rename itself reaches the disk with the folder; where a folder cannot be flushed the file is still
  // whole.
  Descriptor folder(target.has_parent_path() ? target.parent_path() : ".", O_RDONLY | O_DIRECTORY);
  if (folder.is_open()) ::fsync(folder.number());
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, as_bytes(text));
}

std::filesystem::path find_data(std::string_view name, const std::filesystem::path& given) {
  std::error_code ignored;
  if (!given.empty()) {
    if (std::filesystem::is_directory(given, ignored)) return given;
    throw DataError(
        message("[io] there is no folder ", given.string(), "; give --data the folder of '", name, "'"));
  }
  const char* root = std::getenv("EBM_DATA");
  if (root == nullptr || *root == '\0')
    throw DataError(message("[io] no data: give --data the folder of '", name,
                            "', or set EBM_DATA to the folder that holds '", name, "'"));
  const auto folder = std::filesystem::path(root) / name;
  if (std::filesystem::is_directory(folder, ignored)) return folder;
  throw DataError(
      message("[io] EBM_DATA is ", root, ", which holds no folder '", name, "'; give --data that folder"));
}

}  // namespace ebm::io
