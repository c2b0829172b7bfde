// Linear chains with random tables: the best path, and the negative log-likelihood with the gradients of all
// tables, ours through Model, Batch, MinSum, SumProduct and backward, against libtorch's two codings and
// dlib's chain engine in a loop, in turn in one run. Processor time of a chain, the least of the repetitions;
// wrong answers end the program.
//
//   bench_chains [SECONDS] [THREADS]     spent on each contender, 1 by default; threads, 1 by default

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "contenders.hpp"
#include "ebm/core/kernels.hpp"
#include "ebm/ebm.hpp"
#include "workload_rng.hpp"
#ifdef EBM_BENCH_TORCH
#include "peers/torch_chains.hpp"
#endif
#ifdef EBM_BENCH_DLIB
#include "peers/dlib_chains.hpp"
#endif

namespace {

using namespace ebm;

double budget = 1;
int threads_asked = 1;

struct Workload {
  int length, labels, batch;
  std::vector<float> unary, pair;  // minus energies
  std::vector<int> truth;
  std::string name() const { return fmt::format("T{} K{} B{}", length, labels, batch); }
};

Workload make(int length, int labels, int batch) {
  Workload w{length, labels, batch, {}, {}, {}};
  bench::WorkloadRng rng(1000003ull * static_cast<unsigned>(length) +
                         7919ull * static_cast<unsigned>(labels) + static_cast<unsigned>(batch));
  const auto positions = static_cast<std::size_t>(batch) * static_cast<std::size_t>(length);
  w.unary.resize(positions * static_cast<std::size_t>(labels));
  w.pair.resize(static_cast<std::size_t>(labels) * static_cast<std::size_t>(labels));
  w.truth.resize(positions);
  for (float& x : w.unary) x = static_cast<float>(rng.normal());
  for (float& x : w.pair) x = static_cast<float>(rng.normal());
  for (int& y : w.truth) y = rng.below(labels);
  return w;
}

class Ours {
 public:
  explicit Ours(const Workload& w)
      : pair_(W_.table("pair", {w.labels, w.labels})),
        index_(static_cast<std::size_t>(w.batch)),
        model_(W_, [this, &w](FactorGraph& g, const int& i) {
          const auto n = static_cast<std::size_t>(w.length);
          const auto y = g.outputs("y", w.length, Labels(w.labels),
                                   std::span(w.truth).subspan(static_cast<std::size_t>(i) * n, n));
          g.add_each(factor::constant(unary_[static_cast<std::size_t>(i)]), y);
          g.add_each(factor::table(W_, pair_), y.pairs());
        }) {
    for (std::size_t k = 0; k < w.pair.size(); ++k) W_.view(pair_).data[k] = static_cast<Real>(-w.pair[k]);
    auto from = w.unary.begin();
    for (int i = 0; i < w.batch; ++i) {
      Tensor& u = unary_.emplace_back(Shape{w.length, w.labels});
      for (Real& x : u.span()) x = static_cast<Real>(-*from++);
    }
    std::iota(index_.begin(), index_.end(), 0);
    ready_.push_back(model_.prepare(index_));
    batch_.push_back(ready_[0].batch());
    for (const Sample& s : ready_[0].samples()) samples_.push_back(&s);
    gradient_.resize(W_.flat().size());
    plus_.assign(samples_.size(), 1);
    minus_.assign(samples_.size(), -1);
  }

  double viterbi() {
    batch_[0].assign(samples_);
    infer::MinSum{}.answer(batch_[0], {.weights = false, .answers = true}, all_);
    return -std::accumulate(all_.energy.begin(), all_.energy.end(), 0.0);
  }
  double likelihood() {
    batch_[0].assign(samples_, Net::Mode::train);
    std::ranges::fill(gradient_, Real(0));
    infer::SumProduct{}.answer(batch_[0], {.over = Over::truth, .beta = 1}, truth_);
    infer::SumProduct{}.answer(batch_[0], {.beta = 1}, all_);
    const Pull pulls[] = {{&truth_, plus_}, {&all_, minus_}};
    backward(batch_[0], pulls, gradient_, scratch_);
    double nll = 0;
    for (std::size_t i = 0; i < samples_.size(); ++i) nll += truth_.energy[i] - all_.energy[i];
    return nll;
  }
  // Of the last likelihood: scratch_ has the slopes of all tables' entries, sample after sample.
  double unary_norm() const {
    double sum = 0;
    for (int i = 0; i < static_cast<int>(samples_.size()); ++i)
      for (std::size_t k = batch_[0].weights_at(i, 0); k < batch_[0].weights_at(i, 1); ++k)
        sum += static_cast<double>(scratch_[k]) * static_cast<double>(scratch_[k]);
    return std::sqrt(sum);
  }
  double pair_norm() const {
    double sum = 0;
    for (const Real g : gradient_) sum += static_cast<double>(g) * static_cast<double>(g);
    return std::sqrt(sum);
  }

 private:
  Params W_;
  Param pair_;
  std::vector<int> index_;
  std::vector<Tensor> unary_;
  Model<int> model_;
  std::vector<Prepared> ready_;
  std::vector<Batch> batch_;
  std::vector<const Sample*> samples_;
  Answer truth_, all_;
  std::vector<double> plus_, minus_;
  std::vector<Real> gradient_, scratch_;
};

// Processor seconds of each call, the least; the calls take turns.
std::vector<double> least(const std::vector<std::function<void()>>& calls) {
  std::vector<double> best(calls.size(), 1e300);
  for (int turn = 0; turn < 4; ++turn)
    for (std::size_t i = 0; i < calls.size(); ++i) {
      calls[i]();  // warms caches up
      const double end = bench::now() + budget / 4;
      do {
        const double start = threads_asked == 1 ? bench::processor_seconds() : bench::now();
        calls[i]();
        best[i] = std::min(best[i], (threads_asked == 1 ? bench::processor_seconds() : bench::now()) - start);
      } while (bench::now() < end);
    }
  return best;
}

void require(double ours, double right, double tolerance, const std::string& what) {
  if (std::abs(ours - right) <= tolerance * std::abs(right)) return;
  fmt::print(stderr, "wrong {}: {:.9g} instead of {:.9g}\n", what, ours, right);
  std::exit(2);
}

std::string against(double ours, double peer) {
  return peer > 0 ? fmt::format("{:.1f} x", peer / ours) : "-";
}

void compare(int length, int labels, int batch) {
  const Workload w = make(length, labels, batch);
  Ours ours(w);
  const double best = ours.viterbi(), nll = ours.likelihood();
  const double us = 1e6 / batch;
  std::vector<std::function<void()>> viterbi{[&] { ours.viterbi(); }}, likelihood{[&] { ours.likelihood(); }};
#ifdef EBM_BENCH_TORCH
  TorchChains torch(batch, length, labels, w.unary, w.pair, w.truth);
  torch.threads(threads_asked);
  require(best, torch.viterbi(true), 1e-9, w.name() + " best path");
  require(nll, torch.likelihood_double(), 1e-6, w.name() + " nll");
  const TorchChains::Likelihood peer = torch.likelihood();
  require(ours.unary_norm(), peer.unary_norm, 1e-4, w.name() + " gradient of single variables");
  require(ours.pair_norm(), peer.pair_norm, 1e-3, w.name() + " gradient of the table");
  viterbi.emplace_back([&] { torch.viterbi(); });
  likelihood.emplace_back([&] { torch.likelihood(); });
  const double difference = std::abs(nll - torch.likelihood_double()) / std::abs(nll);
#else
  const double difference = 0;
#endif
#ifdef EBM_BENCH_DLIB
  const int few = std::min(batch, 8);
  const double scale = static_cast<double>(batch) / few;
  viterbi.emplace_back([&, few] { dlib_viterbi(few, length, labels, w.unary, w.pair); });
  require(best, dlib_viterbi(batch, length, labels, w.unary, w.pair), 1e-9, w.name() + " best path");
#endif
  std::vector<double> v = least(viterbi), n = least(likelihood);
  double torch_v = 0, torch_n = 0, dlib_v = 0;
  std::size_t at = 1;
#ifdef EBM_BENCH_TORCH
  torch_v = v[at++], torch_n = n[1];
#endif
#ifdef EBM_BENCH_DLIB
  dlib_v = v[at] * scale;
#endif
  (void)at;
  fmt::print("| {} | {:.1f} us | {} | {} | {:.1f} us | {} | {:.0e} |\n", w.name(), v[0] * us,
             against(v[0], torch_v), against(v[0], dlib_v), n[0] * us, against(n[0], torch_n), difference);
  std::fflush(stdout);
}

// 10,000 short chains; then one long and steep.
void many_and_long() {
  const Workload w = make(20, 10, 10'000);
  Ours ours(w);
  [[maybe_unused]] const double best = ours.viterbi();
  std::vector<std::function<void()>> calls{[&] { ours.viterbi(); }, [&] { ours.likelihood(); }};
#ifdef EBM_BENCH_DLIB
  require(best, dlib_viterbi(w.batch, w.length, w.labels, w.unary, w.pair), 1e-9, "10,000 best paths");
  calls.emplace_back([&] { dlib_viterbi(w.batch, w.length, w.labels, w.unary, w.pair); });
#endif
  const std::vector<double> t = least(calls);
  fmt::print(
      "\n10,000 chains of 20 variables and 10 labels: best paths {:.2f} ms, {} dlib in a loop; NLL and "
      "gradients "
      "{:.2f} ms\n",
      t[0] * 1e3, against(t[0], t.size() > 2 ? t[2] : 0), t[1] * 1e3);
  Workload steep = make(100'000, 10, 1);
  for (auto* table : {&steep.unary, &steep.pair})
    for (float& x : *table) x *= 100;  // beta = 100
  Ours one(steep);
  double nll = 0;
  const double start = bench::processor_seconds();
  nll = one.likelihood();
  const double seconds = bench::processor_seconds() - start;
  fmt::print(
      "one chain of 100,000 variables, 10 labels, energies times 100: NLL {:.6f} and gradients in {:.3f} s\n",
      nll, seconds);
  if (!std::isfinite(nll)) std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) budget = std::atof(argv[1]);
  if (argc > 2) threads_asked = std::max(1, std::atoi(argv[2]));
  set_threads(threads_asked);
  fmt::print("instruction set {}, {} thread(s), {} time a chain\n\n", kernels().instruction_set,
             threads_asked, threads_asked == 1 ? "processor" : "wall");
  fmt::print(
      "| workload | best path | libtorch | dlib | NLL + gradients | libtorch | off by |\n"
      "|---|---|---|---|---|---|---|\n");
  compare(100, 10, 64);
  compare(100, 50, 64);
  compare(100, 200, 64);
  compare(1000, 10, 64);
  compare(1000, 50, 64);
  compare(1000, 200, 8);
  many_and_long();
}
