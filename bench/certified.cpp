// Minima with their certificates: grids against toulbar2 (a command, looked for when the program runs), and
// files of the UAI competition against the answers that came with them.
//
//   bench_certified [--repeats N] [--seconds S] [--data DIR]
//
// Processor time, the least of the repeats; toulbar2's holds the start of a process and the reading of a text
// file. DIR holds NAME.uai, NAME.uai.evid and the reference NAME.uai.MAP.

#include <sys/resource.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "contenders.hpp"
#include "ebm/graph/formats.hpp"
#include "ebm/inference/discrete.hpp"
#include "grid_workloads.hpp"

namespace {

using namespace ebm;
using bench::processor_seconds;

double children_seconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

// Least processor time of a command, -1 when it is not there; `proved`: it says so.
double peer_seconds(const std::string& command, const std::filesystem::path& log, int repeats, bool& proved) {
  double least = -1;
  for (int r = 0; r < repeats; ++r) {
    const double before = children_seconds();
    const int status = std::system((command + " > " + log.string() + " 2>&1").c_str());
    const double seconds = children_seconds() - before;
    if (WEXITSTATUS(status) == 127) return -1;
    least = least < 0 ? seconds : std::min(least, seconds);
  }
  proved = text_of(log).find("Optimum:") != std::string::npos;
  return least;
}

void grids(int repeats) {
  const auto folder = std::filesystem::temp_directory_path();
  fmt::print(
      "| grid | energy | bound | | ours, ms | toulbar2 with TRW-S, ms | ratio | toulbar2 in 20 s, ms |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const char* name : {"grid16_potts4", "grid32_potts8", "grid64_potts8", "grid64_tl8"}) {
    const DiscreteGraph g = bench::graph_of(bench::grid_workload(name));
    Solution s;
    double ours = kInf;
    for (int r = 0; r < 3 * repeats; ++r) {
      const double before = processor_seconds();
      s = discrete_engine("branch-and-bound").solve(g, {});
      ours = std::min(ours, processor_seconds() - before);
    }
    const auto file = folder / (std::string(name) + ".uai"), log = folder / "certified.log";
    std::ofstream(file) << discrete::to_uai(g);
    bool with = false, plain = false;
    const double trws =
        peer_seconds("toulbar2 " + file.string() + " -timer=20 -trws=1e-5", log, repeats, with);
    const double alone = peer_seconds("toulbar2 " + file.string() + " -timer=20", log, 1, plain);
    const auto ms = [](double t, bool proved) {
      return t < 0 ? std::string("-") : fmt::format("{:.3g}{}", 1e3 * t, proved ? "" : " (not proved)");
    };
    fmt::print("| {} | {:.6f} | {:.6f} | {} | {:.3g} | {} | {} | {} |\n", name, s.energy, s.bound,
               to_string(s.report.exactness), 1e3 * ours, ms(trws, with),
               trws < 0 ? "-" : fmt::format("{:.2f}", trws / ours), ms(alone, plain));
    std::fflush(stdout);
  }
}

void files(const std::filesystem::path& data, double seconds) {
  std::vector<std::filesystem::path> all;
  for (const auto& entry : std::filesystem::directory_iterator(data))
    if (entry.path().extension() == ".uai") all.push_back(entry.path());
  std::ranges::sort(all);
  fmt::print(
      "\n| file | variables | energy | bound | | seconds | reference | |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const auto& path : all) {
    const DiscreteGraph whole = discrete::read_graph(path).graph;
    std::vector<int> evidence(static_cast<std::size_t>(whole.variables()), -1);
    if (std::filesystem::exists(path.string() + ".evid"))
      evidence = discrete::read_evidence(path.string() + ".evid", whole);
    const Clamped c = clamp(whole, evidence);
    const Solution s = discrete_engine("automatic").solve(c.graph, {.seconds = seconds});
    double reference = kInf;
    const std::string map = path.string() + ".MAP";
    if (std::filesystem::exists(map)) reference = whole.energy(discrete::parse_map(text_of(map), map, whole));
    fmt::print("| {} | {} | {:.6f} | {:.6f} | {}, {} | {:.2f} | {:.6f} | {} |\n", path.stem().string(),
               c.graph.variables(), s.energy, s.bound, to_string(s.report.used),
               to_string(s.report.exactness), s.report.seconds, reference,
               s.energy < reference - 1e-6   ? "lower"
               : s.energy < reference + 1e-6 ? "same"
                                             : "higher");
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  int repeats = 3;
  double seconds = 60;
  std::string data;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--repeats") repeats = std::atoi(argv[i + 1]);
    if (option == "--seconds") seconds = std::atof(argv[i + 1]);
    if (option == "--data") data = argv[i + 1];
  }
  if (repeats > 0) grids(repeats);
  if (!data.empty()) files(data, seconds);
  return 0;
}
