// Forward-backward on chains, in exponentials scaled to sum 1 at every position (Rabiner 1989, section V).
// Where the range of energies is too wide for that (a mass below 1e-130 that may be needed later), and for
// `others`, the same recurrences run in the log domain (chain_log.cpp). Alphas and betas are double;
// probabilities of pairs that read one table are products of matrices of Real.

#include <array>
#include <cmath>
#include <limits>

#include "chain_kernels.hpp"
#include "chain_problem.hpp"
#include "ebm/core/kernels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr double kNarrow = 1e-130;
constexpr double kSteep = 1e6;  // factors of pairs above that are multiplied in double
constexpr int kPairs = 64;      // positions in one product

// exp(-beta (energies - low)) of a table. False where low is not finite.
bool masses(ChainTable& t, double beta) {
  if (t.masses) return std::isfinite(t.low);
  const std::ptrdiff_t ld = chain_row(t.l), back = chain_row(t.k);
  const auto size = static_cast<std::size_t>(t.k * ld);
  t.masses = t.home->take<double>(size).data();
  t.low = *std::min_element(t.energies, t.energies + size);
  if (!std::isfinite(t.low)) return false;
  chain_kernels().exponentials(size, t.energies, t.low, beta, t.masses);
  if (!t.transposed) return true;
  t.masses_transposed = t.home->take<double>(static_cast<std::size_t>(t.l * back)).data();
  chain_kernels().exponentials(static_cast<std::size_t>(t.l * back), t.transposed, t.low, beta,
                               t.masses_transposed);
  return true;
}

struct Walk {
  ChainSum* asked;
  const ChainProblem* c;  // null: the range is too wide
  std::span<double> s, alpha;
  std::array<double*, 2> next{};  // what a backward step reads and what it writes
  double shift = 0, log_scale = 0, scale = 1;
  // Factors of pairs, [kPairs, ld], and their product.
  Real *before = nullptr, *after = nullptr, *product = nullptr;
  int filled = 0;
  std::ptrdiff_t ld = 0;

  double* at(std::span<double> x, int p) const { return x.data() + c->at(p); }
  void divide(double sum) {
    scale *= sum;
    if (scale > 1e-100 && scale < 1e100) return;
    log_scale += std::log(scale);
    scale = 1;
  }
};

// No path reaches label z of position p; every smaller mass at p - 1 is one that none reaches.
bool forbidden(const Walk& w, int p, int z) {
  const ChainProblem& c = *w.c;
  if (c.unary[static_cast<std::size_t>(c.at(p) + z)] == kInf) return true;
  const ChainTable* t = p == 0 ? nullptr : c.edge[static_cast<std::size_t>(p - 1)];
  if (!t) return false;
  const double* a = w.at(w.alpha, p - 1);
  for (int y = 0; y < t->k; ++y)
    if (a[y] >= kNarrow && t->energies[static_cast<std::ptrdiff_t>(y) * chain_row(t->l) + z] < kInf)
      return false;
  return true;
}

// False when what underflows here might be needed later.
bool holds(const Walk& w, int p, const ChainKernels::Forward& f) {
  if (!(f.sum > kNarrow) || !std::isfinite(f.low)) return false;
  for (int z = 0; f.below > 0 && z < w.c->labels(p); ++z)
    if (f.a[z] < kNarrow && !forbidden(w, p, z)) return false;
  return true;
}

// visit(table or null, k, l, walks) for walks that read the same table between p and p + 1, one call each, in
// order, of those that have position p + reach.
template <class Visit>
void each_call(std::span<Walk> all, int p, int reach, const Visit& visit) {
  std::array<Walk*, kChainRows> walks;
  int count = 0;
  const ChainTable* table = nullptr;
  int k = 0, l = 0;
  const auto flush = [&] {
    if (count > 0) visit(table, k, l, std::span(walks.data(), static_cast<std::size_t>(count)));
    count = 0;
  };
  for (Walk& w : all) {
    if (!w.c || p + reach >= w.c->length) continue;
    const bool joins = p >= 0 && p + 1 < w.c->length;
    const ChainTable* t = joins ? w.c->edge[static_cast<std::size_t>(p)] : nullptr;
    const int before = p >= 0 ? w.c->labels(p) : 0, after = p + 1 < w.c->length ? w.c->labels(p + 1) : 0;
    if (t != table || before != k || after != l) flush();
    table = t, k = before, l = after;
    walks[static_cast<std::size_t>(count++)] = &w;
  }
  flush();
}

void forward(std::span<Walk> all, int longest, double beta) {
  std::array<ChainKernels::Forward, kChainRows> at;
  for (int p = 0; p < longest; ++p)
    each_call(all, p - 1, 1, [&](const ChainTable* t, int k, int l, std::span<Walk*> walks) {
      for (std::size_t r = 0; r < walks.size(); ++r) {
        const Walk& w = *walks[r];
        at[r] = {.x = p > 0 ? w.at(w.alpha, p - 1) : nullptr,
                 .u = w.c->unary.data() + w.c->at(p),
                 .s = w.at(w.s, p),
                 .a = w.at(w.alpha, p),
                 .low = 0,
                 .sum = 0,
                 .below = 0};
      }
      chain_kernels().forward(static_cast<int>(walks.size()), k, l, t ? t->masses : nullptr, chain_row(l),
                              beta, kNarrow, at.data());
      for (std::size_t r = 0; r < walks.size(); ++r) {
        Walk& w = *walks[r];
        if (!holds(w, p, at[r])) {
          w.c = nullptr;
          continue;
        }
        w.shift += at[r].low + (t ? t->low : 0);
        w.divide(at[r].sum);
      }
    });
}

// The product of the factors collected, times the table, on the probabilities of pairs.
void give_pairs(Walk& w) {
  if (w.filled == 0) return;
  const ChainTable& t = *w.c->edge[static_cast<std::size_t>(w.c->one_table)];
  kernels().product(t.k, t.l, w.filled, {w.before, 1, w.ld}, w.after, w.ld, w.product, w.ld, false);
  double* pair = w.asked->out->pair.data();
  for (int y = 0; y < t.k; ++y)
    for (int z = 0; z < t.l; ++z)
      pair[static_cast<std::ptrdiff_t>(y) * t.l + z] +=
          static_cast<double>(w.product[y * w.ld + z]) *
          t.masses[static_cast<std::ptrdiff_t>(y) * chain_row(t.l) + z];
  w.filled = 0;
}

void give_pair(const Walk& w, int p, const ChainTable& t, double mass) {
  double* pair = w.asked->out->pair.data() + w.asked->out->pair_at[static_cast<std::size_t>(p)];
  const double* a = w.at(w.alpha, p);
  for (int y = 0; y < t.k; ++y) {
    const double scale = a[y] / mass;
    if (scale == 0) continue;
    const double* row = t.masses + static_cast<std::ptrdiff_t>(y) * chain_row(t.l);
    for (int z = 0; z < t.l; ++z)
      pair[static_cast<std::ptrdiff_t>(y) * t.l + z] += scale * w.next[0][z] * row[z];
  }
}

void backward(std::span<Walk> all, int longest, Workspace& ws) {
  std::array<ChainKernels::Backward, kChainRows> at;
  std::size_t widest = 0;
  for (Walk& w : all) {
    if (!w.c) continue;
    w.ld = chain_row(w.c->plan->max_labels);
    const auto ld = static_cast<std::size_t>(w.ld);
    widest = std::max(widest, ld);
    for (double*& x : w.next) x = ws.take<double>(ld).data();
    if (w.asked->out->pair.empty() || w.c->one_table < 0) continue;
    w.before = ws.take<Real>(kPairs * ld).data();
    w.after = ws.take<Real>(kPairs * ld).data();
    w.product = ws.take<Real>(ld * ld).data();
  }
  std::span<double> turned;  // of a table that one position reads
  for (int p = longest - 1; p >= 0; --p)
    each_call(all, p, 0, [&](const ChainTable* t, int k, int l, std::span<Walk*> walks) {
      const double* transposed = t ? t->masses_transposed : nullptr;
      if (t && !transposed) {
        if (turned.empty()) turned = ws.take<double>(widest * widest);
        std::fill_n(turned.data(), static_cast<std::ptrdiff_t>(l) * chain_row(k), 0.0);
        for (int y = 0; y < k; ++y)
          for (int z = 0; z < l; ++z)
            turned[static_cast<std::size_t>(z) * chain_row(k) + y] =
                t->masses[static_cast<std::ptrdiff_t>(y) * chain_row(l) + z];
        transposed = turned.data();
      }
      for (std::size_t r = 0; r < walks.size(); ++r) {
        const Walk& w = *walks[r];
        const bool collects = t && w.before;
        at[r] = {.a = w.at(w.alpha, p),
                 .s = w.at(w.s, p),
                 .next = w.next[0],
                 .out = w.next[1],
                 .label = w.at(w.asked->out->label, p),
                 .before = collects ? w.before + w.filled * w.ld : nullptr,
                 .after = collects ? w.after + w.filled * w.ld : nullptr,
                 .mass = 0,
                 .highest = 0};
      }
      chain_kernels().backward(static_cast<int>(walks.size()), k, l, transposed, chain_row(k), at.data());
      for (std::size_t r = 0; r < walks.size(); ++r) {
        Walk& w = *walks[r];
        if (!(at[r].mass > kNarrow)) {
          w.c = nullptr;
          continue;
        }
        if (t && !w.asked->out->pair.empty()) {
          if (!w.before || !(at[r].highest < kSteep))
            give_pair(w, p, *t, at[r].mass);
          else if (++w.filled == kPairs)
            give_pairs(w);
        }
        std::swap(w.next[0], w.next[1]);
      }
    });
  for (Walk& w : all)
    if (w.c) give_pairs(w);
}

}  // namespace

void chain_free_energies(std::span<ChainSum> chains, double beta, Workspace& ws) {
  std::array<Walk, kChainRows> walks;
  std::size_t count = 0;
  int longest = 0;
  bool wanted = false;
  for (ChainSum& sum : chains) {
    const ChainProblem& c = *sum.chain;
    sum.energy = c.not_a_number             ? std::numeric_limits<double>::quiet_NaN()
                 : sum.over == Over::others ? kInf
                                            : 0;
    if (c.not_a_number || c.length == 0) continue;
    bool finite = sum.over != Over::others;
    for (int p = 0; finite && p + 1 < c.length; ++p)
      if (c.edge[p] && (p == 0 || c.edge[p] != c.edge[p - 1])) finite = masses(*c.edge[p], beta);
    Walk& w = walks[count++] = {.asked = &sum, .c = finite ? &c : nullptr, .s = {}, .alpha = {}};
    if (!finite) continue;
    w.s = ws.take<double>(c.unary.size());
    w.alpha = ws.take<double>(c.unary.size());
    longest = std::max(longest, c.length);
    wanted |= sum.out != nullptr;
  }
  const std::span<Walk> all(walks.data(), count);
  forward(all, longest, beta);
  if (wanted) backward(all, longest, ws);
  for (const Walk& w : all) {
    if (w.c) {
      w.asked->energy = w.shift - (w.log_scale + std::log(w.scale)) / beta;
      continue;
    }
    if (const ChainMarginals* out = w.asked->out) {
      std::ranges::fill(out->label, 0.0);
      std::ranges::fill(out->pair, 0.0);
    }
    w.asked->energy = chain_log_domain(*w.asked->chain, w.asked->over, beta, w.asked->out, ws);
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
