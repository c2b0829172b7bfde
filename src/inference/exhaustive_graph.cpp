// Every joint label of a DiscreteGraph, one variable changing from each to the next (a reflected Gray code of
// mixed radix; Knuth, The Art of Computer Programming 4A, 7.2.1.1), so that only the factors that read it are
// read again. The oracle: minima, n best, free energies, marginals of variables and factors, draws.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "discrete_engines.hpp"
#include "discrete_view.hpp"
#include "ebm/core/rng.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr double kLimit = 1e7;

// Steps between sums of everything anew, so that rounding does not add up.
constexpr std::size_t kSteady = 1 << 10;

class GrayWalk {
 public:
  explicit GrayWalk(const DiscreteView& view)
      : view_(view),
        readers_(view),
        labels_(view.labels.size(), 0),
        up_(view.labels.size(), 1),
        first_(view.groups.size() + 1, 0) {
    for (std::size_t g = 0; g < view.groups.size(); ++g)
      first_[g + 1] =
          first_[g] + (view.groups[g].arity > 0 ? static_cast<std::size_t>(view.groups[g].instances) : 0);
    entry_.resize(first_.back());
    energy_.resize(first_.back());
    for (std::size_t g = 0; g < view.groups.size(); ++g)
      for (int i = 0; view.groups[g].arity > 0 && i < view.groups[g].instances; ++i) read(g, i);
    sum_anew();
  }

  std::span<const int> labels() const { return labels_; }
  double energy() const { return forbidden_ > 0 ? kInf : sum_; }
  // Entries that factors read: of group g at first(g), instance after instance.
  std::size_t entry(std::size_t g, int i) const { return entry_[first_[g] + static_cast<std::size_t>(i)]; }

  bool next() {
    for (std::size_t v = labels_.size(); v-- > 0;) {
      if (labels_[v] + up_[v] < 0 || labels_[v] + up_[v] >= view_.labels[v]) {
        up_[v] = -up_[v];
        continue;
      }
      labels_[v] += up_[v];
      double largest = 0;  // of what comes and goes: beside it small energies are lost
      for (const Readers::Reader& r : readers_.of(static_cast<int>(v))) {
        const std::size_t f = first_[r.group] + static_cast<std::size_t>(r.instance);
        const double before = energy_[f];
        read(r.group, r.instance);
        if (before == kInf)
          --forbidden_;
        else
          sum_ -= before, largest = std::max(largest, std::abs(before));
        if (energy_[f] == kInf)
          ++forbidden_;
        else
          sum_ += energy_[f], largest = std::max(largest, std::abs(energy_[f]));
      }
      if (++steps_ % kSteady == 0 || largest > 1e3 * (1 + std::abs(sum_))) sum_anew();
      return true;
    }
    return false;
  }

 private:
  void read(std::size_t g, int i) {
    const DiscreteView::Group& group = view_.groups[g];
    const std::size_t f = first_[g] + static_cast<std::size_t>(i);
    entry_[f] = group.entry(i, labels_);
    const std::size_t at = entry_[f] + static_cast<std::size_t>(i) * group.stride;
    energy_[f] = group.scale(i) * (group.doubles ? group.doubles[at] : static_cast<double>(group.floats[at]));
  }
  void sum_anew() {
    sum_ = view_.constant < kInf ? view_.constant : 0;
    forbidden_ = view_.constant < kInf ? 0 : 1;
    for (const double e : energy_)
      if (e < kInf)
        sum_ += e;
      else
        ++forbidden_;
  }

  const DiscreteView& view_;
  Readers readers_;
  std::vector<int> labels_, up_;
  std::vector<std::size_t> first_, entry_;  // [groups + 1]; [factors]
  std::vector<double> energy_;              // [factors]
  double sum_ = 0;
  std::int64_t forbidden_ = 0;
  std::size_t steps_ = 0;
};

// The labels after so many steps.
std::vector<int> labels_at(std::span<const int> counts, std::size_t step) {
  std::vector<int> y(counts.size());
  for (std::size_t v = counts.size(); v-- > 0;) {
    const auto k = static_cast<std::size_t>(counts[v]);
    const std::size_t digit = step % k;
    step /= k;
    y[v] = static_cast<int>(step % 2 == 1 ? k - 1 - digit : digit);
  }
  return y;
}

void give_marginals(const DiscreteView& view, const std::vector<double>& p, bool factors, Solution& out) {
  out.marginals.assign(view.offset.back(), 0);
  std::vector<std::size_t> at;  // of each group
  std::size_t size = 0;
  for (const DiscreteView::Group& g : view.groups) {
    at.push_back(size);
    if (g.arity > 0) size += static_cast<std::size_t>(g.instances) * g.entries;
  }
  if (factors) out.factor_marginals.assign(size, 0);
  GrayWalk walk(view);
  std::size_t step = 0;
  do {
    if (!(p[step++] > 0)) continue;
    const double mass = p[step - 1];
    for (std::size_t v = 0; v < view.labels.size(); ++v)
      out.marginals[view.offset[v] + static_cast<std::size_t>(walk.labels()[v])] += mass;
    for (std::size_t g = 0; factors && g < view.groups.size(); ++g)
      for (int i = 0; view.groups[g].arity > 0 && i < view.groups[g].instances; ++i)
        out.factor_marginals[at[g] + static_cast<std::size_t>(i) * view.groups[g].entries +
                             walk.entry(g, i)] += mass;
  } while (walk.next());
}

}  // namespace

Solution solve_exhaustively(const DiscreteGraph& graph, const Question& q) {
  check_question(q);
  const Stopwatch watch;
  const auto counts = graph.labels();
  double joint = 1;
  for (const int k : counts) joint *= k;
  if (joint > kLimit)
    throw GraphError(message("[exhaustive] ", joint, " joint labels are more than the limit of ", kLimit,
                             "; use another engine"));
  Workspace ws;
  const DiscreteView view = view_of(graph, ws, Tables::declared);
  std::vector<double> energies;
  energies.reserve(static_cast<std::size_t>(joint));
  GrayWalk walk(view);
  do energies.push_back(walk.energy());
  while (walk.next());
  const double low = *std::ranges::min_element(energies);
  Solution out;
  out.report = {.exactness = q.task == Question::Task::samples ? Exactness::sampled : Exactness::exact,
                .asked = Method::exhaustive,
                .used = Method::exhaustive};
  if (q.task == Question::Task::minimum) {
    if (low < kInf) {
      std::vector<std::size_t> order(energies.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      const std::size_t n = std::min(order.size(), static_cast<std::size_t>(q.best));
      std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), order.end(),
                        [&](std::size_t a, std::size_t b) {
                          return std::pair(energies[a], a) < std::pair(energies[b], b);
                        });
      for (std::size_t i = 0; i < n && energies[order[i]] < kInf; ++i)
        out.best.push_back(labels_at(counts, order[i]));
      order_best(graph, out);
      if (q.best == 1) out.best.clear();
    }
    out.bound = out.energy;
  } else {
    double sum = 0;
    for (double& e : energies) sum += e = low < kInf ? std::exp(-q.beta * (e - low)) : 0;
    out.free_energy = out.free_energy_bound = low < kInf ? low - std::log(sum) / q.beta : kInf;
    for (double& p : energies) p = sum > 0 ? p / sum : 0;
    if (q.task == Question::Task::marginals) give_marginals(view, energies, q.factors, out);
    if (q.task == Question::Task::samples && sum > 0) {
      std::partial_sum(energies.begin(), energies.end(), energies.begin());
      const Rng all(q.seed, 0x6578617573ULL);
      for (int i = 0; i < q.samples; ++i) {
        Rng rng = all.fork(static_cast<std::uint64_t>(i));
        const double u = (rng.uniform() + 0x1p-32 * rng.uniform()) * energies.back();
        const auto at = std::ranges::upper_bound(energies, u);
        const std::vector<int> y =
            labels_at(counts, static_cast<std::size_t>(std::min(at, energies.end() - 1) - energies.begin()));
        out.samples.insert(out.samples.end(), y.begin(), y.end());
      }
      out.effective_samples = q.samples;
    }
  }
  out.report.seconds = watch.seconds();
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
