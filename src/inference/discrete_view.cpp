#include "discrete_view.hpp"

#include <limits>
#include <memory>

#include "ebm/graph/at_labels.hpp"
#include "lowering.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::span<const std::size_t> offsets(std::span<const int> labels, Workspace& ws) {
  const auto offset = ws.take<std::size_t>(labels.size() + 1);
  offset[0] = 0;
  for (std::size_t v = 0; v < labels.size(); ++v)
    offset[v + 1] = offset[v] + static_cast<std::size_t>(labels[v]);
  return offset;
}

// Of a batch, whose Real is one of the two.
template <class T>
void set_rows(DiscreteView::Group& g, const T* rows) {
  if constexpr (std::is_same_v<T, float>)
    g.floats = rows;
  else
    g.doubles = rows;
}

// What a query adds to single variables: the margin, and what the truth forbids.
void restrict(DiscreteView& view, const Sample& sample, Over over, const Rescaling* rescaling,
              Workspace& ws) {
  if (over == Over::all && !rescaling) return;
  const std::size_t size = view.offset.back();
  const auto single = ws.take<double>(size, 0.0);
  if (rescaling)
    for (std::size_t v = 0; v < view.labels.size(); ++v) {
      const auto of_v = single.subspan(view.offset[v], static_cast<std::size_t>(view.labels[v]));
      if (!margins(*rescaling, sample, static_cast<int>(v), of_v)) continue;
      for (double& e : of_v) e = -e;
    }
  if (over != Over::all) {
    const auto inside = ws.take<char>(size);
    for (std::size_t v = 0; v < view.labels.size(); ++v) {
      const LabelSet& truth = truth_of(sample, static_cast<int>(v));
      for (int k = 0; k < view.labels[v]; ++k)
        inside[view.offset[v] + static_cast<std::size_t>(k)] = truth.contains(k);
    }
    if (over == Over::truth)
      for (std::size_t k = 0; k < size; ++k)
        if (!inside[k]) single[k] = kInf;
    view.in_truth = inside;
  }
  view.single = single;
}

DiscreteView as(Tables tables, const DiscreteView& view, Workspace& ws) {
  return tables == Tables::joint ? lowered(view, ws) : view;
}

}  // namespace

std::span<const double> read_row(const DiscreteView& view, int group, int instance, std::span<double> room) {
  const DiscreteView::Group& g = view.groups[static_cast<std::size_t>(group)];
  const std::size_t at = static_cast<std::size_t>(instance) * g.stride;
  const double scale = g.scale(instance);
  if (g.doubles && scale == 1) return {g.doubles + at, g.entries};
  const auto out = room.first(g.entries);
  if (g.doubles)
    for (std::size_t e = 0; e < g.entries; ++e) out[e] = scale * g.doubles[at + e];
  else
    for (std::size_t e = 0; e < g.entries; ++e) out[e] = scale * static_cast<double>(g.floats[at + e]);
  return out;
}

void read_singles(const DiscreteView& view, std::span<double> out) {
  if (view.single.empty())
    std::fill(out.begin(), out.end(), 0.0);
  else
    std::copy(view.single.begin(), view.single.end(), out.begin());
  for (const DiscreteView::Group& g : view.groups) {
    if (g.arity != 1) continue;
    for (int i = 0; i < g.instances; ++i) {
      double* to = out.data() + view.offset[static_cast<std::size_t>(g.scopes[static_cast<std::size_t>(i)])];
      const std::size_t at = static_cast<std::size_t>(i) * g.stride;
      const double scale = g.scale(i);
      for (std::size_t k = 0; k < g.entries; ++k)
        to[k] += scale * (g.doubles ? g.doubles[at + k] : static_cast<double>(g.floats[at + k]));
    }
  }
}

double energy_of(const DiscreteView& view, std::span<const int> labels) {
  double total = view.constant;
  for (const DiscreteView::Group& g : view.groups) {
    if (g.arity == 0) continue;
    double sum = 0;
    for (int i = 0; i < g.instances; ++i) {
      const std::size_t entry = g.entry(i, labels) + static_cast<std::size_t>(i) * g.stride;
      sum += g.scale(i) * (g.doubles ? g.doubles[entry] : static_cast<double>(g.floats[entry]));
    }
    total += sum;
  }
  if (!view.single.empty())
    for (std::size_t v = 0; v < labels.size(); ++v)
      total += view.single[view.offset[v] + static_cast<std::size_t>(labels[v])];
  return total;
}

DiscreteView view_of(const Structure& s, Workspace& ws, Tables tables) {
  DiscreteView view;
  const auto labels = ws.take<int>(static_cast<std::size_t>(s.label_variables));
  for (const LabelBlock& block : s.labels)
    std::fill_n(labels.begin() + block.first, block.count, block.labels);
  view.labels = labels;
  view.offset = offsets(labels, ws);
  const auto groups = ws.take<DiscreteView::Group>(s.groups.size());
  for (std::size_t g = 0; g < s.groups.size(); ++g) {
    const Group& from = s.groups[g];
    DiscreteView::Group& to = *new (&groups[g]) DiscreteView::Group();
    to.arity = from.arity;
    to.instances = from.instances;
    to.entries = static_cast<std::size_t>(from.entries);
    to.sizes = from.sizes;
    to.scopes = from.scopes;
    to.index = from.index;
  }
  view.groups = groups;
  return as(tables, view, ws);
}

DiscreteView view_of(const Batch& b, int i, Over over, const Rescaling* rescaling, Workspace& ws,
                     Tables tables) {
  const Sample& sample = b.sample(i);
  DiscreteView view = view_of(*sample.structure, ws, Tables::declared);
  const auto groups = ws.take<DiscreteView::Group>(view.groups.size());
  std::uninitialized_copy(view.groups.begin(), view.groups.end(), groups.begin());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const TableAt t = b.table(i, static_cast<int>(g));
    set_rows(groups[g], t.data);
    groups[g].stride = static_cast<std::size_t>(t.stride);
    if (groups[g].arity == 0) view.constant += group_energy_at(b, i, static_cast<int>(g), {});
  }
  view.groups = groups;
  restrict(view, sample, over, rescaling, ws);
  return as(tables, view, ws);
}

DiscreteView view_of(const DiscreteGraph& graph, Workspace& ws, Tables tables) {
  DiscreteView view;
  view.labels = graph.labels();
  view.offset = offsets(view.labels, ws);
  view.constant = graph.constant();
  const auto groups = ws.take<DiscreteView::Group>(graph.groups().size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const DiscreteGraph::Group& from = graph.groups()[g];
    DiscreteView::Group& to = *new (&groups[g]) DiscreteView::Group();
    to.arity = from.arity;
    to.instances = from.instances;
    to.entries = from.entries;
    to.sizes = from.sizes;
    to.scopes = from.scopes;
    to.index = from.index;
    to.doubles = from.energies.data();
    to.stride = from.shared ? 0 : from.entries;
    to.scales = from.scales;
    to.index = from.index;
  }
  view.groups = groups;
  return as(tables, view, ws);
}

void give_row(const Batch& b, int i, int group, int instance, std::span<const double> p,
              std::span<Real> weights) {
  const std::size_t row = b.table(i, group).stride == 0 ? 0 : static_cast<std::size_t>(instance);
  Real* to = weights.data() + (b.weights_at(i, group) - b.weights_of(i)) + row * p.size();
  for (std::size_t e = 0; e < p.size(); ++e) to[e] += static_cast<Real>(p[e]);
}

void DiscreteMarginals::resize(const DiscreteView& view) {
  label.assign(view.offset.back(), 0.0);
  factor_at.clear();
  std::size_t size = 0;
  for (const DiscreteView::Group& g : view.groups) {
    factor_at.push_back(size);
    if (g.arity > 0) size += static_cast<std::size_t>(g.instances) * g.entries;
  }
  factor.assign(size, 0.0);
}

void give_marginals(const Batch& b, int i, const DiscreteView& view, DiscreteMarginals& marginals,
                    std::span<Real> weights) {
  const std::vector<Group>& groups = b.sample(i).structure->groups;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (groups[g].arity == 0)
      give_group_at(b, i, static_cast<int>(g), {}, 1, weights);
    else
      for (int r = 0; r < groups[g].instances; ++r)
        give_row(b, i, static_cast<int>(g), r, marginals.row(view, g, r), weights);
  }
}

Readers::Readers(const DiscreteView& view) {
  std::size_t places = 0;
  for (const DiscreteView::Group& g : view.groups) {
    places += g.scopes.size();
    if (g.arity > 255)
      throw GraphError(message("[graph] a factor on ", g.arity, " variables is more than 255"));
  }
  if (view.groups.size() > (std::size_t{1} << 24) || places > std::numeric_limits<std::uint32_t>::max())
    throw GraphError(message("[graph] ", view.groups.size(), " groups with ", places,
                             " places in their scopes are more than 2^24 and 2^32; cut the graph"));
  first_.assign(static_cast<std::size_t>(view.variables()) + 1, 0);
  for (const DiscreteView::Group& g : view.groups)
    for (const int v : g.scopes) ++first_[static_cast<std::size_t>(v) + 1];
  for (std::size_t v = 1; v < first_.size(); ++v) first_[v] += first_[v - 1];
  readers_.resize(places);
  for (std::size_t g = 0; g < view.groups.size(); ++g) {
    const DiscreteView::Group& group = view.groups[g];
    for (int i = 0; i < group.instances; ++i)
      for (int a = 0; a < group.arity; ++a) {
        const auto v = static_cast<std::size_t>(group.scope(i)[static_cast<std::size_t>(a)]);
        readers_[first_[v]++] = {static_cast<std::uint32_t>(g), static_cast<std::uint32_t>(a), i};
      }
  }
  // Each start moved to its end, which is the next one's start.
  for (std::size_t v = first_.size() - 1; v > 0; --v) first_[v] = first_[v - 1];
  first_[0] = 0;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
