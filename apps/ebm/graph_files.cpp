#include "graph_files.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "ebm/core/error.hpp"
#include "ebm/io/file.hpp"
#include "ebm/io/gzip.hpp"

namespace ebm::app {
namespace {

constexpr std::array<std::string_view, 6> kWritten{".uai", ".lg", ".fg", ".wcsp", ".cfn", ".json"};

std::string_view conversion(const discrete::GraphFile& file) {
  using discrete::Meaning;
  switch (file.meaning) {
    case Meaning::probabilities:
      return "entries p are read as energies -log p in nats, 0 as forbidden";
    case Meaning::logarithms:
      return "entries log p are read as energies -log p in nats, -inf as forbidden";
    case Meaning::gains:
      return "gains, to be maximised, are read as energies in nats with the other sign, those at the lower "
             "bound as forbidden";
    case Meaning::energies:
      break;
  }
  return file.format == "ebm JSON"
             ? "energies in nats"
             : "weights are read as energies in nats, those at the upper bound as forbidden";
}

}  // namespace

discrete::GraphFile read_graph(const Common& common, const std::string& path) {
  discrete::GraphFile file = discrete::read_graph(path);
  say(common, fmt::format("{}: {}, {}", path, file.format, conversion(file)));
  return file;
}

std::vector<int> read_evidence(const std::string& file, const DiscreteGraph& graph) {
  if (file.empty()) return std::vector<int>(static_cast<std::size_t>(graph.variables()), -1);
  return discrete::read_evidence(file, graph);
}

void check_ending(const std::string& file) {
  if (std::ranges::find(kWritten, discrete::ending_of(file)) == kWritten.end())
    throw CLI::ValidationError("--out", file +
                                            " ends with none of .uai, .LG, .fg, .wcsp, .cfn and .json, by " +
                                            "which graphs are written, or with .gz behind it");
}

void write_graph(const Common& common, const std::string& file, const DiscreteGraph& graph,
                 const std::vector<std::string>& names, int decimals) {
  const std::string ending = discrete::ending_of(file);
  std::string text, said = "energies E are written as entries exp(-E)";
  double offset = 0;
  if (ending == ".uai") text = discrete::to_uai(graph);
  if (ending == ".fg") text = discrete::to_fg(graph);
  if (ending == ".lg") text = discrete::to_lg(graph), said = "energies E are written as logarithms -E";
  if (ending == ".json") text = discrete::to_json(graph, names), said = "energies in nats";
  if (ending == ".cfn")
    text = discrete::to_cfn(graph, decimals, names),
    said = fmt::format("energies in nats, rounded to {} decimals", decimals);
  if (ending == ".wcsp") {
    text = discrete::to_wcsp(graph, decimals, offset);
    said = fmt::format("energies E are written as whole weights w, E = w / 1e{} {} {:.12g}", decimals,
                       offset < 0 ? "-" : "+", std::abs(offset));
  }
  if (std::string_view(file).ends_with(".gz"))
    io::write_file(file, io::gzip(io::as_bytes(text)));
  else
    io::write_file(file, text);
  say(common,
      fmt::format("{}: {} variables, {} factors; {}", file, graph.variables(), graph.factors(), said));
}

}  // namespace ebm::app
