// The kernel table against scalar references, for every instruction set that this machine has.

#include "ebm/core/kernels.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>
#include <vector>

#include "ebm/core/error.hpp"
#include "ebm/core/rng.hpp"

namespace ebm {
namespace {

constexpr bool kDouble = sizeof(Real) == 8;
constexpr double kSumTolerance = kDouble ? 1e-13 : 2e-5;
const std::size_t kSizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129};

std::vector<Real> random_numbers(std::size_t n, std::uint64_t seed, double scale = 1) {
  Rng rng(seed);
  std::vector<Real> out(n);
  for (Real& x : out) x = static_cast<Real>(scale * rng.normal());
  return out;
}

// Runs the body once per instruction set compiled and supported.
template <class Body>
void for_each_instruction_set(const Body& body) {
  const std::int64_t all = hwy::SupportedTargets();
  std::vector<std::string> seen;
  for (std::int64_t left = all; left != 0; left &= left - 1) {
    const std::int64_t one = left & -left;
    hwy::SetSupportedTargetsForTest(one);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    const Kernels& k = kernels();
    SCOPED_TRACE(k.instruction_set);
    body(k);
    seen.emplace_back(k.instruction_set);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  EXPECT_GE(seen.size(), 1u);
}

// Distance in units of the last place of `want`.
double ulps(Real got, long double want) {
  if (std::isnan(want)) return std::isnan(got) ? 0 : 1e9;
  const Real rounded = static_cast<Real>(want);
  if (got == rounded) return 0;
  if (std::isinf(rounded) || std::isinf(got)) return 1e9;
  const Real unit =
      std::nextafter(std::abs(rounded), std::numeric_limits<Real>::infinity()) - std::abs(rounded);
  return static_cast<double>(std::abs(static_cast<long double>(got) - want) / static_cast<long double>(unit));
}

template <class Kernel, class Reference>
void expect_ulps(double low, double high, double most, const Kernel& kernel, const Reference& reference) {
  std::vector<Real> x, y;
  for (int i = 0; i <= 4001; ++i) x.push_back(static_cast<Real>(low + (high - low) * i / 4001));
  y.resize(x.size());
  kernel(x.data(), y.data(), x.size());
  double worst = 0;
  Real at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double u = ulps(y[i], reference(static_cast<long double>(x[i])));
    if (!(u <= worst)) worst = u, at = x[i];
  }
  EXPECT_LE(worst, most) << "at " << at;
}

TEST(Kernels_Exp, OverItsRange_IsWithinTwoUlps) {
  for_each_instruction_set([](const Kernels& k) {
    const auto reference = [](long double x) { return std::exp(x); };
    expect_ulps(-80, 88, 2, k.exp, reference);
    expect_ulps(-1e-3, 1e-3, 2, k.exp, reference);
    if (kDouble) expect_ulps(-700, 709, 2, k.exp, reference);
  });
}

TEST(Kernels_Log, OverItsRange_IsWithinTwoUlps) {
  for_each_instruction_set([](const Kernels& k) {
    const auto reference = [](long double x) { return std::log(x); };
    expect_ulps(1e-30, 1e-20, 2, k.log, reference);
    expect_ulps(1e-3, 0.9, 2, k.log, reference);
    expect_ulps(1.1, 1e4, 2, k.log, reference);
    expect_ulps(1e20, 1e30, 2, k.log, reference);
  });
}

TEST(Kernels_Tanh, OverItsRange_IsWithinFiveUlps) {
  for_each_instruction_set([](const Kernels& k) {
    const auto kernel = [&k](const Real* x, Real* y, std::size_t n) { k.tanh(x, y, n, 1, 1); };
    const auto reference = [](long double x) { return std::tanh(x); };
    for (const double width : {1e-6, 0.01, 0.5, 1.0, 3.0, 12.0, 1e4})
      expect_ulps(-width, width, 5, kernel, reference);
  });
}

TEST(Kernels_Functions, AtExtremes_FollowTheStandardLibrary) {
  const Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  const std::vector<Real> x{0, Real(-0.0), inf, -inf, nan, 1000, -1000, -1, std::numeric_limits<Real>::max()};
  for_each_instruction_set([&](const Kernels& k) {
    std::vector<Real> e(x.size()), l(x.size()), t(x.size());
    k.exp(x.data(), e.data(), x.size());
    k.log(x.data(), l.data(), x.size());
    k.tanh(x.data(), t.data(), x.size(), 1, 1);
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_LE(ulps(e[i], std::exp(x[i])), 2) << "exp " << x[i];
      EXPECT_LE(ulps(l[i], std::log(x[i])), 2) << "log " << x[i];
      EXPECT_LE(ulps(t[i], std::tanh(x[i])), 2) << "tanh " << x[i];
    }
  });
}

TEST(Kernels_Slopes, OfTanhAndRelu_FollowFromTheirOutputs) {
  for_each_instruction_set([](const Kernels& k) {
    for (const std::size_t n : kSizes) {
      const auto x = random_numbers(n, 1), g = random_numbers(n, 2);
      std::vector<Real> y(n), d(n), c(n), r(n), dr(n);
      k.tanh(x.data(), y.data(), n, Real(0.7), Real(1.7));
      k.tanh_slope(y.data(), g.data(), d.data(), n, Real(0.7), Real(1.7), false);
      k.tanh_slope(y.data(), g.data(), c.data(), n, Real(0.7), Real(1.7), true);
      k.relu(x.data(), r.data(), n);
      k.relu_slope(r.data(), g.data(), dr.data(), n);
      for (std::size_t i = 0; i < n; ++i) {
        const double t = std::tanh(0.7 * double(x[i])), slope = 1.7 * 0.7 * (1 - t * t);
        EXPECT_NEAR(y[i], 1.7 * t, 1e-6);
        EXPECT_NEAR(d[i], g[i] * slope, 2e-6);
        EXPECT_NEAR(c[i], g[i] * slope * slope, 2e-6);
        EXPECT_EQ(r[i], std::max(x[i], Real(0)));
        EXPECT_EQ(dr[i], x[i] > 0 ? g[i] : 0);
      }
    }
  });
}

TEST(Kernels_Vectors, OfOddSizes_EqualScalarLoops) {
  for_each_instruction_set([](const Kernels& k) {
    for (const std::size_t n : kSizes) {
      const auto x = random_numbers(n, 3), y = random_numbers(n, 4);
      double dot = 0, sum = 0, squares = 0, distance = 0, most = -kInf, exps = 0;
      for (std::size_t i = 0; i < n; ++i) {
        dot += double(x[i]) * double(y[i]);
        sum += double(x[i]);
        squares += double(x[i]) * double(x[i]);
        distance += (double(x[i]) - double(y[i])) * (double(x[i]) - double(y[i]));
        most = std::max(most, double(x[i]));
        exps += std::exp(double(x[i]));
      }
      const double room = kSumTolerance * (1 + double(n));
      EXPECT_NEAR(k.dot(x.data(), y.data(), n), dot, room);
      EXPECT_NEAR(k.sum(x.data(), n), sum, room);
      EXPECT_NEAR(k.sum_squares(x.data(), n), squares, room);
      EXPECT_NEAR(k.sum_square_distance(x.data(), y.data(), n), distance, room);
      EXPECT_EQ(k.maximum(x.data(), n), n == 0 ? -Real(kInf) : Real(most));
      if (n > 0) {
        EXPECT_NEAR(k.log_sum_exp(x.data(), n), std::log(exps), room);
      }
      auto a = y, s = y, m = y;
      k.axpy(Real(0.5), x.data(), a.data(), n);
      k.scale(Real(-2), s.data(), n);
      k.multiply(x.data(), m.data(), n);
      for (std::size_t i = 0; i < n; ++i) {
        EXPECT_NEAR(a[i], y[i] + Real(0.5) * x[i], 1e-6);
        EXPECT_EQ(s[i], -2 * y[i]);
        EXPECT_EQ(m[i], x[i] * y[i]);
      }
    }
  });
}

TEST(Kernels_LogSumExp, OfForbiddenOrHugeNumbers_StaysExact) {
  const Real inf = std::numeric_limits<Real>::infinity();
  for_each_instruction_set([&](const Kernels& k) {
    const std::vector<Real> none(5, -inf), some{-inf, Real(1e4), -inf, Real(1e4)};
    EXPECT_EQ(k.log_sum_exp(none.data(), none.size()), -inf);
    EXPECT_EQ(k.log_sum_exp(none.data(), 0), -inf);
    EXPECT_NEAR(k.log_sum_exp(some.data(), some.size()), 1e4 + std::log(2.0), 1e-3);
  });
}

TEST(Kernels_Product, OfOddSizes_EqualsTripleLoop) {
  for_each_instruction_set([](const Kernels& k) {
    Rng sizes(5);
    for (int round = 0; round < 120; ++round) {
      const int m = 1 + sizes.below(round % 10 == 0 ? 60 : 20), n = 1 + sizes.below(150);
      const int depth = round == 0 ? 600 : 1 + sizes.below(40);
      const int ldb = n + sizes.below(5), ldc = n + sizes.below(3);
      const bool transposed = sizes.chance(0.5), add = sizes.chance(0.5);
      const auto a = random_numbers(static_cast<std::size_t>(m * depth), 6);
      const auto b = random_numbers(static_cast<std::size_t>(depth * ldb), 7);
      const auto before = random_numbers(static_cast<std::size_t>(m * ldc), 8);
      auto c = before;
      const MatrixRef ref{a.data(), transposed ? 1 : depth, transposed ? m : 1};
      k.product(m, n, depth, ref, b.data(), ldb, c.data(), ldc, add);
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < ldc; ++j) {
          const auto at = static_cast<std::size_t>(i * ldc + j);
          if (j >= n) {
            EXPECT_EQ(c[at], before[at]) << "written beyond the row";
            continue;
          }
          double want = add ? double(before[at]) : 0;
          for (int p = 0; p < depth; ++p)
            want += double(ref.data[i * ref.row + p * ref.column]) *
                    double(b[static_cast<std::size_t>(p * ldb + j)]);
          ASSERT_NEAR(c[at], want, kSumTolerance * (5 + depth))
              << m << "x" << n << "x" << depth << " at " << i << ", " << j;
        }
    }
  });
}

TEST(Kernels_ProductRows, OfOddSizes_EqualsTripleLoop) {
  for_each_instruction_set([](const Kernels& k) {
    Rng sizes(9);
    for (int round = 0; round < 80; ++round) {
      const int m = 1 + sizes.below(11), n = 1 + sizes.below(13),
                depth = round == 0 ? 4500 : 1 + sizes.below(70);
      const int lda = depth + sizes.below(3), ldb = depth + sizes.below(3), ldc = n + sizes.below(3);
      const auto a = random_numbers(static_cast<std::size_t>(m * lda), 10);
      const auto b = random_numbers(static_cast<std::size_t>(n * ldb), 11);
      const auto before = random_numbers(static_cast<std::size_t>(m * ldc), 12);
      auto c = before;
      k.product_rows(m, n, depth, a.data(), lda, b.data(), ldb, c.data(), ldc);
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < ldc; ++j) {
          const auto at = static_cast<std::size_t>(i * ldc + j);
          double want = double(before[at]);
          for (int p = 0; j < n && p < depth; ++p)
            want += double(a[static_cast<std::size_t>(i * lda + p)]) *
                    double(b[static_cast<std::size_t>(j * ldb + p)]);
          ASSERT_NEAR(c[at], want, kSumTolerance * (5 + depth))
              << m << "x" << n << "x" << depth << " at " << i << ", " << j;
        }
    }
  });
}

TEST(Kernels_Steps, EqualTheirFormulas) {
  for_each_instruction_set([](const Kernels& k) {
    for (const std::size_t n : kSizes) {
      const auto w = random_numbers(n, 13), g = random_numbers(n, 14), v = random_numbers(n, 15);
      auto h = random_numbers(n, 16);
      for (Real& x : h) x = std::abs(x);
      const StepRule rule{Real(0.1), Real(0.01)};
      auto w1 = w, g1 = g, w2 = w, g2 = g, v2 = v, w3 = w, g3 = g, m3 = v, s3 = h, w4 = w, g4 = g;
      k.sgd_step(w1.data(), g1.data(), n, rule);
      k.momentum_step(w2.data(), g2.data(), v2.data(), n, rule, Real(0.9));
      k.adam_step(w3.data(), g3.data(), m3.data(), s3.data(), n, rule, Real(0.9), Real(0.99), Real(1e-8), 3);
      k.diagonal_step(w4.data(), g4.data(), h.data(), n, rule, Real(0.02));
      for (std::size_t i = 0; i < n; ++i) {
        const double slope = double(g[i]) + 0.01 * double(w[i]);
        EXPECT_NEAR(w1[i], w[i] - 0.1 * slope, 1e-6);
        const double velocity = 0.9 * double(v[i]) - 0.1 * slope;
        EXPECT_NEAR(v2[i], velocity, 1e-6);
        EXPECT_NEAR(w2[i], w[i] + velocity, 1e-6);
        const double m = 0.9 * double(v[i]) + 0.1 * slope, s = 0.99 * double(h[i]) + 0.01 * slope * slope;
        EXPECT_NEAR(m3[i], m, 1e-6);
        EXPECT_NEAR(s3[i], s, 1e-6);
        EXPECT_NEAR(w3[i], w[i] - 0.1 * (m / (1 - 0.729)) / (std::sqrt(s / (1 - 0.970299)) + 1e-8), 1e-5);
        EXPECT_NEAR(w4[i], w[i] - 0.1 / (0.02 + double(h[i])) * slope, 1e-5);
        for (const Real left : {g1[i], g2[i], g3[i], g4[i]}) EXPECT_EQ(left, 0) << "the slope is used up";
      }
    }
  });
}

TEST(Kernels, OfAnAbsentDevice_Throw) { EXPECT_THROW(kernels({Device::Kind::cuda, 99}), DeviceError); }

}  // namespace
}  // namespace ebm
