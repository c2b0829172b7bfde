#include "ebm/graph/chain_plan.hpp"

#include <algorithm>
#include <array>

#include "ebm/graph/structure.hpp"

namespace ebm {
namespace {

struct Link {
  int other = -1;
  bool operator==(const Link&) const = default;
};

}  // namespace

std::shared_ptr<const ChainPlan> plan_chains(const Structure& s) {
  if (s.has_path || s.real_dims > 0) return nullptr;
  std::vector<int> labels;
  for (const LabelBlock& block : s.labels) labels.insert(labels.end(), block.count, block.labels);
  std::vector<ChainScopes> groups;
  for (const Group& g : s.groups) {
    if (g.on_path || g.on_reals || g.index != Index::joint) return nullptr;
    groups.push_back({g.arity, g.instances, g.shared, g.scopes});
  }
  return plan_chains(labels, groups);
}

std::shared_ptr<const ChainPlan> plan_chains(std::span<const int> labels,
                                             std::span<const ChainScopes> groups) {
  const auto n = static_cast<int>(labels.size());
  std::vector<std::array<Link, 2>> links(static_cast<std::size_t>(n));
  // Neighbours, at most two each; parallel factors on one pair are one link.
  for (const ChainScopes& g : groups) {
    if (g.arity > 2) return nullptr;
    if (g.arity != 2) continue;
    for (int i = 0; i < g.instances; ++i) {
      const int a = g.scopes[2 * i], b = g.scopes[2 * i + 1];
      if (a == b) return nullptr;
      for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
        auto& l = links[static_cast<std::size_t>(from)];
        if (l[0].other == to || l[1].other == to) continue;
        if (l[0].other < 0)
          l[0].other = to;
        else if (l[1].other < 0)
          l[1].other = to;
        else
          return nullptr;
      }
    }
  }
  auto plan = std::make_shared<ChainPlan>();
  std::vector<int> position(static_cast<std::size_t>(n), -1);
  plan->chain_first.push_back(0);
  for (int start = 0; start < n; ++start) {
    const auto& ends = links[static_cast<std::size_t>(start)];
    if (position[start] >= 0 || (ends[0].other >= 0 && ends[1].other >= 0)) continue;
    for (int v = start, before = -1; v >= 0;) {
      position[v] = static_cast<int>(plan->variable.size());
      plan->variable.push_back(v);
      const auto& l = links[static_cast<std::size_t>(v)];
      const int next = l[0].other != before ? l[0].other : l[1].other;
      before = v;
      v = next >= 0 && position[next] < 0 ? next : -1;
    }
    plan->chain_first.push_back(static_cast<int>(plan->variable.size()));
  }
  if (static_cast<int>(plan->variable.size()) != n) return nullptr;  // what is left lies on loops

  // Counting sort of the edges by position keeps building linear.
  const auto positions = static_cast<std::size_t>(n);
  plan->edge_first.assign(positions + 1, 0);
  plan->offset.assign(positions + 1, 0);
  for (std::size_t p = 0; p < positions; ++p) {
    const int k = labels[static_cast<std::size_t>(plan->variable[p])];
    plan->labels.push_back(k);
    plan->max_labels = std::max(plan->max_labels, k);
    plan->offset[p + 1] = plan->offset[p] + chain_row(k);
  }
  for (std::size_t index = 0; index < groups.size(); ++index) {
    const ChainScopes& g = groups[index];
    if (g.arity != 1) continue;
    for (int i = 0; i < g.instances; ++i) {
      const int p = position[g.scopes[i]];
      if (i > 0 && p == position[g.scopes[i - 1]] + 1)
        ++plan->unary.back().count;  // a group has one label count
      else
        plan->unary.push_back({static_cast<int>(index), i, p, 1});
    }
  }
  const auto each_edge = [&](const auto& visit) {
    for (std::size_t g = 0; g < groups.size(); ++g)
      if (groups[g].arity == 2)
        for (int i = 0; i < groups[g].instances; ++i)
          visit(static_cast<int>(g), i, position[groups[g].scopes[2 * i]],
                position[groups[g].scopes[2 * i + 1]]);
  };
  each_edge([&](int, int, int a, int b) { ++plan->edge_first[std::min(a, b) + 1]; });
  for (std::size_t p = 0; p < positions; ++p) plan->edge_first[p + 1] += plan->edge_first[p];
  plan->edge.resize(static_cast<std::size_t>(plan->edge_first.back()));
  std::vector<int> edge_at(plan->edge_first.begin(), plan->edge_first.end() - 1);
  each_edge([&](int group, int i, int a, int b) {
    plan->edge[static_cast<std::size_t>(edge_at[std::min(a, b)]++)] = {group, groups[group].shared ? 0 : i,
                                                                       a > b};
  });
  const auto single = [&](std::size_t p) { return plan->edge_first[p + 1] == plan->edge_first[p] + 1; };
  const auto edge_of = [&](std::size_t p) {
    return plan->edge[static_cast<std::size_t>(plan->edge_first[p])];
  };
  plan->alike.resize(positions > 0 ? positions - 1 : 0);
  for (std::size_t p = 0; p < plan->alike.size(); ++p) {
    const bool goes_on = p > 0 && single(p) && single(p - 1) && edge_of(p) == edge_of(p - 1) &&
                         plan->labels[p] == plan->labels[p + 1];
    plan->alike[p].before = goes_on ? plan->alike[p - 1].before + 1 : 1;
  }
  for (std::size_t p = plan->alike.size(); p-- > 0;)
    plan->alike[p].after =
        p + 1 < plan->alike.size() && plan->alike[p + 1].before > 1 ? plan->alike[p + 1].after + 1 : 1;
  constexpr std::size_t kMost = 16;
  for (std::size_t p = 0; p < positions && plan->shared.size() < kMost; ++p) {
    if (!single(p)) continue;
    const ChainPlan::Edge e = edge_of(p);
    if (groups[static_cast<std::size_t>(e.group)].shared &&
        std::find(plan->shared.begin(), plan->shared.end(), e) == plan->shared.end())
      plan->shared.push_back(e);
  }
  return plan;
}

}  // namespace ebm
