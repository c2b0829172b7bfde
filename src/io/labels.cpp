#include "ebm/io/labels.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "format_error.hpp"

namespace ebm::io {
namespace {

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> out;
  for (std::size_t begin = 0;;) {
    const std::size_t tab = line.find('\t', begin);
    out.emplace_back(line.substr(begin, tab - begin));
    if (tab == line.npos) return out;
    begin = tab + 1;
  }
}

bool is_inside(std::string_view file) {
  const std::filesystem::path path(file);
  return path.is_relative() && std::ranges::find(path, "..") == path.end();
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::vector<std::string> header(std::string_view line, int number, std::string_view name) {
  if (line.starts_with('#')) line.remove_prefix(1);
  std::vector<std::string> columns = split(line);
  std::set<std::string> seen;
  for (std::string& column : columns) {
    // "# file" is as good as "#file".
    column.erase(0, column.find_first_not_of(' '));
    column.erase(column.find_last_not_of(' ') + 1);
    if (!seen.insert(column).second)
      throw at_line(name, static_cast<std::size_t>(number), "the column '", column,
                    "' comes twice in the header");
  }
  for (const char* needed : {"file", "amount"})
    if (std::ranges::find(columns, needed) == columns.end())
      throw at_line(name, static_cast<std::size_t>(number), "the header has no column '", needed,
                    "'; it must name 'file' and 'amount', separated by tabs");
  return columns;
}

}  // namespace

int LabelTable::column(std::string_view title) const {
  const auto it = std::ranges::find(columns, title);
  return it == columns.end() ? -1 : static_cast<int>(it - columns.begin());
}

LabelTable parse_labels(std::string_view text, std::string_view name) {
  LabelTable out;
  out.name = name;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::unordered_map<std::string, int> seen;  // file name to line
  std::size_t file = 0;
  int number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    const auto at = static_cast<std::size_t>(number);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (out.columns.empty()) {
      out.columns = header(line, number, name);
      file = static_cast<std::size_t>(out.column("file"));
      continue;
    }
    std::vector<std::string> fields = split(line);
    if (fields.size() != out.columns.size())
      throw at_line(name, at, "the row has ", fields.size(), " fields, the header names ",
                    out.columns.size());
    const std::string& image = fields[file];
    if (image.empty()) throw at_line(name, at, "the file name is empty");
    if (has_control(image) || !is_inside(image))
      throw at_line(
          name, at,
          "the file name must stay inside the folder: no control characters, no leading '/', no '..'");
    if (const auto [it, fresh] = seen.emplace(image, number); !fresh)
      throw at_line(name, at, "the file '", image, "' was already named on line ", it->second);
    out.rows.push_back({number, std::move(fields)});
  }
  if (out.columns.empty())
    throw at_line(name, 1, "the label file is empty; its header must name 'file' and 'amount'");
  if (out.rows.empty())
    throw at_line(name, static_cast<std::size_t>(number), "the label file has a header and no row");
  return out;
}

}  // namespace ebm::io
