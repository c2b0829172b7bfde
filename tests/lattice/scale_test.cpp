// Large lattices, and what is allocated: counted here for the whole test program.
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "ebm/lattice/compose.hpp"
#include "ebm/lattice/joined.hpp"
#include "lattice/random_machines.hpp"

namespace {

std::atomic<long long> allocations{0}, held{0}, peak{0};

void* counted(void* p) {
  if (p == nullptr) throw std::bad_alloc();
  ++allocations;
  const long long now = held += static_cast<long long>(malloc_usable_size(p));
  for (long long old = peak; old < now && !peak.compare_exchange_weak(old, now);) {
  }
  return p;
}
void freed(void* p) {
  if (p != nullptr) held -= static_cast<long long>(malloc_usable_size(p));
  std::free(p);
}

}  // namespace

void* operator new(std::size_t n) { return counted(std::malloc(n)); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  void* const p = std::malloc(n);
  return p == nullptr ? p : counted(p);
}
void* operator new(std::size_t n, std::align_val_t a) {
  const auto align = static_cast<std::size_t>(a);
  return counted(std::aligned_alloc(align, (n + align - 1) / align * align));
}
void operator delete(void* p) noexcept { freed(p); }
void operator delete(void* p, std::size_t) noexcept { freed(p); }
void operator delete(void* p, std::align_val_t) noexcept { freed(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { freed(p); }

namespace ebm {
namespace {

/// A field of 12 cuts with up to 3 pieces from each, 11 classes of which the last writes nothing: 297 arcs.
Lattice field() {
  std::vector<lattice::Piece> pieces;
  for (int i = 0; i < 11; ++i)
    for (int j = i + 1; j <= std::min(11, i + 3); ++j) pieces.push_back({i, j, 0.1 * (j - i)});
  std::vector<int> classes;
  for (int c = 0; c < 10; ++c) classes.push_back('0' + c);
  classes.push_back(0);
  return lattice::expand(pieces, 12, classes);
}

TEST(SteadyLoop, WithAWarmWorkspace_AllocatesNothing) {
  const Lattice l = field();
  const Automaton is = lattice::acceptor("31415"), is_not = lattice::complement("31415");
  Rng rng(1);
  std::vector<double> e(static_cast<std::size_t>(l.arcs())), p(e.size());
  for (double& x : e) x = 5 * rng.uniform();
  Workspace ws;
  Path path;
  const auto step = [&] {
    ws.reset();
    lattice::best_path(l, e, ws, path);
    lattice::best_path(l, is, e, ws, path);
    lattice::best_path(l, is_not, e, ws, path);
    double sum = lattice::free_energy(l, e, 1, p, ws);
    sum += lattice::free_energy(l, is, e, 1, p, ws);
    sum += lattice::free_energy(l, is_not, e, 1, p, ws);
    return sum;
  };
  const double first = step();
  step();
  const long long before = allocations;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(step(), first);
  EXPECT_EQ(allocations - before, 0);
}

TEST(Scale, AChainOf100000ArcsAt1e4_NeitherOverflowsNorRecurses) {
  const int n = 100000;
  std::vector<Arc> arcs;
  for (int i = 0; i < n; ++i) {
    arcs.push_back({i, i + 1, 1, 1, 1e4});
    if (i % 100 == 0) arcs.push_back({i, i + 1, 2, 2, 1e4});
  }
  const Final end{n, 0};
  const Lattice l = lattice::make_lattice(arcs, {&end, 1});
  Workspace ws;
  std::vector<double> p(arcs.size());
  EXPECT_EQ(lattice::best_path(l, l.energy(), ws).energy, 1e9);
  const double ways = 1000 * std::log(2.0);
  EXPECT_NEAR(lattice::free_energy(l, l.energy(), 1, p, ws), 1e9 - ways, 1e-3);
  EXPECT_NEAR(p[0], 0.5, 1e-6);
  EXPECT_NEAR(p[2], 1, 1e-6);
  const auto best = lattice::n_best(l, l.energy(), 3, ws);
  ASSERT_EQ(best.size(), 3u);
  EXPECT_EQ(best[2].labels.size(), static_cast<std::size_t>(n));
  // With an automaton of two states that counts the 2s modulo two.
  const std::vector<Final> even{{0, 0}};
  const auto parity = lattice::make_automaton({{0, 0, 1, 1}, {1, 1, 1, 1}, {0, 1, 2, 2}, {1, 0, 2, 2}}, even);
  EXPECT_EQ(lattice::best_path(l, parity, l.energy(), ws).energy, 1e9);
  EXPECT_NEAR(lattice::free_energy(l, parity, l.energy(), 1, p, ws), 1e9 - ways + std::log(2.0), 1e-3);
  EXPECT_NEAR(p[0], 0.5, 1e-6);
  // One state before the first 2, two for either parity, one after the last 2.
  EXPECT_EQ(lattice::compose(l, parity).lattice.states(), 1 + 2 * 99900 + 100);
}

TEST(Scale, AMillionArcs_StayUnder200BytesAnArc) {
  const int n = 33334;
  std::vector<Arc> arcs;
  arcs.reserve(1000020);
  Rng rng(2);
  for (int i = 0; i + 1 < n; ++i)
    for (int j = i + 1; j <= std::min(n - 1, i + 3); ++j)
      for (int c = 1; c <= 10; ++c) arcs.push_back({i, j, c, c, 5 * rng.uniform(), 0});
  const Final end{n - 1, 0};
  const auto m = static_cast<long long>(arcs.size());
  ASSERT_GT(m, 999000);
  const long long before = held;
  peak = before;
  const Lattice l = lattice::make_lattice(arcs, {&end, 1});
  Workspace ws;
  std::vector<double> p(arcs.size());
  const double v = lattice::best_path(l, l.energy(), ws).energy,
               f = lattice::free_energy(l, l.energy(), 1, p, ws);
  EXPECT_LT(f, v);
  double first = 0;
  for (int i = l.first()[0]; i < l.first()[1]; ++i) first += p[static_cast<std::size_t>(i)];
  EXPECT_NEAR(first, 1, 1e-6);
  const auto best = lattice::n_best(l, l.energy(), 2, ws);
  EXPECT_EQ(best.size(), 2u);
  EXPECT_NEAR(best[0].energy, v, 1e-6);
  EXPECT_LT((peak - before) / m, 200) << "bytes an arc at the peak";
}

}  // namespace
}  // namespace ebm
