#include "ebm/graph/scopes.hpp"

#include <numeric>

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

Scopes Variables::each() const {
  Scopes s{1, std::vector<int>(static_cast<std::size_t>(count))};
  std::iota(s.variables.begin(), s.variables.end(), first);
  return s;
}

Scopes Variables::pairs() const {
  Scopes s{2, {}};
  s.variables.reserve(count > 0 ? 2 * static_cast<std::size_t>(count - 1) : 0);
  for (int i = 0; i + 1 < count; ++i) {
    s.variables.push_back(first + i);
    s.variables.push_back(first + i + 1);
  }
  return s;
}

Scopes Variables::grid_pairs(int height, int width) const {
  if (height < 1 || width < 1 || static_cast<long>(height) * width != count)
    throw GraphError(
        message("[graph] a grid of ", height, " x ", width, " does not have ", count, " variables"));
  Scopes s{2, {}};
  s.variables.reserve(
      2 * (static_cast<std::size_t>(height) * (width - 1) + static_cast<std::size_t>(height - 1) * width));
  for (int y = 0; y < height; ++y)
    for (int x = 0; x + 1 < width; ++x) {
      s.variables.push_back(first + y * width + x);
      s.variables.push_back(first + y * width + x + 1);
    }
  for (int y = 0; y + 1 < height; ++y)
    for (int x = 0; x < width; ++x) {
      s.variables.push_back(first + y * width + x);
      s.variables.push_back(first + (y + 1) * width + x);
    }
  return s;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
