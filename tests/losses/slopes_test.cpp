// Losses as functions of two energies: values worked out by hand, slopes by central differences, laws,
// infinities and energies out of range.

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/rng.hpp"
#include "ebm/losses/catalogue.hpp"

namespace ebm {
namespace {

// Energies that the loss reads, away from 0 where it needs them positive.
double energy_for(const loss::Row& row, Rng& rng) {
  return row.energies == "any" ? 4 * rng.normal() : 0.05 + 3 * rng.uniform();
}

// Where a slope jumps: no central difference is taken within `width`.
bool near_kink(const loss::Row& row, double e, double o, double width) {
  const auto close = [&](double a, double b) { return std::abs(a - b) < width; };
  if (row.key == "hinge") return close(1 + e, o);
  if (row.key == "lvq2") return close(e, o) || close(e, 2 * o);
  if (row.key == "mee") return close(e, o) || e < o;  // F(all) is never above F(truth)
  return false;
}

TEST(Slopes, OfEveryLoss_EqualCentralDifferences) {
  const double step = 1e-5;
  Rng rng(1);
  for (const loss::Row& row : loss::catalogue()) {
    const AnyLoss loss = any_loss(row.key);
    int checked = 0;
    for (int trial = 0; trial < 500; ++trial) {
      const double e = energy_for(row, rng), o = energy_for(row, rng);
      if (near_kink(row, e, o, 2 * step)) continue;
      ++checked;
      const Slope s = loss(e, o);
      EXPECT_NEAR(s.truth, (loss(e + step, o).value - loss(e - step, o).value) / (2 * step), 1e-6)
          << row.key << " at " << e << ", " << o;
      EXPECT_NEAR(s.contrast, (loss(e, o + step).value - loss(e, o - step).value) / (2 * step), 1e-6)
          << row.key << " at " << e << ", " << o;
    }
    EXPECT_GT(checked, 200) << row.key;
  }
}

TEST(Slopes, PushTheTruthDownAndTheContrastUp) {
  Rng rng(2);
  for (const loss::Row& row : loss::catalogue())
    for (int trial = 0; trial < 300; ++trial) {
      const Slope s = any_loss(row.key)(energy_for(row, rng), energy_for(row, rng));
      EXPECT_GE(s.truth, 0) << row.key;
      EXPECT_LE(s.contrast, 0) << row.key;
    }
}

// Q_m(e, o): non-decreasing in e everywhere, decreasing in o where o < e + m.
TEST(Slopes, OfMarginLosses_AreThoseOfTheGeneralisedForm) {
  Rng rng(3);
  for (const loss::Row& row : loss::catalogue()) {
    if (!row.needs.others || row.key == "lvq2") continue;
    const AnyLoss loss = any_loss(row.key);
    for (int trial = 0; trial < 300; ++trial) {
      const double e = energy_for(row, rng), o = energy_for(row, rng);
      EXPECT_GE(loss(e + 0.1, o).value, loss(e, o).value) << row.key;
      const double m = row.margin == "m" ? 1 : 0;
      const bool reads_gap = row.energies == "any";
      if (reads_gap ? o < e + m : o < m) {
        EXPECT_LT(loss(e, o).contrast, 0) << row.key << " " << e << " " << o;
      }
    }
  }
}

TEST(Values, OfEveryLoss_AreThoseWorkedOutByHand) {
  const double e = 0.5, o = 0.25;
  const auto value = [&](std::string_view key, const LossSettings& s = {}) {
    return any_loss(key, s)(e, o).value;
  };
  EXPECT_DOUBLE_EQ(value("energy"), 0.5);
  EXPECT_DOUBLE_EQ(value("perceptron"), 0.25);
  EXPECT_DOUBLE_EQ(value("hinge"), 1.25);
  EXPECT_NEAR(value("log"), std::log(1 + std::exp(0.25)), 1e-15);
  EXPECT_DOUBLE_EQ(value("lvq2", {.delta = 2}), 0.25 / 0.5);
  EXPECT_DOUBLE_EQ(any_loss("lvq2")(3, 1).value, 1);  // saturated
  EXPECT_DOUBLE_EQ(any_loss("lvq2")(1, 3).value, 0);
  EXPECT_NEAR(value("mce"), 1 / (1 + std::exp(-0.25)), 1e-15);
  EXPECT_DOUBLE_EQ(value("square-square"), 0.25 + 0.75 * 0.75);  // plus, where the table of 2006 has a minus
  EXPECT_NEAR(value("square-exponential", {.gamma = 2}), 0.25 + 2 * std::exp(-0.25), 1e-15);
  EXPECT_DOUBLE_EQ(value("nll"), 0.25);
  EXPECT_NEAR(value("mee", {.beta = 2}), 1 - std::exp(-0.5), 1e-15);
  EXPECT_NEAR(value("contrastive-exponential", {.q = 2}), 0.25 + 4 * std::exp(-2.77 * 0.125), 1e-15);
  EXPECT_DOUBLE_EQ(value("contrastive-margin"), 0.5 * (0.25 + 0.75 * 0.75));
  EXPECT_DOUBLE_EQ(value("cd"), 0.25);
  EXPECT_DOUBLE_EQ(value("pcd"), 0.25);
}

TEST(Values, OfWideGaps_NeitherOverflowNorLoseTheirSlope) {
  for (const loss::Row& row : loss::catalogue())
    for (const auto& [e, o] : {std::pair(1e6, 1.0), std::pair(1.0, 1e6), std::pair(1e6, 1e6)}) {
      const Slope s = any_loss(row.key)(e, o);
      EXPECT_TRUE(std::isfinite(s.value) && std::isfinite(s.truth) && std::isfinite(s.contrast)) << row.key;
    }
  EXPECT_DOUBLE_EQ(any_loss("log")(1e6, 0).value, 1e6);
  EXPECT_NEAR(any_loss("log")(0, 700).value, std::exp(-700.0), 1e-310);
  EXPECT_GT(any_loss("mce")(0, 700).truth, 0);
  EXPECT_GT(any_loss("mee")(30, 0).truth, 0);
}

TEST(Values, WhereNothingCompetes_AreSatisfiedAndFinite) {
  for (const loss::Row& row : loss::catalogue()) {
    if (!row.needs.others) continue;
    const Slope s = any_loss(row.key)(0.5, kInf);
    EXPECT_TRUE(std::isfinite(s.value) && std::isfinite(s.truth)) << row.key;
    EXPECT_EQ(s.contrast, 0) << row.key;
    // Nothing is left but what pulls the truth down by itself.
    const Slope far = any_loss(row.key)(0.5, 1e9);
    EXPECT_NEAR(s.value, far.value, 1e-12) << row.key;
    EXPECT_NEAR(s.truth, far.truth, 1e-12) << row.key;
  }
}

TEST(Values, OfAnyInfinities_AreNeverNaN) {
  for (const loss::Row& row : loss::catalogue())
    for (const double e : {0.5, kInf})
      for (const double o : {0.5, kInf}) {
        const Slope s = any_loss(row.key)(e, o);
        EXPECT_FALSE(std::isnan(s.value) || std::isnan(s.truth) || std::isnan(s.contrast))
            << row.key << " at " << e << ", " << o;
      }
}

TEST(Values, OfNoEnergy_AreRefusedByName) {
  for (const loss::Row& row : loss::catalogue())
    for (const double bad : {std::nan(""), -kInf}) {
      const AnyLoss loss = any_loss(row.key);
      try {
        loss(bad, 1);
        ADD_FAILURE() << row.key;
      } catch (const LossError& e) {
        EXPECT_NE(std::string(e.what()).find(row.key), std::string::npos);
        EXPECT_NE(std::string(e.what()).find("of the truth"), std::string::npos);
      }
      if (row.contrasts) {
        EXPECT_THROW(loss(1, bad), LossError) << row.key;
      }
    }
}

TEST(Values, OfEnergiesThatALossCannotRead_AreRefusedWithTheNumber) {
  for (const char* key :
       {"lvq2", "square-square", "square-exponential", "contrastive-exponential", "contrastive-margin"}) {
    const AnyLoss loss = any_loss(key);
    for (const auto& [e, o] : {std::pair(-0.25, 1.0), std::pair(1.0, -0.25)}) try {
        loss(e, o);
        ADD_FAILURE() << key;
      } catch (const LossError& error) {
        const std::string what = error.what();
        EXPECT_NE(what.find(key), std::string::npos) << what;
        EXPECT_NE(what.find("-0.25"), std::string::npos) << what;
        EXPECT_NE(what.find(e < 0 ? "of the truth" : "of the contrast"), std::string::npos) << what;
      }
  }
  EXPECT_THROW(any_loss("lvq2")(0, 0), LossError);  // divides by it
  EXPECT_NO_THROW(any_loss("square-square")(0, 0));
}

TEST(ContrastiveLosses, OfAGenuinePairAndOfAnImpostor_AreOneTermEach) {
  const double q = 3;
  const AnyLoss exponential = any_loss("contrastive-exponential", {.q = q});
  const AnyLoss margin = any_loss("contrastive-margin", {.margin = 2});
  EXPECT_TRUE(exponential.impostors && margin.impostors && any_loss("square-square").impostors &&
              any_loss("square-exponential").impostors && !any_loss("hinge").impostors);
  for (const double d : {0.0, 0.3, 1.0, 1.9, 2.5}) {
    const Slope genuine = exponential(d, kInf), impostor = exponential(kInf, d);
    EXPECT_NEAR(genuine.value, 2 / q * d * d, 1e-15);
    EXPECT_NEAR(genuine.truth, 4 * d / q, 1e-15);
    EXPECT_EQ(genuine.contrast, 0);
    EXPECT_NEAR(impostor.value, 2 * q * std::exp(-2.77 * d / q), 1e-15);
    EXPECT_NEAR(impostor.contrast, -5.54 * std::exp(-2.77 * d / q), 1e-14);
    EXPECT_EQ(impostor.truth, 0);
    EXPECT_NEAR(margin(d, kInf).value, d * d / 2, 1e-15);
    EXPECT_EQ(margin(d, kInf).truth, d);
    EXPECT_NEAR(margin(kInf, d).value, d < 2 ? (2 - d) * (2 - d) / 2 : 0, 1e-15);
    EXPECT_EQ(margin(kInf, d).contrast, d < 2 ? -(2 - d) : 0);
    EXPECT_EQ(margin(kInf, d).truth, 0);
  }
  // The published constant, and where both pulls are equal.
  EXPECT_NEAR(loss::ContrastiveExponential::kRate, std::log(16.0), 3e-3);
  const double cross = 0.4258 * q;
  EXPECT_NEAR(exponential(cross, kInf).truth, -exponential(kInf, cross).contrast, 1e-3);
}

}  // namespace
}  // namespace ebm
