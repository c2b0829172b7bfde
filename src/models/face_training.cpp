#include "ebm/models/face_training.hpp"

#include <algorithm>
#include <optional>

#include "ebm/core/hash.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/inference/closed_form.hpp"
#include "ebm/io/gzip.hpp"
#include "ebm/io/safetensors.hpp"
#include "ebm/train/checkpoint.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {
namespace {

constexpr std::string_view kFirst = "faces", kSecond = "false alarms";
constexpr std::uint64_t kCrops = 0xc409;         // stream of the crops
constexpr std::uint64_t kMiningSeed = 0x3117e5;  // scenes that nothing else is judged on
constexpr std::uint64_t kThresholdSeed = 0x7412e5;

std::string_view name_of(PoseManifold m) {
  return m == PoseManifold::point ? "none" : m == PoseManifold::yaw ? "yaw" : "yaw-roll";
}

std::uint64_t fingerprint_of(std::span<const FaceView> views) {
  std::uint64_t out = fnv1a("");
  for (const FaceView& v : views)
    out = 31 * out ^ fnv1a({reinterpret_cast<const char*>(v.picture.pixels.data()), v.picture.pixels.size()});
  return out;
}

Recipe recipe_of(const FaceDetector& d, const FaceTraining& o) {
  const auto text = [](const auto& value) { return message(value); };
  const CropRanges& c = o.crops;
  std::uint64_t backgrounds = fnv1a("");
  for (const GreyMap& b : o.natural)
    backgrounds ^= fnv1a({reinterpret_cast<const char*>(b.values.data()), b.values.size() * sizeof(float)}) +
                   31 * backgrounds;
  return {.settings = {{"manifold", std::string(name_of(d.config().manifold))},
                       {"count", text(o.faces)},
                       {"backgrounds", text(o.backgrounds)},
                       {"passes", text(o.passes)},
                       {"K", text(o.K)},
                       {"rate", text(o.rate)},
                       {"scenes", text(o.scenes)},
                       {"contrast", message(d.config().contrast.radius, " ", d.config().contrast.floor)},
                       {"crops", message(c.shift, " ", c.scale, " ", c.roll, " ", c.bright, " ", c.contrast,
                                         " ", c.mirror)},
                       {"first weights of seed", text(d.config().seed)}},
          .fingerprints = {{"pictures of backgrounds", backgrounds}}};
}

// A fit on views, of which every pass draws new crops.
History fit(FaceDetector& d, std::span<const FaceView> views, const FaceTraining& o, std::string_view stage,
            bool resume, const History& earlier) {
  const bool second = stage == kSecond;
  constexpr std::size_t kPixels = FaceDetector::kWindow * FaceDetector::kWindow;
  const Model<FaceExample> model = face_model(d.params(), d.net(), d.config().manifold);
  Model<FaceExample> energy = model;
  Trainer trainer(energy, loss::SquareExponential{.gamma = o.K}, infer::Automatic{},
                  optim::Adam{.rate = Schedule::cosine(second ? o.rate / 2 : o.rate, o.passes)}, o.seed);
  Tensor crops(Shape{static_cast<int>(views.size()), 1, FaceDetector::kWindow, FaceDetector::kWindow});
  std::vector<FaceExample> examples(views.size());
  std::optional<Prepared> ready;
  int drawn = -1;
  const auto draw = [&](int pass) {
    if (drawn == pass) return ready->samples();
    drawn = pass;
    const Rng rng = Rng(o.seed, kCrops).fork(2 * static_cast<std::uint64_t>(pass) + (second ? 1 : 0));
    parallel_for(views.size(), [&](std::size_t i) {
      const FacePose pose = draw_crop(views[i], d.config().contrast, o.crops, rng.fork(i),
                                      crops.span().subspan(i * kPixels, kPixels));
      examples[i] = {crops.view().row(static_cast<int>(i)),
                     views[i].face,
                     {static_cast<Real>(pose.yaw), static_cast<Real>(pose.roll)}};
    });
    ready.emplace(energy.prepare(std::span<const FaceExample>(examples)));
    return ready->samples();
  };
  FitOptions f;
  f.epochs = o.passes;
  f.batch = o.batch;
  f.stage = stage;
  f.checkpoint = o.checkpoint;
  if (resume) f.resume = o.resume;
  f.quiet = o.quiet;
  f.title = std::string(stage);
  f.recipe = recipe_of(d, o);
  if (second) f.recipe.fingerprints["backgrounds that were mined"] = fingerprint_of(views);
  f.earlier = earlier;
  f.draw = draw;
  if (o.say)
    f.on_epoch = [&](const EpochReport& r, const EpochReport*) {
      const Tally& t = r.tally;
      std::string line = message(stage, " ", to_string(r));
      if (t.lows) line += message("; mean energy of faces ", t.low / static_cast<double>(t.lows));
      if (t.highs) line += message(", of backgrounds ", t.high / static_cast<double>(t.highs));
      o.say(line);
    };
  return trainer.core().fit(draw(0), {}, f);
}

// What was mined is no function of the weights that a checkpoint of the second phase holds, so it lies
// beside.
std::filesystem::path mined_file(const std::filesystem::path& checkpoint) {
  return checkpoint.string() + ".mined";
}

constexpr const char* kChecksum = "checksum";

std::string checksum(ConstView pixels) { return message(io::crc32(std::as_bytes(pixels.span()))); }

void write_mined(const std::filesystem::path& path, std::span<const FaceView> views) {
  Tensor pixels(Shape{static_cast<int>(views.size()), kViewSide * kViewSide});
  for (std::size_t i = 0; i < views.size(); ++i)
    std::ranges::copy(views[i].picture.pixels, pixels.view().row(static_cast<int>(i)).data);
  const io::NamedView named{"views", pixels};
  io::write_safetensors(path, {&named, 1}, {{kChecksum, checksum(pixels)}});
}

std::vector<FaceView> read_mined(const std::filesystem::path& path) {
  const io::Weights file = io::read_safetensors(path);
  const auto it = file.tensors.find("views");
  if (it == file.tensors.end() || it->second.shape().rank() != 2 ||
      it->second.shape()[1] != kViewSide * kViewSide)
    throw DataError(path.string() + ": holds no views; start without --resume");
  const auto sum = file.metadata.find(kChecksum);
  if (sum == file.metadata.end() || sum->second != checksum(it->second))
    throw DataError(
        path.string() +
        ": is damaged: its checksum is not that of what it holds; start without --resume, or from "
        "a copy of it");
  std::vector<FaceView> out(static_cast<std::size_t>(it->second.shape()[0]));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].picture = {kViewSide, kViewSide, {}};
    for (const Real v : it->second.view().row(static_cast<int>(i)).span())
      out[i].picture.pixels.push_back(static_cast<std::uint8_t>(v));
  }
  return out;
}

SceneOptions empty_scene() {
  SceneOptions o;
  o.least = o.most = 0;
  return o;
}

// Threshold at which made scenes without faces have so many false alarms each.
double threshold_for(const FaceDetector& d, double false_alarms, std::size_t scenes,
                     std::span<const GreyMap> natural) {
  std::vector<std::vector<FaceDetection>> found(scenes);
  parallel_for(scenes, [&](std::size_t i) {
    found[i] = d.detect(make_scene(empty_scene(), kThresholdSeed, i, natural).image, {.threshold = 1e9});
  });
  std::vector<double> energies;
  for (const auto& scene : found)
    for (const FaceDetection& f : scene) energies.push_back(f.energy);
  std::ranges::sort(energies);
  const auto allowed = static_cast<std::size_t>(false_alarms * static_cast<double>(scenes));
  return energies.empty() ? 1 : energies[std::min(allowed, energies.size() - 1)];
}

}  // namespace

std::vector<FaceView> hard_negatives(const FaceDetector& d, int count, int scenes, std::uint64_t seed,
                                     std::span<const GreyMap> natural) {
  struct Found {
    double energy;
    std::size_t scene, place;
    FaceView view;
  };
  const auto all = static_cast<std::size_t>(scenes);
  const std::size_t most =
      std::max<std::size_t>(20, 4 * static_cast<std::size_t>(count) / std::max<std::size_t>(1, all));
  std::vector<std::vector<Found>> found(all);
  parallel_for(all, [&](std::size_t i) {
    const GreyMap image = make_scene(empty_scene(), seed ^ kMiningSeed, i, natural).image;
    std::vector<FaceDetection> faces = d.detect(image, {.threshold = 1e9});
    if (faces.size() > most) faces.resize(most);
    for (std::size_t k = 0; k < faces.size(); ++k)
      found[i].push_back({faces[k].energy, i, k, view_of(image, {faces[k].x, faces[k].y, faces[k].size})});
  });
  std::vector<Found> flat;
  for (auto& scene : found) std::ranges::move(scene, std::back_inserter(flat));
  std::ranges::stable_sort(flat, {}, &Found::energy);
  std::vector<FaceView> out;
  for (std::size_t i = 0; i < std::min(flat.size(), static_cast<std::size_t>(count)); ++i)
    out.push_back(std::move(flat[i].view));
  return out;
}

FaceTrainingReport train_face_detector(FaceDetector& d, const FaceTraining& o) {
  FaceTrainingReport report;
  report.parameters = d.net().parameter_count();
  const auto say = [&](const std::string& line) {
    if (o.say) o.say(line);
  };
  const bool second_only = !o.resume.empty() && checkpoint_stage(o.resume) == kSecond;
  say(message("rendering ", o.faces, " faces and ", o.backgrounds, " backgrounds"));
  std::vector<FaceView> views = face_views(o.faces, o.seed, o.natural);
  std::ranges::move(background_views(o.backgrounds, o.seed, o.natural), std::back_inserter(views));
  if (second_only)
    report.first = earlier_history(o.resume);
  else
    report.first = fit(d, views, o, kFirst, !o.resume.empty(), {});
  if (o.backgrounds > 0) {
    std::vector<FaceView> mined;
    if (second_only) {
      mined = read_mined(mined_file(o.resume));
      if (mined.size() > static_cast<std::size_t>(o.backgrounds))
        throw DataError(message(mined_file(o.resume).string(), ": holds ", mined.size(),
                                " backgrounds, and this run has ", o.backgrounds,
                                " in all; resume with as many as the first run"));
      if (!o.checkpoint.empty()) write_mined(mined_file(o.checkpoint), mined);
    } else {
      mined = hard_negatives(d, o.backgrounds / 2, o.scenes, o.seed, o.natural);
      if (!o.checkpoint.empty()) write_mined(mined_file(o.checkpoint), mined);
      say(message(
          mined.size(),
          " backgrounds are now where the first detector's energy is lowest on scenes without faces"));
    }
    report.mined = mined.size();
    std::ranges::move(mined, views.begin() + o.faces);
  }
  report.second = fit(d, views, o, kSecond, second_only, report.first);
  if (o.backgrounds > 0) {
    const auto scenes = static_cast<std::size_t>(std::max(10, o.scenes / 2));
    d.set_threshold(threshold_for(d, o.false_alarms, scenes, o.natural));
  }
  return report;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
