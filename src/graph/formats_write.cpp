// Discrete graphs and answers as text. Numbers are the shortest that are read back to the same double.

#include <cmath>
#include <limits>

#include "ebm/graph/formats.hpp"
#include "format_text.hpp"

namespace ebm::discrete {
namespace {

double entry(double energy) {
  const double p = std::exp(-energy);
  if (!std::isfinite(p) || (p < std::numeric_limits<double>::min() && energy < kInf))
    throw GraphError(message("[graph] an energy of ", energy, " has no table entry exp(-E) in a double; ",
                             "shift the energies of its table"));
  return p;
}

}  // namespace

namespace {

template <class Write>
std::string as_uai(const DiscreteGraph& graph, const Write& write) {
  Text text;
  text << "MARKOV\n" << graph.variables() << "\n";
  for (const int k : graph.labels()) text << k << " ";
  text << "\n" << graph.factors() + (graph.constant() != 0) << "\n";
  each_factor(graph, [&](auto scope, auto, auto) {
    text << scope.size();
    for (const int v : scope) text << " " << v;
    text << "\n";
  });
  each_factor(graph, [&](auto, auto row, auto) {
    text << "\n" << row.size() << "\n";
    for (const double e : row) {
      write(text, e);
      text << " ";
    }
    text << "\n";
  });
  return std::move(text.out);
}

}  // namespace

std::string to_uai(const DiscreteGraph& graph) {
  return as_uai(graph, [](Text& text, double e) { text << entry(e); });
}

std::string to_lg(const DiscreteGraph& graph) {
  return as_uai(graph, [](Text& text, double e) { text << 0 - e; });
}

std::string to_fg(const DiscreteGraph& graph) {
  Text text;
  text << graph.factors() + (graph.constant() != 0) << "\n";
  each_factor(graph, [&](auto scope, auto row, auto sizes) {
    text << "\n" << scope.size() << "\n";
    for (const int v : scope) text << v << " ";
    text << "\n";
    for (const int k : sizes) text << k << " ";
    std::size_t listed = 0;
    for (const double e : row) listed += e < kInf;
    text << "\n" << listed << "\n";
    for (std::size_t e = 0; e < row.size(); ++e) {
      if (row[e] == kInf) continue;
      std::size_t rest = e, place = 0, stride = row.size();  // of the entry with the first variable fastest
      for (std::size_t a = sizes.size(); a-- > 0;) {
        const auto k = static_cast<std::size_t>(sizes[a]);
        stride /= k;
        place += rest % k * stride;
        rest /= k;
      }
      text << place << " " << entry(row[e]) << "\n";
    }
  });
  return std::move(text.out);
}

std::string to_evidence(std::span<const int> evidence) {
  Text text;
  std::size_t observed = 0;
  for (const int y : evidence) observed += y >= 0;
  text << observed;
  for (std::size_t v = 0; v < evidence.size(); ++v)
    if (evidence[v] >= 0) text << " " << v << " " << evidence[v];
  text << "\n";
  return std::move(text.out);
}

std::string to_map(std::span<const int> labels) {
  Text text;
  text << "MAP\n" << labels.size();
  for (const int y : labels) text << " " << y;
  text << "\n";
  return std::move(text.out);
}

std::string to_pr(double log10_partition) {
  Text text;
  text << "PR\n" << log10_partition << "\n";
  return std::move(text.out);
}

std::string to_mar(std::span<const int> counts, std::span<const double> marginals) {
  Text text;
  text << "MAR\n" << counts.size();
  std::size_t at = 0;
  for (const int k : counts) {
    text << " " << k;
    for (int y = 0; y < k; ++y) text << " " << marginals[at++];
  }
  text << "\n";
  return std::move(text.out);
}

}  // namespace ebm::discrete
