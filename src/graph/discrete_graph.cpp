#include "ebm/graph/discrete_graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ebm/core/error.hpp"

namespace ebm {
namespace {

// More would not fit the adjacency that engines build (discrete_view.hpp).
constexpr int kMostArity = 255;

}  // namespace

Variables DiscreteGraph::add_variables(int count, Labels labels) {
  if (count < 0 || count > std::numeric_limits<int>::max() - variables())
    throw GraphError(message("[graph] ", variables(), " variables and ", count, " more cannot be numbered"));
  const int first = variables();
  labels_.resize(labels_.size() + static_cast<std::size_t>(count), labels.count);
  return {first, count};
}

void DiscreteGraph::check_energies(std::span<const double> energies) const {
  for (std::size_t i = 0; i < energies.size(); ++i)
    if (!(energies[i] > -kInf))
      throw GraphError(message("[graph] entry ", i, " of a table is ", energies[i],
                               ", which is no energy; give a number or +inf"));
}

void DiscreteGraph::add_constant(double energy) {
  check_energies({&energy, 1});
  constant_ += energy;
}

void DiscreteGraph::add(std::span<const int> scope, std::span<const double> energies) {
  if (scope.size() > kMostArity)
    throw GraphError(message("[graph] a factor on ", scope.size(), " variables is more than ", kMostArity));
  std::vector<int> sizes;
  sizes.reserve(scope.size());
  for (std::size_t a = 0; a < scope.size(); ++a) {
    if (scope[a] < 0 || scope[a] >= variables())
      throw GraphError(message("[graph] a factor names variable ", scope[a], ", and there are ", variables(),
                               ", numbered from 0"));
    if (std::find(scope.begin(), scope.begin() + static_cast<std::ptrdiff_t>(a), scope[a]) !=
        scope.begin() + static_cast<std::ptrdiff_t>(a))
      throw GraphError(message("[graph] a factor names variable ", scope[a], " twice"));
    sizes.push_back(labels_[static_cast<std::size_t>(scope[a])]);
  }
  const std::size_t entries = energies.size();
  if (const std::string why = misfit(Index::joint, sizes, entries); !why.empty())
    throw GraphError(message("[graph] ", why));
  check_energies(energies);
  if (scope.empty()) {
    constant_ += energies[0];
    return;
  }
  const auto by_sizes = [&](int g) -> const std::vector<int>& {
    return groups_[static_cast<std::size_t>(g)].sizes;
  };
  auto it = std::ranges::lower_bound(own_rows_, sizes, {}, by_sizes);
  if (it == own_rows_.end() || by_sizes(*it) != sizes ||
      groups_[static_cast<std::size_t>(*it)].instances == std::numeric_limits<int>::max()) {
    it = own_rows_.insert(it, static_cast<int>(groups_.size()));
    Group& g = groups_.emplace_back();
    g.arity = static_cast<int>(scope.size());
    g.entries = entries;
    g.sizes = std::move(sizes);
  }
  Group& g = groups_[static_cast<std::size_t>(*it)];
  ++g.instances;
  g.scopes.insert(g.scopes.end(), scope.begin(), scope.end());
  g.energies.insert(g.energies.end(), energies.begin(), energies.end());
}

void DiscreteGraph::add_each(std::vector<double> energies, Scopes scopes, std::vector<double> scales,
                             Index index) {
  const auto arity = static_cast<std::size_t>(scopes.arity);
  if (scopes.arity < 1 || scopes.arity > kMostArity || scopes.variables.size() % arity != 0)
    throw GraphError(message("[graph] ", scopes.variables.size(), " variables are no scopes of ",
                             scopes.arity, " variables each, 1 to ", kMostArity));
  const std::size_t n = scopes.variables.size() / arity;
  if (n == 0) return;
  if (n > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw GraphError(message("[graph] a group of ", n, " factors cannot be numbered; add it in parts"));
  Group g;
  g.arity = scopes.arity;
  g.instances = static_cast<int>(n);
  for (std::size_t i = 0; i < n; ++i) {
    const int* scope = scopes.variables.data() + i * arity;
    for (std::size_t a = 0; a < arity; ++a) {
      if (scope[a] < 0 || scope[a] >= variables())
        throw GraphError(message("[graph] scope ", i, " names variable ", scope[a], ", and there are ",
                                 variables(), ", numbered from 0"));
      for (std::size_t c = 0; c < a; ++c)
        if (scope[c] == scope[a])
          throw GraphError(message("[graph] scope ", i, " names variable ", scope[a], " twice"));
      const int k = labels_[static_cast<std::size_t>(scope[a])];
      if (i == 0) g.sizes.push_back(k);
      if (g.sizes[a] != k)
        throw GraphError(message("[graph] variable ", a, " of scope ", i, " has ", k,
                                 " labels, and that of the first scope ", g.sizes[a],
                                 "; scopes of other label counts are another group"));
    }
  }
  g.index = index;
  // A count's row may have any length, so that one row there is all there is.
  const std::size_t row = index == Index::count ? energies.size() : entries_of(index, g.sizes);
  g.shared = n > 1 && energies.size() == row;
  g.entries = row;
  if (!g.shared && energies.size() != n * row)
    throw GraphError(message("[graph] ", energies.size(), " energies are neither one row of ", row,
                             " nor one for each of ", n, " scopes"));
  if (const std::string why = misfit(index, g.sizes, g.entries); !why.empty())
    throw GraphError(message("[graph] ", why));
  check_energies(energies);
  if (!scales.empty() && scales.size() != n)
    throw GraphError(message("[graph] ", scales.size(), " scales are given for ", n, " scopes"));
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const double* row = energies.data() + (g.shared ? 0 : i * g.entries);
    if (!std::isfinite(scales[i]) ||
        (scales[i] <= 0 && std::find(row, row + g.entries, kInf) != row + g.entries))
      throw GraphError(message("[graph] scale ", i, " is ", scales[i],
                               "; it must be finite, and above 0 where entries are forbidden"));
  }
  g.scopes = std::move(scopes.variables);
  g.energies = std::move(energies);
  g.scales = std::move(scales);
  groups_.push_back(std::move(g));
}

std::size_t DiscreteGraph::factors() const {
  std::size_t n = 0;
  for (const Group& g : groups_) n += static_cast<std::size_t>(g.instances);
  return n;
}

double DiscreteGraph::energy(std::span<const int> labels) const {
  if (labels.size() != labels_.size())
    throw GraphError(message("[graph] ", labels.size(), " labels are given for ", variables(), " variables"));
  for (std::size_t v = 0; v < labels.size(); ++v)
    if (labels[v] < 0 || labels[v] >= labels_[v])
      throw GraphError(
          message("[graph] label ", labels[v], " of variable ", v, " is not one of its ", labels_[v]));
  double total = constant_;
  for (const Group& g : groups_) {
    double sum = 0;  // of one group, so that many small numbers meet before they meet a large one
    for (int i = 0; i < g.instances; ++i) sum += g.scale(i) * g.row(i)[g.entry(i, labels)];
    total += sum;
  }
  return total;
}

std::vector<int> Clamped::all(std::span<const int> free) const {
  std::vector<int> out = labels;
  for (std::size_t v = 0; v < variable.size(); ++v) out[static_cast<std::size_t>(variable[v])] = free[v];
  return out;
}

namespace {

// What is left of a count or an agreement of which a part is observed.
void clamp_structured(const DiscreteGraph::Group& g, int instance, std::span<const int> evidence,
                      std::span<const int> number, DiscreteGraph& out) {
  Scopes scope{0, {}};
  std::size_t ones = 0;
  int seen = -1;
  bool differ = false;
  for (const int v : g.scope(instance)) {
    const int y = evidence[static_cast<std::size_t>(v)];
    if (y < 0) {
      scope.variables.push_back(number[static_cast<std::size_t>(v)]);
      continue;
    }
    ones += y == 1;
    differ |= seen >= 0 && seen != y;
    seen = y;
  }
  scope.arity = static_cast<int>(scope.variables.size());
  std::vector<double> row(g.row(instance), g.row(instance) + g.entries);
  for (double& e : row) e *= g.scale(instance);
  if (g.index == Index::count) {
    row.erase(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(std::min(ones, row.size() - 1)));
  } else if (differ) {
    row = {row.back()};
  } else {
    for (std::size_t k = 0; k + 1 < row.size(); ++k)
      if (static_cast<int>(k) != seen) row[k] = row.back();
    if (scope.arity == 0) row = {row[static_cast<std::size_t>(seen)]};
    if (scope.arity == 1) row.pop_back();
  }
  if (scope.arity == 0 || row.size() == 1) {
    out.add_constant(row[0]);
  } else if (scope.arity == 1) {
    row.resize(std::min<std::size_t>(
        row.size(), static_cast<std::size_t>(out.labels()[static_cast<std::size_t>(scope.variables[0])])));
    out.add(scope.variables, row);
  } else {
    out.add_each(std::move(row), std::move(scope), {}, g.index);
  }
}

}  // namespace

Clamped clamp(const DiscreteGraph& graph, std::span<const int> evidence) {
  const auto counts = graph.labels();
  if (evidence.size() != counts.size())
    throw GraphError(message("[graph] evidence of ", evidence.size(), " entries is given for ", counts.size(),
                             " variables"));
  Clamped out;
  out.labels.assign(evidence.begin(), evidence.end());
  std::vector<int> number(counts.size(), -1);
  for (std::size_t v = 0; v < counts.size(); ++v) {
    if (evidence[v] < -1 || evidence[v] >= counts[v])
      throw GraphError(message("[graph] evidence ", evidence[v], " for variable ", v, " is not one of its ",
                               counts[v], " labels"));
    if (evidence[v] >= 0) continue;
    out.labels[v] = 0;
    number[v] = out.graph.add_variables(1, Labels(counts[v])).first;
    out.variable.push_back(static_cast<int>(v));
  }
  out.graph.add_constant(graph.constant());
  std::vector<int> scope;
  std::vector<double> row;
  std::vector<std::size_t> steps;  // of the free variables, in a row of the whole graph
  for (const DiscreteGraph::Group& g : graph.groups()) {
    // What no evidence touches stays one group.
    Scopes whole{g.arity, {}};
    std::vector<double> rows, scales;
    for (int i = 0; i < g.instances; ++i) {
      const auto vars = g.scope(i);
      const double* from = g.row(i);
      const double scale = g.scale(i);
      if (std::ranges::all_of(vars, [&](int v) { return number[static_cast<std::size_t>(v)] >= 0; })) {
        for (const int v : vars) whole.variables.push_back(number[static_cast<std::size_t>(v)]);
        if (!g.shared) rows.insert(rows.end(), from, from + g.entries);
        if (!g.scales.empty()) scales.push_back(scale);
        continue;
      }
      if (g.index != Index::joint) {
        clamp_structured(g, i, evidence, number, out.graph);
        continue;
      }
      scope.clear();
      steps.clear();
      std::size_t at = 0, step = g.entries, size = 1;
      for (std::size_t a = 0; a < vars.size(); ++a) {
        const auto v = static_cast<std::size_t>(vars[a]);
        step /= static_cast<std::size_t>(g.sizes[a]);
        if (evidence[v] >= 0) {
          at += step * static_cast<std::size_t>(evidence[v]);
        } else {
          scope.push_back(number[v]);
          steps.push_back(step);
          size *= static_cast<std::size_t>(g.sizes[a]);
        }
      }
      row.resize(size);
      const auto sizes = out.graph.labels();
      for (std::size_t e = 0; e < size; ++e) {
        std::size_t rest = e, entry = at;
        for (std::size_t a = scope.size(); a-- > 0;) {
          const auto k = static_cast<std::size_t>(sizes[static_cast<std::size_t>(scope[a])]);
          entry += rest % k * steps[a];
          rest /= k;
        }
        row[e] = scale * from[entry];
      }
      out.graph.add(scope, row);
    }
    if (g.shared) rows = g.energies;
    out.graph.add_each(std::move(rows), std::move(whole), std::move(scales), g.index);
  }
  return out;
}

}  // namespace ebm
