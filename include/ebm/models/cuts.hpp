#pragma once
/// \file
/// Candidate cuts of a field, many more than needed: heuristic over-segmentation (LeCun, Bottou, Bengio,
/// Haffner 1998, sections V and X; hit and deflect after Shridhar and Badreldin 1986). A cut is a path from
/// the top row to the bottom row: straight ones cannot part leaning or interlocked digits. Complexity:
/// candidates x rows x half a text height.

#include <vector>

#include "ebm/models/grey_map.hpp"

namespace ebm::models {

/// One path; row y is cut in front of column column[y].
struct Cut {
  std::vector<int> column;  ///< [height], each in [0, width]
  double crossed = 0;       ///< ink on the path, in pixels
  int strokes = 0;          ///< runs of ink on the path
  double place = 0;         ///< mean column
};

/// Where to look for cuts; all by default.
struct CutKinds {
  bool gaps = true;         ///< columns without ink, and between components that overlap in x
  bool projection = true;   ///< minima of the vertical projection
  bool contours = true;     ///< minima of the distance between upper and lower contour
  bool hit_deflect = true;  ///< paths dropped into valleys of the contours, from the top and from the bottom
};

/// Cuts from left to right that do not cross each other, the left and right edges of the map included, with
/// ink between every two neighbours. An empty map has none. \param text_height height of the digits in
/// pixels, > 0; all distances scale with it.
std::vector<Cut> find_cuts(const GreyMap& ink, double text_height, const CutKinds& kinds = {});

}  // namespace ebm::models
