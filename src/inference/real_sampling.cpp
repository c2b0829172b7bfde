// Langevin and Hamiltonian Monte Carlo: one chain a sample, from the truth or from where it stopped last.

#include <algorithm>
#include <cmath>

#include "real_moves.hpp"
#include "sampling.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

struct Options {
  std::string_view name;
  Method method;
  Move move;
  double step;
  int warm_up;
  double accept, low, high;
  std::uint64_t seed;
};

// The step of one chain, so that it is accepted as often as wanted (Hoffman, Gelman 2014, section 3.2).
struct DualAveraging {
  double middle, target, bar = 0, error = 0;
  int count = 0;
  DualAveraging(double step, double target) : middle(std::log(10 * step)), target(target) {}
  // The next step, given how likely the last was accepted.
  double next(double accept) {
    const double n = ++count, share = 1 / (n + 10);
    error = (1 - share) * error + share * (target - accept);
    const double log_step = middle - std::sqrt(n) / 0.05 * error, weight = std::pow(n, -0.75);
    bar = weight * log_step + (1 - weight) * bar;
    return std::exp(log_step);
  }
  double best() const { return std::exp(bar); }
};

void check(const Batch& b, const Query& q, const Options& o) {
  check_sampling(b, q, o.name);
  const auto refuse = [&](const char* what, double value, const char* want) {
    throw GraphError(message("[", o.name, "] ", what, " is ", value, "; it must be ", want));
  };
  if (!(o.step > 0) || !std::isfinite(o.step)) refuse("step", o.step, "above 0");
  if (o.move.leaps < 1) refuse("leaps", o.move.leaps, "at least 1");
  if (!(o.move.jitter >= 0 && o.move.jitter < 1)) refuse("jitter", o.move.jitter, "in [0, 1)");
  if (!(o.move.noise >= 0)) refuse("noise", o.move.noise, "at least 0");
  if (o.move.adjusted && o.move.noise != 1)
    refuse("noise", o.move.noise, "1 where moves are adjusted: another is another distribution");
  if (o.warm_up < 0) refuse("warm_up", o.warm_up, "at least 0");
  if (!(o.accept > 0 && o.accept < 1)) refuse("accept", o.accept, "in (0, 1)");
  if (!(o.low <= o.high)) refuse("low", o.low, "at most high");
}

// All memory of a query, kept from call to call.
struct Memory {
  RealMoves moves;
  std::vector<double> start, values, shares;
  std::vector<int> samples;
  std::vector<DualAveraging> fits;
  std::vector<char> begins;
};

void run(Batch& b, const Query& q, const Options& o, Answer& out) {
  const Stopwatch watch;
  check(b, q, o);
  Kept<Memory> kept;
  Memory& m = *kept;
  RealMoves& moves = m.moves;
  moves.assign(b, o.name);
  const auto n = static_cast<std::size_t>(b.samples());
  if (q.chains && q.steps > 0) q.chains->begin(b.samples());
  m.begins.assign(n, 1);
  for (std::size_t i = 0; i < n; ++i) {
    const int sample = static_cast<int>(i);
    const Truth& truth = b.sample(sample).truth;
    Mover& mover = moves.add(sample, chain_rng(o.seed, q.steps > 0 ? q.chains : nullptr, sample), o.step);
    mover.fixed = q.over == Over::truth && !truth.reals.empty();
    if (q.steps == 0 && !mover.fixed)
      throw GraphError(message("[", o.name,
                               "] draws samples (Query::steps above 0), or gives the energy of a true '",
                               b.sample(sample).structure->real_name, "', which sample ", sample,
                               " of the batch does not have; leave it out"));
    const auto at = moves.at(i);
    const std::vector<Real>* state = q.persistent && !mover.fixed ? &q.chains->state(sample) : nullptr;
    if (state && state->size() == moves.dims() + 1) {
      std::copy_n(state->begin(), moves.dims(), at.begin());
      mover.step = state->back();
      m.begins[i] = 0;
    } else if (!truth.reals.empty()) {
      std::ranges::copy(truth.reals, at.begin());
    } else {
      RealBase(*b.sample(sample).structure, o.low, o.high).draw(mover.rng, at);
    }
    m.begins[i] &= !mover.fixed;
  }
  moves.start(b);
  const Target target{q.beta == kInf ? 0 : q.beta, 0};
  if (q.steps > 0 && o.warm_up > 0 && std::ranges::count(m.begins, 1) > 0) {
    // Chains that go on stay where they are meanwhile.
    for (std::size_t i = 0; i < n; ++i) moves.movers()[i].fixed |= !m.begins[i];
    m.start.clear();
    m.fits.clear();
    for (std::size_t i = 0; i < n; ++i) {
      m.start.insert(m.start.end(), moves.at(i).begin(), moves.at(i).end());
      m.fits.emplace_back(o.step, o.accept);
    }
    for (int k = 0; k < o.warm_up; ++k) {
      moves.transition(b, target, o.move);
      for (std::size_t i = 0; i < n; ++i)
        if (Mover& mover = moves.movers()[i]; !mover.fixed) mover.step = m.fits[i].next(mover.accept);
    }
    for (std::size_t i = 0; i < n; ++i) {
      Mover& mover = moves.movers()[i];
      if (m.begins[i] && !std::isnan(mover.energy)) {  // a NaN stays where it is met, to be named
        mover.unbounded = false;
        // As a chain that goes on would read it.
        mover.step = static_cast<double>(static_cast<Real>(m.fits[i].best()));
        std::copy_n(m.start.begin() + static_cast<std::ptrdiff_t>(i * moves.dims()), moves.dims(),
                    moves.at(i).begin());
      }
      mover.fixed = q.over == Over::truth && !b.sample(static_cast<int>(i)).truth.reals.empty();
    }
    moves.recount();
    moves.start(b);
  }
  for (int k = 0; k < q.steps; ++k) moves.transition(b, target, o.move);

  out.energy.resize(n);
  m.samples.clear();
  m.values.clear();
  m.shares.assign(n, 1.0);
  bool unbounded = false, nan = false;
  for (std::size_t i = 0; i < n; ++i) {
    const Mover& mover = moves.movers()[i];
    const auto at = moves.at(i);
    out.energy[i] = mover.energy;
    m.samples.push_back(mover.sample);
    m.values.insert(m.values.end(), at.begin(), at.end());
    unbounded |= mover.unbounded;
    nan |= std::isnan(mover.energy);
    if (q.persistent && !mover.fixed && !std::isnan(mover.energy)) {
      std::vector<Real>& state = q.chains->state(mover.sample);
      state.resize(moves.dims() + 1);
      for (std::size_t d = 0; d < moves.dims(); ++d) state[d] = static_cast<Real>(at[d]);
      state.back() = static_cast<Real>(mover.step);
    }
  }
  out.error.clear();
  out.reals.clear();
  if (q.answers)
    for (const double v : m.values) out.reals.push_back(static_cast<Real>(v));
  answer_at(b, q, m.samples, m.values, m.shares, out);
  out.report = {.converged = !unbounded && !nan,
                .exactness = q.steps > 0 ? Exactness::sampled : Exactness::exact,
                .iterations = std::max(1, q.steps),
                .seconds = watch.seconds(),
                .acceptance = moves.acceptance(),
                .asked = o.method,
                .used = o.method,
                .why = unbounded ? Why::unbounded : Why::asked};
}

}  // namespace

void infer::Langevin::answer(Batch& b, const Query& q, Answer& out) const {
  run(b, q,
      {.name = "langevin",
       .method = Method::langevin,
       .move = {.leaps = 1, .noise = noise, .adjusted = adjusted, .floor = floor},
       .step = step,
       .warm_up = 0,
       .accept = 0.5,
       .low = low,
       .high = high,
       .seed = seed},
      out);
}

void infer::Hamiltonian::answer(Batch& b, const Query& q, Answer& out) const {
  run(b, q,
      {.name = "hamiltonian",
       .method = Method::hamiltonian,
       .move = {.leaps = leaps, .jitter = jitter, .floor = floor},
       .step = step,
       .warm_up = warm_up,
       .accept = accept,
       .low = low,
       .high = high,
       .seed = seed},
      out);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
