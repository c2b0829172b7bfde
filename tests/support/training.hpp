#pragma once
/// \file
/// A loss on a batch through the public path (Batch, engine, backward), and the check of its slopes in W by
/// central differences.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ebm/graph/model.hpp"
#include "ebm/losses/loss.hpp"

namespace ebm::testing {

/// Samples of a Prepared as a batch that a gradient can be asked of.
struct TrainBatch {
  std::vector<const Sample*> pointers;
  Batch batch;
  explicit TrainBatch(const Prepared& ready, std::size_t first = 0,
                      std::size_t count = static_cast<std::size_t>(-1))
      : batch(ready.schema()) {
    for (std::size_t i = first; i < ready.size() && i - first < count; ++i)
      pointers.push_back(&ready.samples()[i]);
    batch.assign(pointers, Net::Mode::train);
  }
};

/// The mean loss over a batch; `gradient`, when given, is laid out as Params::flat and gets its slopes added.
inline double loss_of(Batch& batch, const AnyLoss& loss, const AnyEngine& engine,
                      std::vector<Real>* gradient = nullptr) {
  batch.invalidate();
  Answer truth, contrast;
  const auto asked = [&](Query q) {
    q.weights = gradient != nullptr;
    return q;
  };
  engine.answer(batch, asked(loss.truth), truth);
  if (loss.contrasts) engine.answer(batch, asked(loss.contrast), contrast);
  const auto n = static_cast<std::size_t>(batch.samples());
  std::vector<double> truth_slope, contrast_slope;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Slope s = loss(truth.energy[i], loss.contrasts ? contrast.energy[i] : 0);
    sum += s.value;
    truth_slope.push_back(s.truth / static_cast<double>(n));
    contrast_slope.push_back(s.contrast / static_cast<double>(n));
  }
  if (gradient) {
    std::vector<Real> scratch;
    const Pull pulls[] = {{&truth, truth_slope}, {&contrast, contrast_slope}};
    backward(batch, {pulls, loss.contrasts ? 2u : 1u}, *gradient, scratch);
  }
  return sum / static_cast<double>(n);
}

/// Every block of W, at up to `most` places each: the slope equals a central difference for the best of
/// several steps, to 1e-6 of its size in double builds (float ones only show that nothing is far off).
inline void expect_slopes(Params& W, Batch& batch, const AnyLoss& loss, const AnyEngine& engine,
                          int most = 25) {
  constexpr bool kDouble = sizeof(Real) == 8;
  std::vector<Real> gradient(W.flat().size());
  loss_of(batch, loss, engine, &gradient);
  double largest = 0;
  for (const Real g : gradient) largest = std::max(largest, std::abs(static_cast<double>(g)));
  ASSERT_TRUE(std::isfinite(largest));
  const double tolerance = kDouble ? 1e-6 : 3e-2;
  const std::vector<double> steps =
      kDouble ? std::vector<double>{1e-3, 1e-4, 1e-5} : std::vector<double>{3e-2, 1e-2, 3e-3, 1e-3, 3e-4};
  Rng pick(5);
  for (const Params::Block& block : W.blocks())
    for (int k = 0; k < most; ++k) {
      const std::size_t at =
          block.offset + static_cast<std::size_t>(pick.below(static_cast<int>(block.size())));
      double best = kInf, nearest = 0;
      for (const double step : steps) {
        Real& w = W.flat()[at];
        const Real old = w;
        w = old + static_cast<Real>(step);
        const double high = w, up = loss_of(batch, loss, engine);
        w = old - static_cast<Real>(step);
        const double width = high - w, down = loss_of(batch, loss, engine);
        w = old;
        const double slope = (up - down) / width;
        const double scale = std::max({std::abs(slope), 0.01 * largest, 1e-3});
        if (const double error = std::abs(slope - gradient[at]) / scale; error < best)
          best = error, nearest = slope;
        if (best < tolerance) break;
      }
      EXPECT_LT(best, tolerance) << "block " << block.name << " entry " << at - block.offset << ": slope "
                                 << gradient[at] << ", central difference " << nearest;
    }
}

}  // namespace ebm::testing
