#pragma once
/// \file
/// Amount fields from MNIST digits, after the composed strings of LeCun et al. 1998 (section VI): 3 to 6
/// digits on a line, and in 30 % of the fields a pair that touches, by up to 4 columns of overlap. MNIST's
/// light ink is made dark. Field i of seed s is a function of (s, i) and the digits. Linear in the pixels of
/// the field.

#include <cstdint>
#include <span>

#include "ebm/models/amount_generator.hpp"

namespace ebm::models {

struct ComposerOptions {
  std::uint64_t seed = 1;
  int least = 3, most = 6;  ///< digits of a field
  double touching = 0.3;    ///< probability of a touching pair
  int overlap = 4;          ///< most columns that the boxes of the pair share
};

class MnistComposer {
 public:
  /// \param pixels [labels.size(), 28, 28], light ink, \param labels 0 to 9; both must outlive the composer.
  /// \throws ShapeError when the sizes differ or there are no digits, DataError for a label above 9 or
  /// senseless options.
  MnistComposer(std::span<const std::uint8_t> pixels, std::span<const std::uint8_t> labels,
                ComposerOptions options = {});

  AmountField field(std::uint64_t i) const;

 private:
  std::span<const std::uint8_t> pixels_, labels_;
  ComposerOptions options_;
};

}  // namespace ebm::models
