// Y = X^2 (LeCun et al. 2006, section 5) through FactorGraph and Trainer.
//
//   bench_parabola [ROUNDS]    the online step of implicit regression against libtorch on one thread, in
//   turns, and
//                              the step of every loss; processor time, the least of ROUNDS (15) passes
//   bench_parabola all         every loss x both architectures x 150 passes in one call: the time
//   bench_parabola table       the same over 5 seeds, as a Markdown table

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>

#include "ebm/core/kernels.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/models/parabola.hpp"
#ifdef EBM_BENCH_TORCH
#include "peers/torch_parabola.hpp"
#endif

namespace {

using namespace ebm;
using models::Parabola;
using models::ParabolaOptions;
using models::ParabolaRecord;
using Architecture = ParabolaOptions::Architecture;

constexpr std::array<std::string_view, 10> kLosses{
    "energy",        "perceptron",         "hinge", "log", "lvq2", "mce",
    "square-square", "square-exponential", "nll",   "mee"};
constexpr double kRate = 0.005;

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// The least time of each call, the calls taking turns.
std::vector<double> least(const std::vector<std::function<void()>>& calls, int rounds) {
  std::vector<double> best(calls.size(), 1e300);
  for (int r = 0; r <= rounds; ++r)
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const double start = processor_seconds();
      calls[i]();
      if (r > 0) best[i] = std::min(best[i], processor_seconds() - start);  // the first round warms up
    }
  return best;
}

ParabolaOptions with(std::string_view loss, Architecture a, int points, std::uint64_t seed = 1) {
  ParabolaOptions o;
  o.architecture = a;
  o.loss = loss;
  o.points = points;
  o.seed = seed;
  return o;
}

#ifdef EBM_BENCH_TORCH
ParabolaOptions constant(std::string_view loss, int points) {
  ParabolaOptions o = with(loss, Architecture::implicit, points);
  o.rate = kRate;
  o.slow_after = 0;
  return o;
}

std::vector<std::vector<float>> blocks(const Params& W) {
  std::vector<std::vector<float>> out;
  for (const Params::Block& b : W.blocks()) {
    const Real* from = W.data() + b.offset;
    out.emplace_back(from, from + b.size());
  }
  return out;
}

bool against_libtorch(int rounds) {
  fmt::print("| loss | points | ours, us | libtorch, us | ratio | weights apart after 200 steps |\n");
  fmt::print("|---|---|---|---|---|---|\n");
  bool equal = true;
  for (const auto& [loss, points] :
       {std::pair("square-square", 201), std::pair("nll", 20), std::pair("nll", 201)}) {
    Parabola ours(constant(loss, points));
    TorchParabola peer(blocks(ours.params()), ours.inputs(), ours.truths(), points, ours.options().exclude);
    const bool nll = std::string_view(loss) == "nll";
    const int samples = static_cast<int>(ours.inputs().size());
    const auto peer_pass = [&] {
      for (int i = 0; i < samples; ++i) nll ? peer.nll(i, kRate) : peer.square_square(i, kRate);
    };
    ours.epoch(false);
    peer_pass();
    double apart = 0;
    const std::vector<float> theirs = peer.weights();
    std::size_t k = 0;
    for (const auto& block : blocks(ours.params()))
      for (const float w : block) apart = std::max(apart, static_cast<double>(std::abs(w - theirs[k++])));
    equal = equal && apart < 1e-3;
    const auto t = least({[&] { ours.epoch(false); }, peer_pass}, rounds);
    fmt::print("| {} | {} | {:.1f} | {:.1f} | {:.1f} | {:.1e} |\n", loss, points, t[0] * 1e6 / samples,
               t[1] * 1e6 / samples, t[1] / t[0], apart);
    std::fflush(stdout);
  }
  return equal;
}
#endif

void by_loss(int rounds) {
  fmt::print(
      "\n| loss | regression, us a step | implicit, 201 points | implicit, 20 points |\n|---|---|---|---|\n");
  for (const std::string_view loss : kLosses) {
    std::vector<double> us;
    for (const auto& [a, points] :
         {std::pair(Architecture::regression, 201), std::pair(Architecture::implicit, 201),
          std::pair(Architecture::implicit, 20)}) {
      Parabola toy(with(loss, a, points));
      us.push_back(least({[&] { toy.epoch(); }}, rounds)[0] * 1e6 / static_cast<double>(toy.inputs().size()));
    }
    fmt::print("| {} | {:.1f} | {:.1f} | {:.1f} |\n", loss, us[0], us[1], us[2]);
    std::fflush(stdout);
  }
}

std::vector<ParabolaRecord> train_all(int seeds) {
  std::vector<ParabolaOptions> options;
  for (const Architecture a : {Architecture::regression, Architecture::implicit})
    for (const std::string_view loss : kLosses)
      for (int s = 1; s <= seeds; ++s) options.push_back(with(loss, a, 0, static_cast<std::uint64_t>(s)));
  // From small weights, the collapse test.
  for (const std::string_view loss : {"energy", "square-square", "nll"})
    for (int s = 1; seeds > 1 && s <= seeds; ++s) {
      options.push_back(with(loss, Architecture::implicit, 201, static_cast<std::uint64_t>(s)));
      options.back().divisor = 4;
      options.back().rate = kRate;
      options.back().slow_after = 0;
    }
  std::vector<ParabolaRecord> out(options.size());
  parallel_for(options.size(), [&](std::size_t i) {
    out[i] = models::record_parabola(options[i], options[i].divisor == 1 ? 150 : 100, {}, 8);
  });
  return out;
}

void table(int seeds) {
  const std::vector<ParabolaRecord> all = train_all(seeds);
  fmt::print("| architecture | loss | step | RMSE, least to most | E of truth | range over Y | verdicts |\n");
  fmt::print("|---|---|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < all.size(); i += static_cast<std::size_t>(seeds)) {
    const ParabolaOptions& o = all[i].options;
    double low[3] = {1e9, 1e9, 1e9}, high[3] = {};
    std::string verdicts;
    for (std::size_t k = i; k < i + static_cast<std::size_t>(seeds); ++k) {
      const models::ParabolaMeasure& m = all[k].end();
      const double values[] = {m.rmse, m.truth, m.range};
      for (int v = 0; v < 3; ++v)
        low[v] = std::min(low[v], values[v]), high[v] = std::max(high[v], values[v]);
      verdicts += fmt::format("{}{}", verdicts.empty() ? "" : ", ", models::to_string(all[k].verdict.kind));
    }
    fmt::print("| {}{} | {} | {} | {:.4f} to {:.4f} | {:.2f} to {:.2f} | {:.2f} to {:.2f} | {} |\n",
               o.architecture == Architecture::regression ? "regression" : "implicit",
               o.divisor == 1 ? "" : ", weights / 4", o.loss,
               o.rate > 0 ? o.rate : models::parabola_rate(o.architecture, o.loss), low[0], high[0], low[1],
               high[1], low[2], high[2], verdicts);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "all" || what == "table") {
    const auto start = std::chrono::steady_clock::now();
    const double worked = processor_seconds();
    what == "all" ? static_cast<void>(train_all(1)) : table(5);
    fmt::print("{:.1f} s on {} threads, {:.1f} s of processor time\n",
               std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), threads(),
               processor_seconds() - worked);
    return 0;
  }
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  set_threads(1);
  fmt::print("instruction set {}, one thread\n\n", kernels().instruction_set);
  bool equal = true;
#ifdef EBM_BENCH_TORCH
  equal = against_libtorch(rounds);
#endif
  by_loss(rounds);
  if (!equal) fmt::print("\nthe weights differ by more than 1e-3\n");
  return equal ? 0 : 1;
}
