#include "ebm/report/picture_map.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ebm::report {
namespace {

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(PictureMap, HasADotForEachPointAndItsPicture) {
  const io::Image grey{2, 3, std::vector<std::uint8_t>(6, 90)};
  const std::string svg =
      picture_map({.label = "all",
                   .points = {{0, 0, 0, "a <b>", grey},
                              {3, 1, 1, "c", {}},
                              {std::numeric_limits<double>::quiet_NaN(), 0, 0, "lost", grey}}});
  EXPECT_EQ(count(svg, "<circle"), 2u);
  EXPECT_EQ(count(svg, "<image"), 1u);
  EXPECT_NE(svg.find("a &lt;b&gt;"), std::string::npos);
  EXPECT_EQ(svg.find("lost"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(PictureMap, OfTwoGroups_HasTwoColours) {
  const std::string svg =
      picture_map({.label = "", .points = {{0, 0, 0, "", {}}, {1, 0, 1, "", {}}, {2, 0, 1, "", {}}}});
  EXPECT_EQ(count(svg, "hsl(0 "), 1u);
  EXPECT_EQ(count(svg, "hsl(138 "), 2u);
}

TEST(PictureMap, OfNothing_SaysSo) { EXPECT_NE(picture_map({}).find("nothing to show"), std::string::npos); }

TEST(PictureMap, OfOnePlace_StaysInThePicture) {
  const std::string svg = picture_map({.label = "", .points = {{5, 5, 0, "", {}}, {5, 5, 0, "", {}}}});
  EXPECT_NE(svg.find("cx=\"310.0\" cy=\"260.0\""), std::string::npos) << svg;
}

}  // namespace
}  // namespace ebm::report
