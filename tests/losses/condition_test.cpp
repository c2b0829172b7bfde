// The published condition of a good loss, on the (e, o) plane.

#include "ebm/losses/condition.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/losses/catalogue.hpp"

namespace ebm {
namespace {

using loss::Condition;
using loss::Region;

Condition of(std::string_view key, const Region& region = {}) {
  return loss::check_condition(any_loss(key), region);
}

TEST(Condition, OnABox_FailsForTheLossesWithoutAMarginAlone) {
  for (const loss::Row& row : loss::catalogue()) {
    const Condition c = of(row.key);
    SCOPED_TRACE(message(row.key, ": ", c.why));
    EXPECT_FALSE(c.why.empty());
    if (row.needs.samples) {
      EXPECT_FALSE(c.good.has_value());
      continue;
    }
    ASSERT_TRUE(c.good.has_value());
    EXPECT_EQ(*c.good, row.margin != "none" && row.margin != "0");
    EXPECT_EQ(*c.good, !row.can_collapse);
    // The places lie where they should, and hold the value that they name.
    EXPECT_LT(c.inside.e + 1, c.inside.o);
    EXPECT_GT(c.outside.e + 1, c.outside.o);
    EXPECT_EQ(loss::on_plane(any_loss(row.key), c.inside.e, c.inside.o)->value, c.inside.value);
    EXPECT_EQ(loss::on_plane(any_loss(row.key), c.outside.e, c.outside.o)->value, c.outside.value);
    EXPECT_EQ(*c.good, c.inside.value < c.outside.value);
  }
}

TEST(Condition, SaysWhyALossFails) {
  EXPECT_NE(of("energy").why.find("nothing pushes o up"), std::string::npos);
  EXPECT_NE(of("perceptron").why.find("satisfied as soon as e <= o"), std::string::npos);
  EXPECT_NE(of("lvq2").why.find("satisfied as soon as e <= o"), std::string::npos);
  EXPECT_NE(of("cd").why.find("sample"), std::string::npos);
}

TEST(Condition, WhereTheEvenPointsMissTheTruthAtRest_IsTheSameAsWhereTheyHitIt) {
  // With a low end of -2 no even point has e = 0, where the losses of distances rest, nor o = m.
  for (const loss::Row& row : loss::catalogue()) {
    if (row.needs.samples) continue;
    for (const Region& region :
         {Region{.low = -2, .high = 4}, Region{.low = -0.37, .high = 3.9, .points = 40}})
      EXPECT_EQ(of(row.key, region).good, of(row.key).good) << row.key << ": " << of(row.key, region).why;
  }
  const Condition c = of("square-square", {.low = -2, .high = 4});
  EXPECT_EQ(c.inside.e, 0);
  EXPECT_EQ(c.inside.value, 0);
  EXPECT_NE(c.why.find("energies that it cannot read are left out"), std::string::npos) << c.why;
  EXPECT_EQ(of("hinge", {.low = -2, .high = 4}).why.find("left out"), std::string::npos);
}

TEST(Condition, OfALossThatRestsBeforeTheMargin_SaysWhere) {
  const auto why = [](const AnyLoss& loss, const Region& region) {
    return loss::check_condition(loss, region).why;
  };
  EXPECT_NE(why(any_loss("hinge"), {.margin = 2}).find("as soon as o - e >= 1, less than"), std::string::npos)
      << why(any_loss("hinge"), {.margin = 2});
  // Energies of at least 0.5: o rests at m, below e + m, however low e lies.
  for (const char* key : {"square-square", "contrastive-margin"}) {
    const std::string told = why(any_loss(key), {.low = 0.5, .high = 4});
    EXPECT_NE(told.find("o is pushed up no further than 1, and e + m is 1.5"), std::string::npos) << told;
    EXPECT_EQ(told.find("satisfied"), std::string::npos) << told;
  }
}

TEST(Condition, WithoutAMargin_HoldsForThePerceptronAndLvq2) {
  for (const char* key : {"perceptron", "lvq2"}) EXPECT_TRUE(*of(key, {.margin = 0}).good) << key;
}

TEST(Condition, WhereTheArchitectureTiesTheEnergies_HoldsForTheEnergyLossToo) {
  const Condition c = of("energy", {.shape = Region::Shape::disc});
  EXPECT_TRUE(*c.good);
  EXPECT_NE(c.why.find("nothing pushes o up but the region"), std::string::npos);
  EXPECT_FALSE(*of("perceptron", {.shape = Region::Shape::disc}).good);
}

TEST(Condition, OfAMarginSmallerThanAsked_Fails) {
  for (const char* key : {"hinge", "square-square", "contrastive-margin"}) {
    EXPECT_TRUE(*loss::check_condition(any_loss(key, {.margin = 2}), {.margin = 2}).good) << key;
    EXPECT_FALSE(*loss::check_condition(any_loss(key, {.margin = 1}), {.margin = 2}).good) << key;
  }
}

TEST(Condition, OnTheLine_IsTheSufficientCheck) {
  // Above 0 where the negative slope turns towards (-1, +1); the energy loss gets there by e alone.
  for (const loss::Row& row : loss::catalogue()) {
    if (row.needs.samples) continue;
    const double line = of(row.key).line;
    if (row.key == "perceptron" || row.key == "lvq2") {
      EXPECT_EQ(line, 0) << row.key;
    } else {
      EXPECT_GT(line, 0) << row.key;
    }
  }
  EXPECT_DOUBLE_EQ(of("energy").line, 1);
  EXPECT_DOUBLE_EQ(of("hinge").line, 2);
  EXPECT_NEAR(of("log").line, 2 / (1 + std::exp(1)), 1e-5);
  EXPECT_NEAR(of("nll").line, 2 / (1 + std::exp(1)), 1e-5);
}

TEST(OnPlane, OfLossesAgainstAllAnswers_AreThoseOfTwo) {
  const double step = 1e-6;
  for (const double e : {-1.0, 0.4, 2.0})
    for (const double o : {-0.5, 0.3, 3.3}) {
      EXPECT_NEAR(loss::on_plane(any_loss("nll"), e, o)->value, any_loss("log")(e, o).value, 1e-12);
      EXPECT_NEAR(loss::on_plane(any_loss("mee"), e, o)->value, any_loss("mce")(e, o).value, 1e-12);
      EXPECT_EQ(loss::on_plane(any_loss("perceptron"), e, o)->value, std::max(0.0, e - o));
      for (const char* key : {"nll", "mee", "perceptron", "hinge"}) {
        const AnyLoss loss = any_loss(key);
        const auto q = [&](double a, double b) { return loss::on_plane(loss, a, b)->value; };
        const Slope s = *loss::on_plane(loss, e, o);
        EXPECT_NEAR(s.truth, (q(e + step, o) - q(e - step, o)) / (2 * step), 1e-6) << key;
        EXPECT_NEAR(s.contrast, (q(e, o + step) - q(e, o - step)) / (2 * step), 1e-6) << key;
      }
    }
  EXPECT_FALSE(loss::on_plane(any_loss("lvq2"), 1, 0).has_value());
}

TEST(Condition, OfRegionsThatMakeNoSense_IsRefused) {
  EXPECT_THROW(of("hinge", {.low = 3, .high = 1}), LossError);
  EXPECT_THROW(of("hinge", {.margin = -1}), LossError);
  EXPECT_THROW(of("hinge", {.margin = std::nan("")}), LossError);
  EXPECT_THROW(of("hinge", {.high = kInf}), LossError);
  EXPECT_THROW(of("hinge", {.points = 1}), LossError);
  try {
    of("hinge", {.margin = 9});
    FAIL();
  } catch (const LossError& e) {
    EXPECT_NE(std::string(e.what()).find("above the margin of 9"), std::string::npos) << e.what();
  }
  EXPECT_THROW(of("square-square", {.low = -4, .high = -1}), LossError);  // nothing there that it reads
}

}  // namespace
}  // namespace ebm
