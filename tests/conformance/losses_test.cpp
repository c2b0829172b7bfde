// Every loss of the catalogue in training: on an architecture that suits it the loss falls and so does the
// error; what does not fit is refused with a sentence.

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "ebm/losses/catalogue.hpp"
#include "ebm/train/trainer.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr int kSamples = 48;

/// Points around three centres in the plane, a label each.
std::vector<Tensor> clusters() {
  std::vector<Tensor> x;
  Rng rng(1);
  for (int i = 0; i < kSamples; ++i) {
    const double angle = 2.1 * (i % 3) + 0.4;
    x.push_back(Tensor({2}, {static_cast<Real>(1.5 * std::cos(angle) + 0.2 * rng.normal()),
                             static_cast<Real>(1.5 * std::sin(angle) + 0.2 * rng.normal())}));
  }
  return x;
}

enum class Architecture { linear, learned_centres, fixed_centres };

/// Linear energies of either sign, or squared distances from the output of a net to one centre a class.
struct Classifier {
  Params W;
  std::vector<Tensor> x = clusters();
  Net net;
  Param centres;
  std::unique_ptr<Model<int>> model;
  std::unique_ptr<Prepared> ready;
  explicit Classifier(Architecture architecture) {
    if (architecture == Architecture::linear) {
      net = net::linear(W, "net", 2, 3);
    } else {
      net = net::mlp(W, "net", {2, 4, 2});
      centres = W.uniform("centres", {3, 2}, 1);
      const std::vector<Real> corners{1, 0, 0, 1, -1, -1};
      std::ranges::copy(corners, W.flat().begin() + static_cast<long>(W.block(centres).offset));
      if (architecture == Architecture::fixed_centres) W.set_trainable("centres", false);
    }
    model = std::make_unique<Model<int>>(W, [this, architecture](FactorGraph& g, const int& i) {
      const Tensor& at = x[static_cast<std::size_t>(i)];
      const auto y = g.output("y", Labels(3), (i + 1) % 3);  // no class starts at its own centre
      if (architecture == Architecture::linear)
        g.add(factor::network(net, at), y);
      else
        g.add(factor::function(Prototypes{W.block(centres).offset, 3}, {g.feature(net, at)}), y);
    });
    std::vector<int> index;
    for (int i = 0; i < kSamples; ++i) index.push_back(i);
    ready = std::make_unique<Prepared>(model->prepare(std::span<const int>(index)));
  }
};

Architecture suiting(const loss::Row& row) {
  if (!row.contrasts) return Architecture::fixed_centres;
  return row.energies == "any" ? Architecture::linear : Architecture::learned_centres;
}

TEST(EveryLoss, OnAnArchitectureThatSuitsIt_Learns) {
  for (const loss::Row& row : loss::catalogue()) {
    if (row.needs.samples) continue;
    SCOPED_TRACE(row.key);
    Classifier c(suiting(row));
    LossSettings settings;
    if (row.key == "contrastive-exponential") settings.q = 4;
    if (row.key == "lvq2") settings.delta = 20;  // what is further off does not pull
    Trainer<int> trainer(*c.model, any_loss(row.key, settings), AnyEngine(infer::Exhaustive{}),
                         AnyOptimiser(optim::Adam{.rate = 0.02}));
    const EpochReport before = trainer.evaluate(*c.ready);
    for (int epoch = 0; epoch < 60; ++epoch) trainer.epoch(*c.ready, {.batch = 4});
    const EpochReport after = trainer.evaluate(*c.ready);
    EXPECT_LT(after.loss, 0.5 * before.loss);
    EXPECT_GT(before.error, 0.2);
    EXPECT_LE(after.error, 0.05);
    EXPECT_GT(after.gap, 0);
  }
}

TEST(EveryLoss, OnEnergiesOfEitherSign_LearnsOrRefusesTheSampleByName) {
  for (const loss::Row& row : loss::catalogue()) {
    if (row.energies == "any") continue;
    Classifier c(Architecture::linear);
    Trainer<int> trainer(*c.model, any_loss(row.key), AnyEngine(infer::Exhaustive{}),
                         AnyOptimiser(optim::Sgd{.rate = 0.01}));
    try {
      trainer.epoch(*c.ready);
      ADD_FAILURE() << row.key;
    } catch (const LossError& e) {
      const std::string what = e.what();
      EXPECT_NE(what.find("sample "), std::string::npos) << what;
      EXPECT_NE(what.find(row.key), std::string::npos) << what;
      EXPECT_NE(what.find("at least 0"), std::string::npos) << what;
    }
  }
}

/// A user's own, as docs/losses.md has it.
struct Cubic {
  static constexpr std::string_view kKey = "cubic";
  static constexpr Powers kNeeds{.minimum = true, .others = true};
  static constexpr bool kContrasts = true, kCanCollapse = false;
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return {.over = Over::others}; }
  Slope operator()(double e, double o) const {
    const double lack = std::max(0.0, 1 + e - o);
    return {lack * lack * lack, 3 * lack * lack, -3 * lack * lack};
  }
};

TEST(AUsersOwnLoss, TrainsAsTheOthersDo) {
  Classifier c(Architecture::linear);
  Trainer trainer(*c.model, Cubic{}, infer::Exhaustive{}, optim::Adam{.rate = 0.02});
  const EpochReport before = trainer.evaluate(*c.ready);
  for (int epoch = 0; epoch < 60; ++epoch) trainer.epoch(*c.ready, {.batch = 4});
  EXPECT_LT(trainer.evaluate(*c.ready).loss, 0.2 * before.loss);
  EXPECT_LE(trainer.evaluate(*c.ready).error, 0.05);
}

/// A Metropolis chain over the labels of one variable: an engine that gives samples and nothing else.
struct Metropolis {
  static constexpr Powers kPowers{.samples = true};
  std::shared_ptr<std::map<const Sample*, int>> last = std::make_shared<std::map<const Sample*, int>>();
  std::shared_ptr<Rng> rng = std::make_shared<Rng>(7);
  void answer(Batch& b, const Query& q, Answer& out) const {
    b.ensure();
    out.energy.assign(static_cast<std::size_t>(b.samples()), kInf);
    out.weights.assign(b.weights(), Real(0));
    for (int i = 0; i < b.samples(); ++i) {
      const TableAt t = b.table(i, 0);
      int y = b.sample(i).truth.labels[0].single();
      if (q.persistent && last->contains(&b.sample(i))) y = last->at(&b.sample(i));
      for (int k = 0; k < q.steps; ++k) {
        const int to = rng->below(t.entries);
        if (rng->chance(std::exp(-q.beta * std::max(Real(0), t.data[to] - t.data[y])))) y = to;
      }
      if (q.persistent) (*last)[&b.sample(i)] = y;
      out.energy[static_cast<std::size_t>(i)] = t.data[y];
      out.weights[b.weights_at(i, 0) + static_cast<std::size_t>(y)] = 1;
    }
  }
};
static_assert(Answerable<loss::ContrastiveDivergence, Metropolis> &&
              !Answerable<loss::NegativeLogLikelihood, Metropolis>);

TEST(SampledContrast, WithAnEngineThatSamples_Learns) {
  for (const AnyLoss& loss : {any_loss("cd"), any_loss("cd", {.steps = 10}), any_loss("pcd")}) {
    Classifier c(Architecture::linear);
    Trainer<int> judge(*c.model, any_loss("nll"), AnyEngine(infer::Exhaustive{}), AnyOptimiser(optim::Sgd{}));
    Trainer<int> trainer(*c.model, loss, AnyEngine(Metropolis{}), AnyOptimiser(optim::Sgd{.rate = 0.05}));
    const EpochReport before = judge.evaluate(*c.ready);
    for (int epoch = 0; epoch < 60; ++epoch) trainer.epoch(*c.ready, {.batch = 4});
    const EpochReport after = judge.evaluate(*c.ready);
    EXPECT_LT(after.loss, 0.5 * before.loss) << loss.key;
    EXPECT_LE(after.error, 0.05) << loss.key;
  }
}

TEST(SampledContrast, OfAnEngineThatDoesNotSample_IsRefused) {
  Classifier c(Architecture::linear);
  for (const char* key : {"cd", "pcd"}) try {
      const Trainer<int> trainer(*c.model, any_loss(key), AnyEngine(infer::Exhaustive{}),
                                 AnyOptimiser(optim::Sgd{}));
      FAIL();
    } catch (const GraphError& e) {
      EXPECT_NE(std::string(e.what()).find("needs samples"), std::string::npos) << e.what();
    }
}

TEST(MarginBetweenAnswers, OnChains_TrainsAStructuredSvm) {
  for (const AnyEngine& engine : {AnyEngine(infer::MinSum{}), AnyEngine(infer::SumProduct{})}) {
    Beast b = chain(12);
    TrainerCore trainer(*b.W, b.ready->schema(),
                        any_loss("hinge", {.margin = 0, .rescaling = Rescaling{.hamming = 1}}), engine,
                        optim::Adam{.rate = 0.05}, 1);
    const EpochReport before = trainer.evaluate(b.ready->samples());
    for (int epoch = 0; epoch < 150; ++epoch) trainer.epoch(b.ready->samples(), {.batch = 3});
    const EpochReport after = trainer.evaluate(b.ready->samples());
    EXPECT_LT(after.loss, 0.3 * before.loss);
    EXPECT_LT(after.error, before.error);
    EXPECT_GT(after.gap, 0.5);  // a wrong label is a nat away
  }
}

/// Pairs of points, genuine where both are of one class.
struct Pairs {
  Params W;
  std::vector<Tensor> x = clusters();
  Net net = net::mlp(W, "net", {2, 6, 2});
  std::unique_ptr<Model<int>> model;
  std::unique_ptr<Prepared> ready;
  explicit Pairs(bool impostors) {
    for (Real& w : W.flat()) w *= static_cast<Real>(0.3);
    model = std::make_unique<Model<int>>(W, [this](FactorGraph& g, const int& i) {
      const int a = i % kSamples, b = (i * 7 + i / kSamples + 1) % kSamples;
      g.add(factor::distance(g.feature(net, x[static_cast<std::size_t>(a)]),
                             g.feature(net, x[static_cast<std::size_t>(b)])));
      g.truth(genuine(i) ? Truth::low : Truth::high);
    });
    std::vector<int> index;
    for (int i = 0; i < 4 * kSamples; ++i)
      if (impostors || genuine(i)) index.push_back(i);
    ready = std::make_unique<Prepared>(model->prepare(std::span<const int>(index)));
  }
  static bool genuine(int i) { return i % kSamples % 3 == (i * 7 + i / kSamples + 1) % kSamples % 3; }
  // Mean energies of both kinds.
  std::pair<double, double> means() {
    Batch batch = ready->batch();
    Answer a;
    infer::Exhaustive{}.answer(batch, {.weights = false}, a);
    double sum[2]{}, count[2]{};
    for (std::size_t i = 0; i < a.energy.size(); ++i) {
      const bool high = batch.sample(static_cast<int>(i)).truth.whole == Truth::high;
      sum[high] += a.energy[i], count[high] += 1;
    }
    return {sum[0] / count[0], sum[1] / std::max(1.0, count[1])};
  }
};

TEST(Contrastive, OnPairs_DrawsTheGenuineTogetherAndTheImpostorsApart) {
  for (const AnyLoss& loss : {any_loss("contrastive-exponential", {.q = 2}), any_loss("contrastive-margin"),
                              any_loss("square-square"), any_loss("square-exponential", {.gamma = 4})}) {
    SCOPED_TRACE(loss.key);
    Pairs pairs(true);
    Trainer<int> trainer(*pairs.model, loss, AnyEngine(infer::Exhaustive{}),
                         AnyOptimiser(optim::Adam{.rate = 0.01}));
    const EpochReport before = trainer.evaluate(*pairs.ready);
    EXPECT_EQ(before.tally.samples, pairs.ready->size());
    EXPECT_EQ(before.tally.impossible, 0u);  // an impostor is no fault of the data
    for (int epoch = 0; epoch < 40; ++epoch) trainer.epoch(*pairs.ready, {.batch = 8});
    const EpochReport after = trainer.evaluate(*pairs.ready);
    EXPECT_LT(after.loss, 0.5 * before.loss);
    EXPECT_FALSE(after.collapsed);
    const auto [genuine, impostor] = pairs.means();
    EXPECT_NEAR(after.truth, genuine, 1e-4);
    EXPECT_NEAR(after.offending, impostor, 1e-4);
    EXPECT_NEAR(after.gap, impostor - genuine, 1e-4);
    EXPECT_LT(genuine, 0.25);
    EXPECT_GT(impostor, 0.8);
  }
}

TEST(Contrastive, WithGenuinePairsAlone_Collapses) {
  Pairs pairs(false);
  Trainer<int> trainer(*pairs.model, any_loss("contrastive-margin"), AnyEngine(infer::Exhaustive{}),
                       AnyOptimiser(optim::Adam{.rate = 0.01}));
  bool said = false;
  for (int epoch = 0; epoch < 60; ++epoch) said |= trainer.epoch(*pairs.ready, {.batch = 8}).collapsed;
  EXPECT_TRUE(said);
  Pairs both(true);
  std::ranges::copy(pairs.W.flat(), both.W.flat().begin());
  EXPECT_LT(both.means().second, 0.1);  // strangers look alike too
}

TEST(Contrastive, OfALossThatKnowsNoImpostors_IsRefusedByName) {
  Pairs pairs(true);
  for (const char* key : {"energy", "perceptron", "hinge", "nll", "mee"}) {
    Trainer<int> trainer(*pairs.model, any_loss(key), AnyEngine(infer::Exhaustive{}),
                         AnyOptimiser(optim::Sgd{}));
    try {
      trainer.evaluate(*pairs.ready);
      ADD_FAILURE() << key;
    } catch (const LossError& error) {
      EXPECT_NE(std::string(error.what()).find(key), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("contrastive-margin"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace ebm
