// ebm graph info | draw | convert | generate

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "command.hpp"
#include "ebm/core/error.hpp"
#include "ebm/graph/graph_shape.hpp"
#include "ebm/graph/made_graphs.hpp"
#include "ebm/inference/discrete.hpp"
#include "ebm/io/file.hpp"
#include "ebm/report/format.hpp"
#include "graph_files.hpp"

extern char** environ;

namespace ebm::app {
namespace {

using nlohmann::json;
using Kind = GraphShape::Kind;

struct Options {
  Common common;
  std::string file, evidence, out, structure = "grid", pairs = "potts";
  double memory = 4096;
  int decimals = 6, most = 600;
  MadeGraph made;
};

// Of engines that are there, those whose answer is exact on such a graph, and those that prove it in time.
struct Exact {
  std::vector<std::string> at_once, in_time;
};
Exact exact_engines(const DiscreteGraph& graph, const GraphShape& shape, bool narrow, bool one_cut) {
  double joint = 1;
  for (const int k : graph.labels()) joint *= k;
  const bool chain = shape.kind == Kind::single || shape.kind == Kind::chain;
  const bool tree = chain || shape.kind == Kind::tree;
  const auto is_exact = [&](std::string_view key) {
    constexpr double kTried = 1e7;
    if (key == "exhaustive") return joint <= kTried;
    if (key == "junction-tree") return narrow;
    if (key == "chain") return chain;
    if (key == "loopy" || key == "trws" || key == "block-icm") return tree;
    return key == "graph-cut" && one_cut;
  };
  Exact out;
  for (const DiscreteEngine& e : discrete_engines()) {
    if (is_exact(e.key)) out.at_once.emplace_back(e.key);
    if (e.key == "branch-and-bound") out.in_time.emplace_back(e.key);
  }
  return out;
}

json counts_of(const GraphShape::Counts& counts) {
  json out = json::object();
  for (const auto& [value, count] : counts) out[std::to_string(value)] = count;
  return out;
}

std::string in_words(const GraphShape::Counts& counts, const char* unit) {
  std::string out;
  for (const auto& [value, count] : counts) {
    constexpr std::size_t kMost = 100;
    if (out.size() > kMost) return out + ", ..";
    out += fmt::format("{}{} x {}", out.empty() ? "" : ", ", report::grouped(static_cast<long long>(count)),
                       value);
  }
  return out.empty() ? "none" : out + unit;
}

std::string memory_in_words(double bytes) {
  return bytes < 0x1p20 ? fmt::format("{:.3g} KiB", bytes / 0x1p10)
                        : fmt::format("{:.4g} MiB", bytes / 0x1p20);
}

int info(const Options& o) {
  apply(o.common);
  const discrete::GraphFile file = read_graph(o.common, o.file);
  const DiscreteGraph& graph = file.graph;
  const GraphShape shape = shape_of(graph);
  const std::optional<Violation> violation = submodularity_violation(graph);
  const int labels = shape.labels.empty() ? 0 : shape.labels.back().first;
  const int arity = shape.arities.empty() ? 0 : shape.arities.back().first;
  const TreewidthBound bound = treewidth_bound(graph);
  const bool narrow = bound.width >= 0 && bound.bytes <= o.memory * 0x1p20;
  const bool one_cut = !violation && labels <= 2 && arity <= 2;
  const Exact exact = exact_engines(graph, shape, narrow, one_cut);
  if (o.common.json) {
    json out{{"format", file.format},
             {"variables", graph.variables()},
             {"factors", graph.factors()},
             {"structure", to_string(shape.kind)},
             {"components", shape.components},
             {"label_counts", counts_of(shape.labels)},
             {"arities", counts_of(shape.arities)},
             {"most_labels", labels},
             {"largest_arity", arity},
             {"forbidden_entries", shape.forbidden},
             {"bytes", shape.bytes},
             {"treewidth_bound", nullptr},
             {"junction_tree_bytes", bound.bytes},
             {"exact", exact.at_once},
             {"exact_in_time", exact.in_time},
             {"submodular", !violation},
             {"one_minimum_cut", one_cut}};
    if (bound.width >= 0) out["treewidth_bound"] = bound.width;
    if (shape.kind == Kind::grid) out["height"] = shape.height, out["width"] = shape.width;
    if (violation) out["violation"] = {{"scope", violation->scope}, {"why", violation->why}};
    print(std::move(out));
    return kOk;
  }
  fmt::print("variables         {}, {}\n", report::grouped(graph.variables()),
             in_words(shape.labels, " labels"));
  fmt::print("factors           {}, {}\n", report::grouped(static_cast<long long>(graph.factors())),
             in_words(shape.arities, " variables"));
  fmt::print("structure         {}{}, {} component{}\n", to_string(shape.kind),
             shape.kind == Kind::grid ? fmt::format(" {} x {}", shape.height, shape.width) : "",
             shape.components, shape.components == 1 ? "" : "s");
  fmt::print("memory            {} of tables and scopes\n", memory_in_words(shape.bytes));
  fmt::print("forbidden         {} entries\n", report::grouped(static_cast<long long>(shape.forbidden)));
  if (bound.width >= 0)
    fmt::print("treewidth         {} at the most\njunction tree     {} of messages\n", bound.width,
               memory_in_words(bound.bytes));
  else
    fmt::print("treewidth         unknown: messages of more than {}\n", memory_in_words(bound.bytes));
  fmt::print("exact engines     {}{}{}\n",
             exact.at_once.empty() ? "none" : fmt::format("{}", fmt::join(exact.at_once, ", ")),
             exact.in_time.empty() ? "" : "; given time: ", fmt::join(exact.in_time, ", "));
  if (!violation) {
    fmt::print("submodular        yes{}\n", one_cut ? ": one minimum cut" : "");
  } else {
    std::vector<std::string> scope;
    for (const int v : violation->scope) scope.push_back(name_of(v, file.names));
    fmt::print("submodular        no: on variables {}, {}\n", fmt::join(scope, ", "), violation->why);
  }
  return kOk;
}

// Graphviz's program, its input from a file. \throws DataError when it is not there or fails.
void draw_with_dot(const std::string& dot, const std::string& out, const std::string& kind) {
  std::string input = (std::filesystem::temp_directory_path() / "ebm-graph-XXXXXX").string();
  const int file = ::mkstemp(input.data());
  if (file < 0) throw DataError(input + ": no temporary file can be made");
  ::close(file);
  io::write_file(input, dot);
  std::vector<std::string> words{"dot", "-T" + kind, "-o", out, input};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t process = 0;
  int status = ::posix_spawnp(&process, "dot", nullptr, nullptr, argv.data(), environ);
  const bool started = status == 0;
  if (started)
    while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
  std::error_code ignored;
  std::filesystem::remove(input, ignored);
  constexpr int kNotFound = 127;
  if (!started || (WIFEXITED(status) && WEXITSTATUS(status) == kNotFound))
    throw DataError(out + ": Graphviz's program 'dot' is not installed, and it makes " + kind +
                    "; write --out FILE.dot, which needs nothing");
  if (status != 0) throw DataError(out + ": Graphviz's program 'dot' failed");
}

int draw(const Options& o) {
  apply(o.common);
  const std::string ending = discrete::ending_of(o.out);
  if (!o.out.empty()) {
    if (ending != ".dot" && ending != ".gv" && ending != ".svg" && ending != ".png")
      throw CLI::ValidationError("--out", o.out + " ends with none of .dot, .gv, .svg and .png");
    check_outputs(o.common, {{"--out", o.out}}, {o.file, o.evidence});
  }
  const discrete::GraphFile file = read_graph(o.common, o.file);
  const std::string dot =
      to_dot(file.graph, file.names, read_evidence(o.evidence, file.graph), static_cast<std::size_t>(o.most));
  if (ending == ".svg" || ending == ".png")
    draw_with_dot(dot, o.out, ending.substr(1));
  else if (!o.out.empty())
    io::write_file(o.out, dot);
  if (o.common.json)
    print(o.out.empty() ? json{{"dot", dot}} : json{{"out", o.out}});
  else if (o.out.empty())
    fmt::print("{}", dot);
  return kOk;
}

int convert(const Options& o) {
  apply(o.common);
  check_ending(o.out);
  check_outputs(o.common, {{"OUT", o.out}}, {o.file, o.evidence});
  const discrete::GraphFile file = read_graph(o.common, o.file);
  if (o.evidence.empty()) {
    write_graph(o.common, o.out, file.graph, file.names, o.decimals);
  } else {  // what is left when they are observed
    const Clamped c = clamp(file.graph, read_evidence(o.evidence, file.graph));
    std::vector<std::string> names;
    for (const int v : c.variable)
      if (!file.names.empty()) names.push_back(file.names[static_cast<std::size_t>(v)]);
    write_graph(o.common, o.out, c.graph, names, o.decimals);
  }
  if (o.common.json) print({{"out", o.out}});
  return kOk;
}

constexpr std::array<std::pair<std::string_view, MadeGraph::Structure>, 4> kStructures{
    {{"chain", MadeGraph::Structure::chain},
     {"tree", MadeGraph::Structure::tree},
     {"grid", MadeGraph::Structure::grid},
     {"loops", MadeGraph::Structure::loops}}};
constexpr std::array<std::pair<std::string_view, MadeGraph::Pairs>, 4> kPairs{
    {{"potts", MadeGraph::Pairs::potts},
     {"linear", MadeGraph::Pairs::linear},
     {"quadratic", MadeGraph::Pairs::quadratic},
     {"random", MadeGraph::Pairs::random}}};

template <class Table>
std::vector<std::string> keys_of(const Table& table) {
  std::vector<std::string> out;
  for (const auto& [key, value] : table) out.emplace_back(key);
  return out;
}
template <class Table>
auto value_of(const Table& table, const std::string& key) {
  return std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == key; })->second;
}

int generate(const Options& o) {
  apply(o.common);
  check_ending(o.out);
  check_outputs(o.common, {{"--out", o.out}}, {});
  MadeGraph made = o.made;
  made.structure = value_of(kStructures, o.structure);
  made.pairs = value_of(kPairs, o.pairs);
  made.seed = o.common.seed;
  if (made.forbidden > 0 && made.pairs != MadeGraph::Pairs::random)
    throw CLI::ValidationError("--forbidden", "is of --pairs random");
  write_graph(o.common, o.out, make_graph(made), {}, o.decimals);
  if (o.common.json) print({{"out", o.out}});
  return kOk;
}

void add_decimals(CLI::App& c, Options& o) {
  c.add_option("--decimals", o.decimals, "Decimals of energies in .wcsp and .cfn, which have whole numbers")
      ->check(CLI::Range(0, 15))
      ->capture_default_str();
}

void add_generate_graph(CLI::App& graph) {
  auto o = std::make_shared<Options>();
  auto* c = graph.add_subcommand("generate", "A made graph, so that everything can be tried without data");
  add_common(*c, o->common);
  c->add_option("STRUCTURE", o->structure, "chain, tree, grid, or loops: a tree and --more pairs")
      ->check(CLI::IsMember(keys_of(kStructures)))
      ->required();
  MadeGraph& m = o->made;
  m.variables = 100;
  m.height = m.width = 10;
  m.more = 20;
  constexpr int kMost = 100'000'000;
  c->add_option("--variables", m.variables, "Of a chain, a tree or loops")
      ->check(CLI::Range(1, kMost))
      ->capture_default_str();
  c->add_option("--height", m.height, "Of a grid")->check(CLI::Range(1, kMost))->capture_default_str();
  c->add_option("--width", m.width, "Of a grid")->check(CLI::Range(1, kMost))->capture_default_str();
  c->add_option("--more", m.more, "Pairs of loops beyond those of the tree")
      ->check(CLI::Range(0, kMost))
      ->capture_default_str();
  c->add_option("--labels", m.labels, "Of every variable")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  c->add_option("--pairs", o->pairs,
                "Energies of pairs: potts, truncated linear or quadratic, or random tables")
      ->check(CLI::IsMember(keys_of(kPairs)))
      ->capture_default_str();
  c->add_option("--strength", m.strength, "Of pairs, beside singles of deviation 1")
      ->check(between(-1e6, 1e6))
      ->capture_default_str();
  c->add_option("--limit", m.limit, "Where linear and quadratic pairs are truncated")
      ->check(between(1e-6, 1e9))
      ->capture_default_str();
  c->add_option("--forbidden", m.forbidden, "Fraction of the entries of random pairs that are forbidden")
      ->check(between(0, 0.99))
      ->capture_default_str();
  add_decimals(*c, *o);
  c->add_option("--out", o->out, "File to write: .uai, .LG, .fg, .wcsp, .cfn or .json, also .gz")->required();
  c->footer(
      "Examples:\n  ebm graph generate grid --height 20 --width 20 --labels 4 --out grid.uai\n"
      "  ebm graph generate loops --variables 30 --more 15 --pairs random --seed 3 --out loops.json");
  add_run(*c, [o] { return generate(*o); });
}

}  // namespace

void add_graph(CLI::App& ebm) {
  auto* graph =
      ebm.add_subcommand("graph", "Files of discrete graphs: what they hold, pictures, other formats");
  graph->require_subcommand(1);
  graph->footer("Example:\n  ebm graph generate grid --out grid.uai && ebm graph info grid.uai");
  const auto add = [&](const char* name, const char* what, int (*run)(const Options&), const char* examples) {
    auto o = std::make_shared<Options>();
    auto* c = graph->add_subcommand(name, what);
    add_common(*c, o->common);
    c->add_option("FILE", o->file, kGraphFile)->required();
    c->footer(examples);
    add_run(*c, [o, run] { return run(*o); });
    return std::pair(c, o);
  };
  const auto [i, io] = add("info", "Structure, sizes, a bound of the treewidth, which engines are exact",
                           info, "Example:\n  ebm graph info model.uai --json");
  i->add_option("--memory", io->memory, "MiB that a junction tree may take")
      ->check(between(1e-3, 1e7))
      ->capture_default_str();
  const auto [d, dopt] =
      add("draw", "A picture: variables as circles, factors as squares, what is observed shaded", draw,
          "Examples:\n  ebm graph draw model.uai --evidence model.uai.evid --out model.svg\n"
          "  ebm graph draw model.uai | neato -Tpdf > model.pdf");
  d->add_option("--evidence", dopt->evidence, "UAI evidence file: these are shaded");
  d->add_option("--most", dopt->most, "Variables and factors of a picture, beyond which it is refused")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  d->add_option("--out", dopt->out,
                "File to write instead of stdout: .dot, or .svg and .png through Graphviz's program dot");
  const auto [c, copt] = add("convert", "The same graph in another format, by the ending of OUT", convert,
                             "Examples:\n  ebm graph convert model.uai model.cfn\n"
                             "  ebm graph convert model.uai rest.json --evidence model.uai.evid");
  c->add_option("OUT", copt->out, "File to write: .uai, .LG, .fg, .wcsp, .cfn or .json, also .gz")
      ->required();
  c->add_option("--evidence", copt->evidence,
                "UAI evidence file: observed variables are left out, the others "
                "are numbered anew in their order");
  add_decimals(*c, *copt);
  add_generate_graph(*graph);
}

}  // namespace ebm::app
