#include "ebm/models/face_verifier.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "ebm/core/hash.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/io/json.hpp"
#include "ebm/io/model_file.hpp"
#include "ebm/losses/contrastive.hpp"
#include "ebm/models/grey_map.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {
namespace {

constexpr std::string_view kKind = "face_verifier";
constexpr std::size_t kPixels = kFaceHeight * kFaceWidth;
constexpr int kOutputs = 50;

// Mean and deviation of grey of faces in a studio's light, in [0, 1]. Pictures are not brought to one
// brightness each: hair and skin are part of who one is, and pixels tell people apart worse without it
// (docs/benchmarks.md).
constexpr Real kMiddleGrey = Real(0.44), kDeviation = Real(0.2);

}  // namespace

Tensor face_inputs(std::span<const io::Image> pictures) {
  Tensor out(Shape{static_cast<int>(pictures.size()), 1, kFaceHeight, kFaceWidth});
  parallel_for(pictures.size(), [&](std::size_t i) {
    GreyMap light(pictures[i].width, pictures[i].height);
    for (std::size_t p = 0; p < light.values.size(); ++p)
      light.values[p] = static_cast<float>(pictures[i].pixels[p]) / 255;
    light = resample(light, kFaceWidth, kFaceHeight);
    std::ranges::transform(light.values, out.data() + i * kPixels,
                           [](float grey) { return (static_cast<Real>(grey) - kMiddleGrey) / kDeviation; });
  });
  return out;
}

void distort_face(std::span<const Real> face, Rng rng, std::span<Real> out) {
  const double tx = rng.uniform(-3, 3), ty = rng.uniform(-3, 3), scale = rng.uniform(0.9, 1.1),
               squeeze = rng.uniform(0.94, 1.06);
  const double turn = rng.uniform(-7, 7) * std::numbers::pi / 180, mirror = rng.chance(0.5) ? -1 : 1;
  const double c = std::cos(turn) / scale, s = std::sin(turn) / scale;
  constexpr double kMiddleX = (kFaceWidth - 1) / 2.0, kMiddleY = (kFaceHeight - 1) / 2.0;
  const auto at = [&](int x, int y) {
    x = std::clamp(x, 0, kFaceWidth - 1);
    y = std::clamp(y, 0, kFaceHeight - 1);
    return static_cast<double>(face[static_cast<std::size_t>(y * kFaceWidth + x)]);
  };
  for (int y = 0; y < kFaceHeight; ++y)
    for (int x = 0; x < kFaceWidth; ++x) {
      const double u = squeeze * (mirror * (x - kMiddleX) - tx), v = y - kMiddleY - ty;
      const double px = kMiddleX + c * u + s * v, py = kMiddleY - s * u + c * v;
      const double fx = std::floor(px), fy = std::floor(py), a = px - fx, b = py - fy;
      const int i = static_cast<int>(fx), j = static_cast<int>(fy);
      out[static_cast<std::size_t>(y * kFaceWidth + x)] =
          static_cast<Real>((1 - b) * ((1 - a) * at(i, j) + a * at(i + 1, j)) +
                            b * ((1 - a) * at(i, j + 1) + a * at(i + 1, j + 1)));
    }
  for (int patch = 0; patch < 2; ++patch) {
    if (!rng.chance(0.5)) continue;
    const int height = 4 + rng.below(20), width = 4 + rng.below(20);
    const int top = rng.below(kFaceHeight - height), left = rng.below(kFaceWidth - width);
    for (int y = top; y < top + height; ++y) std::fill_n(out.begin() + y * kFaceWidth + left, width, Real(0));
  }
}

FaceVerifier::FaceVerifier(std::uint64_t seed)
    : seed_(seed),
      params_(std::make_unique<Params>(Params::Options{seed})),
      net_(siamese_face_net(*params_, "faces")) {}

History FaceVerifier::train(const Tensor& inputs, const PairSet& pairs, const VerifierTraining& o) {
  Tensor seen = inputs;
  Model<Pair> model = siamese(*params_, net_, seen);
  PairTraining t;
  t.passes = o.passes;
  t.pairs = o.pairs;
  t.batch = o.batch;
  t.seed = seed_;
  t.checkpoint = o.checkpoint;
  t.resume = o.resume;
  t.quiet = o.quiet;
  t.title = "faces";
  t.on_pass = o.on_pass;
  const auto* bytes = reinterpret_cast<const char*>(inputs.data());
  t.recipe = {.settings = {{"distort", o.distort ? "on" : "off"}, {"rate", message(o.rate)}},
              .fingerprints = {{"data", fnv1a({bytes, inputs.size() * sizeof(Real)})}}};
  if (o.distort)
    t.before_pass = [&](int pass) {
      parallel_for(static_cast<std::size_t>(inputs.shape()[0]), [&](std::size_t i) {
        distort_face(inputs.span().subspan(i * kPixels, kPixels),
                     Rng(seed_, 0xface).fork(static_cast<std::uint64_t>(pass)).fork(i),
                     seen.span().subspan(i * kPixels, kPixels));
      });
    };
  // A quarter of the bound that the squash puts on distances: with all of it the two slopes of the loss
  // balance at energies that only saturated outputs reach, and people are told apart worse
  // (docs/benchmarks.md).
  return train_pairs(model, pairs, loss::ContrastiveExponential{.q = largest_distance(kOutputs) / 4},
                     optim::Adam{.rate = Schedule::cosine(o.rate, o.passes)}, t);
}

void FaceVerifier::save(const std::filesystem::path& path) const {
  const nlohmann::json config{{"people", people}, {"seed", seed_}};
  io::save_model(
      path,
      {.kind = std::string(kKind), .version = 1, .config = config.dump(), .notes = {{"training", notes}}},
      *params_);
}

FaceVerifier FaceVerifier::load(const std::filesystem::path& path) {
  const io::ModelFile file = io::load_model(path, kKind);
  FaceVerifier out;
  io::load_params(file, *out.params_);
  const io::JsonObject config(file.info.config, file.name);
  config.only({"people", "seed"});
  out.people = config.texts("people");
  out.seed_ = config.natural("seed");
  if (const auto notes = file.info.notes.find("training"); notes != file.info.notes.end())
    out.notes = notes->second;
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
