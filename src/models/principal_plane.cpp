#include "ebm/models/principal_plane.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ebm::models {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Power iteration in what the components before leave over.
Vector component(const std::vector<Vector>& covariance, const std::vector<Vector>& before) {
  const std::size_t d = covariance.size();
  Vector v(d), next(d);
  for (std::size_t i = 0; i < d; ++i) v[i] = 1 + 0.1 * static_cast<double>((i * 7 + before.size()) % 11);
  for (int step = 0; step < 1000; ++step) {
    for (std::size_t i = 0; i < d; ++i) next[i] = dot(covariance[i], v);
    for (const Vector& u : before) {
      const double along = dot(u, next);
      for (std::size_t i = 0; i < d; ++i) next[i] -= along * u[i];
    }
    const double length = std::sqrt(dot(next, next));
    if (length < 1e-300) return Vector(d, 0.0);  // nothing varies any more
    double change = 0;
    for (std::size_t i = 0; i < d; ++i) {
      change = std::max(change, std::abs(next[i] / length - v[i]));
      v[i] = next[i] / length;
    }
    if (change < 1e-10) break;
  }
  const auto largest = std::ranges::max_element(v, {}, [](double x) { return std::abs(x); });
  if (*largest < 0)
    for (double& x : v) x = -x;
  return v;
}

}  // namespace

Tensor principal_plane(ConstView rows) {
  const auto n = static_cast<std::size_t>(rows.rows()), d = rows.row_size();
  Tensor out(Shape{static_cast<int>(n), 2});
  if (d <= 2) {
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < d; ++j) out[2 * i + j] = rows.data[i * d + j];
    return out;
  }
  Vector mean(d, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < d; ++j)
      mean[j] += static_cast<double>(rows.data[i * d + j]) / static_cast<double>(n);
  const auto centred = [&](std::size_t i) {
    Vector x(d);
    for (std::size_t j = 0; j < d; ++j) x[j] = static_cast<double>(rows.data[i * d + j]) - mean[j];
    return x;
  };
  std::vector<Vector> covariance(d, Vector(d, 0.0)), components;
  for (std::size_t i = 0; i < n; ++i) {
    const Vector x = centred(i);
    for (std::size_t j = 0; j < d; ++j)
      for (std::size_t k = 0; k < d; ++k) covariance[j][k] += x[j] * x[k];
  }
  for (int c = 0; c < 2; ++c) components.push_back(component(covariance, components));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t c = 0; c < 2; ++c) out[2 * i + c] = static_cast<Real>(dot(centred(i), components[c]));
  return out;
}

}  // namespace ebm::models
