#include "ebm/graph/structure.hpp"

#include <algorithm>
#include <functional>

#include "ebm/graph/chain_plan.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

void mix(std::size_t& hash, std::size_t value) { hash = (hash ^ value) * 1099511628211ULL; }

template <class T>
int intern_in(std::vector<T>& all, const T& one, const auto& same) {
  const auto it = std::ranges::find_if(all, [&](const T& other) { return same(other, one); });
  if (it != all.end()) return static_cast<int>(it - all.begin());
  all.push_back(one);
  return static_cast<int>(all.size()) - 1;
}

}  // namespace

int Structure::labels_of(int variable) const {
  const auto it = std::ranges::upper_bound(labels, variable, {}, &LabelBlock::first);
  return std::prev(it)->labels;
}

std::string Structure::variable_name(int variable) const {
  const LabelBlock& block = *std::prev(std::ranges::upper_bound(labels, variable, {}, &LabelBlock::first));
  return block.count == 1 ? block.name : block.name + "[" + std::to_string(variable - block.first) + "]";
}

bool Structure::alternates() const {
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (std::size_t h = 0; h < g; ++h)
      if (groups[g].on_reals && groups[h].on_reals && groups[g].function >= 0 &&
          groups[g].function == groups[h].function)
        return true;
  return false;
}

bool Structure::same_as(const Structure& o) const {
  return label_variables == o.label_variables && real_dims == o.real_dims && has_path == o.has_path &&
         real_role == o.real_role && path_role == o.path_role && data_slots == o.data_slots &&
         real_name == o.real_name && real_manifold == o.real_manifold && real_low == o.real_low &&
         real_high == o.real_high && path_name == o.path_name && labels == o.labels &&
         features == o.features && groups == o.groups;
}

std::size_t Structure::hash() const {
  std::size_t h = 14695981039346656037ULL;
  for (const int x : {label_variables, real_dims, int{has_path}, data_slots})
    mix(h, static_cast<std::size_t>(x));
  for (const LabelBlock& b : labels) {
    mix(h, std::hash<std::string>{}(b.name));
    mix(h, static_cast<std::size_t>(b.labels));
    mix(h, static_cast<std::size_t>(b.count));
  }
  for (const FeatureSource& f : features) {
    mix(h, static_cast<std::size_t>(f.net * 1000 + f.slot + 1));
    mix(h, f.slice.size());
  }
  for (const Group& g : groups) {
    for (const int x : {static_cast<int>(g.kind), g.function, g.param.index, g.instances, g.arity, g.entries,
                        static_cast<int>(g.index)})
      mix(h, static_cast<std::size_t>(x));
    // Scopes of a group are nearly always made by one rule, so a few of them tell structures apart; same_as
    // decides.
    const std::size_t stride = std::max<std::size_t>(1, g.scopes.size() / 64);
    for (std::size_t i = 0; i < g.scopes.size(); i += stride) mix(h, static_cast<std::size_t>(g.scopes[i]));
  }
  return h;
}

int Schema::intern(const Net& net) {
  return intern_in(nets_, net, [](const Net& a, const Net& b) { return a.identity() == b.identity(); });
}

int Schema::intern(const SizedFunction& function) {
  return intern_in(functions_, function, std::equal_to<>{});
}

const Structure* Schema::intern(Structure&& structure) {
  const std::size_t hash = structure.hash();
  auto it = std::ranges::lower_bound(structures_, hash, {}, [](const auto& entry) { return entry.first; });
  for (; it != structures_.end() && it->first == hash; ++it)
    if (it->second->same_as(structure)) return it->second.get();
  auto owned = std::make_unique<Structure>(std::move(structure));
  owned->chain = plan_chains(*owned);
  const Structure* out = owned.get();
  structures_.insert(it, {hash, std::move(owned)});
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
