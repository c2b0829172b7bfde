#include "ebm/lattice/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>

#include "ebm/core/error.hpp"
#include "lattice/random_machines.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

double energy_of(const Lattice& l, std::span<const double> e, const Path& p) {
  double sum = 0;
  int s = 0;
  for (const int i : p.arcs) {
    EXPECT_EQ(l.source()[static_cast<std::size_t>(i)], s);
    s = l.target()[static_cast<std::size_t>(i)];
    sum += e[static_cast<std::size_t>(i)];
  }
  return sum + l.final_energy()[static_cast<std::size_t>(s)];
}

TEST(BestPath, OnRandomLattices_EqualsEnumeration) {
  Rng rng(1);
  Workspace ws;
  for (int round = 0; round < 400; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    const auto e = energies(l);
    const Path best = lattice::best_path(l, e, ws);
    EXPECT_NEAR(best.energy, minimum(all_paths(l, e)), 1e-9);
    EXPECT_NEAR(best.energy, energy_of(l, e, best), 1e-9);
    EXPECT_EQ(best.labels, lattice::labels(l, best.arcs));
  }
}

TEST(FreeEnergy, OnRandomLattices_EqualsEnumerationAtEveryBeta) {
  Rng rng(2);
  Workspace ws;
  for (int round = 0; round < 400; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    const auto e = energies(l);
    const auto paths = all_paths(l, e);
    for (const double beta : {0.1, 1.0, 7.0}) {
      std::vector<double> p(e.size());
      const double f = lattice::free_energy(l, e, beta, p, ws), expected = free_energy(paths, beta);
      EXPECT_NEAR(f, expected, 1e-9);
      EXPECT_EQ(f, lattice::free_energy(l, e, beta, {}, ws));
      std::vector<double> q(e.size(), 0.0);
      for (const Path& path : paths)
        for (const int i : path.arcs)
          q[static_cast<std::size_t>(i)] += std::exp(-beta * (path.energy - expected));
      for (std::size_t i = 0; i < q.size(); ++i) EXPECT_NEAR(p[i], q[i], 1e-9);
      // Bounds: the minimum lies above, by at most log of the number of paths.
      const double v = minimum(paths);
      EXPECT_LE(f, v + 1e-12);
      EXPECT_GE(f, v - std::log(static_cast<double>(paths.size())) / beta - 1e-12);
    }
  }
}

TEST(FreeEnergy, Slopes_AreThePosteriors) {
  Rng rng(3);
  Workspace ws;
  for (int round = 0; round < 100; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    auto e = energies(l);
    std::vector<double> p(e.size());
    lattice::free_energy(l, e, 1.5, p, ws);
    for (std::size_t i = 0; i < e.size(); ++i) {
      if (e[i] == kInf) {
        EXPECT_EQ(p[i], 0);
        continue;
      }
      const double h = 1e-5, at = e[i];
      e[i] = at + h;
      const double up = lattice::free_energy(l, e, 1.5, {}, ws);
      e[i] = at - h;
      const double down = lattice::free_energy(l, e, 1.5, {}, ws);
      e[i] = at;
      EXPECT_NEAR(p[i], (up - down) / (2 * h), 1e-6);
    }
  }
}

TEST(BestPath, Slopes_AreOneOnThePathAndZeroElsewhere) {
  Rng rng(4);
  Workspace ws;
  for (int round = 0; round < 100; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    auto e = energies(l);
    const Path best = lattice::best_path(l, e, ws);
    for (std::size_t i = 0; i < e.size(); ++i) {
      if (e[i] == kInf) continue;
      const double h = 1e-6, at = e[i];
      e[i] = at + h;
      const double up = lattice::best_path(l, e, ws).energy;
      e[i] = at - h;
      const double down = lattice::best_path(l, e, ws).energy;
      e[i] = at;
      const bool on = std::find(best.arcs.begin(), best.arcs.end(), static_cast<int>(i)) != best.arcs.end();
      EXPECT_NEAR((up - down) / (2 * h), on ? 1.0 : 0.0, 1e-6);
    }
  }
}

TEST(FreeEnergy, PosteriorsAcrossAnyCut_SumToOne) {
  Rng rng(5);
  Workspace ws;
  for (int round = 0; round < 200; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    const auto e = energies(l);
    std::vector<double> p(e.size());
    const double f = lattice::free_energy(l, e, 1, p, ws);
    const auto paths = all_paths(l, e);
    for (int cut = 0; cut + 1 < l.states(); ++cut) {
      double across = 0;
      for (std::size_t i = 0; i < e.size(); ++i)
        if (l.source()[i] <= cut && l.target()[i] > cut) across += p[i];
      for (const Path& path : paths) {  // and those that end before it
        const int end = path.arcs.empty() ? 0 : l.target()[static_cast<std::size_t>(path.arcs.back())];
        if (end <= cut) across += std::exp(f - path.energy);
      }
      EXPECT_NEAR(across, 1, 1e-9);
    }
  }
}

TEST(NBest, OnRandomLattices_EqualsEnumerationOfDistinctStrings) {
  Rng rng(6);
  Workspace ws;
  for (int round = 0; round < 400; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    const auto e = energies(l);
    std::map<std::vector<int>, double> strings;
    for (const Path& p : all_paths(l, e)) {
      if (p.energy == kInf) continue;
      const auto [found, added] = strings.emplace(p.labels, p.energy);
      if (!added) found->second = std::min(found->second, p.energy);
    }
    std::vector<double> sorted;
    for (const auto& [labels, energy] : strings) sorted.push_back(energy);
    std::sort(sorted.begin(), sorted.end());
    for (const int n : {0, 1, 3, 1000}) {
      const auto best = lattice::n_best(l, e, n, ws);
      ASSERT_EQ(best.size(), std::min<std::size_t>(static_cast<std::size_t>(n), strings.size()));
      for (std::size_t i = 0; i < best.size(); ++i) {
        EXPECT_NEAR(best[i].energy, sorted[i], 1e-9);
        EXPECT_NEAR(best[i].energy, strings.at(best[i].labels), 1e-9);
        EXPECT_NEAR(best[i].energy, energy_of(l, e, best[i]), 1e-9);
        for (std::size_t k = 0; k < i; ++k) EXPECT_NE(best[i].labels, best[k].labels);
      }
    }
  }
}

TEST(FreeEnergy, ProbabilitiesOfAllLabelStrings_SumToOne) {
  Rng rng(7);
  Workspace ws;
  for (int round = 0; round < 100; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    const auto e = energies(l);
    const double f = lattice::free_energy(l, e, 1, {}, ws);
    std::map<std::vector<int>, std::vector<Path>> strings;
    for (const Path& p : all_paths(l, e)) strings[p.labels].push_back(p);
    double sum = 0;
    for (const auto& [labels, paths] : strings) sum += std::exp(f - free_energy(paths, 1));
    EXPECT_NEAR(sum, 1, 1e-9);
  }
}

TEST(Sample, Frequencies_AreThePosteriors) {
  Rng rng(8), draw(9);
  Workspace ws;
  const int n = 20000;
  for (int round = 0; round < 10; ++round) {
    ws.reset();
    const Lattice l = random_lattice(rng);
    const auto e = energies(l);
    std::vector<double> p(e.size()), count(e.size(), 0.0);
    lattice::free_energy(l, e, 0.7, p, ws);
    const auto paths = lattice::sample(l, e, 0.7, n, draw, ws);
    ASSERT_EQ(paths.size(), static_cast<std::size_t>(n));
    for (const Path& path : paths) {
      EXPECT_NEAR(path.energy, energy_of(l, e, path), 1e-9);
      for (const int i : path.arcs) ++count[static_cast<std::size_t>(i)];
    }
    for (std::size_t i = 0; i < p.size(); ++i)
      EXPECT_NEAR(count[i] / n, p[i], 5 * std::sqrt(std::max(p[i] * (1 - p[i]), 1e-4) / n));
  }
}

TEST(Sample, TheSameSeed_DrawsTheSamePaths) {
  Rng rng(10);
  Workspace ws;
  const Lattice l = random_lattice(rng);
  Rng a(4), b(4);
  const auto x = lattice::sample(l, l.energy(), 1, 20, a, ws),
             y = lattice::sample(l, l.energy(), 1, 20, b, ws);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_EQ(x[i].arcs, y[i].arcs);
}

TEST(Queries, WithoutAPath_SayInfinity) {
  Workspace ws;
  const Lattice blocked = lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1, kInf}, {0, 1, 2, 2, kInf}},
                                                std::vector<Final>{{1, 0}});
  for (const Lattice& l : {Lattice(), blocked}) {
    const auto e = energies(l);
    std::vector<double> p(e.size(), 5.0);
    Rng rng(1);
    EXPECT_EQ(lattice::best_path(l, e, ws).energy, kInf);
    EXPECT_TRUE(lattice::best_path(l, e, ws).arcs.empty());
    EXPECT_EQ(lattice::free_energy(l, e, 1, p, ws), kInf);
    for (const double x : p) EXPECT_EQ(x, 0);
    EXPECT_TRUE(lattice::n_best(l, e, 5, ws).empty());
    EXPECT_TRUE(lattice::sample(l, e, 1, 5, rng, ws).empty());
  }
}

TEST(Queries, OfPathsBeyondTheRangeOfADouble_AreRefusedAndNotCalledForbidden) {
  Workspace ws;
  Rng rng(1);
  for (const double e : {1e308, -1e308}) {
    const Lattice l = lattice::make_lattice(
        std::vector<Arc>{{0, 1, 1, 1, e}, {1, 2, 1, 1, e}, {0, 2, 2, 2, kInf}}, std::vector<Final>{{2, 0}});
    EXPECT_THROW(lattice::best_path(l, l.energy(), ws), NumberError);
    EXPECT_THROW(lattice::n_best(l, l.energy(), 3, ws), NumberError);
    EXPECT_THROW(lattice::free_energy(l, l.energy(), 1, {}, ws), NumberError);
    EXPECT_THROW(lattice::sample(l, l.energy(), 1, 1, rng, ws), NumberError);
  }
}

TEST(Queries, BadArguments_AreRefusedByName) {
  Workspace ws;
  Rng rng(1);
  const Lattice l =
      lattice::make_lattice(std::vector<Arc>{{0, 1, 1, 1}, {0, 1, 2, 2}}, std::vector<Final>{{1, 0}});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> good{1, 2}, few{1}, bad{1, nan}, low{-kInf, 1};
  std::vector<double> p(1);
  EXPECT_THROW(lattice::best_path(l, few, ws), ShapeError);
  EXPECT_THROW(lattice::free_energy(l, good, 1, p, ws), ShapeError);
  EXPECT_THROW(lattice::best_path(l, low, ws), NumberError);
  for (const double beta : {0.0, -1.0, kInf, nan})
    EXPECT_THROW(lattice::free_energy(l, good, beta, {}, ws), GraphError);
  EXPECT_THROW(lattice::n_best(l, bad, 1, ws), NumberError);
  EXPECT_THROW(lattice::sample(l, bad, 1, 1, rng, ws), NumberError);
  try {
    lattice::free_energy(l, bad, 1, {}, ws);
    ADD_FAILURE();
  } catch (const NumberError& e) {
    EXPECT_NE(std::string(e.what()).find("arc 1 is nan"), std::string::npos);
  }
}

TEST(FreeEnergy, WideRanges_LoseNothing) {
  // Two ways of equal energy behind a step of 1e4 each, beside a far better start that leads to a far worse
  // end.
  const std::vector<Arc> arcs{{0, 1, 1, 1, 0},    {0, 2, 2, 2, 1e4}, {1, 3, 3, 3, 1e4},
                              {2, 3, 4, 4, 0.25}, {2, 3, 5, 5, 3e4}, {0, 3, 6, 6, -2e4}};
  const std::vector<Final> finals{{3, 0}};
  const Lattice l = lattice::make_lattice(arcs, finals);
  Workspace ws;
  std::vector<double> p(6);
  EXPECT_NEAR(lattice::free_energy(l, l.energy(), 1, p, ws), -2e4, 1e-9);
  EXPECT_EQ(p[2], 1);  // by order of source: the arc of energy -2e4 is the third
  auto e = energies(l);
  e[2] = kInf;
  EXPECT_NEAR(lattice::free_energy(l, e, 1, p, ws), 1e4 - std::log1p(std::exp(-0.25)), 1e-9);
  EXPECT_NEAR(p[0], 1 / (1 + std::exp(-0.25)), 1e-9);
}

}  // namespace
}  // namespace ebm
