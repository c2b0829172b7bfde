// Dual numbers against central differences of the same formula in double.

#include "ebm/graph/dual.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "ebm/core/rng.hpp"

namespace ebm {
namespace {

using D = Dual<double, 2>;

// f written once, for double and for D.
#define EBM_FORMULA(expression)                                   \
  {                                                               \
#expression, [](double x, double y) -> double {                 \
      using namespace std;                                          \
      (void)x, (void)y;                                             \
      return expression;                                            \
    }, [](D x, D y) -> D {                                          \
      using namespace std;                                          \
      (void)x, (void)y;                                             \
      return expression;                                            \
    } \
  }
struct Formula {
  const char* text;
  std::function<double(double, double)> plain;
  std::function<D(D, D)> dual;
};

const std::vector<Formula>& formulas() {
  static const std::vector<Formula> all{
      EBM_FORMULA(x + y),        EBM_FORMULA(x - 2 * y),          EBM_FORMULA(3 - x * y),
      EBM_FORMULA(x / (2 + y)),  EBM_FORMULA(1 / (2 + x) / 3),    EBM_FORMULA(-x + y / 4),
      EBM_FORMULA(sqrt(1 + x)),  EBM_FORMULA(exp(x * y)),         EBM_FORMULA(expm1(x)),
      EBM_FORMULA(log(1 + x)),   EBM_FORMULA(log1p(x * x)),       EBM_FORMULA(sin(x) * cos(y)),
      EBM_FORMULA(tan(x / 2)),   EBM_FORMULA(tanh(x - y)),        EBM_FORMULA(asin(x / 4)),
      EBM_FORMULA(acos(y / 4)),  EBM_FORMULA(atan(x * 3)),        EBM_FORMULA(atan2(x - 3, y - 2.5)),
      EBM_FORMULA(hypot(x, y)),  EBM_FORMULA(sinh(x) + cosh(y)),  EBM_FORMULA(pow(x, 3)),
      EBM_FORMULA(pow(x, -0.5)), EBM_FORMULA(pow(x, y)),          EBM_FORMULA(abs(x - 0.9) * fabs(y)),
      EBM_FORMULA(min(x, y)),    EBM_FORMULA(max(x * x, y + 0.1))};
  return all;
}

TEST(Dual, EveryFunction_HasTheSlopeOfDifferences) {
  Rng rng(3);
  for (const Formula& f : formulas())
    for (int k = 0; k < 50; ++k) {
      const double x = rng.uniform(0.2, 2), y = rng.uniform(0.2, 2), h = 1e-6;
      if (std::abs(x - y) < 1e-3 || std::abs(x - 0.9) < 1e-3 || std::abs(x * x - y - 0.1) < 1e-3) continue;
      const D out = f.dual(D::variable(x, 0), D::variable(y, 1));
      EXPECT_DOUBLE_EQ(out.v, f.plain(x, y)) << f.text;
      const double dx = (f.plain(x + h, y) - f.plain(x - h, y)) / (2 * h),
                   dy = (f.plain(x, y + h) - f.plain(x, y - h)) / (2 * h);
      EXPECT_NEAR(out.d[0], dx, 1e-7 * std::max(1.0, std::abs(dx))) << f.text << " at " << x << ", " << y;
      EXPECT_NEAR(out.d[1], dy, 1e-7 * std::max(1.0, std::abs(dy))) << f.text << " at " << x << ", " << y;
    }
}

TEST(Dual, AssignmentsAndOrder_AreThoseOfTheOperators) {
  D a = D::variable(3, 0);
  a *= a;
  a += 1;
  a -= D::variable(2, 1);
  a /= 2;
  EXPECT_EQ(a.v, 4);
  EXPECT_EQ(a.d[0], 3);
  EXPECT_EQ(a.d[1], -0.5);
  EXPECT_TRUE(a > 3 && a <= 4.0 && D(1) < a && !(a == 3));
}

TEST(Dual, PowerAtZero_HasAFiniteSlope) {
  const D zero = D::variable(0, 0);
  EXPECT_EQ(pow(zero, 2).d[0], 0);
  EXPECT_EQ(pow(zero, 1).d[0], 1);
  EXPECT_EQ(pow(zero, 0).d[0], 0);
  EXPECT_TRUE(isnan(log(D(-1))));
  EXPECT_TRUE(isfinite(zero) && !isfinite(1 / zero));
}

}  // namespace
}  // namespace ebm
