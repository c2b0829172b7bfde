#include "ebm/models/face_renderer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "ebm/models/face_scenes.hpp"

namespace ebm::models {
namespace {

constexpr FaceWindow kWindow{32, 32, 64};

GreyMap on_grey(const FaceLook& look, const FacePose& pose, float grey = 0.5F) {
  GreyMap canvas(64, 64);
  canvas.values.assign(canvas.values.size(), grey);
  draw_head(look, pose, kWindow, canvas);
  return canvas;
}

/// Somebody whose two sides are alike, in light from the front.
FaceLook plain() {
  FaceLook look;
  look.mottle = 0;
  look.hair.bald = true;
  look.hair.length = 6;
  look.light.x = 0;
  look.light.fill = 0;
  return look;
}

double difference(const GreyMap& a, const GreyMap& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i)
    sum += std::abs(static_cast<double>(a.values[i]) - static_cast<double>(b.values[i]));
  return sum / static_cast<double>(a.values.size());
}

GreyMap flipped(const GreyMap& a) {
  GreyMap out(a.width, a.height);
  for (int y = 0; y < a.height; ++y)
    for (int x = 0; x < a.width; ++x) out.at(x, y) = a.at(a.width - 1 - x, y);
  return out;
}

TEST(FacePose, Yaw_TurnsTheNoseToThePicturesRight) {
  Rng rng(1);
  for (int i = 0; i < 20; ++i) {
    const FaceLook look = draw_face(rng);
    double last = -1e9;
    for (const double yaw : {-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5}) {
      const double x = nose_tip(look, {.yaw = yaw}, kWindow).x;
      EXPECT_GT(x, last);
      last = x;
    }
    EXPECT_LT(nose_tip(look, {.yaw = -0.2}, kWindow).x, 32);
    EXPECT_NEAR(nose_tip(look, {}, kWindow).x, 32, 1e-3);
    EXPECT_GT(nose_tip(look, {.yaw = 0.2}, kWindow).x, 32);
  }
}

TEST(FacePose, Pitch_TurnsTheNoseUp) {
  const FaceLook look;
  EXPECT_LT(nose_tip(look, {.pitch = 0.4}, kWindow).y, nose_tip(look, {}, kWindow).y);
  EXPECT_GT(nose_tip(look, {.pitch = -0.4}, kWindow).y, nose_tip(look, {}, kWindow).y);
}

TEST(FacePose, Roll_TurnsThePictureClockwiseWhateverTheYaw) {
  const FaceLook look;
  for (const double yaw : {-1.2, 0.0, 0.7}) {
    // From the middle, the forehead is up; a quarter turn clockwise brings it to the right.
    const Spot up = project(look, {.yaw = yaw}, kWindow, 0, 8, 6);
    const Spot turned = project(look, {.yaw = yaw, .roll = std::numbers::pi / 2}, kWindow, 0, 8, 6);
    EXPECT_NEAR(turned.x - 32, -(up.y - 32), 1e-3);
    EXPECT_NEAR(turned.y - 32, up.x - 32, 1e-3);
    EXPECT_LT(up.y, 20);
  }
}

TEST(FacePose, OfAMirror_GivesTheMirroredPicture) {
  for (const FacePose& pose : {FacePose{0.6, 0.2, 0.3}, FacePose{-1.3, -0.1, -0.5}, FacePose{}}) {
    const GreyMap one = on_grey(plain(), pose), other = on_grey(mirrored(plain()), mirrored(pose));
    EXPECT_LT(difference(flipped(one), other), 0.01);
  }
  // And a turned face is no mirror image of itself.
  const GreyMap turned = on_grey(plain(), {.yaw = 0.6});
  EXPECT_GT(difference(flipped(turned), turned), 0.03);
}

TEST(FaceWindow, HasTheFaceFromBrowsToChin) {
  Rng rng(2);
  for (int i = 0; i < 30; ++i) {
    const FaceLook look = draw_face(rng);
    const double brow = project(look, {}, kWindow, 0, 3, 8).y,
                 chin = project(look, {}, kWindow, 0, -11.5, 7).y;
    const double eyes = project(look, {}, kWindow, 0, 0, 8).y, mouth = project(look, {}, kWindow, 0, -7, 9).y;
    // 20 to 24 pixels of 32 are 40 to 48 of these 64; nearness makes a little of it.
    EXPECT_NEAR(chin - brow, 44, 4);
    EXPECT_NEAR(0.5 * (eyes + mouth), 32, 1.5);
  }
}

TEST(FaceWindow, OfAnotherSizeAndPlace_MovesTheFaceWithIt) {
  const FaceLook look;
  const FacePose pose{0.5, 0.1, -0.2};
  const Spot a = nose_tip(look, pose, kWindow), b = nose_tip(look, pose, {100, 50, 128});
  EXPECT_NEAR(b.x - 100, 2 * (a.x - 32), 1e-3);
  EXPECT_NEAR(b.y - 50, 2 * (a.y - 32), 1e-3);
}

/// Mean light of the n x n pixels around a place.
double around(const GreyMap& picture, const Spot& at, int n) {
  double sum = 0;
  for (int v = 0; v < n; ++v)
    for (int u = 0; u < n; ++u)
      sum += static_cast<double>(
          picture.at(static_cast<int>(at.x) + u - n / 2, static_cast<int>(at.y) + v - n / 2));
  return sum / (n * n);
}

TEST(DrawHead, EyesAndMouth_AreDarkerThanCheeks) {
  const FaceLook look = plain();
  for (const double yaw : {-0.4, 0.0, 0.4}) {
    const FacePose pose{.yaw = yaw};
    const GreyMap picture = on_grey(look, pose);
    const auto light = [&](double x, double y, double z) {
      return around(picture, project(look, pose, kWindow, x, y, z), 3);
    };
    for (const double side : {-1.0, 1.0}) {
      const double cheek = light(3.6 * side, -3.2, 8.5);
      EXPECT_LT(light(3.15 * side, 0, 8.2), 0.8 * cheek) << yaw << " eye of side " << side;
    }
    EXPECT_LT(light(0, -7.1, 10.2), 0.9 * light(3.6, -3.2, 8.5)) << yaw << " mouth";
  }
}

TEST(DrawHead, OutsideTheHead_LeavesTheCanvas) {
  const FaceLook look = plain();
  const GreyMap dark = on_grey(look, {}, 0), light = on_grey(look, {}, 1);
  EXPECT_EQ(dark.at(0, 0), 0);
  EXPECT_EQ(light.at(63, 0), 1);
  // Nothing shines through the face, and edges are soft.
  int soft = 0;
  for (std::size_t i = 0; i < dark.values.size(); ++i) {
    const float through = light.values[i] - dark.values[i];
    EXPECT_GE(through, -1e-5F);
    soft += through > 0.05F && through < 0.95F;
  }
  EXPECT_NEAR(light.at(32, 32), dark.at(32, 32), 1e-5);
  EXPECT_GT(soft, 30);
  GreyMap elsewhere(8, 8);
  draw_head(look, {}, {500, 500, 64}, elsewhere);
  for (const float value : elsewhere.values) EXPECT_EQ(value, 0);
}

TEST(DrawHead, OfAnyone_IsNumbersBetweenBlackAndWhite) {
  Rng rng(3);
  for (int i = 0; i < 60; ++i) {
    const FaceRanges all{.pitch = std::numbers::pi / 3};
    const GreyMap picture = on_grey(draw_face(rng), draw_pose(all, rng));
    for (const float value : picture.values) {
      ASSERT_GE(value, 0);  // false for NaN
      ASSERT_LE(value, 1 + 1e-5F);
    }
  }
}

TEST(DrawHead, PeopleInOnePose_Differ) {
  std::vector<GreyMap> people;
  for (std::uint64_t i = 0; i < 12; ++i) {
    Rng rng(4, i);
    people.push_back(on_grey(draw_face(rng), {}));
  }
  for (std::size_t i = 0; i < people.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) EXPECT_GT(difference(people[i], people[j]), 0.04) << i << " " << j;
}

TEST(Expose, Contrast_ActsAboutMiddleGrey) {
  GreyMap picture(2, 1);
  picture.values = {0.5F, 0.6F};
  Rng rng(5);
  expose({.contrast = 2, .bright = 0.1}, rng, picture);
  EXPECT_NEAR(picture.values[0], 0.6, 1e-6);
  EXPECT_NEAR(picture.values[1], 0.8, 1e-6);
  expose({.contrast = 100}, rng, picture);
  EXPECT_EQ(picture.values[1], 1);
}

TEST(Expose, BlurAndNoise_AreAsStrongAsTheySay) {
  GreyMap flat(64, 64);
  flat.values.assign(flat.values.size(), 0.5F);
  GreyMap spot(33, 33);
  spot.at(16, 16) = 1;
  Rng rng(6);
  expose({.noise = 0.05}, rng, flat);
  double square = 0;
  for (const float value : flat.values) square += std::pow(static_cast<double>(value) - 0.5, 2);
  EXPECT_NEAR(std::sqrt(square / 4096), 0.05, 0.003);
  expose({.blur = 2}, rng, spot);
  double sum = 0, spread = 0;
  for (int y = 0; y < 33; ++y)
    for (int x = 0; x < 33; ++x)
      sum += static_cast<double>(spot.at(x, y)),
          spread += static_cast<double>(spot.at(x, y)) * (x - 16) * (x - 16);
  EXPECT_NEAR(sum, 1, 1e-4);
  EXPECT_NEAR(std::sqrt(spread), 2, 0.12);
}

}  // namespace
}  // namespace ebm::models
