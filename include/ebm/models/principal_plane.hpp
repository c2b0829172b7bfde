#pragma once
/// \file
/// Many numbers a row seen in two: the plane in which rows differ most.

#include "ebm/core/tensor.hpp"

namespace ebm::models {

/// Coordinates of rows [n, d] along their first two principal components (Pearson 1901), [n, 2], centred; of
/// one or two columns the columns themselves, uncentred. Signs: the largest weight of a component is
/// positive. O(n d^2).
Tensor principal_plane(ConstView rows);

}  // namespace ebm::models
