#include "cuts.hpp"

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

std::string factor_name(const DiscreteView& view, std::size_t group, int instance) {
  std::string out = message("factor ", instance, " of group ", group, " on variables (");
  const auto scope = view.groups[group].scope(instance);
  for (std::size_t a = 0; a < scope.size(); ++a) out += message(a > 0 ? ", " : "", scope[a]);
  return out + ")";
}

std::string edge_name(const DiscreteView& view, std::size_t e) {
  for (std::size_t g = 0; g < view.groups.size(); ++g) {
    if (view.groups[g].arity != 2) continue;
    for (int i = 0; i < view.groups[g].instances; ++i) {
      const auto scope = view.groups[g].scope(i);
      if (scope[0] != scope[1] && e-- == 0) return factor_name(view, g, i);
    }
  }
  return "a factor";
}

void refuse_larger(const DiscreteView& view, int most, std::string_view key) {
  for (std::size_t g = 0; g < view.groups.size(); ++g)
    if (view.groups[g].arity > most && view.groups[g].instances > 0)
      throw GraphError(message("[", key, "] ", factor_name(view, g, 0), " reads more than ", most,
                               " variables (counts and agreements are read as factors on three); use ",
                               "another engine"));
}

void refuse_labels(const DiscreteView& view, std::string_view key) {
  for (std::size_t v = 0; v < view.labels.size(); ++v)
    if (view.labels[v] > 2)
      throw GraphError(message("[", key, "] variable ", v, " has ", view.labels[v],
                               " labels, and a cut has two sides; use infer::AlphaExpansion"));
}

void start_labels(const PairGraph& g, std::span<const int> start, std::string_view key,
                  std::span<int> labels) {
  if (!start.empty() && start.size() != static_cast<std::size_t>(g.own))
    throw GraphError(
        message("[", key, "] there are ", start.size(), " labels to start from and ", g.own, " variables"));
  for (std::size_t v = 0; v < labels.size(); ++v) {
    const auto singles = g.single.subspan(g.offset[v], static_cast<std::size_t>(g.labels[v]));
    labels[v] = static_cast<int>(std::ranges::min_element(singles) - singles.begin());
    if (v >= start.size()) continue;
    if (start[v] < 0 || start[v] >= g.labels[v])
      throw GraphError(message("[", key, "] label ", start[v], " to start from is none of variable ", v,
                               ", which has ", g.labels[v]));
    labels[v] = start[v];
  }
}

Found found_at(const PairGraph& g, std::span<const int> labels, double bound) {
  Found out;
  out.energy = energy_of(g, labels);
  out.bound = bound;
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
