// Annealed importance sampling (Neal 2001): reals by Hamiltonian moves of all particles of all samples in one
// batch, labels by Gibbs sweeps.

#include <algorithm>
#include <cmath>

#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"
#include "label_annealing.hpp"
#include "real_moves.hpp"
#include "sampling.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using infer::AnnealedImportance;

constexpr int kPilots = 16;         // particles of a sample that fit its steps
constexpr double kAccepted = 0.75;  // .. to this acceptance

void check(const Batch& b, const AnnealedImportance& o, const Query& q) {
  check_sampling(b, q, "annealing");
  if (q.steps > 0)
    throw GraphError("[annealing] gives free energies; for samples ask Langevin, Hamiltonian or Gibbs");
  const auto refuse = [](const char* what, double value, const char* want) {
    throw GraphError(message("[annealing] ", what, " is ", value, "; it must be ", want));
  };
  if (o.particles < 2) refuse("particles", o.particles, "at least 2, for a standard error");
  if (o.levels < 1) refuse("levels", o.levels, "at least 1");
  if (o.leaps < 1) refuse("leaps", o.leaps, "at least 1");
  if (!(o.step > 0) || !std::isfinite(o.step)) refuse("step", o.step, "above 0");
  if (!(o.low <= o.high)) refuse("low", o.low, "at most high");
}

// What a sample says, given its particles' weights.
void tell(std::size_t i, double log_base, std::span<double> log_weight, double beta, Answer& out) {
  if (std::ranges::any_of(log_weight, [](double w) { return std::isnan(w); })) {
    out.energy[i] = out.error[i] = std::nan("");
    for (double& w : log_weight) w = std::isnan(w) ? 1 : 0;
    return;
  }
  const MeanWeight mean = mean_weight(log_weight);
  out.energy[i] = -(log_base + mean.log) / beta;
  out.error[i] = mean.error / beta;
}

struct Memory {
  RealMoves moves;
  std::vector<RealBase> bases;     // of each sample
  std::vector<double> steps;       // [samples, levels]
  std::vector<std::size_t> first;  // [samples + 1] into the particles
  std::vector<double> log_weight;  // of each particle
  std::vector<double> values;
  std::vector<int> samples;
};

Rng particle_rng(const AnnealedImportance& o, const Query& q, int sample, std::uint64_t run, int particle) {
  return chain_rng(o.seed, q.chains, sample).fork(run).fork(static_cast<std::uint64_t>(particle));
}

class RealAnnealing {
 public:
  RealAnnealing(Batch& b, const Query& q, const AnnealedImportance& o, Memory& m)
      : b_(b), q_(q), o_(o), m_(m) {}

  void answer(Answer& out) {
    m_.moves.assign(b_, "annealing");
    const auto n = static_cast<std::size_t>(b_.samples());
    m_.bases.clear();
    m_.steps.clear();
    for (int i = 0; i < b_.samples(); ++i) {
      m_.bases.emplace_back(*b_.sample(i).structure, o_.low, o_.high);
      m_.steps.insert(m_.steps.end(), static_cast<std::size_t>(o_.levels), o_.step * m_.bases.back().width());
    }
    free_ = false;
    for (int i = 0; i < b_.samples(); ++i) free_ |= !fixed(i);
    if (free_) run(std::min(kPilots, o_.particles), 0, true);
    run(o_.particles, 1, false);
    out.energy.assign(n, kInf);
    out.error.assign(n, 0.0);
    bool unbounded = false, nan = false;
    m_.samples.clear();
    m_.values.clear();
    for (std::size_t i = 0; i < n; ++i) {
      const auto particles = std::span(m_.log_weight).subspan(m_.first[i], m_.first[i + 1] - m_.first[i]);
      for (std::size_t k = m_.first[i]; k < m_.first[i + 1]; ++k) {
        const auto at = m_.moves.at(k);
        m_.samples.push_back(static_cast<int>(i));
        m_.values.insert(m_.values.end(), at.begin(), at.end());
        const Mover& mover = m_.moves.movers()[k];
        unbounded |= mover.unbounded;
        if (std::isnan(mover.energy)) m_.log_weight[k] = mover.energy;
      }
      if (fixed(static_cast<int>(i))) {
        out.energy[i] = m_.moves.movers()[m_.first[i]].energy;
        particles[0] = 1;
      } else {
        tell(i, m_.bases[i].log_integral(), particles, q_.beta, out);
      }
      nan |= std::isnan(out.energy[i]);
    }
    out.reals.clear();
    answer_at(b_, q_, m_.samples, m_.values, m_.log_weight, out);
    out.report = {.converged = !unbounded && !nan,
                  .exactness = Exactness::sampled,
                  .iterations = o_.levels,
                  .acceptance = m_.moves.acceptance(),
                  .why = unbounded ? Why::unbounded : Why::asked};
  }

 private:
  bool fixed(int sample) const { return q_.over == Over::truth && !b_.sample(sample).truth.reals.empty(); }

  void run(int particles, std::uint64_t stream, bool pilot) {
    RealMoves& moves = m_.moves;
    moves.clear();
    m_.first.assign(1, 0);
    for (int i = 0; i < b_.samples(); ++i) {
      const RealBase& base = m_.bases[static_cast<std::size_t>(i)];
      for (int k = 0; k < (fixed(i) ? 1 : particles); ++k) {
        Mover& mover = moves.add(i, particle_rng(o_, q_, i, stream, k), 0);
        const auto at = moves.at(moves.movers().size() - 1);
        mover.base = &base;
        mover.fixed = fixed(i);
        if (mover.fixed)
          std::ranges::copy(b_.sample(i).truth.reals, at.begin());
        else
          base.draw(mover.rng, at);
      }
      m_.first.push_back(moves.movers().size());
    }
    m_.log_weight.assign(moves.movers().size(), 0.0);
    moves.start(b_);
    for (int k = 1; k <= o_.levels && free_; ++k) {
      const double from = annealing_level(o_, k - 1), to = annealing_level(o_, k);
      for (std::size_t p = 0; p < moves.movers().size(); ++p) {
        Mover& mover = moves.movers()[p];
        double& w = m_.log_weight[p];
        mover.step = m_.steps[static_cast<std::size_t>(mover.sample * o_.levels + k - 1)];
        if (mover.fixed || w == -kInf) continue;
        if (mover.energy == kInf) {
          w = -kInf;  // and stays so: what it does from here on does not count
          mover.fixed = true;
        } else {
          w += (to - from) * (mover.base->energy(moves.at(p)) - q_.beta * mover.energy);
        }
      }
      moves.transition(b_, {to * q_.beta, 1 - to}, {.leaps = o_.leaps, .floor = o_.floor});
      if (pilot) fit(k);
    }
  }

  // The step of the next level, from how the pilots fared at this one.
  void fit(int k) {
    for (int i = 0; i < b_.samples(); ++i) {
      double sum = 0, count = 0;
      for (std::size_t p = m_.first[static_cast<std::size_t>(i)];
           p < m_.first[static_cast<std::size_t>(i) + 1]; ++p)
        if (const Mover& mover = m_.moves.movers()[p]; !mover.fixed) sum += mover.accept, ++count;
      double* step = m_.steps.data() + static_cast<std::ptrdiff_t>(i) * o_.levels + (k - 1);
      if (k < o_.levels) step[1] = count ? step[0] * std::exp(sum / count - kAccepted) : step[0];
    }
  }

  Batch& b_;
  const Query& q_;
  const AnnealedImportance& o_;
  Memory& m_;
  bool free_ = false;  // some sample is not at its truth
};

void anneal_labels(Batch& b, const Query& q, const AnnealedImportance& o, Answer& out) {
  b.ensure();
  prepare(out, b, q);
  const auto n = static_cast<std::size_t>(b.samples());
  out.error.assign(n, 0.0);
  Kept<LabelParticles> kept;
  Kept<Workspace> ws;
  LabelParticles& particles = *kept;
  bool nan = false;
  for (std::size_t i = 0; i < n; ++i) {
    const int sample = static_cast<int>(i);
    ws->reset();
    const DiscreteView view = view_of(b, sample, q.over, nullptr, *ws, Tables::declared);
    const Structure& s = *b.sample(sample).structure;
    anneal(view, declared_readers(view, s.plans), o, q.beta, chain_rng(o.seed, q.chains, sample).fork(1),
           Limits{}, particles);
    tell(i, particles.log_base, particles.log_weight, q.beta, out);
    if (!particles.open) out.error[i] = 0;
    nan |= std::isnan(out.energy[i]);
    if (!q.weights || std::isnan(out.energy[i])) continue;
    const std::size_t variables = view.labels.size();
    for (std::size_t p = 0; p < particles.log_weight.size(); ++p)
      if (particles.log_weight[p] > 0)
        give_at(b, sample, std::span(particles.labels).subspan(p * variables, variables),
                particles.log_weight[p], weights_of(b, sample, out.weights));
  }
  out.report = {.converged = !nan, .exactness = Exactness::sampled, .iterations = o.levels};
}

}  // namespace

void infer::AnnealedImportance::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  check(b, *this, q);
  if (q.beta == kInf) throw GraphError("[annealing] gives free energies: beta must be finite");
  bool reals = false;
  for (int i = 0; i < b.samples(); ++i) {
    const Structure& s = *b.sample(i).structure;
    if (s.has_path)
      throw GraphError(message("[annealing] '", s.path_name, "' is a path; use ForwardBackward"));
    reals |= s.real_dims > 0;
  }
  if (q.chains) q.chains->begin(b.samples());
  if (reals) {
    Kept<Memory> kept;
    RealAnnealing(b, q, *this, *kept).answer(out);
  } else {
    anneal_labels(b, q, *this, out);
  }
  out.report.seconds = watch.seconds();
  out.report.asked = out.report.used = Method::annealing;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
