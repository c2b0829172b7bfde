#include "ebm/models/face_people.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"

namespace ebm::models {
namespace {

double difference(const io::Image& a, const io::Image& b) {
  double sum = 0;
  for (std::size_t p = 0; p < a.pixels.size(); ++p) sum += std::abs(int{a.pixels[p]} - int{b.pixels[p]});
  return sum / static_cast<double>(a.pixels.size());
}

TEST(FacePeople, OfASeed_AreTheSameForAnyThreads) {
  set_threads(1);
  const FacePeople one = make_people(5, 3, 7);
  set_threads(3);
  const FacePeople three = make_people(5, 3, 7), other = make_people(5, 3, 8);
  set_threads(0);
  EXPECT_EQ(one.person, (std::vector{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}));
  for (std::size_t i = 0; i < one.pictures.size(); ++i) {
    EXPECT_EQ(one.pictures[i].pixels, three.pictures[i].pixels);
    EXPECT_NE(one.pictures[i].pixels, other.pictures[i].pixels);
    EXPECT_EQ(one.pictures[i].width, 92);
    EXPECT_EQ(one.pictures[i].height, 112);
  }
}

// By more than the noise of the camera, and less than from others: what there is to learn.
TEST(FacePeople, DifferFromOthersMoreThanFromThemselves) {
  const FacePeople made = make_people(20, 4, 1);
  double own = 0, others = 0, pairs = 0, other_pairs = 0, least = 255;
  for (std::size_t a = 0; a < made.pictures.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const double d = difference(made.pictures[a], made.pictures[b]);
      const bool same = made.person[a] == made.person[b];
      (same ? own : others) += d;
      (same ? pairs : other_pairs) += 1;
      least = std::min(least, d);
    }
  EXPECT_GT(least, 3);
  EXPECT_LT(own / pairs, 0.8 * others / other_pairs);
}

TEST(FacePeople, OfNobody_AreRefused) {
  EXPECT_THROW(make_people(0, 3, 1), DataError);
  EXPECT_THROW(make_people(3, 0, 1), DataError);
  EXPECT_THROW(make_people(3, 3, 1, 8), DataError);
}

}  // namespace
}  // namespace ebm::models
