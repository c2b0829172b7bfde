#pragma once
/// \file
/// The toy of LeCun et al. 2006: learn Y = X^2 by shaping an energy, and see which loss collapses
/// in which architecture.
///   regression  E(W, X, Y) = |G_W(X) - Y|,              G of 1-20-1
///   implicit    E(W, X, Y) = |G1_W(X) - G2_W(Y)|_1,     G1 and G2 of 1-10-10
/// with tanh hidden units and linear outputs. X is uniform in [-1, 1]; training is online, in a new order
/// every pass, with step a / (1 + pass / 25). The most offending incorrect answer is the lowest of 201 points
/// of [-1, 1] further than 0.1 from the truth; a sum over answers is taken over 20 points. The start is the
/// reference's: weights of the first layers N(0, 2^2) and their biases N(0, 1), of the second layers N(0,
/// 1/inputs), all divided by `divisor`. A step evaluates G2 once at every point of the grid.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/core/params.hpp"
#include "ebm/losses/loss.hpp"
#include "ebm/train/monitor.hpp"

namespace ebm::models {

struct ParabolaOptions {
  enum class Architecture { regression, implicit };
  Architecture architecture = Architecture::implicit;
  std::string loss = "square-square";  ///< key of any_loss
  LossSettings settings{};
  double rate = 0;         ///< a, > 0; 0: parabola_rate of the loss
  double slow_after = 25;  ///< passes until the step is halved; 0: never slower
  double divisor = 1;      ///< > 0, of all weights at the start
  int samples = 200;
  int points =
      0;  ///< of the grid on Y; 0: 201, or 20 a unit of reach where the loss sums over answers (paper)
  double reach = 0;  ///< answers compete on [-reach, reach]; 0: 1, and 2 for regression (docs/teach.md)
  double exclude = 0.1;
  std::uint64_t seed = 1;
};

/// The first step a of the reference run (docs/benchmarks.md).
double parabola_rate(ParabolaOptions::Architecture architecture, std::string_view loss);

/// What the energy looks like at the training samples, Y over 401 points of [-1, 1].
struct ParabolaMeasure {
  double rmse = 0;       ///< of argmin_Y E, against X^2
  double truth = 0;      ///< mean E at the truth
  double offending = 0;  ///< mean least E further than `exclude` from it
  double range = 0;      ///< mean over X of max_Y E - min_Y E
  double gap() const { return offending - truth; }
};

/// What became of an energy surface.
struct ParabolaVerdict {
  enum class Kind {
    learned,    ///< argmin_Y E is off by less than 0.05
    rough,      ///< there is a valley near the parabola, but answers are off by more
    trapped,    ///< nearly flat at a level where the pull on the truth and the push on the offender cancel
    collapsed,  ///< no answer can be told from another: range below kFlatRange
    failed,     ///< none of these
  };
  Kind kind = Kind::failed;
  std::string why;  ///< one sentence
};
inline constexpr double kFlatRange = 0.13;  ///< nats
inline constexpr double kTrapRange = 0.5;  ///< nats: a trap is no wider, whatever noise the steps leave in it
std::string_view to_string(ParabolaVerdict::Kind kind);

/// \param start, end measured before and after training with these options.
ParabolaVerdict parabola_verdict(const ParabolaOptions& options, const ParabolaMeasure& start,
                                 const ParabolaMeasure& end);

/// One training run. Not to be shared by threads; any number may run beside each other.
class Parabola {
 public:
  /// \throws LossError for a key or an option that is none; GraphError for options out of range.
  explicit Parabola(const ParabolaOptions& options);
  Parabola(Parabola&&) noexcept;
  Parabola& operator=(Parabola&&) noexcept;
  ~Parabola();

  /// One pass over the samples, in a new order or as they come. \throws NumberError when the step was too
  /// large; LossError.
  EpochReport epoch(bool shuffle = true);
  ParabolaMeasure measure();
  /// E at columns x rows points of [-1, 1] x [-1, 1]: out[row * columns + column], columns along X.
  /// \throws GraphError unless both are at least 2.
  std::vector<float> surface(int columns, int rows);
  /// argmin_Y E of 401 points, for `columns` evenly spaced X. \throws GraphError unless at least 2.
  std::vector<float> answers(int columns);

  /// X and Y of the samples.
  std::span<const float> inputs() const;
  std::span<const float> truths() const;
  const ParabolaOptions& options() const;
  const Params& params() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A surface after some passes.
struct ParabolaPicture {
  int pass = 0;
  ParabolaMeasure measure;
  std::vector<float> surface, answers;  ///< [side, side] and [side], as Parabola::surface and answers
};

/// A run from start to end.
struct ParabolaRecord {
  ParabolaOptions options;
  std::vector<EpochReport> passes;
  std::vector<ParabolaPicture> pictures;
  ParabolaVerdict verdict;
  double seconds = 0;  ///< of training alone
  const ParabolaMeasure& start() const { return pictures.front().measure; }
  const ParabolaMeasure& end() const { return pictures.back().measure; }
};

/// Trains for `passes` and takes a picture at the start, after each pass of `at` (ascending) and at the end.
/// A run that leaves the numbers ends there, with the verdict `failed`. \param after is called after every
/// pass.
ParabolaRecord record_parabola(const ParabolaOptions& options, int passes, std::span<const int> at, int side,
                               const std::function<void()>& after = {});

}  // namespace ebm::models
