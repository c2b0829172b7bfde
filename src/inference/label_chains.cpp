// Chains over a DiscreteGraph, one alone and several as an engine.

#include <algorithm>
#include <atomic>
#include <cmath>

#include "discrete_engines.hpp"
#include "ebm/core/pool.hpp"
#include "label_moves.hpp"
#include "limits.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr std::size_t kShares = 8;  // labels whose share is followed
constexpr int kLeastSweeps = 4;     // for halves of two

std::string_view name_of(Moves moves) {
  return moves == Moves::swendsen_wang ? "swendsen-wang"
         : moves == Moves::blocked     ? "blocked-gibbs"
                                       : "gibbs";
}

// Of one chain of an engine.
struct Told {
  std::vector<double> series[1 + kShares];  // energy; shares of labels
  std::vector<double> seen;                 // at the view's offsets
  std::vector<int> samples;
  bool stopped = false;
};

class Run {
 public:
  Run(const LabelMoves& moves, const infer::LabelChains& o, const Question& q)
      : moves_(moves), o_(o), q_(q), limits_(q, name_of(o.moves)) {
    shares_ = std::min(kShares, most_labels(moves.view()));
    if (shares_ == 2) shares_ = 1;  // the other one is the rest
  }
  int sweeps() const {
    const int wanted = q_.iterations > 0 ? q_.iterations : o_.sweeps;
    const int samples = q_.task == Question::Task::samples ? (q_.samples + o_.chains - 1) / o_.chains : 0;
    return std::max({kLeastSweeps, wanted, samples});
  }
  std::size_t series() const { return 1 + shares_; }

  void chain(int number, Told& out) const {
    LabelMoves::Chain chain = moves_.start(q_.seed, static_cast<std::uint64_t>(number), q_.start);
    for (int k = 0; k < o_.burn_in && !limits_.out_of_time(); ++k) moves_.sweep(chain, q_.beta, {});
    if (q_.task == Question::Task::marginals) out.seen.assign(moves_.view().offset.back(), 0.0);
    const int total = sweeps();
    const auto until = [&](int c) { return static_cast<std::int64_t>(q_.samples) * c / o_.chains; };
    const std::int64_t samples = until(number + 1) - until(number);
    std::int64_t taken = 0;
    for (int k = 0; k < total; ++k) {
      if (k >= kLeastSweeps && limits_.out_of_time()) {
        out.stopped = true;
        break;
      }
      moves_.sweep(chain, q_.beta, out.seen);
      const auto labels = moves_.labels(chain);
      tell(labels, out);
      if (q_.task == Question::Task::samples)
        for (; (taken + 1) * total <= static_cast<std::int64_t>(k + 1) * samples; ++taken)
          out.samples.insert(out.samples.end(), labels.begin(), labels.end());
    }
  }

 private:
  void tell(std::span<const int> labels, Told& out) const {
    out.series[0].push_back(energy_of(moves_.view(), labels));
    double count[kShares] = {};
    for (const int k : labels)
      if (static_cast<std::size_t>(k) < kShares) ++count[k];
    for (std::size_t k = 0; k < shares_; ++k) out.series[1 + k].push_back(count[k]);
  }
  const LabelMoves& moves_;
  const infer::LabelChains& o_;
  const Question& q_;
  const Limits limits_;
  std::size_t shares_ = 0;
};

}  // namespace

struct LabelChain::Impl {
  Workspace ws;
  Plans plans;
  DiscreteView view;
  LabelMoves moves;
  LabelMoves::Chain chain{};
  double beta = 1;
  Impl(const DiscreteGraph& graph, Moves m)
      : view(view_of(graph, ws, Tables::declared)), moves(view, plans, m, ws) {}
};

LabelChain::LabelChain(const DiscreteGraph& graph, Moves moves, double beta, std::uint64_t seed,
                       std::uint64_t chain, std::span<const int> start)
    : impl_(new Impl(graph, moves)) {
  set_beta(beta);
  impl_->chain = impl_->moves.start(seed, chain, start);
}
LabelChain::LabelChain(LabelChain&&) noexcept = default;
LabelChain& LabelChain::operator=(LabelChain&&) noexcept = default;
LabelChain::~LabelChain() = default;

void LabelChain::run(int sweeps) {
  for (int k = 0; k < sweeps; ++k) impl_->moves.sweep(impl_->chain, impl_->beta, {});
}
void LabelChain::set_beta(double beta) {
  if (!(beta >= 0 && beta < kInf))
    throw GraphError(message("[chains] beta must be finite and not below 0, not ", beta));
  impl_->beta = beta;
}
std::span<const int> LabelChain::labels() { return impl_->moves.labels(impl_->chain); }
double LabelChain::energy() { return impl_->moves.energy(impl_->chain); }
bool LabelChain::vectorised() const { return impl_->moves.vectorised(); }

Solution infer::LabelChains::solve(const DiscreteGraph& graph, const Question& q) const {
  const Stopwatch watch;
  const std::string_view name = name_of(moves);
  if (q.task != Question::Task::marginals && q.task != Question::Task::samples)
    throw GraphError(message("[", name, "] gives samples and marginals; for a minimum ask annealing, for a ",
                             "free energy importance or junction-tree"));
  check_question(q);
  if (chains < 1 || burn_in < 0 || sweeps < 1 || q.samples < 1)
    throw GraphError(message("[", name, "] needs a chain, burn_in >= 0, a sweep and a sample, not ", chains,
                             ", ", burn_in, ", ", sweeps, " and ", q.samples));
  Workspace ws;
  const Plans plans;
  const DiscreteView view = view_of(graph, ws, Tables::declared);
  const LabelMoves shared(view, plans, moves, ws);
  const Run run(shared, *this, q);
  std::vector<Told> told(static_cast<std::size_t>(chains));
  parallel_for(told.size(), [&](std::size_t c) { run.chain(static_cast<int>(c), told[c]); });

  Solution out;
  bool stopped = false;
  std::size_t length = told[0].series[0].size(), counted = 0;
  for (const Told& t : told) {
    stopped |= t.stopped;
    length = std::min(length, t.series[0].size());
    counted += t.series[0].size();
    out.samples.insert(out.samples.end(), t.samples.begin(), t.samples.end());
  }
  if (q.task == Question::Task::marginals) {
    out.marginals.assign(labels_in(graph), 0.0);
    for (const Told& t : told)
      for (std::size_t k = 0; k < out.marginals.size(); ++k)
        out.marginals[k] += t.seen[k] / static_cast<double>(counted);
  }
  bool allowed = true;
  for (const Told& t : told) allowed &= std::ranges::all_of(t.series[0], [](double e) { return e < kInf; });
  out.r_hat = allowed ? 1 : kInf;
  out.effective_samples = allowed ? static_cast<double>(counted) : 0;
  std::vector<double> draws;
  for (std::size_t s = 0; s < run.series() && allowed; ++s) {
    draws.clear();
    for (const Told& t : told)
      draws.insert(draws.end(), t.series[s].begin(),
                   t.series[s].begin() + static_cast<std::ptrdiff_t>(length));
    out.r_hat = std::max(out.r_hat, split_r_hat(draws, chains));
    out.effective_samples = std::min(out.effective_samples, ebm::effective_samples(draws, chains));
  }
  if (q.task == Question::Task::samples)
    out.effective_samples = std::min(out.effective_samples, static_cast<double>(q.samples));
  const Method method = moves == Moves::swendsen_wang ? Method::swendsen_wang : Method::gibbs;
  out.report = {.converged = out.r_hat <= 1.05,
                .exactness = Exactness::sampled,
                .iterations = burn_in + static_cast<int>(length),
                .seconds = watch.seconds(),
                .asked = method,
                .used = method,
                .why = stopped ? Why::time_limit : Why::asked};
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
