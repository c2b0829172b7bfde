// What samples share: structures, nets, factor functions; when two functions are one.

#include <gtest/gtest.h>

#include <functional>

#include "ebm/lattice/lattice.hpp"
#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

struct Stateless {
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r) out[static_cast<std::size_t>(r)] = x.in[0].data[r];
  }
  void backward(const Reads&, ConstView, const Slopes&) const {}
};
struct OtherStateless : Stateless {};
struct Scaled {
  Real scale;
  bool operator==(const Scaled&) const = default;
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r) out[static_cast<std::size_t>(r)] = scale * x.in[0].data[r];
  }
  void backward(const Reads&, ConstView, const Slopes&) const {}
};
// A user's lambda as a factor: with state, it cannot be compared.
template <class F>
struct Each {
  [[no_unique_address]] F f;
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r) out[static_cast<std::size_t>(r)] = f(x.in[0].data[r]);
  }
  void backward(const Reads&, ConstView, const Slopes&) const {}
};
template <class F>
Each(F) -> Each<F>;
struct NotAFactor {
  void forward(const Reads&, View) const {}
};
static_assert(FactorFunction<Stateless> && FactorFunction<Scaled>);
static_assert(!FactorFunction<NotAFactor> && !FactorFunction<int>);

TEST(Factors, AreEqual_WhenTheyCannotDiffer) {
  EXPECT_TRUE(Factor(Stateless{}) == Factor(Stateless{}));
  EXPECT_FALSE(Factor(Stateless{}) == Factor(OtherStateless{}));
  EXPECT_TRUE(Factor(Scaled{2}) == Factor(Scaled{2}));
  EXPECT_FALSE(Factor(Scaled{2}) == Factor(Scaled{3}));
  const auto twice = [](Real x) { return 2 * x; };
  EXPECT_TRUE(Factor(Each{twice}) == Factor(Each{twice}));
  const Real by = 3;
  const auto times = [by](Real x) { return by * x; };
  EXPECT_FALSE(Factor(Each{times}) == Factor(Each{times}));  // its state cannot be compared
  const Factor one(Each{times}), copy = one;
  EXPECT_TRUE(one == copy);
  EXPECT_EQ(one.name(), "factor");
}

TEST(Interning, EqualGraphsShareAStructure_DifferentLengthsDoNot) {
  Params W;
  const Param trans = W.table("trans", {3, 3});
  const Model<int> model(W, [&](FactorGraph& g, const int& n) {
    const auto y = g.outputs("y", n, Labels(3), std::vector<int>(static_cast<std::size_t>(n), n % 3));
    g.add_each(factor::table(W, trans), y.pairs());
  });
  const std::vector<int> lengths{4, 2, 4, 2, 7, 4};
  const Prepared a = model.prepare(std::span<const int>(lengths));
  EXPECT_EQ(a.schema().structures(), 3u);
  EXPECT_EQ(a.samples()[0].structure, a.samples()[2].structure);
  EXPECT_NE(a.samples()[0].structure, a.samples()[1].structure);
  const Prepared b = model.prepare(4);
  EXPECT_EQ(b.samples()[0].structure, a.samples()[0].structure);  // the plan is made once, ever
  EXPECT_EQ(model.schema().structures(), 3u);
}

TEST(Interning, WhatAFactorDiffersIn_SetsStructuresApart) {
  Params W;
  const Param a = W.table("a", {2}), b = W.table("b", {2});
  const Net net = net::linear(W, "net", 1, 2), other = net::linear(W, "other", 1, 2);
  const Tensor x(Shape{1});
  const std::vector<std::function<void(FactorGraph&)>> kinds{
      [](FactorGraph& g) { g.output("y", Labels(2)); },
      [](FactorGraph& g) { g.output("z", Labels(2)); },
      [](FactorGraph& g) { g.output("y", Labels(3)); },
      [](FactorGraph& g) { g.latent("y", Labels(2)); },
      [](FactorGraph& g) { g.outputs("y", 2, Labels(2)); },
      [&](FactorGraph& g) { g.add(factor::table(W, a), g.output("y", Labels(2))); },
      [&](FactorGraph& g) { g.add(factor::table(W, b), g.output("y", Labels(2))); },
      [&](FactorGraph& g) { g.add(factor::network(net, x), g.output("y", Labels(2))); },
      [&](FactorGraph& g) { g.add(factor::network(other, x), g.output("y", Labels(2))); },
      [&](FactorGraph& g) { g.add(factor::with_rubbish(g.feature(net, x), 1), g.output("y", Labels(3))); },
      [&](FactorGraph& g) { g.add(factor::with_rubbish(g.feature(net, x), 2), g.output("y", Labels(3))); },
      [&](FactorGraph& g) {
        g.outputs("y", 3, Labels(2)), g.add(factor::table(W, a), Variables{1, 1});
      },
      [&](FactorGraph& g) {
        g.outputs("y", 3, Labels(2)), g.add(factor::table(W, a), Variables{2, 1});
      },
      [&](FactorGraph& g) { g.add(factor::constant(Tensor(Shape{2})), g.output("y", Labels(2))); },
      [&](FactorGraph& g) { g.output("y", Reals(1)); },
      [&](FactorGraph& g) { g.output("y", Reals(2)); },
      [&](FactorGraph& g) { g.output("y", Paths(Lattice())); },
  };
  const Model<int> model(W, [&](FactorGraph& g, const int& i) { kinds[static_cast<std::size_t>(i)](g); });
  std::vector<int> index;
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < static_cast<int>(kinds.size()); ++i) index.push_back(i);
  const Prepared ready = model.prepare(std::span<const int>(index));
  EXPECT_EQ(ready.schema().structures(), kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i)
    EXPECT_EQ(ready.samples()[i].structure, ready.samples()[i + kinds.size()].structure);
}

TEST(Interning, OneFunctionAtTwoSizes_IsTwo) {
  Params W;
  const Net two = net::linear(W, "two", 1, 2), five = net::linear(W, "five", 1, 5);
  const Tensor x({1}, {1}), z({1}, {3});
  OneGraph one(W, [&](FactorGraph& g) {
    for (const Net& net : {two, five, two})
      g.add(factor::half_squared_distance(g.feature(net, x), g.feature(net, z)));
    g.add(factor::distance(g.feature(five, x), g.feature(five, z)));
  });
  EXPECT_EQ(one.ready.schema().functions().size(), 3u);
  EXPECT_EQ(one.ready.schema().nets().size(), 2u);
  one.batch.ensure();
  // The nets are linear, so that |G(x) - G(z)| = 2 |weight|.
  const auto squared = [&](const char* block) {
    double sum = 0;
    for (const Real w : W.view(W.find(block)).span()) sum += static_cast<double>(w) * w;
    return sum;
  };
  EXPECT_NEAR(one.batch.table(0, 0).data[0], 2 * squared("two.weight"), 1e-4);
  EXPECT_NEAR(one.batch.table(0, 1).data[0], 2 * squared("five.weight"), 1e-4);
  EXPECT_NEAR(one.batch.table(0, 2).data[0], 2 * squared("two.weight"), 1e-4);
  EXPECT_NEAR(one.batch.table(0, 3).data[0], 2 * std::sqrt(squared("five.weight")), 1e-4);
}

TEST(Interning, AFunctionWhoseStateCannotBeCompared_IsSharedThroughItsFactor) {
  Params W;
  const Net net = net::linear(W, "net", 1, 1);
  const Tensor x(Shape{1});
  const Real by = 3;
  const auto times = [by](Real v) { return by * v; };
  const Factor once(Each{times});
  const auto functions_with = [&](bool shared) {
    const Model<int> model(W, [&](FactorGraph& g, const int&) {
      g.add(factor::function(shared ? once : Factor(Each{times}), {g.feature(net, x)}));
    });
    const std::vector<int> index{0, 1, 2};
    return model.prepare(std::span<const int>(index)).schema().functions().size();
  };
  EXPECT_EQ(functions_with(true), 1u);
  EXPECT_EQ(functions_with(false), 3u);
}

TEST(Interning, MoreFeaturesThanAFunctionMayRead_AreRefused) {
  Params W;
  const Net net = net::linear(W, "net", 1, 1);
  const Tensor x(Shape{1});
  FactorGraph g(W);
  std::vector<Feature> features;
  for (std::size_t i = 0; i <= kMaxInputs; ++i) features.push_back(g.feature(net, x));
  EXPECT_THROW(g.add(factor::function(Stateless{}, features)), GraphError);
  features.pop_back();
  EXPECT_NO_THROW(g.add(factor::function(Stateless{}, features)));
}

}  // namespace
}  // namespace ebm
