// Viterbi: v_{p+1}(z) = u_{p+1}(z) + min_y [ v_p(y) + a_p(y, z) ]. For `others` every label has two states:
// still inside the truth, and already different; only the second may end. Labels are found on the way back by
// the same sums once more, which is cheaper than to remember them all.

#include <array>
#include <limits>

#include "chain_steps.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

struct Walk {
  ChainMinimum* asked;
  const ChainProblem* c;
  int layers;  // 0: inside the truth (or the only one); 1: has differed
  std::span<double> v;
  int which, z;  // on the way back

  double* layer(int k, int p) const {
    return v.data() + c->unary.size() * static_cast<std::size_t>(k) + c->at(p);
  }
  const double* unary(int p) const { return c->unary.data() + c->at(p); }
};

// Layers hold messages; now the energies that they lead to.
void add_unary(const Walk& w, int p) {
  double* v0 = w.layer(0, p);
  const double* u = w.unary(p);
  const int l = w.c->labels(p);
  if (w.layers == 1) {
    for (int z = 0; z < l; ++z) v0[z] += u[z];
    std::fill(v0 + l, v0 + chain_row(l), kInf);
    return;
  }
  double* v1 = w.layer(1, p);
  const char* inside = w.c->in_truth.data() + w.c->at(p);
  for (int z = 0; z < l; ++z) {
    const double m0 = v0[z], m1 = v1[z];
    v0[z] = inside[z] ? m0 + u[z] : kInf;
    v1[z] = (inside[z] ? m1 : std::min(m0, m1)) + u[z];
  }
  for (double* v : {v0, v1}) std::fill(v + l, v + chain_row(l), kInf);
}

// The label before z that its message in one layer came from, and the message.
int before(const Walk& w, int layer, int p, int z, double* message) {
  const ChainTable* t = w.c->edge[static_cast<std::size_t>(p - 1)];
  const int k = w.c->labels(p - 1);
  const double* v = w.layer(layer, p - 1);
  if (t && t->transposed)
    return chain_kernels().lowest_before(k, v, t->transposed + static_cast<std::ptrdiff_t>(z) * chain_row(k),
                                         message);
  const std::ptrdiff_t ld = t ? chain_row(t->l) : 0;
  const auto sum = [&](int y) { return t ? v[y] + t->energies[y * ld + z] : v[y]; };
  int best = 0;
  for (int y = 1; y < k; ++y)
    if (sum(y) < sum(best)) best = y;
  *message = sum(best);
  return best;
}

// From the label of p + 1 to that of p, and between layers.
void step_back(Walk& w, int p) {
  int* labels = w.asked->labels.data() + p;
  const int z = labels[1];
  double message = 0;
  labels[0] = before(w, w.which, p + 1, z, &message);
  if (w.which == 0 || w.layers == 1 || w.c->in_truth[static_cast<std::size_t>(w.c->at(p + 1) + z)]) return;
  double inside = 0;
  const int other = before(w, 0, p + 1, z, &inside);
  if (inside < message) w.which = 0, labels[0] = other;  // the first difference from the truth is here
}

}  // namespace

void chain_minima(std::span<ChainMinimum> chains, Workspace& ws) {
  std::array<Walk, kChainRows> walks;
  int count = 0, longest = 0;
  bool layered = false;
  for (ChainMinimum& m : chains) {
    const ChainProblem& c = *m.chain;
    const int layers = m.over == Over::others ? 2 : 1;
    m.energy = c.not_a_number ? std::numeric_limits<double>::quiet_NaN() : layers == 2 ? kInf : 0;
    if (c.not_a_number || c.length == 0) continue;
    walks[static_cast<std::size_t>(count++)] = {
        &m, &c, layers, ws.take<double>(c.unary.size() * static_cast<std::size_t>(layers)), layers - 1, 0};
    longest = std::max(longest, c.length);
    layered |= layers == 2;
  }
  const std::span<Walk> all(walks.data(), static_cast<std::size_t>(count));
  for (const Walk& w : all)
    for (int k = 0; k < w.layers; ++k)
      std::fill_n(w.layer(k, 0), chain_row(w.c->labels(0)), k == 0 ? 0.0 : kInf);
  for (const Walk& w : all) add_unary(w, 0);
  std::array<ChainKernels::Lowest, kChainRows> at;
  for (int p = 0, count = 1; p + 1 < longest; p += count) {
    count = layered ? 1 : steps_after<Walk>(all, p);
    each_step(all, p, false, [&](const ChainTable* t, int k, int l, std::span<Walk*> walks) {
      for (int layer = 0; layer < walks[0]->layers; ++layer) {
        for (std::size_t r = 0; r < walks.size(); ++r) {
          const Walk& w = *walks[r];
          at[r] = {w.layer(layer, p), layered ? nullptr : w.unary(p + 1), w.layer(layer, p + 1)};
        }
        chain_kernels().lowest(static_cast<int>(walks.size()), count, k, l,
                               t ? ChainKernels::Table{t->energies, t->packed} : ChainKernels::Table{},
                               at.data());
      }
    });
    for (const Walk& w : all)
      if (layered && p + 1 < w.c->length) add_unary(w, p + 1);
  }
  for (Walk& w : all) {
    const double* last = w.layer(w.which, w.c->length - 1);
    w.z = static_cast<int>(std::min_element(last, last + w.c->labels(w.c->length - 1)) - last);
    w.asked->energy = last[w.z];
    if (!(w.asked->energy < kInf) || w.asked->labels.empty()) w.c = nullptr;
  }
  for (Walk& w : all)
    if (w.c) w.asked->labels[static_cast<std::size_t>(w.c->length - 1)] = w.z;
  for (int p = longest - 2, count = 1; p >= 0; p -= count) {
    count = layered ? 1 : std::max(1, steps_before<Walk>(all, p));
    each_step(all, p, false, [&](const ChainTable* t, int k, int, std::span<Walk*> walks) {
      if (t && t->transposed && !layered) {
        std::array<ChainKernels::Trace, kChainRows> at;
        for (std::size_t r = 0; r < walks.size(); ++r)
          at[r] = {walks[r]->layer(0, p), walks[r]->asked->labels.data() + p};
        chain_kernels().trace(static_cast<int>(walks.size()), count, k, t->transposed, at.data());
        return;
      }
      for (Walk* w : walks) step_back(*w, p);
    });
  }
}

}  // namespace EBM_PRECISION
}  // namespace ebm
