#include "ebm/models/verification.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/error.hpp"

namespace ebm::models {
namespace {

using Energies = std::vector<double>;

TEST(Roc, OfALittleExample_EqualsTheOneByHand) {
  const auto curve = roc(Energies{1, 2, 5}, Energies{4, 5, 6, 7});
  ASSERT_EQ(curve.size(), 7u);  // accept none, then one for each of 1 2 4 5 6 7
  EXPECT_EQ(curve[0].false_rejects, 1);
  EXPECT_EQ(curve[0].false_accepts, 0);
  EXPECT_NEAR(curve[2].false_rejects, 1.0 / 3, 1e-12);
  EXPECT_EQ(curve[3].false_accepts, 0.25);
  EXPECT_EQ(curve[4].threshold, 5);  // of both kinds at once: no threshold parts equals
  EXPECT_NEAR(curve[4].false_rejects, 0, 1e-12);
  EXPECT_EQ(curve[4].false_accepts, 0.5);
  EXPECT_EQ(curve.back().false_accepts, 1);
  // Between (1/3, 1/4) and (0, 1/2): 1/3 - t/3 = 1/4 + t/4.
  EXPECT_NEAR(equal_error(curve), 0.25 + 0.25 / 7, 1e-12);
  EXPECT_NEAR(false_accepts_at(curve, 1.0 / 6), 0.375, 1e-12);
  EXPECT_EQ(threshold_at(curve, 0.4), 2);
}

TEST(Roc, OfSeparateKinds_HasNoError) {
  const auto curve = roc(Energies{1, 2}, Energies{3, 4});
  EXPECT_EQ(equal_error(curve), 0);
  EXPECT_EQ(false_accepts_at(curve, 0.05), 0);
}

TEST(Roc, OfWrongWayRound_IsAllError) { EXPECT_EQ(equal_error(roc(Energies{3, 4}, Energies{1, 2})), 1); }

TEST(Roc, OfOneEnergyForAll_GuessesEvenly) {
  EXPECT_NEAR(equal_error(roc(Energies(7, 2.0), Energies(9, 2.0))), 0.5, 1e-12);
}

TEST(Roc, OfTwoNormals_HasTheErrorOfTheirOverlap) {
  Rng rng(2);
  Energies genuine, impostor;
  for (int i = 0; i < 20000; ++i) genuine.push_back(rng.normal()), impostor.push_back(3 + rng.normal());
  EXPECT_NEAR(equal_error(roc(genuine, impostor)), std::erfc(1.5 / std::sqrt(2.0)) / 2, 4e-3);
}

TEST(Roc, WithoutBothKindsOrWithNaN_IsRefused) {
  EXPECT_THROW(roc(Energies{}, Energies{1}), DataError);
  EXPECT_THROW(roc(Energies{1}, Energies{}), DataError);
  EXPECT_THROW(roc(Energies{std::nan("")}, Energies{1}), DataError);
}

// Persons as clouds of embeddings in eight dimensions.
struct Clouds {
  Tensor rows;
  std::vector<int> classes;
  Clouds(int persons, int images, double spread, std::uint64_t seed = 1) : rows(Shape{persons * images, 8}) {
    Rng rng(seed);
    for (int p = 0; p < persons; ++p) {
      double centre[8];
      for (double& c : centre) c = rng.normal();
      for (int i = 0; i < images; ++i) {
        for (int d = 0; d < 8; ++d)
          rows[(classes.size()) * 8 + static_cast<std::size_t>(d)] =
              static_cast<Real>(centre[d] + spread * rng.normal());
        classes.push_back(p);
      }
    }
  }
};

TEST(AllPairs, AreEveryUnorderedPairOnce) {
  const Clouds c(3, 4, 0.1);
  const auto pairs = all_pairs(c.rows, c.classes);
  const TwoKinds kinds = energies_by_kind(pairs);
  EXPECT_EQ(kinds.genuine.size(), 18u);
  EXPECT_EQ(kinds.impostor.size(), 48u);
  double sum = 0;
  for (int d = 0; d < 8; ++d)
    sum += std::abs(static_cast<double>(c.rows[8 + d]) - static_cast<double>(c.rows[d]));
  EXPECT_NEAR(pairs[0].energy, sum, 1e-5);
}

TEST(EqualErrorInterval, HoldsTheErrorAndNarrowsWithMorePeople) {
  const auto width = [](int persons) {
    const Clouds c(persons, 5, 0.8);
    const auto pairs = all_pairs(c.rows, c.classes);
    const TwoKinds kinds = energies_by_kind(pairs);
    const double error = equal_error(roc(kinds.genuine, kinds.impostor));
    const Interval i = equal_error_interval(pairs, c.classes, Rng(1), 200);
    EXPECT_LE(i.low, error);
    EXPECT_GE(i.high, error);
    return i.high - i.low;
  };
  EXPECT_LT(width(40), 0.7 * width(8));
}

TEST(DensityEnergies, OfTightClouds_ArePartedAndOfOverlappingOnesAreNot) {
  const auto error = [](double spread) {
    const Clouds c(10, 8, spread);
    const TwoKinds kinds = density_energies(c.rows, c.classes, 5);
    EXPECT_EQ(kinds.genuine.size(), 30u);
    EXPECT_EQ(kinds.impostor.size(), 270u);
    return equal_error(roc(kinds.genuine, kinds.impostor));
  };
  EXPECT_LT(error(0.1), 0.01);
  EXPECT_GT(error(10), 0.3);
}

TEST(DensityEnergies, OfOneDimension_AreMinusTheLogOfTheDensity) {
  // Galleries {-1, 1} and {9, 11}: pooled variance 2; the probe 0 is at distance 0 and 10.
  const Tensor rows({5, 1}, {-1, 1, 0, 9, 11});
  const TwoKinds kinds = density_energies(rows, std::vector{0, 0, 0, 1, 1}, 2);
  const double normaliser = std::log(2 * M_PI * 2) / 2;
  ASSERT_EQ(kinds.genuine.size(), 1u);
  EXPECT_NEAR(kinds.genuine[0], normaliser, 1e-9);
  EXPECT_NEAR(kinds.impostor[0], normaliser + 100 / 4.0, 1e-9);
}

TEST(DensityEnergies, WithoutAProbe_AreRefused) {
  const Clouds c(3, 5, 0.1);
  EXPECT_THROW(density_energies(c.rows, c.classes, 5), DataError);
}

TEST(Recognition, OfTightClouds_IsRightAndOfNoise_IsGuessing) {
  const Clouds tight(10, 6, 0.05), noise(10, 6, 50);
  EXPECT_EQ(recognition(tight.rows, tight.classes, 1, Rng(1)), 1);
  EXPECT_NEAR(recognition(noise.rows, noise.classes, 1, Rng(1), 50), 0.1, 0.07);
}

TEST(Recognition, WithMorePrototypes_IsBetter) {
  const Clouds c(20, 10, 0.9);
  EXPECT_GT(recognition(c.rows, c.classes, 5, Rng(1)), recognition(c.rows, c.classes, 1, Rng(1)) + 0.02);
}

TEST(Recognition, WithOneImageAPerson_HasNoProbe) {
  const Clouds c(5, 1, 0.1);
  EXPECT_THROW(recognition(c.rows, c.classes, 1, Rng(1)), DataError);
}

}  // namespace
}  // namespace ebm::models
