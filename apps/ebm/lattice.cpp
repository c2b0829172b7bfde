// ebm lattice compose | best | free-energy | draw, on OpenFst text files

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "command.hpp"
#include "ebm/core/error.hpp"
#include "ebm/io/file.hpp"
#include "ebm/lattice/compose.hpp"
#include "ebm/lattice/openfst_text.hpp"
#include "ebm/lattice/paths.hpp"

namespace ebm::app {
namespace {

struct Options {
  Common common;
  std::string a, b, out;
  int best = 1;
  double beta = 1;
  bool acceptor = false;
};

lattice::TextOptions text(const Options& o) {
  return {.acceptor = o.acceptor, .in = nullptr, .out = nullptr};
}

// Cycles, missing final states and energies beyond all bounds are faults of the file, so they are told with
// its name.
template <class Work>
auto about(const std::string& file, const Work& work) {
  try {
    return work();
  } catch (const GraphError& e) {
    throw DataError(file + ": " + e.what());
  } catch (const NumberError& e) {
    throw DataError(file + ": " + e.what());
  }
}

Lattice read_lattice(const Options& o) {
  const Automaton a = lattice::read_openfst(o.a, text(o));
  return about(o.a, [&] { return lattice::to_lattice(a); });
}

int compose(const Options& o) {
  apply(o.common);
  check_outputs(o.common, {{"--out", o.out}}, {o.a, o.b});
  const Automaton a = lattice::read_openfst(o.a, text(o)), b = lattice::read_openfst(o.b, text(o));
  const Automaton c = about(o.a + " with " + o.b, [&] { return lattice::compose(a, b); });
  lattice::write_openfst(o.out, c, text(o));
  if (o.common.json)
    print({{"out", o.out}, {"states", c.states()}, {"arcs", c.arcs().size()}});
  else
    say(o.common, fmt::format("{}: {} states, {} arcs", o.out, c.states(), c.arcs().size()));
  return kOk;
}

int best(const Options& o) {
  apply(o.common);
  const Lattice l = read_lattice(o);
  Workspace ws;
  const std::vector<Path> paths = about(o.a, [&] { return lattice::n_best(l, l.energy(), o.best, ws); });
  nlohmann::json list = nlohmann::json::array();
  for (const Path& p : paths) {
    nlohmann::json input = nlohmann::json::array();
    for (const int arc : p.arcs)
      if (const int label = l.in()[static_cast<std::size_t>(arc)]; label != 0) input.push_back(label);
    list.push_back({{"energy", p.energy}, {"labels", p.labels}, {"input", input}});
  }
  if (o.common.json) {
    nlohmann::json out{{"energy", paths.empty() ? kInf : paths[0].energy},
                       {"labels", nlohmann::json::array()},
                       {"best", std::move(list)}};
    if (!paths.empty()) out["labels"] = paths[0].labels;
    print(std::move(out));
  } else {
    for (const Path& p : paths) fmt::print("{:.9g}\t{}\n", p.energy, fmt::join(p.labels, " "));
    if (paths.empty()) say(o.common, o.a + ": there is no path");
  }
  return kOk;
}

int free_energy(const Options& o) {
  apply(o.common);
  const Lattice l = read_lattice(o);
  Workspace ws;
  const double f = about(o.a, [&] { return lattice::free_energy(l, l.energy(), o.beta, {}, ws); });
  if (o.common.json)
    print({{"free_energy", f}, {"beta", o.beta}});
  else
    fmt::print("{:.9g}\n", f);
  return kOk;
}

int draw(const Options& o) {
  apply(o.common);
  if (!o.out.empty()) check_outputs(o.common, {{"--out", o.out}}, {o.a});
  const std::string dot = lattice::to_dot(lattice::read_openfst(o.a, text(o)), text(o));
  if (o.common.json)
    print({{"dot", dot}});
  else if (o.out.empty())
    fmt::print("{}", dot);
  else
    io::write_file(o.out, dot);
  return kOk;
}

}  // namespace

void add_lattice(CLI::App& ebm) {
  auto* command = ebm.add_subcommand("lattice", "Weighted automata and lattices in OpenFst's text format");
  command->require_subcommand(1);
  command->footer(
      "Example:\n  ebm lattice compose A.txt B.txt --out C.txt\n  ebm lattice best C.txt --best 3");
  const auto add = [&](const char* name, const char* what, int (*run)(const Options&), const char* example) {
    auto o = std::make_shared<Options>();
    auto* c = command->add_subcommand(name, what);
    add_common(*c, o->common);
    c->add_option("A", o->a, "File: lines `source target input output [energy]` and `final [energy]`")
        ->required();
    c->add_flag("--acceptor", o->acceptor, "Arcs have one label: `source target label [energy]`");
    c->footer(std::string("Example:\n  ") + example);
    add_run(*c, [o, run] { return run(*o); });
    return std::pair(c, o);
  };
  auto [c, co] = add("compose", "What A writes is what B reads; energies add", compose,
                     "ebm lattice compose A.txt B.txt --out C.txt");
  c->add_option("B", co->b, "The second file")->required();
  c->add_option("--out", co->out, "File to write")->required();
  auto [p, po] = add("best", "The path of least energy, or the N best distinct label strings", best,
                     "ebm lattice best C.txt --best 3 --json");
  p->add_option("--best", po->best, "How many")->check(CLI::Range(1, 1000000))->capture_default_str();
  auto [f, fo] = add("free-energy", "-1/beta log sum over paths of exp(-beta E)", free_energy,
                     "ebm lattice free-energy C.txt");
  f->add_option("--beta", fo->beta, "Inverse temperature")
      ->check(between(1e-12, 1e12))
      ->capture_default_str();
  auto [d, d_options] =
      add("draw", "A drawing for Graphviz", draw, "ebm lattice draw C.txt | dot -Tsvg > C.svg");
  d->add_option("--out", d_options->out, "File to write instead of stdout");
}

}  // namespace ebm::app
