// Forward-backward on chains. The kernel works in exponentials scaled to sum 1 at every position; where the
// range of energies is too wide for that (a position whose mass falls below 1e-130 of its scale), and for
// `others`, the same recurrences run in the log domain.

#include "chain_problem.hpp"
#include "ebm/core/semiring.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

constexpr double kNarrow = 1e-130;

// ---- scaled exponentials
// ------------------------------------------------------------------------------------------

struct Scaled {
  std::span<double> u, alpha, beta;  // [sum of K]
  std::span<double*> w;              // [length - 1] of exp(-beta (a - min a)), null where nothing joins
  double shift = 0;                  // sum of what was taken out, times 1/beta
};

bool exponentials(const ChainProblem& c, double beta, Scaled& s, Workspace& ws) {
  s.u = ws.take<double>(c.unary.size());
  s.w = ws.take<double*>(c.edge.size());
  const double* last = nullptr;
  double* last_w = nullptr;
  double last_low = 0;
  for (int p = 0; p < c.length; ++p) {
    const double* u = c.unary.data() + c.at(p);
    const double low = *std::min_element(u, u + c.labels(p));
    if (low == kInf || low == -kInf) return false;
    s.shift += low;
    for (int y = 0; y < c.labels(p); ++y)
      s.u[static_cast<std::size_t>(c.at(p) + y)] = std::exp(-beta * (u[y] - low));
    if (p + 1 == c.length) break;
    s.w[p] = nullptr;
    if (!c.edge[p]) continue;
    if (c.edge[p] != last) {
      const std::size_t size = static_cast<std::size_t>(c.labels(p)) * c.labels(p + 1);
      last = c.edge[p];
      last_low = *std::min_element(last, last + size);
      if (last_low == kInf || last_low == -kInf) return false;
      last_w = ws.take<double>(size).data();
      for (std::size_t k = 0; k < size; ++k) last_w[k] = std::exp(-beta * (last[k] - last_low));
    }
    s.w[p] = last_w;
    s.shift += last_low;
  }
  return true;
}

// out[z] = sum_y x[y] w[y, z]
void push(const double* x, const double* w, int k, int l, double* out) {
  if (!w) {
    double sum = 0;
    for (int y = 0; y < k; ++y) sum += x[y];
    std::fill_n(out, l, sum);
    return;
  }
  std::fill_n(out, l, 0.0);
  for (int y = 0; y < k; ++y)
    for (int z = 0; z < l; ++z) out[z] += x[y] * w[static_cast<std::size_t>(y) * l + z];
}

// out[y] = sum_z w[y, z] x[z]
void pull(const double* x, const double* w, int k, int l, double* out) {
  for (int y = 0; y < k; ++y) {
    double sum = 0;
    for (int z = 0; z < l; ++z) sum += (w ? w[static_cast<std::size_t>(y) * l + z] : 1.0) * x[z];
    out[y] = sum;
  }
}

// No path reaches label z of position p; every smaller mass at p - 1 is one that none reaches.
bool forbidden(const ChainProblem& c, const Scaled& s, int p, int z) {
  if (c.unary[static_cast<std::size_t>(c.at(p) + z)] == kInf) return true;
  if (p == 0) return false;
  for (int y = 0; y < c.labels(p - 1); ++y)
    if (s.alpha[static_cast<std::size_t>(c.at(p - 1) + y)] >= kNarrow &&
        (!c.edge[p - 1] || c.edge[p - 1][static_cast<std::size_t>(y) * c.labels(p) + z] < kInf))
      return false;
  return true;
}

// False when the range is too wide.
bool scaled(const ChainProblem& c, double beta, const ChainMarginals* out, Workspace& ws, double& energy) {
  Scaled s;
  if (!exponentials(c, beta, s, ws)) return false;
  const auto& plan = *c.plan;
  s.alpha = ws.take<double>(c.unary.size());
  double log_scale = 0;
  for (int p = 0; p < c.length; ++p) {
    double* a = s.alpha.data() + c.at(p);
    const double* u = s.u.data() + c.at(p);
    const int l = c.labels(p);
    if (p == 0)
      std::fill_n(a, l, 1.0);
    else
      push(s.alpha.data() + c.at(p - 1), s.w[p - 1], c.labels(p - 1), l, a);
    double sum = 0;
    for (int z = 0; z < l; ++z) sum += a[z] *= u[z];
    if (!(sum > kNarrow)) return false;
    for (int z = 0; z < l; ++z) {
      a[z] /= sum;
      if (a[z] < kNarrow && !forbidden(c, s, p, z))
        return false;  // what underflows here might be needed later
    }
    log_scale += std::log(sum);
  }
  energy = s.shift - log_scale / beta;
  if (!out) return true;

  // Marginals are written only when the backward pass is known to hold too.
  s.beta = ws.take<double>(c.unary.size());
  const auto ub = ws.take<double>(static_cast<std::size_t>(plan.max_labels));
  for (int p = c.length - 1; p >= 0; --p) {
    double* bp = s.beta.data() + c.at(p);
    const int k = c.labels(p);
    if (p + 1 == c.length) {
      std::fill_n(bp, k, 1.0);
    } else {
      const int l = c.labels(p + 1);
      for (int z = 0; z < l; ++z)
        ub[z] = s.u[static_cast<std::size_t>(c.at(p + 1) + z)] *
                s.beta[static_cast<std::size_t>(c.at(p + 1) + z)];
      pull(ub.data(), s.w[p], k, l, bp);
    }
    double mass = 0;  // sum of alpha beta: scales beta so that the marginals sum to 1
    for (int y = 0; y < k; ++y) mass += s.alpha[static_cast<std::size_t>(c.at(p) + y)] * bp[y];
    if (!(mass > kNarrow)) return false;
    for (int y = 0; y < k; ++y) bp[y] /= mass;
  }
  for (int p = 0; p < c.length; ++p) {
    const double* a = s.alpha.data() + c.at(p);
    const double* bp = s.beta.data() + c.at(p);
    const int k = c.labels(p);
    double* label = out->label.data() + c.at(p);
    for (int y = 0; y < k; ++y) label[y] += a[y] * bp[y];
    if (p + 1 == c.length || !s.w[p]) continue;
    const int l = c.labels(p + 1);
    for (int z = 0; z < l; ++z)
      ub[z] =
          s.u[static_cast<std::size_t>(c.at(p + 1) + z)] * s.beta[static_cast<std::size_t>(c.at(p + 1) + z)];
    // Pair marginals sum to 1; a table read by every edge collects the outer products and is multiplied once.
    double mass = 0;
    for (int y = 0; y < k; ++y) {
      double row = 0;
      for (int z = 0; z < l; ++z) row += s.w[p][static_cast<std::size_t>(y) * l + z] * ub[z];
      mass += a[y] * row;
    }
    double* pair = out->pair.data() + out->pair_at[p];
    for (int y = 0; y < k; ++y) {
      const double scale = a[y] / mass;
      for (int z = 0; z < l; ++z) pair[static_cast<std::size_t>(y) * l + z] += scale * ub[z];
    }
    if (c.one_edge_table && p + 2 < c.length) continue;
    for (std::size_t e = 0; e < static_cast<std::size_t>(k) * l; ++e) pair[e] *= s.w[p][e];
  }
  return true;
}

// ---- log domain
// ---------------------------------------------------------------------------------------------------

double log_domain(const ChainProblem& c, Over over, double beta, const ChainMarginals* out, Workspace& ws) {
  const int layers = over == Over::others ? 2 : 1;
  const std::size_t size = c.unary.size();
  // forward and backward in units of 1/beta: f = beta * energy
  const auto f = ws.take<double>(size * layers, kInf), g = ws.take<double>(size * layers, kInf);
  const auto at = [&](std::span<double> x, int which, int p) { return x.data() + size * which + c.at(p); };
  const auto edge = [&](int p, int y, int z) {
    return c.edge[p] ? beta * c.edge[p][static_cast<std::size_t>(y) * c.labels(p + 1) + z] : 0.0;
  };
  const auto unary = [&](int p, int z) { return beta * c.unary[static_cast<std::size_t>(c.at(p) + z)]; };
  const auto inside = [&](int p, int z) {
    return layers == 1 || c.in_truth[static_cast<std::size_t>(c.at(p) + z)];
  };
  // Which layers a move to label z at p leads to: 0 stays inside only with a label of the truth.
  const auto target = [&](int from, int p, int z) { return from == 1 || !inside(p, z) ? layers - 1 : 0; };

  for (int z = 0; z < c.labels(0); ++z) at(f, target(0, 0, z), 0)[z] = unary(0, z);
  for (int p = 1; p < c.length; ++p)
    for (int from = 0; from < layers; ++from)
      for (int z = 0; z < c.labels(p); ++z) {
        double sum = kInf;
        for (int y = 0; y < c.labels(p - 1); ++y)
          sum = LogSum::join(sum, at(f, from, p - 1)[y] + edge(p - 1, y, z));
        double& to = at(f, target(from, p, z), p)[z];
        to = LogSum::join(to, sum + unary(p, z));
      }
  double total = kInf;
  for (int z = 0; z < c.labels(c.length - 1); ++z)
    total = LogSum::join(total, at(f, layers - 1, c.length - 1)[z]);
  if (!out || !std::isfinite(total)) return total / beta;

  for (int z = 0; z < c.labels(c.length - 1); ++z) at(g, layers - 1, c.length - 1)[z] = 0;
  for (int p = c.length - 2; p >= 0; --p)
    for (int from = 0; from < layers; ++from)
      for (int y = 0; y < c.labels(p); ++y) {
        double sum = kInf;
        for (int z = 0; z < c.labels(p + 1); ++z)
          sum = LogSum::join(sum, edge(p, y, z) + unary(p + 1, z) + at(g, target(from, p + 1, z), p + 1)[z]);
        at(g, from, p)[y] = sum;
      }
  for (int p = 0; p < c.length; ++p)
    for (int which = 0; which < layers; ++which)
      for (int y = 0; y < c.labels(p); ++y) {
        const double here = at(f, which, p)[y];
        if (here == kInf) continue;
        out->label[static_cast<std::size_t>(c.at(p) + y)] += std::exp(total - here - at(g, which, p)[y]);
        if (p + 1 == c.length || !c.edge[p]) continue;
        for (int z = 0; z < c.labels(p + 1); ++z) {
          const double rest = edge(p, y, z) + unary(p + 1, z) + at(g, target(which, p + 1, z), p + 1)[z];
          out->pair[out->pair_at[p] + static_cast<std::size_t>(y) * c.labels(p + 1) + z] +=
              std::exp(total - here - rest);
        }
      }
  return total / beta;
}

}  // namespace

double chain_free_energy(const ChainProblem& c, Over over, double beta, const ChainMarginals* out,
                         Workspace& ws) {
  if (c.length == 0) return over == Over::others ? kInf : 0;
  double energy = 0;
  if (over != Over::others && scaled(c, beta, out, ws, energy)) return energy;
  return log_domain(c, over, beta, out, ws);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
