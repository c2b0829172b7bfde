#include "ebm/models/map_quality.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <map>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/core/rng.hpp"

namespace ebm::models {
namespace {

int rows_of(const Tensor& map, std::size_t labels, std::string_view what) {
  if (map.shape().rank() != 2 || map.shape()[0] < 1 || static_cast<std::size_t>(map.shape()[0]) != labels)
    throw ShapeError(
        message("[map] a map is [points, dims]; this one is ", map.shape(), " with ", labels, " ", what));
  return map.shape()[0];
}

double squared_distance(const Tensor& a, int i, const Tensor& b, int j) {
  const auto d = static_cast<std::size_t>(a.shape()[1]);
  double sum = 0;
  for (std::size_t k = 0; k < d; ++k) {
    const double diff = static_cast<double>(a[static_cast<std::size_t>(i) * d + k]) -
                        static_cast<double>(b[static_cast<std::size_t>(j) * d + k]);
    sum += diff * diff;
  }
  return sum;
}

double correlation(std::span<const double> a, std::span<const double> b) {
  const auto n = static_cast<double>(a.size());
  double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) ma += a[i] / n, mb += b[i] / n;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

using Vector = std::array<double, 3>;
double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

// x with A x = b, A symmetric and positive, by Cramer's rule.
Vector solve(const std::array<Vector, 3>& A, const Vector& b) {
  const double det = dot(A[0], cross(A[1], A[2]));
  if (!(std::abs(det) > 0)) return {0, 0, 1};
  // Columns are rows, for A is symmetric.
  return {dot(b, cross(A[1], A[2])) / det, dot(A[0], cross(b, A[2])) / det, dot(A[0], cross(A[1], b)) / det};
}

}  // namespace

double neighbour_accuracy(const Tensor& map, std::span<const int> labels, const Tensor& points,
                          std::span<const int> true_labels, int k) {
  const int n = rows_of(map, labels.size(), "labels"), m = rows_of(points, true_labels.size(), "labels");
  if (map.shape()[1] != points.shape()[1])
    throw ShapeError(message("[map] ", points.shape(), " points do not lie in a map of ", map.shape()));
  if (k < 1 || k > n) throw DataError(message("[map] ", k, " neighbours are asked of ", n, " points"));
  std::vector<char> right(static_cast<std::size_t>(m));
  parallel_for(static_cast<std::size_t>(m), [&](std::size_t i) {
    std::vector<std::pair<double, int>> near(static_cast<std::size_t>(n));
    for (int j = 0; j < n; ++j)
      near[static_cast<std::size_t>(j)] = {squared_distance(points, static_cast<int>(i), map, j), j};
    std::partial_sort(near.begin(), near.begin() + k, near.end());
    std::map<int, int> votes;
    for (int j = 0; j < k; ++j)
      ++votes[labels[static_cast<std::size_t>(near[static_cast<std::size_t>(j)].second)]];
    int most = 0;
    for (const auto& [label, count] : votes) most = std::max(most, count);
    int winner = 0;
    for (int j = k; j-- > 0;) {
      const int label = labels[static_cast<std::size_t>(near[static_cast<std::size_t>(j)].second)];
      if (votes[label] == most) winner = label;
    }
    right[i] = winner == true_labels[i];
  });
  return static_cast<double>(std::ranges::count(right, 1)) / m;
}

double spread_within(const Tensor& map, std::span<const int> group, int draws, std::uint64_t seed) {
  const int n = rows_of(map, group.size(), "groups");
  std::map<int, std::vector<int>> members;
  for (int i = 0; i < n; ++i) members[group[static_cast<std::size_t>(i)]].push_back(i);
  double within = 0, random = 0;
  std::size_t pairs = 0;
  for (const auto& [name, rows] : members)
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t j = i + 1; j < rows.size(); ++j, ++pairs)
        within += std::sqrt(squared_distance(map, rows[i], map, rows[j]));
  if (pairs == 0) throw DataError("[map] no two rows are of one group");
  Rng rng(seed, 0x6d6170);
  for (int k = 0; k < draws; ++k) random += std::sqrt(squared_distance(map, rng.below(n), map, rng.below(n)));
  return random > 0 ? within / static_cast<double>(pairs) / (random / draws) : 1;
}

double circular_correlation(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size() || a.empty())
    throw ShapeError(message("[map] ", a.size(), " angles are compared with ", b.size()));
  std::complex<double> minus = 0, plus = 0, twice_a = 0, twice_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    minus += std::polar(1.0, a[i] - b[i]);
    plus += std::polar(1.0, a[i] + b[i]);
    twice_a += std::polar(1.0, 2 * a[i]);
    twice_b += std::polar(1.0, 2 * b[i]);
  }
  const auto n = static_cast<double>(a.size());
  const double below = (1 - std::norm(twice_a / n)) * (1 - std::norm(twice_b / n));
  return below > 0 ? (std::norm(minus / n) - std::norm(plus / n)) / std::sqrt(below) : 0;
}

Cylinder as_cylinder(const Tensor& map, std::span<const double> true_angle,
                     std::span<const double> true_height) {
  const int n = rows_of(map, true_angle.size(), "angles");
  if (map.shape()[1] != 3 || true_height.size() != true_angle.size())
    throw ShapeError(message("[map] a cylinder is seen in [points, 3], with an angle and a height each; not ",
                             map.shape(), " with ", true_height.size(), " heights"));
  std::vector<Vector> x(static_cast<std::size_t>(n));
  Vector mean{};
  double mean_height = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) mean[k] += (x[i][k] = static_cast<double>(map[3 * i + k])) / n;
    mean_height += true_height[i] / n;
  }
  std::array<Vector, 3> scatter{};
  Vector with{};
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      x[i][k] -= mean[k];
      with[k] += x[i][k] * (true_height[i] - mean_height);
    }
  for (const Vector& p : x)
    for (std::size_t k = 0; k < 3; ++k)
      for (std::size_t l = 0; l < 3; ++l) scatter[k][l] += p[k] * p[l];
  Vector axis = solve(scatter, with);
  const double length = std::sqrt(dot(axis, axis));
  for (double& v : axis) v = length > 0 ? v / length : 0;
  const Vector away = std::abs(axis[0]) < 0.9 ? Vector{1, 0, 0} : Vector{0, 1, 0};
  Vector u = cross(axis, away);
  const double size = std::sqrt(dot(u, u));
  for (double& c : u) c = size > 0 ? c / size : 0;
  const Vector v = cross(axis, u);
  Cylinder out;
  for (const Vector& p : x) {
    out.angle.push_back(std::atan2(dot(p, v), dot(p, u)));
    out.height.push_back(dot(p, axis));
  }
  out.angle_correlation = std::abs(circular_correlation(out.angle, true_angle));
  out.height_correlation = correlation(out.height, true_height);
  return out;
}

}  // namespace ebm::models
