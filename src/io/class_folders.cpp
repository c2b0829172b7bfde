#include "ebm/io/class_folders.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "ebm/core/error.hpp"
#include "ebm/io/archive.hpp"

namespace ebm::io {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// Runs of digits are compared as numbers, so that people need not write leading zeros.
struct ByNumber {
  bool operator()(std::string_view a, std::string_view b) const {
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
      if (!digit(a[i]) || !digit(b[j])) {
        if (a[i] != b[j]) return a[i] < b[j];
        ++i, ++j;
        continue;
      }
      const auto number = [](std::string_view text, std::size_t& at) {
        while (at < text.size() && text[at] == '0') ++at;
        const std::size_t first = at;
        while (at < text.size() && digit(text[at])) ++at;
        return text.substr(first, at - first);
      };
      const std::string_view x = number(a, i), y = number(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    }
    if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
    return a < b;
  }
};

bool is_image(std::string_view file) {
  const auto dot = file.rfind('.');
  std::string ending(dot == std::string_view::npos ? "" : file.substr(dot));
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending == ".pgm" || ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

// What has been found of one folder; files in the order of their numbers.
struct Found {
  std::map<std::string, Image, ByNumber> images;
};
using Classes = std::map<std::string, Found, ByNumber>;

void add(Classes& classes, ClassFolders& out, const std::string& folder, const std::string& file,
         std::span<const std::byte> bytes) {
  Found& found = classes[folder];
  try {
    Image image = decode_image(bytes, folder + "/" + file);
    if (image.width < 1 || image.height < 1) throw DataError("has no pixel");
    found.images.emplace(file, std::move(image));
  } catch (const DataError& e) {
    const std::string name = folder + "/" + file, what = e.what();
    out.skipped.push_back(what.find(name) != std::string::npos ? what : name + ": " + what);
  }
}

void read_archive_classes(const std::filesystem::path& path, Classes& classes, ClassFolders& out) {
  each_entry(path, [&](std::string_view name, std::span<const std::byte> content) {
    const auto slash = name.rfind('/');
    if (slash == std::string_view::npos || !is_image(name)) return;
    std::string_view folder = name.substr(0, slash);
    folder = folder.substr(folder.rfind('/') + 1);  // npos + 1 is 0
    add(classes, out, std::string(folder), std::string(name.substr(slash + 1)), content);
  });
}

// \throws DataError for a folder that cannot be listed: to pass over a person would be to judge on other
// data.
std::vector<std::filesystem::directory_entry> entries_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::directory_entry> out;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    out.push_back(*at);
  if (error)
    throw DataError(message("[images] the folder ", folder.string(), " cannot be listed: ", error.message(),
                            "; make it readable or move it away"));
  return out;
}

bool is_file(const std::filesystem::directory_entry& entry) {
  std::error_code unreadable;
  return entry.is_regular_file(unreadable);
}

std::vector<std::filesystem::path> folders_in(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> out;
  std::error_code unreadable;
  for (const auto& entry : entries_of(path))
    if (entry.is_directory(unreadable) && !entry.path().filename().string().starts_with('.'))
      out.push_back(entry.path());
  return out;
}

bool holds_image(const std::filesystem::path& folder) {
  return std::ranges::any_of(entries_of(folder), [](const auto& entry) {
    return is_file(entry) && is_image(entry.path().filename().string());
  });
}

void read_folder_classes(const std::filesystem::path& path, Classes& classes, ClassFolders& out) {
  std::vector<std::filesystem::path> folders = folders_in(path);
  if (folders.size() == 1 && !holds_image(folders[0]) && !folders_in(folders[0]).empty())
    folders = folders_in(folders[0]);
  for (const std::filesystem::path& folder : folders) {
    const std::string name = folder.filename().string();
    classes[name];
    for (const auto& entry : entries_of(folder)) {
      const std::string file = entry.path().filename().string();
      if (!is_file(entry) || !is_image(file)) continue;
      try {
        add(classes, out, name, file, read_file(entry.path()));
      } catch (const DataError& e) {
        out.skipped.push_back(e.what());
      }
    }
  }
}

}  // namespace

ClassFolders read_class_folders(const std::filesystem::path& path) {
  ClassFolders out{path, {}, {}, {}, {}};
  Classes classes;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) {
    read_archive_classes(path, classes, out);
  } else if (!std::filesystem::is_directory(path, ignored)) {
    throw DataError(message("[images] there is no folder or archive ", path.string()));
  } else if (folders_in(path).empty()) {
    std::vector<std::filesystem::path> archives;
    for (const auto& entry : entries_of(path))
      if (entry.path().filename().string().ends_with(".tar.gz")) archives.push_back(entry.path());
    if (archives.size() != 1)
      throw DataError(
          message("[images] ", path.string(), " holds no folder and ", archives.size(),
                  " .tar.gz archives; a folder for each person is needed, or one archive of them"));
    read_archive_classes(archives[0], classes, out);
  } else {
    read_folder_classes(path, classes, out);
  }
  for (auto& [name, found] : classes) {
    if (found.images.empty()) {
      out.empty.push_back(name);
      continue;
    }
    for (auto& [file, image] : found.images)
      out.images.push_back({name + "/" + file, static_cast<int>(out.classes.size()), std::move(image)});
    out.classes.push_back(name);
  }
  std::ranges::sort(out.skipped);
  if (out.images.empty())
    throw DataError(message("[images] ", path.string(), ": no PGM or PNG image can be read there",
                            out.skipped.empty() ? "" : "; the first that failed: ",
                            out.skipped.empty() ? "" : out.skipped.front()));
  return out;
}

}  // namespace ebm::io
