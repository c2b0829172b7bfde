/// \file
/// Any text as a label file: read or refused; every row that is read fits the header.

#include "ebm/io/labels.hpp"
#include "ebm/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    const auto table = ebm::io::parse_labels(ebm::io::as_text(std::as_bytes(std::span(data, size))), "input");
    for (const auto& row : table.rows)
      if (row.fields.size() != table.columns.size()) __builtin_trap();
  } catch (const ebm::FormatError&) {
  }
  return 0;
}
