// A DiscreteGraph for Graphviz.

#include <algorithm>
#include <cstdio>

#include "ebm/core/error.hpp"
#include "ebm/graph/graph_shape.hpp"
#include "format_text.hpp"

namespace ebm {
namespace {

// In quotes, for Graphviz.
std::string quoted(std::string_view s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

// Where things of a grid are pinned, in inches.
std::string pinned(double row, double column) {
  char text[64];
  std::snprintf(text, sizeof text, ", pos=\"%.2f,%.2f!\"", 1.1 * column, -1.1 * row);
  return text;
}

}  // namespace

std::string name_of(int variable, std::span<const std::string> names) {
  return names.empty() ? std::to_string(variable)
                       : message(variable, " (", names[static_cast<std::size_t>(variable)], ")");
}

std::string to_dot(const DiscreteGraph& graph, std::span<const std::string> names,
                   std::span<const int> evidence, std::size_t most) {
  const std::size_t things = graph.factors() + graph.labels().size();
  if (things > most)
    throw GraphError(message(
        "[graph] ", graph.variables(), " variables and ", graph.factors(), " factors are more than the ",
        most, " that a picture shows; ebm graph info says ", "what the graph is, --most allows more"));
  const GraphShape shape = shape_of(graph);
  const bool grid = shape.kind == GraphShape::Kind::grid, chain = shape.kind == GraphShape::Kind::chain;
  discrete::Text out;
  out << "graph g {\n"
      << (chain ? "  layout=dot; rankdir=LR;\n" : "  layout=neato; overlap=false; splines=false;\n")
      << "  node [fontname=\"Helvetica\", fontsize=11];\n  edge [color=\"#777777\"];\n";
  const auto row = [&](int v) { return static_cast<double>(v / shape.width); };
  const auto column = [&](int v) { return static_cast<double>(v % shape.width); };
  for (int v = 0; v < graph.variables(); ++v) {
    const auto u = static_cast<std::size_t>(v);
    const bool observed = !evidence.empty() && evidence[u] >= 0;
    std::string label = names.empty() ? std::to_string(v) : names[u];
    if (observed) label += " = " + std::to_string(evidence[u]);
    out << "  v" << v << " [shape=circle, label=" << quoted(label)
        << ", tooltip=" << quoted(message(graph.labels()[u], " labels"));
    if (observed) out << ", style=filled, fillcolor=\"#c8c8c8\"";
    if (grid) out << pinned(row(v), column(v));
    out << "];\n";
  }
  std::size_t f = 0;
  for (const auto& g : graph.groups()) {
    std::string what = g.index == Index::count       ? "count"
                       : g.index == Index::agreement ? "agreement"
                                                     : "table";
    for (std::size_t a = 0; a < g.sizes.size(); ++a) what += message(a ? "x" : " ", g.sizes[a]);
    for (int i = 0; i < g.instances; ++i, ++f) {
      const auto scope = g.scope(i);
      out << "  f" << f
          << " [shape=square, style=filled, fillcolor=" << (g.arity == 1 ? "\"#dddddd\"" : "black")
          << ", label=\"\", fixedsize=true, width=0.14, tooltip=" << quoted(what);
      if (grid) {
        double y = 0, x = 0;
        for (const int v : scope) y += row(v), x += column(v);
        const double n = g.arity, aside = g.arity == 1 ? 0.4 : 0;
        out << pinned(y / n - aside, x / n + aside);
      }
      out << "];\n";
      // Along a chain variable, factor, variable; single factors beside theirs.
      if (chain && g.arity == 1) out << "  {rank=same; f" << f << "; v" << scope[0] << "}\n";
      const auto first = static_cast<std::size_t>(chain && g.arity == 2);
      if (first) out << "  v" << scope[0] << " -- f" << f << ";\n";
      for (const int v : scope.subspan(first)) out << "  f" << f << " -- v" << v << ";\n";
    }
  }
  out << "}\n";
  return std::move(out.out);
}

}  // namespace ebm
