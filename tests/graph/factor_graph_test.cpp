// What FactorGraph refuses, and how it says so; what it takes.

#include <gtest/gtest.h>

#include <functional>

#include "ebm/lattice/lattice.hpp"
#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

/// The message of what declaring throws, which must be an E.
template <class E>
std::string refusal(Params& W, const std::function<void(FactorGraph&)>& declare) {
  FactorGraph g(W);
  try {
    declare(g);
  } catch (const E& e) {
    return e.what();
  } catch (const Error& e) {
    return std::string("another kind of error: ") + e.what();
  }
  return "nothing was refused";
}

::testing::AssertionResult has(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts)
    if (text.find(part) == std::string::npos)
      return ::testing::AssertionFailure() << "'" << part << "' is not in: " << text;
  return ::testing::AssertionSuccess();
}

TEST(FactorGraph, ATableOfAnotherShape_IsRefusedByName_WithBothShapes) {
  Params W;
  const Param trans = W.table("trans", {5, 4});
  EXPECT_TRUE(has(refusal<ShapeError>(W,
                                      [&](FactorGraph& g) {
                                        const auto y = g.outputs("tag", 6, Labels(5));
                                        g.add(factor::table(W, trans), y[3], y[4]);
                                      }),
                  {"'trans'", "tag[3], tag[4]", "[5, 4]", "[5, 5]", "Swap the axes?"}));
  const Tensor energies({3, 5});
  EXPECT_TRUE(has(
      refusal<ShapeError>(
          W, [&](FactorGraph& g) { g.add_each(factor::constant(energies), g.outputs("tag", 4, Labels(5))); }),
      {"'constant'", "tag[0]", "[3, 5]", "4 scopes have [5]"}));
  EXPECT_TRUE(has(
      refusal<ShapeError>(
          W, [&](FactorGraph& g) { g.add_each(factor::constant(energies), g.outputs("tag", 3, Labels(6))); }),
      {"'constant'", "[3, 5]", "[6]"}));
}

TEST(FactorGraph, ANetWithOtherRowsOrColumns_IsRefusedByName) {
  Params W;
  const Net net = net::linear(W, "emit", 3, 4);
  const Tensor x({5, 3}), wrong({5, 7}), deep({2, 5, 3});
  EXPECT_TRUE(has(
      refusal<ShapeError>(
          W, [&](FactorGraph& g) { g.add_each(factor::network(net, x), g.outputs("tag", 6, Labels(4))); }),
      {"'emit'", "tag[0]", "[5, 4]", "6 scopes", "One row per scope"}));
  EXPECT_TRUE(has(
      refusal<ShapeError>(
          W, [&](FactorGraph& g) { g.add_each(factor::network(net, x), g.outputs("tag", 5, Labels(3))); }),
      {"'emit'", "[5, 4]", "[3]"}));
  EXPECT_TRUE(has(
      refusal<ShapeError>(
          W, [&](FactorGraph& g) { g.add_each(factor::network(net, deep), g.outputs("tag", 5, Labels(4))); }),
      {"'emit'", "[2, 5, 3]"}));
  EXPECT_TRUE(has(refusal<ShapeError>(W,
                                      [&](FactorGraph& g) {
                                        g.add_each(factor::network(net, wrong),
                                                   g.outputs("tag", 5, Labels(4)));
                                      }),
                  {"emit", "7"}));
}

TEST(FactorGraph, ATruthOutsideTheDomain_IsRefused) {
  Params W;
  EXPECT_TRUE(has(refusal<GraphError>(W, [](FactorGraph& g) { g.output("digit", Labels(10), 10); }),
                  {"'digit", "10", "0..9"}));
  EXPECT_TRUE(has(refusal<GraphError>(W,
                                      [](FactorGraph& g) {
                                        g.outputs("tag", 2, Labels(3), std::vector<int>{0, -1});
                                      }),
                  {"'tag'", "-1", "0..2"}));
  EXPECT_TRUE(has(
      refusal<GraphError>(W,
                          [](FactorGraph& g) {
                            g.outputs("tag", 2, Labels(3), {LabelSet(0), LabelSet(std::vector<int>{1, 7})});
                          }),
      {"'tag[1]'", "7", "0..2"}));
  EXPECT_TRUE(has(refusal<GraphError>(W,
                                      [](FactorGraph& g) {
                                        g.outputs("tag", 3, Labels(3), std::vector<int>{0, 1});
                                      }),
                  {"'tag'", "3 variables", "2 true labels"}));
  EXPECT_TRUE(has(refusal<GraphError>(W, [](FactorGraph& g) { g.output("y", Reals(2), Real(1)); }),
                  {"'y'", "2 dimensions", "1 true"}));
  EXPECT_THROW(LabelSet(std::span<const int>{}), GraphError);
  EXPECT_THROW(Labels(0), GraphError);
  EXPECT_THROW(Reals(0), GraphError);
}

TEST(FactorGraph, ANameUsedTwice_OrNone_IsRefused) {
  Params W;
  for (const std::string name : {"y", ""})
    EXPECT_TRUE(has(refusal<GraphError>(W,
                                        [&](FactorGraph& g) {
                                          g.output("y", Labels(2));
                                          g.latents(name, 3, Labels(4));
                                        }),
                    {"name of its own", name.empty() ? "empty" : "'y' is taken"}));
  EXPECT_TRUE(has(refusal<GraphError>(W,
                                      [](FactorGraph& g) {
                                        g.output("y", Reals(1));
                                        g.output("y", Labels(2));
                                      }),
                  {"'y' is taken"}));
  EXPECT_TRUE(has(refusal<GraphError>(W,
                                      [](FactorGraph& g) {
                                        g.output("x", Reals(1));
                                        g.output("y", Reals(1));
                                      }),
                  {"one real variable"}));
  EXPECT_TRUE(has(refusal<GraphError>(W,
                                      [](FactorGraph& g) {
                                        g.output("p", Paths(Lattice()));
                                        g.output("q", Paths(Lattice()));
                                      }),
                  {"one path variable"}));
}

TEST(FactorGraph, ScopesThatMakeNoSense_AreRefusedByTheFactorsName) {
  Params W;
  const Param bias = W.table("bias", {2});
  const Param trans = W.table("trans", {2, 2});
  EXPECT_TRUE(has(refusal<GraphError>(W,
                                      [&](FactorGraph& g) {
                                        g.output("y", Labels(2));
                                        g.add(factor::table(W, bias), Variables{7, 1});
                                      }),
                  {"'bias'", "variable 7", "not declared"}));
  EXPECT_TRUE(
      has(refusal<GraphError>(
              W, [&](FactorGraph& g) { g.add(factor::table(W, bias), g.outputs("y", 3, Labels(2))); }),
          {"'bias'", "3 variables at once", "add_each"}));
  EXPECT_TRUE(has(refusal<GraphError>(W,
                                      [&](FactorGraph& g) {
                                        const auto y = g.outputs("y", 4, Labels(2));
                                        g.add(factor::table(W, trans), y, y);
                                      }),
                  {"'trans'", "add_each"}));
  EXPECT_TRUE(has(refusal<GraphError>(W,
                                      [&](FactorGraph& g) {
                                        g.outputs("y", 4, Labels(2));
                                        g.add_each(factor::table(W, trans), Scopes{2, {0, 1, 2}});
                                      }),
                  {"'trans'", "3 variables", "scopes of 2"}));
  EXPECT_TRUE(has(refusal<ShapeError>(W,
                                      [&](FactorGraph& g) {
                                        g.outputs("y", 2, Labels(2));
                                        g.outputs("z", 1, Labels(3));
                                        g.add_each(factor::table(W, bias), Scopes{1, {0, 2}});
                                      }),
                  {"'bias'", "2", "3 labels"}));
  EXPECT_TRUE(
      has(refusal<GraphError>(W, [&](FactorGraph& g) { g.add(factor::table(W, bias), PathVariable{}); }),
          {"'bias'", "path"}));
  EXPECT_TRUE(has(
      refusal<GraphError>(W, [&](FactorGraph& g) { (void)g.outputs("y", 6, Labels(2)).grid_pairs(2, 4); }),
      {"2 x 4", "6"}));
}

TEST(FactorGraph, FeaturesThatDoNotFitTheirFactor_AreRefused) {
  Params W;
  const Net three = net::linear(W, "three", 2, 3), four = net::linear(W, "four", 2, 4);
  const Tensor x(Shape{2}), rows({5, 2});
  EXPECT_TRUE(
      has(refusal<ShapeError>(
              W, [&](FactorGraph& g) { g.add(factor::distance(g.feature(three, x), g.feature(four, x))); }),
          {"distance", "[3]", "[4]"}));
  EXPECT_TRUE(has(refusal<ShapeError>(W,
                                      [&](FactorGraph& g) {
                                        g.add(factor::with_rubbish(g.feature(three, x), 0),
                                              g.output("y", Labels(3)));
                                      }),
                  {"with_rubbish", "K + 1"}));
  EXPECT_TRUE(has(refusal<ShapeError>(W,
                                      [&](FactorGraph& g) {
                                        g.add_each(factor::with_rubbish(g.feature(three, rows), 0),
                                                   g.outputs("y", 4, Labels(4)));
                                      }),
                  {"with_rubbish", "[5, 3]", "4 scopes"}));
  EXPECT_TRUE(has(refusal<ShapeError>(W, [&](FactorGraph& g) { g.feature(three, g.output("y", Reals(3))); }),
                  {"'three'", "'y'", "3"}));
  EXPECT_TRUE(
      has(refusal<GraphError>(W, [&](FactorGraph& g) { g.add(factor::distance(Feature{4}, Feature{})); }),
          {"another graph"}));
}

TEST(FactorGraph, GridPairs_JoinEveryNeighbourOnce) {
  Params W;
  FactorGraph g(W);
  const Scopes s = g.outputs("y", 12, Labels(2)).grid_pairs(3, 4);
  EXPECT_EQ(s.arity, 2);
  EXPECT_EQ(s.variables.size(), 2u * (3 * 3 + 2 * 4));
  EXPECT_EQ(g.outputs("one", 1, Labels(2)).pairs().variables.size(), 0u);
  EXPECT_EQ(g.outputs("none", 0, Labels(2)).pairs().variables.size(), 0u);
}

TEST(FactorGraph, OneRowForSeveralScopes_IsShared) {
  Params W;
  const Tensor shared({2}, {1, 0}), rows({1, 2}, {1, 0});
  for (const Tensor* energies : {&shared, &rows}) {
    OneGraph one(
        W, [&](FactorGraph& g) { g.add_each(factor::constant(*energies), g.outputs("y", 3, Labels(2))); });
    one.batch.ensure();
    EXPECT_EQ(one.batch.table(0, 0).stride, 0);
    EXPECT_EQ(one.batch.table(0, 0).rows, 1);
    EXPECT_EQ(one.batch.weights(), 2u);
  }
}

TEST(LabelSets, KnowWhatTheyHold) {
  EXPECT_FALSE(LabelSet().known());
  EXPECT_TRUE(LabelSet().contains(5));
  EXPECT_TRUE(LabelSet(2).contains(2) && !LabelSet(2).contains(1));
  const LabelSet several(std::vector<int>{3, 1, 3});
  EXPECT_TRUE(several.contains(1) && several.contains(3) && !several.contains(2));
  EXPECT_EQ(several.single(), -1);
  EXPECT_EQ(LabelSet(std::vector<int>{4, 4}).single(), 4);
}

}  // namespace
}  // namespace ebm
