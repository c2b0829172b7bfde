#pragma once
/// \file
/// Markov chains over the label variables of a DiscreteGraph, which sample P(y) = exp(-beta E(y)) / Z, and
/// what can be said of their draws. Random numbers are a function of (seed, chain, sweep, variable): the same
/// chain for any number of threads.
///
/// A chain starts from labels that are given or drawn uniformly; from labels that are forbidden (+inf) it
/// walks towards those that fewest factors forbid, and once it is at an allowed answer it stays among them.
/// Where forbidden entries cut the allowed answers apart, no move of these crosses: r_hat shows it.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ebm/inference/discrete.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// How a chain moves. All leave P invariant.
enum class Moves : std::uint8_t {
  single,    ///< one variable after another given the rest (Geman, Geman 1984)
  coloured,  ///< variables that share no factor at once, so that a sweep is cut over threads. Where all
             ///< pairs are one Potts pair (Ising and Potts models on lattices), by vector instructions
  blocked,   ///< whole trees given the rest, by forward filtering and backward sampling (Hamze, de Freitas
             ///< 2004): far better where neighbours are tied strongly
  swendsen_wang,  ///< clusters of bound variables, of pairs w [a != b], w >= 0, with any energies on single
                  ///< variables (Swendsen, Wang 1987)
};

/// One chain, for loops of one's own.
class LabelChain {
 public:
  /// `graph` must outlive it. \param chain the number of this chain among those of one seed.
  /// \throws GraphError for beta not finite or below 0, labels outside their domains, and Moves that the
  /// graph does not allow.
  LabelChain(const DiscreteGraph& graph, Moves moves, double beta = 1, std::uint64_t seed = 1,
             std::uint64_t chain = 0, std::span<const int> start = {});
  LabelChain(LabelChain&&) noexcept;
  LabelChain& operator=(LabelChain&&) noexcept;
  ~LabelChain();
  /// Every variable is drawn once a sweep.
  void run(int sweeps);
  /// Another temperature from here on.
  void set_beta(double beta);
  /// [variables]
  std::span<const int> labels();
  double energy();
  /// Whether a sweep is drawn by vector instructions.
  bool vectorised() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// \name What draws say of each other
/// `draws` is [chains, draws / chains] of one number; each chain is cut into two halves, which are then
/// compared (Gelman et al. 2013, section 11.4; Vehtari et al. 2021). Too few draws (under 4 a chain): NaN.
///@{
/// sqrt of (the variance of all halves together / that within): 1 when all have seen the same, above when
/// not. 1 where all draws are equal, +inf where each half has its own.
double split_r_hat(std::span<const double> draws, int chains);
/// Independent draws that would tell the mean as well: draws / (1 + 2 sum of autocorrelations), the sum ended
/// by Geyer's initial monotone sequence (Geyer 1992); at most draws x log10(draws), for chains that alternate
/// may do better than independent ones.
double effective_samples(std::span<const double> draws, int chains);
///@}

namespace infer {

/// Samples and marginals of a DiscreteGraph from several chains: `gibbs`, `blocked-gibbs` and `swendsen-wang`
/// of `ebm solve`. Marginals are means of conditional probabilities where moves have them at hand
/// (Rao-Blackwell; single and coloured), of draws elsewhere. Samples are taken evenly from the sweeps after
/// the burn-in, chain after chain. Solution::r_hat and effective_samples are the worst of the energy and of
/// the share of each of the first eight labels; it has converged when r_hat <= 1.05.
struct LabelChains {
  static constexpr std::string_view kKey = "label_chains";
  Moves moves = Moves::coloured;
  int chains = 4;     ///< in parallel
  int burn_in = 200;  ///< sweeps of each before any counts
  int sweeps = 1000;  ///< of each that count, unless Question::iterations says how many or samples need more
  /// Task::marginals and Task::samples; Question's beta, seed, start and seconds are heeded. When the time is
  /// up, what was drawn until then is the answer, after at least four sweeps a chain.
  /// \throws GraphError as LabelChain does, for options out of range and for other tasks.
  Solution solve(const DiscreteGraph& graph, const Question& question) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
