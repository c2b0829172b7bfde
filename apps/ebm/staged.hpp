#pragma once
// A set of made files that replaces an earlier one whole or not at all.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace ebm::app {

// "PREFIX000012ENDING": named as file i of a made set is.
bool is_numbered(std::string_view name, std::string_view prefix, std::string_view ending);

// The new set grows in a folder of its own inside OUT, `.NAME.part`. Until it is complete the old one stays
// as it was, and what a killed run leaves is removed by the next.
class Staged {
 public:
  using Made = std::function<bool(const std::string& name)>;
  // `table` describes the files of the set, for which `made` holds. Throws DataError when OUT cannot be made.
  Staged(const std::filesystem::path& out, const std::string& name, std::string table, Made made);
  ~Staged();
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return part_ / name; }
  // The old table goes first and the new one comes last, so that a folder with a table is whole.
  void take_place() const;

 private:
  std::filesystem::path out_, part_;
  std::string name_, table_;
  Made made_;
  bool new_ = false;
};

}  // namespace ebm::app
