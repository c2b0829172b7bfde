#pragma once
/// \file
/// The segmentation lattice of a field (LeCun et al. 1998, section V.A): cuts are its states, and every group
/// of 1 to k consecutive pieces that could be a character is an arc, with the framed picture of its ink.
/// There is always a path from the first cut to the last, for single pieces are always proposed.

#include <array>
#include <vector>

#include "ebm/core/real.hpp"
#include "ebm/core/tensor.hpp"
#include "ebm/models/cuts.hpp"
#include "ebm/models/field_normalise.hpp"
#include "ebm/models/piece.hpp"

namespace ebm::models {

struct SegmentOptions {
  int longest = 4;      ///< most pieces in a group
  double widest = 1.7;  ///< of a group of several pieces, in text heights
  double gap = 0.3;     ///< empty columns inside a group, in text heights
  CutKinds kinds;
};

/// A candidate character: the ink between two cuts.
struct Piece {
  int from = 0, to = 0;  ///< cuts, from < to
  Box box;               ///< of its ink, in the field's ink map
  Box picture_box;       ///< around the same ink in the picture the field was made from
};

/// What the layout of a piece says, for a learned geometric energy; lengths in text heights, clamped to [-2,
/// 2].
enum Geometry { kWidth, kHeight, kOffset, kGapLeft, kGapRight, kGeometry };

inline namespace EBM_PRECISION {

struct Segmentation {
  int cuts = 1;               ///< states 0 .. cuts - 1; 1 and no piece for a field without ink
  std::vector<Piece> pieces;  ///< ordered by (from, to)
  Tensor images;              ///< [pieces, 1, 32, 32], as normalise_piece frames them
  Tensor
      geometry;  ///< [pieces, kGeometry]: width, height, middle below the text's middle, gaps to neighbours
  std::vector<Cut> paths;  ///< [cuts], for looking at
};

Segmentation segment(const Field& field, const SegmentOptions& options = {});

}  // namespace EBM_PRECISION

/// A character whose place is known, in the coordinates of Piece::picture_box.
struct PlacedGlyph {
  char character = 0;
  Box box;
};

/// Which glyph each piece is: its index, kNoGlyph when it is surely none (part of one, or parts of several),
/// kUnsure when it lies between. A piece is a glyph when their x-extents overlap by 0.7 or more and no other
/// glyph comes close.
inline constexpr int kNoGlyph = -1, kUnsure = -2;
std::vector<int> match_pieces(const std::vector<Piece>& pieces, const std::vector<PlacedGlyph>& glyphs);

/// Whether a path of the lattice proposes all glyphs, in order: what over-segmentation must not miss.
/// \param overlap least x-overlap of a piece with its glyph.
bool covers(const std::vector<Piece>& pieces, const std::vector<PlacedGlyph>& glyphs, double overlap = 0.6);

}  // namespace ebm::models
