#include "ebm/io/model_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ebm/core/error.hpp"

namespace ebm::io {
namespace {

constexpr const char* kKind = "kind";
constexpr const char* kVersion = "format_version";
constexpr const char* kConfig = "config";

/// Takes a text out of the metadata.
std::string take(Metadata& metadata, const char* key, std::string_view name) {
  auto found = metadata.extract(key);
  if (!found)
    throw FormatError(message(name, ": offset 8: this is no model file: its metadata has no '", key, "'"));
  return std::move(found.mapped());
}

int parse_version(std::string_view text, std::string_view name) {
  int version = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (code != std::errc{} || end != text.data() + text.size() || version < 1)
    throw FormatError(
        message(name, ": offset 8: the ", kVersion, " is '", text, "', a number from 1 is needed"));
  return version;
}

}  // namespace

inline namespace EBM_PRECISION {

void save_model(const std::filesystem::path& path, const ModelInfo& info, const Params& params) {
  Metadata metadata = info.notes;
  for (const auto& [key, text] : {std::pair<std::string, std::string>{kKind, info.kind},
                                  {kVersion, std::to_string(info.version)},
                                  {kConfig, info.config}})
    if (!metadata.emplace(key, text).second)
      throw DataError(message("[model] a note must not be named '", key, "'"));
  std::vector<NamedView> tensors;
  for (int i = 0; i < static_cast<int>(params.blocks().size()); ++i)
    tensors.push_back({params.block({i}).name, params.view(Param{i})});
  write_safetensors(path, tensors, metadata);
}

ModelFile read_model(const std::filesystem::path& path) {
  Weights weights = read_safetensors(path);
  ModelFile out;
  out.name = path.string();
  out.info.kind = take(weights.metadata, kKind, out.name);
  out.info.version = parse_version(take(weights.metadata, kVersion, out.name), out.name);
  out.info.config = take(weights.metadata, kConfig, out.name);
  out.info.notes = std::move(weights.metadata);
  out.blocks = std::move(weights.tensors);
  return out;
}

ModelFile load_model(const std::filesystem::path& path, std::string_view kind, int newest) {
  ModelFile out = read_model(path);
  if (out.info.kind != kind)
    throw DataError(message(out.name, " holds a '", out.info.kind, "' model, a '", kind, "' is needed"));
  if (out.info.version > newest)
    throw DataError(message(out.name, " has format version ", out.info.version, ", this program reads up to ",
                            newest, "; use a newer one"));
  return out;
}

void load_params(const ModelFile& file, Params& params) {
  // All is checked before the first number changes.
  for (const Params::Block& block : params.blocks()) {
    const auto it = file.blocks.find(block.name);
    if (it == file.blocks.end())
      throw DataError(message(file.name, ": the block '", block.name, "' is missing"));
    if (it->second.shape() != block.shape)
      throw DataError(message(file.name, ": the block '", block.name, "' is ", it->second.shape(), ", ",
                              block.shape, " is needed"));
  }
  for (const auto& [name, tensor] : file.blocks) {
    if (params.find(name).index < 0)
      throw DataError(message(file.name, ": the block '", name, "' is unknown to this model"));
    const auto bad = std::ranges::find_if_not(tensor.span(), [](Real x) { return std::isfinite(x); });
    if (bad != tensor.span().end())
      throw DataError(message(file.name, ": number ", bad - tensor.span().begin(), " of the block '", name,
                              "' is ", *bad, ": such weights read nothing; train the model again"));
  }
  for (const auto& [name, tensor] : file.blocks)
    std::ranges::copy(tensor.span(), params.view(params.find(name)).data);
}

}  // namespace EBM_PRECISION
}  // namespace ebm::io
