// Exact answers of files: reading, ordering and solving, against toulbar2 as a command and dlib's join tree.
//
//   bench_exact [REPEATS] [PATH OF ebm]
//
// Ours is timed in this process from the file to the answer, and as the command `ebm solve` when its path is
// given; toulbar2 is a command, so its times hold the start of a process. Times are processor time, the least
// of the repeats. Variable elimination is what makes its log Z finish (-p=14).

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "contenders.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/graph/formats.hpp"
#include "ebm/inference/discrete.hpp"
#include "exact_workloads.hpp"
#ifdef EBM_DLIB
#include "peers/dlib_join_tree.hpp"
#endif

extern char** environ;

namespace ebm::bench {
namespace {

using Task = Question::Task;

struct Times {
  double processor = kInf, wall = kInf;
  double answer = 0;
  void take(const Times& t) {
    processor = std::min(processor, t.processor);
    wall = std::min(wall, t.wall);
    answer = t.answer;
  }
};

Times ours(const std::filesystem::path& file, Task task) {
  const double cpu = processor_seconds(), start = now();
  DiscreteGraph graph = discrete::read_graph(file).graph;
  const std::filesystem::path evidence = file.string() + ".evid";
  if (std::filesystem::exists(evidence)) graph = clamp(graph, discrete::read_evidence(evidence, graph)).graph;
  const Solution s = discrete_engine("junction-tree").solve(graph, {task});
  return {processor_seconds() - cpu, now() - start, task == Task::minimum ? s.energy : -s.free_energy};
}

// A program with its output in a file; 127 when it is not there.
Times command(std::vector<std::string> words, const std::filesystem::path& output, int& status) {
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  const double start = now();
  pid_t child = 0;
  Times t;
  status = 127;
  if (posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0) {
    rusage used{};
    int raw = 0;
    ::wait4(child, &raw, 0, &used);
    status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 1;
    const auto seconds = [](const timeval& v) {
      return static_cast<double>(v.tv_sec) + 1e-6 * static_cast<double>(v.tv_usec);
    };
    t.processor = seconds(used.ru_utime) + seconds(used.ru_stime);
  }
  posix_spawn_file_actions_destroy(&actions);
  t.wall = now() - start;
  return t;
}

int run(int repeats, const std::string& ebm) {
  set_threads(1);
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("ebm_bench_exact_{}", ::getpid());
  std::filesystem::create_directories(folder);
  fmt::print(
      "| file | task | ours, ms | ebm solve, ms | toulbar2, ms | toulbar2 / ours | toulbar2 / ebm solve | "
      "answer |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const ExactWorkload& w : exact_workloads()) {
    const std::filesystem::path file = folder / (w.name + ".uai");
    std::ofstream(file) << w.uai;
    const std::string evidence = file.string() + ".evid";
    if (!w.evidence.empty()) std::ofstream(evidence) << w.evidence;
    for (const Task task : {Task::minimum, Task::free_energy, Task::marginals}) {
      const char* name = task == Task::minimum       ? "minimum"
                         : task == Task::free_energy ? "log Z"
                                                     : "marginals";
      Times mine, process, peer;
      bool has_peer = task != Task::marginals, has_ebm = !ebm.empty();
      for (int r = 0; r < repeats; ++r) {
        mine.take(ours(file, task));
        int status = 0;
        std::vector<std::string> words;
        if (has_ebm) {
          words = {
              ebm,
              "solve",
              file.string(),
              "--threads",
              "1",
              "--json",
              "--task",
              task == Task::minimum ? "minimum" : task == Task::free_energy ? "free-energy" : "marginals"};
          if (!w.evidence.empty()) words.insert(words.end(), {"--evidence", evidence});
          process.take(command(words, folder / "ebm.out", status));
          has_ebm = status == 0;
        }
        if (has_peer && (r < 3 || peer.wall < 1)) {  // some take seconds
          words = {"toulbar2", file.string()};
          if (!w.evidence.empty()) words.push_back(evidence);
          words.emplace_back("-timer=60");
          if (task == Task::free_energy) words.insert(words.end(), {"-logz", "-p=14"});
          peer.take(command(words, folder / "toulbar2.out", status));
          has_peer = status != 127;
        }
      }
      const auto ms = [](bool there, double s) { return there ? fmt::format("{:.3g}", 1e3 * s) : "-"; };
      const auto ratio = [](bool there, double a, double b) {
        return there ? fmt::format("{:.1f}", a / b) : "-";
      };
      fmt::print("| {} | {} | {} | {} | {} | {} | {} | {:.12g} |\n", w.name, name, ms(true, mine.processor),
                 ms(has_ebm, process.processor), ms(has_peer, peer.processor),
                 ratio(has_peer, peer.processor, mine.processor),
                 ratio(has_peer && has_ebm, peer.processor, process.processor), mine.answer);
      std::fflush(stdout);
    }
#ifdef EBM_DLIB
    if (!w.evidence.empty()) {
      double squares = 0;
      const double cpu = processor_seconds();
      squares = join_tree_marginals(w.uai, w.evidence);
      fmt::print("dlib, marginals of {}: {:.4g} ms, sum of their squares {:.9g}\n", w.name,
                 1e3 * (processor_seconds() - cpu), squares);
    }
#endif
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace ebm::bench

int main(int argc, char** argv) {
  return ebm::bench::run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 5, argc > 2 ? argv[2] : "");
}
