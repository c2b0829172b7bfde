#include "ebm/models/digit_reader.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/inference/engine.hpp"
#include "ebm/io/json.hpp"
#include "ebm/io/model_file.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/models/piece.hpp"
#include "ebm/net/lenet.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {
namespace {

constexpr std::string_view kKind = "digit_reader";
constexpr int kDigits = 10, kPixels = kPieceSide * kPieceSide;

struct Digit {
  ConstView image;
  int label;
};

Tensor framed(const io::IdxImages& images) {
  if (images.height != 28 || images.width != 28)
    throw DataError(
        message("[digit_reader] digits are 28 x 28, these are ", images.height, " x ", images.width));
  Tensor out(Shape{images.count, 1, kPieceSide, kPieceSide});
  parallel_for(static_cast<std::size_t>(images.count), [&](std::size_t i) {
    pad_mnist(images.image(static_cast<int>(i)), {out.data() + i * kPixels, kPixels});
  });
  return out;
}

}  // namespace

void distort_digit(std::span<const Real> digit, Rng rng, std::span<Real> out) {
  const double tx = rng.uniform(-2, 2), ty = rng.uniform(-2, 2), scale = rng.uniform(0.9, 1.1),
               squeeze = rng.uniform(0.9, 1.1);
  const double shear = rng.uniform(-0.2, 0.2);
  const double middle = (kPieceSide - 1) / 2.0;
  const auto at = [&](int x, int y) {
    return x < 0 || y < 0 || x >= kPieceSide || y >= kPieceSide
               ? kPaper
               : static_cast<double>(digit[static_cast<std::size_t>(y * kPieceSide + x)]);
  };
  for (int y = 0; y < kPieceSide; ++y)
    for (int x = 0; x < kPieceSide; ++x) {
      const double v = (y - middle - ty) / scale * squeeze,
                   u = (x - middle - tx) / (scale * squeeze) + shear * v;
      const double px = middle + u, py = middle + v, fx = std::floor(px), fy = std::floor(py), a = px - fx,
                   b = py - fy;
      const int i = static_cast<int>(fx), j = static_cast<int>(fy);
      out[static_cast<std::size_t>(y * kPieceSide + x)] =
          static_cast<Real>((1 - b) * ((1 - a) * at(i, j) + a * at(i + 1, j)) +
                            b * ((1 - a) * at(i, j + 1) + a * at(i + 1, j + 1)));
    }
}

DigitReader::DigitReader(std::uint64_t seed)
    : seed_(seed), params_(std::make_unique<Params>(Params::Options{seed})) {
  net_ = net::lenet5(*params_, "lenet5");
}

History DigitReader::train(const io::Mnist& digits, const DigitTraining& o) {
  if (digits.labels.empty()) throw DataError("[digit_reader] there is no digit to learn from");
  const Tensor original = framed(digits.images);
  Tensor seen = original;
  std::vector<Digit> data;
  for (std::size_t i = 0; i < digits.labels.size(); ++i)
    data.push_back({{seen.data() + i * kPixels, Shape{1, kPieceSide, kPieceSide}}, digits.labels[i]});

  const Net net = net_;
  const double j = o.rubbish_energy;
  Model<Digit> model(*params_, [net, j](FactorGraph& g, const Digit& d) {
    g.add(factor::with_rubbish(g.feature(net, d.image), j), g.output("digit", Labels(kDigits + 1), d.label));
  });
  // The published steps (5e-4 and falling, mu 0.02) diverge with this curvature estimate, which starts near
  // zero while every image is still rubbish; a larger mu bounds the first steps, and three levels do as well
  // as five.
  const int third = std::max(1, o.epochs / 3);
  Trainer trainer(model, loss::NegativeLogLikelihood{}, infer::Exhaustive{},
                  optim::StochasticLevenbergMarquardt{
                      .rate = Schedule({{third, 2e-4}, {third, 5e-5}, {third, 1.25e-5}}), .mu = 0.1},
                  o.seed);
  FitOptions f;
  f.epochs = o.epochs;
  f.checkpoint = o.checkpoint;
  f.resume = o.resume;
  f.quiet = o.quiet;
  f.title = "LeNet-5";
  f.stage = "digits";
  f.recipe.settings = {{"distort", o.distort ? "on" : "off"}};
  f.on_epoch = o.on_epoch;
  if (o.distort)
    f.before_pass = [&](int pass) {
      parallel_for(data.size(), [&](std::size_t i) {
        distort_digit(original.span().subspan(i * kPixels, kPixels),
                      Rng(o.seed, static_cast<std::uint64_t>(pass) + 1).fork(i),
                      seen.span().subspan(i * kPixels, kPixels));
      });
    };
  return trainer.fit(model.prepare(std::span<const Digit>(data)), f);
}

std::vector<int> DigitReader::read(const io::IdxImages& images) const {
  const Tensor input = framed(images);
  Tensor energy(Shape{images.count, kDigits});
  Net::State state;
  net_.forward(params_->data(), input, energy, state);
  std::vector<int> out(static_cast<std::size_t>(images.count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Real* row = energy.data() + i * kDigits;
    out[i] = static_cast<int>(std::min_element(row, row + kDigits) - row);
  }
  return out;
}

void DigitReader::save(const std::filesystem::path& path) const {
  io::save_model(path, {.kind = std::string(kKind), .version = 1, .config = "{}", .notes = {}}, *params_);
}

DigitReader DigitReader::load(const std::filesystem::path& path) {
  const io::ModelFile file = io::load_model(path, kKind);
  io::JsonObject(file.info.config, file.name).only({});
  DigitReader out;
  io::load_params(file, *out.params_);
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
