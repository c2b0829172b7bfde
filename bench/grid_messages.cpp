// Tree-reweighted message passing on grids: energy, bound and time after some iterations, and how soon the
// energy of alpha-expansion on libmaxflow is beaten, in turn in one run. Times are the least processor time
// of several runs, each from the declared graph (ours) or from the arrays (libmaxflow) to labels, memory and
// all; energies and bounds are evaluated in float64.
//   usage: bench_grid_messages [runs]
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "contenders.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/inference/discrete.hpp"
#include "peers/grid_cuts.hpp"

namespace {

using namespace ebm;
using namespace ebm::bench;

struct Timed {
  Solution solution;
  double seconds = kInf;
};

void solve(const DiscreteGraph& graph, int iterations, Timed& to) {
  const double start = processor_seconds();
  to.solution = discrete_engine("trws").solve(graph, {.iterations = iterations});
  to.seconds = std::min(to.seconds, processor_seconds() - start);
}

void compare(std::string_view workload, int runs) {
  const GridWorkload g = grid_workload(workload);
  const DiscreteGraph graph = graph_of(g);
  constexpr std::array<int, 4> kIterations{1, 5, 20, 100};
  std::array<Timed, 4> ours;
  Timed peer, beaten;
  int needed = 0;
  for (int run = 0; run < runs; ++run) {
    for (std::size_t i = 0; i < ours.size(); ++i) solve(graph, kIterations[i], ours[i]);
    const double start = processor_seconds();
    const std::vector<int> y = expand_by_maxflow(g);
    peer.seconds = std::min(peer.seconds, processor_seconds() - start);
    if (y.empty()) continue;
    peer.solution.energy = energy_of(g, y);
    for (int i = std::max(1, needed); i <= 100; ++i) {
      solve(graph, i, beaten);
      needed = i;
      if (beaten.solution.energy <= peer.solution.energy) break;
      beaten = {};
    }
  }
  fmt::print("{}, least of {} runs\n", workload, runs);
  fmt::print("  {:>10} {:>14} {:>14} {:>9} {:>9}\n", "iterations", "energy", "bound", "gap", "ms");
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const Solution& s = ours[i].solution;
    fmt::print("  {:10} {:14.4f} {:14.4f} {:9.4f} {:9.2f}\n", s.report.iterations, s.energy, s.bound,
               s.energy - s.bound, ours[i].seconds * 1e3);
  }
  if (needed == 0) {
    fmt::print("  libmaxflow is not installed\n");
    return;
  }
  fmt::print(
      "  expansion by libmaxflow: {:.4f} in {:.2f} ms; ours {:.4f} in {:.2f} ms, {} iterations: {:.1f} x "
      "sooner\n",
      peer.solution.energy, peer.seconds * 1e3, beaten.solution.energy, beaten.seconds * 1e3, needed,
      peer.seconds / beaten.seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 5;
  ebm::set_threads(1);
  for (const char* name : {"grid64_potts8", "grid64_tl8", "grid256_potts16", "grid256_tl16"})
    compare(name, std::max(1, runs));
}
