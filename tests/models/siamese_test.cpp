// Siamese nets on made faces: what the paper states of its net, that pairs shape the metric, that genuine
// pairs alone collapse it, and that a killed run resumes.

#include "ebm/models/siamese.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <csignal>

#include "ebm/losses/contrastive.hpp"
#include "ebm/losses/hinge.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/models/face_verifier.hpp"
#include "ebm/models/verification.hpp"
#include "ebm/train/checkpoint.hpp"
#include "io/io_test.hpp"
#include "support/training.hpp"

namespace ebm::models {
namespace {

// Persons as random patterns of 8 numbers under a rotation of the brightness they are seen in: a nuisance as
// large as the difference of persons.
struct Made {
  Tensor images;
  std::vector<int> person;
  Made(int persons, int each, std::uint64_t seed, double change = 0.1) : images(Shape{persons * each, 8}) {
    Rng rng(seed);
    for (int p = 0; p < persons; ++p) {
      double pattern[4];
      for (double& x : pattern) x = rng.normal();
      for (int i = 0; i < each; ++i) {
        Real* row = images.data() + person.size() * 8;
        for (int k = 0; k < 4; ++k) {
          row[k] = static_cast<Real>(pattern[k] + change * rng.normal());
          row[k + 4] = static_cast<Real>(2 * rng.normal());  // says nothing of the person
        }
        person.push_back(p);
      }
    }
  }
};

struct Trained {
  Params W;
  Net G;
  Model<Pair> model;
  Trained(const Made& made, bool l1)
      : G(net::sequential(W, "G", {8},
                          {net::Linear{.outputs = 16}, net::Tanh{}, net::Linear{.outputs = 6}, net::Tanh{}})),
        model(l1 ? siamese(W, G, made.images) : drlim(W, G, made.images)) {}
};

PairTraining training(int passes) {
  PairTraining o;
  o.passes = passes;
  o.pairs = 400;
  o.batch = 20;
  o.quiet = true;
  return o;
}

double error(ConstView rows, const std::vector<int>& person) {
  const TwoKinds kinds = energies_by_kind(all_pairs(rows, person));
  return equal_error(roc(kinds.genuine, kinds.impostor));
}

std::vector<Real> weights(const Trained& t) { return {t.W.flat().begin(), t.W.flat().end()}; }

TEST(FaceNet, IsTheOneOf2005) {
  Params W;
  const Net G = siamese_face_net(W, "faces");
  EXPECT_EQ(G.parameter_count(), 319265u);
  EXPECT_EQ(G.output_shape(Shape{1, 56, 46}), Shape({50}));
  Net::State state;
  Rng rng(1);
  Tensor x(Shape{2, 1, 56, 46}), y(Shape{2, 50});
  for (Real& v : x.span()) v = static_cast<Real>(rng.normal());
  G.forward(W.data(), x, y, state);
  for (const Real v : y.span()) EXPECT_LE(std::abs(v), Real(1.7159));
  EXPECT_NEAR(largest_distance(50), 171.59, 1e-4);
}

TEST(FaceVerifier, OfPicturesOfAnotherSize_Refuses) {
  FaceVerifier verifier;
  const Tensor small(Shape{2, 1, 28, 23}), two(Shape{2, 1, kFaceHeight, kFaceWidth});
  EXPECT_THROW(verifier.embed(small), ShapeError);
  EXPECT_EQ(verifier.embed(two).shape(), Shape({2, 50}));
  const PairSet pairs = pairs_by_identity(std::vector{0, 0, 1});
  VerifierTraining o;
  o.people = 0;
  o.quiet = true;
  EXPECT_THROW(verifier.train(small, pairs, o), ShapeError);
  EXPECT_THROW(verifier.train(two, pairs, o), DataError);
}

TEST(Siamese, OfBothPapers_LearnAMetricForPeopleNeverSeen) {
  const Made made(40, 8, 1), strangers(12, 8, 2);
  const double before = error(strangers.images, strangers.person);
  for (const bool l1 : {true, false}) {
    SCOPED_TRACE(l1 ? "2005" : "2006");
    Trained t(made, l1);
    const AnyLoss loss = l1 ? AnyLoss(loss::ContrastiveExponential{.q = largest_distance(6)})
                            : AnyLoss(loss::ContrastiveMargin{.margin = 2});
    const History history =
        train_pairs(t.model, pairs_by_identity(made.person), loss, optim::Adam{.rate = 5e-3}, training(30));
    const EpochReport& last = history.train.back();
    EXPECT_GT(last.offending, 2 * last.truth);
    EXPECT_FALSE(last.collapsed);
    const double after = error(embed(t.W, t.G, strangers.images), strangers.person);
    EXPECT_GT(before, 0.2);
    EXPECT_LT(after, before / 2);
  }
}

TEST(Siamese, ThatChooses_LearnsAMetricForPeopleNeverSeen) {
  const Made made(40, 8, 1), strangers(12, 8, 2);
  for (const AnyLoss& loss : {AnyLoss(loss::NegativeLogLikelihood{}), AnyLoss(loss::Hinge{.margin = 2})}) {
    SCOPED_TRACE(loss.key);
    Trained t(made, true);
    Model<Choice> model = choosing(t.W, t.G, made.images);
    const History history =
        train_choices(model, pairs_by_identity(made.person), loss, optim::Adam{.rate = 5e-3}, training(10));
    EXPECT_LT(history.train.back().loss, history.train.front().loss / 2);
    EXPECT_LT(error(embed(t.W, t.G, strangers.images), strangers.person),
              error(strangers.images, strangers.person) / 2);
  }
}

// People who change as much as they differ, so that pulling their pictures together pulls all together.
// Genuine pairs alone go through Trainer itself, for train_pairs refuses them.
TEST(Siamese, OfGenuinePairsAlone_Collapses) {
  const Made made(20, 6, 1, 1);
  const PairSet set = pairs_by_identity(made.person);
  const auto spread = [&](const Trained& t) {
    double sum = 0;
    for (const PairEnergy& p : all_pairs(embed(t.W, t.G, made.images), made.person)) sum += p.energy;
    return sum;
  };
  for (const bool l1 : {true, false}) {
    SCOPED_TRACE(l1 ? "2005" : "2006");
    const AnyLoss loss = l1 ? AnyLoss(loss::ContrastiveExponential{.q = largest_distance(6)})
                            : AnyLoss(loss::ContrastiveMargin{.margin = 2});
    Trained alone(made, l1), both(made, l1);
    const double before = spread(alone);
    const Prepared ready = alone.model.prepare(set.genuine);
    TrainerCore trainer(alone.W, alone.model.schema(), loss, infer::Exhaustive{}, optim::Adam{.rate = 5e-3},
                        1);
    for (int pass = 0; pass < 100; ++pass) trainer.epoch(ready.samples(), {.batch = 20});
    EXPECT_LT(spread(alone), 0.02 * before);
    train_pairs(both.model, set, loss, optim::Adam{.rate = 5e-3}, training(20));
    EXPECT_GT(spread(both), 0.5 * before);
  }
}

struct Stop {};

TEST(Siamese, ResumedAfterAStop_EndsWithTheSameWeights) {
  const Made made(10, 4, 1);
  const PairSet set = pairs_by_identity(made.person);
  const auto fit = [&](Trained& t, PairTraining o) {
    train_pairs(t.model, set, loss::ContrastiveMargin{.margin = 2}, optim::Adam{.rate = 5e-3}, o);
  };
  const io::Folder folder;
  Trained whole(made, false), stopped(made, false), resumed(made, false);
  fit(whole, training(5));
  PairTraining o = training(5);
  o.checkpoint = folder / "c";
  int passes = 0;
  o.on_pass = [&](const EpochReport&) {
    if (++passes == 3) throw Stop{};
  };
  EXPECT_THROW(fit(stopped, o), Stop);
  o.on_pass = {};
  o.resume = folder / "c";
  fit(resumed, o);
  EXPECT_EQ(weights(resumed), weights(whole));
  o.pairs = 380;
  EXPECT_THROW(fit(resumed, o), DataError);  // another run
}

TEST(Siamese, ResumedAfterAStopWithinAPass_EndsWithTheSameWeights) {
  const Made made(10, 4, 1);
  const PairSet set = pairs_by_identity(made.person);
  const auto fit = [&](Trained& t, const PairTraining& o) {
    train_pairs(t.model, set, loss::ContrastiveMargin{.margin = 2}, optim::Adam{.rate = 5e-3}, o);
  };
  const io::Folder folder;
  Trained whole(made, false), stopped(made, false), resumed(made, false);
  fit(whole, training(4));
  PairTraining o = training(4);
  o.checkpoint = folder / "c";
  o.before_pass = [](int pass, std::span<const int>) {
    if (pass == 2) std::raise(SIGINT);  // seen after the first step of the pass
  };
  EXPECT_THROW(fit(stopped, o), Interrupted);
  OptimState state;
  std::vector<Real> best;
  RunState run;
  load_checkpoint(folder / "c", stopped.W, state, best, run);
  EXPECT_EQ(run.epoch, 2);
  EXPECT_EQ(run.position, 20u);
  o.before_pass = {};
  o.resume = folder / "c";
  fit(resumed, o);
  EXPECT_EQ(weights(resumed), weights(whole));
}

TEST(Siamese, Embedding_IsThatOfEachImageAlone) {
  const Made made(30, 5, 3);  // more than one batch
  Trained t(made, true);
  const Tensor all = embed(t.W, t.G, made.images);
  for (const int i : {0, 63, 64, 149}) {
    const Tensor one = embed(t.W, t.G, made.images.view().rows(i, 1));
    for (std::size_t k = 0; k < 6; ++k) EXPECT_NEAR(one[k], all[static_cast<std::size_t>(i) * 6 + k], 1e-5);
  }
}

// Each image is in several pairs, so that slopes of both branches, and of many pairs, meet in one row of the
// net.
TEST(Siamese, SlopesOfBothLosses_EqualCentralDifferences) {
  const Made made(3, 2, 1);
  for (const bool l1 : {true, false}) {
    Trained t(made, l1);
    const std::vector<Pair> pairs{{0, 1, true},  {0, 2, false}, {2, 3, true},
                                  {1, 3, false}, {4, 5, true},  {0, 5, false}};
    const Prepared ready = t.model.prepare(pairs);
    for (const AnyLoss& loss : {AnyLoss(loss::ContrastiveExponential{.q = largest_distance(6)}),
                                AnyLoss(loss::ContrastiveMargin{.margin = 6})}) {
      SCOPED_TRACE(loss.key);
      ebm::testing::TrainBatch all(ready);
      ebm::testing::expect_slopes(t.W, all.batch, loss, infer::Exhaustive{});
    }
  }
}

TEST(Siamese, ABatchOfPairs_RunsTheNetOnceOnEachImage) {
  const Made made(3, 2, 1);
  Trained t(made, true);
  const std::vector<Pair> pairs{{0, 1, true}, {0, 2, false}, {2, 3, true}, {1, 3, false}};
  const Prepared ready = t.model.prepare(pairs);
  Batch batch = ready.batch();
  batch.forward();
  EXPECT_EQ(batch.evaluations().data, 4u + 4u);  // images, then distances
}

}  // namespace
}  // namespace ebm::models
