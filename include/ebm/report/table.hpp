#pragma once
/// \file
/// A table of text: aligned columns on a terminal, or a table of a page. Columns of numbers are set to the
/// right.

#include <string>
#include <utility>
#include <vector>

namespace ebm::report {

class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}

  /// \throws ShapeError when the number of cells is not that of the header.
  Table& row(std::vector<std::string> cells);

  const std::vector<std::string>& header() const { return header_; }
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  /// Whether every cell of the column that is not empty or a dash is a number, maybe with a unit of a few
  /// letters.
  bool is_numeric(std::size_t column) const;
  /// One line per row, ending in a newline; widths count code points of UTF-8.
  std::string text() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ebm::report
