// Training steps of the siamese net of 2005 (319,265 weights) on pairs of 56 x 46 images, ours through the
// trainer against libtorch on 1 and 2 threads, alternating in one run. Both run the net once on each image of
// the batch, however many pairs it is in. A step is forward, L1 distances, the exponential loss, backward, w
// -= rate slope.
//
//   bench_siamese [SECONDS]     time spent on each cell of the table, 1 by default

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <vector>

#include "contenders.hpp"
#include "ebm/core/kernels.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/losses/contrastive.hpp"
#include "ebm/models/siamese.hpp"
#ifdef EBM_BENCH_TORCH
#include "peers/torch_siamese.hpp"
#endif

namespace {

using namespace ebm;
using bench::Contender;

constexpr float kRate = 1e-4F;
constexpr int kPeople = 30, kEach = 10, kHeight = 56, kWidth = 46;
const double kQ = models::largest_distance(50) / 4;

struct Ours {
  Params params;
  Net net = models::siamese_face_net(params, "faces");
  Model<models::Pair> model;
  Prepared ready;
  TrainerCore trainer;
  std::vector<const Sample*> samples;
  Batch batch;

  Ours(const Tensor& images, const std::vector<models::Pair>& pairs)
      : model(models::siamese(params, net, images)),
        ready(model.prepare(std::span<const models::Pair>(pairs))),
        trainer(params, model.schema(), loss::ContrastiveExponential{.q = kQ}, infer::Exhaustive{},
                optim::Sgd{.rate = Schedule{kRate}}, 1),
        batch(ready.batch()) {
    for (const Sample& s : ready.samples()) samples.push_back(&s);
  }
  double loss() { return trainer.evaluate(ready.samples(), static_cast<int>(samples.size())).loss; }
};

// The images that pairs name, each once, and the pairs as places among them.
struct Distinct {
  std::vector<float> pixels;
  std::vector<int> a, b;
  std::vector<bool> genuine;
  int images = 0;

  Distinct(const Tensor& from, const std::vector<models::Pair>& pairs) {
    std::map<int, int> place;
    const auto at = [&](int image) {
      const auto [it, fresh] = place.try_emplace(image, images);
      if (fresh) {
        const auto row = from.view().row(image).span();
        pixels.insert(pixels.end(), row.begin(), row.end());
        ++images;
      }
      return it->second;
    };
    for (const models::Pair& p : pairs) {
      a.push_back(at(p.a));
      b.push_back(at(p.b));
      genuine.push_back(p.genuine);
    }
  }
};

double best(std::vector<Contender>& contenders, bool ours, double (Contender::*figure)()) {
  double out = 1e9;
  for (Contender& c : contenders)
    if ((c.name == "ours") == ours) out = std::min(out, (c.*figure)());
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const double budget = argc > 1 ? std::atof(argv[1]) : 1;
  fmt::print("instruction set {}\nmicroseconds per pair of a training step, medians: wall (processor)\n",
             kernels().instruction_set);
  Rng rng(2005);
  Tensor images(Shape{kPeople * kEach, 1, kHeight, kWidth});
  for (Real& pixel : images.span()) pixel = static_cast<Real>(rng.normal());
  std::vector<int> people;
  for (int i = 0; i < kPeople * kEach; ++i) people.push_back(i / kEach);
  const models::PairSet set = models::pairs_by_identity(people);
  const std::vector<int> ours_on = threads() > 1 ? std::vector{2, 1} : std::vector{1};
  bool good = true;
  for (const int count : {1, 4, 16, 64, 128}) {
    std::vector<models::Pair> pairs = models::draw_pairs(set, std::max(2, count), std::max(2, count), Rng(7));
    pairs.resize(static_cast<std::size_t>(count));
    const Distinct distinct(images, pairs);
    Ours ours(images, pairs);
    std::vector<Contender> contenders;
#ifdef EBM_BENCH_TORCH
    std::vector<std::vector<float>> blocks;
    for (const Params::Block& b : ours.params.blocks())
      blocks.emplace_back(ours.params.data() + b.offset, ours.params.data() + b.offset + b.size());
    TorchSiamese torch(blocks, kQ);
    torch.batch(distinct.pixels.data(), distinct.images, distinct.a, distinct.b, distinct.genuine);
#endif
    for (const int n : ours_on)
      contenders.push_back({.name = "ours",
                            .threads = n,
                            .before = set_threads,
                            .forward = [&] { ours.batch.forward(); },
                            .step = [&] { ours.trainer.step(ours.samples); },
                            .loss = [&] { return ours.loss(); }});
#ifdef EBM_BENCH_TORCH
    for (const int n : {1, 2})
      contenders.push_back({.name = "libtorch",
                            .threads = n,
                            .before = TorchSiamese::set_threads,
                            .forward = [&] { torch.forward(); },
                            .step = [&] { torch.step(kRate); },
                            .loss = [&] { return torch.loss(); }});
#endif
    const std::vector<double> after = bench::ten_steps(contenders);
    for (const double loss : after) good = good && std::abs(loss - after[0]) <= 1e-3 * std::abs(after[0]);
    bench::measure(contenders, true, budget);
    fmt::print("{:4} pairs of {:3} images:", count, distinct.images);
    for (Contender& c : contenders)
      fmt::print("  {} {}t {:.0f} ({:.0f})", c.name, c.threads, c.median() * 1e6 / count,
                 c.median_processor() * 1e6 / count);
    if (after.size() > 1)
      fmt::print("  ratio {:.2f} ({:.2f})",
                 best(contenders, false, &Contender::median) / best(contenders, true, &Contender::median),
                 best(contenders, false, &Contender::median_processor) /
                     best(contenders, true, &Contender::median_processor));
    fmt::print("  loss after 10 steps");
    for (const double loss : after) fmt::print(" {:.5f}", loss);
    fmt::print("\n");
    std::fflush(stdout);
  }
  if (!good) fmt::print("the losses differ by more than 1e-3\n");
  return good ? 0 : 1;
}
