#pragma once
/// \file
/// Labelled images: a folder with `labels.tsv`, and the PGM or PNG images beside it or in one .tar.gz.

#include <string>
#include <string_view>
#include <vector>

#include "ebm/core/hash.hpp"
#include "ebm/io/file.hpp"
#include "ebm/io/image.hpp"

namespace ebm::io {

/// A table of text separated by tabs. Its first line names the columns, at least `file` and `amount`; a '#'
/// in front of it is ignored, and so are empty lines and the CR of CR LF.
struct LabelTable {
  struct Row {
    int line = 0;                     ///< in the file, from 1
    std::vector<std::string> fields;  ///< one per column
  };
  std::string name;  ///< of the file, for messages
  std::vector<std::string> columns;
  std::vector<Row> rows;

  /// Index of a column by name, -1 when there is none.
  int column(std::string_view title) const;
};

/// \throws FormatError "NAME:LINE: ...": no row, a missing or repeated column, a row of another length, a
/// file name that is empty, repeated, absolute or leaves the folder.
LabelTable parse_labels(std::string_view text, std::string_view name);

struct LabelledImage {
  std::string file;
  std::string amount;  ///< the label, byte for byte
  Image image;
  int row = 0;  ///< of the table: other columns are table.rows[row].fields[table.column("boxes")]
};

struct LabelledFolder {
  std::filesystem::path path;
  LabelTable table;                   ///< all rows
  std::vector<LabelledImage> images;  ///< of the wanted parts, in the order of the rows
};

/// Parts into which any such folder is cut by file name, so that everybody judges on the same fields.
inline constexpr int kParts = 4;
/// FNV-1a of the name as it stands in the label file, modulo 4.
constexpr int part_of(std::string_view file) { return static_cast<int>(fnv1a(file) % kParts); }

/// \param parts to read, each in [0, 4); none given means all.
/// \throws DataError for a folder without labels, missing images (the first ones named) or several archives;
/// FormatError for labels or images that cannot be read, naming file and place.
LabelledFolder read_labelled_folder(const std::filesystem::path& folder, const std::vector<int>& parts = {});

/// Every file that read_labelled_folder may read there, whether it exists or not; none for a folder without
/// labels. \throws FormatError for labels that cannot be read.
std::vector<std::filesystem::path> labelled_folder_files(const std::filesystem::path& folder);

}  // namespace ebm::io
