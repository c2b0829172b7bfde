#include "ebm/train/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "ebm/io/gzip.hpp"
#include "ebm/io/safetensors.hpp"

namespace ebm {

using nlohmann::json;

// Doubles survive: nlohmann writes the shortest text that reads back to the same number.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Tally, samples, skipped, impossible, judged, wrong, saturated, gaps,
                                   unconverged, ranges, range, loss, gap, absolute_gap, truth, offending,
                                   lows, highs, placed, low, high, square)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EpochReport, epoch, loss, error, gap, truth, offending, range, seconds,
                                   collapsed, tally)

inline namespace EBM_PRECISION {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Recipe, settings, fingerprints)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(History, train, validation, best)

namespace {

constexpr const char* kFormat = "ebm_checkpoint";
constexpr int kVersion = 4;
constexpr const char* kChecksum = "checksum";

// A CRC-32 as two numbers that a float holds exactly.
using Checksum = std::array<Real, 2>;
Checksum checksum(std::span<const std::byte> bytes) {
  const std::uint32_t crc = io::crc32(bytes);
  return {static_cast<Real>(crc >> 16), static_cast<Real>(crc & 0xffff)};
}

json to_json(const RunState& p) {
  return {{"seed", p.seed},
          {"epoch", p.epoch},
          {"position", p.position},
          {"samples", p.samples},
          {"stage", p.stage},
          {"recipe", p.recipe},
          {"tally", p.tally},
          {"seconds", p.seconds},
          {"history", p.history},
          {"earlier", p.earlier},
          {"widest", p.widest},
          {"best_error", std::isfinite(p.best_error) ? json(p.best_error) : json()},
          {"best_loss", std::isfinite(p.best_loss) ? json(p.best_loss) : json()}};
}

RunState progress_of(const json& j) {
  RunState p;
  p.seed = j.at("seed");
  p.epoch = j.at("epoch");
  p.position = j.at("position");
  p.samples = j.at("samples");
  p.stage = j.at("stage");
  p.recipe = j.at("recipe");
  p.tally = j.at("tally");
  p.seconds = j.at("seconds");
  p.history = j.at("history");
  p.earlier = j.at("earlier");
  if (p.epoch < 0 || p.position > p.samples)
    throw json::other_error::create(0, "its place in the run is impossible", &j);
  p.widest = j.at("widest");
  p.best_error = j.at("best_error").is_null() ? kInf : j.at("best_error").get<double>();
  p.best_loss = j.at("best_loss").is_null() ? kInf : j.at("best_loss").get<double>();
  return p;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Params& W, const OptimState& state,
                     std::span<const Real> best, const RunState& progress) {
  for (const Real w : W.flat())
    if (!std::isfinite(w))
      throw NumberError("[checkpoint] the weights are no longer finite; the last good checkpoint is kept");
  std::vector<io::NamedView> tensors;
  const auto add = [&](std::string name, std::span<const Real> values) {
    if (!values.empty())
      tensors.push_back({std::move(name), {values.data(), Shape{static_cast<int>(values.size())}}});
  };
  add("weights", W.flat());
  add("first", state.first);
  add("second", state.second);
  add("curvature", state.curvature);
  add("best", best);
  const std::vector<Real> chains = progress.chains.encode();
  add("chains", chains);
  json blocks = json::array();
  for (const Params::Block& b : W.blocks()) blocks.push_back({b.name, to_string(b.shape)});
  Checksum sum{};
  tensors.push_back({kChecksum, {sum.data(), Shape{static_cast<int>(sum.size())}}});
  io::Bytes bytes = io::encode_safetensors(tensors, {{"kind", kFormat},
                                                     {"format_version", std::to_string(kVersion)},
                                                     {"blocks", blocks.dump()},
                                                     {"steps", std::to_string(state.steps)},
                                                     {"progress", to_json(progress).dump()}});
  const auto last = std::span(bytes).last(sizeof(Checksum));
  sum = checksum(std::span(bytes).first(bytes.size() - sizeof(Checksum)));
  std::ranges::copy(std::as_bytes(std::span(sum)), last.begin());
  io::write_file(path, bytes);
}

namespace {

// A checkpoint file opened: its metadata by key, its messages by name.
struct Opened {
  std::string name;
  io::Weights file;

  explicit Opened(const std::filesystem::path& path) : name(path.string()) {
    const io::Bytes bytes = io::read_regular_file(path);
    file = io::decode_safetensors(bytes, name);
    if (text("kind") != kFormat)
      throw refuse(message("holds a '", text("kind"), "', a checkpoint is needed"));
    if (text("format_version") != std::to_string(kVersion))
      throw refuse(
          message("has checkpoint format ", text("format_version"), ", this program reads ", kVersion));
    const auto sum = file.tensors.find(kChecksum);
    if (sum == file.tensors.end() || bytes.size() < sizeof(Checksum) ||
        !std::ranges::equal(sum->second.span(),
                            checksum(std::span(bytes).first(bytes.size() - sizeof(Checksum)))))
      throw refuse("is damaged: its checksum is not that of what it holds; start again or from a copy of it");
  }
  DataError refuse(std::string_view what) const { return DataError(message(name, ": ", what)); }
  const std::string& text(const char* key) const {
    const auto it = file.metadata.find(key);
    if (it == file.metadata.end()) throw refuse(message("is no checkpoint: it has no '", key, "'"));
    return it->second;
  }
  RunState run() const {
    try {
      return progress_of(json::parse(text("progress")));
    } catch (const json::exception& e) {
      throw refuse(message("is damaged: ", e.what()));
    }
  }
};

}  // namespace

std::string checkpoint_stage(const std::filesystem::path& path) { return Opened(path).run().stage; }
History earlier_history(const std::filesystem::path& path) { return Opened(path).run().earlier; }

void load_checkpoint(const std::filesystem::path& path, Params& W, OptimState& state, std::vector<Real>& best,
                     RunState& progress) {
  const Opened opened(path);
  json blocks = json::array();
  for (const Params::Block& b : W.blocks()) blocks.push_back({b.name, to_string(b.shape)});
  if (opened.text("blocks") != blocks.dump())
    throw opened.refuse(
        "was made by a model with other parameters; resume with the options of the first run");
  const auto take = [&](const char* name, std::vector<Real>& to, bool needed) {
    const auto it = opened.file.tensors.find(name);
    to.clear();
    if (it == opened.file.tensors.end()) {
      if (needed) throw opened.refuse(message("lacks the tensor '", name, "'"));
      return;
    }
    if (it->second.size() != W.flat().size())
      throw opened.refuse(message("has a tensor '", name, "' of another size"));
    to.assign(it->second.span().begin(), it->second.span().end());
  };
  RunState run = opened.run();
  if (const auto chains = opened.file.tensors.find("chains"); chains != opened.file.tensors.end())
    run.chains = MarkovChains::decode(chains->second.span());
  std::uint64_t steps = 0;
  const std::string& count = opened.text("steps");
  if (std::from_chars(count.data(), count.data() + count.size(), steps).ec != std::errc{})
    throw opened.refuse("is damaged: its steps are no number");
  std::vector<Real> weights;
  take("weights", weights, true);
  take("first", state.first, false);
  take("second", state.second, false);
  take("curvature", state.curvature, false);
  take("best", best, false);
  std::ranges::copy(weights, W.flat().begin());
  state.steps = steps;
  progress = std::move(run);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
