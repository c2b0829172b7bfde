#pragma once
/// \file
/// A checkpoint: everything a run needs to go on to the same final weights. W, the optimiser's state, where
/// in which pass it stands, what the pass has seen so far, the best weights and the reports of the passes
/// behind it. One safetensors file, written whole or not at all, whose last tensor is a checksum of all
/// before it: one changed byte and it is refused.

#include <filesystem>

#include "ebm/train/trainer.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct RunState {
  std::uint64_t seed = 1;
  int epoch = 0;               ///< passes finished
  std::uint64_t position = 0;  ///< samples of the present pass already seen
  std::uint64_t samples = 0;   ///< in a pass: a run on other data is refused
  std::string stage;           ///< FitOptions::stage
  Recipe recipe{};             ///< loss, optimiser, batch: a run of another kind is refused
  Tally tally;                 ///< of the present pass
  double seconds = 0;          ///< spent in the present pass
  History history;
  History earlier{};      ///< FitOptions::earlier
  MarkovChains chains{};  ///< of a sampler: where each stopped
  double best_error = kInf, best_loss = kInf;
  double widest = 0;  ///< largest mean range of the energy of any pass
};

/// `best` may be empty. \throws NumberError instead of writing weights that are not finite.
void save_checkpoint(const std::filesystem::path& path, const Params& W, const OptimState& state,
                     std::span<const Real> best, const RunState& progress);
/// \throws DataError naming what does not fit this model or run.
void load_checkpoint(const std::filesystem::path& path, Params& W, OptimState& state, std::vector<Real>& best,
                     RunState& progress);

/// Which fit of a program of several a checkpoint belongs to. \throws DataError when it is no checkpoint.
std::string checkpoint_stage(const std::filesystem::path& path);
/// What the stage before it did (FitOptions::earlier). \throws DataError when it is no checkpoint.
History earlier_history(const std::filesystem::path& path);

}  // namespace EBM_PRECISION
}  // namespace ebm
