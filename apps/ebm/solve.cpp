// ebm solve FILE, and ebm graph info FILE: discrete graphs from files

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "command.hpp"
#include "ebm/core/error.hpp"
#include "ebm/graph/formats.hpp"
#include "ebm/inference/discrete.hpp"
#include "ebm/io/file.hpp"

namespace ebm::app {
namespace {

using Task = Question::Task;

struct Options {
  Common common;
  std::string file, task = "minimum", engine = "automatic", evidence, out;
  double beta = 1, memory = 4096;
};

discrete::GraphFile read(const Options& o) {
  discrete::GraphFile file = discrete::read_graph(o.file);
  say(o.common,
      fmt::format("{}: {}, {}", o.file, file.format,
                  file.meaning == discrete::Meaning::probabilities
                      ? "entries p are read as energies -log p in nats, 0 as forbidden"
                      : "weights are read as energies in nats, those at the upper bound as forbidden"));
  return file;
}

std::string_view exactness_of(const Report& r) { return to_string(r.exactness); }

// [variables, labels] of all variables, 1 at what was observed.
nlohmann::json marginals_of(const DiscreteGraph& whole, const Clamped& c, const Solution& s) {
  nlohmann::json out = nlohmann::json::array();
  for (int v = 0; v < whole.variables(); ++v)
    out.push_back(
        std::vector<double>(static_cast<std::size_t>(whole.labels()[static_cast<std::size_t>(v)]), 0));
  for (std::size_t v = 0; v < out.size(); ++v) out[v][static_cast<std::size_t>(c.labels[v])] = 1.0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < c.variable.size(); ++i) {
    const auto k = static_cast<std::size_t>(c.graph.labels()[i]);
    out[static_cast<std::size_t>(c.variable[i])] =
        std::vector<double>(s.marginals.begin() + static_cast<std::ptrdiff_t>(at),
                            s.marginals.begin() + static_cast<std::ptrdiff_t>(at + k));
    at += k;
  }
  return out;
}

std::string uai_of(const nlohmann::json& result, const Options& o, const DiscreteGraph& graph) {
  if (o.task == "minimum") return discrete::to_map(result.at("assignment").get<std::vector<int>>());
  if (o.task == "free-energy") return discrete::to_pr(result.at("log10_partition").get<double>());
  std::vector<double> all;
  for (const auto& of_v : result.at("marginals"))
    for (const double p : of_v) all.push_back(p);
  return discrete::to_mar(graph.labels(), all);
}

void print_text(const nlohmann::json& r) {
  if (r.contains("energy")) {
    fmt::print("energy {:.12g}\tlower bound {:.12g}\tgap {:.3g}\n", r.at("energy").get<double>(),
               r.at("lower_bound").get<double>(), r.at("gap").get<double>());
    fmt::print("{}\n", fmt::join(r.at("assignment").get<std::vector<int>>(), " "));
    return;
  }
  fmt::print("log partition {:.12g}\tlog10 {:.12g}\n", r.at("log_partition").get<double>(),
             r.at("log10_partition").get<double>());
  if (!r.contains("marginals")) return;
  for (const auto& of_v : r.at("marginals"))
    fmt::print("{:.9g}\n", fmt::join(of_v.get<std::vector<double>>(), "\t"));
}

int solve(const Options& o) {
  apply(o.common);
  if (!o.out.empty()) check_outputs(o.common, {{"--out", o.out}}, {o.file, o.evidence});
  const DiscreteEngine& engine = discrete_engine(o.engine);
  const DiscreteGraph graph = read(o).graph;
  std::vector<int> evidence(static_cast<std::size_t>(graph.variables()), -1);
  if (!o.evidence.empty()) evidence = discrete::read_evidence(o.evidence, graph);
  const Clamped clamped = clamp(graph, evidence);
  const Task task = o.task == "minimum"     ? Task::minimum
                    : o.task == "marginals" ? Task::marginals
                                            : Task::free_energy;
  const Solution s = engine.solve(clamped.graph, {task, o.beta, o.memory * 0x1p20});
  const bool impossible = (task == Task::minimum ? s.energy : s.free_energy) == kInf;
  if (impossible && !o.evidence.empty())
    throw DataError(o.evidence +
                    ": the evidence has probability zero: every answer that agrees with it is forbidden.");

  nlohmann::json out{
      {"task", o.task},
      {"exactness", exactness_of(s.report)},
      {"engine", {{"asked", o.engine}, {"used", to_string(s.report.used)}, {"why", to_string(s.report.why)}}},
      {"converged", s.report.converged},
      {"seconds", s.report.seconds}};
  if (task == Task::minimum) {
    const double gap = impossible ? 0 : s.energy - s.bound;
    out["energy"] = s.energy;
    out["assignment"] = impossible ? std::vector<int>{} : clamped.all(s.labels);
    out["lower_bound"] = s.bound;
    out["gap"] = gap;
    out["relative_gap"] = gap == 0 ? 0 : gap / std::max(std::abs(s.energy), std::abs(s.bound));
  } else {
    out["log_partition"] = -o.beta * s.free_energy;
    out["log10_partition"] = -o.beta * s.free_energy / std::log(10.0);
    if (task == Task::marginals) out["marginals"] = marginals_of(graph, clamped, s);
  }
  if (!o.out.empty()) {
    if (impossible) throw DataError(o.file + ": every answer is forbidden, so there is none to write.");
    io::write_file(o.out, uai_of(out, o, graph));
  }
  if (o.common.json)
    print(std::move(out));
  else if (o.out.empty())
    print_text(out);
  return kOk;
}

// Pairs of binary variables with V(0,0) + V(1,1) <= V(0,1) + V(1,0), and nothing larger: one minimum cut.
bool submodular(const DiscreteGraph& graph) {
  if (std::ranges::any_of(graph.labels(), [](int k) { return k > 2; })) return false;
  for (const DiscreteGraph::Group& g : graph.groups()) {
    if (g.arity > 2) return false;
    for (int i = 0; g.arity == 2 && g.entries == 4 && i < g.instances; ++i) {
      const double *e = g.row(i), s = g.scale(i);
      if (!(s * e[0] + s * e[3] <= s * e[1] + s * e[2])) return false;
    }
  }
  return true;
}

int info(const Options& o) {
  apply(o.common);
  const discrete::GraphFile file = read(o);
  const DiscreteGraph& graph = file.graph;
  int arity = 0, most = 0;
  double joint = 1;
  for (const auto& g : graph.groups()) arity = std::max(arity, g.arity);
  for (const int k : graph.labels()) most = std::max(most, k), joint *= k;
  const TreewidthBound bound = treewidth_bound(graph);
  const bool narrow = bound.width >= 0 && bound.bytes <= o.memory * 0x1p20;
  std::vector<std::string> exact;
  if (joint <= 1e7) exact.emplace_back("exhaustive");
  if (narrow) exact.emplace_back("junction-tree");
  nlohmann::json out{{"format", file.format},
                     {"variables", graph.variables()},
                     {"factors", graph.factors()},
                     {"most_labels", most},
                     {"largest_arity", arity},
                     {"treewidth_bound", nullptr},
                     {"junction_tree_bytes", bound.bytes},
                     {"exact", exact},
                     {"submodular", submodular(graph)}};
  if (bound.width >= 0) out["treewidth_bound"] = bound.width;
  if (o.common.json) {
    print(std::move(out));
    return kOk;
  }
  fmt::print("variables         {}\nlabels, most      {}\nfactors           {}\nlargest arity     {}\n",
             graph.variables(), most, graph.factors(), arity);
  if (bound.width >= 0)
    fmt::print("treewidth         {} at the most\njunction tree     {:.3g} MiB of messages\n", bound.width,
               bound.bytes / 0x1p20);
  else
    fmt::print("treewidth         unknown: messages of more than {:.3g} MiB\n", bound.bytes / 0x1p20);
  fmt::print("exact engines     {}\nsubmodular        {}\n",
             exact.empty() ? "none" : fmt::format("{}", fmt::join(exact, ", ")),
             out.at("submodular").get<bool>() ? "yes: one minimum cut" : "no, or not of binary pairs");
  return kOk;
}

void add_file(CLI::App& c, Options& o) {
  add_common(c, o.common);
  c.add_option("FILE", o.file, "Graph: .uai, .fg (libDAI) or .wcsp, also gzipped (.gz)")->required();
  c.add_option("--memory", o.memory, "MiB that messages may take")
      ->check(between(1e-3, 1e7))
      ->capture_default_str();
}

}  // namespace

void add_solve(CLI::App& ebm) {
  auto o = std::make_shared<Options>();
  auto* c = ebm.add_subcommand("solve", "Minimum, marginals or free energy of a discrete graph from a file");
  add_file(*c, *o);
  c->add_option("--task", o->task, "What is asked")
      ->check(CLI::IsMember({"minimum", "marginals", "free-energy"}))
      ->capture_default_str();
  std::vector<std::string> names;
  std::string what;
  for (const DiscreteEngine& e : discrete_engines()) {
    names.emplace_back(e.key);
    what += fmt::format("{}{}: {}", what.empty() ? "" : "; ", e.key, e.what);
  }
  c->add_option("--engine", o->engine, what)->check(CLI::IsMember(names))->capture_default_str();
  c->add_option("--evidence", o->evidence,
                "UAI evidence file: how many, then a variable and its label for each");
  c->add_option("--beta", o->beta, "Inverse temperature of marginals and free energy")
      ->check(between(1e-12, 1e12))
      ->capture_default_str();
  c->add_option("--out", o->out,
                "File to write instead of stdout, as the UAI competitions do: MAP, MAR or PR");
  c->footer("Example:\n  ebm solve model.uai --task marginals --evidence model.uai.evid --json");
  add_run(*c, [o] { return solve(*o); });

  auto* graph = ebm.add_subcommand("graph", "What a file of a discrete graph holds");
  graph->require_subcommand(1);
  auto io = std::make_shared<Options>();
  auto* i = graph->add_subcommand("info", "Sizes, a bound of the treewidth, and which engines are exact");
  add_file(*i, *io);
  i->footer("Example:\n  ebm graph info model.uai --json");
  add_run(*i, [io] { return info(*io); });
}

}  // namespace ebm::app
