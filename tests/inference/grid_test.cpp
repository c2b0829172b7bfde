// A real variable on a grid, against energies computed by hand.

#include <gtest/gtest.h>

#include "ebm/inference/engine.hpp"
#include "ebm/inference/verbs.hpp"
#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr double kTolerance = sizeof(Real) == 4 ? 1e-5 : 1e-12;

// E(y) = (2 y + 1 - 0.6)^2 / 2 with the truth 0.3: lowest at y = -0.2.
struct Parabola {
  Params W;
  std::unique_ptr<OneGraph> one;
  explicit Parabola(Real truth = Real(0.3)) {
    const Net gy = net::linear(W, "gy", 1, 1), gx = net::linear(W, "gx", 1, 1);
    W.view(W.find("gy.weight"))[0] = 2, W.view(W.find("gy.bias"))[0] = 1;
    W.view(W.find("gx.weight"))[0] = Real(0.6), W.view(W.find("gx.bias"))[0] = 0;
    one = std::make_unique<OneGraph>(W, [=](FactorGraph& g) {
      const auto y = g.output("y", Reals(1), truth);
      g.add(factor::half_squared_distance(g.feature(gx, Tensor(Real(1))), g.feature(gy, y)));
    });
  }
  static double energy(double y) { return (2 * y + 0.4) * (2 * y + 0.4) / 2; }
};

TEST(Grid, Minimum_IsTheLowestPoint) {
  Parabola p;
  Answer a;
  infer::Grid{.points = 41}.answer(p.one->batch, {.answers = true}, a);
  EXPECT_NEAR(a.reals[0], -0.2, 1e-6);
  EXPECT_NEAR(a.energy[0], 0, 1e-6);
  EXPECT_EQ(a.report.exactness, Exactness::approximate);
  EXPECT_EQ(minimize(p.one->batch, infer::Grid{}).reals.size(), 1u);
}

TEST(Grid, FreeEnergyAndWeights_AreThoseOfItsPoints) {
  Parabola p;
  for (const double beta : {0.5, 1.0, 7.0})
    for (const Over over : {Over::all, Over::others}) {
      std::vector<double> energies;
      for (int k = 0; k < 21; ++k) {
        const double y = -1 + 0.1 * k;
        if (over == Over::all || std::abs(y - 0.3) > 0.15) energies.push_back(Parabola::energy(y));
      }
      Answer a;
      infer::Grid{.points = 21, .exclude = 0.15}.answer(p.one->batch, {.over = over, .beta = beta}, a);
      EXPECT_NEAR(a.energy[0], joined(energies, beta), kTolerance * 10);
      ASSERT_EQ(a.weights.size(), energies.size());
      double sum = 0;
      for (std::size_t k = 0; k < energies.size(); ++k) {
        EXPECT_NEAR(a.weights[k], std::exp(-beta * (energies[k] - joined(energies, beta))), 1e-5);
        sum += a.weights[k];
      }
      EXPECT_NEAR(sum, 1, 1e-5);
    }
}

TEST(Grid, Truth_IsReadWhereItIs_NotOnThePoints) {
  Parabola p(Real(0.3123));
  Answer a;
  infer::Grid{}.answer(p.one->batch, {.over = Over::truth}, a);
  EXPECT_NEAR(a.energy[0], Parabola::energy(0.3123), kTolerance * 10);
  infer::Grid{}.answer(p.one->batch, {.over = Over::truth, .beta = 2}, a);
  EXPECT_NEAR(a.energy[0], Parabola::energy(0.3123), kTolerance * 10);
}

TEST(Grid, OthersWithNoPointLeft_AreRefusedByName) {
  Parabola p;
  Answer a;
  for (const double beta : {kInf, 1.0}) try {
      infer::Grid{.exclude = 5}.answer(p.one->batch, {.over = Over::others, .beta = beta}, a);
      FAIL();
    } catch (const GraphError& e) {
      EXPECT_NE(std::string(e.what()).find("radius 5 around the true 'y'"), std::string::npos) << e.what();
    }
}

TEST(Grid, OptionsThatMakeNoSense_AreRefused) {
  Parabola p;
  Answer a;
  EXPECT_THROW((infer::Grid{.points = 0}.answer(p.one->batch, {}, a)), GraphError);
  EXPECT_THROW((infer::Grid{.low = 1, .high = -1}.answer(p.one->batch, {}, a)), GraphError);
  EXPECT_THROW(infer::Grid{}.answer(p.one->batch, {.beta = 0}, a), GraphError);
  EXPECT_THROW(infer::Exhaustive{}.answer(p.one->batch, {}, a), GraphError);
  EXPECT_THROW(p.one->batch.forward(), GraphError);
}

// E[label] = a_label |z - c_label|^2 / 2 + b_label in `dims` dimensions, W = a, b, c per label.
struct Bowls {
  int labels;
  std::string_view name() const { return "bowls"; }
  bool operator==(const Bowls&) const = default;
  void forward(const Reads& x, View out) const {
    const int n = x.in[0].shape[1];
    for (int r = 0; r < x.rows; ++r)
      for (int k = 0; k < labels; ++k) {
        const Real* p = x.w + k * (n + 2);
        Real sum = 0;
        for (int d = 0; d < n; ++d) {
          const Real away = x.in[0].data[r * n + d] - p[2 + d];
          sum += away * away;
        }
        out[static_cast<std::size_t>(r * labels + k)] = p[0] * sum / 2 + p[1];
      }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const int n = x.in[0].shape[1];
    for (int r = 0; r < x.rows && s.w; ++r)
      for (int k = 0; k < labels; ++k) {
        const Real* p = x.w + k * (n + 2);
        const Real g = dout[static_cast<std::size_t>(r * labels + k)];
        for (int d = 0; d < n; ++d) {
          const Real away = x.in[0].data[r * n + d] - p[2 + d];
          s.w[k * (n + 2)] += g * away * away / 2;
          s.w[k * (n + 2) + 2 + d] -= g * p[0] * away;
        }
        s.w[k * (n + 2) + 1] += g;
      }
  }
};

struct Mixture {
  Params W;
  int labels, dims;
  std::unique_ptr<OneGraph> one;
  Mixture(
      int labels, int dims, std::uint64_t seed, std::vector<Real> truth = {}, int label = -1,
      const std::function<Reals(int)>& domain = [](int n) { return Reals(n); })
      : labels(labels), dims(dims) {
    Rng rng(seed);
    W.table("bowls", {labels, dims + 2});
    for (Real& w : W.flat()) w = static_cast<Real>(rng.uniform(-1, 1));
    for (int k = 0; k < labels; ++k) W.flat()[static_cast<std::size_t>(k * (dims + 2))] += Real(1.5);
    one = std::make_unique<OneGraph>(W, [=](FactorGraph& g) {
      const Term term =
          factor::function(Bowls{labels}, {g.feature(g.output("z", domain(dims), truth))}, "bowls");
      if (labels == 1)
        g.add(term);
      else
        g.add(term, g.output("y", Labels(labels), label < 0 ? LabelSet{} : LabelSet(label)));
    });
  }
  double energy(int k, const std::vector<double>& z) const {
    const Real* p = W.flat().data() + k * (dims + 2);
    double sum = 0;
    for (int d = 0; d < dims; ++d)
      sum += (z[static_cast<std::size_t>(d)] - p[2 + d]) * (z[static_cast<std::size_t>(d)] - p[2 + d]);
    return p[0] * sum / 2 + p[1];
  }
};

TEST(Grid, OfSeveralDimensionsAndLabels_EqualsEnumeration) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const int dims = 1 + static_cast<int>(seed % 3), labels = 1 + static_cast<int>(seed / 3 % 3), points = 7;
    std::vector<Real> truth;
    for (int d = 0; d < dims; ++d) truth.push_back(Real(0.25) * static_cast<Real>(d) - Real(0.3));
    const bool known = seed % 2 == 0;
    const int label = labels > 1 && seed % 4 < 2 ? 1 : -1;
    Mixture m(labels, dims, seed, known ? truth : std::vector<Real>{}, label);
    for (const Over over : {Over::all, Over::truth, Over::others})
      for (const double beta : {kInf, 1.0, 3.0}) {
        std::vector<double> energies;
        std::vector<int> counts(static_cast<std::size_t>(dims), points);
        counts.push_back(labels);
        each_labelling(counts, [&](const std::vector<int>& at) {
          std::vector<double> z;
          double away = 0;
          for (int d = 0; d < dims; ++d) {
            z.push_back(-1.5 + at[static_cast<std::size_t>(d)] * 3.5 / (points - 1));
            away += std::pow(z.back() - truth[static_cast<std::size_t>(d)], 2);
          }
          const bool right = label < 0 || at.back() == label, near = !known || std::sqrt(away) <= 0.6;
          if (over == Over::others && right && near) return;
          if (over == Over::truth && !right) return;
          if (over == Over::truth && known && at[0] + at[static_cast<std::size_t>(dims - 1)] > 0) return;
          if (over == Over::truth && known) z.assign(truth.begin(), truth.end());
          if (over == Over::truth && known && dims == 3 && at[1] > 0) return;  // the truth once a label
          energies.push_back(m.energy(at.back(), z));
        });
        Answer a;
        infer::Grid{.low = -1.5, .high = 2, .points = points, .exclude = 0.6}.answer(
            m.one->batch, {.over = over, .beta = beta, .answers = true}, a);
        const double want = energies.empty() ? kInf : joined(energies, beta);
        if (want == kInf) {
          EXPECT_EQ(a.energy[0], kInf);
          continue;
        }
        EXPECT_NEAR(a.energy[0], want, 2e-5) << seed;
        double sum = 0;
        for (const Real w : a.weights) sum += w;
        EXPECT_NEAR(sum, 1, 1e-4);
        if (beta < kInf) continue;
        EXPECT_NEAR(m.energy(labels > 1 ? a.labels[0] : 0, {a.reals.begin(), a.reals.end()}), want, 2e-5);
      }
  }
}

TEST(Grid, SlopeOfItsFreeEnergy_IsThatOfTheSum) {
  if (sizeof(Real) == 4) GTEST_SKIP() << "finite differences are taken in the double build";
  for (const int labels : {1, 3})
    for (const Query& q : {Query{.beta = 1.5}, Query{.over = Over::others, .beta = 1}, Query{}}) {
      Mixture m(labels, 2, 5, {Real(0.1), Real(0.2)}, labels > 1 ? 1 : -1);
      const infer::Grid grid{.points = 9};
      const Sample* sample = &m.one->batch.sample(0);
      m.one->batch.assign({&sample, 1}, Net::Mode::train);
      Answer a;
      grid.answer(m.one->batch, q, a);
      const double one = 1;
      const Pull pull{&a, {&one, 1}};
      std::vector<Real> gradient(m.W.flat().size()), scratch;
      backward(m.one->batch, {&pull, 1}, gradient, scratch);
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        const Real kept = m.W.flat()[i];
        double side[2];
        for (int s = 0; s < 2; ++s) {
          m.W.flat()[i] = static_cast<Real>(kept + (s ? 1e-5 : -1e-5));
          m.one->batch.invalidate();
          Answer moved;
          grid.answer(m.one->batch, q, moved);
          side[s] = moved.energy[0];
        }
        m.W.flat()[i] = kept;
        m.one->batch.invalidate();
        EXPECT_NEAR(gradient[i], (side[1] - side[0]) / 2e-5, 1e-7) << i;
      }
    }
}

TEST(Grid, BoundsAndAngles_SetItsRange) {
  Answer a;
  Mixture bounded(1, 2, 3, {}, -1, [](int n) { return Reals(n).within({-0.5, 0.25}, {kInf, 0.75}); });
  infer::Grid{.low = -2, .high = 3, .points = 3}.answer(bounded.one->batch, {.beta = 1}, a);
  const std::vector<Real> want{Real(-0.5), Real(0.25), Real(-0.5), Real(0.5),
                               Real(-0.5), Real(0.75), Real(1.25)};
  for (std::size_t k = 0; k < want.size(); ++k) EXPECT_NEAR(a.points.values[k], want[k], 1e-6);
  Mixture angle(1, 1, 3, {Real(3.1)}, -1, [](int n) { return Reals::angles(n); });
  infer::Grid{.points = 4, .exclude = 0.2}.answer(angle.one->batch, {.beta = 1}, a);
  ASSERT_EQ(a.points.count(), 4);  // -pi but not pi, which is the same
  EXPECT_NEAR(a.points.values[1], -1.5707963, 1e-5);
  infer::Grid{.points = 4, .exclude = 0.2}.answer(angle.one->batch, {.over = Over::others, .beta = 1}, a);
  EXPECT_EQ(a.points.count(), 3);  // round the circle, -pi is near 3.1
  Mixture sphere(1, 3, 3, {}, -1, [](int n) { return Reals::unit(n); });
  EXPECT_THROW(infer::Grid{}.answer(sphere.one->batch, {}, a), GraphError);
  Mixture four(1, 4, 3);
  EXPECT_THROW(infer::Grid{}.answer(four.one->batch, {}, a), GraphError);
  Mixture three(3, 3, 3);
  EXPECT_THROW((infer::Grid{.points = 101, .limit = 1e6}.answer(three.one->batch, {}, a)), GraphError);
  EXPECT_THROW((infer::Grid{.low = -9, .high = -8}.answer(bounded.one->batch, {}, a)), GraphError);
}

}  // namespace
}  // namespace ebm
