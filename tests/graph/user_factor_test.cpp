// Factors of a user's own: tables against their equation, slopes against differences, and the names of
// errors.

#include "ebm/graph/user_factor.hpp"

#include <gtest/gtest.h>

#include "ebm/graph/check.hpp"
#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr double kTolerance = sizeof(Real) == 4 ? 1e-5 : 1e-12;

Term centres(const Params& W, Param param, Feature x) {
  return factor::each(
      "centres",
      [](const auto* x, const auto* w, auto* energy) {
        using std::log1p;
        for (int y = 0; y < 3; ++y) {
          const auto a = x[0] - w[2 * y], b = x[1] - w[2 * y + 1];
          energy[y] = log1p(a * a + b * b);
        }
      },
      x, W.block(param));
}

TEST(UserFactor, WithManyEnergies_GivesATableAndItsSlopes) {
  Params W;
  const Param param = W.uniform("centres", {3, 2}, 1);
  const Term term = centres(W, param, Feature{0});
  Rng rng(1);
  const Tensor x = random_tensor({5, 2}, rng);
  Tensor out(Shape{5, 3});
  const ConstView in[] = {x};
  term.function[0].forward({5, W.data(), in}, out);
  const ConstView w = W.view(param);
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t y = 0; y < 3; ++y) {
      const double a = x[2 * r] - w[2 * y], b = x[2 * r + 1] - w[2 * y + 1];
      EXPECT_NEAR(out[3 * r + y], std::log1p(a * a + b * b), kTolerance);
    }
  const GradientCheck check = check_gradient(term, {2}, 3, &W);
  EXPECT_TRUE(check) << check;
  EXPECT_EQ(check.checked, 3u * 2 + 6);
}

TEST(UserFactor, OfMoreNumbersThanADualHolds_IsDifferentiatedInRuns) {
  for (const int width : {1, 2, 3, 4, 5, 8, 9, 17}) {
    // The functor is told the width by its capture.
    const Term term = factor::each(
        "chain",
        [width](const auto* a, const auto* b) {
          using std::sin;
          auto sum = a[0] * b[0];
          for (int k = 1; k < width; ++k) sum += sin(a[k] * b[k]) * a[k - 1];
          return sum;
        },
        Feature{0}, Feature{1});
    const GradientCheck check = check_gradient(term, {width, width});
    EXPECT_TRUE(check) << width << ": " << check;
  }
}

TEST(UserFactor, WithItsOwnGradient_IsTheSameAsByDualNumbers) {
  const Term own = factor::each_with_gradient(
      "bend",
      [](const Real* a, const Real* b, Real* da, Real* db) {
        const Real r = a[0] * b[1] - b[0];
        if (da) da[0] = 2 * r * b[1], db[0] = -2 * r, db[1] = 2 * r * a[0];
        return r * r;
      },
      Feature{0}, Feature{1});
  const Term dual = factor::each(
      "bend", [](const auto* a, const auto* b) { return (a[0] * b[1] - b[0]) * (a[0] * b[1] - b[0]); },
      Feature{0}, Feature{1});
  EXPECT_TRUE(check_gradient(own, {1, 2})) << check_gradient(own, {1, 2});
  Rng rng(2);
  const Tensor a = random_tensor({4, 1}, rng), b = random_tensor({4, 2}, rng),
               weight = random_tensor({4, 1}, rng);
  const ConstView in[] = {a, b};
  std::vector<Tensor> outs, slopes;
  for (const Term* t : {&own, &dual}) {
    Tensor out(Shape{4, 1}), da(Shape{4, 1}), db(Shape{4, 2});
    t->function[0].forward({4, nullptr, in}, out);
    const View din[] = {da, db};
    t->function[0].backward({4, nullptr, in}, weight, {nullptr, din});
    outs.push_back(out), slopes.push_back(da), slopes.push_back(db);
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(outs[0][i], outs[1][i], kTolerance);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(slopes[0][i], slopes[2][i], 10 * kTolerance);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(slopes[1][i], slopes[3][i], 10 * kTolerance);
}

struct Scaled {
  double by;
  bool operator==(const Scaled&) const = default;
  template <class T>
  T operator()(const T* x) const {
    return x[0] * x[0] * by;
  }
};

TEST(UserFactor, OfEqualFunctors_AreOneFunctionOfTheSchema) {
  const auto free = [](const auto* x) { return x[0] * x[0]; };
  const Factor a = factor::each("a", free, Feature{0}).function[0],
               b = factor::each("a", free, Feature{3}).function[0];
  EXPECT_TRUE(a == b);  // which feature it reads is the group's business
  EXPECT_FALSE(a == factor::each("b", free, Feature{0}).function[0]);
  const auto scaled = [](double by) { return factor::each("s", Scaled{by}, Feature{0}).function[0]; };
  EXPECT_TRUE(scaled(2) == scaled(2));
  EXPECT_FALSE(scaled(2) == scaled(3));
  const double by = 2;
  const auto captures = [by](const auto* x) { return x[0] * by; };
  EXPECT_FALSE(factor::each("c", captures, Feature{0}).function[0] ==
               factor::each("c", captures, Feature{0}).function[0]);
}

TEST(UserFactor, OnInstancesOfAGraph_ReadsItsRows) {
  Params W;
  const Tensor data(Shape{3, 1}, {1, 2, 3});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals(3));
    g.add_each(factor::each(
                   "pull", [](const auto* z, const auto* x) { return (z[0] - x[0]) * (z[0] - x[0]); },
                   g.slice(z, 1, {2, 1, 0}), g.feature(data)),
               3);
  });
  const Points points{3, {0}, {Real(0.5), Real(1), Real(4)}};
  one.batch.forward(points);
  const TableAt t = one.batch.table(0, 0);
  EXPECT_NEAR(t.data[0], 9, kTolerance);
  EXPECT_NEAR(t.data[t.stride], 1, kTolerance);
  EXPECT_NEAR(t.data[2 * t.stride], 6.25, kTolerance);
}

TEST(UserFactor, OfSeveralRowsAddedAsOne_PointsAtAddEach) {
  Params W;
  const Tensor data(Shape{3, 1}, {1, 2, 3});
  const auto declare = [&](int rows) {
    OneGraph(W, [&](FactorGraph& g) {
      const auto z = g.output("z", Reals(1));
      const Term term = factor::each(
          "pull", [](const auto* z, const auto* x) { return (z[0] - x[0]) * (z[0] - x[0]); }, g.feature(z),
          g.feature(data));
      if (rows == 1)
        g.add(term);
      else
        g.add_each(term, rows);
    });
  };
  const auto told = [&](int rows) -> std::string {
    try {
      declare(rows);
    } catch (const ShapeError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(told(3), "");
  EXPECT_NE(told(1).find("'pull'"), std::string::npos);
  EXPECT_NE(told(1).find("add_each(term, rows)"), std::string::npos) << told(1);
  EXPECT_NE(told(2).find("One row per instance"), std::string::npos) << told(2);
}

TEST(UserFactor, ThatForgetsAResultInALaterRow_HasNanSlopesThere) {
  // The second row writes nothing: what the first one wrote must not stand for it.
  Params W;
  const Param w = W.table("w", {1});
  W.view(w)[0] = 2;
  const Term term = factor::each(
      "mine",
      [](const auto* x, const auto* w, auto* e) {
        if (x[0] > 0) e[0] = x[0] * w[0];
      },
      Feature{0}, W.block(w));
  const Tensor x({2, 1}, {1, -1});
  const ConstView in[] = {x};
  const Reads reads{2, W.data(), in};
  std::vector<Real> dw(W.flat().size()), dx(2), one{1, 1};
  const View din[] = {{dx.data(), Shape{2, 1}}};
  term.function[0].backward(reads, {one.data(), Shape{2, 1}}, {dw.data(), din});
  EXPECT_EQ(dx[0], 2);
  EXPECT_FALSE(dx[1] == 2) << dx[1];
}

TEST(UserFactor, ThatGivesNan_IsNamed) {
  Params W;
  for (const bool forgets : {false, true}) {
    OneGraph one(W, [&](FactorGraph& g) {
      const auto y = g.output("y", Labels(2));
      const auto x = g.feature(Tensor(Real(-1)));
      if (forgets)
        g.add(factor::each(
                  "mine", [](const auto* x, auto* energy) { energy[0] = x[0]; }, x),
              y);
      else
        g.add(factor::each(
                  "mine",
                  [](const auto* x, auto* energy) {
                    using std::log;
                    energy[0] = log(x[0]), energy[1] = x[0];
                  },
                  x),
              y);
    });
    one.batch.forward();
    const auto nan = one.batch.find_nan();
    ASSERT_TRUE(nan.has_value());
    EXPECT_EQ(nan->factor, "mine");
  }
}

TEST(UserFactor, OfOneEnergy_OnAVariableOfLabels_IsRefusedByName) {
  Params W;
  try {
    OneGraph one(W, [&](FactorGraph& g) {
      const auto y = g.output("y", Labels(2));
      g.add(factor::each(
                "mine", [](const auto* x) { return x[0]; }, g.feature(Tensor(Real(1)))),
            y);
    });
    FAIL();
  } catch (const ShapeError& e) {
    EXPECT_NE(std::string(e.what()).find("[mine]"), std::string::npos) << e.what();
  }
}

TEST(Residuals, Energy_IsHalfTheSquaredLengthThroughTheRobustLoss) {
  Rng rng(4);
  const Tensor x = random_tensor({20, 2}, rng, 2);
  for (const Robust robust : {Robust{}, Robust::huber(0.7), Robust::cauchy(0.7), Robust::tukey(2.5)}) {
    const Term term = factor::residual(
        "r",
        [](const auto* x, auto* r) {
          using std::sin;
          r[0] = x[0] - 1, r[1] = sin(x[0] * x[1]), r[2] = x[1] * x[1];
        },
        {.count = 3, .robust = robust}, Feature{0});
    Tensor out(Shape{20, 1});
    const ConstView in[] = {x};
    term.function[0].forward({20, nullptr, in}, out);
    for (std::size_t i = 0; i < 20; ++i) {
      const double a = x[2 * i] - 1, b = std::sin(double(x[2 * i]) * x[2 * i + 1]),
                   c = double(x[2 * i + 1]) * x[2 * i + 1];
      EXPECT_NEAR(out[i], robust(a * a + b * b + c * c).value / 2, 20 * kTolerance);
    }
    EXPECT_TRUE(term.function[0].has_residuals());
    const GradientCheck check = check_gradient(term, {2});
    EXPECT_TRUE(check) << check;
    EXPECT_EQ(check.checked, 3u * 2 + 3 * 3 * 2);
  }
}

TEST(Residuals, ReadBlocksOfW) {
  Params W;
  const Param k = W.uniform("k", {2}, 1);
  const Term term = factor::residual(
      "spring", [](const auto* x, const auto* k) { return k[0] * x[0] - k[1]; }, {}, Feature{0}, W.block(k));
  EXPECT_TRUE(check_gradient(term, {1}, 1, &W)) << check_gradient(term, {1}, 1, &W);
}

TEST(Residuals, OfAWrongCount_AreRefused) {
  EXPECT_THROW(factor::residual(
                   "r", [](const auto* x) { return x[0]; }, {.count = 2}, Feature{0}),
               ShapeError);
  EXPECT_THROW(factor::residual(
                   "r", [](const auto* x, auto* r) { r[0] = x[0]; }, {.count = 0}, Feature{0}),
               ShapeError);
  EXPECT_THROW(Robust::huber(0), GraphError);
  EXPECT_THROW(Robust::tukey(-1), GraphError);
  EXPECT_THROW(Robust::cauchy(std::nan("")), GraphError);
}

TEST(Robust, EveryLoss_StartsAsSquaresAndHasTheSlopeOfDifferences) {
  for (const Robust robust : {Robust{}, Robust::huber(0.7), Robust::cauchy(0.7), Robust::tukey(1.5)}) {
    EXPECT_EQ(robust(0).value, 0);
    EXPECT_EQ(robust(0).slope, 1);
    double last = 0;
    for (double s = 0.013; s < 9; s += 0.1) {
      const double h = 1e-6;
      EXPECT_NEAR(robust(s).slope, (robust(s + h).value - robust(s - h).value) / (2 * h), 1e-6);
      EXPECT_GE(robust(s).value, last);
      EXPECT_LE(robust(s).value, s + 1e-12);
      last = robust(s).value;
    }
  }
  EXPECT_NEAR(Robust::huber(0.5)(4).value, 2 * 0.5 * 2 - 0.25, 1e-12);
  EXPECT_NEAR(Robust::tukey(0.5)(4).value, 0.25 / 3, 1e-12);
}

}  // namespace
}  // namespace ebm
