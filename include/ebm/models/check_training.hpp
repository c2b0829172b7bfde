#pragma once
/// \file
/// Training the check reader (LeCun et al. 1998, section X.D): the recogniser first, on characters cut from
/// made fields whose boxes are known (pieces that are no character are its rubbish class), then the whole
/// system globally from pairs of picture and amount alone.

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ebm/io/idx.hpp"
#include "ebm/io/labels.hpp"
#include "ebm/models/amount_generator.hpp"
#include "ebm/models/check_reader.hpp"
#include "ebm/train/trainer.hpp"

namespace ebm::models {

struct CheckTraining {
  std::string loss = "nll";     ///< nll or perceptron, of the global stage
  int character_fields = 4000;  ///< made fields whose characters the recogniser learns first
  int character_epochs = 6;     ///< 0: no first stage
  int epochs = -1;  ///< global passes; 0: no second stage; -1: 8 to 60, the more the fewer fields there are
  int batch = 16;   ///< fields a step
  double rate = 1e-3;        ///< of Adam, global stage; falls to a third and a tenth along the passes
  double validation = 0.15;  ///< fraction of the fields kept for choosing the pass and the reject threshold
  int made = -1;        ///< new made fields in every global pass beside the given ones; -1: up to 1500 in all
  bool distort = true;  ///< two passes in three see every training field newly distorted
  std::filesystem::path checkpoint;
  std::filesystem::path resume;
  bool quiet = false;
  std::function<void(std::string_view)> say;  ///< one line of news; empty: none
};

inline namespace EBM_PRECISION {

/// What a training did.
struct CheckTrainingReport {
  History characters, global;
  std::size_t fields = 0, validation_fields = 0;
  std::vector<std::string> refused;  ///< "file: why": fields that could not be learned from
};

/// \param fields pictures with their amounts; \param mnist digits for the first stage, null: the stroke model
/// writes them. Fields without ink, and amounts that the grammar refuses, are left out and named in the
/// report. \throws DataError when nothing is left to train on; Interrupted as Trainer::fit.
CheckTrainingReport train_check_reader(CheckReader& reader, std::span<const io::LabelledImage> fields,
                                       const io::Mnist* mnist, const CheckTraining& options);

/// Right means byte for byte.
struct CheckResult {
  std::string file, amount;       ///< the label
  std::vector<Reading> readings;  ///< best first, at least two where there are
  std::string reason;             ///< why there is no reading
  bool right() const { return !readings.empty() && readings[0].amount == amount; }
  double confidence() const { return readings.empty() ? 0 : readings[0].confidence; }
};
/// Reads all fields, in parallel.
std::vector<CheckResult> judge(const CheckReader& reader, std::span<const Check> checks, int n = 2);

}  // namespace EBM_PRECISION
}  // namespace ebm::models
