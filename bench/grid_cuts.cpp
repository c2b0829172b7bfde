// Minimum cuts of grids beside libmaxflow (Boykov, Kolmogorov), OpenCV's GCGraph and Boost.Graph's generic
// maximum flow, and alpha-expansion beside one written on libmaxflow, in turn in one run; then how time and
// memory grow with a grid of two labels. Times are the least processor time of several runs, each from a
// graph that is declared (ours) or from the arrays (peers) to labels; energies in float64.
//   usage: bench_grid_cuts [peers | scale] [runs]
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdlib>
#include <functional>
#include <string_view>

#include "contenders.hpp"
#include "ebm/inference/discrete.hpp"
#include "peers/grid_cuts.hpp"

namespace {

using namespace ebm;
using namespace ebm::bench;

struct Peer {
  std::string name;
  std::function<std::vector<int>()> labels;
  double seconds = kInf, energy = 0;
};

void compare(std::string_view workload, int runs, const char* engine, bool expansion) {
  const GridWorkload g = grid_workload(workload);
  const DiscreteGraph graph = graph_of(g);
  std::vector<Peer> peers{
      {std::string("ours, ") + engine, [&] { return discrete_engine(engine).solve(graph, {}).labels; }}};
  if (expansion) {
    peers.push_back({"libmaxflow", [&] { return expand_by_maxflow(g); }});
  } else {
    peers.push_back({"libmaxflow", [&] { return cut_by_maxflow(g); }});
    peers.push_back({"OpenCV", [&] { return cut_by_opencv(g); }});
    peers.push_back({"Boost", [&] { return cut_by_boost(g); }});
  }
  for (int run = 0; run < runs; ++run)
    for (Peer& p : peers) {
      const double start = processor_seconds();
      const std::vector<int> y = p.labels();
      p.seconds = std::min(p.seconds, processor_seconds() - start);
      if (!y.empty()) p.energy = energy_of(g, y);
    }
  fmt::print("{}, least of {}\n", workload, runs);
  for (const Peer& p : peers)
    if (p.energy == 0)
      fmt::print("  {:24} not installed\n", p.name);
    else
      fmt::print("  {:24} {:9.3f} ms  {:6.2f} x ours  energy {:.4f}\n", p.name, p.seconds * 1e3,
                 p.seconds / peers[0].seconds, p.energy);
}

void scale(int runs) {
  fmt::print("graph-cut of a grid of two labels, from the declared graph to labels\n");
  double first = 0;
  for (const int side : {256, 1024, 4096}) {
    const GridWorkload g = make_grid("scale", side, side, 2, 0.6, 1, 205);
    const double declared = processor_seconds();
    const DiscreteGraph graph = graph_of(g);
    const double start = processor_seconds();
    double least = kInf, energy = 0;
    for (int run = 0; run < (side < 1024 ? 10 * runs : side < 4096 ? runs : 2); ++run) {
      const double begin = processor_seconds();
      energy = discrete_engine("graph-cut").solve(graph, {}).energy;
      least = std::min(least, processor_seconds() - begin);
    }
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const double each = least / g.variables() * 1e9;
    if (first == 0) first = each;
    fmt::print(
        "  {:4} x {:4}  declared in {:7.3f} s, solved in {:7.3f} s, {:6.1f} ns a variable ({:.2f} x), "
        "peak of the process {:.2f} GB, energy {:.4f}\n",
        side, side, start - declared, least, each, each / first,
        static_cast<double>(used.ru_maxrss) * 1024e-9, energy);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  if (what != "scale") {
    compare("grid256_potts2", 5 * runs, "graph-cut", false);
    for (const char* workload : {"grid64_potts8", "grid64_tl8", "grid256_potts16", "grid256_tl16"})
      compare(workload, runs, "alpha-expansion", true);
  }
  if (what != "peers") scale(runs);
}
