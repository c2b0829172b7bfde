#include "ebm/train/optim.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ebm/core/error.hpp"
#include "ebm/core/kernels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

double Schedule::at(double pass) const {
  if (!stages.empty()) {
    double end = 0;
    for (const Stage& s : stages)
      if (pass < (end += s.passes)) return s.rate;
    return stages.back().rate;
  }
  if (cosine_over > 0)
    return rate * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, pass / cosine_over)));
  return inverse_after > 0 ? rate / std::max(1.0, pass / inverse_after) : rate;
}

namespace optim {
namespace {

// update(kernels, offset, size, rate) over every trainable block; what is frozen forgets its gradient.
template <class Update>
void each_block(Params& W, std::span<Real> g, double rate, const Update& update) {
  for (const Params::Block& b : W.blocks()) {
    if (!b.trainable || !(b.rate > 0)) {
      std::fill_n(g.begin() + static_cast<long>(b.offset), b.size(), Real(0));
      continue;
    }
    update(kernels(), b.offset, b.size(), static_cast<Real>(rate * b.rate));
    if (b.least == -kInf) continue;
    for (std::size_t k = b.offset; k < b.offset + b.size(); ++k)
      W.data()[k] = std::max(W.data()[k], static_cast<Real>(b.least));
  }
}

}  // namespace

void Sgd::step(Params& W, std::span<Real> g, OptimState& s, double pass) const {
  ++s.steps;
  if (momentum > 0) s.first.resize(g.size(), Real(0));
  each_block(W, g, rate.at(pass), [&](const Kernels& k, std::size_t at, std::size_t n, Real r) {
    const StepRule rule{r, static_cast<Real>(weight_decay)};
    if (momentum > 0)
      k.momentum_step(W.data() + at, g.data() + at, s.first.data() + at, n, rule,
                      static_cast<Real>(momentum));
    else
      k.sgd_step(W.data() + at, g.data() + at, n, rule);
  });
}

void Adam::step(Params& W, std::span<Real> g, OptimState& s, double pass) const {
  ++s.steps;
  s.first.resize(g.size(), Real(0));
  s.second.resize(g.size(), Real(0));
  each_block(W, g, rate.at(pass), [&](const Kernels& k, std::size_t at, std::size_t n, Real r) {
    k.adam_step(W.data() + at, g.data() + at, s.first.data() + at, s.second.data() + at, n,
                {r, static_cast<Real>(weight_decay)}, static_cast<Real>(beta1), static_cast<Real>(beta2),
                static_cast<Real>(epsilon), static_cast<long>(s.steps));
  });
}

void StochasticLevenbergMarquardt::step(Params& W, std::span<Real> g, OptimState& s, double pass) const {
  if (s.curvature.size() != g.size())
    throw GraphError("[sdlm] steps need the curvature of this pass; the trainer estimates it");
  ++s.steps;
  each_block(W, g, rate.at(pass), [&](const Kernels& k, std::size_t at, std::size_t n, Real r) {
    k.diagonal_step(W.data() + at, g.data() + at, s.curvature.data() + at, n, {r, Real(0)},
                    static_cast<Real>(mu));
  });
}

}  // namespace optim
}  // namespace EBM_PRECISION
}  // namespace ebm
