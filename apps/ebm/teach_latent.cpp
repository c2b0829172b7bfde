// Chapter: latent variables, minimum against free energy

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "ebm/core/pool.hpp"
#include "ebm/inference/verbs.hpp"
#include "ebm/net/build.hpp"
#include "ebm/report/format.hpp"
#include "ebm/train/trainer.hpp"
#include "teach.hpp"

namespace ebm::app {
namespace {

constexpr int kSide = 48, kPasses = 60, kSamples = 200;
constexpr double kStiff = 40, kNoise = 0.04;

struct Point {
  Tensor x;
  int y;  // of kSide evenly spaced answers in [-1, 1]
};

double at(int k) { return -1 + 2.0 * k / (kSide - 1); }
// The two right answers to X.
double branch(double x, int which) { return (which ? 1 : -1) * (0.3 + 0.4 * (1 - x * x)); }

std::vector<Point> draw(std::uint64_t seed) {
  Rng rng(seed, 0x1a7e);
  std::vector<Point> out;
  for (int i = 0; i < kSamples; ++i) {
    const double x = rng.uniform(-1, 1), y = branch(x, rng.below(2)) + kNoise * rng.normal();
    out.push_back({Tensor(static_cast<Real>(x)),
                   std::clamp(static_cast<int>(std::lround((y + 1) / 2 * (kSide - 1))), 0, kSide - 1)});
  }
  return out;
}

// E(z, y) = stiff / 2 (y - g_z)^2, entries [z, y].
struct Springs {
  bool operator==(const Springs&) const = default;
  template <class Visit>
  static void each(const Reads& x, const Visit& visit) {
    const std::size_t k = x.in[0].row_size();
    for (std::size_t r = 0; r < static_cast<std::size_t>(x.rows); ++r)
      for (std::size_t z = 0; z < k; ++z)
        for (int y = 0; y < kSide; ++y)
          visit(r * k + z, (r * k + z) * kSide + static_cast<std::size_t>(y),
                static_cast<Real>(at(y)) - x.in[0].data[r * k + z]);
  }
  void forward(const Reads& x, View out) const {
    each(x, [&](std::size_t, std::size_t entry, Real off) {
      out[entry] = static_cast<Real>(kStiff / 2) * off * off;
    });
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    each(x, [&](std::size_t g, std::size_t entry, Real off) {
      s.in[0].data[g] -= static_cast<Real>(kStiff) * off * dout[entry];
    });
  }
};

// L = F(truth), a loss of this chapter's own. Nothing needs to be pushed up: springs are stiff everywhere.
struct FreeEnergyOfTruth {
  static constexpr std::string_view kKey = "free-energy";
  static constexpr Powers kNeeds{.free_energy = true};
  static constexpr bool kContrasts = false, kCanCollapse = true;
  double beta;  // infinite: the minimum, and the energy loss
  Query truth() const { return {.over = Over::truth, .beta = beta}; }
  Query contrast() const { return {}; }
  Slope operator()(double e, double) const { return {e, 1, 0}; }
};

struct Plan {
  std::string_view title, label, failed, learned;  // what there is to say of either outcome
  int values;                                      // of Z
  double beta;                                     // of the free energy over Z; infinite: the minimum
};

constexpr std::array<Plan, 3> kPlans{{
    {"No latent variable", "no Z", "one curve has one answer to an X, and settles between the two right ones",
     "", 1, kInf},
    {"Z of 2 values, minimum", "minimum",
     "every sample pulls only the curve that is nearest; the second one started far from all, did not win, "
     "and did "
     "not move",
     "every sample pulls only the curve that is nearest; here the second one happened to win some and took a "
     "branch",
     2, kInf},
    {"Z of 2 values, free energy", "free energy", "both curves are pulled, but they have not yet parted",
     "every sample pulls both curves, each by its probability, so the second one was fetched and found a "
     "branch of "
     "its own",
     2, 5},
}};

// E(X, Y) of every answer to evenly spaced X: the minimum over Z or the free energy.
std::vector<float> surface(const Params& W, const Net& g, int values, double beta) {
  std::vector<float> out(static_cast<std::size_t>(kSide) * kSide);
  Net::State state;
  Tensor x(Shape{kSide, 1}), centres(Shape{kSide, values});
  for (int c = 0; c < kSide; ++c) x[static_cast<std::size_t>(c)] = static_cast<Real>(at(c));
  g.forward(W.data(), x, centres, state);
  for (int c = 0; c < kSide; ++c) {
    // Y is given and Z free: one graph an answer.
    struct Given {
      Tensor energies;
    };
    std::vector<Given> given;
    for (int y = 0; y < kSide; ++y) {
      given.push_back({Tensor(Shape{1, values})});
      for (std::size_t z = 0; z < static_cast<std::size_t>(values); ++z) {
        const double off = at(y) - centres[static_cast<std::size_t>(c * values) + z];
        given.back().energies[z] = static_cast<Real>(kStiff / 2 * off * off);
      }
    }
    Params none;
    const Model<Given> model(none, [&](FactorGraph& graph, const Given& e) {
      graph.add(factor::constant(e.energies), graph.latent("z", Labels(values)));
    });
    const Prepared ready = model.prepare(given);
    Batch batch = ready.batch();
    const std::vector<double> e = free_energy(batch, beta, infer::Exhaustive{});
    for (int y = 0; y < kSide; ++y)
      out[static_cast<std::size_t>(y * kSide + c)] = static_cast<float>(e[static_cast<std::size_t>(y)]);
  }
  return out;
}

nlohmann::json learn(const Plan& plan, const std::vector<Point>& data, std::uint64_t seed) {
  Params W(Params::Options{.seed = seed});
  const Net g = net::sequential(W, "g", {1},
                                {net::Linear{.outputs = 16, .name = "hidden"}, net::Tanh::plain(),
                                 net::Linear{.outputs = plan.values, .name = "curves"}});
  // All runs alike: a first curve near 0, a second one near 2.2, out of reach.
  Rng rng(seed, 0x6);
  for (Real& w : W.view(W.find("g.hidden.weight")).span()) w = static_cast<Real>(2 * rng.normal());
  for (Real& w : W.view(W.find("g.hidden.bias")).span()) w = static_cast<Real>(rng.normal());
  for (Real& w : W.view(W.find("g.curves.weight")).span()) w = static_cast<Real>(0.02 * rng.normal());
  for (int z = 0; z < plan.values; ++z)
    W.view(W.find("g.curves.bias"))[static_cast<std::size_t>(z)] = Real(2.2) * static_cast<Real>(z);
  Model<Point> model(W, [&](FactorGraph& graph, const Point& p) {
    const Variables z = graph.latent("z", Labels(plan.values)), y = graph.output("y", Labels(kSide), p.y);
    graph.add(factor::function(Springs{}, {graph.feature(g, p.x)}, "springs"), z, y);
  });
  const Prepared ready = model.prepare(data);
  double beta = plan.beta;
  const auto trainer = [&](int pass) {
    if (plan.beta < kInf) beta = std::min(0.15 * std::pow(1.12, pass), plan.beta);  // soft first
    return Trainer<Point>(model, FreeEnergyOfTruth{beta}, infer::Exhaustive{},
                          optim::Sgd{.rate = 1e-3 / std::max(1.0, pass / 20.0)},
                          Rng(seed).fork(static_cast<std::uint64_t>(pass)).stream());
  };
  std::array<std::vector<double>, 4> curves;
  nlohmann::json pictures = nlohmann::json::array();
  const auto picture = [&](int pass) {
    const std::vector<float> e = surface(W, g, plan.values, beta);
    const float low = std::ranges::min(e), high = low + 6;  // more is far enough
    std::vector<float> answers;
    double wrong = 0, truth = 0, range = 0;
    for (int c = 0; c < kSide; ++c) {
      const auto column = [&](int y) { return e[static_cast<std::size_t>(y * kSide + c)]; };
      int best = 0, highest = 0;
      for (int y = 1; y < kSide; ++y) {
        if (column(y) < column(best)) best = y;
        if (column(y) > column(highest)) highest = y;
      }
      answers.push_back(static_cast<float>(at(best)));
      const double off =
          std::min(std::abs(at(best) - branch(at(c), 0)), std::abs(at(best) - branch(at(c), 1)));
      wrong += off * off / kSide;
      range += (column(highest) - column(best)) / kSide;
    }
    const EpochReport r = trainer(pass).evaluate(ready);
    truth = r.truth;
    pictures.push_back({{"pass", pass},
                        {"rmse", rounded(std::sqrt(wrong), 4)},
                        {"truth", rounded(truth, 4)},
                        {"offending", rounded(r.offending, 4)},
                        {"range", rounded(range, 4)},
                        {"low", rounded(low)},
                        {"high", rounded(high)},
                        {"surface", quantised(e, low, high)},
                        {"answers", quantised(answers, -1, 1)}});
    return std::sqrt(wrong);
  };
  double rmse = picture(0);
  for (int pass = 1; pass <= kPasses; ++pass) {
    const EpochReport r = trainer(pass).epoch(ready);
    curves[0].push_back(r.loss), curves[1].push_back(r.gap), curves[2].push_back(r.truth);
    curves[3].push_back(r.offending);
    if (pass <= 4 || pass % 6 == 0) rmse = picture(pass);
  }
  return {{"set", "trained"},
          {"architecture", "all"},
          {"loss", plan.beta == kInf ? "energy" : "free energy"},
          {"title", plan.title},
          {"label", plan.label},
          {"verdict", rmse < 0.06   ? "learned"
                      : rmse < 0.15 ? "rough"
                                    : "not learned"},
          {"why", rmse < 0.1 ? plan.learned : plan.failed},
          {"passes",
           {{"loss", rounded(curves[0], 4)},
            {"gap", rounded(curves[1], 4)},
            {"truth", rounded(curves[2], 4)},
            {"offending", rounded(curves[3], 4)}}},
          {"pictures", pictures}};
}

// Three springs, and their free energy at many temperatures.
nlohmann::json slice(report::Progress& bar) {
  constexpr int kPoints = 81;
  constexpr std::array<std::array<double, 3>, 3> kSprings{{{-0.6, 14, 0.3}, {0.05, 9, 0.8}, {0.6, 18, 0}}};
  struct Answer {
    Tensor energies;
  };
  std::vector<Answer> answers;
  std::vector<double> y;
  std::array<std::vector<double>, 3> each;
  std::vector<double> low;
  for (int i = 0; i < kPoints; ++i) {
    y.push_back(-1 + 2.0 * i / (kPoints - 1));
    answers.push_back({Tensor(Shape{1, 3})});
    for (std::size_t z = 0; z < 3; ++z) {
      const auto& [centre, stiff, floor] = kSprings[z];
      each[z].push_back(floor + stiff / 2 * (y.back() - centre) * (y.back() - centre));
      answers.back().energies[z] = static_cast<Real>(each[z].back());
    }
    low.push_back(std::min({each[0].back(), each[1].back(), each[2].back()}));
  }
  Params W;
  const Model<Answer> model(W, [&](FactorGraph& g, const Answer& a) {
    g.add(factor::constant(a.energies), g.latent("z", Labels(3)));
  });
  const Prepared ready = model.prepare(answers);
  Batch batch = ready.batch();
  nlohmann::json steps = nlohmann::json::array(), energies = nlohmann::json::array();
  for (const auto& e : each) energies.push_back(rounded(e, 4));
  for (int k = 0; k <= 36; ++k) {
    const double beta = std::pow(10, -0.4 + 2.2 * k / 36);
    const std::vector<double> f = free_energy(batch, beta, infer::Exhaustive{});
    double furthest = 0;
    for (std::size_t i = 0; i < f.size(); ++i) furthest = std::max(furthest, low[i] - f[i]);
    steps.push_back({{"beta", rounded(beta, 3)},
                     {"free", rounded(f, 4)},
                     {"furthest", rounded(furthest, 3)},
                     {"bound", rounded(std::log(3.0) / beta, 4)}});
    bar.advance();
  }
  return {{"y", rounded(y, 4)}, {"energies", energies}, {"minimum", rounded(low, 4)}, {"low", -3},
          {"high", 5},          {"steps", steps}};
}

nlohmann::json run(const Lesson& lesson, report::Page& page, report::Progress& bar) {
  const nlohmann::json cut = slice(bar);
  const std::vector<Point> data = draw(lesson.seed);
  std::array<nlohmann::json, kPlans.size()> learned;
  parallel_for(kPlans.size(), [&](std::size_t i) {
    learned[i] = learn(kPlans[i], data, lesson.seed);
    bar.advance();
  });
  page.paragraph(
      "A latent variable Z is part of the answer that nobody tells: where the cuts between characters are, "
      "which of two "
      "ways a thing can be. Its energy is E(Z, Y, X). To be rid of it, take the best Z, E(Y, X) = min over Z "
      "of "
      "E(Z, Y, X), or weigh all of them, the free energy F(Y, X) = \u2212(1/\u03b2) log \u2211 "
      "exp(\u2212\u03b2 E(Z, Y, X)) "
      "(section 4.2). F is never above the minimum, never more than log(K)/\u03b2 below it for K values of "
      "Z, "
      "and smooth "
      "where the minimum has a kink.");
  page.figure(widget("free", ""), "One X; three values of Z give three parabolas in Y.");
  page.paragraph(
      "Why it matters for learning. Here every X has two right answers, and Z says which: E = 20 (Y \u2212 "
      "G_z(X))\u00b2, each value of Z a curve of its own, one begun near 0 and one near 2.2, far from all "
      "data. Without "
      "Z the net answers with the mean, which is wrong everywhere. With the minimum only the winning Z "
      "learns from a "
      "sample, and the far one never wins. With the free energy all learn, by their probability; it begins "
      "soft, at "
      "\u03b2 = 0.15, and ends at 5.");
  page.figure(widget("surfaces", "latent:trained"),
              "White dashes: the two right answers. The loss is the energy, or the free energy, of the truth "
              "alone: springs are stiff wherever they are, so nothing has to be pushed up.");
  std::array<std::vector<double>, 2> curves;
  for (int c = 0; c < kSide; ++c)
    for (int k = 0; k < 2; ++k) curves[static_cast<std::size_t>(k)].push_back(branch(at(c), k));
  return {{"slice", cut},
          {"side", kSide},
          {"curves", nlohmann::json::array({rounded(curves[0], 4), rounded(curves[1], 4)})},
          {"groups", {{"all", "Two right answers to every X"}}},
          {"runs", learned}};
}

}  // namespace

Chapter latent_chapter() {
  return {"latent",
          "What nobody tells: minimum or free energy over Z",
          {},
          [](const Lesson&) { return 37 + kPlans.size(); },
          run};
}

}  // namespace ebm::app
