// The energy of a face: its manifold, its closed form against brute force, its net, its slopes.

#include "ebm/models/face_pose.hpp"

#include <algorithm>
#include <cmath>

#include "ebm/inference/closed_form.hpp"
#include "ebm/inference/reals.hpp"
#include "ebm/losses/square_exponential.hpp"
#include "support/graphs.hpp"
#include "support/training.hpp"

namespace ebm::models {
namespace {

using testing::random_tensor;

constexpr double kDegree = std::numbers::pi / 180;

double squared_distance(PoseManifold m, std::span<const double> g, std::span<const double> z) {
  std::array<double, 9> f{};
  embed_pose(m, z, f);
  double sum = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(pose_outputs(m)); ++k)
    sum += (g[k] - f[k]) * (g[k] - f[k]);
  return sum;
}

std::vector<double> random_outputs(PoseManifold m, Rng& rng) {
  std::vector<double> g(static_cast<std::size_t>(pose_outputs(m)));
  for (double& v : g) v = rng.normal();
  return g;
}

TEST(FaceNet, WithNineOutputs_Has63493ParametersAnd80Kernels) {
  Params W;
  const Net net = pose_net(W, "face", pose_outputs(PoseManifold::yaw_roll));
  EXPECT_EQ(net.parameter_count(), 63493u);
  std::size_t kernels = 0;
  std::vector<int> readers(8, 0);
  for (const auto& row : face_table()) {
    kernels += row.size();
    EXPECT_EQ(row.size(), 4u);
    EXPECT_TRUE(std::ranges::is_sorted(row) && std::ranges::adjacent_find(row) == row.end());
    for (const int map : row) ++readers[static_cast<std::size_t>(map)];
  }
  EXPECT_EQ(kernels, 80u);
  for (const int count : readers) EXPECT_GE(count, 8);
  EXPECT_EQ(net.output_shape(Shape{1, 240, 240}), (Shape{53, 53, 9}));
}

TEST(PoseManifold, HasThePublishedLengthAtEveryPose) {
  std::array<double, 9> f{};
  for (double yaw = -90; yaw <= 90; yaw += 7.5)
    for (double roll = -45; roll <= 45; roll += 7.5) {
      const std::array<double, 2> z{yaw * kDegree, roll * kDegree};
      embed_pose(PoseManifold::yaw_roll, z, f);
      double sum = 0;
      for (const double v : f) sum += v * v;
      EXPECT_NEAR(sum, 9.0 / 4, 1e-12);
      embed_pose(PoseManifold::yaw, z, f);
      EXPECT_NEAR(f[0] * f[0] + f[1] * f[1] + f[2] * f[2], 3.0 / 2, 1e-12);
    }
}

TEST(NearestPose, OfAPointOnTheManifold_IsThatPose) {
  std::array<double, 9> f{};
  for (double yaw = -90; yaw <= 90; yaw += 6)
    for (double roll = -45; roll <= 45; roll += 5) {
      const std::array<double, 2> z{yaw * kDegree, roll * kDegree};
      std::array<double, 2> found{};
      embed_pose(PoseManifold::yaw_roll, z, f);
      nearest_pose(PoseManifold::yaw_roll, f, {}, found);
      EXPECT_NEAR(squared_distance(PoseManifold::yaw_roll, f, found), 0, 1e-24);
      EXPECT_NEAR(found[0], z[0], 1e-12);
      EXPECT_NEAR(found[1], z[1], 1e-12);
    }
}

TEST(NearestPose, WithinBoundsTurnsAway_IsThePoseOfTheSameBoundsTurnedBack) {
  Rng rng(4);
  constexpr double kTurn = 2 * std::numbers::pi;
  for (int trial = 0; trial < 500; ++trial) {
    const auto m = trial % 2 ? PoseManifold::yaw : PoseManifold::yaw_roll;
    const std::vector<double> g = random_outputs(m, rng);
    PoseBounds near, far;
    for (std::size_t k = 0; k < 2; ++k) {
      near.low[k] = rng.uniform(-3, 3), near.high[k] = near.low[k] + rng.uniform(0, 5);
      const double away = kTurn * (rng.below(41) - 20);
      far.low[k] = near.low[k] + away, far.high[k] = near.high[k] + away;
    }
    std::array<double, 2> z{}, there{};
    nearest_pose(m, g, near, z);
    nearest_pose(m, g, far, there);
    EXPECT_NEAR(squared_distance(m, g, there), squared_distance(m, g, z), 1e-10);
    for (std::size_t k = 0; k < static_cast<std::size_t>(pose_dims(m)); ++k) {
      EXPECT_GE(there[k], far.low[k]);
      EXPECT_LE(there[k], far.high[k]);
    }
  }
}

TEST(NearestPose, WithinOpenOrWideBounds_IsAsLowAsAnyPose) {
  Rng rng(5);
  for (int trial = 0; trial < 300; ++trial) {
    const auto m = trial % 2 ? PoseManifold::yaw : PoseManifold::yaw_roll;
    const std::vector<double> g = random_outputs(m, rng);
    std::array<double, 2> whole{}, z{};
    nearest_pose(m, g, {{-4, -4}, {4, 4}}, whole);
    for (const PoseBounds& b : {PoseBounds{{-kInf, -kInf}, {kInf, kInf}},
                                PoseBounds{{100, -1e3}, {kInf, 1e3}}, PoseBounds{{-kInf, -50}, {-7, 50}}}) {
      nearest_pose(m, g, b, z);
      EXPECT_NEAR(squared_distance(m, g, z), squared_distance(m, g, whole), 1e-10);
      for (std::size_t k = 0; k < static_cast<std::size_t>(pose_dims(m)); ++k)
        EXPECT_TRUE(z[k] >= b.low[k] && z[k] <= b.high[k]) << z[k];
    }
    // One angle open, the other narrow: the best is on an edge of the narrow one.
    if (m == PoseManifold::yaw) continue;
    nearest_pose(m, g, {{-kInf, 0.1}, {kInf, 0.1}}, z);
    double least = kInf;
    for (double yaw = -4; yaw <= 4; yaw += 1e-3) {
      const std::array<double, 2> at{yaw, 0.1};
      least = std::min(least, squared_distance(m, g, at));
    }
    EXPECT_LE(squared_distance(m, g, z), least + 1e-12);
    EXPECT_EQ(z[1], 0.1);
  }
}

// 0.1 degree: G . F of 1,000 random G. What the grid misses is below 1e-5 of |G|.
TEST(NearestPose, OfRandomOutputs_IsAsGoodAsBruteForce) {
  Rng rng(1);
  std::vector<double> roll_cos, roll_sin;
  for (int k = -451; k < 453; ++k)  // 904 of them, the last ones double
    roll_cos.push_back(std::cos(0.1 * std::clamp(k, -450, 450) * kDegree)),
        roll_sin.push_back(std::sin(0.1 * std::clamp(k, -450, 450) * kDegree));
  int on_edge = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    const std::vector<double> g = random_outputs(PoseManifold::yaw_roll, rng);
    std::array<double, 2> z{};
    nearest_pose(PoseManifold::yaw_roll, g, {}, z);
    EXPECT_LE(std::abs(z[0]), 90 * kDegree + 1e-12);
    EXPECT_LE(std::abs(z[1]), 45 * kDegree + 1e-12);
    on_edge += std::abs(z[0]) > 89.999 * kDegree || std::abs(z[1]) > 44.999 * kDegree;
    std::array<double, 9> f{};
    embed_pose(PoseManifold::yaw_roll, z, f);
    double closed = 0;
    std::array<double, 8> best;  // of eight rolls in turn
    best.fill(-1e9);
    for (std::size_t k = 0; k < 9; ++k) closed += g[k] * f[k];
    for (int k = -900; k <= 900; ++k) {  // at a yaw, a wave in roll: its two amplitudes from two rolls
      const std::array<double, 2> flat{0.1 * k * kDegree, 0}, turned{0.1 * k * kDegree, 90 * kDegree};
      double c = 0, s = 0;
      embed_pose(PoseManifold::yaw_roll, flat, f);
      for (std::size_t j = 0; j < 9; ++j) c += g[j] * f[j];
      embed_pose(PoseManifold::yaw_roll, turned, f);
      for (std::size_t j = 0; j < 9; ++j) s += g[j] * f[j];
      for (std::size_t r = 0; r + 8 <= roll_cos.size(); r += 8)
        for (std::size_t l = 0; l < 8; ++l) {
          const double value = c * roll_cos[r + l] + s * roll_sin[r + l];
          best[l] = value > best[l] ? value : best[l];
        }
    }
    const double highest = *std::ranges::max_element(best);
    ASSERT_GE(closed, highest - 1e-12) << "trial " << trial;
    ASSERT_LE(closed, highest + 1e-4) << "trial " << trial;

    const std::vector<double> h = random_outputs(PoseManifold::yaw, rng);
    nearest_pose(PoseManifold::yaw, h, {}, std::span(z).first(1));
    double least = 1e9;
    for (int k = -900; k <= 900; ++k) {
      const std::array<double, 1> at{0.1 * k * kDegree};
      least = std::min(least, squared_distance(PoseManifold::yaw, h, at));
    }
    const double found = squared_distance(PoseManifold::yaw, h, std::span(z).first(1));
    ASSERT_LE(found, least + 1e-12);
    ASSERT_GE(found, least - 1e-4);
  }
  EXPECT_GT(on_edge, 300);  // so that the edges have been tried in earnest
  EXPECT_LT(on_edge, 950);
}

TEST(NearestPose, WithinAnyBox_IsAsGoodAsBruteForce) {
  Rng rng(2);
  for (int trial = 0; trial < 400; ++trial) {
    PoseBounds box;
    for (std::size_t k = 0; k < 2; ++k) {
      box.low[k] = rng.uniform(-4, 3);
      box.high[k] = box.low[k] + rng.uniform(0, trial % 2 ? 1 : 3);
    }
    std::vector<double> g = random_outputs(PoseManifold::yaw_roll, rng);
    if (trial % 10 == 0) std::ranges::fill(g, 0.0);
    std::array<double, 2> z{};
    nearest_pose(PoseManifold::yaw_roll, g, box, z);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_GE(z[k], box.low[k] - 1e-9);
      EXPECT_LE(z[k], box.high[k] + 1e-9);
    }
    const double found = squared_distance(PoseManifold::yaw_roll, g, z);
    double least = 1e9;
    constexpr int kSteps = 60;
    for (int i = 0; i <= kSteps; ++i)
      for (int j = 0; j <= kSteps; ++j) {
        const std::array<double, 2> at{box.low[0] + (box.high[0] - box.low[0]) * i / kSteps,
                                       box.low[1] + (box.high[1] - box.low[1]) * j / kSteps};
        least = std::min(least, squared_distance(PoseManifold::yaw_roll, g, at));
      }
    EXPECT_LE(found, least + 1e-9) << "trial " << trial;
    EXPECT_GE(found, least - 0.02) << "trial " << trial;
  }
}

TEST(FaceEnergy, ByClosedForm_IsNeverAboveDescentOrGrid) {
  for (const PoseManifold m : {PoseManifold::yaw, PoseManifold::yaw_roll}) {
    Params W;
    Rng rng(4);
    std::vector<Tensor> g;
    for (int i = 0; i < 300; ++i) g.push_back(random_tensor({pose_outputs(m)}, rng));
    const Model<Tensor> model(W, [m](FactorGraph& graph, const Tensor& x) {
      const auto z = graph.latent("pose", pose_domain(m));
      graph.add(pose_distance(m, graph.feature(x), graph.feature(z)));
    });
    const Prepared ready = model.prepare(g);
    Batch batch = ready.batch();
    Answer closed, descent, grid;
    infer::ClosedForm{}.answer(batch, {.answers = true}, closed);
    infer::GradientDescent{.steps = 1000, .restarts = 12}.answer(batch, {.answers = true}, descent);
    infer::Grid{.points = m == PoseManifold::yaw ? 721 : 91}.answer(batch, {.answers = true}, grid);
    const double rounding = sizeof(Real) == 8 ? 1e-9 : 2e-6;
    for (std::size_t i = 0; i < g.size(); ++i) {
      EXPECT_LE(closed.energy[i], descent.energy[i] + rounding);
      EXPECT_LE(closed.energy[i], grid.energy[i] + rounding);
      EXPECT_NEAR(closed.energy[i], descent.energy[i], 1e-4);
      EXPECT_NEAR(closed.energy[i], grid.energy[i], 1e-2);
    }
  }
}

std::vector<FaceExample> examples(std::span<const Tensor> images) {
  std::vector<FaceExample> out;
  for (std::size_t i = 0; i < images.size(); ++i)
    out.push_back({images[i],
                   i % 2 == 0,
                   {static_cast<Real>(0.3 * static_cast<double>(i) - 1),
                    static_cast<Real>(0.1 * static_cast<double>(i) - 0.4)}});
  return out;
}

TEST(FaceEnergy, UnderTheSquareExponentialLoss_IsThePapersLoss) {
  Rng rng(5);
  std::vector<Tensor> images;
  for (int i = 0; i < 6; ++i) images.push_back(random_tensor({1, 32, 32}, rng));
  Params W;
  const PoseManifold m = PoseManifold::yaw_roll;
  const Net net = pose_net(W, "face", pose_outputs(m));
  const Model<FaceExample> model = face_model(W, net, m);
  const std::vector<FaceExample> data = examples(images);
  Net::State state;
  Tensor g(Shape{1, 9});
  double expected = 0;
  const double K = 3;
  for (const FaceExample& x : data) {
    net.forward(W.data(), {x.image.data, Shape{1, 1, 32, 32}}, g, state);
    const std::vector<double> at(g.data(), g.data() + 9);
    std::array<double, 2> z{x.pose[0], x.pose[1]};
    if (!x.face) nearest_pose(m, at, {}, z);
    const double e = std::sqrt(squared_distance(m, at, z));
    expected += x.face ? e * e : K * std::exp(-e);
  }
  const Prepared ready = model.prepare(data);
  testing::TrainBatch batch(ready);
  EXPECT_NEAR(testing::loss_of(batch.batch, loss::SquareExponential{.gamma = K}, infer::Automatic{}),
              expected / static_cast<double>(data.size()), 1e-4);
}

TEST(FaceEnergy, OfEveryManifold_HasTheSlopesOfCentralDifferences) {
  Rng rng(6);
  std::vector<Tensor> images;
  for (int i = 0; i < 4; ++i) images.push_back(random_tensor({1, 32, 32}, rng));
  for (const PoseManifold m : {PoseManifold::point, PoseManifold::yaw, PoseManifold::yaw_roll}) {
    SCOPED_TRACE(static_cast<int>(m));
    Params W;
    const Net net = pose_net(W, "face", pose_outputs(m));
    const Model<FaceExample> model = face_model(W, net, m);
    const std::vector<FaceExample> data = examples(images);
    const Prepared ready = model.prepare(data);
    testing::TrainBatch batch(ready);
    testing::expect_slopes(W, batch.batch, loss::SquareExponential{.gamma = 2}, infer::Automatic{}, 8);
  }
}

TEST(PoseDistance, OfWrongSizes_IsRefusedByName) {
  Params W;
  const Model<int> model(W, [](FactorGraph& g, const int&) {
    const auto z = g.latent("pose", Reals(2));
    g.add(pose_distance(PoseManifold::yaw_roll, g.feature(Tensor({8})), g.feature(z)));
  });
  try {
    model.prepare(0);
    FAIL() << "eight outputs were taken";
  } catch (const ShapeError& e) {
    EXPECT_NE(std::string(e.what()).find("[pose_distance] compares 9 outputs with a pose of 2"),
              std::string::npos)
        << e.what();
  }
}

TEST(FaceModel, OfAPoseAtTheVeryBound_TakesIt) {
  Params W;
  const Net net = pose_net(W, "face", 9);
  const Model<FaceExample> model = face_model(W, net, PoseManifold::yaw_roll);
  const Tensor image({1, 32, 32});
  const FaceExample x{
      image, true, {static_cast<Real>(std::numbers::pi / 2), static_cast<Real>(-std::numbers::pi / 4)}};
  EXPECT_EQ(model.prepare(x).size(), 1u);
}

}  // namespace
}  // namespace ebm::models
