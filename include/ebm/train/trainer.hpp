#pragma once
/// \file
/// Trainer: shapes the energy of a model by a loss, through whatever engine answers its queries.
/// Mini-batches, shuffled by a counter-based generator; checkpoints from which a killed run resumes to the
/// same weights; every epoch says what became of the gap between the most offending answer and the truth.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ebm/core/interrupt.hpp"
#include "ebm/graph/model.hpp"
#include "ebm/inference/markov_chains.hpp"
#include "ebm/losses/loss.hpp"
#include "ebm/train/monitor.hpp"
#include "ebm/train/optim.hpp"

namespace ebm {

inline namespace EBM_PRECISION {

struct EpochOptions {
  int batch = 1;
  bool shuffle = true;
  /// Persistent chains (pcd) shared by all samples, for models without X; 0: one for every sample. They last
  /// from pass to pass while this stays the same.
  int chains = 0;
};

/// What a fit did, epoch by epoch.
struct History {
  std::vector<EpochReport> train, validation;
  int best = 0;  ///< epoch whose weights were kept, from 1; 0 when the last ones are
};

/// What a resumed run must share with the first, by the names that its user knows. Where it differs, the
/// refusal says so: settings with both values, fingerprints (of data, of first weights) by their names alone.
struct Recipe {
  std::map<std::string, std::string> settings{};
  std::map<std::string, std::uint64_t> fingerprints{};
  bool operator==(const Recipe&) const = default;
};
/// "loss nll instead of perceptron, other data": how `first` differs from `now`; empty when it does not.
std::string difference(const Recipe& first, const Recipe& now);

struct FitOptions {
  int epochs = 10;
  int batch = 1;
  bool shuffle = true;
  int chains = 0;  ///< as in EpochOptions; part of the checkpoint
  /// Written every epoch and every minute; yours to delete once the result is safe. Empty: none.
  std::filesystem::path checkpoint{};
  std::filesystem::path resume{};  ///< continue from this checkpoint; empty: from the start
  double checkpoint_seconds = 60;
  bool keep_best = false;  ///< end with the weights of least validation error (of least loss among equals)
  bool quiet = false;
  std::string title = "training";
  std::string stage{};  ///< names this fit among several of one program; part of the checkpoint
  /// Of the program. Loss, optimiser, seed and what stands above join it under `loss`, `epochs` and so on,
  /// unless the program has its own setting of that name.
  Recipe recipe{};
  /// Of the stage before this one: kept in the checkpoint, where earlier_history finds it after a resume.
  History earlier{};
  /// Called before every pass (counted from 0), also the one that a resumed run goes on with: to redraw what
  /// the samples view, as a pure function of the pass.
  std::function<void(int pass)> before_pass{};
  /// The samples of a pass, when they are new ones every time (as many as the training samples given, which
  /// then only say how many): a pure function of the pass. Empty: always the same. They must stay until the
  /// next call.
  std::function<std::span<const Sample>(int pass)> draw{};
  std::function<void(const EpochReport& train, const EpochReport* validation)> on_epoch{};
};

/// Everything of a trainer but the sample type.
class TrainerCore {
 public:
  /// \throws GraphError when the engine cannot give what the loss asks.
  TrainerCore(Params& W, const Schema& schema, AnyLoss loss, AnyEngine engine, AnyOptimiser optimiser,
              std::uint64_t seed);
  TrainerCore(TrainerCore&&) noexcept;
  TrainerCore& operator=(TrainerCore&&) noexcept;
  ~TrainerCore();

  /// One pass over the samples. \throws NumberError naming sample and factor at the first NaN.
  EpochReport epoch(std::span<const Sample> samples, const EpochOptions& options);
  /// The same figures without a step.
  EpochReport evaluate(std::span<const Sample> samples, int batch = 64);
  /// Passes with progress, checkpoints and validation.
  /// \throws Interrupted after SIGINT or SIGTERM, the checkpoint written; DataError for a checkpoint of
  /// another run.
  History fit(std::span<const Sample> train, std::span<const Sample> validation, const FitOptions& options);

  /// One step on a batch: adds to the tally. For those who write their own loop. Persistent chains belong to
  /// the places in the batch.
  void step(std::span<const Sample* const> samples);
  const Tally& tally() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <class S>
class Trainer {
 public:
  /// A loss whose contrast the engine cannot give does not compile.
  template <Loss L, Engine E, Optimiser O = optim::Sgd>
  requires Answerable<L, E> Trainer(Model<S>& model, L loss, E engine, O optimiser = {},
                                    std::uint64_t seed = 1)
      : model_(&model),
        core_(model.params(), model.schema(), AnyLoss(loss), AnyEngine(engine), AnyOptimiser(optimiser),
              seed) {}
  /// Nor does it by way of the constructor below, which would take any pair.
  template <Loss L, Engine E, class... Rest>
  requires(!Answerable<L, E>) Trainer(Model<S>&, L, E, Rest...)
  = delete;
  /// Checked when it is made. \throws GraphError with the same sentence.
  Trainer(Model<S>& model, AnyLoss loss, AnyEngine engine, AnyOptimiser optimiser, std::uint64_t seed = 1)
      : model_(&model), core_(model.params(), model.schema(), loss, engine, optimiser, seed) {}

  /// One pass over the data, declared anew: right for data that changes from pass to pass.
  EpochReport epoch(std::span<const S> data, const EpochOptions& options = {}) {
    const Prepared ready = model_->prepare(data);
    return core_.epoch(ready.samples(), options);
  }
  EpochReport epoch(const Prepared& data, const EpochOptions& options = {}) {
    return core_.epoch(data.samples(), options);
  }
  EpochReport evaluate(const Prepared& data, int batch = 64) { return core_.evaluate(data.samples(), batch); }
  History fit(const Prepared& train, const FitOptions& options) {
    return core_.fit(train.samples(), {}, options);
  }
  History fit(const Prepared& train, const Prepared& validation, const FitOptions& options) {
    return core_.fit(train.samples(), validation.samples(), options);
  }
  TrainerCore& core() { return core_; }

 private:
  Model<S>* model_;
  TrainerCore core_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
