// Chapter: linear architectures and what each loss makes of them

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "ebm/net/build.hpp"
#include "ebm/report/format.hpp"
#include "ebm/train/trainer.hpp"
#include "teach.hpp"

namespace ebm::app {
namespace {

constexpr int kPasses = 30, kReach = 3;
constexpr double kRate = 0.02, kMargin = 1, kDecay = 0.01;

struct Point {
  Tensor x;
  int kind;
};

// Blobs around points of a circle, near enough to touch.
std::vector<Point> draw(int kinds, std::uint64_t seed) {
  Rng rng(seed, static_cast<std::uint64_t>(kinds));
  std::vector<Point> out;
  for (int i = 0; i < 150; ++i) {
    const int k = i % kinds;
    const double angle = 0.5 + 2 * M_PI * k / kinds, far = 1.15;
    out.push_back({Tensor({2}, {static_cast<Real>(far * std::cos(angle) + 0.6 * rng.normal()),
                                static_cast<Real>(far * std::sin(angle) + 0.6 * rng.normal())}),
                   k});
  }
  return out;
}

// E(W, Y, X) = -Y G(X), Y in {-1, +1}: label 0 is -1.
struct Binary {
  bool operator==(const Binary&) const = default;
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r) {
      out[static_cast<std::size_t>(2 * r)] = x.in[0].data[r];
      out[static_cast<std::size_t>(2 * r + 1)] = -x.in[0].data[r];
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    for (int r = 0; r < x.rows; ++r)
      s.in[0].data[r] += dout[static_cast<std::size_t>(2 * r)] - dout[static_cast<std::size_t>(2 * r + 1)];
  }
};

enum class Kind { perceptron, hinge, nll };

// The textbook: a loop of its own, in double, that knows no graph, engine or loss. W has a row [w1, w2, b] a
// discriminant: one for two classes, one a class for more.
struct Textbook {
  int kinds;
  Kind kind;
  double decay;
  std::vector<std::array<double, 3>> w;

  static double value(const std::array<double, 3>& w, const Point& p) {
    return w[0] * p.x[0] + w[1] * p.x[1] + w[2];
  }
  static double sigmoid(double u) { return 1 / (1 + std::exp(-u)); }

  // Loss, and its slope on each discriminant.
  double loss(const Point& p, std::vector<double>& slope) const {
    slope.assign(w.size(), 0);
    if (kinds == 2) {
      const double y = p.kind == 1 ? 1 : -1, g = value(w[0], p);
      switch (kind) {
        case Kind::perceptron:
          return slope[0] = (g > 0 ? 1 : -1) - y, ((g > 0 ? 1 : -1) - y) * g;
        case Kind::hinge:
          if (kMargin - 2 * y * g <= 0) return 0;
          return slope[0] = -2 * y, kMargin - 2 * y * g;
        case Kind::nll:
          return slope[0] = -2 * y * sigmoid(-2 * y * g), std::log1p(std::exp(-2 * y * g));
      }
    }
    std::vector<double> e;
    for (const auto& row : w) e.push_back(value(row, p));
    const auto truth = static_cast<std::size_t>(p.kind);
    std::size_t lowest = 0, other = truth == 0 ? 1 : 0;
    double sum = 0;
    for (std::size_t k = 0; k < e.size(); ++k) {
      if (e[k] < e[lowest]) lowest = k;
      if (k != truth && e[k] < e[other]) other = k;
      sum += std::exp(-e[k]);
    }
    switch (kind) {
      case Kind::perceptron:
        return slope[truth] += 1, slope[lowest] -= 1, e[truth] - e[lowest];
      case Kind::hinge:
        if (kMargin + e[truth] - e[other] <= 0) return 0;
        return slope[truth] = 1, slope[other] = -1, kMargin + e[truth] - e[other];
      case Kind::nll:
        for (std::size_t k = 0; k < e.size(); ++k) slope[k] = (k == truth) - std::exp(-e[k]) / sum;
        return e[truth] + std::log(sum);
    }
    return 0;
  }
  void pass(std::span<const Point> data) {
    std::vector<double> slope;
    for (const Point& p : data) {
      loss(p, slope);
      for (std::size_t k = 0; k < w.size(); ++k)
        for (std::size_t i = 0; i < 3; ++i)
          w[k][i] -= kRate * (slope[k] * (i < 2 ? static_cast<double>(p.x[i]) : 1) + decay * w[k][i]);
    }
  }
  double mean(std::span<const Point> data) const {
    double sum = 0;
    std::vector<double> slope;
    for (const Point& p : data) sum += loss(p, slope);
    return sum / static_cast<double>(data.size());
  }
};

nlohmann::json learn(int kinds, Kind kind, const std::vector<Point>& data, std::uint64_t seed) {
  Params W(Params::Options{.seed = seed});
  const int rows = kinds == 2 ? 1 : kinds;
  const Net g = net::linear(W, "G", 2, rows);
  const Model<Point> declared(W, [&](FactorGraph& graph, const Point& p) {
    const Variables y = graph.output("y", Labels(kinds), p.kind);
    if (kinds == 2)
      graph.add(factor::function(Binary{}, {graph.feature(g, p.x)}, "-Y G"), y);
    else
      graph.add(factor::network(g, p.x), y);
  });
  Model<Point> model = declared;
  const Prepared ready = model.prepare(data);
  constexpr std::string_view kKeys[] = {"perceptron", "hinge", "nll"};
  const std::string_view key = kKeys[static_cast<std::size_t>(kind)];
  const double decay = kind == Kind::hinge ? kDecay : 0;
  Trainer<Point> train(model, any_loss(key), infer::Exhaustive{},
                       optim::Sgd{.rate = kRate, .weight_decay = decay});

  const auto weights = [&] {
    const ConstView w = std::as_const(W).view(W.find("G.weight")),
                    b = std::as_const(W).view(W.find("G.bias"));
    std::vector<std::array<double, 3>> out;
    for (std::size_t k = 0; k < static_cast<std::size_t>(rows); ++k)
      out.push_back({w[2 * k], w[2 * k + 1], b[k]});
    return out;
  };
  Textbook textbook{kinds, kind, decay, weights()};
  std::vector<double> losses, errors;
  nlohmann::json path = nlohmann::json::array();
  double off = 0;
  const auto look = [&] {
    const EpochReport r = train.evaluate(ready);
    losses.push_back(r.loss);
    errors.push_back(r.error);
    auto w = weights();
    Textbook same = textbook;
    same.w = w;
    off = std::max(off, std::abs(same.mean(data) - r.loss));
    if (kinds == 2) w = {w[0], {-w[0][0], -w[0][1], -w[0][2]}};  // E of Y = -1 is G, of +1 -G
    nlohmann::json now = nlohmann::json::array();
    for (const auto& row : w) now.push_back(rounded(row, 6));
    path.push_back(now);
  };
  look();
  for (int pass = 0; pass < kPasses; ++pass) {
    train.epoch(ready, {.shuffle = false});
    textbook.pass(data);
    look();
  }
  double apart = 0;
  const auto ours = weights();
  for (std::size_t k = 0; k < ours.size(); ++k)
    for (std::size_t i = 0; i < 3; ++i) apart = std::max(apart, std::abs(ours[k][i] - textbook.w[k][i]));
  constexpr std::string_view kTwo[] = {"perceptron", "linear SVM", "logistic regression"},
                             kMore[] = {"multiclass perceptron", "multiclass SVM", "softmax regression"};
  return {{"loss", key},
          {"becomes", (kinds == 2 ? kTwo : kMore)[static_cast<std::size_t>(kind)]},
          {"losses", rounded(losses, 4)},
          {"errors", rounded(errors, 4)},
          {"weights", path},
          {"apart", rounded(apart, 3)},
          {"off", rounded(off, 3)}};
}

nlohmann::json run(const Lesson& lesson, report::Page& page, report::Progress& bar) {
  nlohmann::json tasks = nlohmann::json::array();
  report::Table table({"architecture", "loss", "becomes", "errors", "weights apart", "loss apart"});
  for (const int kinds : {2, 3}) {
    const std::vector<Point> data = draw(kinds, lesson.seed);
    nlohmann::json points = nlohmann::json::array(), runs = nlohmann::json::array();
    for (const Point& p : data) points.push_back({rounded(p.x[0], 4), rounded(p.x[1], 4), p.kind});
    for (const Kind kind : {Kind::perceptron, Kind::hinge, Kind::nll}) {
      runs.push_back(learn(kinds, kind, data, lesson.seed));
      bar.advance();
      const auto& r = runs.back();
      table.row({kinds == 2 ? "E = \u2212Y G(X)" : "E = \u2211 [Y = k] g_k(X)", r["loss"], r["becomes"],
                 report::percent(r["errors"].back()), report::general(r["apart"], 2),
                 report::general(r["off"], 2)});
    }
    tasks.push_back({{"name", kinds == 2 ? "binary" : "multiclass"},
                     {"reach", kReach},
                     {"points", points},
                     {"runs", runs}});
  }
  page.paragraph(
      "Old friends are an architecture and a loss. Two classes (section 3.2): E = \u2212Y G(X) with Y = "
      "\u22121 or +1, so "
      "the answer is the sign of G. Put this energy into a loss and a classical method falls out: the "
      "perceptron loss "
      "becomes (sign(G) \u2212 Y) G, Rosenblatt's rule; the hinge loss becomes [m \u2212 2 Y G]\u208a, and "
      "with a pull of "
      "the weights to zero it is the linear support vector machine; NLL becomes log(1 + exp(\u22122 Y G)), "
      "logistic "
      "regression.");
  page.figure(
      widget("classes", "binary"),
      "Colour: the class of least energy, stronger where the other one is higher by up to 2 nats. Watch the "
      "perceptron stop as soon as it can, and the margin grow under the hinge.");
  page.paragraph(
      "Several classes (section 3.3): E = g_k(X) for Y = k. NLL is now cross-entropy of the softmax of "
      "\u2212g; the "
      "perceptron and hinge losses compare the true class with the lowest of all, and of the others.");
  page.figure(widget("classes", "multiclass"));
  page.table(
      table,
      "Each model was trained by the trainer of factor graphs, and once more by a loop written from the "
      "textbook, from the same start in the same order: how far their weights and losses are apart (single "
      "precision).");
  return {{"tasks", tasks}};
}

}  // namespace

Chapter classifiers_chapter() {
  return {"classifiers",
          "Architectures that become perceptron, SVM and logistic regression",
          {},
          [](const Lesson&) { return std::size_t{6}; },
          run};
}

}  // namespace ebm::app
