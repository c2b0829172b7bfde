#include "ebm/models/pairs.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "io/io_test.hpp"

namespace ebm::models {
namespace {

std::vector<int> people(int persons, int images) {
  std::vector<int> out;
  for (int i = 0; i < persons * images; ++i) out.push_back(i / images);
  return out;
}

std::vector<std::pair<int, int>> places(const std::vector<Pair>& pairs) {
  std::vector<std::pair<int, int>> out;
  for (const Pair& p : pairs) out.emplace_back(p.a, p.b);
  return out;
}

using Places = std::vector<std::pair<int, int>>;

TEST(Pairs, OfTheFacesOf2005_AreAsManyAsPublished) {
  const PairCounts train = ordered_pair_counts(people(35, 10)), test = ordered_pair_counts(people(5, 10));
  EXPECT_EQ(train.genuine, 3500u);
  EXPECT_EQ(train.impostor, 119000u);
  EXPECT_EQ(test.genuine, 500u);
  EXPECT_EQ(test.impostor, 2000u);
}

TEST(Pairs, ByIdentity_AreUnorderedAndWithoutSelfPairs) {
  const PairSet set = pairs_by_identity(std::vector{0, 1, 0, 1, 0});
  EXPECT_EQ(places(set.genuine), (Places{{0, 2}, {0, 4}, {1, 3}, {2, 4}}));
  EXPECT_EQ(set.impostor_count(), 6u);
  EXPECT_TRUE(set.is_genuine(4, 2));
  EXPECT_FALSE(set.is_genuine(0, 1));
}

TEST(Pairs, ByNeighbours_EqualThoseOfAllDistances) {
  Rng rng(4);
  constexpr int kImages = 200, kPixels = 12, kNear = 5;
  Tensor images(Shape{kImages, 3, 4});
  for (Real& x : images.span()) x = static_cast<Real>(rng.normal());
  std::vector<Pair> expected;
  for (int i = 0; i < kImages; ++i) {
    std::vector<std::pair<double, int>> others;
    for (int j = 0; j < kImages; ++j) {
      double sum = 0;
      for (int k = 0; k < kPixels; ++k)
        sum += std::pow(
            static_cast<double>(images[i * kPixels + k]) - static_cast<double>(images[j * kPixels + k]), 2);
      if (j != i) others.emplace_back(sum, j);
    }
    std::ranges::sort(others);
    for (int k = 0; k < kNear; ++k) expected.push_back({i, others[static_cast<std::size_t>(k)].second, true});
  }
  EXPECT_EQ(places(pairs_by_neighbours(images, kNear).genuine), places(pair_set(kImages, expected).genuine));
}

TEST(Pairs, ByNeighboursAmongEqualImages_LeaveOutTheImageItself) {
  const Tensor images(Shape{4, 2});  // all zero: the tree may not name the image among its nearest
  for (const Pair& p : pairs_by_neighbours(images, 2).genuine) EXPECT_LT(p.a, p.b);
  EXPECT_THROW(pairs_by_neighbours(images, 4), DataError);
  EXPECT_THROW(pairs_by_neighbours(images, 0), DataError);
}

TEST(Pairs, WithCopies_AreAlsoThoseOfNeighboursCopies) {
  // Images 0 and 1 are alike, 2 stands alone; copies 3 of 0, 4 of 1, 5 of 2.
  const PairSet near = pair_set(3, {{0, 1, true}});
  const PairSet set = with_copies(near, std::vector<std::vector<int>>{{3}, {4}, {5}}, 6);
  EXPECT_EQ(places(set.genuine), (Places{{0, 1}, {0, 3}, {0, 4}, {1, 3}, {1, 4}, {2, 5}, {3, 4}}));
  EXPECT_EQ(set.impostor_count(), 15u - 7u);
}

TEST(Pairs, OutsideTheSetOrOfBothKinds_AreRefused) {
  EXPECT_THROW(pair_set(3, {{0, 3, true}}), DataError);
  EXPECT_THROW(pair_set(3, {{-1, 2, true}}), DataError);
  EXPECT_THROW(pair_set(3, {{0, 1, true}}, std::vector<Pair>{{1, 0, false}}), DataError);
}

class PairFile : public ::testing::Test {
 protected:
  PairSet read(const std::string& text) const {
    io::write_file(folder_ / "pairs.txt", text);
    return read_pairs(folder_ / "pairs.txt", names_);
  }
  std::string refusal(const std::string& text) const {
    try {
      read(text);
    } catch (const DataError& e) {
      return e.what();
    }
    return "";
  }
  io::Folder folder_;
  const std::vector<std::string> names_{"ann/1.pgm", "ann/2.pgm", "bob/1.pgm"};
};

TEST_F(PairFile, Read_HasWhatItSaysAndNothingElse) {
  const PairSet set = read("# first second same\nann/2.pgm\tann/1.pgm 1\r\n\nann/1.pgm bob/1.pgm 0\n");
  EXPECT_EQ(places(set.genuine), (Places{{0, 1}}));
  ASSERT_TRUE(set.impostor);
  EXPECT_EQ(places(*set.impostor), (Places{{0, 2}}));
}

TEST_F(PairFile, WithAnythingElse_IsRefusedByLine) {
  EXPECT_HAS(refusal("ann/1.pgm ann/2.pgm 1\nann/1.pgm bbo/1.pgm 0\n"),
             "pairs.txt:2: there is no image 'bbo/1.pgm'");
  EXPECT_HAS(refusal("ann/1.pgm ann/2.pgm\n"), "pairs.txt:1: a pair is two image names");
  EXPECT_HAS(refusal("ann/1.pgm ann/2.pgm yes\n"), "pairs.txt:1: a pair is two image names");
  EXPECT_HAS(refusal("\nann/1.pgm ann/1.pgm 1\n"), "pairs.txt:2: an image makes no pair with itself");
  EXPECT_HAS(refusal("ann/1.pgm bob/1.pgm 1\nbob/1.pgm ann/1.pgm 0\n"),
             "pairs.txt:2: line 1 says the opposite");
}

TEST(DrawnPairs, OfEveryBatch_AreHalfGenuineAndFewImages) {
  const std::vector<int> who = people(30, 10);
  const PairSet set = pairs_by_identity(who);
  const std::vector<Pair> drawn = draw_pairs(set, 1000, 50, Rng(3));
  ASSERT_EQ(drawn.size(), 1000u);
  for (std::size_t first = 0; first < drawn.size(); first += 50) {
    int genuine = 0;
    std::set<int> met;
    for (std::size_t i = first; i < first + 50; ++i) {
      genuine += drawn[i].genuine;
      met.insert({drawn[i].a, drawn[i].b});
      EXPECT_EQ(drawn[i].genuine,
                who[static_cast<std::size_t>(drawn[i].a)] == who[static_cast<std::size_t>(drawn[i].b)]);
      EXPECT_NE(drawn[i].a, drawn[i].b);
    }
    EXPECT_EQ(genuine, 25);
    EXPECT_LE(met.size(), 50u);
  }
}

TEST(DrawnPairs, AreAFunctionOfTheGenerator) {
  const PairSet set = pairs_by_identity(people(4, 3));
  EXPECT_EQ(draw_pairs(set, 40, 8, Rng(3)), draw_pairs(set, 40, 8, Rng(3)));
  EXPECT_NE(draw_pairs(set, 40, 8, Rng(3)), draw_pairs(set, 40, 8, Rng(4)));
}

TEST(DrawnPairs, WhereOneBatchHasNoImpostors_FindThemElsewhere) {
  // A single genuine pair: its two images make no impostor.
  const std::vector<Pair> drawn = draw_pairs(pair_set(4, {{0, 1, true}}), 10, 2, Rng(1));
  EXPECT_EQ(std::ranges::count(drawn, false, &Pair::genuine), 5);
}

TEST(DrawnPairs, WithoutBothKinds_AreRefused) {
  EXPECT_THROW(draw_pairs(pairs_by_identity(std::vector{0, 0, 0}), 10, 2, Rng(1)), DataError);
  EXPECT_THROW(draw_pairs(pairs_by_identity(std::vector{0, 1, 2}), 10, 2, Rng(1)), DataError);
}

TEST(DrawnChoices, HaveOneGenuineCandidateAndFewImagesABatch) {
  const std::vector<int> who = people(30, 10);
  const auto of = [&](int i) { return who[static_cast<std::size_t>(i)]; };
  const std::vector<Choice> drawn = draw_choices(pairs_by_identity(who), 500, 100, 60, Rng(3));
  ASSERT_EQ(drawn.size(), 500u);
  for (std::size_t first = 0; first < drawn.size(); first += 100) {
    std::set<int> met;
    std::set<std::pair<int, int>> genuine;
    for (std::size_t i = first; i < first + 100; ++i) {
      const Choice& c = drawn[i];
      EXPECT_EQ(of(c.image), of(c.candidates[0]));
      EXPECT_NE(c.image, c.candidates[0]);
      EXPECT_TRUE(std::all_of(c.candidates.begin() + 1, c.candidates.end(),
                              [&](int other) { return of(other) != of(c.image); }));
      genuine.insert({c.image, c.candidates[0]});
      met.insert(c.image);
      met.insert(c.candidates.begin(), c.candidates.end());
    }
    EXPECT_LE(met.size(), 63u);
    EXPECT_EQ(genuine.size(), 100u);  // of some 180 there are, none twice
  }
}

TEST(DrawnChoices, OfGivenImpostors_HaveNoOthers) {
  // 4 is like nobody, 5 unlike nobody: neither can choose.
  const PairSet set = pair_set(6, {{0, 1}, {2, 3}, {2, 5}}, {{{0, 2, false}, {0, 3, false}, {1, 4, false}}});
  for (const Choice& c : draw_choices(set, 100, 10, 6, Rng(1))) {
    EXPECT_TRUE(set.is_genuine(c.image, c.candidates[0]));
    for (std::size_t k = 1; k < c.candidates.size(); ++k)
      EXPECT_TRUE(std::ranges::any_of(*set.impostor, [&](const Pair& p) {
        return std::minmax(p.a, p.b) == std::minmax(c.image, c.candidates[k]);
      }));
  }
}

TEST(DrawnChoices, AreAFunctionOfTheGenerator) {
  const PairSet set = pairs_by_identity(people(4, 3));
  EXPECT_EQ(draw_choices(set, 40, 8, 6, Rng(3)), draw_choices(set, 40, 8, 6, Rng(3)));
  EXPECT_NE(draw_choices(set, 40, 8, 6, Rng(3)), draw_choices(set, 40, 8, 6, Rng(4)));
}

TEST(DrawnChoices, WithoutBothKinds_AreRefused) {
  EXPECT_THROW(draw_choices(pairs_by_identity(std::vector{0, 0, 0}), 10, 2, 4, Rng(1)), DataError);
  EXPECT_THROW(draw_choices(pairs_by_identity(std::vector{0, 1, 2}), 10, 2, 4, Rng(1)), DataError);
  EXPECT_THROW(draw_choices(pair_set(4, {{0, 1}}, {{{2, 3, false}}}), 10, 2, 4, Rng(1)), DataError);
  EXPECT_THROW(draw_choices(pairs_by_identity(people(4, 3)), 10, 0, 4, Rng(1)), DataError);
  EXPECT_THROW(draw_choices(pairs_by_identity(people(4, 3)), 10, 2, 1, Rng(1)), DataError);
}

}  // namespace
}  // namespace ebm::models
