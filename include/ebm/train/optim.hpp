#pragma once
/// \file
/// Optimisers: plain structs of options; their state is kept apart, so that a checkpoint holds it. A step is
/// one loop over the flat parameters; frozen blocks stand still and a block's own rate multiplies its step. A
/// step uses the gradient up: it is zero afterwards, ready for the next sum.

#include <concepts>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ebm/core/params.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// What an optimiser remembers between steps.
struct OptimState {
  std::uint64_t steps = 0;
  std::vector<Real> first, second;  ///< momentum; Adam's two moments
  std::vector<Real> curvature;      ///< diagonal of the Gauss-Newton matrix, for StochasticLevenbergMarquardt
};

/// The step size as training goes on.
struct Schedule {
  /// Global steps of LeCun et al. 1998: each rate for a number of passes, the last one for the rest.
  struct Stage {
    int passes;
    double rate;
  };
  double rate = 1e-2;
  std::vector<Stage> stages;  ///< when given, replaces `rate`
  double inverse_after = 0;   ///< > 0: rate / max(1, pass / inverse_after), passes counted in fractions
  int cosine_over = 0;  ///< > 0: rate (1 + cos(pi pass / cosine_over)) / 2, then 0 (Loshchilov, Hutter 2017)
  double at(double pass) const;
  Schedule(double rate) : rate(rate) {}  // NOLINT: a number is a constant schedule
  Schedule(std::vector<Stage> stages) : stages(std::move(stages)) {}  // NOLINT
  static Schedule inverse(double rate, double after) {
    Schedule s(rate);
    s.inverse_after = after;
    return s;
  }
  static Schedule cosine(double rate, int passes) {
    Schedule s(rate);
    s.cosine_over = passes;
    return s;
  }
};

namespace optim {

/// w <- w - rate (g + weight_decay w); with momentum above 0, v <- momentum v - rate g and w <- w + v.
struct Sgd {
  Schedule rate{1e-2};
  double momentum = 0;
  double weight_decay = 0;
  static constexpr bool kNeedsCurvature = false;
  static constexpr std::string_view kKey = "sgd";
  void step(Params& W, std::span<Real> gradient, OptimState& state, double pass) const;
};

/// Adam (Kingma, Ba 2015, algorithm 1); weight decay is added to the gradient.
struct Adam {
  Schedule rate{1e-3};
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0;
  static constexpr bool kNeedsCurvature = false;
  static constexpr std::string_view kKey = "adam";
  void step(Params& W, std::span<Real> gradient, OptimState& state, double pass) const;
};

/// Stochastic diagonal Levenberg-Marquardt (LeCun et al. 1998, appendix C): w_k <- w_k - rate / (mu + h_kk)
/// g_k, with h_kk >= 0 the Gauss-Newton diagonal, estimated anew on `samples` samples before every pass.
struct StochasticLevenbergMarquardt {
  Schedule rate{std::vector<Schedule::Stage>{{2, 5e-4}, {3, 2e-4}, {3, 1e-4}, {4, 5e-5}, {1, 1e-5}}};
  double mu = 0.02;
  int samples = 500;
  static constexpr bool kNeedsCurvature = true;
  static constexpr std::string_view kKey = "sdlm";
  void step(Params& W, std::span<Real> gradient, OptimState& state, double pass) const;
};

}  // namespace optim

template <class O>
concept Optimiser = requires(const O o, Params& W, std::span<Real> g, OptimState& s) {
  o.step(W, g, s, 0.0);
  { O::kNeedsCurvature } -> std::convertible_to<bool>;
  { O::kKey } -> std::convertible_to<std::string_view>;
};

class AnyOptimiser {
 public:
  template <Optimiser O>
  AnyOptimiser(O o)  // NOLINT
      : key(O::kKey),
        needs_curvature(O::kNeedsCurvature),
        self_(std::make_shared<const O>(o)),
        step_([](const void* self, Params& W, std::span<Real> g, OptimState& s, double pass) {
          static_cast<const O*>(self)->step(W, g, s, pass);
        }) {
    if constexpr (O::kNeedsCurvature) curvature_samples = o.samples;
  }
  void step(Params& W, std::span<Real> g, OptimState& s, double pass) const {
    step_(self_.get(), W, g, s, pass);
  }

  std::string_view key;
  bool needs_curvature;
  int curvature_samples = 0;

 private:
  std::shared_ptr<const void> self_;
  void (*step_)(const void*, Params&, std::span<Real>, OptimState&, double);
};

}  // namespace EBM_PRECISION
}  // namespace ebm
