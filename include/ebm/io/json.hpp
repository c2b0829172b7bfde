#pragma once
/// \file
/// JSON (RFC 8259) as configuration: checked text, and an object whose fields are read by name with errors
/// that say which file and field. The JSON library itself stays inside the .cpp files.

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/core/real.hpp"
#include "ebm/io/file.hpp"

namespace ebm::io {

/// One value and nothing else; objects without repeated names; at most 64 levels deep.
/// \throws FormatError "NAME:LINE: ..." for anything else.
void check_json(std::string_view text, std::string_view name);

/// The text of a file, checked.
std::string read_json(const std::filesystem::path& path);

/// The fields of one JSON object. Every reader throws FormatError "NAME: field 'KEY' ..." when the field is
/// missing, of another type or out of range.
class JsonObject {
 public:
  /// \throws FormatError as check_json does, and when the value is no object.
  JsonObject(std::string_view text, std::string_view name);

  bool has(std::string_view key) const;
  double number(std::string_view key, double low = -kInf, double high = kInf) const;
  int integer(std::string_view key, int low = std::numeric_limits<int>::min(),
              int high = std::numeric_limits<int>::max()) const;
  /// A whole number from 0 of 64 bits, as a seed is.
  std::uint64_t natural(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::string text(std::string_view key) const;
  std::vector<double> numbers(std::string_view key) const;
  /// "inf" and null are +inf.
  double energy(std::string_view key) const;
  std::vector<double> energies(std::string_view key) const;
  std::vector<int> integers(std::string_view key, int low, int high) const;
  std::vector<std::string> texts(std::string_view key) const;
  JsonObject object(std::string_view key) const;
  std::vector<JsonObject> objects(std::string_view key) const;
  /// Refuses every other field, so that a misspelt option is not silently ignored.
  void only(std::initializer_list<std::string_view> keys) const;

 private:
  struct Value;
  JsonObject(std::shared_ptr<const Value> value, std::string name);
  std::shared_ptr<const Value> value_;
  std::string name_;
};

}  // namespace ebm::io
