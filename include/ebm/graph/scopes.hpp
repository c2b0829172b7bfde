#pragma once
/// \file
/// Runs of label variables, and the scopes of factors on them.

#include <vector>

#include "ebm/core/real.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// Scopes of a group: `arity` flat label variables each.
struct Scopes {
  int arity = 0;
  std::vector<int> variables;
};

/// A run of label variables, as declared.
struct Variables {
  int first = 0, count = 0;
  Variables operator[](int i) const { return {first + i, 1}; }
  int size() const { return count; }
  /// (0), (1), ..: each alone.
  Scopes each() const;
  /// (0,1), (1,2), ..: every pair of neighbours in a chain.
  Scopes pairs() const;
  /// Every pair of horizontal and vertical neighbours, the variables being a height x width grid in row-major
  /// order. \throws GraphError when the sizes do not multiply to the count.
  Scopes grid_pairs(int height, int width) const;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
