// A steady loop of queries over reals allocates nothing from the third one on, and a junction tree takes no
// more than it says beforehand: every allocation of this program is counted.

#include <gtest/gtest.h>

#include <thread>

#include "ebm/core/pool.hpp"
#include "ebm/graph/user_factor.hpp"
#include "ebm/inference/closed_form.hpp"
#include "ebm/inference/least_squares.hpp"
#include "ebm/net/build.hpp"
#include "src/inference/junction_tree.hpp"
#include "support/counted_allocations.hpp"
#include "support/discrete_graphs.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

TEST(Allocation, OfLevenbergMarquardtAndItsGradient_IsNoneFromTheThirdStep) {
  Rng rng(1);
  std::vector<Tensor> data;
  for (int i = 0; i < 200; ++i) data.push_back(random_tensor({3}, rng));
  Params W;
  const Param k = W.uniform("k", {1}, 1);
  const Model<Tensor> model(W, [&](FactorGraph& g, const Tensor& c) {
    const auto z = g.output("z", Reals(2).within(-1, 1));
    g.add(factor::residual(
        "bent",
        [](const auto* z, const auto* c, const auto* k, auto* r) {
          using std::sin;
          r[0] = z[0] - c[0] + sin(z[1]), r[1] = z[1] * k[0] - c[1], r[2] = z[0] * z[1] - c[2];
        },
        {.count = 3, .robust = Robust::huber(0.5)}, g.feature(z), g.feature(c), W.block(k)));
  });
  const Prepared ready = model.prepare(data);
  std::vector<const Sample*> samples;
  for (const Sample& s : ready.samples()) samples.push_back(&s);
  Batch batch(ready.schema());
  batch.assign(samples, Net::Mode::train);
  const infer::LevenbergMarquardt engine{.restarts = 2};
  const int before = threads();
  set_threads(1);  // the pool's own tasks are no business of this
  Answer answer;
  std::vector<Real> gradient(W.flat().size()), scratch;
  const std::vector<double> slope(data.size(), 1.0);
  std::size_t at_third = 0;
  for (int step = 0; step < 12; ++step) {
    if (step == 2) at_third = allocations.load();
    W.view(k)[0] = static_cast<Real>(1 + 0.01 * step);
    batch.invalidate();
    engine.answer(batch, {.answers = true}, answer);
    const Pull pull{&answer, slope};
    backward(batch, {&pull, 1}, gradient, scratch);
  }
  EXPECT_EQ(allocations.load() - at_third, 0u);
  EXPECT_TRUE(answer.report.converged) << answer.report;
  set_threads(before);
}

TEST(Allocation, OfTheClosedFormAndItsGradient_IsNoneFromTheThirdStep) {
  Rng rng(2);
  std::vector<Tensor> data;
  for (int i = 0; i < 200; ++i) data.push_back(random_tensor({4}, rng));
  Params W;
  const Net net = net::mlp(W, "net", {4, 6, 2});
  const Model<Tensor> model(W, [&](FactorGraph& g, const Tensor& x) {
    const auto z = g.latent("z", Reals(2).within(-0.4, 0.2));
    g.add(factor::distance(g.feature(net, x), g.feature(z)));
    g.truth(x[0] > 0 ? Truth::low : Truth::high);
  });
  const Prepared ready = model.prepare(data);
  std::vector<const Sample*> samples;
  for (const Sample& s : ready.samples()) samples.push_back(&s);
  Batch batch(ready.schema());
  batch.assign(samples, Net::Mode::train);
  const int before = threads();
  set_threads(1);
  Answer truth, others;
  std::vector<Real> gradient(W.flat().size()), scratch;
  const std::vector<double> slope(data.size(), 1.0);
  std::size_t at_third = 0;
  for (int step = 0; step < 12; ++step) {
    if (step == 2) at_third = allocations.load();
    batch.invalidate();
    infer::ClosedForm{}.answer(batch, {.over = Over::truth, .answers = true}, truth);
    infer::ClosedForm{}.answer(batch, {.over = Over::others}, others);
    const Pull pulls[] = {{&truth, slope}, {&others, slope}};
    backward(batch, pulls, gradient, scratch);
  }
  EXPECT_EQ(allocations.load() - at_third, 0u);
  set_threads(before);
}

DiscreteGraph with_pairs(const std::vector<int>& counts, const std::vector<std::vector<int>>& pairs,
                         Rng& rng) {
  RandomGraph g{"pairs", counts, pairs};
  DiscreteGraph out;
  for (const int k : counts) out.add_variables(1, Labels(k));
  for (const auto& scope : pairs) out.add(scope, random_row(entries_of(g, scope), 1, 0, rng));
  return out;
}

TEST(JunctionTree_OfAnyGraph_TakesNoMoreMemory, ThanItSaysBeforehand) {
  Rng rng(3);
  std::vector<DiscreteGraph> graphs;
  std::vector<std::vector<int>> grid, star, chain;
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 9; ++x) {
      if (x > 0) grid.push_back({y * 9 + x - 1, y * 9 + x});
      if (y > 0) grid.push_back({y * 9 + x - 9, y * 9 + x});
    }
  for (int v = 1; v < 100; ++v) star.push_back({0, v}), chain.push_back({v - 1, v});
  graphs.push_back(with_pairs(std::vector<int>(72, 3), grid, rng));  // parts with sums of their own
  graphs.push_back(with_pairs(std::vector<int>(72, 2), grid, rng));
  std::vector<int> counts(100, 2);
  graphs.push_back(with_pairs(counts, star, rng));
  graphs.push_back(with_pairs(counts, chain, rng));
  counts[0] = 5000;  // a block as wide as a separator of one variable
  graphs.push_back(with_pairs(counts, star, rng));
  counts.assign(4, 200);
  graphs.push_back(with_pairs(counts, {{0, 1}, {1, 2}, {2, 3}}, rng));
  const int before = threads();
  for (const int count : {1, 2}) {
    set_threads(count);
    parallel_for(64, [](std::size_t) {});  // the pool's own
    for (std::size_t g = 0; g < graphs.size(); ++g)
      for (const bool marginals : {false, true}) {
        Workspace ws;
        const DiscreteView view = view_of(graphs[g], ws);
        const Elimination tree = eliminate(view, kInf);
        JunctionRoom room;
        JunctionMessages messages(view, tree, kInf, room);
        DiscreteMarginals out;
        const std::size_t groups = marginals ? view.groups.size() : 0, start = held_bytes.load();
        const double said = messages.bytes(marginals ? &out : nullptr, groups);
        most_held_bytes = start;
        // A thread of its own has nothing left from earlier.
        std::thread([&] { (void)messages.free_energy(1, marginals ? &out : nullptr, groups); }).join();
        const auto taken = static_cast<double>(most_held_bytes.load() - start);
        EXPECT_LE(taken, said + 0x1p14) << "graph " << g << ", " << count << " threads";
        const bool mostly_messages = g == 0 || g == 4;
        EXPECT_TRUE(!mostly_messages || said <= 4 * taken) << said << " of graph " << g << " took " << taken;
      }
  }
  set_threads(before);
}

}  // namespace
}  // namespace ebm
