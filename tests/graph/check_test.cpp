// The public gradient check: right factors pass, a wrong one is named to the entry.

#include "ebm/graph/check.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "ebm/graph/user_factor.hpp"
#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// E[row, y] = w[y] x[0] + x[1] z[0]^2, wrong in one slope if asked.
struct Wrong {
  std::size_t at;
  enum class Where { none, input, block } where = Where::none;
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r)
      for (int y = 0; y < 2; ++y)
        out[static_cast<std::size_t>(2 * r + y)] =
            x.w[at + static_cast<std::size_t>(y)] * x.in[0][static_cast<std::size_t>(2 * r)] +
            x.in[0][static_cast<std::size_t>(2 * r + 1)] * x.in[1][static_cast<std::size_t>(r)] *
                x.in[1][static_cast<std::size_t>(r)];
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    for (std::size_t r = 0; r < static_cast<std::size_t>(x.rows); ++r)
      for (std::size_t y = 0; y < 2; ++y) {
        const Real d = dout[2 * r + y], z = x.in[1][r];
        if (s.w) s.w[at + y] += d * x.in[0][2 * r] * (where == Where::block && y == 1 ? 2 : 1);
        s.in[0][2 * r] += d * x.w[at + y];
        s.in[0][2 * r + 1] += d * z * z;
        s.in[1][r] += d * 2 * x.in[0][2 * r + 1] * z * (where == Where::input && r == 2 ? Real(1.5) : 1);
      }
  }
};

TEST(GradientCheck, OfARightFactor_Passes) {
  Params W;
  W.uniform("other", {3}, 1);
  const Param w = W.uniform("w", {2}, 1);
  const GradientCheck check = check_gradient(Factor(Wrong{W.block(w).offset}), {2, 1}, 2, &W);
  EXPECT_TRUE(check.passed) << check;
  EXPECT_EQ(check.checked, 3u * 2 + 3 + 5);
  std::ostringstream text;
  text << check;
  EXPECT_NE(text.str().find("agrees (14 entries)"), std::string::npos) << text.str();
}

TEST(GradientCheck, OfAWrongFactor_NamesTheEntry) {
  Params W;
  W.uniform("other", {3}, 1);
  const Param w = W.uniform("w", {2, 1}, 1);
  const auto check = [&](Wrong::Where where) {
    return check_gradient(Factor(Wrong{W.block(w).offset, where}), {2, 1}, 2, &W);
  };
  const GradientCheck input = check(Wrong::Where::input);
  EXPECT_FALSE(input.passed);
  EXPECT_EQ(input.where, "input 1, row 2, column 0");
  EXPECT_NEAR(input.analytic, 1.5 * input.numeric, 2e-2 * std::abs(input.numeric));
  const GradientCheck block = check(Wrong::Where::block);
  EXPECT_FALSE(block);
  EXPECT_EQ(block.where, "W block 'w' [1, 0]");
  EXPECT_NEAR(block.analytic, 2 * block.numeric, 2e-2 * std::abs(block.numeric));
  std::ostringstream text;
  text << block;
  EXPECT_NE(text.str().find("is wrong"), std::string::npos) << text.str();
}

// Its residual is right and its Jacobian is not.
struct WrongJacobian {
  void forward(const Reads& x, View out) const {
    for (std::size_t r = 0; r < static_cast<std::size_t>(x.rows); ++r) out[r] = x.in[0][r] * x.in[0][r] / 2;
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    for (std::size_t r = 0; r < static_cast<std::size_t>(x.rows); ++r) s.in[0][r] += dout[r] * x.in[0][r];
  }
  int residual_count(std::span<const int>) const { return 1; }
  Robust robust() const { return {}; }
  void residuals(const ResidualReads& x, const Residuals& out) const {
    for (int r = 0; r < x.rows; ++r) {
      out.r[r] = x.in[0][r];
      if (!out.jacobian.empty()) out.jacobian[0][r] = r == 1 ? -1 : 1;
    }
  }
};

TEST(GradientCheck, OfAWrongJacobian_NamesTheResidual) {
  const GradientCheck check = check_gradient(Factor(WrongJacobian{}), {1});
  EXPECT_FALSE(check);
  EXPECT_EQ(check.where, "residual 0 by input 0, row 1, column 0");
  EXPECT_EQ(check.analytic, -1);
}

TEST(GradientCheck, OfANanEnergy_SaysWhere) {
  const Term term = factor::each(
      "mine",
      [](const auto* x) {
        using std::log;
        return log(-1 - x[0] * x[0]);
      },
      Feature{0});
  const GradientCheck check = check_gradient(term, {1});
  EXPECT_FALSE(check);
  EXPECT_NE(check.where.find("NaN"), std::string::npos);
}

TEST(GradientCheck, OfKinksAndForbiddenEntries_IsNotFooled) {
  const Term term = factor::each(
      "kinks",
      [](const auto* x, auto* energy) {
        energy[0] = abs(x[0]);
        energy[1] = x[0] * 0 + kInf;
      },
      Feature{0});
  const Tensor x(Shape{2, 1}, {Real(0.01), Real(-0.003)});
  const GradientCheck check = check_gradient(term.function[0], std::span(&x, 1), 2);
  EXPECT_TRUE(check) << check;
}

TEST(GradientCheck, OfTheDistancesToSeveral_Agrees) {
  const Term term = factor::absolute_distances(Feature{0}, {Feature{1}, Feature{2}, Feature{3}});
  Rng rng(5);
  std::vector<Tensor> inputs;
  for (int i = 0; i < 4; ++i) {
    inputs.emplace_back(Shape{2, 11});
    for (Real& v : inputs.back().span()) v = static_cast<Real>(rng.normal());
  }
  const GradientCheck check = check_gradient(term.function[0], inputs, 3);
  EXPECT_TRUE(check) << check;
  EXPECT_EQ(check.checked, 4u * 22u);
  EXPECT_THROW(term.function[0].check(std::vector<Shape>{{11}, {11}, {11}}, 3), ShapeError);
  EXPECT_THROW(term.function[0].check(std::vector<Shape>{{11}, {11}, {11}, {10}}, 3), ShapeError);
}

struct WholeModel {
  Params W;
  std::unique_ptr<OneGraph> one;
  explicit WholeModel(bool wrong) {
    const Net embed = net::linear(W, "embed", 2, 2), real = net::linear(W, "real", 1, 2);
    const Param table = W.uniform("table", {2, 2}, 1), w = W.uniform("w", {2}, 1);
    one = std::make_unique<OneGraph>(W, [=, this](FactorGraph& g) {
      const auto y = g.outputs("y", 3, Labels(2));
      const auto z = g.latent("z", Reals(1));
      const Feature x = g.feature(embed, Tensor(Shape{2}, {Real(0.3), Real(-1)})), e = g.feature(real, z);
      g.add_each(factor::table(W, table), y.pairs());
      g.add(factor::half_squared_distance(x, e));
      g.add(factor::function(Wrong{W.block(w).offset, wrong ? Wrong::Where::block : Wrong::Where::none},
                             {x, g.feature(z)}, "mine"),
            y[1]);
    });
  }
};

TEST(GradientCheck, OfAWholeModel_CoversWAndTheReals) {
  WholeModel right(false), wrong(true);
  const int labels[] = {0, 1, 1};
  const Real reals[] = {Real(0.7)};
  const GradientCheck check = check_gradient(right.one->ready, 0, labels, reals);
  EXPECT_TRUE(check) << check;
  EXPECT_EQ(check.checked, right.W.count() + 1);
  const auto before = std::vector<Real>(wrong.W.flat().begin(), wrong.W.flat().end());
  const GradientCheck bad = check_gradient(wrong.one->ready, 0, labels, reals);
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.where, "W block 'w' [1]");
  EXPECT_TRUE(std::ranges::equal(before, wrong.W.flat()));
}

TEST(GradientCheck, OfLabelsOrShapesThatDoNotFit_IsRefused) {
  WholeModel m(false);
  const int few[] = {0, 1}, outside[] = {0, 1, 2};
  const Real reals[] = {Real(0.7)};
  EXPECT_THROW(check_gradient(m.one->ready, 0, few, reals), GraphError);
  EXPECT_THROW(check_gradient(m.one->ready, 0, outside, reals), GraphError);
  EXPECT_THROW(check_gradient(m.one->ready, 1, few, reals), GraphError);
  const Tensor flat(Shape{3});
  EXPECT_THROW(check_gradient(Factor(WrongJacobian{}), std::span(&flat, 1), 1), ShapeError);
}

}  // namespace
}  // namespace ebm
