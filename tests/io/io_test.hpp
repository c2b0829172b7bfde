#pragma once
/// \file
/// What the tests of this room share: a folder that vanishes, the text of an error, and inputs made worse in
/// every way.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ebm/core/error.hpp"
#include "ebm/io/file.hpp"

namespace ebm::io {

/// Removed with everything in it at the end of the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ebm-io-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw Error("no temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

/// What `call` throws as an E; "" with a failure when it does not.
template <class E = FormatError, class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const E& e) {
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

/// Every shorter version of `bytes` must be refused with the file's name, and never anything worse.
template <class Decode>
void expect_refused_at_every_length(std::span<const std::byte> bytes, const Decode& decode) {
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    // A copy of its own, so that a sanitizer sees one byte read too many.
    const Bytes shorter(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    try {
      decode(shorter);
      ADD_FAILURE() << "the first " << length << " of " << bytes.size() << " bytes were taken";
    } catch (const FormatError& e) {
      EXPECT_EQ(std::string(e.what()).rfind("FILE:", 0), 0u) << e.what();
    }
  }
}

/// With any one byte changed, the input is read or refused; nothing else may happen.
template <class Decode>
void expect_safe_with_any_byte_changed(std::span<const std::byte> bytes, const Decode& decode) {
  Bytes changed(bytes.begin(), bytes.end());
  for (std::size_t i = 0; i < changed.size(); ++i)
    for (const int flip : {0x01, 0x80, 0xff}) {
      changed[i] ^= static_cast<std::byte>(flip);
      try {
        decode(changed);
      } catch (const DataError&) {
      }
      changed[i] ^= static_cast<std::byte>(flip);
    }
}

inline Bytes bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

/// The folder of real data `name`, empty when there is none.
inline std::filesystem::path real_data(std::string_view name) {
  const char* root = std::getenv("EBM_DATA");
  const auto folder =
      (root ? std::filesystem::path(root) : std::filesystem::path(EBM_SOURCE_DIR) / "../shared/data") / name;
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

}  // namespace ebm::io
