#include "ebm/models/segmentation.hpp"

#include <algorithm>
#include <cmath>

namespace ebm::models {
namespace {

/// The ink between cuts `from` and `to`, other ink erased.
GreyMap between(const GreyMap& ink, const Cut& from, const Cut& to, const Box& box) {
  GreyMap out(box.width, box.height);
  for (int y = 0; y < box.height; ++y) {
    const auto row = static_cast<std::size_t>(box.y + y);
    const int first = std::max(from.column[row], box.x), last = std::min(to.column[row], box.right());
    for (int x = first; x < last; ++x) out.at(x - box.x, y) = ink.at(x, box.y + y);
  }
  return out;
}

/// Box of the solid ink between two cuts (all of it, if none is solid), in the map and in the picture.
Piece bounds(const Field& field, const std::vector<Cut>& cuts, int from, int to) {
  Piece piece{from, to, {}, {}};
  for (const float threshold : {kInkThreshold, 0.0F}) {
    int left = field.ink.width, right = -1, top = field.ink.height, bottom = -1;
    double first = 1e9, last = -1e9;
    for (int y = 0; y < field.ink.height; ++y) {
      const auto row = static_cast<std::size_t>(y);
      for (int x = cuts[static_cast<std::size_t>(from)].column[row];
           x < cuts[static_cast<std::size_t>(to)].column[row]; ++x) {
        if (field.ink.at(x, y) <= threshold) continue;
        left = std::min(left, x);
        right = std::max(right, x);
        top = std::min(top, y);
        bottom = y;
        first = std::min(first, field.picture_x(x, y));
        last = std::max(last, field.picture_x(x + 1, y));
      }
    }
    if (right < 0) continue;
    piece.box = {left, top, right - left + 1, bottom - top + 1};
    const int x = static_cast<int>(std::floor(first)), y = static_cast<int>(std::floor(field.picture_y(top)));
    piece.picture_box = {x, y, std::max(1, static_cast<int>(std::ceil(last)) - x),
                         std::max(1, static_cast<int>(std::ceil(field.picture_y(bottom + 1))) - y)};
    break;
  }
  return piece;
}

/// Room between two boxes, negative when they overlap in x.
int room(const Box& left, const Box& right) { return right.x - left.right(); }

}  // namespace

inline namespace EBM_PRECISION {

Segmentation segment(const Field& field, const SegmentOptions& options) {
  Segmentation out;
  out.paths = find_cuts(field.ink, field.text_height, options.kinds);
  out.cuts = std::max(1, static_cast<int>(out.paths.size()));
  if (out.cuts < 2) return out;
  const double unit = field.text_height;
  std::vector<Piece> atoms;
  for (int cut = 0; cut + 1 < out.cuts; ++cut) atoms.push_back(bounds(field, out.paths, cut, cut + 1));
  for (int from = 0; from + 1 < out.cuts; ++from) {
    int right = 0;
    for (int to = from + 1; to < out.cuts && to - from <= options.longest; ++to) {
      const Box& added = atoms[static_cast<std::size_t>(to - 1)].box;
      if (to - from > 1 && added.x - right > options.gap * unit) break;
      const Piece piece = bounds(field, out.paths, from, to);
      if (to - from > 1 && piece.box.width > options.widest * unit) break;
      right = std::max(right, added.right());
      out.pieces.push_back(piece);
    }
  }
  const int count = static_cast<int>(out.pieces.size());
  out.images = Tensor(Shape{count, 1, kPieceSide, kPieceSide});
  out.geometry = Tensor(Shape{count, kGeometry});
  for (int i = 0; i < count; ++i) {
    const Piece& piece = out.pieces[static_cast<std::size_t>(i)];
    normalise_piece(between(field.ink, out.paths[static_cast<std::size_t>(piece.from)],
                            out.paths[static_cast<std::size_t>(piece.to)], piece.box),
                    unit, out.images.view().row(i).span());
    const int left = piece.from == 0 ? field.ink.width
                                     : room(atoms[static_cast<std::size_t>(piece.from - 1)].box, piece.box);
    const int right = piece.to + 1 == out.cuts
                          ? field.ink.width
                          : room(piece.box, atoms[static_cast<std::size_t>(piece.to)].box);
    const std::array<double, kGeometry> lengths{static_cast<double>(piece.box.width),
                                                static_cast<double>(piece.box.height),
                                                piece.box.y + 0.5 * piece.box.height - field.middle,
                                                static_cast<double>(left), static_cast<double>(right)};
    for (std::size_t k = 0; k < kGeometry; ++k)
      out.geometry[static_cast<std::size_t>(i) * kGeometry + k] =
          static_cast<Real>(std::clamp(lengths[k] / unit, -2.0, 2.0));
  }
  return out;
}

}  // namespace EBM_PRECISION

std::vector<int> match_pieces(const std::vector<Piece>& pieces, const std::vector<PlacedGlyph>& glyphs) {
  std::vector<int> out;
  for (const Piece& piece : pieces) {
    double best = 0, second = 0;
    int glyph = kNoGlyph;
    for (std::size_t g = 0; g < glyphs.size(); ++g) {
      const double overlap = overlap_x(piece.picture_box, glyphs[g].box);
      if (overlap > best) {
        second = best;
        best = overlap;
        glyph = static_cast<int>(g);
      } else {
        second = std::max(second, overlap);
      }
    }
    if (best >= 0.7 && second < 0.5)
      out.push_back(glyph);
    else
      out.push_back(best < 0.55 ? kNoGlyph : kUnsure);
  }
  return out;
}

bool covers(const std::vector<Piece>& pieces, const std::vector<PlacedGlyph>& glyphs, double overlap) {
  // Greedily: of the pieces that are the next glyph, the one that ends first leaves most room.
  int cut = 0;
  for (const PlacedGlyph& glyph : glyphs) {
    int end = -1;
    for (const Piece& piece : pieces)
      if (piece.from >= cut && (end < 0 || piece.to < end) &&
          overlap_x(piece.picture_box, glyph.box) >= overlap)
        end = piece.to;
    if (end < 0) return false;
    cut = end;
  }
  return true;
}

}  // namespace ebm::models
