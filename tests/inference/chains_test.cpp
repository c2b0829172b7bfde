// Chain engines against enumeration, on random ragged sets of chains: every query, every beta, forbidden
// entries, energies of 1e4, and weights against finite differences of the answer itself.

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "ebm/core/pool.hpp"
#include "ebm/inference/discrete.hpp"
#include "ebm/inference/engine.hpp"
#include "ebm/inference/verbs.hpp"
#include "support/discrete_graphs.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using testing::each_labelling;
using testing::joined;
using testing::OneGraph;
using testing::random_tensor;

constexpr double kTolerance = sizeof(Real) == 4 ? 2e-5 : 1e-9;

struct Chain {
  std::vector<int> counts, truth;
  std::vector<Tensor> unary, pair;  // pair p joins p and p + 1; empty: nothing joins them
  std::vector<bool> swapped;        // its scope names p + 1 first

  double energy(const std::vector<int>& y) const {
    double e = 0;
    for (std::size_t p = 0; p < counts.size(); ++p) {
      e += unary[p][static_cast<std::size_t>(y[p])];
      if (p + 1 == counts.size() || pair[p].empty()) continue;
      e += swapped[p] ? pair[p][static_cast<std::size_t>(y[p + 1] * counts[p] + y[p])]
                      : pair[p][static_cast<std::size_t>(y[p] * counts[p + 1] + y[p + 1])];
    }
    return e;
  }
  double answer(Over over, double beta) const {
    std::vector<double> energies;
    each_labelling(counts, [&](const std::vector<int>& y) {
      const bool inside = truth.empty() || y == truth;
      if (over == Over::all || inside == (over == Over::truth)) energies.push_back(energy(y));
    });
    return joined(energies, beta);
  }
  void declare(FactorGraph& g) const {
    std::vector<Variables> v;
    for (std::size_t p = 0; p < counts.size(); ++p)
      v.push_back(g.output("y" + std::to_string(p), Labels(counts[p]),
                           truth.empty() ? LabelSet() : LabelSet(truth[p])));
    for (std::size_t p = 0; p < counts.size(); ++p) {
      g.add(factor::constant(unary[p]), v[p]);
      if (p + 1 < counts.size() && !pair[p].empty())
        swapped[p] ? g.add(factor::constant(pair[p]), v[p + 1], v[p])
                   : g.add(factor::constant(pair[p]), v[p], v[p + 1]);
    }
  }
};

Chain random_chain(Rng& rng, double scale, double forbidden) {
  Chain c;
  const int length = 1 + rng.below(5);
  for (int p = 0; p < length; ++p) c.counts.push_back(1 + rng.below(4));
  for (int p = 0; p < length; ++p) {
    c.unary.push_back(random_tensor({c.counts[p]}, rng, scale));
    c.truth.push_back(rng.below(c.counts[p]));
    c.swapped.push_back(rng.chance(0.3));
    if (p + 1 == length) break;
    const bool joined = rng.chance(0.85);
    c.pair.push_back(!joined ? Tensor()
                             : random_tensor(c.swapped[p] ? Shape{c.counts[p + 1], c.counts[p]}
                                                          : Shape{c.counts[p], c.counts[p + 1]},
                                             rng, scale));
    for (Real& e : c.pair.back().span())
      if (rng.chance(forbidden)) e = static_cast<Real>(kInf);
  }
  if (rng.chance(0.2)) c.truth.clear();
  return c;
}

void expect_close(double a, double b, double scale) {
  if (std::isinf(a) || std::isinf(b))
    EXPECT_EQ(a, b);
  else
    EXPECT_NEAR(a, b, kTolerance * std::max(1.0, scale));
}

TEST(Chains_OnRandomGraphs, EveryQuery_EqualsEnumeration) {
  Rng rng(1);
  for (int trial = 0; trial < 400; ++trial) {
    const double scale = std::vector<double>{1, 10, 1e4}[trial % 3];
    const Chain c = random_chain(rng, scale, trial % 4 == 0 ? 0.3 : 0);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { c.declare(g); });
    for (const Over over : {Over::all, Over::truth, Over::others})
      for (const double beta : {kInf, 1.0, 0.3, 20.0}) {
        Answer chain, all;
        infer::SumProduct{}.answer(one.batch, {.over = over, .beta = beta, .answers = true}, chain);
        infer::Exhaustive{}.answer(one.batch, {.over = over, .beta = beta, .answers = true}, all);
        const double expected = c.answer(over, beta);
        SCOPED_TRACE(message("trial ", trial, " over ", static_cast<int>(over), " beta ", beta));
        expect_close(chain.energy[0], expected, scale);
        expect_close(all.energy[0], expected, scale);
        ASSERT_EQ(chain.weights.size(), all.weights.size());
        if (expected == kInf || scale > 100) continue;  // ties and rounding of 1e4 are another matter
        for (std::size_t w = 0; w < chain.weights.size(); ++w)
          EXPECT_NEAR(chain.weights[w], all.weights[w], 20 * kTolerance);
        EXPECT_EQ(chain.labels, all.labels);
      }
  }
}

TEST(Chains_WithAConstantThatStandsSeveralTimes, CountItAsOften) {
  Params W;
  const Tensor rows({3, 1}, {0.5, 1, 2}), shared({1, 1}, {0.25});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto y = g.outputs("y", 2, Labels(2));
    g.add_each(factor::constant(Tensor({2, 2}, {0, 1, 1, 0})), y.pairs());
    g.add_each(factor::constant(rows), 3);
    g.add_each(factor::constant(shared), 4);
  });
  Answer own, all;
  for (const double beta : {kInf, 1.0}) {
    infer::SumProduct{}.answer(one.batch, {.beta = beta}, own);
    infer::Exhaustive{}.answer(one.batch, {.beta = beta}, all);
    EXPECT_NEAR(own.energy[0], all.energy[0], kTolerance);
    ASSERT_EQ(own.weights.size(), all.weights.size());
    for (std::size_t k = 0; k < all.weights.size(); ++k)
      EXPECT_NEAR(own.weights[k], all.weights[k], kTolerance);
  }
}

TEST(Chains_Weights, SumToOnePerScope) {
  Rng rng(2);
  for (int trial = 0; trial < 50; ++trial) {
    const Chain c = random_chain(rng, 2, 0);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { c.declare(g); });
    Answer a;
    infer::SumProduct{}.answer(one.batch, {.beta = 1}, a);
    const auto& groups = one.batch.sample(0).structure->groups;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      double sum = 0;
      for (int k = 0; k < groups[g].entries; ++k)
        sum += a.weights[one.batch.weights_at(0, static_cast<int>(g)) + static_cast<std::size_t>(k)];
      EXPECT_NEAR(sum, 1, 1e-5);
    }
  }
}

TEST(Chains_LongAndSteep, StayFinite) {
  constexpr int length = 100000, labels = 10;
  Rng rng(3);
  const Tensor unary = random_tensor({length, labels}, rng, 100),
               pair = random_tensor({labels, labels}, rng, 100);
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {
    const auto y = g.outputs("y", length, Labels(labels));
    g.add_each(factor::constant(unary), y);
    g.add_each(factor::constant(pair), y.pairs());
  });
  Answer minimum, free;
  infer::SumProduct{}.answer(one.batch, {}, minimum);
  infer::SumProduct{}.answer(one.batch, {.beta = 1}, free);
  EXPECT_TRUE(std::isfinite(minimum.energy[0]));
  EXPECT_LE(free.energy[0], minimum.energy[0]);
  EXPECT_GE(free.energy[0], minimum.energy[0] - length * std::log(labels));
}

TEST(Chains_OnALoop, AreRefused_AndAutomaticTakesAJunctionTree) {
  Rng rng(4);
  const Tensor pair = random_tensor({2, 2}, rng);
  Params W;
  OneGraph loop(W, [&](FactorGraph& g) {
    const auto y = g.outputs("y", 3, Labels(2));
    g.add(factor::constant(pair), y[0], y[1]);
    g.add(factor::constant(pair), y[1], y[2]);
    g.add(factor::constant(pair), y[2], y[0]);
  });
  Answer a;
  EXPECT_THROW(infer::MinSum{}.answer(loop.batch, {}, a), GraphError);
  infer::Automatic{}.answer(loop.batch, {}, a);
  EXPECT_EQ(a.report.used, Method::junction_tree);
  EXPECT_EQ(a.report.asked, Method::automatic);
  EXPECT_EQ(a.report.why, Why::low_treewidth);
}

TEST(Chains_AFreeEnergyOfMinSum, IsRefused) {
  Params W;
  OneGraph one(W, [&](FactorGraph& g) { g.output("y", Labels(2)); });
  Answer a;
  EXPECT_THROW(infer::MinSum{}.answer(one.batch, {.beta = 1}, a), GraphError);
  EXPECT_THROW(infer::SumProduct{}.answer(one.batch, {.beta = 0}, a), GraphError);
  EXPECT_THROW(infer::SumProduct{}.answer(one.batch, {.beta = -1}, a), GraphError);
}

TEST(Chains_InABatch, EqualALoopOverSamples_ForAnyNumberOfThreads) {
  Rng rng(5);
  std::vector<Tensor> unary;
  std::vector<int> lengths;
  for (int i = 0; i < 60; ++i) {
    lengths.push_back(1 + rng.below(9));
    unary.push_back(random_tensor({lengths.back(), 4}, rng));
  }
  Params W;
  const Param trans = W.uniform("trans", {4, 4}, 1);
  std::vector<int> index(60);
  for (int i = 0; i < 60; ++i) index[i] = i;
  const Model<int> model(W, [&](FactorGraph& g, const int& i) {
    const auto y = g.outputs("y", lengths[i], Labels(4));
    g.add_each(factor::constant(unary[i]), y);
    g.add_each(factor::table(W, trans), y.pairs());
  });
  const Prepared ready = model.prepare(std::span<const int>(index));
  EXPECT_LE(ready.schema().structures(), 9u);  // one per length
  std::vector<Answer> answers;
  for (const int count : {1, 2}) {
    set_threads(count);
    Batch batch = ready.batch();
    infer::SumProduct{}.answer(batch, {.beta = 1}, answers.emplace_back());
  }
  set_threads(0);
  EXPECT_EQ(answers[0].energy, answers[1].energy);
  EXPECT_EQ(answers[0].weights, answers[1].weights);
  for (int i = 0; i < 60; ++i) {
    Batch one = ready.batch(static_cast<std::size_t>(i), 1);
    Answer a;
    infer::SumProduct{}.answer(one, {.beta = 1}, a);
    EXPECT_EQ(a.energy[0], answers[0].energy[static_cast<std::size_t>(i)]);
  }
}

TEST(Verbs_EnergyAtLabels, EqualsTheMinimumAtItsLabels) {
  Rng rng(6);
  for (int trial = 0; trial < 20; ++trial) {
    const Chain c = random_chain(rng, 1, 0);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { c.declare(g); });
    const Minimum m = minimize(one.batch);
    EXPECT_NEAR(energy(one.batch, 0, m.labels[0]), m.energy[0], 1e-5);
    EXPECT_LE(free_energy(one.batch)[0], m.energy[0] + 1e-9);
    EXPECT_THROW(energy(one.batch, 0, std::vector<int>(c.counts.size() + 1)), GraphError);
  }
}

// Chains of one table, wider than a vector and longer than what is multiplied at once, with other chains
// beside.
struct Ragged {
  int labels;
  std::vector<Tensor> unary;
  Tensor pair;
};

Ragged random_ragged(int labels, double scale, double forbidden, int samples, Rng& rng) {
  Ragged r{labels, {}, random_tensor({labels, labels}, rng, scale)};
  for (int i = 0; i < samples; ++i)
    r.unary.push_back(random_tensor({1 + rng.below(i == 0 ? 200 : 9), labels}, rng, scale));
  for (int y = 0; y < labels; ++y)
    for (int z = 0; z < labels; ++z)
      if (y != z && rng.chance(forbidden))
        r.pair[static_cast<std::size_t>(y * labels + z)] = static_cast<Real>(kInf);
  return r;
}

// The recurrences in long double and plain loops: free energy and probabilities of labels of one sample.
long double plain_free_energy(const Tensor& u, const Tensor& pair, int k, double beta) {
  std::vector<long double> f(static_cast<std::size_t>(k)), next(f);
  const int n = u.shape()[0];
  const auto soft = [&](const auto& energies) {
    long double low = kInf, sum = 0;
    for (const long double e : energies) low = std::min(low, e);
    for (const long double e : energies) sum += std::exp(-static_cast<long double>(beta) * (e - low));
    return low - std::log(sum) / static_cast<long double>(beta);
  };
  std::vector<long double> all(static_cast<std::size_t>(k));
  for (int p = 0; p < n; ++p) {
    for (int z = 0; z < k; ++z) {
      for (int y = 0; y < k; ++y)
        all[static_cast<std::size_t>(y)] =
            p == 0 ? 0
                   : f[static_cast<std::size_t>(y)] +
                         static_cast<long double>(pair[static_cast<std::size_t>(y * k + z)]);
      next[static_cast<std::size_t>(z)] =
          (p == 0 ? 0 : soft(all)) + static_cast<long double>(u[static_cast<std::size_t>(p * k + z)]);
    }
    f = next;
  }
  return soft(f);
}

TEST(Chains_OfManyLabels, EqualPlainRecurrences_AndTheirWeightsTheSlopes) {
  Rng rng(7);
  const int rounds = std::getenv("EBM_LONG") ? 200 : 12;
  for (int round = 0; round < rounds; ++round) {
    const int k = std::vector<int>{2, 3, 7, 8, 9, 13, 33, 60}[static_cast<std::size_t>(round % 8)];
    const Ragged r = random_ragged(k, round % 3 == 2 ? 30 : 1, round % 4 == 1 ? 0.3 : 0, 11, rng);
    Params W;
    const Model<int> model(W, [&](FactorGraph& g, const int& i) {
      const Tensor& u = r.unary[static_cast<std::size_t>(i)];
      const auto y = g.outputs("y", u.shape()[0], Labels(k));
      g.add_each(factor::constant(u), y);
      g.add_each(factor::constant(r.pair), y.pairs());
    });
    std::vector<int> index(r.unary.size());
    for (std::size_t i = 0; i < index.size(); ++i) index[i] = static_cast<int>(i);
    const Prepared ready = model.prepare(index);
    Batch batch = ready.batch();
    Answer free, low, at;
    infer::SumProduct{}.answer(batch, {.beta = 1.5}, free);
    infer::MinSum{}.answer(batch, {.answers = true}, low);
    std::size_t first = 0;
    for (std::size_t i = 0; i < index.size(); ++i) {
      SCOPED_TRACE(message("round ", round, " labels ", k, " sample ", i));
      const Tensor& u = r.unary[i];
      const auto n = static_cast<std::size_t>(u.shape()[0]);
      const auto right = static_cast<double>(plain_free_energy(u, r.pair, k, 1.5));
      EXPECT_NEAR(free.energy[i], right, 1e-10 * (1 + std::abs(right)));
      const auto steep = static_cast<double>(plain_free_energy(u, r.pair, k, 1e6));
      EXPECT_NEAR(low.energy[i], steep, 1e-4 * static_cast<double>(n));
      EXPECT_NEAR(energy(batch, static_cast<int>(i), std::span(low.labels).subspan(first, n)), low.energy[i],
                  1e-9 * (1 + std::abs(right)));
      first += n;
      // Every position's probabilities sum to 1, and those of pairs to as many as there are.
      double labels = 0, pairs = 0;
      for (std::size_t w = batch.weights_at(static_cast<int>(i), 0);
           w < batch.weights_at(static_cast<int>(i), 1); ++w)
        labels += static_cast<double>(free.weights[w]);
      for (std::size_t w = batch.weights_at(static_cast<int>(i), 1);
           w < batch.weights_of(static_cast<int>(i) + 1); ++w)
        pairs += static_cast<double>(free.weights[w]);
      EXPECT_NEAR(labels, static_cast<double>(n), 1e-5 * static_cast<double>(n));
      EXPECT_NEAR(pairs, static_cast<double>(n - 1), 1e-5 * static_cast<double>(n));
    }
    // The same bits alone and among others, on any number of threads.
    for (std::size_t i = 0; i < index.size(); ++i) {
      Batch one = ready.batch(i, 1);
      infer::SumProduct{}.answer(one, {.beta = 1.5}, at);
      EXPECT_EQ(at.energy[0], free.energy[i]);
      const auto begin =
          free.weights.begin() + static_cast<std::ptrdiff_t>(batch.weights_of(static_cast<int>(i)));
      EXPECT_TRUE(std::equal(at.weights.begin(), at.weights.end(), begin));
    }
    for (const int count : {1, 2}) {
      set_threads(count);
      infer::SumProduct{}.answer(batch, {.beta = 1.5}, at);
      EXPECT_EQ(at.energy, free.energy);
      EXPECT_EQ(at.weights, free.weights);
    }
    set_threads(0);
  }
}

TEST(Chains_WithNaN, AnswerNaN_AndEnd) {
  for (const bool in_pair : {false, true}) {
    Tensor unary({3, 3}, {0, 1, 2, 0, 1, 2, 0, 1, 2}), pair({3, 3}, {0, 1, 2, 1, 0, 2, 2, 1, 0});
    (in_pair ? pair : unary)[4] = std::numeric_limits<Real>::quiet_NaN();
    for (const bool trained : {false, true}) {
      Params W;
      const Param table = W.table("pair", {3, 3});
      std::ranges::copy(pair.span(), W.view(table).data);
      OneGraph one(W, [&](FactorGraph& g) {
        const auto y = g.outputs("y", 3, Labels(3));
        g.add_each(factor::constant(unary), y);
        g.add_each(trained ? factor::table(W, table) : factor::constant(pair), y.pairs());
      });
      Answer a;
      for (const double beta : {kInf, 1.0}) {
        infer::SumProduct{}.answer(one.batch, {.beta = beta}, a);
        EXPECT_TRUE(std::isnan(a.energy[0]));
      }
    }
  }
}

TEST(Chains_OfDiscreteGraphs, EqualEnumeration_AndOthersAreRefused) {
  Rng rng(8);
  const int rounds = std::getenv("EBM_LONG") ? 1000 : 150;
  int chains = 0, refused = 0;
  for (int round = 0; round < rounds; ++round) {
    testing::RandomGraph shape = testing::random_graph(rng);
    if (round % 2 == 0) {  // a path in random order, some of its pairs missing
      std::erase_if(shape.scopes, [](const auto& s) { return s.size() != 1; });
      std::vector<int> order(shape.counts.size());
      for (std::size_t v = 0; v < order.size(); ++v) order[v] = static_cast<int>(v);
      rng.shuffle(std::span<int>(order));
      for (std::size_t v = 1; v < order.size(); ++v)
        if (rng.chance(0.8)) shape.scopes.push_back({order[v - 1], order[v]});
    }
    const DiscreteGraph graph =
        testing::discrete_graph(shape, round % 5 == 0 ? 100 : 1, round % 3 == 0 ? 0.3 : 0, rng);
    SCOPED_TRACE(message("round ", round, " ", shape.kind));
    const DiscreteEngine &chain = discrete_engine("chain"), &all = discrete_engine("exhaustive");
    Question q;
    Solution found;
    try {
      found = chain.solve(graph, q);
    } catch (const GraphError& e) {
      EXPECT_NE(std::string(e.what()).find("[chain]"), std::string::npos);
      EXPECT_NE(round % 2, 0);
      ++refused;
      continue;
    }
    ++chains;
    const Solution right = all.solve(graph, q);
    if (right.energy < kInf) {
      EXPECT_NEAR(found.energy, right.energy, 1e-9 * std::max(1.0, std::abs(right.energy)));
    }
    EXPECT_EQ(found.energy < kInf, right.energy < kInf);
    EXPECT_EQ(found.energy, found.labels.empty() ? kInf : graph.energy(found.labels));
    EXPECT_LE(found.bound, found.energy);
    EXPECT_EQ(found.report.used, Method::chain);
    for (const double beta : {0.5, 1.0, 30.0}) {
      q.beta = beta;
      q.task = Question::Task::marginals;
      const Solution sums = chain.solve(graph, q), expected = all.solve(graph, q);
      if (expected.free_energy == kInf) {
        EXPECT_EQ(sums.free_energy, kInf);
        continue;
      }
      EXPECT_NEAR(sums.free_energy, expected.free_energy,
                  1e-9 * std::max(1.0, std::abs(expected.free_energy)));
      ASSERT_EQ(sums.marginals.size(), expected.marginals.size());
      for (std::size_t k = 0; k < sums.marginals.size(); ++k)
        EXPECT_NEAR(sums.marginals[k], expected.marginals[k], 1e-9);
    }
    q.task = Question::Task::minimum;
    const Solution automatic = discrete_engine("automatic").solve(graph, q);
    EXPECT_EQ(automatic.energy, found.energy);
    if (graph.variables() > 0) {
      EXPECT_EQ(automatic.report.used, Method::chain);
      EXPECT_EQ(automatic.report.why, Why::chain_structure);
    }
  }
  EXPECT_GT(chains, rounds / 3);
  EXPECT_GT(refused, rounds / 20);
}

}  // namespace
}  // namespace ebm
