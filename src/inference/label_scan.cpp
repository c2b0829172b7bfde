#include "label_scan.hpp"

#include <algorithm>
#include <cmath>

#include "answering.hpp"
#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Makes probabilities of energies; the log of their sum's negative over beta, which is the free energy.
double normalise(std::span<double> energy, double beta) {
  double low = kInf;
  for (const double e : energy) {
    if (std::isnan(e)) return e;
    low = std::min(low, e);
  }
  if (low == kInf) return kInf;
  if (beta == kInf) {
    const auto best = std::ranges::find(energy, low) - energy.begin();
    std::ranges::fill(energy, 0.0);
    energy[static_cast<std::size_t>(best)] = 1;
    return low;
  }
  double sum = 0;
  for (double& e : energy) sum += e = std::exp(-beta * (e - low));
  for (double& e : energy) e /= sum;
  return low - std::log(sum) / beta;
}

}  // namespace

void LabelScan::assign(const Structure& s) {
  s_ = &s;
  const auto n = static_cast<std::size_t>(s.label_variables);
  counts_.resize(n);
  for (std::size_t v = 0; v < n; ++v) counts_[v] = s.labels_of(static_cast<int>(v));
  // Twice over the scopes: how many readings each variable has, then the readings.
  first_.assign(n + 1, 0);
  readings_.clear();
  for (const bool counting : {true, false}) {
    if (!counting) {
      for (std::size_t v = 0; v < n; ++v) first_[v + 1] += first_[v];
      readings_.resize(static_cast<std::size_t>(first_[n]));
    }
    for (std::size_t g = 0; g < s.groups.size(); ++g)
      for (int r = 0; r < s.groups[g].instances; ++r) {
        const auto in = scope(static_cast<int>(g), r);
        const bool joint = s.groups[g].index == Index::joint;
        int stride = joint ? 1 : 0;  // 0: looked up for each label
        for (std::size_t a = in.size(); a-- > 0;) {
          const auto v = static_cast<std::size_t>(in[a]);
          const bool last = std::ranges::find(in.subspan(a + 1), in[a]) == in.end();
          if (counting)
            first_[v + 1] += last;
          else if (last)
            readings_[static_cast<std::size_t>(first_[v]++)] = {static_cast<int>(g), r, stride};
          else  // a variable that stands twice in a scope
            readings_[static_cast<std::size_t>(first_[v] - 1)].stride += stride;
          stride *= counts_[v];
        }
      }
  }
  std::rotate(first_.begin(), first_.end() - 1, first_.end());
  first_[0] = 0;
}

std::span<const int> LabelScan::scope(int group, int row) const {
  const Group& g = s_->groups[static_cast<std::size_t>(group)];
  return {g.scopes.data() + static_cast<std::ptrdiff_t>(row) * g.arity, static_cast<std::size_t>(g.arity)};
}

int LabelScan::entry(int group, int row, std::span<const int> labels) const {
  return entry_at(s_->groups[static_cast<std::size_t>(group)], row, labels);
}

const Real* LabelScan::row_of(const Batch& b, int item, int group, int row) {
  return row_at(b.table(item, group), row);
}

void LabelScan::draw(const Sample& sample, Rng& rng, std::span<int> labels) const {
  for (std::size_t v = 0; v < labels.size(); ++v) {
    const LabelSet& truth = truth_of(sample, static_cast<int>(v));
    if (truth.single() >= 0)
      labels[v] = truth.single();
    else if (truth.known())
      labels[v] =
          truth.several()[static_cast<std::size_t>(rng.below(static_cast<int>(truth.several().size())))];
    else
      labels[v] = rng.below(counts_[v]);
  }
}

bool LabelScan::sweep(const Batch& b, int item, const Sample& sample, Moving moving, double beta, Rng& rng,
                      std::span<int> labels) {
  for (std::size_t v = 0; v < labels.size(); ++v) {
    const LabelSet& truth = truth_of(sample, static_cast<int>(v));
    if (moving == Moving::truth ? truth.single() >= 0 : moving == Moving::unknown && truth.known()) continue;
    energy_.assign(static_cast<std::size_t>(counts_[v]), 0.0);
    for (const Reading& at : readings(static_cast<int>(v))) {
      if (at.stride == 0) {
        const int stays = labels[v];
        for (int k = 0; k < counts_[v]; ++k) {
          labels[v] = k;
          energy_[static_cast<std::size_t>(k)] +=
              row_of(b, item, at.group, at.row)[entry(at.group, at.row, labels)];
        }
        labels[v] = stays;
        continue;
      }
      const Real* row = row_of(b, item, at.group, at.row) + entry(at.group, at.row, labels) -
                        static_cast<std::ptrdiff_t>(labels[v]) * at.stride;
      for (double& e : energy_) {
        e += *row;
        row += at.stride;
      }
    }
    if (moving == Moving::truth)
      for (int k = 0; k < counts_[v]; ++k)
        if (!truth.contains(k)) energy_[static_cast<std::size_t>(k)] = kInf;
    const double free = normalise(energy_, beta);
    if (std::isnan(free)) return false;
    const double drawn = rng.uniform();
    if (free == kInf) continue;  // nothing is allowed: it stays
    double sum = 0;
    for (int k = 0; k < counts_[v]; ++k) {
      const double p = energy_[static_cast<std::size_t>(k)];
      if (p == 0) continue;
      labels[v] = k;
      if ((sum += p) > drawn) break;
    }
  }
  return true;
}

double LabelScan::sum_out(const Batch& b, int item, const Sample& sample, std::span<const char> free,
                          double beta, double limit, std::string_view engine, std::span<int> labels,
                          std::span<Real> weights) {
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
      const int at = entry(static_cast<int>(g), r, labels);
      total += row_of(b, item, static_cast<int>(g), r)[at];
      if (!weights.empty()) give_entry(b, item, static_cast<int>(g), r, at, 1, weights);
    }
  for (int v = 0; v < static_cast<int>(labels.size()); ++v) {
    if (!is_free(v) || root(v) != v) continue;
    members_.clear();
    instances_.clear();
    double joint = 1;
    for (int u = v; u < static_cast<int>(labels.size()); ++u) {
      if (!is_free(u) || root(u) != v) continue;
      members_.push_back(u);
      joint *= counts_[static_cast<std::size_t>(u)];
      for (const Reading& at : readings(u)) {
        // Once: by the first free variable of its scope.
        const auto in = scope(at.group, at.row);
        if (std::ranges::none_of(in, [&](int w) { return w < u && is_free(w); }))
          instances_.emplace_back(at.group, at.row);
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
          if (++label < counts_[static_cast<std::size_t>(*u)]) break;
          label = 0;
        }
        if (u == members_.rend()) return;
      }
    };
    energy_.resize(static_cast<std::size_t>(joint));
    each([&](std::size_t k) {
      double& e = energy_[k] = 0;
      for (const int u : members_)
        if (!truth_of(sample, u).contains(labels[static_cast<std::size_t>(u)])) e = kInf;
      if (e == kInf) return;
      for (const auto& [g, r] : instances_) e += row_of(b, item, g, r)[entry(g, r, labels)];
    });
    const double f = normalise(energy_, beta);
    total += f;
    if (weights.empty() || !(f < kInf)) continue;
    each([&](std::size_t k) {
      if (energy_[k] > 0)
        for (const auto& [g, r] : instances_)
          give_entry(b, item, g, r, entry(g, r, labels), energy_[k], weights);
    });
  }
  return total;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
