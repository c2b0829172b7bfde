#pragma once
/// \file
/// What the recogniser learns first: characters and rubbish cut from made fields, whose boxes are known, by
/// the very steps that reading takes, so that pieces are framed alike in both stages (LeCun et al. 1998,
/// section X.D).

#include <vector>

#include "ebm/io/idx.hpp"
#include "ebm/models/amount_generator.hpp"
#include "ebm/models/check_reader.hpp"

namespace ebm::models {
inline namespace EBM_PRECISION {

/// Field i of an endless supply: of MNIST digits and of strokes in turn, of strokes alone when `mnist` is
/// null or the reader's alphabet has more than digits. A function of the reader's seed, the digits and i.
AmountField made_field(const CheckReader& reader, const io::Mnist* mnist, std::uint64_t i);

/// One framed character with its class.
struct Character {
  ConstView image;  ///< [1, 32, 32]
  int label = 0;
};

struct CharacterSet {
  Tensor images;  ///< [n, 1, 32, 32]
  std::vector<Character> characters;
};

/// Pieces (hos) or windows (sdnn) of the first `fields` made fields, those left out that are neither a
/// character nor clearly none.
CharacterSet cut_characters(const CheckReader& reader, const io::Mnist* mnist, int fields);

}  // namespace EBM_PRECISION
}  // namespace ebm::models
