#include "ebm/report/table.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "ebm/core/error.hpp"

namespace ebm::report {
namespace {

bool is_dash(std::string_view cell) { return cell.empty() || cell == "-" || cell == "\u2013"; }

/// "12", "-3.5e-4", "1,234", "98.2 %", "0.7 ns", "3:20".
bool is_number(std::string_view cell) {
  std::string digits;
  std::ranges::remove_copy_if(cell, std::back_inserter(digits),
                              [](char c) { return c == ',' || c == ':' || c == '+'; });
  double value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(digits.data() + digits.size() - end));
  return code == std::errc{} && unit.size() <= 6;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

Table& Table::row(std::vector<std::string> cells) {
  if (cells.size() != header_.size())
    throw ShapeError(message("[table] a row has ", cells.size(), " cells, the header has ", header_.size()));
  rows_.push_back(std::move(cells));
  return *this;
}

bool Table::is_numeric(std::size_t column) const {
  return !rows_.empty() && std::ranges::all_of(rows_, [&](const auto& row) {
    return is_dash(row[column]) || is_number(row[column]);
  });
}

std::string Table::text() const {
  const std::size_t columns = header_.size();
  std::vector<std::size_t> widths(columns);
  std::vector<bool> right(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    widths[c] = width(header_[c]);
    for (const auto& row : rows_) widths[c] = std::max(widths[c], width(row[c]));
    right[c] = is_numeric(c);
  }
  std::string out;
  const auto add = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t c = 0; c < columns; ++c) {
      const std::string space(widths[c] - width(cells[c]), ' ');
      line += (c ? "  " : "") + (right[c] ? space + cells[c] : cells[c] + space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add(header_);
  std::vector<std::string> rule;
  for (const std::size_t w : widths) rule.emplace_back(w, '-');
  add(rule);
  for (const auto& row : rows_) add(row);
  return out;
}

}  // namespace ebm::report
