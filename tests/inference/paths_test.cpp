// A path variable against enumeration of all paths of small lattices: all, the truth, other strings; tables
// of one and of several columns; factors that read no arc.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "ebm/inference/paths.hpp"
#include "ebm/inference/verbs.hpp"
#include "lattice/random_machines.hpp"
#include "support/graphs.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

constexpr double kTolerance = sizeof(Real) == 4 ? 3e-5 : 1e-9;

// Entries of random_lattice number its arcs before they were sorted, at most 20 and some.
constexpr int kColumns = 3, kRows = 12;

struct Case {
  Lattice lattice;
  Tensor table, by_row;
  Real constant;
  std::vector<int> truth;

  std::vector<double> energies() const {
    std::vector<double> e(lattice.energy().begin(), lattice.energy().end());
    for (std::size_t i = 0; i < e.size(); ++i)
      if (const int entry = lattice.entry()[i]; entry >= 0)
        e[i] += static_cast<double>(table[static_cast<std::size_t>(entry)]) +
                by_row[static_cast<std::size_t>(entry / kColumns)];
    return e;
  }
  std::vector<Path> paths(Over over) const {
    std::vector<Path> out = all_paths(lattice, energies());
    std::erase_if(out, [&](const Path& p) {
      return over != Over::all && (p.labels == truth) != (over == Over::truth);
    });
    for (Path& p : out) p.energy += constant;
    return out;
  }
  void declare(FactorGraph& g) const {
    const auto p = g.output("p", Paths(lattice), truth);
    g.add(factor::constant(table), p);
    g.add(factor::constant(by_row), p);
    g.add(factor::constant(Tensor(constant)));
  }
};

Case random_case(Rng& rng) {
  Case c{random_lattice(rng),
         random_tensor({kRows, kColumns}, rng),
         random_tensor({kRows, 1}, rng),
         static_cast<Real>(rng.normal()),
         {}};
  const std::vector<Path> all = all_paths(c.lattice, c.energies());
  if (rng.chance(0.9))
    c.truth = all[static_cast<std::size_t>(rng.below(static_cast<int>(all.size())))].labels;
  else
    c.truth = {3, 3, 3, 3, 3, 3, 3, 3, 3};
  return c;
}

TEST(Paths, OnRandomLattices_EveryQuery_EqualsEnumeration) {
  Rng rng(1);
  int impossible = 0;
  for (int trial = 0; trial < 250; ++trial) {
    const Case c = random_case(rng);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { c.declare(g); });
    for (const Over over : {Over::all, Over::truth, Over::others})
      for (const double beta : {kInf, 1.0, 0.3, 10.0}) {
        SCOPED_TRACE(message("trial ", trial, " over ", static_cast<int>(over), " beta ", beta));
        const std::vector<Path> paths = c.paths(over);
        const double lowest = minimum(paths),
                     expected = beta == kInf ? lowest : testing::free_energy(paths, beta);
        Answer a;
        infer::ForwardBackward{}.answer(one.batch, {.over = over, .beta = beta, .answers = true}, a);
        if (expected == kInf) {
          ++impossible;
          EXPECT_EQ(a.energy[0], kInf);
          EXPECT_TRUE(a.paths[0].arcs.empty());
          for (const Real w : a.weights) EXPECT_EQ(w, 0);
          continue;
        }
        EXPECT_NEAR(a.energy[0], expected, kTolerance * (1 + std::abs(expected)));
        EXPECT_NEAR(a.paths[0].energy, lowest, kTolerance * (1 + std::abs(lowest)));
        EXPECT_TRUE(over == Over::all || (a.paths[0].labels == c.truth) == (over == Over::truth));
        // Expected use of every entry of the tables.
        std::vector<double> table(c.table.size(), 0.0), by_row(c.by_row.size(), 0.0);
        const std::vector<Path> used = beta == kInf ? std::vector<Path>{a.paths[0]} : paths;
        for (const Path& p : used) {
          const double weight = beta == kInf ? 1 : std::exp(-beta * (p.energy - expected));
          for (const int arc : p.arcs)
            if (const int entry = c.lattice.entry()[static_cast<std::size_t>(arc)];
                entry >= 0 && weight > 0) {
              table[static_cast<std::size_t>(entry)] += weight;
              by_row[static_cast<std::size_t>(entry / kColumns)] += weight;
            }
        }
        for (std::size_t e = 0; e < table.size(); ++e)
          EXPECT_NEAR(a.weights[one.batch.weights_at(0, 0) + e], table[e], 2e-4);
        for (std::size_t e = 0; e < by_row.size(); ++e)
          EXPECT_NEAR(a.weights[one.batch.weights_at(0, 1) + e], by_row[e], 2e-4);
        EXPECT_NEAR(a.weights[one.batch.weights_at(0, 2)], 1, 1e-6);
        if (beta == kInf) {
          Answer shortest;
          infer::ShortestPath{}.answer(one.batch, {.over = over}, shortest);
          EXPECT_EQ(shortest.energy, a.energy);
          EXPECT_EQ(shortest.weights, a.weights);
        }
      }
  }
  EXPECT_GT(impossible, 20);
}

TEST(Paths, NBest_AreTheLowestDistinctStringsInOrder) {
  Rng rng(2);
  for (int trial = 0; trial < 100; ++trial) {
    const Case c = random_case(rng);
    Params W;
    OneGraph one(W, [&](FactorGraph& g) { c.declare(g); });
    std::map<std::vector<int>, double> best;
    for (const Path& p : c.paths(Over::all))
      if (p.energy < kInf)
        best[p.labels] = best.contains(p.labels) ? std::min(best[p.labels], p.energy) : p.energy;
    std::vector<double> expected;
    for (const auto& [labels, energy] : best) expected.push_back(energy);
    std::ranges::sort(expected);
    const std::vector<Path> got = n_best_paths(one.batch, 0, 4);
    ASSERT_EQ(got.size(), std::min<std::size_t>(4, expected.size()));
    std::set<std::vector<int>> seen;
    for (std::size_t k = 0; k < got.size(); ++k) {
      EXPECT_NEAR(got[k].energy, expected[k], kTolerance * 10);
      EXPECT_TRUE(seen.insert(got[k].labels).second);
    }
  }
}

TEST(Paths, WhereTheStartIsFinal_TheEmptyPathPaysForFactorsWithoutArcsToo) {
  const Lattice lattice =
      lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1, 5.0, 0}}, std::vector<Final>{{0, 1}, {1, 0}});
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {
    g.output("p", Paths(lattice), std::vector<int>{});
    g.add(factor::constant(Tensor(Real(2))));
  });
  Answer a;
  for (const Over over : {Over::all, Over::truth}) {
    infer::ShortestPath{}.answer(one.batch, {.over = over}, a);
    EXPECT_EQ(a.energy[0], 3);
  }
  infer::ShortestPath{}.answer(one.batch, {.over = Over::others}, a);
  EXPECT_EQ(a.energy[0], 7);
  EXPECT_EQ(n_best_paths(one.batch, 0, 1)[0].energy, 3);
}

TEST(Paths, WithoutATruth_HaveNoOthers) {
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {
    g.output(
        "p",
        Paths(lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1, 5.0, -1}}, std::vector<Final>{{1, 0}})), {},
        false);
  });
  Answer a;
  infer::ForwardBackward{}.answer(one.batch, {.over = Over::others}, a);
  EXPECT_EQ(a.energy[0], kInf);
  infer::ForwardBackward{}.answer(one.batch, {.over = Over::truth}, a);
  EXPECT_EQ(a.energy[0], 5);
  EXPECT_FALSE(one.batch.sample(0).truth.known());
}

TEST(Paths, AnArcBeyondATable_IsRefusedByTheFactorsName) {
  Params W;
  const Param piece = W.table("piece", {2, 3});
  OneGraph one(W, [&](FactorGraph& g) {
    const auto p = g.output(
        "p", Paths(lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1, 0, 6}}, std::vector<Final>{{1, 0}})));
    g.add(factor::table(W, piece), p);
  });
  Answer a;
  try {
    infer::ShortestPath{}.answer(one.batch, {}, a);
    FAIL();
  } catch (const ShapeError& e) {
    EXPECT_NE(std::string(e.what()).find("'piece'"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("[2, 3]"), std::string::npos) << e.what();
  }
}

TEST(Paths, TablesOfDifferentColumns_AreRefused) {
  Params W;
  OneGraph one(W, [&](FactorGraph& g) {
    const auto p = g.output(
        "p", Paths(lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1, 0, 0}}, std::vector<Final>{{1, 0}})));
    g.add(factor::constant(Tensor({2, 3})), p);
    g.add(factor::constant(Tensor({2, 2})), p);
  });
  Answer a;
  EXPECT_THROW(infer::ShortestPath{}.answer(one.batch, {}, a), ShapeError);
}

TEST(Paths, EnginesOfOtherVariables_RefuseThem) {
  Params W;
  OneGraph path(W, [&](FactorGraph& g) {
    g.output("p",
             Paths(lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1, 0, -1}}, std::vector<Final>{{1, 0}})));
    g.output("y", Labels(2));
  });
  OneGraph label(W, [](FactorGraph& g) { g.output("y", Labels(2)); });
  Answer a;
  EXPECT_THROW(infer::Exhaustive{}.answer(path.batch, {}, a), GraphError);
  EXPECT_THROW(infer::SumProduct{}.answer(path.batch, {}, a), GraphError);
  EXPECT_THROW(infer::ForwardBackward{}.answer(path.batch, {}, a), GraphError);
  EXPECT_THROW(infer::ForwardBackward{}.answer(label.batch, {}, a), GraphError);
  EXPECT_THROW(infer::Grid{}.answer(label.batch, {}, a), GraphError);
  OneGraph only(W, [&](FactorGraph& g) {
    g.output("p",
             Paths(lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1, 0, -1}}, std::vector<Final>{{1, 0}})));
  });
  EXPECT_THROW(infer::ShortestPath{}.answer(only.batch, {.beta = 1}, a), GraphError);
}

}  // namespace
}  // namespace ebm
