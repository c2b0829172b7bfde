// Forward-backward on chains, in exponentials scaled to sum 1 at every position (Rabiner 1989, section V).
// Where the range of energies is too wide for that (a mass below 1e-130 that may be needed later), and for
// `others`, the same recurrences run in the log domain (chain_log.cpp). Alphas and betas are double;
// probabilities of pairs that read one table are products of matrices of Real.

#include <array>
#include <cmath>
#include <limits>

#include "chain_steps.hpp"
#include "ebm/core/kernels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr double kNarrow = 1e-130;
constexpr double kSteep = 1e6;  // factors of pairs above that are multiplied in double
constexpr int kPairs = 64;      // positions in one product
constexpr int kProducts = 16;   // added up in Real

struct Walk {
  ChainSum* asked;
  const ChainProblem* c;  // null: the range is too wide
  std::span<double> s, alpha;
  std::array<double*, 3> next{};  // what a backward step reads, what it writes, and room
  double shift = 0, scale = 1, log_scale = 0;
  // Factors of pairs, [kPairs, ld], and the sum of their products.
  Real *before = nullptr, *after = nullptr, *product = nullptr;
  int filled = 0, products = 0;
  std::ptrdiff_t ld = 0;
  int layers = 1;

  double* at(std::span<double> x, int p) const { return x.data() + c->at(p); }
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

// False when what underflows at p might be needed later.
bool holds(const Walk& w, int p, double sum) {
  if (!(sum > kNarrow)) return false;
  const double* a = w.at(w.alpha, p);
  const double* u = w.c->unary.data() + w.c->at(p);
  const int l = w.c->labels(p);
  for (int z = 0; z < l; ++z)
    if (a[z] < kNarrow && !forbidden(w, p, z)) return false;
  return std::isfinite(*std::min_element(u, u + l));
}

void forward(std::span<Walk> all, int longest, double beta) {
  std::array<ChainKernels::Forward, kChainRows> at;
  // `count` steps to positions from `first` on.
  const auto steps = [&](const ChainTable* t, int k, int l, std::span<Walk*> walks, int first, int count) {
    for (int done = 0; done < count;) {
      std::size_t rows = 0;
      for (Walk* w : walks)
        if (w->c) walks[rows++] = w;
      walks = walks.first(rows);
      if (rows == 0) return;
      const int p = first + done;
      for (std::size_t r = 0; r < rows; ++r) {
        const Walk& w = *walks[r];
        at[r] = {.x = p > 0 ? w.at(w.alpha, p - 1) : nullptr,
                 .u = w.c->unary.data() + w.c->at(p),
                 .s = w.at(w.s, p),
                 .a = w.at(w.alpha, p),
                 .shift = w.shift,
                 .scale = w.scale,
                 .log_scale = w.log_scale,
                 .sum = 0,
                 .flagged = false};
      }
      done += chain_kernels().forward(
          static_cast<int>(rows), count - done, k, l,
          t ? ChainKernels::Table{t->masses, t->masses_packed} : ChainKernels::Table{}, t ? t->low : 0, beta,
          kNarrow, at.data());
      for (std::size_t r = 0; r < rows; ++r) {
        Walk& w = *walks[r];
        w.shift = at[r].shift, w.scale = at[r].scale, w.log_scale = at[r].log_scale;
        if (at[r].flagged && !holds(w, first + done - 1, at[r].sum)) w.c = nullptr;
      }
    }
  };
  for (Walk& w : all) {
    Walk* one = &w;
    if (w.c) steps(nullptr, 0, w.c->labels(0), std::span(&one, 1), 0, 1);
  }
  for (int p = 0, count = 1; p + 1 < longest; p += count) {
    count = steps_after<Walk>(all, p);
    each_step(all, p, false, [&](const ChainTable* t, int k, int l, std::span<Walk*> walks) {
      steps(t, k, l, walks, p + 1, count);
    });
  }
}

// The products times the table are probabilities of pairs.
void give_products(Walk& w) {
  if (w.products == 0) return;
  const ChainTable& t = *w.c->edge[static_cast<std::size_t>(w.c->one_table)];
  double* pair = w.asked->out->pair.data();
  for (int y = 0; y < t.k; ++y)
    for (int z = 0; z < t.l; ++z)
      pair[static_cast<std::ptrdiff_t>(y) * t.l + z] +=
          static_cast<double>(w.product[y * w.ld + z]) *
          t.masses[static_cast<std::ptrdiff_t>(y) * chain_row(t.l) + z];
  w.products = 0;
}

void multiply_pairs(Walk& w) {
  if (w.filled == 0) return;
  const ChainTable& t = *w.c->edge[static_cast<std::size_t>(w.c->one_table)];
  kernels().product(t.k, t.l, w.filled, {w.before, 1, w.ld}, w.after, w.ld, w.product, w.ld, w.products > 0);
  w.filled = 0;
  if (++w.products == kProducts) give_products(w);
}

void give_pair(const Walk& w, int p, const ChainTable& t, double mass) {
  double* pair = w.asked->out->pair.data() + w.asked->out->pair_at[static_cast<std::size_t>(p)];
  const double* a = w.at(w.alpha, p);
  for (int y = 0; y < t.k; ++y) {
    const double scale = a[y] / mass;
    if (scale == 0) continue;
    const double* row = t.masses + static_cast<std::ptrdiff_t>(y) * chain_row(t.l);
    for (int z = 0; z < t.l; ++z)
      pair[static_cast<std::ptrdiff_t>(y) * t.l + z] += scale * w.next[1][z] * row[z];
  }
}

void backward(std::span<Walk> all, int longest, Workspace& ws) {
  std::array<ChainKernels::Backward, kChainRows> at;
  std::size_t widest = 0;
  for (Walk& w : all) {
    if (!w.c) continue;
    const auto row = static_cast<std::size_t>(chain_row(w.c->plan->max_labels));
    widest = std::max(widest, row);
    for (double*& x : w.next) x = ws.take<double>(row).data();
    if (w.asked->out->pair.empty() || w.c->one_table < 0) continue;
    const ChainTable& t = *w.c->edge[static_cast<std::size_t>(w.c->one_table)];
    w.ld = chain_row(std::max(t.k, t.l));
    const auto ld = static_cast<std::size_t>(w.ld);
    w.before = ws.take<Real>(kPairs * ld).data();
    w.after = ws.take<Real>(kPairs * ld).data();
    w.product = ws.take<Real>(ld * ld).data();
  }
  std::span<double> turned;  // of a table that one position reads
  for (int p = longest - 1, count = 1; p >= 0; p -= count) {
    count = std::min(kPairs, steps_before<Walk>(all, p));
    each_step(all, p, true, [&](const ChainTable* t, int k, int l, std::span<Walk*> walks) {
      ChainKernels::Table transposed;
      if (t) transposed = {t->masses_transposed, t->masses_transposed_packed};
      if (t && !transposed.rows) {
        if (turned.empty()) turned = ws.take<double>(widest * widest);
        std::fill_n(turned.data(), static_cast<std::ptrdiff_t>(l) * chain_row(k), 0.0);
        for (int y = 0; y < k; ++y)
          for (int z = 0; z < l; ++z)
            turned[static_cast<std::size_t>(z) * chain_row(k) + y] =
                t->masses[static_cast<std::ptrdiff_t>(y) * chain_row(l) + z];
        transposed.rows = turned.data();
      }
      for (int done = 0; done < count;) {
        std::size_t rows = 0;
        for (Walk* w : walks)
          if (w->c) walks[rows++] = w;
        if (rows == 0) return;
        int next = count - done;
        for (std::size_t r = 0; r < rows; ++r) {
          const Walk& w = *walks[r];
          const bool collects = t && w.before;
          // Sums of products are cut by the walk's own positions alone. Pairs of their own are made from what
          // a step reads, so one at a time.
          if (t) next = std::min(next, collects ? kPairs - w.filled : 1);
          at[r] = {.a = w.at(w.alpha, p - done),
                   .s = w.at(w.s, p - done),
                   .next = w.next[0],
                   .out = w.next[1],
                   .b = w.next[2],
                   .label = w.at(w.asked->out->label, p - done),
                   .before = collects ? w.before + w.filled * w.ld : nullptr,
                   .after = collects ? w.after + w.filled * w.ld : nullptr,
                   .mass = 0,
                   .steep = false};
        }
        const int did = chain_kernels().backward(static_cast<int>(rows), next, k, l, transposed, kNarrow,
                                                 kSteep, at.data());
        done += did;
        for (std::size_t r = 0; r < rows; ++r) {
          Walk& w = *walks[r];
          w.next = {at[r].next, at[r].out, at[r].b};  // the latter is what the last step has read
          if (!(at[r].mass > kNarrow)) {
            w.c = nullptr;
            continue;
          }
          if (!t || w.asked->out->pair.empty()) continue;
          if (w.before) w.filled += did - (at[r].steep ? 1 : 0);
          if (!w.before || at[r].steep) give_pair(w, p - done + 1, *t, at[r].mass);
          if (w.filled == kPairs) multiply_pairs(w);
        }
      }
    });
  }
  for (Walk& w : all)
    if (w.c) multiply_pairs(w), give_products(w);
}

}  // namespace

bool prepare_sums(ChainTable& t, double beta) {
  if (t.masses || std::isnan(t.low)) return std::isfinite(t.low);
  const std::ptrdiff_t ld = chain_row(t.l), back = chain_row(t.k);
  const auto size = static_cast<std::size_t>(t.k * ld);
  t.masses = t.home->take<double>(size).data();
  t.low = *std::min_element(t.energies, t.energies + size);
  if (!std::isfinite(t.low)) return false;
  chain_kernels().exponentials(size, t.energies, t.low, beta, t.masses);
  if (!t.transposed) return true;
  const auto turned = static_cast<std::size_t>(t.l * back);
  t.masses_transposed = t.home->take<double>(turned).data();
  chain_kernels().exponentials(turned, t.transposed, t.low, beta, t.masses_transposed);
  t.masses_packed = t.home->take<double>(size).data();
  chain_kernels().pack(t.k, t.l, t.masses, t.masses_packed);
  t.masses_transposed_packed = t.home->take<double>(turned).data();
  chain_kernels().pack(t.l, t.k, t.masses_transposed, t.masses_transposed_packed);
  return true;
}

void ChainTables::prepare_sums(double beta) {
  for (const Entry& e : shared_) ebm::prepare_sums(*e.table, beta);
}

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
      if (c.edge[p] && (p == 0 || c.edge[p] != c.edge[p - 1])) finite = prepare_sums(*c.edge[p], beta);
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
