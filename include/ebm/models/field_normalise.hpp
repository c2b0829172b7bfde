#pragma once
/// \file
/// From the picture of a field to clean ink of one size: the paper's level is estimated in windows and taken
/// away, printed patterns and ruled lines are removed, contrast is stretched, the writing is brought to one
/// height and made upright (LeCun et al. 1998, sections II.B and X; shear by the sharpness of the vertical
/// projection). Linear in the pixels.

#include <string>

#include "ebm/core/real.hpp"
#include "ebm/core/tensor.hpp"
#include "ebm/io/image.hpp"
#include "ebm/models/grey_map.hpp"

namespace ebm::models {

enum class InkColour { dark, light };

struct NormaliseOptions {
  InkColour ink = InkColour::dark;
  int text_height = 32;      ///< of the result, pixels; segmentation's limits are in units of it
  bool remove_lines = true;  ///< ruled lines and box edges; strokes that cross them are kept
  bool deslant = true;       ///< shear slanted writing upright
};

/// A field without its paper. Pictures without ink give an empty map and a reason, not an error.
struct Field {
  GreyMap ink;
  double text_height = 0;  ///< estimated height of the digits, in pixels of `ink`
  double middle = 0;       ///< row of the middle of the line of writing
  double scale = 1;        ///< pixels of `ink` per pixel of the picture
  double shear = 0;        ///< x += shear * (y - middle) was applied, in pixels of `ink`
  double left = 0;         ///< of the picture's x = 0, in pixels of `ink`, at the middle row
  double top = 0;          ///< of the picture's y = 0
  std::string reason;      ///< why it is empty

  bool empty() const { return ink.empty(); }
  /// Where a point of `ink` lies in the picture, in its pixels.
  double picture_x(double x, double y) const { return (x - shear * (y - middle) - left) / scale; }
  double picture_y(double y) const { return (y - top) / scale; }
};

/// Any size from 1 x 1. Pictures much larger than a field (over 192 rows or 4096 columns) are shrunk first.
/// \throws ShapeError when the pixels are not width x height.
Field normalise_field(const io::Image& image, const NormaliseOptions& options = {});

inline namespace EBM_PRECISION {
/// The whole field at the recogniser's size, for a net that is replicated along it: text 20 rows high and in
/// the middle of 32, `margin` columns of paper on either side. Shape [1, 1, 32, width], width >= 32; an empty
/// field is plain paper.
Tensor field_strip(const Field& field, int margin = 12);
}  // namespace EBM_PRECISION

}  // namespace ebm::models
