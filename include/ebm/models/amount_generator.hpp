#pragma once
/// \file
/// Amount fields without any data: random amounts, written by random writers of the stroke model on random
/// checks, as LeCun et al. 1998 (section X) had them from real ones. Endless, and field i of seed s is a
/// function of (s, i) alone, so fields can be made in any order and by any number of threads. About a
/// millisecond each.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ebm/core/real.hpp"
#include "ebm/core/rng.hpp"
#include "ebm/io/image.hpp"
#include "ebm/models/amount_grammar.hpp"
#include "ebm/models/segmentation.hpp"

namespace ebm::models {

enum class AmountStyle {
  digits,   ///< 2 to 7 digits, perhaps with dots between thousands and dashes behind, which the amount does
            ///< not have
  dollars,  ///< as dollar_grammar(), "$1,234.56"
};

struct GeneratorOptions {
  std::uint64_t seed = 1;
  AmountStyle style = AmountStyle::digits;
  bool paper = true;  ///< false: black ink on plain white, without noise
};

/// A field with all that is known of it.
struct AmountField {
  io::Image image;                  ///< dark ink on light paper
  std::string amount;               ///< the label
  std::string text;                 ///< what was written, separators included
  std::vector<PlacedGlyph> glyphs;  ///< every written character, left to right
};

class AmountGenerator {
 public:
  explicit AmountGenerator(GeneratorOptions options = {}) : options_(options) {}

  AmountField field(std::uint64_t i) const;

  /// Character i, framed as pieces are: one of the alphabet, all alike often, or with probability `rubbish` a
  /// part of one or a run of two or three. \param out [32, 32]. Returns the class. \throws DataError when the
  /// alphabet has a character that is not writable.
  int character(std::uint64_t i, const Alphabet& alphabet, double rubbish, std::span<Real> out) const;

  const GeneratorOptions& options() const { return options_; }

 private:
  GeneratorOptions options_;
};

}  // namespace ebm::models
