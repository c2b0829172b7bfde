// Discrete graphs and answers as text. Numbers are the shortest that are read back to the same double.

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "ebm/core/error.hpp"
#include "ebm/graph/formats.hpp"

namespace ebm::discrete {
namespace {

class Text {
 public:
  Text& operator<<(std::string_view s) {
    out.append(s);
    return *this;
  }
  template <class T>
  requires std::is_arithmetic_v<T> Text& operator<<(T value) {
    std::array<char, 32> buffer;
    out.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
    return *this;
  }
  std::string out;
};

double entry(double energy) {
  const double p = std::exp(-energy);
  if (!std::isfinite(p) || (p < std::numeric_limits<double>::min() && energy < kInf))
    throw GraphError(message("[graph] an energy of ", energy, " has no table entry exp(-E) in a double; ",
                             "shift the energies of its table"));
  return p;
}

// The joint table of a count or an agreement. \throws GraphError when no file would hold it.
void expand(const DiscreteGraph::Group& g, std::vector<double>& row) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  const std::size_t joint = entries_of(Index::joint, g.sizes);
  if (joint == 0 || joint > kMost)
    throw GraphError(message("[graph] a factor on ", g.arity,
                             " variables has no table that a file of tables ", "holds: more than ", kMost,
                             " joint labels; write JSON"));
  std::vector<int> scope(g.sizes.size()), labels(g.sizes.size(), 0);
  for (std::size_t a = 0; a < scope.size(); ++a) scope[a] = static_cast<int>(a);
  std::vector<double> out;
  out.reserve(joint);
  for (std::size_t e = 0; e < joint; ++e) {
    out.push_back(row[entry_of(g.index, g.sizes, scope.data(), g.entries, labels)]);
    for (std::size_t a = labels.size(); a-- > 0;) {
      if (++labels[a] < g.sizes[a]) break;
      labels[a] = 0;
    }
  }
  row = std::move(out);
}

// visit(scope, row of energies) for every factor, and the constant as one without variables.
template <class Visit>
void each_factor(const DiscreteGraph& graph, const Visit& visit) {
  std::vector<double> row;
  for (const DiscreteGraph::Group& g : graph.groups())
    for (int i = 0; i < g.instances; ++i) {
      row.assign(g.row(i), g.row(i) + g.entries);
      for (double& e : row) e *= g.scale(i);
      if (g.index != Index::joint) expand(g, row);
      visit(g.scope(i), std::span<const double>(row), std::span<const int>(g.sizes));
    }
  const double constant = graph.constant();
  if (constant != 0) visit(std::span<const int>(), std::span(&constant, 1), std::span<const int>());
}

}  // namespace

std::string to_uai(const DiscreteGraph& graph) {
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
    for (const double e : row) text << entry(e) << " ";
    text << "\n";
  });
  return std::move(text.out);
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
