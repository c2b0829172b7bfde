// Chapter: the loss of a net of two weights is not convex

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "ebm/losses/energy.hpp"
#include "ebm/net/build.hpp"
#include "ebm/train/trainer.hpp"
#include "teach.hpp"

namespace ebm::app {
namespace {

constexpr int kSide = 64, kSteps = 120;
constexpr double kReach = 3, kHigh = 0.5;

struct Point {
  Tensor x;
  Real y;
};

nlohmann::json run(const Lesson&, report::Page& page, report::Progress& bar) {
  const std::vector<Point> data{{Tensor(Real(0.5)), Real(0.5)}, {Tensor(Real(-0.5)), Real(-0.5)}};
  Params W;
  const Net g =
      net::sequential(W, "g", {1},
                      {net::Linear{.outputs = 1, .bias = false, .name = "first"}, net::Tanh::plain(),
                       net::Linear{.outputs = 1, .bias = false, .name = "second"}});
  Model<Point> model(W, [&](FactorGraph& graph, const Point& p) {
    const RealVariable y = graph.output("y", Reals(1), p.y);
    graph.add(factor::half_squared_distance(graph.feature(g, p.x), graph.feature(y)));
  });
  const Prepared ready = model.prepare(data);
  const auto trainer = [&] {
    return Trainer<Point>(model, loss::Energy{}, infer::Grid{.points = 2}, optim::Sgd{.rate = 0.4});
  };
  Real& first = W.view(W.find("g.first.weight"))[0];
  Real& second = W.view(W.find("g.second.weight"))[0];

  std::vector<float> surface;
  Trainer<Point> look = trainer();
  for (int r = 0; r < kSide; ++r) {
    for (int c = 0; c < kSide; ++c) {
      first = static_cast<Real>(kReach * (2.0 * c / (kSide - 1) - 1));
      second = static_cast<Real>(kReach * (2.0 * r / (kSide - 1) - 1));
      surface.push_back(static_cast<float>(std::sqrt(look.evaluate(ready).loss)));
    }
    bar.advance();
  }
  constexpr std::array<std::array<double, 2>, 6> kStarts{
      {{-0.05, 0.1}, {0.05, -0.1}, {2.6, -1.6}, {-2.7, 2.2}, {-1.2, -2.6}, {1.5, 2.7}}};
  nlohmann::json paths = nlohmann::json::array();
  for (const auto& [a, b] : kStarts) {
    first = static_cast<Real>(a), second = static_cast<Real>(b);
    Trainer<Point> train = trainer();
    nlohmann::json weights = nlohmann::json::array();
    std::vector<double> losses;
    for (int k = 0; k <= kSteps; ++k) {
      weights.push_back({rounded(first, 4), rounded(second, 4)});
      losses.push_back(train.epoch(ready, {.batch = 2}).loss);
    }
    paths.push_back({{"weights", weights}, {"losses", rounded(losses, 4)}});
    bar.advance();
  }
  page.paragraph(
      "Even an architecture that no loss can collapse need not be easy. The smallest net with a hidden unit, "
      "G(X) = w\u2082 tanh(w\u2081 X), is to learn Y = X on the two points \u00b10.5 with the energy loss of "
      "E = \u00bd (G(X) \u2212 Y)\u00b2. It has two weights, so its whole loss surface fits in a picture (an "
      "example of "
      "LeCun's lectures): two valleys, one for each sign of the weights, and a saddle at 0 between them.");
  page.figure(
      widget("descent", ""),
      "w\u2081 to the right, w\u2082 upwards, each from \u22123 to 3; colour: the root of the loss. Gradient "
      "descent from six starts, step 0.4. Near the saddle it hardly moves at first; starts with signs that "
      "differ "
      "have to cross, and where tanh is flat the slope is small.");
  return {{"side", kSide},
          {"reach", kReach},
          {"high", rounded(kHigh * kHigh * 4)},
          {"surface", quantised(surface, 0, 2 * kHigh)},
          {"paths", paths}};
}

}  // namespace

Chapter descent_chapter() {
  return {
      "descent", "Two weights and a saddle", {}, [](const Lesson&) { return std::size_t{kSide + 6}; }, run};
}

}  // namespace ebm::app
