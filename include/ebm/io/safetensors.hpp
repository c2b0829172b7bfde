#pragma once
/// \file
/// Named tensors and text in one file, in the safetensors format: a little-endian 64-bit header length, a
/// JSON header
/// {"name": {"dtype", "shape", "data_offsets"}, .., "__metadata__": {text: text}}, then the numbers,
/// little-endian, without holes. Written as F32, or as F64 by a double build; either build reads both.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "ebm/core/tensor.hpp"
#include "ebm/io/file.hpp"

namespace ebm::io {

using Metadata = std::map<std::string, std::string>;

inline namespace EBM_PRECISION {

struct NamedView {
  std::string name;
  ConstView view;
};

struct Weights {
  Metadata metadata;
  std::map<std::string, Tensor> tensors;
};

/// The same bytes for the same tensors. \throws DataError for a repeated name, or the name "__metadata__".
Bytes encode_safetensors(std::span<const NamedView> tensors, const Metadata& metadata = {});
/// Written whole or not at all.
void write_safetensors(const std::filesystem::path& path, std::span<const NamedView> tensors,
                       const Metadata& metadata = {});

/// Checks everything before it allocates. \param name for messages.
/// \throws FormatError with the offset: a header that lies about its length, is no JSON or repeats a name; a
/// type other than F32 and F64; more than five axes; sizes that do not fit the offsets; offsets that overlap,
/// leave holes or bytes.
Weights decode_safetensors(std::span<const std::byte> bytes, std::string_view name);
Weights read_safetensors(const std::filesystem::path& path);

}  // namespace EBM_PRECISION
}  // namespace ebm::io
