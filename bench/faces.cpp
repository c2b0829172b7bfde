// The face detector: frames of 640 x 480 a second over 4 scales sqrt 2 apart, multiply-adds of one pass and
// window by window, and training steps of its net against libtorch on 1 and 2 threads, alternating in one
// run. A step is forward, mean |G - target|^2, backward, w -= rate slope.
//
//   bench_faces [SECONDS]     time spent on each cell of the table, 1 by default

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <vector>

#include "contenders.hpp"
#include "ebm/core/kernels.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/models/face_detector.hpp"
#include "ebm/models/face_scenes.hpp"
#ifdef EBM_BENCH_TORCH
#include "peers/torch_face.hpp"
#endif

namespace {

using namespace ebm;
using bench::Contender;

constexpr float kRate = 0.001F;
constexpr std::size_t kOutputs = 9, kPixels = 32 * 32;

struct Ours {
  Params params;
  Net net = models::pose_net(params, "face", kOutputs);
  Net::State state;
  Tensor slope{Shape{static_cast<int>(params.flat().size())}}, out, dout;

  void forward(ConstView x, Net::Mode mode = Net::Mode::evaluate) {
    const Shape shape{x.rows(), static_cast<int>(kOutputs)};
    if (out.size() != shape.size()) out = dout = Tensor(shape);
    net.forward(params.data(), x, out, state, mode);
  }
  double loss(ConstView x, const std::vector<float>& target) {
    forward(x);
    double sum = 0;
    for (std::size_t i = 0; i < out.size(); ++i) sum += (out[i] - target[i]) * (out[i] - target[i]);
    return sum / x.rows();
  }
  void step(ConstView x, const std::vector<float>& target) {
    forward(x, Net::Mode::train);
    const Real scale = Real(2) / static_cast<Real>(x.rows());
    for (std::size_t i = 0; i < out.size(); ++i) dout[i] = scale * (out[i] - target[i]);
    net.backward(params.data(), dout, slope.data(), {}, state);
    kernels().sgd_step(params.data(), slope.data(), slope.size(), {.rate = kRate});
  }
};

bool frames(double budget) {
  const models::FaceDetector detector;
  Rng rng(1);
  const models::GreyMap frame = models::draw_background(640, 480, rng);
  const models::FaceSearch search{.largest = 32 * 2 * std::numbers::sqrt2 * 1.001};
  detector.detect(frame, search);
  std::vector<double> seconds;
  const double cpu = bench::processor_seconds(), end = bench::now() + 4 * budget;
  do {
    const double start = bench::now();
    detector.detect(frame, search);
    seconds.push_back(bench::now() - start);
  } while (bench::now() < end);
  const double each = (bench::processor_seconds() - cpu) / static_cast<double>(seconds.size());
  std::ranges::sort(seconds);
  double replicated = 0, by_window = 0, scale = 1;
  for (int level = 0; level < 4; ++level, scale *= std::numbers::sqrt2) {
    const auto o = detector.operations(static_cast<int>(std::lround(640 / scale)),
                                       static_cast<int>(std::lround(480 / scale)));
    replicated += o.replicated, by_window += o.by_window;
  }
  const auto scene = detector.operations(240, 240);
  fmt::print(
      "640 x 480, 4 scales, {} threads: {:.1f} frames a second (median of {}), {:.0f} ms of processor "
      "time a frame\n",
      threads(), 1 / seconds[seconds.size() / 2], seconds.size(), 1e3 * each);
  fmt::print(
      "multiply-adds a frame: {:.2f} thousand millions in one pass, {:.1f} times as many window by window "
      "({:.2f} times on 240 x 240)\n",
      replicated * 1e-9, by_window / replicated, scene.by_window / scene.replicated);
  return scene.by_window >= 5 * scene.replicated;
}

}  // namespace

int main(int argc, char** argv) {
  const double budget = argc > 1 ? std::atof(argv[1]) : 1;
  fmt::print("instruction set {}\n", kernels().instruction_set);
  bool good = frames(budget);

  Rng rng(402);
  Tensor images(Shape{128, 1, 32, 32});
  std::vector<float> pixels(images.size()), targets(128 * kOutputs);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = pixels[i] = static_cast<float>(rng.normal());
  for (float& t : targets) t = static_cast<float>(rng.normal());
  const std::vector<int> ours_on = threads() > 1 ? std::vector{2, 1} : std::vector{1};
  fmt::print("\nmicroseconds per window of a training step, medians\n");
  for (const int rows : {1, 8, 16, 64, 128}) {
    const ConstView x = images.view().rows(0, rows);
    Ours ours;
    std::vector<Contender> contenders;
#ifdef EBM_BENCH_TORCH
    std::vector<std::vector<float>> blocks;
    for (const Params::Block& b : ours.params.blocks())
      blocks.emplace_back(ours.params.data() + b.offset, ours.params.data() + b.offset + b.size());
    TorchFace torch(blocks, models::face_table());
    torch.batch(pixels.data(), targets.data(), rows);
#endif
    for (const int count : ours_on)
      contenders.push_back({.name = "ours",
                            .threads = count,
                            .before = set_threads,
                            .forward = [&] { ours.forward(x); },
                            .step = [&] { ours.step(x, targets); },
                            .loss = [&] { return ours.loss(x, targets); }});
#ifdef EBM_BENCH_TORCH
    for (const int count : {1, 2})
      contenders.push_back({.name = "libtorch",
                            .threads = count,
                            .before = TorchFace::set_threads,
                            .forward = [&] { torch.forward(); },
                            .step = [&] { torch.step(kRate); },
                            .loss = [&] { return torch.loss(); }});
#endif
    const std::vector<double> after = bench::ten_steps(contenders);
    for (const double loss : after) good = good && std::abs(loss - after[0]) <= 1e-3 * std::abs(after[0]);
    bench::measure(contenders, true, budget);
    fmt::print("{:4} rows:", rows);
    double ours_best = 1e9, theirs_best = 1e9;
    for (Contender& c : contenders) {
      const double each = c.median() * 1e6 / rows;
      (c.name == "ours" ? ours_best : theirs_best) =
          std::min(c.name == "ours" ? ours_best : theirs_best, each);
      fmt::print("  {} {}t {:.1f}", c.name, c.threads, each);
    }
    if (theirs_best < 1e9) fmt::print("  ratio {:.2f}", theirs_best / ours_best);
    fmt::print("  loss after 10 steps");
    for (const double loss : after) fmt::print(" {:.5f}", loss);
    fmt::print("\n");
    std::fflush(stdout);
  }
  if (!good) fmt::print("the losses differ by more than 1e-3, or a pass saves too little\n");
  return good ? 0 : 1;
}
