#pragma once
// Pictures that the tests of this folder share.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "ebm/io/image.hpp"
#include "ebm/models/amount_generator.hpp"
#include "ebm/models/piece.hpp"

namespace ebm::models::testing {

/// Digits as MNIST has them, from the stroke model: 28 x 28, light ink.
struct Digits {
  std::vector<std::uint8_t> pixels, labels;
};
inline Digits stroke_digits(int count) {
  const AmountGenerator generator({.seed = 7});
  const Alphabet alphabet;
  std::vector<Real> picture(std::size_t{kPieceSide} * kPieceSide);
  Digits out;
  for (int i = 0; i < count; ++i) {
    out.labels.push_back(
        static_cast<std::uint8_t>(generator.character(static_cast<std::uint64_t>(i), alphabet, 0, picture)));
    for (int y = 2; y < 30; ++y)
      for (int x = 2; x < 30; ++x) {
        const double value = static_cast<double>(picture[static_cast<std::size_t>(y * kPieceSide + x)]);
        const double ink = std::clamp((value - kPaper) / (kFullInk - kPaper), 0.0, 1.0);
        out.pixels.push_back(static_cast<std::uint8_t>(255 * ink + 0.5));
      }
  }
  return out;
}

inline io::Image flat_image(int width, int height, std::uint8_t grey) {
  return {
      width, height,
      std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), grey)};
}

/// Where the data sets are: $EBM_DATA, or beside the source tree.
inline std::filesystem::path data_folder() {
  const char* named = std::getenv("EBM_DATA");
  return named != nullptr ? std::filesystem::path(named)
                          : std::filesystem::path(EBM_SOURCE_DIR) / ".." / "shared" / "data";
}

}  // namespace ebm::models::testing
