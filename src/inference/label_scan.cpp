#include "label_scan.hpp"

#include <algorithm>

#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

void LabelScan::assign(const Batch& b, int item, Over over) {
  b_ = &b;
  item_ = item;
  sample_ = &b.sample(item);
  s_ = sample_->structure;
  ws_.reset();
  view_ = view_of(b, item, over, nullptr, ws_, Tables::declared);
  readers_ = &declared_readers(view_, s_->plans);
  energy_.resize(most_labels(view_));
}

void LabelScan::draw(Rng& rng, std::span<int> labels) const {
  for (std::size_t v = 0; v < labels.size(); ++v) {
    const LabelSet& truth = truth_of(*sample_, static_cast<int>(v));
    if (truth.single() >= 0)
      labels[v] = truth.single();
    else if (truth.known())
      labels[v] =
          truth.several()[static_cast<std::size_t>(rng.below(static_cast<int>(truth.several().size())))];
    else
      labels[v] = rng.below(view_.labels[v]);
  }
}

bool LabelScan::sweep(Moving moving, double beta, Rng& rng, std::span<int> labels) {
  const LocalEnergies local(view_, *readers_);
  for (std::size_t v = 0; v < labels.size(); ++v) {
    const LabelSet& truth = truth_of(*sample_, static_cast<int>(v));
    if (moving == Moving::truth ? truth.single() >= 0 : moving == Moving::unknown && truth.known()) continue;
    if (!redraw(local, static_cast<int>(v), beta, rng.uniform(), labels,
                std::span(energy_).first(static_cast<std::size_t>(view_.labels[v]))))
      return false;
  }
  return true;
}

double LabelScan::sum_out(std::span<const char> free, double beta, double limit, std::string_view engine,
                          std::span<int> labels, std::span<Real> weights) {
  const auto scope = [&](int g, int r) { return view_.groups[static_cast<std::size_t>(g)].scope(r); };
  const auto entry = [&](int g, int r) {
    return entry_at(s_->groups[static_cast<std::size_t>(g)], r, labels);
  };
  const auto energy = [&](int g, int r, int at) { return row_at(b_->table(item_, g), r)[at]; };
  const auto is_free = [&](int v) { return free[static_cast<std::size_t>(v)] != 0; };
  // The first free variable of each group, by joining those that share a scope.
  group_of_.resize(labels.size());
  for (std::size_t v = 0; v < labels.size(); ++v) group_of_[v] = static_cast<int>(v);
  const auto root = [&](int v) {
    while (group_of_[static_cast<std::size_t>(v)] != v) {
      int& up = group_of_[static_cast<std::size_t>(v)];
      v = up = group_of_[static_cast<std::size_t>(up)];
    }
    return v;
  };
  double total = 0;
  for (std::size_t g = 0; g < s_->groups.size(); ++g)
    for (int r = 0; r < s_->groups[g].instances; ++r) {
      int first = -1;
      for (const int v : scope(static_cast<int>(g), r)) {
        if (!is_free(v)) continue;
        if (first < 0) first = root(v);
        const int other = root(v), low = std::min(first, other);
        group_of_[static_cast<std::size_t>(first)] = group_of_[static_cast<std::size_t>(other)] = low;
        first = low;
      }
      if (first >= 0) continue;
      const int at = entry(static_cast<int>(g), r);
      total += energy(static_cast<int>(g), r, at);
      if (!weights.empty()) give_entry(*b_, item_, static_cast<int>(g), r, at, 1, weights);
    }
  for (int v = 0; v < static_cast<int>(labels.size()); ++v) {
    if (!is_free(v) || root(v) != v) continue;
    members_.clear();
    instances_.clear();
    double joint = 1;
    for (int u = v; u < static_cast<int>(labels.size()); ++u) {
      if (!is_free(u) || root(u) != v) continue;
      members_.push_back(u);
      joint *= view_.labels[static_cast<std::size_t>(u)];
      for (const Readers::Reader& at : readers_->of(u)) {
        // Once: by the first place of the first free variable of its scope.
        const auto in = scope(static_cast<int>(at.group), at.instance);
        if (std::ranges::none_of(in, [&](int w) { return w < u && is_free(w); }) &&
            std::ranges::find(in, u) - in.begin() == at.place)
          instances_.emplace_back(static_cast<int>(at.group), at.instance);
      }
    }
    if (joint > limit)
      throw GraphError(message("[", engine, "] '", s_->variable_name(v), "' and ", members_.size() - 1,
                               " others without a truth meet, and their ", joint,
                               " joint labels are more than the limit of ", limit));
    // Joint labels in order, the last of the group fastest.
    const auto each = [&](const auto& visit) {
      for (const int u : members_) labels[static_cast<std::size_t>(u)] = 0;
      for (std::size_t k = 0;; ++k) {
        visit(k);
        auto u = members_.rbegin();
        for (; u != members_.rend(); ++u) {
          int& label = labels[static_cast<std::size_t>(*u)];
          if (++label < view_.labels[static_cast<std::size_t>(*u)]) break;
          label = 0;
        }
        if (u == members_.rend()) return;
      }
    };
    energy_.resize(static_cast<std::size_t>(joint));
    each([&](std::size_t k) {
      double& e = energy_[k] = 0;
      for (const int u : members_)
        if (!truth_of(*sample_, u).contains(labels[static_cast<std::size_t>(u)])) e = kInf;
      if (e == kInf) return;
      for (const auto& [g, r] : instances_) e += energy(g, r, entry(g, r));
    });
    const double f = probabilities(energy_, beta);
    total += f;
    if (weights.empty() || !(f < kInf)) continue;
    each([&](std::size_t k) {
      if (energy_[k] > 0)
        for (const auto& [g, r] : instances_) give_entry(*b_, item_, g, r, entry(g, r), energy_[k], weights);
    });
  }
  return total;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
