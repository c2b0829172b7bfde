// Composition, best path and forward-backward of segmentation lattices with grammars, beside OpenFst in one
// run.
//   lattice N: states 0..N-1, arcs i -> i+1..i+3, ten classes each; grammar S: deterministic weighted
//   acceptor on the ten classes, S states, 70 % of the arcs present. Both are written and read as OpenFst
//   text.
// "joined" is best path + free energy with the posteriors of the lattice's arcs, nothing written out;
// "written" is composition + best path + free energy with the posteriors of the composition's arcs; OpenFst's
// is Compose + ShortestPath + ShortestDistance forward and backward in the log semiring. Times are medians of
// CPU time, one thread each. usage: bench_lattice [shortest run in seconds]
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ebm/lattice/compose.hpp"
#include "ebm/lattice/joined.hpp"
#include "ebm/lattice/openfst_text.hpp"
#include "ebm/lattice/paths.hpp"

#ifdef EBM_OPENFST
#include "openfst/peer.hpp"
#endif

namespace {

// splitmix64, the top 53 bits: the generator that the peers' inputs are made with.
struct Generator {
  std::uint64_t s;
  std::uint64_t next() {
    std::uint64_t z = (s += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  double uniform() { return static_cast<double>(next() >> 11) * (1.0 / 9007199254740992.0); }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
};

std::string lattice_text(int n) {
  Generator r{500 + static_cast<std::uint64_t>(n)};
  std::string out;
  for (int i = 0; i < n; ++i)
    for (int j = i + 1; j <= std::min(n - 1, i + 3); ++j) {
      const int best = r.below(10);
      const double segment = 1.5 * (j - i == 1 ? 0.5 : j - i == 2 ? 0.0 : 1.0) * (1 + r.uniform());
      for (int c = 0; c < 10; ++c) {
        const double w = segment + (c == best ? 0.3 * r.uniform() : 1 + 4 * r.uniform());
        out += fmt::format("{}\t{}\t{}\t{}\t{:.6g}\n", i, j, c + 1, c + 1, w);
      }
    }
  return out + fmt::format("{}\t0\n", n - 1);
}

std::string grammar_text(int states) {
  Generator r{550 + static_cast<std::uint64_t>(states)};
  std::string out;
  for (int s = 0; s < states; ++s)
    for (int c = 0; c < 10; ++c)
      if (r.uniform() < 0.7) {
        const int to = r.below(states);
        out += fmt::format("{}\t{}\t{}\t{}\t{:.6g}\n", s, to, c + 1, c + 1, 0.1 + 2 * r.uniform());
      }
  for (int s = 0; s < states; ++s)
    if (s == 0 || r.uniform() < 0.2) out += fmt::format("{}\t{:.6g}\n", s, r.uniform());
  return out;
}

double shortest_run = 0.5;

double cpu_microseconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
}

/// Median microseconds of a call.
template <class Call>
double microseconds(const Call& call) {
  call();
  std::vector<double> times;
  double elapsed = 0;
  while (times.size() < 3 || (elapsed < 1e6 * shortest_run && times.size() < 2000)) {
    const double from = cpu_microseconds();
    call();
    times.push_back(cpu_microseconds() - from);
    elapsed += times.back();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

#ifdef EBM_OPENFST
peer::Machine machine(const ebm::Automaton& a) {
  peer::Machine out{a.states(), a.start(), {}, {}};
  for (const ebm::Arc& arc : a.arcs())
    out.arcs.push_back({arc.source, arc.target, arc.in, arc.out, arc.energy});
  for (int s = 0; s < a.states(); ++s)
    if (a.final_energy(s) < ebm::kInf) out.finals.push_back({s, a.final_energy(s)});
  return out;
}
#endif

bool near(double a, double b) { return std::abs(a - b) <= 1e-5 * std::max(1.0, std::abs(b)); }

}  // namespace

int main(int argc, char** argv) {
  using namespace ebm;
  if (argc > 1) shortest_run = std::atof(argv[1]);
  // Freed memory stays with the process, for both sides: else large compositions time the kernel's page
  // faults.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  mallopt(M_TOP_PAD, 256 << 20);
  fmt::print(
      "| lattice x grammar | joined: best | free energy | sum, us | written: compose | best | free energy | "
      "sum, us |"
      " OpenFst: compose | best | fwd-bwd | sum, us | joined x | written x |\n|---|");
  for (int i = 0; i < 13; ++i) fmt::print("---|");
  fmt::print("\n");
  bool same = true;
  struct Work {
    int n, s;
  };
  for (const Work w : {Work{20, 50}, {60, 50}, {60, 1000}, {336, 50}, {336, 1000}, {3336, 50}}) {
    const Automaton a = lattice::parse_openfst(lattice_text(w.n), "lattice"),
                    g = lattice::parse_openfst(grammar_text(w.s), "grammar");
    const Lattice l = lattice::to_lattice(a);
    const std::span<const double> e = l.energy();
    Workspace ws;
    Path best;
    std::vector<double> posterior(e.size());
    double f = 0, written_f = 0;
    const double joined_best = microseconds([&] {
      ws.reset();
      lattice::best_path(l, g, e, ws, best);
    });
    const double joined_free = microseconds([&] {
      ws.reset();
      f = lattice::free_energy(l, g, e, 1, posterior, ws);
    });
    Composed c;
    const double composing = microseconds([&] { c = lattice::compose(l, g); });
    Path flat;
    std::vector<double> p(static_cast<std::size_t>(c.lattice.arcs()));
    const double flat_best = microseconds([&] {
      ws.reset();
      lattice::best_path(c.lattice, c.lattice.energy(), ws, flat);
    });
    const double flat_free = microseconds([&] {
      ws.reset();
      written_f = lattice::free_energy(c.lattice, c.lattice.energy(), 1, p, ws);
    });
#ifdef EBM_OPENFST
    const peer::Times peer =
        peer::openfst(machine(a), machine(g), [](const auto& call) { return microseconds(call); });
#else
    const struct {
      double compose = 0, best = 0, forward_backward = 0;
      double sum() const { return 0; }
    } peer;
#endif
    const double joined = joined_best + joined_free, written = composing + flat_best + flat_free;
    fmt::print(
        "| {} x {} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} "
        "| {:.1f} | {:.0f} | {:.1f} |\n",
        w.n, w.s, joined_best, joined_free, joined, composing, flat_best, flat_free, written, peer.compose,
        peer.best, peer.forward_backward, peer.sum(), peer.sum() / joined, peer.sum() / written);
    std::fflush(stdout);
    std::vector<double> gathered(e.size(), 0.0);
    for (std::size_t i = 0; i < p.size(); ++i) gathered[static_cast<std::size_t>(c.arc_a[i])] += p[i];
    bool agree = near(best.energy, flat.energy) && near(f, written_f);
    for (std::size_t i = 0; i < e.size(); ++i) agree = agree && near(posterior[i], gathered[i]);
#ifdef EBM_OPENFST
    agree = agree && near(best.energy, peer.best_energy) && near(f, peer.free_energy);
#endif
    if (!agree)
      fmt::print(stderr, "values differ: best {:.9g} {:.9g}, free energy {:.9g} {:.9g}\n", best.energy,
                 flat.energy, f, written_f);
    same = same && agree;
  }
  return same ? 0 : 1;
}
