#pragma once
/// \file
/// One query, one answer, one gradient. An engine finds, per sample, the minimum or the free energy
///   F_beta = -1/beta log sum_y exp(-beta E(y))
/// over a set of answers (all, the truth, or everything but the truth), and with it one weight per table
/// entry: one-hot at the minimiser, marginals for a free energy. By the envelope theorem d(answer)/dW is
/// dE/dW summed with those weights, so `backward` below serves every loss (LeCun et al. 2006, sections 2 and
/// 4).

#include <concepts>
#include <span>
#include <string_view>
#include <vector>

#include "ebm/core/report.hpp"
#include "ebm/graph/batch.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm {

inline namespace EBM_PRECISION {
class MarkovChains;  // ebm/inference/markov_chains.hpp
}

/// Which answers compete. `others` is everything but the truth: its minimum is the most offending incorrect
/// answer.
enum class Over { all, truth, others };

/// A margin between answers (Taskar, Guestrin, Koller 2003; Tsochantaridis et al. 2005, margin rescaling):
/// Delta(y, truth) is the sum over label variables of known truth t of hamming [y != t] + table[t, y]. An
/// unknown truth, as that of a latent variable, adds nothing.
struct Rescaling {
  double hamming = 0;           ///< >= 0, nats for every wrong label
  std::vector<double> table{};  ///< [K, K], row truth, column answer, >= 0, 0 on the diagonal; empty: none
};

struct Query {
  Over over = Over::all;
  double beta = kInf;    ///< infinite: minimum; finite and > 0: free energy
  bool weights = true;   ///< wanted for a gradient
  bool answers = false;  ///< labels, real values and paths of the minimiser are wanted
  int steps = 0;  ///< samples: > 0, the energy where a chain of so many transitions from the truth ends
  bool persistent = false;  ///< samples: started where the chain of that sample stopped last
  /// Of samplers, the asker's: what persistent chains are kept in, and whose turn makes new random numbers.
  /// Null: every query draws the same.
  MarkovChains* chains = nullptr;
  const Rescaling* rescaling = nullptr;  ///< minima and free energies of E(y) - Delta(y, truth); the asker's
};

/// What an engine can answer, and what a loss needs.
struct Powers {
  bool minimum = false, free_energy = false, others = false, n_best = false, samples = false;
};
constexpr bool covers(const Powers& has, const Powers& needs) {
  return (has.minimum || !needs.minimum) && (has.free_energy || !needs.free_energy) &&
         (has.others || !needs.others) && (has.n_best || !needs.n_best) && (has.samples || !needs.samples);
}

inline namespace EBM_PRECISION {

struct Answer {
  std::vector<double>
      energy;  ///< per sample, nats: the minimum or the free energy; +inf when no answer exists
  std::vector<double> bound;    ///< per sample: a lower bound, -inf when unknown
  std::vector<double> highest;  ///< per sample: the highest finite energy of all that compete (Exhaustive,
                                ///< Grid), or of those that a search from several places started at, which
                                ///< is no more; empty: not known
  std::vector<double> error;    ///< per sample: standard error of a sampled free energy; empty: not sampled
  Points points;                ///< of the real variable; items of `weights`
  std::vector<Real>
      weights;  ///< per table entry, in the layout of Batch::weights_at; sum to 1 per sample and scope
  std::vector<int> labels;  ///< when asked for: [samples' label variables, one after another]
  std::vector<Real> reals;  ///< when asked for: [samples, dims]
  std::vector<Path> paths;  ///< when asked for: one per sample
  Report report;
};

/// An engine is a plain struct of options with this one method. It may also have a name, `kKey`, by which
/// messages call it: those of the library have the one that stands in [brackets] in front of their own.
template <class E>
concept Engine = requires(const E engine, Batch& batch, const Query& query, Answer& out) {
  engine.answer(batch, query, out);
  { E::kPowers } -> std::convertible_to<Powers>;
};

/// gradient += sum over samples of slope[answer][sample] . d(answer energy)/dW, for answers to queries on one
/// batch. `slope[k]` has one number per sample of `answers[k]`. This is the only gradient in the library.
struct Pull {
  const Answer* answer;
  std::span<const double> slope;
};
void backward(Batch& batch, std::span<const Pull> pulls, std::span<Real> gradient,
              std::vector<Real>& scratch);

/// Any engine behind one type, erased once: for the trainer, the command line and JSON.
class AnyEngine {
 public:
  template <Engine E>
  AnyEngine(E engine)  // NOLINT: an engine is an engine
      : powers_(E::kPowers),
        key_(key_of<E>()),
        self_(std::make_shared<const E>(std::move(engine))),
        answer_([](const void* self, Batch& b, const Query& q, Answer& out) {
          static_cast<const E*>(self)->answer(b, q, out);
        }) {}
  void answer(Batch& batch, const Query& query, Answer& out) const {
    answer_(self_.get(), batch, query, out);
  }
  const Powers& powers() const { return powers_; }
  /// "min_sum"; empty for an engine without a name.
  std::string_view key() const { return key_; }

 private:
  template <class E>
  static constexpr std::string_view key_of() {
    if constexpr (requires { E::kKey; })
      return E::kKey;
    else
      return {};
  }
  Powers powers_;
  std::string_view key_;
  std::shared_ptr<const void> self_;
  void (*answer_)(const void*, Batch&, const Query&, Answer&);
};

namespace infer {

/// Every joint label is tried: the oracle, and the engine of a single label variable. Complexity: product of
/// the label counts times the groups. \throws GraphError when a graph has more than `limit` joint labels.
struct Exhaustive {
  static constexpr std::string_view kKey = "exhaustive";
  static constexpr Powers kPowers{.minimum = true, .free_energy = true, .others = true};
  double limit = 1e7;
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Viterbi on chains of label variables. \throws GraphError naming the graph when it is no chain.
struct MinSum {
  static constexpr std::string_view kKey = "min_sum";
  static constexpr Powers kPowers{.minimum = true, .others = true};
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Forward-backward on chains of label variables; minima too. Complexity O(T K^2) a chain.
struct SumProduct {
  static constexpr std::string_view kKey = "sum_product";
  static constexpr Powers kPowers{.minimum = true, .free_energy = true, .others = true};
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Best path through the lattice of a path variable.
struct ShortestPath {
  static constexpr std::string_view kKey = "shortest_path";
  static constexpr Powers kPowers{.minimum = true, .others = true, .n_best = true};
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Free energy and arc posteriors of a path variable; minima too.
struct ForwardBackward {
  static constexpr std::string_view kKey = "forward_backward";
  static constexpr Powers kPowers{.minimum = true, .free_energy = true, .others = true, .n_best = true};
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// A real variable of one to three dimensions on evenly spaced points, `points` in each, of its bounds, else
/// of [low, high]; label variables beside it are tried jointly at each. A free energy is the sum over the
/// points, so it holds up to log(spacing) a dimension. `others` leaves out the ball |y - truth| <= exclude,
/// of true labels. Angles go round once. \throws GraphError for unit vectors, more dimensions, or more than
/// `limit` points times joint labels a sample.
struct Grid {
  static constexpr std::string_view kKey = "grid";
  static constexpr Powers kPowers{.minimum = true, .free_energy = true, .others = true};
  double low = -1, high = 1;
  int points = 41;
  double exclude = 0.1;
  double limit = 1e7;
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// The structure decides: one label variable, exhaustive; chains, Viterbi or forward-backward; other graphs
/// of label variables, a junction tree; a path, shortest path or forward-backward. A real variable: a factor
/// that knows its minimiser, ClosedForm; labels beside it, nested search; factors that show residuals,
/// LevenbergMarquardt (LeastSquares beyond its dimensions); one to three dimensions in bounds, the lowest
/// point of a grid and descent from there; any other, GradientDescent. A free energy over reals is a Grid's,
/// in one to three bounded dimensions alone. The report says which and why. \throws GraphError when nothing
/// covers the graph, by name, and says what to ask instead.
struct Automatic {
  static constexpr std::string_view kKey = "automatic";
  static constexpr Powers kPowers{.minimum = true, .free_energy = true, .others = true};
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
