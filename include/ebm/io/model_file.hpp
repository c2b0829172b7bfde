#pragma once
/// \file
/// A trained model in one safetensors file: its weights, and in the metadata its kind, format version,
/// configuration and whatever else it wants to remember. A file of another kind is refused by name.

#include "ebm/core/params.hpp"
#include "ebm/io/safetensors.hpp"

namespace ebm::io {

struct ModelInfo {
  std::string kind;           ///< e.g. "check_reader"
  int version = 1;            ///< of the configuration's format, counted by each kind
  std::string config = "{}";  ///< JSON from which the model is built again
  Metadata notes;             ///< anything else, as text; names must not be those of the fields above
};

inline namespace EBM_PRECISION {

struct ModelFile {
  std::string name;  ///< of the file, for messages
  ModelInfo info;
  std::map<std::string, Tensor> blocks;
};

/// Written whole or not at all.
void save_model(const std::filesystem::path& path, const ModelInfo& info, const Params& params);

/// Any kind: to ask a file what it is. \throws FormatError when it is no model file.
ModelFile read_model(const std::filesystem::path& path);
/// \throws DataError when the file holds another kind, or a version above `newest`.
ModelFile load_model(const std::filesystem::path& path, std::string_view kind, int newest = 1);

/// Copies the blocks into those of the same name. \throws DataError naming the first block that is missing in
/// the file, has another shape, is unknown to `params`, or holds a number that is not finite.
void load_params(const ModelFile& file, Params& params);

}  // namespace EBM_PRECISION
}  // namespace ebm::io
