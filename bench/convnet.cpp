// Training and running the 61,706-weight LeNet of the peers: ours against libtorch on 1 and 2 threads and
// oneDNN's primitives on 1, alternating in one run. A step is forward, mean cross-entropy, backward, w -=
// 0.01 slope. Inputs are drawn here, from one seed.
//
//   bench_convnet [SECONDS]     time spent on each cell of the table, 1 by default

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "contenders.hpp"
#include "ebm/core/kernels.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/net/build.hpp"
#ifdef EBM_BENCH_DNNL
#include "peers/dnnl_lenet.hpp"
#endif
#ifdef EBM_BENCH_TORCH
#include "peers/torch_lenet.hpp"
#endif

namespace {

using namespace ebm;
using bench::Contender;

constexpr float kRate = 0.01f;

struct Ours {
  Params params;
  Net net;
  Net::State state;
  Tensor slope;
  Tensor out, dout;

  explicit Ours(const std::vector<float>& weights) {
    const auto conv = [](int maps) { return net::Conv{.maps = maps, .kernel = net::square(5)}; };
    net = net::sequential(params, "lenet", {1, 32, 32},
                          {conv(6), net::Tanh::plain(), net::AveragePool{}, conv(16), net::Tanh::plain(),
                           net::AveragePool{}, conv(120), net::Tanh::plain(), net::Linear{.outputs = 84},
                           net::Tanh::plain(), net::Linear{.outputs = 10}});
    auto from = weights.begin();
    for (const Params::Block& block : params.blocks()) {
      std::copy_n(from, block.size(), params.data() + block.offset);
      from += static_cast<std::ptrdiff_t>(block.size());
    }
    slope = Tensor(Shape{static_cast<int>(params.flat().size())});
  }

  void reserve(int rows) {
    if (out.size() != static_cast<std::size_t>(rows) * 10) out = dout = Tensor(Shape{rows, 10});
  }

  void forward(ConstView x, Net::Mode mode = Net::Mode::evaluate) {
    reserve(x.rows());
    net.forward(params.data(), x, out, state, mode);
  }

  // Mean cross-entropy of the outputs as scores of classes; its slope is left in dout.
  double loss(const std::vector<int>& y) {
    const Kernels& k = kernels();
    const int rows = out.shape()[0];
    double total = 0;
    for (int r = 0; r < rows; ++r) {
      const Real* row = out.data() + r * 10;
      Real* slope_row = dout.data() + r * 10;
      const Real all = k.log_sum_exp(row, 10);
      for (int c = 0; c < 10; ++c) slope_row[c] = row[c] - all;
      k.exp(slope_row, slope_row, 10);
      slope_row[y[static_cast<std::size_t>(r)]] -= 1;
      total += all - row[y[static_cast<std::size_t>(r)]];
    }
    k.scale(Real(1) / static_cast<Real>(rows), dout.data(), dout.size());
    return total / rows;
  }

  void step(ConstView x, const std::vector<int>& y) {
    forward(x, Net::Mode::train);
    loss(y);
    net.backward(params.data(), dout, slope.data(), {}, state);
    kernels().sgd_step(params.data(), slope.data(), slope.size(), {.rate = kRate});
  }
};

std::vector<float> draw_weights() {
  Rng rng(401);
  std::vector<float> out;
  const auto add = [&](int count, double scale) {
    for (int i = 0; i < count; ++i) out.push_back(static_cast<float>(scale * rng.normal()));
  };
  add(150, 0.2), add(6, 0.1);
  add(2400, 1 / std::sqrt(150.0)), add(16, 0.1);
  add(48000, 0.05), add(120, 0.1);
  add(10080, 1 / std::sqrt(120.0)), add(84, 0.1);
  add(840, 1 / std::sqrt(84.0)), add(10, 0.1);
  return out;
}

void print_heading(const std::vector<Contender>& contenders) {
  std::string line = "|---|---|";
  fmt::print("\n| rows | what |");
  for (const Contender& c : contenders) {
    fmt::print(" {} {}t |", c.name, c.threads);
    line += "---|";
  }
  fmt::print(" losses after 10 steps |\n{}---|\n", line);
}

void print_row(int rows, bool training, std::vector<Contender>& contenders,
               const std::vector<double>& after) {
  fmt::print("| {} | {} |", rows, training ? "step" : "forward");
  for (Contender& c : contenders) {
    fmt::print(" {:.1f} |", c.median() * 1e6 / rows);
    c.seconds.clear();
  }
  fmt::print(" {:.6f} |\n", fmt::join(after, ", "));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const double budget = argc > 1 ? std::atof(argv[1]) : 1;
  const std::vector<float> weights = draw_weights();
  Rng rng(402);
  Tensor images(Shape{256, 1, 32, 32});
  std::vector<float> pixels(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = pixels[i] = static_cast<float>(rng.normal());
  std::vector<int> classes(256);
  for (int& y : classes) y = rng.below(10);

  const std::vector<int> ours_on = threads() > 1 ? std::vector{threads(), 1} : std::vector{1};
  fmt::print("instruction set {}; microseconds per image, medians\n", kernels().instruction_set);
  bool equal = true;
  for (const int rows : {1, 8, 64, 256}) {
    const ConstView x = images.view().rows(0, rows);
    Ours ours(weights);
    std::vector<Contender> contenders;
    for (const int count : ours_on)
      contenders.push_back({.name = "ours",
                            .threads = count,
                            .before = set_threads,
                            .forward = [&] { ours.forward(x); },
                            .step = [&] { ours.step(x, classes); },
                            .loss =
                                [&] {
                                  ours.forward(x);
                                  return ours.loss(classes);
                                }});
#ifdef EBM_BENCH_TORCH
    TorchLeNet torch(weights);
    torch.batch(pixels.data(), classes.data(), rows);
    for (const int count : {1, 2})
      contenders.push_back({.name = "libtorch",
                            .threads = count,
                            .before = TorchLeNet::set_threads,
                            .forward = [&] { torch.forward(); },
                            .step = [&] { torch.step(kRate); },
                            .loss = [&] { return torch.loss(); }});
#endif
#ifdef EBM_BENCH_DNNL
    DnnlLeNet::set_threads(1);
    DnnlLeNet dnnl(weights, pixels.data(), classes.data(), rows, kRate);
    contenders.push_back({.name = "oneDNN",
                          .threads = 1,
                          .before = DnnlLeNet::set_threads,
                          .forward = [&] { dnnl.forward(); },
                          .step = [&] { dnnl.step(); },
                          .loss = [&] { return dnnl.loss(); }});
#endif
    if (rows == 1) print_heading(contenders);

    const std::vector<double> after = bench::ten_steps(contenders);
    for (const double loss : after) equal = equal && std::abs(loss - after[0]) <= 1e-3 * std::abs(after[0]);
    for (const bool training : {false, true}) {
      bench::measure(contenders, training, budget);
      print_row(rows, training, contenders, after);
    }
  }
  if (!equal) fmt::print("\nthe losses differ by more than 1e-3\n");
  return equal ? 0 : 1;
}
