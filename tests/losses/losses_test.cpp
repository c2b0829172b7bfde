// What a loss may ask of an engine, losses by key and by option, and the catalogue against the types.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ebm/losses/catalogue.hpp"
#include "support/zoo.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// A loss whose contrast an engine cannot give does not compile.
static_assert(Answerable<loss::NegativeLogLikelihood, infer::Exhaustive>);
static_assert(Answerable<loss::NegativeLogLikelihood, infer::SumProduct>);
static_assert(Answerable<loss::NegativeLogLikelihood, infer::ForwardBackward>);
static_assert(Answerable<loss::NegativeLogLikelihood, infer::Grid>);
static_assert(Answerable<loss::NegativeLogLikelihood, infer::Automatic>);
static_assert(!Answerable<loss::NegativeLogLikelihood, infer::MinSum>);
static_assert(!Answerable<loss::NegativeLogLikelihood, infer::ShortestPath>);
static_assert(!Answerable<loss::MinimumEmpiricalError, infer::MinSum>);
static_assert(Answerable<loss::MinimumEmpiricalError, infer::SumProduct>);
static_assert(Answerable<loss::Perceptron, infer::MinSum> &&
              Answerable<loss::Perceptron, infer::ShortestPath>);
static_assert(Answerable<loss::Energy, infer::MinSum> && Answerable<loss::Energy, infer::Grid>);
static_assert(Answerable<loss::Hinge, infer::MinSum> && Answerable<loss::Hinge, infer::ShortestPath>);
static_assert(Answerable<loss::SquareSquare, infer::Grid> && Answerable<loss::Lvq2, infer::Exhaustive>);
static_assert(!Answerable<loss::ContrastiveDivergence, infer::Exhaustive>);
static_assert(!Answerable<loss::PersistentContrastiveDivergence, infer::Automatic>);
static_assert(!Loss<infer::MinSum> && !Engine<loss::Energy> && !Answerable<int, infer::MinSum>);

// An engine that gives minima and no minimum over incorrect answers.
struct MinimaOnly {
  static constexpr Powers kPowers{.minimum = true};
  void answer(Batch&, const Query&, Answer&) const {}
};
static_assert(Answerable<loss::Perceptron, MinimaOnly> && !Answerable<loss::Hinge, MinimaOnly>);

TEST(Losses, HeldAgainstAllAnswers_AreNeverNegative) {
  for (const Beast& b : zoo()) {
    if (b.name == "real variable") continue;  // its truth need not lie on the grid
    Batch batch = b.ready->batch();
    for (const AnyLoss& loss :
         {any_loss("perceptron"), any_loss("nll"), any_loss("nll", {.beta = 4}), any_loss("mee")}) {
      Answer truth, all;
      b.engine.answer(batch, loss.truth, truth);
      b.engine.answer(batch, loss.contrast, all);
      for (std::size_t i = 0; i < b.ready->size(); ++i)
        EXPECT_GE(loss(truth.energy[i], all.energy[i]).value, -1e-5) << b.name << ", " << loss.key;
    }
  }
}

TEST(Losses, OfAKey_AreThatLoss_AndOfAnother_AreRefusedWithTheKeys) {
  const std::vector<std::string_view> keys{"energy",
                                           "perceptron",
                                           "hinge",
                                           "log",
                                           "lvq2",
                                           "mce",
                                           "square-square",
                                           "square-exponential",
                                           "nll",
                                           "mee",
                                           "contrastive-exponential",
                                           "contrastive-margin",
                                           "cd",
                                           "pcd"};
  ASSERT_EQ(loss::catalogue().size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(loss::catalogue()[i].key, keys[i]);
    EXPECT_EQ(any_loss(keys[i]).key, keys[i]);
  }
  try {
    any_loss("hunge");
    FAIL();
  } catch (const GraphError& e) {
    EXPECT_NE(std::string(e.what()).find("'hunge'"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("energy, perceptron, hinge"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("cd or pcd"), std::string::npos);
  }
}

TEST(Losses, ByOption_ReadIt) {
  EXPECT_EQ(any_loss("nll", {.beta = 2}).contrast.beta, 2);
  EXPECT_EQ(any_loss("mee", {.beta = 3}).truth.beta, 3);
  EXPECT_EQ(any_loss("hinge", {.margin = 5})(1, 1).value, 5);
  EXPECT_EQ(any_loss("square-square", {.margin = 3})(0, 0).value, 9);
  EXPECT_EQ(any_loss("contrastive-margin", {.margin = 4})(kInf, 0).value, 8);
  EXPECT_EQ(any_loss("contrastive-margin", {.margin = 4, .gamma = 3})(kInf, 0).value, 24);
  EXPECT_EQ(any_loss("square-exponential", {.gamma = 7})(0, 0).value, 7);
  EXPECT_EQ(any_loss("lvq2", {.delta = 4})(2, 1).value, 0.25);
  EXPECT_EQ(any_loss("contrastive-exponential", {.q = 5})(5, kInf).value, 10);
  const AnyLoss cd = any_loss("cd", {.beta = 2, .steps = 9}), pcd = any_loss("pcd", {.steps = 4});
  EXPECT_TRUE(cd.contrast.steps == 9 && !cd.contrast.persistent && cd.contrast.beta == 2);
  EXPECT_TRUE(pcd.contrast.steps == 4 && pcd.contrast.persistent);
  EXPECT_TRUE(cd.truth.over == Over::truth && cd.truth.steps == 0 && cd.needs.samples);
  const AnyLoss rescaled = any_loss("hinge", {.margin = 0, .rescaling = Rescaling{.hamming = 2}});
  const AnyLoss copy = rescaled;  // the query points into what both share
  ASSERT_TRUE(copy.contrast.rescaling && copy.contrast.rescaling == rescaled.contrast.rescaling);
  EXPECT_EQ(copy.contrast.rescaling->hamming, 2);
  EXPECT_EQ(any_loss("hinge").contrast.rescaling, nullptr);
}

TEST(Losses, OfOptionsOutOfRange_AreRefusedByNameAndValue) {
  const double nan = std::nan("");
  const auto refused = [](std::string_view key, const LossSettings& s, const char* option,
                          const char* value) {
    try {
      any_loss(key, s);
      ADD_FAILURE() << key << " took " << option << " " << value;
    } catch (const LossError& e) {
      const std::string what = e.what();
      EXPECT_NE(what.find(std::string(key) + ":"), std::string::npos) << what;
      EXPECT_NE(what.find(option), std::string::npos) << what;
      EXPECT_NE(what.find(value), std::string::npos) << what;
    }
  };
  for (const char* key : {"nll", "mee", "cd", "pcd"}) {
    refused(key, {.beta = 0}, "beta", "0");
    refused(key, {.beta = -1}, "beta", "-1");
    refused(key, {.beta = nan}, "beta", "nan");
    refused(key, {.beta = kInf}, "beta", "inf");
  }
  for (const char* key : {"hinge", "square-square", "contrastive-margin"}) {
    refused(key, {.margin = -0.5}, "margin", "-0.5");
    refused(key, {.margin = nan}, "margin", "nan");
    refused(key, {.margin = kInf}, "margin", "inf");
  }
  refused("contrastive-margin", {.margin = 0}, "margin", "0");
  refused("square-exponential", {.gamma = 0}, "gamma", "0");
  refused("contrastive-margin", {.gamma = 0}, "gamma", "0");
  refused("lvq2", {.delta = -2}, "delta", "-2");
  refused("contrastive-exponential", {.q = 0}, "q", "0");
  refused("cd", {.steps = 0}, "steps", "0");
  refused("pcd", {.steps = -3}, "steps", "-3");
  for (const char* key : {"hinge", "log", "square-square"}) {
    refused(key, {.rescaling = Rescaling{.hamming = -1}}, "margin", "-1");
    refused(key, {.rescaling = Rescaling{.table = {0, 1, 1}}}, "square", "3");
    refused(key, {.rescaling = Rescaling{.table = {0, -1, 1, 0}}}, "margin table", "-1");
    refused(key, {.rescaling = Rescaling{.table = {0, 1, 1, 2}}}, "itself", "2");
    refused(key, {.rescaling = Rescaling{.table = {0, nan, 1, 0}}}, "margin table", "nan");
  }
  EXPECT_THROW(AnyLoss(loss::NegativeLogLikelihood{.beta = -1}), GraphError);
}

TEST(Losses, OfAnOptionTheyDoNotHave_AreRefused) {
  LossSettings all;
  all.beta = all.margin = all.gamma = all.delta = all.q = 1.0;
  all.steps = 1;
  all.rescaling = Rescaling{};
  for (const loss::Row& row : loss::catalogue()) {
    const auto has = [&](std::string_view option) {
      return std::ranges::any_of(row.options, [&](const loss::Option& o) { return o.name == option; });
    };
    const auto one = [&](std::string_view option, const LossSettings& s) {
      if (has(option)) {
        EXPECT_NO_THROW(row.make(s)) << row.key << " " << option;
      } else {
        EXPECT_THROW(row.make(s), LossError) << row.key << " " << option;
      }
    };
    one("beta", {.beta = 1});
    one("margin", {.margin = 1});
    one("gamma", {.gamma = 1});
    one("delta", {.delta = 1});
    one("q", {.q = 1});
    one("steps", {.steps = 1});
    if (!row.rescales) {
      EXPECT_THROW(row.make({.rescaling = Rescaling{}}), LossError) << row.key;
    }
    EXPECT_THROW(row.make(all), LossError) << row.key;
  }
}

TEST(Catalogue, SaysOfEveryLossWhatItsTypeSays) {
  std::set<std::string_view> keys;
  for (const loss::Row& row : loss::catalogue()) {
    SCOPED_TRACE(row.key);
    EXPECT_TRUE(keys.insert(row.key).second);
    const AnyLoss loss = any_loss(row.key);
    EXPECT_EQ(loss.can_collapse, row.can_collapse);
    EXPECT_EQ(loss.contrasts, row.contrasts);
    EXPECT_TRUE(covers(loss.needs, row.needs) && covers(row.needs, loss.needs));
    // What is asked is what is needed.
    EXPECT_EQ(loss.contrast.over == Over::others, row.needs.others);
    EXPECT_EQ(loss.contrast.steps > 0, row.needs.samples);
    EXPECT_EQ(loss.truth.over, Over::truth);
    if (!row.needs.samples) {
      EXPECT_EQ(loss.truth.beta < kInf, row.needs.free_energy);
    }
    for (const std::string_view words : {row.name, row.equation, row.truth_slope, row.contrast_slope,
                                         row.margin, row.contrast, row.energies, row.source})
      EXPECT_FALSE(words.empty());
    // The margin in words against the option of that name.
    const bool option =
        std::ranges::any_of(row.options, [](const loss::Option& o) { return o.name == "margin"; });
    EXPECT_EQ(row.margin == "m", option);
    // A loss without a margin is one that a flat surface minimises.
    EXPECT_EQ(row.can_collapse, row.margin == "none" || row.margin == "0");
    // The range in words against what is refused.
    if (row.energies == "any") {
      EXPECT_NO_THROW(loss(-3, -2));
    } else {
      EXPECT_THROW(loss(-3, -2), LossError);
    }
  }
}

}  // namespace
}  // namespace ebm
