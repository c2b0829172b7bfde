// The k-d tree of pairs.hpp; nanoflann's headers are read here alone.

#include <algorithm>
#include <nanoflann.hpp>

#include "ebm/core/error.hpp"
#include "ebm/core/kernels.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/models/pairs.hpp"

namespace ebm::models {
namespace {

struct Rows {
  ConstView rows;
  std::size_t kdtree_get_point_count() const { return static_cast<std::size_t>(rows.rows()); }
  Real kdtree_get_pt(std::size_t row, std::size_t column) const {
    return rows.data[row * rows.row_size() + column];
  }
  template <class Bounds>
  bool kdtree_get_bbox(Bounds&) const {
    return false;
  }
};

// Squared distance by the vector kernels: in hundreds of dimensions a tree looks at most points, and what
// each look costs decides.
struct Distance {
  using ElementType = Real;
  using DistanceType = Real;
  const Rows& rows;
  Distance(const Rows& r) : rows(r) {}  // NOLINT: nanoflann makes it so
  Real evalMetric(const Real* a, std::uint32_t b, std::size_t size) const {
    return kernels().sum_square_distance(a, rows.rows.data + b * size, size);
  }
  template <class A, class B>
  Real accum_dist(A a, B b, std::size_t) const {
    return (a - b) * (a - b);
  }
};

using Tree = nanoflann::KDTreeSingleIndexAdaptor<Distance, Rows, -1, std::uint32_t>;

}  // namespace

PairSet pairs_by_neighbours(ConstView images, int k) {
  const int n = images.rows();
  if (k < 1 || k >= n)
    throw DataError(message("[pairs] ", k, " nearest neighbours were asked for among ", n, " images"));
  const Rows rows{images};
  const Tree tree(static_cast<int>(images.row_size()), rows, {16});
  std::vector<Pair> genuine(static_cast<std::size_t>(n) * static_cast<std::size_t>(k));
  parallel_for(static_cast<std::size_t>(n), [&](std::size_t i) {
    const auto wanted = static_cast<std::size_t>(k) + 1;  // the image itself is one of them, if not the first
    std::vector<std::uint32_t> near(wanted);
    std::vector<Real> distance(wanted);
    const std::size_t found =
        tree.knnSearch(images.data + i * images.row_size(), wanted, near.data(), distance.data());
    int kept = 0;
    for (std::size_t j = 0; j < found && kept < k; ++j)
      if (near[j] != i)
        genuine[i * static_cast<std::size_t>(k) + static_cast<std::size_t>(kept++)] = {
            static_cast<int>(i), static_cast<int>(near[j]), true};
  });
  return pair_set(n, std::move(genuine));
}

}  // namespace ebm::models
