#include "staged.hpp"

#include <vector>

#include "ebm/core/error.hpp"

namespace ebm::app {

namespace fs = std::filesystem;

bool is_numbered(std::string_view name, std::string_view prefix, std::string_view ending) {
  return name.starts_with(prefix) && name.ends_with(ending) &&
         name.find_first_not_of("0123456789", prefix.size()) == name.size() - ending.size();
}

Staged::Staged(const fs::path& out, const std::string& name, std::string table, Made made)
    : out_(out),
      part_(out / ("." + name + ".part")),
      name_(name),
      table_(std::move(table)),
      made_(std::move(made)) {
  std::error_code error;
  new_ = fs::create_directories(out_, error);
  if (!error) fs::remove_all(part_, error);
  if (!error) fs::create_directory(part_, error);
  if (error) throw DataError(out_.string() + ": cannot make this folder: " + error.message());
}

Staged::~Staged() {
  std::error_code ignored;
  fs::remove_all(part_, ignored);
  if (new_) fs::remove(out_, ignored);  // only when it is empty
}

void Staged::take_place() const {
  const auto made_in = [&](const fs::path& folder) {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(folder))
      if (made_(entry.path().filename())) out.push_back(entry.path());
    return out;
  };
  try {
    fs::remove(out_ / table_);
    for (const fs::path& file : made_in(out_)) fs::remove(file);
    for (const fs::path& file : made_in(part_)) fs::rename(file, out_ / file.filename());
    fs::rename(part_ / table_, out_ / table_);
  } catch (const fs::filesystem_error& e) {
    throw DataError(out_.string() + ": the " + name_ + " cannot be put there: " + e.code().message());
  }
}

}  // namespace ebm::app
