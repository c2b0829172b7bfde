// Nets of one batch drop different outputs, and the same ones again when a step is repeated.

#include <gtest/gtest.h>

#include <algorithm>

#include "ebm/net/build.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr int kOutputs = 60;
using Dropped = std::vector<bool>;

// Three nets of a single dropout layer over ones, the third along inputs of two widths.
struct Three {
  Params W;
  Tensor ones{Shape{kOutputs}}, row{Shape{1, kOutputs}}, wide{Shape{1, kOutputs + 1}};
  OneGraph g;
  Three()
      : g(W, [this](FactorGraph& graph) {
          for (Tensor* t : {&ones, &row, &wide}) std::ranges::fill(t->span(), Real(1));
          for (const char* name : {"a", "b"})
            graph.add(factor::network(net(name, {kOutputs}), ones), graph.output(name, Labels(kOutputs)));
          const Net replicated = net("c", {1, kOutputs});
          graph.add_each(factor::network(replicated, row), graph.outputs("narrow", kOutputs, Labels(1)));
          graph.add_each(factor::network(replicated, wide), graph.outputs("wide", kOutputs + 1, Labels(1)));
        }) {}
  Net net(const char* name, Shape shape) {
    return net::sequential(W, name, shape, {net::Dropout{.probability = 0.5}});
  }
  // The first outputs of the feature: which are gone.
  Dropped dropped(int feature, std::uint64_t seed, std::uint64_t step) {
    const Sample* sample = g.ready.samples().data();
    g.batch.assign({&sample, 1}, Net::Mode::train);
    g.batch.set_step(seed, step);
    g.batch.forward();
    const TableAt table = g.batch.table(0, feature);
    Dropped out;
    for (int i = 0; i < kOutputs; ++i) out.push_back(table.data[i] == 0);
    return out;
  }
};

TEST(Dropout, OfEveryNetWidthSeedAndStep_IsAnother) {
  Three three;
  std::vector<Dropped> all;
  for (int feature = 0; feature < 4; ++feature)
    for (const std::uint64_t seed : {7, 8})
      for (const std::uint64_t step : {1, 2}) all.push_back(three.dropped(feature, seed, step));
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_GT(std::ranges::count(all[i], true), kOutputs / 5);
    EXPECT_LT(std::ranges::count(all[i], true), kOutputs * 4 / 5);
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]) << i << " and " << j;
  }
}

TEST(Dropout, OfTheSameStep_IsTheSame) {
  Three one, other;
  for (int feature = 0; feature < 4; ++feature)
    EXPECT_EQ(one.dropped(feature, 7, 1), other.dropped(feature, 7, 1));
}

}  // namespace
}  // namespace ebm
