// L-BFGS by Ceres, one sample at a time, each on a batch of its own.

#include <limits>

#include "answering.hpp"
#include "ceres_answer.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/graph/at_labels.hpp"
#include "points.hpp"
#include "residual_plan.hpp"
#include "starts.hpp"

#ifdef EBM_HAS_CERES
#include <ceres/ceres.h>
#endif

namespace ebm {
inline namespace EBM_PRECISION {

#ifndef EBM_HAS_CERES

void infer::Lbfgs::answer(Batch&, const Query&, Answer&) const {
  throw GraphError(
      "[lbfgs] this build has no Ceres Solver; install it (libceres-dev) and build again, or use "
      "infer::GradientDescent");
}

#else

namespace {

constexpr std::string_view kEngine = "lbfgs";

class Energy final : public ceres::FirstOrderFunction {
 public:
  Energy(const Schema& schema, const Sample& sample) : batch_(schema), sample_(&sample) {
    batch_.assign({&sample_, 1});
    points_.dims = sample.structure->real_dims;
    points_.sample = {0};
    slope_.resize(static_cast<std::size_t>(points_.dims));
  }
  double at(const double* x, double* gradient) const {
    points_.values.assign(x, x + points_.dims);
    batch_.forward(points_, gradient != nullptr);
    const double e = energy_at(batch_, 0, {});
    lowest_ = std::min(lowest_, e);
    if (!gradient) return e;
    weights_.assign(batch_.weights(), Real(0));
    give_at(batch_, 0, {}, 1, weights_);
    batch_.slopes_at_points(weights_, slope_);
    std::ranges::copy(slope_, gradient);
    return e;
  }
  bool Evaluate(const double* x, double* value, double* gradient) const override {
    *value = at(x, gradient);
    if (!std::isfinite(*value)) return false;
    for (int k = 0; gradient && k < points_.dims; ++k)
      if (!std::isfinite(gradient[k])) return false;
    return true;
  }
  double lowest() const { return lowest_; }
  int NumParameters() const override { return points_.dims; }
  std::string not_finite() const {
    const auto nan = batch_.find_nan();
    return nan ? nan->factor : std::string();
  }

 private:
  mutable Batch batch_;
  const Sample* sample_;
  mutable Points points_;
  mutable double lowest_ = kInf;
  mutable std::vector<Real> weights_, slope_;
};

// Stops where the energy is taken as unbounded.
class Floor final : public ceres::IterationCallback {
 public:
  Floor(const Energy& energy, double floor) : energy_(&energy), floor_(floor) {}
  ceres::CallbackReturnType operator()(const ceres::IterationSummary&) override {
    return energy_->lowest() < floor_ ? ceres::SOLVER_ABORT : ceres::SOLVER_CONTINUE;
  }

 private:
  const Energy* energy_;
  double floor_;
};

}  // namespace

void infer::Lbfgs::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  check_least_squares_query(q, kEngine);
  if (iterations < 1 || !(tolerance >= 0))
    throw GraphError(message("[", kEngine, "] iterations are ", iterations, " and the tolerance ", tolerance,
                             "; they must be at least 1 and 0"));
  Pieces pieces;
  pieces.assign(b, q, LabelMode::none, 1, 0, kEngine);
  const std::size_t n = pieces.all().size();
  const auto d = static_cast<std::size_t>(b.samples() ? b.sample(0).structure->real_dims : 0);
  std::vector<double> x(n * d), energy(n);
  std::vector<Report> reports(n);
  for (std::size_t p = 0; p < n; ++p) {
    const Piece& piece = pieces.all()[p];
    const Sample& sample = b.sample(piece.sample);
    const Structure& s = *sample.structure;
    if (!s.real_low.empty() || s.real_manifold == Manifold::sphere)
      throw GraphError(message("[", kEngine, "] '", s.real_name, "' has ",
                               s.real_low.empty() ? "unit length" : "bounds",
                               ", which L-BFGS does not keep; use infer::GradientDescent or, for residuals, ",
                               "infer::LeastSquares"));
    if (static_cast<std::size_t>(s.real_dims) != d)
      throw GraphError(message("[", kEngine, "] '", s.real_name, "' has ", s.real_dims,
                               " dimensions in one sample and ", d, " in another; batch them apart"));
    const auto at = std::span(x).subspan(p * d, d);
    if (piece.clamped)
      std::ranges::copy(sample.truth.reals, at.begin());
    else
      Starts(from).place(b, piece.sample, 0, kEngine, at);
  }
  parallel_for(n, [&](std::size_t p) {
    const Piece& piece = pieces.all()[p];
    const auto at = std::span(x).subspan(p * d, d);
    auto* const function = new Energy(b.schema(), b.sample(piece.sample));
    ceres::GradientProblem problem(function);  // which owns it
    energy[p] = function->at(at.data(), nullptr);
    if (!std::isfinite(energy[p])) {
      const std::string name = function->not_finite();
      throw NumberError(message("[", kEngine, "] the energy of sample ", piece.sample, " is ", energy[p],
                                " at its start", name.empty() ? "" : ", by factor '" + name + "'",
                                "; mend it, or start elsewhere"));
    }
    if (piece.clamped) return;
    ceres::GradientProblemSolver::Options options;
    options.line_search_direction_type = ceres::LBFGS;
    options.max_num_iterations = iterations;
    options.function_tolerance = tolerance;
    options.parameter_tolerance = std::numeric_limits<Real>::epsilon();
    options.logging_type = ceres::SILENT;
    Floor below(*function, floor);
    options.callbacks.push_back(&below);
    ceres::GradientProblemSolver::Summary s;
    ceres::Solve(options, problem, at.data(), &s);
    RealDomain(*b.sample(piece.sample).structure).retract(at);
    energy[p] = function->at(at.data(), nullptr);
    // A line search that finds nothing is a step of length 0 to Ceres, and convergence: it is so only where
    // the slope is lost in rounding.
    const double rounding = 10 * std::sqrt(static_cast<double>(std::numeric_limits<Real>::epsilon()));
    const bool stuck = !s.iterations.empty() && s.iterations.back().step_norm == 0 &&
                       s.iterations.back().gradient_max_norm > rounding * std::max(1.0, std::abs(energy[p]));
    const bool unbounded = function->lowest() < floor;
    if (unbounded) reports[p].why = Why::unbounded;
    reports[p].converged = s.termination_type == ceres::CONVERGENCE && !stuck && !unbounded;
    reports[p].iterations = std::max(0, static_cast<int>(s.iterations.size()) - 1);
    if (!reports[p].converged && !s.iterations.empty())
      reports[p].residual =
          stuck ? s.iterations.back().gradient_max_norm : std::abs(s.iterations.back().cost_change);
  });
  answer_from_searches(b, q, pieces, x, energy, reports, Method::lbfgs, watch, out);
}

#endif

}  // namespace EBM_PRECISION
}  // namespace ebm
