// Viterbi: v_{p+1}(z) = u_{p+1}(z) + min_y [ v_p(y) + a_p(y, z) ]. For `others` every label has two states:
// still inside the truth, and already different; only the second may end.

#include "chain_problem.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// out[z] = min_y (v[y] + a[y, z]); a null table joins nothing, so the best y serves every z.
void step(const double* v, const double* a, int k, int l, double* out) {
  if (!a) {
    const double low = *std::min_element(v, v + k);
    std::fill_n(out, l, low);
    return;
  }
  std::fill_n(out, l, kInf);
  for (int y = 0; y < k; ++y) {
    const double vy = v[y];
    const double* row = a + static_cast<std::size_t>(y) * l;
    for (int z = 0; z < l; ++z) out[z] = std::min(out[z], vy + row[z]);
  }
}

// The label y whose message reached `value` at z; it was computed by the same sum, so it is found exactly.
int back(const double* v, const double* a, int k, int l, int z, double value) {
  for (int y = 0; y < k; ++y)
    if ((a ? v[y] + a[static_cast<std::size_t>(y) * l + z] : v[y]) == value) return y;
  return -1;
}

}  // namespace

double chain_minimum(const ChainProblem& c, Over over, std::span<int> labels, Workspace& ws) {
  const int layers = over == Over::others ? 2 : 1;
  const auto size = static_cast<std::size_t>(c.plan->offset.back());
  const auto v = ws.take<double>(size * layers, kInf), message = ws.take<double>(size * layers, kInf);
  // Layer 0: inside the truth (or the only layer); layer 1: has differed.
  const auto layer = [&](std::span<double> x, int which, int p) { return x.data() + size * which + c.at(p); };
  for (int p = 0; p < c.length; ++p) {
    const int l = c.labels(p);
    for (int which = 0; which < layers; ++which) {
      double* m = layer(message, which, p);
      if (p == 0)
        std::fill_n(m, l, which == 0 ? 0.0 : kInf);
      else
        step(layer(v, which, p - 1), c.edge[p - 1], c.labels(p - 1), l, m);
    }
    const double* u = c.unary.data() + c.at(p);
    const double* m0 = layer(message, 0, p);
    double* v0 = layer(v, 0, p);
    if (layers == 1) {
      for (int z = 0; z < l; ++z) v0[z] = m0[z] + u[z];
      continue;
    }
    const double* m1 = layer(message, 1, p);
    double* v1 = layer(v, 1, p);
    const char* inside = c.in_truth.data() + c.at(p);
    for (int z = 0; z < l; ++z) {
      v0[z] = inside[z] ? m0[z] + u[z] : kInf;
      v1[z] = (inside[z] ? m1[z] : std::min(m0[z], m1[z])) + u[z];
    }
  }
  if (c.length == 0) return over == Over::others ? kInf : 0;
  int which = layers - 1, p = c.length - 1;
  const double* last = layer(v, which, p);
  int z = static_cast<int>(std::min_element(last, last + c.labels(p)) - last);
  const double best = last[z];
  if (!(best < kInf) || labels.empty()) return best;  // none, or not a number
  for (;; --p) {
    labels[static_cast<std::size_t>(p)] = z;
    if (p == 0) break;
    double value = layer(message, which, p)[z];
    if (which == 1 && !c.in_truth[static_cast<std::size_t>(c.at(p) + z)] && layer(message, 0, p)[z] < value) {
      which = 0;  // the first difference from the truth is here
      value = layer(message, 0, p)[z];
    }
    z = back(layer(v, which, p - 1), c.edge[p - 1], c.labels(p - 1), c.labels(p), z, value);
  }
  return best;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
