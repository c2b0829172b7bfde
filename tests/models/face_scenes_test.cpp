#include "ebm/models/face_scenes.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"

namespace ebm::models {
namespace {

constexpr std::size_t kPixels = std::size_t{kFaceSide} * kFaceSide;

bool equal(std::span<const Real> a, std::span<const Real> b) { return std::ranges::equal(a, b); }

void expect_light(std::span<const Real> values) {
  for (const Real value : values) {
    ASSERT_GE(value, 0);  // false for NaN
    ASSERT_LE(value, 1);
  }
}

TEST(FaceSet, OfASeed_IsTheSameForAnyThreadsAndAnyCut) {
  set_threads(1);
  const FaceSet one = make_faces(24, 7);
  const Tensor non_faces = make_non_faces(24, 7);
  set_threads(3);
  const FaceSet three = make_faces(24, 7), tail = make_faces(8, 7, {}, {}, 16);
  const Tensor tail_of_non_faces = make_non_faces(8, 7, {}, 16);
  EXPECT_TRUE(equal(make_non_faces(24, 7).span(), non_faces.span()));
  set_threads(0);
  EXPECT_TRUE(equal(one.images.span(), three.images.span()));
  EXPECT_EQ(one.poses, three.poses);
  EXPECT_TRUE(equal(one.images.span().subspan(16 * kPixels), tail.images.span()));
  EXPECT_TRUE(equal(non_faces.span().subspan(16 * kPixels), tail_of_non_faces.span()));
  EXPECT_TRUE(std::ranges::equal(std::span(one.poses).subspan(16), tail.poses));
  EXPECT_FALSE(equal(one.images.span(), make_faces(24, 8).images.span()));
}

TEST(FaceSet, HasPicturesInRangeAndPosesOverTheirRanges) {
  const FaceRanges ranges{.yaw = 1, .pitch = 0.2, .roll = 0.5};
  const FaceSet set = make_faces(150, 1, ranges);
  EXPECT_EQ(set.images.shape(), (Shape{150, 1, kFaceSide, kFaceSide}));
  expect_light(set.images.span());
  int left = 0, far = 0, leaning = 0;
  for (const FacePose& pose : set.poses) {
    EXPECT_LE(std::abs(pose.yaw), 1);
    EXPECT_LE(std::abs(pose.pitch), 0.2);
    EXPECT_LE(std::abs(pose.roll), 0.5);
    left += pose.yaw < 0;
    far += std::abs(pose.yaw) > 0.5;
    leaning += pose.roll > 0;
  }
  for (const int half : {left, far, leaning}) EXPECT_NEAR(half, 75, 30);
}

TEST(FaceSet, HasNoTwoAlike) {
  for (const Tensor& images : {make_faces(40, 3).images, make_non_faces(40, 3)}) {
    double sum = 0;
    int pairs = 0;
    for (int i = 0; i < 40; ++i)
      for (int j = 0; j < i; ++j, ++pairs) {
        double difference = 0;
        const auto a = images.view().row(i), b = images.view().row(j);
        for (std::size_t k = 0; k < kPixels; ++k)
          difference += std::abs(static_cast<double>(a[k]) - static_cast<double>(b[k]));
        EXPECT_GT(difference / kPixels, 0.01);
        sum += difference / kPixels;
      }
    EXPECT_GT(sum / pairs, 0.15);
  }
}

TEST(MakeFace, OfAnotherSide_IsTheSamePersonAtTheSamePlace) {
  const FaceCrop small = make_face(32, 5, 11), large = make_face(96, 5, 11);
  EXPECT_EQ(small.pose, large.pose);
  EXPECT_EQ(large.image.width, 96);
  EXPECT_NEAR(small.window.x / 32, large.window.x / 96, 0.1);
  EXPECT_LE(std::abs(large.window.x - 48), 0.05 * 96);
  EXPECT_LE(large.window.size / 96, 1.19);
  EXPECT_GE(large.window.size / 96, 1 / 1.19);
  EXPECT_TRUE(equal(make_faces(1, 5, {}, {}, 11).images.span(),
                    [&] {
                      Tensor image({1, 1, 32, 32});
                      std::ranges::copy(small.image.values, image.data());
                      return image;
                    }()
                        .span()));
}

TEST(NonFaces, OfASmallBackground_AreRefusedAndOfALargeOneUseIt) {
  const std::vector<GreyMap> small{GreyMap(31, 40)};
  EXPECT_THROW(make_non_faces(2, 1, small), DataError);
  EXPECT_THROW(make_faces(2, 1, {}, small), DataError);
  // White pictures, which nothing made is: about half of the crops that are no piece of a face.
  GreyMap white(64, 48);
  white.values.assign(white.values.size(), 1);
  const Tensor crops = make_non_faces(100, 1, std::vector<GreyMap>{white});
  expect_light(crops.span());
  int bright = 0;
  for (int i = 0; i < 100; ++i) {
    double sum = 0;
    for (const Real value : crops.view().row(i).span()) sum += static_cast<double>(value);
    bright += sum / kPixels > 0.85;
  }
  EXPECT_GT(bright, 25);
  EXPECT_LT(bright, 70);
}

TEST(Scene, OfASeed_IsTheSameForAnyThreads) {
  std::vector<FaceScene> scenes(4);
  set_threads(3);
  parallel_for(scenes.size(), [&](std::size_t i) {
    scenes[i] = make_scene({.width = 120, .height = 90, .largest = 60}, 2, i);
  });
  set_threads(0);
  for (std::size_t i = 0; i < scenes.size(); ++i)
    EXPECT_EQ(make_scene({.width = 120, .height = 90, .largest = 60}, 2, i).image.values,
              scenes[i].image.values);
  EXPECT_NE(scenes[0].image.values, scenes[1].image.values);
}

TEST(Scene, HasItsFacesInsideApartAndOfTheSizesAskedFor) {
  const SceneOptions options{
      .width = 160, .height = 120, .least = 1, .most = 4, .smallest = 24, .largest = 60};
  std::size_t faces = 0;
  for (std::uint64_t i = 0; i < 25; ++i) {
    const FaceScene scene = make_scene(options, 9, i);
    EXPECT_EQ(scene.image.width, 160);
    EXPECT_EQ(scene.image.height, 120);
    for (const float value : scene.image.values) ASSERT_TRUE(value >= 0 && value <= 1);
    EXPECT_GE(scene.faces.size(), 1u);
    EXPECT_LE(scene.faces.size(), 4u);
    faces += scene.faces.size();
    for (std::size_t k = 0; k < scene.faces.size(); ++k) {
      const FaceWindow& w = scene.faces[k].window;
      EXPECT_GE(w.size, 24);
      EXPECT_LE(w.size, 60);
      EXPECT_GE(std::min(w.x, w.y), w.size / 2);
      EXPECT_LE(w.x + w.size / 2, 160);
      EXPECT_LE(w.y + w.size / 2, 120);
      for (std::size_t j = 0; j < k; ++j) {
        const FaceWindow& v = scene.faces[j].window;
        const double reach = 0.5 * (v.size + w.size);
        const double x = std::max(0.0, reach - std::abs(v.x - w.x)),
                     y = std::max(0.0, reach - std::abs(v.y - w.y));
        EXPECT_LE(std::min(x, w.size) * std::min(y, w.size), 0.1001 * std::pow(std::max(v.size, w.size), 2));
      }
    }
  }
  EXPECT_GT(faces, 40u);
}

TEST(Scene, WithBoundsThatCannotBe_IsRefused) {
  EXPECT_THROW(make_scene({.width = 20}, 1, 0), DataError);
  EXPECT_THROW(make_scene({.least = 4, .most = 3}, 1, 0), DataError);
  EXPECT_THROW(make_scene({.smallest = 60, .largest = 50}, 1, 0), DataError);
}

}  // namespace
}  // namespace ebm::models
