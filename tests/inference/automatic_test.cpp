// What Automatic makes of graphs with a real variable, held against fine grids and searches from many places.

#include <gtest/gtest.h>

#include <numbers>

#include "ebm/inference/least_squares.hpp"
#include "ebm/inference/reals.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// E(z) = sum_d a_d sin(3 z_d + b_d) + z_d^2 / 4, which has several valleys.
struct Wavy {
  std::vector<double> a, b;
  bool operator==(const Wavy&) const = default;
  std::string_view name() const { return "wavy"; }
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r) {
      double sum = 0;
      for (std::size_t d = 0; d < a.size(); ++d) {
        const double z = x.in[0][static_cast<std::size_t>(r) * a.size() + d];
        sum += a[d] * std::sin(3 * z + b[d]) + z * z / 4;
      }
      out[static_cast<std::size_t>(r)] = static_cast<Real>(sum);
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    for (int r = 0; r < x.rows; ++r)
      for (std::size_t d = 0; d < a.size(); ++d) {
        const std::size_t k = static_cast<std::size_t>(r) * a.size() + d;
        const double z = x.in[0][k];
        s.in[0][k] +=
            dout[static_cast<std::size_t>(r)] * static_cast<Real>(3 * a[d] * std::cos(3 * z + b[d]) + z / 2);
      }
  }
};

Wavy wavy(std::size_t dims, int seed) {
  Rng rng(static_cast<std::uint64_t>(seed));
  Wavy w;
  for (std::size_t d = 0; d < dims; ++d) w.a.push_back(rng.uniform(0.3, 1)), w.b.push_back(rng.uniform(0, 6));
  return w;
}

OneGraph valleys(Params& W, const Reals& domain, const Wavy& w, const std::vector<Real>& truth = {}) {
  return OneGraph(W, [=](FactorGraph& g) {
    const auto z = g.output("z", domain, std::span<const Real>(truth));
    g.add(factor::function(w, {g.feature(z)}));
  });
}

constexpr double kNear = sizeof(Real) == 8 ? 1e-8 : 2e-5;

TEST(Automatic, InFewBoundedDimensions_FindsTheLowestValley) {
  for (int seed = 0; seed < 20; ++seed)
    for (const std::size_t dims : {1u, 2u, 3u}) {
      Params W;
      const Wavy w = wavy(dims, seed);
      OneGraph one = valleys(W, Reals(static_cast<int>(dims)).within(-3, 3), w);
      Answer a;
      infer::Automatic{}.answer(one.batch, {.answers = true}, a);
      double lowest = 0;  // each dimension by itself, on a fine grid
      for (std::size_t d = 0; d < dims; ++d) {
        double low = kInf;
        for (int k = 0; k <= 60000; ++k) {
          const double z = -3 + k * 1e-4;
          low = std::min(low, w.a[d] * std::sin(3 * z + w.b[d]) + z * z / 4);
        }
        lowest += low;
      }
      EXPECT_NEAR(a.energy[0], lowest, 1e-6 + kNear) << dims << " dimensions, seed " << seed;
      EXPECT_EQ(a.report.asked, Method::automatic);
      EXPECT_EQ(a.report.used, Method::gradient_descent);
      EXPECT_EQ(a.report.why, Why::few_dimensions);
    }
}

TEST(Automatic, OfTheMostOffendingAnswer_LeavesTheBallOut) {
  for (int seed = 0; seed < 20; ++seed) {
    Params W;
    const Wavy w = wavy(1, seed);
    OneGraph one = valleys(W, Reals(1).within(-3, 3), w, {Real(-0.4)});
    Answer a, fine;
    infer::Automatic{}.answer(one.batch, {.over = Over::others, .answers = true}, a);
    infer::Grid{.points = 60001}.answer(one.batch, {.over = Over::others}, fine);
    EXPECT_GE(std::abs(a.reals[0] + Real(0.4)), 0.1 - 1e-5) << seed;
    EXPECT_NEAR(a.energy[0], fine.energy[0], 2e-4) << seed;
    ASSERT_EQ(a.highest.size(), 1u);
    EXPECT_NEAR(a.highest[0], fine.highest[0], 0.02);
  }
}

TEST(Automatic, OfAFreeEnergyInFewBoundedDimensions_SumsOverAGrid) {
  Params W;
  OneGraph one = valleys(W, Reals(1).within(-3, 3), wavy(1, 3));
  Answer a, fine;
  infer::Automatic{}.answer(one.batch, {.beta = 1}, a);
  infer::Grid{.points = 6001}.answer(one.batch, {.beta = 1}, fine);
  // Both sum over points: the integral adds the log of the spacing.
  EXPECT_NEAR(a.energy[0] - std::log(6.0 / 200), fine.energy[0] - std::log(6.0 / 6000), 0.02);
  EXPECT_EQ(a.report.used, Method::grid);
  EXPECT_EQ(a.report.why, Why::few_dimensions);
}

TEST(Automatic, WithoutBounds_Descends) {
  Params W;
  OneGraph one = valleys(W, Reals(2), wavy(2, 5)), angles = valleys(W, Reals::angles(1), wavy(1, 5));
  Answer a, own;
  infer::Automatic{}.answer(one.batch, {}, a);
  infer::GradientDescent{}.answer(one.batch, {}, own);
  EXPECT_EQ(a.energy, own.energy);
  EXPECT_EQ(a.report.why, Why::smooth);
  infer::Automatic{}.answer(angles.batch, {}, a);
  EXPECT_EQ(a.report.why, Why::few_dimensions) << "angles are bounded";
}

TEST(Automatic, OfResiduals_SolvesLeastSquares_AndSearchesForWhatTheyCannotLeaveOut) {
  Params W;
  const Tensor target({3}, {0.5, -2, 4});
  OneGraph one(W, [&](FactorGraph& g) {
    const std::vector<Real> truth{0, 0, 0};
    const auto z = g.output("z", Reals(3), std::span<const Real>(truth));
    // Of two factors neither knows the minimum of the sum.
    for (int k = 0; k < 2; ++k) g.add(factor::half_squared_distance(g.feature(z), g.feature(Data(target))));
    g.add(factor::constant(Tensor(Real(2))));
  });
  Answer a;
  infer::Automatic{}.answer(one.batch, {.answers = true}, a);
  EXPECT_NEAR(a.energy[0], 2, kNear);
  for (std::size_t d = 0; d < 3; ++d) EXPECT_NEAR(a.reals[d], target[d], 1e-4);
  EXPECT_EQ(a.report.used, Method::levenberg_marquardt);
  EXPECT_EQ(a.report.why, Why::residual_factors);
  infer::Automatic{}.answer(one.batch, {.over = Over::others}, a);
  EXPECT_NEAR(a.energy[0], 2, kNear);
  EXPECT_EQ(a.report.used, Method::gradient_descent);
}

TEST(Automatic, OfResidualsInManyDimensions_TakesWhatTheBuildHas) {
  Params W;
  constexpr int kMany = infer::LevenbergMarquardt::kMostDims + 1;
  Tensor target(Shape{1, kMany});
  for (Real& t : target.span()) t = Real(0.5);
  OneGraph one(W, [&](FactorGraph& g) {
    const auto z = g.output("z", Reals(kMany));
    for (int k = 0; k < 2; ++k) g.add(factor::half_squared_distance(g.feature(z), g.feature(Data(target))));
  });
  Answer a;
  infer::Automatic{}.answer(one.batch, {}, a);
  EXPECT_NEAR(a.energy[0], 0, kNear);
  EXPECT_EQ(a.report.used, infer::has_ceres() ? Method::least_squares : Method::gradient_descent);
}

TEST(Automatic, OfLabelsBesideReals_Nests) {
  Params W;
  Rng rng(1);
  const Tensor centres = random_tensor({3, 1}, rng);
  OneGraph one(W, [&](FactorGraph& g) {
    const auto y = g.output("y", Labels(3), 1);
    const auto z = g.latent("z", Reals(1).within(-1, 1));
    g.add(factor::constant(Tensor({3}, {0.3, 0.1, 0.2})), y);
    g.add(factor::half_squared_distance(g.feature(z), g.feature(Data(Tensor({1}, {0.25})))));
  });
  Answer a, fine;
  for (const Over over : {Over::all, Over::truth, Over::others}) {
    infer::Automatic{}.answer(one.batch, {.over = over, .answers = true}, a);
    infer::Grid{.points = 2001}.answer(one.batch, {.over = over, .answers = true}, fine);
    EXPECT_NEAR(a.energy[0], fine.energy[0], 1e-5);
    EXPECT_EQ(a.labels, fine.labels);
    EXPECT_EQ(a.report.used, Method::nested);
    EXPECT_EQ(a.report.why, Why::labels_beside_reals);
  }
  infer::Automatic{}.answer(one.batch, {.beta = 1}, a);
  EXPECT_EQ(a.report.used, Method::grid);
}

TEST(Automatic, OfAFreeEnergyThatNoEngineSums_SaysWhatToAskInstead) {
  Params W;
  const auto says = [](OneGraph& one, const std::string& words) {
    Answer a;
    try {
      infer::Automatic{}.answer(one.batch, {.beta = 1}, a);
      ADD_FAILURE() << words;
    } catch (const GraphError& e) {
      EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find("[automatic]"), std::string::npos) << e.what();
    }
  };
  OneGraph open = valleys(W, Reals(1), wavy(1, 1)), wide = valleys(W, Reals(4).within(-1, 1), wavy(4, 1));
  says(open, "'z' of 1 dimension without bounds; ask infer::AnnealedImportance");
  says(wide, "'z' of 4 dimensions; ask infer::AnnealedImportance");
  OneGraph mixed(W, [](FactorGraph& g) {
    g.output("y", Labels(2));
    const auto z = g.latent("z", Reals(1));
    g.add(factor::function(wavy(1, 1), {g.feature(z)}));
  });
  says(mixed, "ask infer::Nested");
}

}  // namespace
}  // namespace ebm
