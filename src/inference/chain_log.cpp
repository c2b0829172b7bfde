// Forward-backward on chains in the log domain: the energies of paths to and from every label,
//   f_{p+1}(z) = u_{p+1}(z) - 1/beta log sum_y exp(-beta (f_p(y) + a_p(y, z))),
// each sum shifted by its own minimum. For `others` every label has two states, as in chain_min.cpp.

#include <cmath>

#include "bucket_kernels.hpp"
#include "chain_kernels.hpp"
#include "chain_problem.hpp"
#include "ebm/core/semiring.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

class LogWalk {
 public:
  LogWalk(const ChainProblem& c, Over over, double beta, Workspace& ws)
      : c_(c), layers_(over == Over::others ? 2 : 1), beta_(beta) {
    const std::size_t layers = static_cast<std::size_t>(layers_);
    f_ = ws.take<double>(c.unary.size() * layers, kInf);
    g_ = ws.take<double>(c.unary.size() * layers, kInf);
    const auto ld = static_cast<std::size_t>(chain_row(c.plan->max_labels));
    sums_ = ws.take<double>(ld * ld, kInf);
    row_ = ws.take<double>(ld, kInf);
    rest_ = ws.take<double>(ld * layers, kInf);
  }

  double forward() {
    for (int p = 0; p < c_.length; ++p)
      for (int from = 0; from < (p == 0 ? 1 : layers_); ++from) {
        const int l = c_.labels(p);
        if (p == 0)
          std::fill_n(row_.data(), l, 0.0);
        else
          reach(at(f_, from, p - 1), p - 1);
        const double* u = c_.unary.data() + c_.at(p);
        for (int z = 0; z < l; ++z) {
          double& to = at(f_, target(from, p, z), p)[z];
          to = join(to, row_[static_cast<std::size_t>(z)] + u[z]);
        }
      }
    const int last = c_.length - 1;
    double total = kInf;
    for (int z = 0; z < c_.labels(last); ++z) total = join(total, at(f_, layers_ - 1, last)[z]);
    return total;
  }

  void backward(double total, const ChainMarginals& out) {
    for (int p = c_.length - 1; p >= 0; --p) {
      const bool ends = p + 1 == c_.length;
      for (int from = 0; from < layers_; ++from) {
        double* g = at(g_, from, p);
        if (ends) {
          if (from == layers_ - 1) std::fill_n(g, c_.labels(p), 0.0);
          continue;
        }
        const double* u = c_.unary.data() + c_.at(p + 1);
        double* rest = rest_.data() + from * chain_row(c_.plan->max_labels);
        for (int z = 0; z < c_.labels(p + 1); ++z) rest[z] = u[z] + at(g_, target(from, p + 1, z), p + 1)[z];
        leave(rest, p, g);
      }
      for (int from = 0; from < layers_; ++from) give(from, p, ends, total, out);
    }
  }

 private:
  double* at(std::span<double> x, int layer, int p) const {
    return x.data() + c_.unary.size() * static_cast<std::size_t>(layer) + c_.at(p);
  }
  // Which layer a move to label z at p leads to: 0 stays inside only with a label of the truth.
  int target(int from, int p, int z) const {
    const bool inside = layers_ == 1 || c_.in_truth[static_cast<std::size_t>(c_.at(p) + z)];
    return from == 1 || !inside ? layers_ - 1 : 0;
  }
  double join(double a, double b) const {
    if (a == kInf) return b;
    return b == kInf ? a : LogSum::join(beta_ * a, beta_ * b) / beta_;
  }
  // out[j] = -1/beta log sum over i < n of exp(-beta sums_[i, j]), into `out` of m.
  void soft_lowest(int n, int m, double* out) {
    bucket_kernels().soft_lowest(sums_.data(), n, static_cast<std::size_t>(m),
                                 static_cast<std::size_t>(chain_row(m)), beta_, out);
  }
  // row_[z] of everything that comes to z at p + 1 from energies x at p.
  void reach(const double* x, int p) {
    const ChainTable* t = c_.edge[static_cast<std::size_t>(p)];
    const int k = c_.labels(p), l = c_.labels(p + 1), ld = chain_row(l);
    double* to = sums_.data();
    for (int y = 0; y < k; ++y, to += ld)
      for (int z = 0; z < ld; ++z)
        to[z] = t ? x[y] + t->energies[static_cast<std::ptrdiff_t>(y) * ld + z] : x[y];
    soft_lowest(k, l, row_.data());
  }
  // out[y] of everything that leaves y at p for energies x at p + 1.
  void leave(const double* x, int p, double* out) {
    const ChainTable* t = c_.edge[static_cast<std::size_t>(p)];
    const int k = c_.labels(p), l = c_.labels(p + 1), back = chain_row(k);
    double* to = sums_.data();
    for (int z = 0; z < l; ++z, to += back) {
      if (t && t->transposed) {
        const double* row = t->transposed + static_cast<std::ptrdiff_t>(z) * back;
        for (int y = 0; y < back; ++y) to[y] = x[z] + row[y];
      } else {
        for (int y = 0; y < k; ++y)
          to[y] = t ? x[z] + t->energies[static_cast<std::ptrdiff_t>(y) * chain_row(l) + z] : x[z];
        std::fill(to + k, to + back, kInf);
      }
    }
    soft_lowest(l, k, row_.data());
    std::copy_n(row_.data(), k, out);
  }
  void give(int layer, int p, bool ends, double total, const ChainMarginals& out) {
    const double *f = at(f_, layer, p), *g = at(g_, layer, p);
    const ChainTable* t = ends || out.pair.empty() ? nullptr : c_.edge[static_cast<std::size_t>(p)];
    const int k = c_.labels(p);
    double* row = row_.data();
    for (int y = 0; y < chain_row(k); ++y) row[y] = f[y] + g[y];
    chain_kernels().exponentials(static_cast<std::size_t>(chain_row(k)), row, total, beta_, row);
    for (int y = 0; y < k; ++y) out.label[static_cast<std::size_t>(c_.at(p) + y)] += row[y];
    if (!t) return;
    const int ld = chain_row(t->l);
    const double* rest = rest_.data() + layer * chain_row(c_.plan->max_labels);
    double* pair = out.pair.data() + out.pair_at[static_cast<std::size_t>(p)];
    for (int y = 0; y < k; ++y, pair += t->l) {
      if (f[y] == kInf || g[y] == kInf) continue;
      for (int z = 0; z < t->l; ++z)
        row[z] = f[y] + t->energies[static_cast<std::ptrdiff_t>(y) * ld + z] + rest[z];
      std::fill(row + t->l, row + ld, kInf);
      chain_kernels().exponentials(static_cast<std::size_t>(ld), row, total, beta_, row);
      for (int z = 0; z < t->l; ++z) pair[z] += row[z];
    }
  }

  const ChainProblem& c_;
  int layers_;
  double beta_;
  std::span<double> f_, g_;  // energies of what leads to a label, that included, and away from it
  std::span<double> sums_, row_, rest_;
};

}  // namespace

double chain_log_domain(const ChainProblem& c, Over over, double beta, const ChainMarginals* out,
                        Workspace& ws) {
  LogWalk walk(c, over, beta, ws);
  const double total = walk.forward();
  if (out && std::isfinite(total)) walk.backward(total, *out);
  return total;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
