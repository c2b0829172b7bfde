// Discrete graphs as JSON of our own (docs/formats.md): what a DiscreteGraph can say, and nothing lost.

#include <limits>

#include "ebm/graph/formats.hpp"
#include "ebm/io/json.hpp"
#include "format_text.hpp"

namespace ebm::discrete {
namespace {

constexpr std::array<std::pair<std::string_view, Index>, 3> kIndices{
    {{"joint", Index::joint}, {"count", Index::count}, {"agreement", Index::agreement}}};

Index index_of(const io::JsonObject& factor) {
  if (!factor.has("index")) return Index::joint;
  const std::string name = factor.text("index");
  for (const auto& [known, index] : kIndices)
    if (name == known) return index;
  throw FormatError(message("field 'index' is '", name, "'; there are joint, count and agreement"));
}

// One object of "factors".
void read_factor(const io::JsonObject& factor, DiscreteGraph& graph) {
  factor.only({"arity", "scopes", "energies", "scales", "index"});
  constexpr int kMostArity = 255;
  Scopes scopes{factor.integer("arity", 1, kMostArity), factor.integers("scopes", 0, graph.variables() - 1)};
  std::vector<double> energies = factor.energies("energies");
  std::vector<double> scales;
  if (factor.has("scales")) scales = factor.numbers("scales");
  const Index index = index_of(factor);
  // Single factors of one shape become one group, as those of other formats do.
  if (index == Index::joint && scales.empty() && static_cast<int>(scopes.variables.size()) == scopes.arity)
    graph.add(scopes.variables, energies);
  else
    graph.add_each(std::move(energies), std::move(scopes), std::move(scales), index);
}

void write_energy(Text& text, double e) {
  if (e == kInf)
    text << "\"inf\"";
  else
    text << e;
}

template <class Values, class Write>
void write_list(Text& text, const Values& values, const Write& write) {
  text << "[";
  bool first = true;
  for (const auto& value : values) {
    if (!first) text << ",";
    first = false;
    write(value);
  }
  text << "]";
}

// As JSON has it: quotes, backslashes and control characters escaped.
void write_text(Text& text, std::string_view s) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  text << "\"";
  for (const char c : s) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ')
      text << "\\u00" << kDigits.substr(byte >> 4, 1) << kDigits.substr(byte & 15, 1);
    else
      text << (c == '"' || c == '\\' ? "\\" : "") << std::string_view(&c, 1);
  }
  text << "\"";
}

}  // namespace

GraphFile parse_json(std::string_view text, std::string_view name) {
  const io::JsonObject file(text, name);
  file.only({"ebm_graph", "labels", "names", "constant", "factors"});
  (void)file.integer("ebm_graph", 1, 1);
  GraphFile out;
  out.format = "ebm JSON";
  out.meaning = Meaning::energies;
  for (const int k : file.integers("labels", 1, std::numeric_limits<int>::max()))
    out.graph.add_variables(1, Labels(k));
  if (file.has("names")) {
    out.names = file.texts("names");
    if (static_cast<int>(out.names.size()) != out.graph.variables())
      throw FormatError(message(name, ": field 'names' has ", out.names.size(), " names for ",
                                out.graph.variables(), " variables"));
  }
  if (file.has("constant")) out.graph.add_constant(file.energy("constant"));
  std::size_t at = 0;
  for (const io::JsonObject& factor : file.objects("factors")) {
    try {
      read_factor(factor, out.graph);
    } catch (const GraphError& e) {
      throw FormatError(message(name, ": factors[", at, "]: ", e.what()));
    }
    ++at;
  }
  return out;
}

std::string to_json(const DiscreteGraph& graph, std::span<const std::string> names) {
  Text text;
  const auto number = [&](auto value) { text << value; };
  const auto energy = [&](double e) { write_energy(text, e); };
  text << "{\"ebm_graph\": 1,\n\"labels\": ";
  write_list(text, graph.labels(), number);
  if (!names.empty()) {
    text << ",\n\"names\": ";
    write_list(text, names, [&](const std::string& s) { write_text(text, s); });
  }
  if (graph.constant() != 0) {
    text << ",\n\"constant\": ";
    energy(graph.constant());
  }
  text << ",\n\"factors\": [";
  bool first = true;
  for (const DiscreteGraph::Group& g : graph.groups()) {
    text << (first ? "\n{" : ",\n{") << "\"arity\": " << g.arity;
    first = false;
    if (g.index != Index::joint)
      text << ", \"index\": \"" << (g.index == Index::count ? "count" : "agreement") << "\"";
    text << ", \"scopes\": ";
    write_list(text, g.scopes, number);
    if (!g.scales.empty()) {
      text << ", \"scales\": ";
      write_list(text, g.scales, number);
    }
    text << ", \"energies\": ";
    write_list(text, g.energies, energy);
    text << "}";
  }
  text << "]}\n";
  return std::move(text.out);
}

}  // namespace ebm::discrete
