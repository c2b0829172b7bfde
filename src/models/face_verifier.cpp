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
#include "ebm/losses/nll.hpp"
#include "ebm/models/face_people.hpp"
#include "ebm/models/grey_map.hpp"
#include "ebm/report/progress.hpp"
#include "ebm/train/checkpoint.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {
namespace {

constexpr std::string_view kKind = "face_verifier";
constexpr std::size_t kPixels = kFaceHeight * kFaceWidth;
constexpr int kOutputs = 50;
constexpr int kImages = 60, kChoices = 180;  // a step
constexpr int kPicturesEach = 10;            // of a made person
// Of the likelihood: energies of up to 170 are told apart over some eight units.
constexpr double kBeta = 1.0 / 8;

// The stages of a training, by their names in checkpoints.
std::string name_of(bool start) { return start ? "made people" : "faces"; }

// Mean and deviation of grey of faces in a studio's light, in [0, 1]. Pictures are not brought to one
// brightness each: hair and skin are part of who one is, and pixels tell people apart worse without it
// (docs/benchmarks.md).
constexpr Real kMiddleGrey = Real(0.44), kDeviation = Real(0.2);

void check_inputs(ConstView inputs) {
  if (inputs.shape.rank() != 4 || inputs.row_size() != kPixels || inputs.shape[2] != kFaceHeight)
    throw ShapeError(message("[face_verifier] pictures are [n, 1, 56, 46] as face_inputs makes them, not ",
                             to_string(inputs.shape)));
}

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
  const double contrast = rng.uniform(0.8, 1.2), bright = rng.uniform(-0.3, 0.3),
               across = rng.uniform(-0.3, 0.3), down = rng.uniform(-0.3, 0.3);
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
      const double light = (1 - b) * ((1 - a) * at(i, j) + a * at(i + 1, j)) +
                           b * ((1 - a) * at(i, j + 1) + a * at(i + 1, j + 1));
      out[static_cast<std::size_t>(y * kFaceWidth + x)] = static_cast<Real>(
          contrast * light + bright + across * (x - kMiddleX) / kMiddleX + down * (y - kMiddleY) / kMiddleY);
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

FaceVerifier FaceVerifier::clone() const {
  FaceVerifier out(seed_);
  *out.params_ = params_->clone();
  out.started_ = started_;
  out.people = people;
  out.notes = notes;
  return out;
}

History FaceVerifier::fit(const Tensor& inputs, const PairSet& pairs, const VerifierTraining& o, Stage stage,
                          const History& earlier) {
  const bool start = stage.start;
  check_inputs(inputs);
  if (pairs.images > inputs.view().rows())
    throw DataError(message("[face_verifier] pairs are of ", pairs.images, " pictures, and there are ",
                            inputs.view().rows()));
  const double rate = start ? o.start_rate : o.rate;
  Tensor seen = inputs;
  PairTraining t;
  t.passes = start ? o.start_passes : o.passes;
  t.seed = seed_;
  t.images = kImages;
  t.batch = o.loss == VerifierTraining::Loss::nll ? kChoices : kImages;
  t.pairs = t.batch * (start ? o.start_steps : o.steps);
  t.checkpoint = o.checkpoint;
  if (stage.resume) t.resume = o.resume;
  t.quiet = o.quiet;
  t.title = t.stage = name_of(start);
  t.on_pass = o.on_pass;
  t.earlier = earlier;
  const auto* bytes = reinterpret_cast<const char*>(inputs.data());
  t.recipe = {.settings = {{"distort", o.distort ? "on" : "off"},
                           {"people", message(o.people)},
                           {"start passes", message(o.start_passes, " of ", o.start_steps, " steps")},
                           {"start rate", message(o.start_rate)},
                           {"rate", message(rate)}},
              .fingerprints = {{"data", fnv1a({bytes, inputs.size() * sizeof(Real)})},
                               {"first weights of seed", seed_}}};
  if (o.distort)
    t.before_pass = [&](int pass, std::span<const int> images) {
      const Rng rng = Rng(seed_, 0xface).fork(static_cast<std::uint64_t>(pass));
      parallel_for(images.size(), [&](std::size_t k) {
        const auto i = static_cast<std::size_t>(images[k]);
        distort_face(inputs.span().subspan(i * kPixels, kPixels), rng.fork(i),
                     seen.span().subspan(i * kPixels, kPixels));
      });
    };
  const optim::Adam adam{.rate = Schedule::cosine(rate, t.passes)};
  if (o.loss == VerifierTraining::Loss::nll) {
    Model<Choice> model = choosing(*params_, net_, seen);
    return train_choices(model, pairs, loss::NegativeLogLikelihood{.beta = kBeta}, adam, t);
  }
  // A quarter of the bound that the squash puts on distances: with all of it the two slopes of the loss
  // balance at energies that only saturated outputs reach, and people are told apart worse
  // (docs/benchmarks.md).
  Model<Pair> model = siamese(*params_, net_, seen);
  return train_pairs(model, pairs, loss::ContrastiveExponential{.q = largest_distance(kOutputs) / 4}, adam,
                     t);
}

History FaceVerifier::start(const VerifierTraining& o) {
  report::Progress::Options shown;
  shown.quiet = o.quiet;
  report::Progress bar("drawing people", static_cast<std::size_t>(std::max(o.people, 0)), shown);
  const FacePeople made = make_people(o.people, kPicturesEach, seed_, kFaceWidth, [&] { bar.advance(); });
  bar.finish();
  const History out = fit(face_inputs(made.pictures), pairs_by_identity(made.person), o,
                          {.start = true, .resume = !o.resume.empty()}, {});
  started_ = true;
  return out;
}

History FaceVerifier::train(const Tensor& inputs, const PairSet& pairs, const VerifierTraining& o) {
  if (o.people == 0 || started_) return fit(inputs, pairs, o, {.resume = !o.resume.empty()}, {});
  if (!o.resume.empty() && checkpoint_stage(o.resume) == name_of(false))
    return fit(inputs, pairs, o, {.resume = true}, earlier_history(o.resume));
  const History earlier = start(o);
  return fit(inputs, pairs, o, {}, earlier);
}

Tensor FaceVerifier::embed(ConstView inputs) const {
  check_inputs(inputs);
  const int n = inputs.rows();
  Tensor out(Shape{n, kOutputs}), moved(Shape{n, 1, kFaceHeight, kFaceWidth});
  constexpr int kShift = 2;  // pixels
  constexpr Real kShare = Real(1) / 18;
  for (const bool mirror : {false, true})
    for (int dy = -kShift; dy <= kShift; dy += kShift)
      for (int dx = -kShift; dx <= kShift; dx += kShift) {
        parallel_for(static_cast<std::size_t>(n), [&](std::size_t i) {
          const Real* from = inputs.data + i * kPixels;
          Real* to = moved.data() + i * kPixels;
          for (int y = 0; y < kFaceHeight; ++y)
            for (int x = 0; x < kFaceWidth; ++x) {
              const int px = std::clamp((mirror ? kFaceWidth - 1 - x : x) + dx, 0, kFaceWidth - 1),
                        py = std::clamp(y + dy, 0, kFaceHeight - 1);
              *to++ = from[py * kFaceWidth + px];
            }
        });
        const Tensor one = models::embed(*params_, net_, moved);
        for (std::size_t k = 0; k < out.size(); ++k) out[k] += kShare * one[k];
      }
  return out;
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
