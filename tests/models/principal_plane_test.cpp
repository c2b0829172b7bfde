#include "ebm/models/principal_plane.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/rng.hpp"

namespace ebm::models {
namespace {

// 200 rows of five numbers that vary by 3, 2, 0.1, .. along turned axes.
Tensor cloud() {
  Rng rng(1);
  Tensor out(Shape{200, 5});
  for (std::size_t i = 0; i < 200; ++i) {
    const double a = 3 * rng.normal(), b = 2 * rng.normal();
    const double row[] = {0.6 * a + 0.8 * b, 0.8 * a - 0.6 * b, 0, 0, 0};
    for (std::size_t j = 0; j < 5; ++j) out[5 * i + j] = static_cast<Real>(7 + row[j] + 0.1 * rng.normal());
  }
  return out;
}

double moment(const Tensor& plane, std::size_t a, std::size_t b) {
  double sum = 0;
  const auto n = static_cast<std::size_t>(plane.shape()[0]);
  for (std::size_t i = 0; i < n; ++i)
    sum += static_cast<double>(plane[2 * i + a]) * static_cast<double>(plane[2 * i + b]);
  return sum / static_cast<double>(n);
}

TEST(PrincipalPlane, KeepsWhatVariesMost) {
  const Tensor plane = principal_plane(cloud());
  EXPECT_NEAR(std::sqrt(moment(plane, 0, 0)), 3, 0.4);
  EXPECT_NEAR(std::sqrt(moment(plane, 1, 1)), 2, 0.3);
  EXPECT_NEAR(moment(plane, 0, 1), 0, 1e-2);  // uncorrelated
}

TEST(PrincipalPlane, OfTwoColumns_IsThem) {
  const Tensor rows({3, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor plane = principal_plane(rows);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(plane[i], rows[i]);
}

TEST(PrincipalPlane, OfEqualRows_IsOnePoint) {
  const Tensor plane = principal_plane(Tensor(Shape{4, 6}));
  for (const Real x : plane.span()) EXPECT_EQ(x, 0);
}

}  // namespace
}  // namespace ebm::models
