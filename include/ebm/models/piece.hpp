#pragma once
/// \file
/// The one framing of characters, shared by MNIST digits, isolated characters and pieces of fields: ink
/// scaled to a 20 x 20 box with its aspect kept, its centre of mass in the middle of 28 x 28, that padded to
/// 32 x 32; paper -0.1 and full ink 1.175, so that the mean is about 0 and the variance about 1 (LeCun,
/// Bottou, Bengio, Haffner 1998, II.B, III.A).

#include <span>

#include "ebm/core/real.hpp"
#include "ebm/models/grey_map.hpp"

namespace ebm::models {

inline constexpr int kPieceSide = 32;   ///< of a framed character
inline constexpr int kGlyphSide = 20;   ///< of its ink
inline constexpr double kPaper = -0.1;  ///< value of no ink
inline constexpr double kFullInk = 1.175;

/// Frames all ink of a map. A map without ink gives plain paper.
/// \param text_height height of the line of writing in pixels of the map, 0 when unknown: ink smaller than
/// 0.4 of it is not blown up to the whole box, so that a dot stays a dot. \param out 1024 numbers, [32, 32].
void normalise_piece(const GreyMap& ink, double text_height, std::span<Real> out);

/// A 28 x 28 picture that is framed already, such as MNIST's, light ink on dark: padded and mapped to the
/// same values. \throws ShapeError when it is not 784 bytes. \param out [32, 32]
void pad_mnist(std::span<const unsigned char> pixels, std::span<Real> out);

}  // namespace ebm::models
