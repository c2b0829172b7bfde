#pragma once
/// \file
/// What confidences are worth, from judged readings alone: how error falls as more is rejected (LeCun,
/// Bottou, Bengio, Haffner 1998, section X.E), and whether a confidence of 0.9 is right nine times in ten.
/// O(n log n) for n readings.

#include <cstddef>
#include <span>
#include <vector>

#include "ebm/models/check_reader.hpp"

namespace ebm::models {

/// What happens when every field of less confidence is rejected. Fractions of all fields.
struct RejectPoint {
  double threshold = 0;
  double rejected = 0;
  double error = 0;  ///< read and wrong
};

/// One point per distinct confidence, from everything rejected (threshold +inf) to everything read.
/// \param judged one per field that has a reading. \param fields all of them; those without a reading are
/// always rejected. \pre fields >= judged.size()
std::vector<RejectPoint> reject_curve(std::vector<Judged> judged, std::size_t fields);

/// Readings whose confidence lies in [low, high), the last bin closed.
struct ConfidenceBin {
  double low = 0, high = 0;
  std::size_t fields = 0;
  double confidence = 0;  ///< mean
  double accuracy = 0;    ///< fraction that is right
};

/// `count` bins of one width over [0, 1]; those without fields are left out.
std::vector<ConfidenceBin> calibration(std::span<const Judged> judged, int count = 10);

}  // namespace ebm::models
