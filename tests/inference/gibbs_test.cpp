// Gibbs sampling against enumeration: stationary marginals, one sweep's own matrix, sums over latents, and
// the slopes of contrastive divergence on restricted Boltzmann machines.

#include <gtest/gtest.h>

#include <algorithm>

#include "ebm/core/pool.hpp"
#include "ebm/inference/verbs.hpp"
#include "inference/sampling_test.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

// A loopy graph of a few variables: tables on one, on pairs, on a triple and on one variable twice; some
// entries forbidden. `copies` samples of it with one truth.
struct Loopy {
  Params W;
  std::vector<int> counts;
  std::unique_ptr<Model<int>> model;
  std::unique_ptr<Prepared> ready;
  std::unique_ptr<Batch> batch;
  Loopy(std::uint64_t seed, int copies,
        const std::function<std::vector<LabelSet>(const std::vector<int>&)>& truth, double forbidden = 0) {
    Rng rng(seed);
    const int n = 3 + rng.below(2);
    for (int v = 0; v < n; ++v) counts.push_back(2 + rng.below(2));
    const auto table = [&](Shape shape) {
      Tensor t = random_tensor(shape, rng, 1.0);
      for (std::size_t i = 1; i < t.size(); ++i)
        if (rng.chance(forbidden)) t[i] = static_cast<Real>(kInf);
      return t;
    };
    std::vector<Tensor> ones, pairs, twice;
    for (int v = 0; v < n; ++v) ones.push_back(table({counts[v]}));
    for (int v = 0; v < n; ++v) pairs.push_back(table({counts[v], counts[(v + 1) % n]}));
    twice.push_back(table({counts[0], counts[0]}));
    const Tensor triple = table({counts[0], counts[1], counts[2]});
    const std::vector<LabelSet> known = truth(counts);
    model = std::make_unique<Model<int>>(W, [=, c = counts](FactorGraph& g, const int&) {
      std::vector<Variables> y;
      for (int v = 0; v < n; ++v)
        y.push_back(g.output("y" + std::to_string(v), Labels(c[v]), known.empty() ? LabelSet{} : known[v]));
      for (int v = 0; v < n; ++v) g.add(factor::constant(Tensor(ones[v])), y[v]);
      for (int v = 0; v < n; ++v) g.add(factor::constant(Tensor(pairs[v])), y[v], y[(v + 1) % n]);
      g.add_each(factor::constant(Tensor(twice[0])), Scopes{2, {0, 0}});
      g.add_each(factor::constant(Tensor(triple)), Scopes{3, {0, 1, 2}});
    });
    ready = std::make_unique<Prepared>(model->prepare(std::vector<int>(static_cast<std::size_t>(copies))));
    batch = std::make_unique<Batch>(ready->batch());
  }
  // P of every joint label, in order.
  std::vector<double> joint(double beta) {
    std::vector<double> p;
    double sum = 0;
    each_labelling(counts, [&](const std::vector<int>& y) {
      p.push_back(std::exp(-beta * energy(*batch, 0, y)));
      sum += p.back();
    });
    for (double& x : p) x /= sum;
    return p;
  }
  std::size_t index(const int* y) const {
    std::size_t k = 0;
    for (std::size_t v = 0; v < counts.size(); ++v) k = k * static_cast<std::size_t>(counts[v]) + y[v];
    return k;
  }
};

const auto kUnknown = [](const std::vector<int>&) { return std::vector<LabelSet>{}; };

TEST(Gibbs, OnRandomGraphs_HasTheJointDistributionOfEnumeration) {
  int checked = 0;
  double squares = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    constexpr std::size_t kChains = 400;
    Loopy m(seed, kChains, kUnknown);
    const double beta = seed % 2 ? 1 : 0.5;
    const Draws draws =
        sample(*m.batch, infer::Gibbs{.seed = seed}, 30, {.beta = beta, .burn_in = 50, .thin = 2});
    EXPECT_EQ(draws.report.acceptance, 1);
    const std::vector<double> p = m.joint(beta);
    std::vector<std::vector<double>> seen(p.size(), std::vector<double>(kChains, 0.0));
    const std::size_t n = m.counts.size();
    for (std::size_t k = 0; k < draws.labels.size(); k += n)
      seen[m.index(draws.labels.data() + k)][k / n % kChains] += 1.0 / draws.count;
    for (std::size_t k = 0; k < p.size(); ++k) {
      if (p[k] < 0.01) continue;
      const double off = estimate(seen[k]).off(p[k]);
      EXPECT_LT(off, 5) << seed;
      squares += off * off;
      ++checked;
    }
  }
  EXPECT_GT(checked, 80);
  EXPECT_LT(squares / checked, 1.4);  // errors are as large as their standard errors say
}

TEST(Gibbs, OneSweep_LeavesTheDistributionAsItIs) {
  // Rows of the transition matrix by many sweeps from every joint label; then P T = P.
  for (std::uint64_t seed = 20; seed < 24; ++seed) {
    Loopy first(seed, 1, kUnknown);
    const std::vector<double> p = first.joint(1);
    constexpr int kTries = 3000;
    std::vector<double> after(p.size(), 0.0), variance(p.size(), 0.0);
    each_labelling(first.counts, [&](const std::vector<int>& y) {
      Loopy m(seed, kTries,
              [&](const std::vector<int>&) { return std::vector<LabelSet>(y.begin(), y.end()); });
      Answer a;
      infer::Gibbs{.seed = first.index(y.data())}.answer(*m.batch, {.beta = 1, .answers = true, .steps = 1},
                                                         a);
      std::vector<double> row(p.size(), 0.0);
      for (std::size_t k = 0; k < a.labels.size(); k += y.size())
        row[m.index(a.labels.data() + k)] += 1.0 / kTries;
      const double from = p[m.index(y.data())];
      for (std::size_t k = 0; k < p.size(); ++k) {
        after[k] += from * row[k];
        variance[k] +=
            from * from * (row[k] + 1.0 / kTries) * (1 - row[k]) / kTries;  // 1: of what was not seen
      }
    });
    for (std::size_t k = 0; k < p.size(); ++k) EXPECT_NEAR(after[k], p[k], 5 * std::sqrt(variance[k]) + 1e-6);
  }
}

TEST(Gibbs, Truth_SumsWhatItLeavesOpenOutExactly) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed, 5);
    Loopy m(
        seed, 2,
        [&](const std::vector<int>& counts) {
          std::vector<LabelSet> known;
          for (const int c : counts) {
            const int kind = rng.below(3), k = rng.below(c);
            const int two[2] = {std::min(k, (k + 1) % c), std::max(k, (k + 1) % c)};
            known.push_back(kind == 0   ? LabelSet{}
                            : kind == 1 ? LabelSet(k)
                                        : LabelSet(std::span<const int>(two)));
          }
          return known;
        },
        0.1);
    for (const double beta : {kInf, 1.0, 3.0}) {
      const Query q{.over = Over::truth, .beta = beta};
      Answer a, b;
      infer::Gibbs{}.answer(*m.batch, q, a);
      infer::Exhaustive{}.answer(*m.batch, q, b);
      for (std::size_t i = 0; i < 2; ++i) {
        if (b.energy[i] == kInf)
          EXPECT_EQ(a.energy[i], kInf);
        else
          EXPECT_NEAR(a.energy[i], b.energy[i], 1e-5) << seed;
      }
      if (b.energy[0] == kInf) continue;
      ASSERT_EQ(a.weights.size(), b.weights.size());
      for (std::size_t k = 0; k < a.weights.size(); ++k) EXPECT_NEAR(a.weights[k], b.weights[k], 1e-5);
      EXPECT_EQ(a.report.exactness, Exactness::exact);
    }
  }
}

TEST(Gibbs, WithinTheTruth_MovesOnlyWhatItLeavesOpen) {
  int sets = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Loopy m(seed, 200, [&](const std::vector<int>& counts) {
      const int two[2] = {0, 2};
      std::vector<LabelSet> known(counts.size());
      known[1] = LabelSet(1);
      if (counts[2] == 3) known[2] = LabelSet(std::span<const int>(two)), ++sets;
      return known;
    });
    const Draws draws = sample(*m.batch, infer::Gibbs{}, 40, {.burn_in = 50, .over = Over::truth});
    const std::vector<double> p = m.joint(1);
    std::vector<double> given(p.size(), 0.0), seen(p.size(), 0.0);
    double norm = 0;
    each_labelling(m.counts, [&](const std::vector<int>& y) {
      if (y[1] == 1 && (m.counts[2] < 3 || y[2] != 1))
        norm += given[m.index(y.data())] = p[m.index(y.data())];
    });
    const std::size_t n = m.counts.size();
    for (std::size_t k = 0; k < draws.labels.size(); k += n)
      seen[m.index(draws.labels.data() + k)] +=
          static_cast<double>(n) / static_cast<double>(draws.labels.size());
    for (std::size_t k = 0; k < p.size(); ++k) {
      EXPECT_NEAR(seen[k], given[k] / norm, 0.03);
      EXPECT_TRUE(given[k] > 0 || seen[k] == 0);
    }
  }
  EXPECT_GT(sets, 0);
}

// E(v, h) = -h'Wv - b'v - c'h, binary (facts of restricted Boltzmann machines: Hinton 2002).
struct Couplings {
  std::size_t offset;
  std::string_view name() const { return "couplings"; }
  bool operator==(const Couplings&) const = default;
  // Rows are the pairs (v, h), entries (v, h) = 00, 01, 10, 11; the input is the row's number.
  void forward(const Reads& x, View out) const {
    for (int r = 0; r < x.rows; ++r) {
      for (std::size_t k = 0; k < 3; ++k) out[static_cast<std::size_t>(r) * 4 + k] = 0;
      out[static_cast<std::size_t>(r) * 4 + 3] = -x.w[offset + static_cast<std::size_t>(x.in[0].data[r])];
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    for (int r = 0; r < x.rows && s.w; ++r)
      s.w[offset + static_cast<std::size_t>(x.in[0].data[r])] -= dout[static_cast<std::size_t>(r) * 4 + 3];
  }
};

// The mean slope of E(truth) - E(contrast) over the data, as the sampled losses and nll have it.
std::vector<double> gradient(const Prepared& data, const Query& contrast, const AnyEngine& engine,
                             Params& W) {
  std::vector<const Sample*> samples;
  for (const Sample& s : data.samples()) samples.push_back(&s);
  Batch batch(data.schema());
  batch.assign(samples, Net::Mode::train);
  Answer e, o;
  engine.answer(batch, {.over = Over::truth, .beta = contrast.beta}, e);
  engine.answer(batch, contrast, o);
  const double share = 1 / static_cast<double>(data.size());
  const std::vector<double> up(data.size(), share), down(data.size(), -share);
  const Pull pulls[] = {{&e, up}, {&o, down}};
  std::vector<Real> g(W.flat().size()), scratch;
  backward(batch, pulls, g, scratch);
  return {g.begin(), g.end()};
}
double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t k = 0; k < a.size(); ++k) ab += a[k] * b[k], aa += a[k] * a[k], bb += b[k] * b[k];
  return ab / std::sqrt(aa * bb);
}

struct Boltzmann {
  Params W;
  std::unique_ptr<Model<std::vector<int>>> model;
  std::unique_ptr<Prepared> ready;
  Boltzmann(int visible, int hidden, double scale, const std::vector<std::vector<int>>& data) {
    const Param w = W.table("w", {visible * hidden});
    std::vector<Param> biases;
    for (int k = 0; k < visible + hidden; ++k) biases.push_back(W.table("bias" + std::to_string(k), {2}));
    Rng rng(11);
    for (Real& x : W.flat()) x = static_cast<Real>(scale * rng.normal());
    Tensor number(Shape{visible * hidden, 1});
    Scopes pairs{2, {}};
    for (int v = 0; v < visible; ++v)
      for (int h = 0; h < hidden; ++h) {
        number[static_cast<std::size_t>(v * hidden + h)] = static_cast<Real>(v * hidden + h);
        pairs.variables.insert(pairs.variables.end(), {v, visible + h});
      }
    const Couplings couplings{W.block(w).offset};
    model =
        std::make_unique<Model<std::vector<int>>>(W, [=, this](FactorGraph& g, const std::vector<int>& v) {
          g.outputs("v", visible, Labels(2), v);
          g.latents("h", hidden, Labels(2));
          g.add_each(factor::function(couplings, {g.feature(Tensor(number))}, "couplings"), pairs);
          for (int k = 0; k < visible + hidden; ++k)
            g.add(factor::table(W, biases[static_cast<std::size_t>(k)]), Variables{k, 1});
        });
    ready = std::make_unique<Prepared>(model->prepare(data));
  }
};

std::vector<std::vector<int>> patterns(int count, int visible, int copies) {
  Rng rng(3);
  std::vector<std::vector<int>> out;
  for (int i = 0; i < count; ++i) {
    std::vector<int> v;
    for (int k = 0; k < visible; ++k) v.push_back(rng.below(2));
    for (int c = 0; c < copies; ++c) out.push_back(v);
  }
  return out;
}

TEST(ContrastiveDivergence, OnARestrictedBoltzmannMachine_NearsTheExactSlopeAsKGrows) {
  // 6 x 4, where signs can be seen to be right: copies average the chains.
  Boltzmann few(6, 4, 0.7, patterns(5, 6, 1)), many(6, 4, 0.7, patterns(5, 6, 400));
  const auto exact = gradient(*few.ready, {.beta = 1}, infer::Exhaustive{}, few.W);
  double before = -1;
  for (const int k : {1, 5, 50}) {
    const auto sampled = gradient(*many.ready, {.beta = 1, .steps = k}, infer::Gibbs{}, many.W);
    const double now = cosine(sampled, exact);
    EXPECT_GT(now, 0.5) << k;  // of a wrong sign: below 0
    EXPECT_GT(now, before - 0.02) << k;
    before = now;
    if (k < 50) continue;
    EXPECT_GT(now, 0.99);
    for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(sampled[i], exact[i], 0.05);
  }
  // Without summing latents out: the same in the mean.
  const auto plain = gradient(*many.ready, {.beta = 1, .steps = 50}, infer::Gibbs{.sum_out = false}, many.W);
  EXPECT_GT(cosine(plain, exact), 0.98);
}

TEST(ContrastiveDivergence, Persistent_NearsTheExactSlopeBySingleSteps) {
  Boltzmann few(6, 4, 0.7, patterns(5, 6, 1)), many(6, 4, 0.7, patterns(5, 6, 400));
  const auto exact = gradient(*few.ready, {.beta = 1}, infer::Exhaustive{}, few.W);
  MarkovChains chains(2000);
  std::vector<double> sampled;
  for (int turn = 0; turn < 50; ++turn)
    sampled = gradient(*many.ready, {.beta = 1, .steps = 1, .persistent = true, .chains = &chains},
                       infer::Gibbs{}, many.W);
  EXPECT_GT(cosine(sampled, exact), 0.99);
}

TEST(ContrastiveDivergence, OfARealVariable_NearsTheExactSlope) {
  // E = |w z + b|^2 / 2, of data at -0.2 and 0.9: the slope by a fine grid.
  Params W;
  const Net net = net::linear(W, "net", 1, 1);
  W.view(W.find("net.weight"))[0] = Real(1.3), W.view(W.find("net.bias"))[0] = Real(0.4);
  const Tensor zero(Shape{1});
  Model<Real> model(W, [&](FactorGraph& g, const Real& z) {
    g.add(factor::half_squared_distance(g.feature(net, g.output("z", Reals(1), z)), g.feature(zero)));
  });
  const std::vector<Real> two{Real(-0.2), Real(0.9)};
  std::vector<Real> many;
  for (int k = 0; k < 4000; ++k) many.push_back(two[static_cast<std::size_t>(k % 2)]);
  const auto exact =
      gradient(model.prepare(two), {.beta = 1}, infer::Grid{.low = -6, .high = 6, .points = 2001}, W);
  for (const AnyEngine& engine :
       {AnyEngine(infer::Langevin{.step = 0.7}), AnyEngine(infer::Hamiltonian{.step = 0.3, .leaps = 4})}) {
    const auto sampled = gradient(model.prepare(many), {.beta = 1, .steps = 40}, engine, W);
    for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(sampled[i], exact[i], 0.06) << i;
  }
}

TEST(Gibbs, ForAnyThreads_AnswersTheSameBits_AndKeepsItsChains) {
  Boltzmann m(6, 4, 0.7, patterns(40, 6, 1));
  Batch batch = m.ready->batch();
  const auto run = [&](int threads) {
    set_threads(threads);
    MarkovChains chains;
    Answer a;
    for (int k = 0; k < 3; ++k)
      infer::Gibbs{}.answer(
          batch, {.beta = 1, .answers = true, .steps = 2, .persistent = true, .chains = &chains}, a);
    set_threads(0);
    std::vector<Real> all(a.energy.begin(), a.energy.end());
    all.insert(all.end(), a.labels.begin(), a.labels.end());
    all.insert(all.end(), a.weights.begin(), a.weights.end());
    const auto kept = chains.encode();
    all.insert(all.end(), kept.begin(), kept.end());
    return all;
  };
  EXPECT_EQ(run(1), run(2));
}

TEST(Gibbs, BadUse_IsRefusedByName) {
  const auto has = [](const std::string& text, const char* what) {
    EXPECT_NE(text.find(what), std::string::npos) << text << " / " << what;
  };
  Loopy m(1, 1, kUnknown);
  Answer a;
  const auto ask = [&](const Query& q, const infer::Gibbs& engine = {}) {
    return refusal([&] { engine.answer(*m.batch, q, a); });
  };
  EXPECT_EQ(ask({.beta = 1, .steps = 1}), "");
  has(ask({.beta = -1, .steps = 1}), "beta must be above 0");
  has(ask({.beta = 1, .steps = -1}), "steps is -1");
  has(ask({.steps = 1}), "beta must be finite");
  has(ask({.beta = 1}), "draws samples");
  has(ask({.over = Over::others, .beta = 1, .steps = 1}), "incorrect answers");
  has(ask({.over = Over::truth, .beta = 1}, {.limit = 3}), "more than the limit of 3");
  Curves reals(kRound, Reals(1), 1);
  has(refusal([&] { infer::Gibbs{}.answer(*reals.batch, {.beta = 1, .steps = 1}, a); }), "no label variable");
  // A NaN is the answer, and the verb names its factor.
  Params W;
  OneGraph broken(W, [](FactorGraph& g) {
    Tensor row(Shape{2});
    row[1] = static_cast<Real>(std::nan(""));
    Term term = factor::constant(std::move(row));
    term.name = "cracked";
    g.add(term, g.output("y", Labels(2)));
  });
  infer::Gibbs{}.answer(broken.batch, {.beta = 1, .steps = 1}, a);
  EXPECT_TRUE(std::isnan(a.energy[0]));
  EXPECT_FALSE(a.report.converged);
  has(refusal([&] { sample(broken.batch, infer::Gibbs{}, 1); }), "'cracked' is not a number");
}

}  // namespace
}  // namespace ebm
