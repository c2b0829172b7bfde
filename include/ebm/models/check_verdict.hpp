#pragma once
/// \file
/// What a reader is worth on labelled fields.

#include <span>
#include <string_view>

#include "ebm/models/check_training.hpp"

namespace ebm::models {

struct Verdict {
  int fields = 0, correct = 0;            ///< right without rejection, byte for byte
  double string_accuracy = 0;             ///< correct / fields
  double low = 0, high = 0;               ///< its 95 % interval (Wilson 1927)
  double threshold = 0;                   ///< confidence below which a field is rejected
  int read = 0, rejected = 0, wrong = 0;  ///< wrong: read and wrong
  double digit_error_rate = 0;            ///< edit distance of all readings over the length of all labels
};

inline namespace EBM_PRECISION {
Verdict summarise(std::span<const CheckResult> results, double threshold);
}

/// Levenshtein distance: characters put in, left out or changed.
int edit_distance(std::string_view a, std::string_view b);

}  // namespace ebm::models
