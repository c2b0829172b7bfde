#pragma once
/// \file
/// Markov chain Monte Carlo: engines that answer with samples of P(y) = exp(-beta E(y)) / integral exp(-beta
/// E), and free energies from them. All chains of all samples move in one batch of points. Random numbers are
/// a function of (seed, query, chain): the same for any number of threads, and for a chain alone or among
/// others.
///
/// A Query with steps > 0 is answered by the energy where a chain of that many transitions ends, weights
/// one-hot there, so that `backward` gives the slope of contrastive divergence (Hinton 2002, eq. 5); the
/// chain starts at the truth, or, persistent, where it stopped last (Query::chains; Tieleman 2008). Of what
/// has no known truth, real values are drawn from the base of AnnealedImportance and labels at random.
/// Over::truth moves only what the truth leaves open; a fully known truth is its own energy.
///
/// Real variables: bounds reflect, angles wrap, unit vectors move along great circles (Byrne, Girolami 2013);
/// each map keeps volume and can be walked back, so the accept test below is exact. Forbidden points (+inf)
/// are never entered. A NaN ends the chain there and is the answer; the trainer names its factor.

#include <cstdint>
#include <string_view>
#include <vector>

#include "ebm/inference/engine.hpp"
#include "ebm/inference/markov_chains.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// y' = y - (step^2 / 2) beta dE/dy + step N(0, 1); then, if adjusted, the accept test of Metropolis et al.
/// 1953 and Hastings 1970 (MALA: Roberts, Tweedie 1996). Unadjusted it is biased by O(step^2), and step^2
/// must be small against the curvature of beta E. Adjusted, a chain that starts where E is much steeper than
/// the step allows is refused every move: low acceptance says so; start nearer, or step less. Cost: one
/// energy and slope a transition.
struct Langevin {
  static constexpr std::string_view kKey = "langevin";
  static constexpr Powers kPowers{.samples = true};
  double step = 0.1;
  bool adjusted = true;
  double noise = 1;  ///< scale of N(0, 1), not adjusted: below 1 is colder than beta, 0 is gradient descent
  double low = -1, high = 1;  ///< where chains start that know no better: as in AnnealedImportance
  double floor = -1e9;        ///< an energy below this is taken as unbounded: stopped, and reported
  std::uint64_t seed = 1;
  /// \throws GraphError for graphs with label or path variables, or options out of range.
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011, section 5.3): momenta N(0, 1), `leaps` leapfrog
/// steps of H = beta E + |p|^2 / 2, accepted with probability min(1, exp(-change of H)). Cost: `leaps`
/// energies and slopes a transition.
struct Hamiltonian {
  static constexpr std::string_view kKey = "hamiltonian";
  static constexpr Powers kPowers{.samples = true};
  double step = 0.1;
  int leaps = 10;
  double jitter = 0.1;  ///< in [0, 1): each transition's step is drawn so much around it, against orbits that
                        ///< close on themselves
  int warm_up = 0;      ///< transitions of a chain that begins in which its step is chosen by dual averaging
                        ///< (Hoffman, Gelman 2014, section 3.2); it then returns to its start
  double accept = 0.8;  ///< the acceptance that the warm-up aims at, in (0, 1)
  double low = -1, high = 1;  ///< as in Langevin
  double floor = -1e9;
  std::uint64_t seed = 1;
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Label variables, one after another in order of declaration, each drawn from its distribution given all the
/// rest (Geman, Geman 1984); a transition is one sweep. Nothing is ever rejected. Before the first transition
/// what has no known truth is drawn once given the rest.
///
/// The energy of the truth sums variables without a truth out exactly, in groups that meet no other once the
/// known ones are set (the hidden units of a restricted Boltzmann machine: one by one). The same is done with
/// the known ones as the chain left them: less noise than a drawn latent. Cost: a sweep reads each table row
/// once per variable in its scope and label.
struct Gibbs {
  static constexpr std::string_view kKey = "gibbs";
  static constexpr Powers kPowers{.samples = true};
  bool sum_out = true;  ///< false: where the chain ends, the energy at the drawn latents
  double limit = 4096;  ///< most joint labels of one such group
  std::uint64_t seed = 1;
  /// \throws GraphError for graphs with real or path variables, and beyond `limit`.
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Annealed importance sampling (Neal 2001): particles drawn from a base whose integral is known, moved
/// through exp(-t beta E) base^(1-t), t from 0 to 1; the mean of their weights is an unbiased estimate of
/// integral exp(-beta E). The answer is F = -1/beta log of it, Answer::error its standard error (delta
/// method; true F is the log of a mean, so F is too high by about beta error^2 / 2), weights the importance
/// weights at the end points.
///
/// Measure: dy for reals (on the sphere its surface), a sum for labels. A Grid sums over points instead, so
/// F(here) = F(Grid) - 1/beta log(spacing) for each dimension; Exhaustive is the same. Base: uniform between
/// bounds, on angles, on the sphere and on labels; elsewhere a normal with middle and half width of
/// [low, high] as mean and deviation (from a single bound on, the half of one), and the integral is over all
/// reals. Moves are Hamiltonian transitions, whose step a pilot run fits to each level, or Gibbs sweeps.
/// Cost: (1 + pilot) particles x levels x leaps energies.
struct AnnealedImportance {
  static constexpr std::string_view kKey = "annealing";
  static constexpr Powers kPowers{.free_energy = true};
  int particles = 128;
  int levels = 64;            ///< temperatures after the base, t = (k / levels)^2
  int leaps = 4;              ///< of a move of reals
  double step = 0.5;          ///< of reals, at first, as a part of the base's width; the pilot run adapts it
  double low = -1, high = 1;  ///< of the base, where the domain has no bounds
  double floor = -1e9;
  std::uint64_t seed = 1;
  /// \throws GraphError for beta = inf, Over::others, steps > 0, graphs with paths or with labels beside
  /// reals.
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

}  // namespace infer

struct SampleOptions {
  double beta = 1;
  int burn_in = 100;      ///< transitions before the first draw
  int thin = 1;           ///< transitions from draw to draw
  Over over = Over::all;  ///< truth: only what it leaves open moves
};

/// Draws of one chain a sample.
struct Draws {
  int count = 0;
  std::vector<int> labels;  ///< [count, the samples' label variables one after another]
  std::vector<Real> reals;  ///< [count, samples, dims]
  Report report;            ///< acceptance over all of them
};
/// n draws of every sample of a batch by a sampler, from one chain each, which starts at the truth where that
/// is known: successive draws are correlated. \throws GraphError for an engine without samples, n or options
/// out of range; NumberError naming the factor at a NaN.
Draws sample(Batch& batch, const AnyEngine& engine, int n, const SampleOptions& options = {});

}  // namespace EBM_PRECISION
}  // namespace ebm
