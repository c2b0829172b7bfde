#include "ebm/models/map_quality.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ebm/core/error.hpp"
#include "ebm/core/rng.hpp"
#include "ebm/models/object_views.hpp"

namespace ebm::models {
namespace {

constexpr double kPi = std::numbers::pi;

TEST(NeighbourAccuracy, CountsThePointsThatTheirNeighboursNameRightly) {
  const Tensor map({5, 1}, {0, 1, 2, 10, 11});
  const std::vector<int> labels{0, 0, 0, 1, 1};
  const Tensor points({3, 1}, {Real(0.4), Real(10.4), Real(7)});
  EXPECT_DOUBLE_EQ(neighbour_accuracy(map, labels, points, std::vector<int>{0, 1, 1}, 1), 1);
  EXPECT_DOUBLE_EQ(neighbour_accuracy(map, labels, points, std::vector<int>{0, 1, 0}, 1), 2 / 3.);
  // Two of the three nearest of the second point are of class 1, and with five the first class wins
  // everywhere.
  EXPECT_DOUBLE_EQ(neighbour_accuracy(map, labels, points, std::vector<int>{0, 1, 1}, 3), 1);
  EXPECT_DOUBLE_EQ(neighbour_accuracy(map, labels, points, std::vector<int>{0, 1, 1}, 5), 1 / 3.);
}

TEST(NeighbourAccuracy, AmongEquallyCommonLabels_TakesTheNearestOnes) {
  const Tensor map({2, 1}, {0, 3});
  EXPECT_EQ(neighbour_accuracy(map, std::vector<int>{4, 7}, Tensor({1, 1}, {2}), std::vector<int>{7}, 2), 1);
  EXPECT_EQ(neighbour_accuracy(map, std::vector<int>{4, 7}, Tensor({1, 1}, {1}), std::vector<int>{7}, 2), 0);
}

TEST(NeighbourAccuracy, RefusesWhatDoesNotFit) {
  const Tensor map({2, 1}, {0, 3});
  const std::vector<int> labels{0, 1};
  EXPECT_THROW(neighbour_accuracy(map, labels, map, labels, 3), DataError);
  EXPECT_THROW(neighbour_accuracy(map, labels, map, labels, 0), DataError);
  EXPECT_THROW(neighbour_accuracy(map, std::vector<int>{0}, map, labels, 1), ShapeError);
  EXPECT_THROW(neighbour_accuracy(map, labels, Tensor({1, 2}, {0, 0}), std::vector<int>{0}, 1), ShapeError);
}

TEST(SpreadWithin, IsNothingForCopiesAndOneForRandomGroups) {
  Rng rng(3);
  Tensor copies({200, 2}), random({200, 2});
  std::vector<int> group(200);
  for (int i = 0; i < 200; ++i) {
    group[static_cast<std::size_t>(i)] = i / 4;
    for (int k = 0; k < 2; ++k) {
      const auto at = static_cast<std::size_t>(2 * i + k);
      random[at] = static_cast<Real>(rng.normal());
      copies[at] = i % 4 ? copies[at - 2] : static_cast<Real>(rng.normal());
    }
  }
  EXPECT_EQ(spread_within(copies, group), 0);
  EXPECT_NEAR(spread_within(random, group), 1, 0.1);
  std::vector<int> alone(200);
  for (int i = 0; i < 200; ++i) alone[static_cast<std::size_t>(i)] = i;
  EXPECT_THROW(spread_within(random, alone), DataError);
}

TEST(CircularCorrelation, KnowsAnglesThatTurnAlike) {
  Rng rng(5);
  std::vector<double> a, turned, reversed, other;
  for (int i = 0; i < 400; ++i) {
    a.push_back(rng.uniform(-kPi, kPi));
    turned.push_back(std::remainder(a.back() + 2.3, 2 * kPi));
    reversed.push_back(1 - a.back());
    other.push_back(rng.uniform(-kPi, kPi));
  }
  EXPECT_NEAR(circular_correlation(a, turned), 1, 1e-9);
  EXPECT_NEAR(circular_correlation(a, reversed), -1, 1e-9);
  EXPECT_NEAR(circular_correlation(a, other), 0, 0.05);
  EXPECT_THROW(circular_correlation(a, std::vector<double>{1}), ShapeError);
}

TEST(Cylinder, ATiltedOne_IsFoundWithItsAxis) {
  Rng rng(9);
  Tensor map({300, 3});
  std::vector<double> angle, height;
  for (int i = 0; i < 300; ++i) {
    const double a = rng.uniform(-kPi, kPi), h = rng.uniform(0, 1);
    angle.push_back(a);
    height.push_back(h);
    const double x = std::cos(a), y = std::sin(a), c = std::cos(0.7), s = std::sin(0.7);
    const double z = 3 * h, row[] = {c * x - s * z + 4, y - 2, s * x + c * z};
    for (int k = 0; k < 3; ++k)
      map[static_cast<std::size_t>(3 * i + k)] = static_cast<Real>(row[k] + 0.01 * rng.normal());
  }
  const Cylinder found = as_cylinder(map, angle, height);
  EXPECT_GT(found.angle_correlation, 0.99);
  EXPECT_GT(found.height_correlation, 0.99);
  ASSERT_EQ(found.angle.size(), 300u);
  std::vector<double> wrong(300);
  for (double& w : wrong) w = rng.uniform(-kPi, kPi);
  EXPECT_LT(as_cylinder(map, wrong, height).angle_correlation, 0.1);
}

TEST(Airplane, IsSeenFromEverySideUnderEveryLight) {
  const std::vector<Viewpoint> views = all_views(6, 3, kPi / 6, kPi / 36);
  ASSERT_EQ(views.size(), 6u * 3 * 6);
  std::vector<Tensor> pictures;
  for (const Viewpoint& v : views) pictures.push_back(render_airplane(v, 24));
  for (std::size_t i = 0; i < pictures.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_FALSE(std::ranges::equal(pictures[i].span(), pictures[j].span()));
  for (const Tensor& p : pictures)
    for (const Real x : p.span()) ASSERT_TRUE(x >= 0 && x <= 1);
  EXPECT_THROW(render_airplane({.lighting = 6}), DataError);
  EXPECT_THROW(render_airplane({.elevation = -0.1}), DataError);
  EXPECT_THROW(render_airplane({}, 4), DataError);
}

TEST(Airplane, ANoseToTheRight_IsTheMirrorImageOfANoseToTheLeft) {
  // Under the first light, which comes from the middle.
  const Tensor right = render_airplane({.azimuth = 0, .elevation = 0.5}, 32),
               left = render_airplane({.azimuth = kPi, .elevation = 0.5}, 32);
  for (std::size_t y = 0; y < 32; ++y)
    for (std::size_t x = 0; x < 32; ++x) EXPECT_NEAR(right[32 * y + x], left[32 * y + 31 - x], 1e-4);
}

}  // namespace
}  // namespace ebm::models
