// ebm solve FILE: minimum, marginals, free energy or samples of a discrete graph

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

#include "command.hpp"
#include "ebm/core/error.hpp"
#include "ebm/core/interrupt.hpp"
#include "ebm/inference/discrete.hpp"
#include "ebm/io/file.hpp"
#include "graph_files.hpp"

namespace ebm::app {
namespace {

using Task = Question::Task;
using nlohmann::json;

struct Options {
  Common common;
  std::string file, task = "minimum", engine = "automatic", evidence, start, out;
  double beta = 1, memory = 4096, seconds = 0, gap = 0;
  int iterations = 0, best = 1, samples = 1;
  bool progress = false;
};

constexpr std::array<std::pair<std::string_view, Task>, 4> kTasks{{{"minimum", Task::minimum},
                                                                   {"marginals", Task::marginals},
                                                                   {"free-energy", Task::free_energy},
                                                                   {"samples", Task::samples}}};

Task task_of(const Options& o) {
  return std::ranges::find(kTasks, o.task, &std::pair<std::string_view, Task>::first)->second;
}

bool can(const Powers& has, Task task, bool several) {
  switch (task) {
    case Task::minimum:
      return has.minimum && (has.n_best || !several);
    case Task::free_energy:
      return has.free_energy;
    case Task::marginals:  // samplers count them
      return has.free_energy || has.samples;
    case Task::samples:
      return has.samples;
  }
  return false;
}

std::string names_of_those_that_can(Task task, bool several) {
  std::string out;
  for (const DiscreteEngine& e : discrete_engines())
    if (can(e.powers, task, several)) out.append(out.empty() ? "" : ", ").append(e.key);
  return out.empty() ? "none" : out;
}

// Before the file is read. \throws CLI::ValidationError
void check_engine(const Options& o) {
  const Task task = task_of(o);
  const bool several = o.best > 1;
  if (several && task != Task::minimum)
    throw CLI::ValidationError("--best", "asks for the lowest answers, and --task " + o.task + " has none");
  if (can(discrete_engine(o.engine).powers, task, several)) return;
  throw CLI::ValidationError(
      "--engine", fmt::format("{} cannot answer --task {}{}; these can: {}", o.engine, o.task,
                              several ? " with --best" : "", names_of_those_that_can(task, several)));
}

// What a search has found so far, on stderr: a line drawn over and over on a terminal, else one line for each
// change, at most some a second. Until a search first tells of itself Ctrl-C ends the program as usual; from
// then on it ends the search, and a second one the program.
class Watcher {
 public:
  explicit Watcher(bool shown) : shown_(shown), terminal_(::isatty(STDERR_FILENO) == 1) {}
  ~Watcher() { wipe(); }

  bool operator()(const Progress& p) {
    const std::scoped_lock lock(mutex_);
    if (!guard_) guard_.emplace();
    if (shown_) show(p);
    return !interrupted();
  }
  bool stopped() const { return guard_.has_value() && interrupted(); }

 private:
  void show(const Progress& p) {
    constexpr double kTerminal = 0.1, kLog = 0.5;  // seconds between two lines
    const bool changed = p.energy < energy_ || p.bound > bound_;
    if (p.seconds - drawn_ < (terminal_ ? kTerminal : kLog) || (!terminal_ && !changed)) return;
    drawn_ = p.seconds;
    energy_ = p.energy, bound_ = p.bound;
    const bool both = p.energy < kInf && p.bound > -kInf;
    const std::string gap =
        both ? fmt::format("  gap {:.4g}", p.energy - p.bound) : std::string("  gap unknown");
    const std::string line =
        fmt::format("{:.1f} s  energy {}  bound {}{}  {}", p.seconds,
                    p.energy < kInf ? fmt::format("{:.10g}", p.energy) : "none yet",
                    p.bound > -kInf ? fmt::format("{:.10g}", p.bound) : "unknown", gap, p.engine);
    if (!terminal_) return complain(line);
    std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
    std::fflush(stderr);
    visible_ = true;
  }
  void wipe() {
    if (visible_) std::fprintf(stderr, "\r\x1b[K");
    visible_ = false;
  }
  std::mutex mutex_;
  std::optional<InterruptGuard> guard_;
  bool shown_, terminal_, visible_ = false;
  double drawn_ = -kInf, energy_ = kInf, bound_ = -kInf;
};

// [variables, labels] of all variables, 1 at what was observed.
json marginals_of(const DiscreteGraph& whole, const Clamped& c, const Solution& s) {
  std::vector<std::vector<double>> out;
  for (const int k : whole.labels()) out.emplace_back(static_cast<std::size_t>(k), 0.0);
  for (std::size_t v = 0; v < out.size(); ++v) out[v][static_cast<std::size_t>(c.labels[v])] = 1.0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < c.variable.size(); ++i) {
    auto& p = out[static_cast<std::size_t>(c.variable[i])];
    std::copy_n(s.marginals.begin() + static_cast<std::ptrdiff_t>(at), p.size(), p.begin());
    at += p.size();
  }
  return out;
}

void add_minimum(json& out, const Options& o, const DiscreteGraph& graph, const Clamped& c,
                 const Solution& s) {
  const bool none = s.energy == kInf;
  // Forbidden without exception is an answer too, and then the bound is +inf as the energy is.
  const double gap = !none ? s.energy - s.bound : s.bound == kInf ? 0 : kInf;
  out["energy"] = s.energy;
  out["assignment"] = none ? std::vector<int>{} : c.all(s.labels);
  out["lower_bound"] = s.bound;
  out["gap"] = gap;
  out["relative_gap"] = gap == 0 || gap == kInf ? gap : gap / std::max(std::abs(s.energy), std::abs(s.bound));
  if (o.best == 1) return;
  json& best = out["best"] = json::array();
  for (const std::vector<int>& labels : s.best) {
    const std::vector<int> all = c.all(labels);
    best.push_back({{"energy", graph.energy(all)}, {"assignment", all}});
  }
  if (s.best.empty() && !none) best.push_back({{"energy", s.energy}, {"assignment", out["assignment"]}});
}

void add_sums(json& out, const Options& o, const Solution& s) {
  // A sampler of marginals may know no free energy.
  if (s.free_energy == kInf && s.report.exactness == Exactness::sampled) return;
  const double log_partition = -o.beta * s.free_energy;
  out["log_partition"] = log_partition;
  out["log10_partition"] = log_partition / std::log(10.0);
  if (s.free_energy_bound > -kInf && s.report.exactness != Exactness::exact)
    out["log_partition_bound"] = -o.beta * s.free_energy_bound;
  if (s.error > 0) out["error"] = o.beta * s.error;
}

json result_of(const Options& o, const DiscreteGraph& graph, const Clamped& c, const Solution& s,
               bool stopped) {
  json out{{"task", o.task},
           {"exactness", to_string(s.report.exactness)},
           {"engine",
            {{"asked", o.engine},
             {"used", to_string(s.report.used)},
             {"why", stopped ? "interrupted" : to_string(s.report.why)}}},
           {"converged", s.report.converged},
           {"seconds", s.report.seconds}};
  const Task task = task_of(o);
  if (task == Task::minimum) add_minimum(out, o, graph, c, s);
  if (task == Task::free_energy || task == Task::marginals) add_sums(out, o, s);
  if (task == Task::marginals && !s.marginals.empty()) out["marginals"] = marginals_of(graph, c, s);
  if (task == Task::marginals && c.variable.empty()) out["marginals"] = marginals_of(graph, c, s);
  if (task == Task::samples) {
    json& samples = out["samples"] = json::array();
    const std::size_t n = c.variable.size();
    for (std::size_t i = 0; i < static_cast<std::size_t>(o.samples) && (i + 1) * n <= s.samples.size(); ++i)
      samples.push_back(c.all(std::span(s.samples).subspan(i * n, n)));
  }
  if (s.effective_samples > 0) out["effective_samples"] = s.effective_samples;
  if (s.r_hat > 0) out["r_hat"] = s.r_hat;
  return out;
}

std::string uai_of(const json& result, const Options& o, const DiscreteGraph& graph) {
  if (o.task == "minimum") return discrete::to_map(result.at("assignment").get<std::vector<int>>());
  if (o.task == "free-energy") return discrete::to_pr(result.at("log10_partition").get<double>());
  std::vector<double> all;
  for (const auto& of_v : result.at("marginals"))
    for (const double p : of_v) all.push_back(p);
  return discrete::to_mar(graph.labels(), all);
}

void print_text(const json& r) {
  const auto number = [&](const char* key) { return r.at(key).get<double>(); };
  const auto line = [](const json& labels) {
    fmt::print("{}\n", fmt::join(labels.get<std::vector<int>>(), " "));
  };
  if (r.contains("energy")) {
    fmt::print("energy {:.12g}\tlower bound {:.12g}\tgap {:.3g}\t{}, {}\n", number("energy"),
               number("lower_bound"), number("gap"), r.at("exactness").get<std::string>(),
               r.at("engine").at("used").get<std::string>());
    if (!r.contains("best")) return line(r.at("assignment"));
    for (const json& b : r.at("best")) {
      fmt::print("{:.12g}\t", b.at("energy").get<double>());
      line(b.at("assignment"));
    }
    return;
  }
  if (r.contains("log_partition")) {
    fmt::print("log partition {:.12g}\tlog10 {:.12g}", number("log_partition"), number("log10_partition"));
    if (r.contains("log_partition_bound")) fmt::print("\tnot above {:.12g}", number("log_partition_bound"));
    if (r.contains("error")) fmt::print("\tstandard error {:.3g}", number("error"));
    fmt::print("\t{}, {}\n", r.at("exactness").get<std::string>(),
               r.at("engine").at("used").get<std::string>());
  }
  if (r.contains("marginals"))
    for (const auto& of_v : r.at("marginals"))
      fmt::print("{:.9g}\n", fmt::join(of_v.get<std::vector<double>>(), "\t"));
  if (r.contains("samples"))
    for (const json& sample : r.at("samples")) line(sample);
}

Question question_of(const Options& o, const DiscreteGraph& graph, const Clamped& c) {
  Question q{.task = task_of(o), .beta = o.beta, .memory = o.memory * 0x1p20};
  if (o.seconds > 0) q.seconds = o.seconds;
  q.iterations = o.iterations;
  q.gap = o.gap;
  q.best = o.best;
  q.samples = o.samples;
  q.seed = o.common.seed;
  if (!o.start.empty()) {
    const io::Bytes bytes = io::read_file(o.start);
    const std::vector<int> all = discrete::parse_map(io::as_text(bytes), o.start, graph);
    for (const int v : c.variable) q.start.push_back(all[static_cast<std::size_t>(v)]);
  }
  return q;
}

int solve(const Options& o) {
  apply(o.common);
  check_engine(o);
  if (!o.out.empty()) {
    if (o.task == "samples")
      throw CLI::ValidationError("--out", "there is no file of the UAI competitions for samples; use --json");
    check_outputs(o.common, {{"--out", o.out}}, {o.file, o.evidence, o.start});
  }
  const DiscreteGraph graph = read_graph(o.common, o.file).graph;
  const Clamped clamped = clamp(graph, read_evidence(o.evidence, graph));
  Question question = question_of(o, graph, clamped);
  std::optional<Watcher> watcher(std::in_place, o.progress && !o.common.quiet);
  question.progress = [&](const Progress& p) { return (*watcher)(p); };
  const Solution s = discrete_engine(o.engine).solve(clamped.graph, question);
  const bool stopped = watcher->stopped();
  watcher.reset();

  const bool found = question.task == Task::minimum   ? s.energy < kInf
                     : question.task == Task::samples ? !s.samples.empty() || clamped.variable.empty()
                                                      : s.free_energy < kInf || !s.marginals.empty();
  const bool impossible = !found && s.report.exactness == Exactness::exact && s.report.converged;
  if (impossible && !o.evidence.empty())
    throw DataError(o.evidence +
                    ": the evidence has probability zero: every answer that agrees with it is forbidden.");
  json out = result_of(o, graph, clamped, s, stopped);
  if (!o.out.empty()) {
    if (impossible) throw DataError(o.file + ": every answer is forbidden, so there is none to write.");
    if (found) io::write_file(o.out, uai_of(out, o, graph));
  }
  if (o.common.json)
    print(std::move(out));
  else if (o.out.empty())
    print_text(out);
  if (!found && !impossible) {
    complain(fmt::format("ebm: {} has found no allowed answer{}", o.engine,
                         s.report.why == Why::time_limit ? " within its limits" : ""));
    return stopped ? kInterrupted : kFailed;
  }
  return stopped ? kInterrupted : kOk;
}

std::string engines_for_help() {
  std::string out = "Engines, and the tasks that each can answer:\n";
  for (const DiscreteEngine& e : discrete_engines()) {
    std::string tasks;
    for (const auto& [name, task] : kTasks)
      if (can(e.powers, task, false)) tasks.append(tasks.empty() ? "" : ", ").append(name);
    if (can(e.powers, Task::minimum, true)) tasks += ", --best";
    out += fmt::format("  {:<20} {} ({})\n", e.key, e.what, tasks);
  }
  return out;
}

}  // namespace

void add_solve(CLI::App& ebm) {
  auto o = std::make_shared<Options>();
  auto* c = ebm.add_subcommand("solve", "Minimum, marginals, free energy or samples of a discrete graph");
  add_common(*c, o->common);
  c->add_option("FILE", o->file, kGraphFile)->required();
  std::vector<std::string> tasks, names;
  for (const auto& [name, task] : kTasks) tasks.emplace_back(name);
  for (const DiscreteEngine& e : discrete_engines()) names.emplace_back(e.key);
  c->add_option("--task", o->task, "What is asked")->check(CLI::IsMember(tasks))->capture_default_str();
  c->add_option("--engine", o->engine, "Who is asked, of those below")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  c->add_option("--evidence", o->evidence,
                "UAI evidence file: how many, then a variable and its label for each");
  c->add_option("--time-limit", o->seconds,
                "Seconds until a search stops with the best answer and bound it has; none otherwise")
      ->check(between(1e-3, 1e9));
  c->add_option("--iterations", o->iterations, "Of engines that iterate, at most; the engine's own otherwise")
      ->check(CLI::Range(1, 1'000'000'000));
  c->add_option("--gap", o->gap, "A search may stop at an answer so near to its bound, nats")
      ->check(between(0, 1e300))
      ->capture_default_str();
  c->add_option("--best", o->best, "The N lowest answers of --task minimum")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  c->add_option("--samples", o->samples, "How many of --task samples, or to estimate marginals from")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  c->add_option("--start", o->start, "MAP file of labels to start from, for engines that improve an answer");
  c->add_option("--beta", o->beta, "Inverse temperature of marginals, free energy and samples")
      ->check(between(1e-12, 1e12))
      ->capture_default_str();
  c->add_option("--memory", o->memory, "MiB that an engine may take")
      ->check(between(1e-3, 1e7))
      ->capture_default_str();
  c->add_flag("--progress", o->progress, "A line on stderr: the best energy, bound and gap so far");
  c->add_option("--out", o->out,
                "File to write instead of stdout, as the UAI competitions do: MAP, MAR or PR");
  c->footer(engines_for_help() +
            "\nExit codes: 0 answered, also when a limit ended the search first (\"why\" then says the time "
            "limit,\n"
            "and gap what the answer is worth); 1 failed, no allowed answer found; 2 wrong usage, as an "
            "engine asked\n"
            "for what it cannot do; 3 unusable data, as evidence of probability zero; 130 after Ctrl-C, with "
            "the best\n"
            "answer so far where the engine searches.\n"
            "\nExamples:\n"
            "  ebm solve model.uai --task marginals --evidence model.uai.evid --json\n"
            "  ebm solve problem.cfn --time-limit 10 --progress --out problem.MAP\n"
            "  ebm solve model.fg --task free-energy\n"
            "  ebm graph generate grid --height 8 --width 8 --out grid.json && ebm solve grid.json");
  add_run(*c, [o] { return solve(*o); });
}

}  // namespace ebm::app
