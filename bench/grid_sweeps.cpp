// Synchronous sweeps of min-sum over two grids of 256 x 256 variables of 16 labels, ours and libtorch's
// whole-grid tensor operations in turn in one run:  bench_grid_sweeps [TURNS [SWEEPS]]
//
// A sweep is what 100 of them take, reading the labels off included, divided by 100; ours counts making the
// layout from the graph too. Bars: Potts 4.5 times libtorch's Potts coding, truncated linear 40 times its
// table coding, the better of it with 1 and 2 threads against ours with as many.

#include <fmt/format.h>

#include <cstdlib>

#include "contenders.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/inference/message_passing.hpp"
#include "grid_workloads.hpp"
#ifdef EBM_BENCH_TORCH
#include "peers/torch_grid.hpp"
#endif

namespace {

using namespace ebm;
using namespace ebm::bench;

struct Timed {
  double wall = kInf, processor = kInf;  // seconds, least of the turns
  std::vector<int> labels;
};

void take_turn(Timed& best, const std::function<std::vector<int>()>& run) {
  const double processor = processor_seconds(), wall = now();
  best.labels = run();
  best.wall = std::min(best.wall, now() - wall);
  best.processor = std::min(best.processor, processor_seconds() - processor);
}

std::vector<int> ours(const DiscreteGraph& g, int sweeps) {
  const infer::Loopy engine{.schedule = infer::Loopy::Schedule::synchronous,
                            .iterations = sweeps,
                            .tolerance = -1,  // never early
                            .look = 0,
                            .polish = false};
  return engine.solve(g, {}).labels;
}

void compare(const GridWorkload& w, double bar, int turns, int sweeps) {
  const DiscreteGraph g = graph_of(w);
  const bool potts = w.limit == 1;
  fmt::print("{}: energy after 5 sweeps {:.4f}, after 100 {:.4f}\n", w.name, g.energy(ours(g, 5)),
             g.energy(ours(g, 100)));
#ifdef EBM_BENCH_TORCH
  std::vector<float> pair;
  for (int a = 0; a < w.labels; ++a)
    for (int b = 0; b < w.labels; ++b) pair.push_back(static_cast<float>(w.pair(a, b)));
  const TorchGrid torch(w.height, w.width, w.labels, w.single, w.horizontal, w.vertical, pair, w.strength);
  // The table coding takes its time; its sweeps are alike.
  const int peer_sweeps = potts ? sweeps : std::max(1, sweeps / 20);
  fmt::print("  libtorch after 5: {:.4f}\n", g.energy(torch.labels_after(5, potts)));
#endif
  const auto ms = [](double seconds, int n) { return 1e3 * seconds / n; };
  for (const int threads : {1, 2}) {
    set_threads(threads);
    Timed mine, peer;
    for (int turn = 0; turn < turns; ++turn) {
      take_turn(mine, [&] { return ours(g, sweeps); });
#ifdef EBM_BENCH_TORCH
      TorchGrid::set_threads(threads);
      take_turn(peer, [&] { return torch.labels_after(peer_sweeps, potts); });
#endif
    }
    fmt::print("  {} thread{}: ours {:.2f} ms a sweep (processor {:.2f})", threads, threads > 1 ? "s" : "",
               ms(mine.wall, sweeps), ms(mine.processor, sweeps));
#ifdef EBM_BENCH_TORCH
    fmt::print(", libtorch {:.2f} ({:.2f}): ratio {:.1f}, of processor time {:.1f}, bar {}",
               ms(peer.wall, peer_sweeps), ms(peer.processor, peer_sweeps),
               ms(peer.wall, peer_sweeps) / ms(mine.wall, sweeps),
               ms(peer.processor, peer_sweeps) / ms(mine.processor, sweeps), bar);
#endif
    fmt::print("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int turns = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5,
            sweeps = argc > 2 ? std::max(1, std::atoi(argv[2])) : 100;
  compare(grid_workload("grid256_potts16"), 4.5, turns, sweeps);
  compare(grid_workload("grid256_tl16"), 40, turns, sweeps);
}
