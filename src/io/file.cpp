#include "ebm/io/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <deque>
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
  Descriptor() = default;
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  /// In the place of what was open. False, with errno, when it cannot be.
  bool open(const std::filesystem::path& path, int flags) {
    close();
    number_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    return is_open();
  }
  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }
  /// False, with errno, when what was written did not reach the disk.
  bool close() {
    const int number = number_;
    number_ = -1;
    return number < 0 || ::close(number) == 0;
  }

 private:
  int number_ = -1;
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

/// Names of the parts now being written, where a signal handler finds them. Files written at once beyond this
/// number are not listed: their parts wait for the next writer.
struct Listed {
  enum : int { unused, changing, listed };
  std::atomic<int> state{unused};
  std::array<char, PATH_MAX> name{};
};
std::array<Listed, 32> listed_parts;

Listed* list(const std::filesystem::path& part) {
  if (part.native().size() >= PATH_MAX) return nullptr;
  for (Listed& l : listed_parts) {
    int expected = Listed::unused;
    if (!l.state.compare_exchange_strong(expected, Listed::changing)) continue;
    std::memcpy(l.name.data(), part.c_str(), part.native().size() + 1);
    l.state = Listed::listed;
    return &l;
  }
  return nullptr;
}

/// What will be the new content of a file. It lies in the same folder, so that renaming stays inside one file
/// system, and is locked, so that of two writers of one file the second waits. A device is written directly.
class Part {
 public:
  explicit Part(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    const auto status = std::filesystem::status(path_, error);
    if (error && status.type() != std::filesystem::file_type::not_found)
      throw failed("write", path_, error.value());
    if (std::filesystem::is_directory(status)) throw failed("write", path_, EISDIR);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      if (!file_.open(path_, O_WRONLY)) throw failed("write", path_, errno);
      return;
    }
    std::error_code ignored;
    target_ = std::filesystem::is_symlink(path_, ignored) ? std::filesystem::weakly_canonical(path_) : path_;
    part_ = target_.parent_path() / message(".", target_.filename().string(), ".part");
    if (!lock()) throw failed("write", path_, errno);
    listed_ = list(part_);
  }
  ~Part() {
    if (!part_.empty() && file_.is_open()) ::unlink(part_.c_str());
    if (listed_ != nullptr) listed_->state = Listed::unused;
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  /// A device waits until the others are safe.
  void prepare(std::span<const std::byte> bytes) {
    if (part_.empty()) return;
    if (!write_all(file_.number(), bytes) || ::fsync(file_.number()) != 0)
      throw failed("write", path_, errno);
  }
  void finish(std::span<const std::byte> bytes) {
    if (part_.empty()) {
      if (!write_all(file_.number(), bytes)) throw failed("write", path_, errno);
      return;
    }
    if (::rename(part_.c_str(), target_.c_str()) != 0) throw failed("write", path_, errno);
    if (!file_.close()) throw failed("write", path_, errno);
    // The rename itself reaches the disk with the folder; where a folder cannot be flushed the file is still
    // whole.
    Descriptor folder;
    if (folder.open(target_.has_parent_path() ? target_.parent_path() : ".", O_RDONLY | O_DIRECTORY))
      ::fsync(folder.number());
  }

 private:
  // Empty and ours alone. The writer before may have renamed or removed the file while we waited for its
  // lock.
  bool lock() {
    for (;;) {
      if (!file_.open(part_, O_WRONLY | O_CREAT | O_NOFOLLOW)) return false;
      while (::flock(file_.number(), LOCK_EX) != 0)
        if (errno != EINTR) break;  // a file system without locks
      struct stat ours {
      }, there{};
      if (::fstat(file_.number(), &ours) != 0) return false;
      if (::lstat(part_.c_str(), &there) == 0 && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
        return ::ftruncate(file_.number(), 0) == 0;
    }
  }

  std::filesystem::path path_, target_, part_;
  Descriptor file_;
  Listed* listed_ = nullptr;
};

}  // namespace

Bytes read_file(const std::filesystem::path& path, std::size_t limit) {
  Descriptor file;
  if (!file.open(path, O_RDONLY)) throw failed("open", path, errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) throw failed("read", path, errno);
  if (S_ISDIR(status.st_mode)) throw failed("read", path, EISDIR);
  if (!S_ISREG(status.st_mode)) limit = std::min(limit, kMostStreamed);
  const auto stated = static_cast<std::size_t>(status.st_size > 0 ? status.st_size : 0);
  const auto too_long = [&] {
    return DataError(message("[io] ", path.string(), " holds more than ", limit,
                             " bytes, the most that such a file may have; give another file"));
  };
  if (stated > limit) throw too_long();
  Bytes bytes;
  std::size_t used = 0;
  // One byte more than the stated size, so that the end is met without growing; pipes state nothing.
  bytes.resize(stated + 1);
  for (;;) {
    const auto done = ::read(file.number(), bytes.data() + used, bytes.size() - used);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw failed("read", path, errno);
    if (done == 0) break;
    used += static_cast<std::size_t>(done);
    if (used > limit) throw too_long();
    if (used == bytes.size()) bytes.resize(std::min(2 * used, limit + 1));
  }
  bytes.resize(used);
  return bytes;
}

Bytes read_regular_file(const std::filesystem::path& path, std::size_t limit) {
  std::error_code error;  // what is not there is told by read_file
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
      !std::filesystem::is_directory(status))
    throw DataError(message("[io] ", path.string(), " is a pipe or a device; give a file"));
  return read_file(path, limit);
}

void write_files(std::span<const NewFile> files) {
  std::error_code ignored;
  for (std::size_t i = 0; i < files.size(); ++i)  // a part would wait for itself
    for (std::size_t k = 0; k < i; ++k)
      if (files[k].path == files[i].path ||
          std::filesystem::equivalent(files[k].path, files[i].path, ignored))
        throw DataError(message("[io] ", files[k].path.string(), " and ", files[i].path.string(),
                                " are the same file; name two"));
  std::deque<Part> parts;
  for (const NewFile& f : files) parts.emplace_back(f.path);
  for (std::size_t i = 0; i < files.size(); ++i) parts[i].prepare(files[i].bytes);
  for (std::size_t i = 0; i < files.size(); ++i) parts[i].finish(files[i].bytes);
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const NewFile file{path, bytes};
  write_files({&file, 1});
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, as_bytes(text));
}

void check_writable(const std::filesystem::path& path) { const Part part(path); }

void remove_unfinished() noexcept {
  for (const Listed& l : listed_parts)
    if (l.state == Listed::listed) ::unlink(l.name.data());
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
