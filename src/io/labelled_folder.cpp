#include <algorithm>
#include <map>
#include <utility>

#include "ebm/core/error.hpp"
#include "ebm/io/archive.hpp"
#include "ebm/io/labels.hpp"

namespace ebm::io {
namespace {

constexpr std::size_t kNamed = 5;  // of the missing images, in a message

using Missing = std::map<std::string, std::size_t, std::less<>>;  // file name to index of the image

std::vector<std::filesystem::path> archives(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().ends_with(".tar.gz")) out.push_back(entry.path());
  return out;
}

/// Images that are not beside the labels, from the folder's archive; those found are taken off the list.
void read_packed(const std::filesystem::path& folder, Missing& missing, std::vector<LabelledImage>& images) {
  const auto packed = archives(folder);
  if (packed.empty()) return;
  if (packed.size() > 1)
    throw DataError(message("[labels] ", folder.string(), " holds ", packed.size(),
                            " .tar.gz archives and it is not clear which has the images; keep one"));
  each_entry(packed.front(), [&](std::string_view name, std::span<const std::byte> content) {
    const auto it = missing.find(name);
    if (it == missing.end()) return;
    images[it->second].image = decode_image(content, message(packed.front().string(), "(", name, ")"));
    missing.erase(it);
  });
}

LabelTable read_labels(const std::filesystem::path& labels) {
  constexpr std::size_t kMost = std::size_t{1} << 30;
  return parse_labels(as_text(read_file(labels, kMost)), labels.string());
}

}  // namespace

std::vector<std::filesystem::path> labelled_folder_files(const std::filesystem::path& folder) {
  std::error_code ignored;
  const auto labels = folder / "labels.tsv";
  if (!std::filesystem::exists(labels, ignored)) return {};
  std::vector<std::filesystem::path> out = archives(folder);
  out.push_back(labels);
  const LabelTable table = read_labels(labels);
  const auto file = static_cast<std::size_t>(table.column("file"));
  for (const LabelTable::Row& row : table.rows) out.push_back(folder / row.fields[file]);
  return out;
}

LabelledFolder read_labelled_folder(const std::filesystem::path& folder, const std::vector<int>& parts) {
  const auto labels = folder / "labels.tsv";
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    throw DataError(message("[labels] there is no folder ", folder.string()));
  if (!std::filesystem::exists(labels, ignored))
    throw DataError(message(
        "[labels] ", folder.string(),
        " has no labels.tsv; it must name a 'file' and an 'amount' on each line, separated by a tab"));
  for (const int part : parts)
    if (part < 0 || part >= kParts)
      throw DataError(message("[labels] there is no part ", part, "; parts are 0 to ", kParts - 1));

  LabelledFolder out{folder, read_labels(labels), {}};
  const auto file = static_cast<std::size_t>(out.table.column("file"));
  const auto amount = static_cast<std::size_t>(out.table.column("amount"));
  Missing missing;
  for (std::size_t row = 0; row < out.table.rows.size(); ++row) {
    const auto& fields = out.table.rows[row].fields;
    if (!parts.empty() && std::ranges::find(parts, part_of(fields[file])) == parts.end()) continue;
    LabelledImage image{fields[file], fields[amount], {}, static_cast<int>(row)};
    if (const auto path = folder / image.file; std::filesystem::exists(path, ignored))
      image.image = read_image(path);
    else
      missing.emplace(image.file, out.images.size());
    out.images.push_back(std::move(image));
  }
  if (!missing.empty()) read_packed(folder, missing, out.images);
  if (!missing.empty()) {
    std::string named;
    std::size_t left = kNamed;
    for (const auto& [name, index] : missing) {
      if (left-- == 0) break;
      named += message(named.empty() ? "" : ", ", name, " (line ",
                       out.table.rows[static_cast<std::size_t>(out.images[index].row)].line, ")");
    }
    throw DataError(message(labels.string(), ": ", missing.size(),
                            missing.size() == 1 ? " image is" : " images are",
                            " neither beside it nor in a .tar.gz archive there: ", named,
                            missing.size() > kNamed ? ", ..." : ""));
  }
  return out;
}

}  // namespace ebm::io
