// Gibbs sweeps of a 256 x 256 torus, Ising at beta 0.3 and Potts with 8 labels at beta 0.8, beside libtorch's
// checkerboard in one run; the mean energy per site of both against Onsager's (1944). Ours is given a
// DiscreteGraph, in which it finds the lattice.
//
//   bench_gibbs [SECONDS] [SWEEPS]   each contender's time (4), and sweeps whose energies are averaged (2000)

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "contenders.hpp"
#include "ebm/core/kernels.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/inference/label_chains.hpp"
#ifdef EBM_BENCH_TORCH
#include "peers/torch_gibbs.hpp"
#endif

namespace {

using namespace ebm;

constexpr int kSize = 256;

// Each variable with its neighbours to the right and below, going round.
DiscreteGraph torus(int labels, double weight, bool fields) {
  DiscreteGraph graph;
  const Variables y = graph.add_variables(kSize * kSize, Labels(labels));
  Scopes pairs{2, {}};
  for (int r = 0; r < kSize; ++r)
    for (int c = 0; c < kSize; ++c) {
      const int at = r * kSize + c;
      pairs.variables.insert(pairs.variables.end(),
                             {at, r * kSize + (c + 1) % kSize, at, (r + 1) % kSize * kSize + c});
    }
  std::vector<double> row;
  for (int a = 0; a < labels; ++a)
    for (int b = 0; b < labels; ++b) row.push_back(a == b ? 0 : weight);
  graph.add_each(row, pairs);
  if (fields) {
    Rng rng(1);
    std::vector<double> single;
    for (int i = 0; i < graph.variables() * labels; ++i) single.push_back(0.5 * rng.normal());
    graph.add_each(single, y.each());
  }
  return graph;
}

struct Mean {
  double value, error;
};
template <class Draw>
Mean mean_of(int sweeps, const Draw& draw) {
  std::vector<double> all;
  for (int k = 0; k < sweeps; ++k) all.push_back(draw());
  double mean = 0, squares = 0;
  for (const double e : all) mean += e / sweeps;
  for (const double e : all) squares += (e - mean) * (e - mean) / (sweeps - 1);
  return {mean, std::sqrt(squares / effective_samples(all, 1))};
}

double least(std::vector<double>& of) { return *std::min_element(of.begin(), of.end()); }

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 4;
  const int sweeps = argc > 2 ? std::atoi(argv[2]) : 2000;
  struct Work {
    const char* name;
    int labels;
    double beta, weight, exact;
    bool fields;
  };
  fmt::print("instruction set {}\n\n", kernels().instruction_set);
  fmt::print(
      "| torus | threads | ours, us a sweep | ns a variable | libtorch, us | ratio "
      "|\n|---|---|---|---|---|---|\n");
  std::vector<std::string> energies;
  bool good = true;
  for (const Work& w : {Work{"Ising", 2, 0.3, 2, -0.704499071, false},
                        {"Potts, 8 labels", 8, 0.8, 1, 0, false},
                        {"Potts, 8 labels, a field on each", 8, 0.8, 1, 0, true}}) {
    const DiscreteGraph graph = torus(w.labels, w.weight, w.fields);
    LabelChain chain(graph, Moves::coloured, w.beta, 1);
    if (!chain.vectorised()) fmt::print(stderr, "no lattice was found\n");
    set_threads(1);
    chain.run(100);
    std::vector<bench::Contender> contenders;
    // Ten sweeps at once: one is shorter than what the clock's call takes notice of.
    for (const int threads : {1, 2})
      contenders.push_back({"ours", threads, [](int n) { set_threads(n); }, [&] { chain.run(10); }, {}, {}});
#ifdef EBM_BENCH_TORCH
    TorchGibbs peer(kSize, w.labels, w.beta, 1);
    for (int k = 0; k < 100; ++k) peer.sweep();
    for (const int threads : {1, 2})
      if (!w.fields)
        contenders.push_back(
            {"libtorch", threads, [](int n) { TorchGibbs::set_threads(n); }, [&] { peer.sweep(); }, {}, {}});
#endif
    bench::measure(contenders, false, seconds);
    // One thread: processor time, which others on the machine do not lengthen; two: wall time.
    for (std::size_t t = 0; t < 2; ++t) {
      const auto best = [&](std::size_t i) {
        return 1e6 * least(t == 0 ? contenders[i].processor : contenders[i].seconds);
      };
      const double own = best(t) / 10;
      fmt::print("| {} | {} | {:.1f} | {:.2f} |", w.name, t + 1, own, 1e3 * own / graph.variables());
      if (contenders.size() > 2)
        fmt::print(" {:.0f} | {:.1f} |\n", best(2 + t), best(2 + t) / own);
      else
        fmt::print(" | |\n");
      std::fflush(stdout);
    }
    if (w.fields) continue;
    set_threads(2);
    const Mean mine = mean_of(sweeps, [&] {
      chain.run(1);
      const double pairs = 2.0 * graph.variables(), differ = chain.energy() / w.weight;
      return (w.labels == 2 ? 2 * differ - pairs : differ - pairs) / graph.variables();
    });
    energies.push_back(fmt::format("| {} | {:.6f} +- {:.6f} |", w.name, mine.value, mine.error));
    if (w.exact != 0) good = good && std::abs(mine.value - w.exact) < 3 * mine.error;
#ifdef EBM_BENCH_TORCH
    TorchGibbs::set_threads(1);
    const Mean theirs = mean_of(std::min(sweeps, w.labels == 2 ? sweeps : 300), [&] {
      peer.sweep();
      return peer.energy_per_site();
    });
    energies.back() += fmt::format(" {:.6f} +- {:.6f} |", theirs.value, theirs.error);
#else
    energies.back() += " |";
#endif
    energies.back() += w.exact != 0 ? fmt::format(" {:.6f} |", w.exact) : " |";
  }
  fmt::print("\n| torus | energy per site, ours | libtorch | exact |\n|---|---|---|---|\n");
  for (const std::string& line : energies) fmt::print("{}\n", line);
  if (!good) fmt::print(stderr, "the energy is not within three standard errors of the exact one\n");
  return good ? 0 : 1;
}
