#pragma once
/// \file
/// Made people for a verifier: each has one head, seen in several pictures with the pose, expression, light
/// and hair of the day, as in the ORL database (Samaria, Harter 1994). Person i of a seed is a function of
/// (seed, i) alone, so a set is the same for any number of threads.

#include <cstdint>
#include <functional>
#include <vector>

#include "ebm/io/image.hpp"
#include "ebm/models/face_renderer.hpp"

namespace ebm::models {

/// Width of a picture of ORL, pixels; the height of any is 56 to 46.
inline constexpr int kPortraitWidth = 92;

/// What stays of a person from picture to picture, and what a day changes: light, clothes, hair, stubble and
/// the distance of the camera.
struct FacePerson {
  FaceLook today, another_day;  ///< of one head; half of all people are seen on one day alone
  double size = 1;              ///< of the window, in widths of the picture, and on the other day
  double another_size = 1;
  double background = 0.3, another_background = 0.3;  ///< light in [0, 1]
  Rng rng{0};                                         ///< of the pictures
};
/// \throws DataError for fewer than one.
std::vector<FacePerson> draw_people(int people, std::uint64_t seed);
/// Picture `k` of a person, on one of the days: head turned by up to 40 degrees, nodding and leaning less,
/// with any expression. `width` pixels wide, light in [0, 1]. \throws DataError for less than 23 pixels.
GreyMap draw_portrait(const FacePerson& person, int k, int width);

/// `person` [pictures] counts from 0; pictures of one person lie together.
struct FacePeople {
  std::vector<io::Image> pictures;
  std::vector<int> person;
};
/// On all threads. \param drawn called after each person, from any thread. \throws DataError as these two,
/// and for fewer than one picture.
FacePeople make_people(int people, int pictures_each, std::uint64_t seed, int width = kPortraitWidth,
                       const std::function<void()>& drawn = {});

}  // namespace ebm::models
