// One Ceres problem a sample. Coordinates that always occur together are one parameter block; every group is
// evaluated at once when Ceres moves to another point, and its cost functions hand out slices.

#include <array>
#include <deque>
#include <memory>

#include "answering.hpp"
#include "ceres_answer.hpp"
#include "ebm/core/pool.hpp"
#include "points.hpp"
#include "residual_plan.hpp"
#include "starts.hpp"

#ifdef EBM_HAS_CERES
#include <ceres/ceres.h>

#include "ceres_rows.hpp"
#endif

namespace ebm {
inline namespace EBM_PRECISION {

#ifndef EBM_HAS_CERES

bool infer::has_ceres() { return false; }

void infer::LeastSquares::answer(Batch&, const Query&, Answer&) const {
  throw GraphError(
      "[least_squares] this build has no Ceres Solver; install it (libceres-dev) and build again, or use "
      "infer::LevenbergMarquardt");
}

#else

namespace {

constexpr std::string_view kEngine = "least_squares";
constexpr int kMostDense = 64;  // dimensions up to which the normal matrix is taken as dense
std::unique_ptr<ceres::LossFunction> loss_of(const Robust& robust) {
  switch (robust.kind) {
    case Robust::Kind::huber:
      return std::make_unique<ceres::HuberLoss>(robust.scale);
    case Robust::Kind::cauchy:
      return std::make_unique<ceres::CauchyLoss>(robust.scale);
    case Robust::Kind::tukey:
      return std::make_unique<ceres::TukeyLoss>(robust.scale);
    case Robust::Kind::none:
      break;
  }
  return nullptr;
}

// What one sample asks of Ceres.
class OneSample final : public ceres::EvaluationCallback {
 public:
  OneSample(const Batch& b, const ResidualPlan& plan, int sample)
      : w_(b.schema().params().data()),
        sample_(sample),
        structure_(&plan.of(b, sample)),
        dims_(static_cast<std::size_t>(plan.dims())),
        blocks_(plan, *structure_, dims_),
        x_(dims_),
        held_(dims_) {
    groups_.reserve(static_cast<std::size_t>(structure_->groups));
    for (const ResidualPlan::Group& g : plan.groups(*structure_)) {
      GroupAt& at = groups_.emplace_back();
      at.group = &g;
      at.inputs = plan.inputs(g);
      at.widths = plan.widths(g);
      const auto rows = static_cast<std::size_t>(g.instances),
                 residuals = static_cast<std::size_t>(g.residuals);
      at.r.resize(rows * residuals);
      for (std::size_t k = 0; k < at.inputs.size(); ++k) {
        const auto width = static_cast<std::size_t>(at.widths[k]);
        at.in[k].resize(rows * width);
        if (!at.inputs[k].slice) {
          ResidualPlan::read_data(b, sample, at.inputs[k], g.instances, at.in[k].data());
          continue;
        }
        at.jacobian[k].resize(rows * residuals * width);
        at.place[k].reserve(rows * width);
        for (int i = 0; i < g.instances; ++i)
          for (std::size_t c = 0; c < width; ++c)
            at.place[k].push_back(blocks_.place(at.inputs[k].of_instance(i)[c]));
      }
    }
  }

  // E at x, [dims], in the order of the coordinates. \throws NumberError by the factor's name.
  double energy(std::span<const double> x) {
    to_blocks(x);
    PrepareForEvaluation(false, true);
    double e = 0;
    for (const GroupAt& g : groups_) {
      if (!g.finite) refuse_non_finite(kEngine, g.group->name, sample_);
      const auto count = static_cast<std::size_t>(g.group->residuals);
      for (std::size_t first = 0; first < g.r.size(); first += count) {
        double s = 0;
        for (std::size_t i = first; i < first + count; ++i) s += g.r[i] * g.r[i];
        e += g.group->robust(s).value / 2;
      }
    }
    return e;
  }

  // Searches from x, in place, and says how it went. \throws NumberError by the factor's name.
  Report solve(const infer::LeastSquares& o, std::span<double> x, double& energy) {
    energy = this->energy(x);
    ceres::Problem::Options problem_options;
    problem_options.cost_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
    problem_options.loss_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
    problem_options.disable_all_safety_checks = true;
    problem_options.evaluation_callback = this;
    ceres::Problem problem(problem_options);
    add_rows(problem);
    restrict_domain(problem);
    hold(problem);
    ceres::Solver::Options options;
    options.linear_solver_type =
        static_cast<int>(dims_) <= kMostDense ? ceres::DENSE_QR : ceres::SPARSE_NORMAL_CHOLESKY;
    options.function_tolerance = o.tolerance;
    options.logging_type = ceres::SILENT;
    options.num_threads = 1;  // samples are what threads share, and sums keep their order
    Report report{.converged = false, .iterations = 0};
    // Ceres' step is the one without bounds, brought back inside, and may stall where several bounds act. So
    // what its slope presses against a bound is held there, and the rest searched again, until that gains
    // nothing.
    for (bool again = true; again && report.iterations < o.iterations;) {
      options.max_num_iterations = o.iterations - report.iterations;
      const std::vector<double> before = x_;
      ceres::Solver::Summary s;
      ceres::Solve(options, &problem, &s);
      if (s.termination_type == ceres::FAILURE) {
        if (s.iterations.empty())
          throw GraphError(message("[", kEngine, "] Ceres refuses sample ", sample_, ": ", s.message));
        x_ = before;
        report.converged = false;
        break;
      }
      energy = s.final_cost;
      report.iterations += std::max(1, static_cast<int>(s.iterations.size()) - 1);
      report.converged = s.termination_type == ceres::CONVERGENCE;
      report.residual =
          report.converged || s.iterations.empty() ? 0 : std::abs(s.iterations.back().cost_change);
      again = report.converged && hold_at_bounds();
      if (again) hold(problem);
    }
    for (std::size_t k = 0; k < dims_; ++k) x[k] = x_[blocks_.place(static_cast<int>(k))];
    RealDomain(*structure_->structure).retract(x);
    return report;
  }

  void PrepareForEvaluation(bool jacobians, bool moved) override {
    if (!moved && (!jacobians || derived_)) return;
    for (GroupAt& g : groups_) {
      if (moved) g.read(x_.data());
      g.evaluate(w_, jacobians);
    }
    derived_ = jacobians;
  }

 private:
  void to_blocks(std::span<const double> x) {
    for (std::size_t k = 0; k < dims_; ++k) x_[blocks_.place(static_cast<int>(k))] = x[k];
  }

  void add_rows(ceres::Problem& problem) {
    std::vector<int> named;
    std::vector<double*> pointers;
    for (const GroupAt& g : groups_) {
      losses_.push_back(loss_of(g.group->robust));
      for (int i = 0; i < g.group->instances; ++i) {
        RowFunction& f = functions_.emplace_back(g, i, blocks_, named);
        pointers.clear();
        for (const int b : named) pointers.push_back(x_.data() + blocks_.first(b));
        problem.AddResidualBlock(&f, losses_.back().get(), pointers.data(),
                                 static_cast<int>(pointers.size()));
      }
    }
  }

  void restrict_domain(ceres::Problem& problem) {
    const Structure& s = *structure_->structure;
    if (s.real_manifold == Manifold::sphere && problem.HasParameterBlock(x_.data())) {
      if (dims_ == 1)
        problem.SetParameterBlockConstant(x_.data());
      else
        problem.SetManifold(x_.data(), new ceres::SphereManifold<ceres::DYNAMIC>(static_cast<int>(dims_)));
    }
    if (s.real_low.empty()) return;
    for (std::size_t k = 0; k < dims_; ++k) {
      const auto [values, offset] = place(k);
      held_[k] = s.real_low[k] == s.real_high[k];
      if (held_[k] || !problem.HasParameterBlock(values)) continue;
      if (std::isfinite(s.real_low[k])) problem.SetParameterLowerBound(values, offset, s.real_low[k]);
      if (std::isfinite(s.real_high[k])) problem.SetParameterUpperBound(values, offset, s.real_high[k]);
    }
  }

  // The block of a coordinate, and its place there.
  std::pair<double*, int> place(std::size_t k) {
    const std::size_t first = blocks_.first(blocks_.of(static_cast<int>(k)));
    return {x_.data() + first, static_cast<int>(blocks_.place(static_cast<int>(k)) - first)};
  }

  // Marks what the slope presses against its bound; false when nothing changes.
  bool hold_at_bounds() {
    const Structure& s = *structure_->structure;
    if (s.real_low.empty()) return false;
    PrepareForEvaluation(true, true);
    std::vector<double> slope(dims_);  // in the order of x_
    for (const GroupAt& g : groups_) g.add_slope(slope);
    bool changed = false;
    for (std::size_t k = 0; k < dims_; ++k) {
      const std::size_t at = blocks_.place(static_cast<int>(k));
      const double near = 1e-12 * (1 + std::abs(x_[at]));
      const bool hold = s.real_low[k] == s.real_high[k] ||
                        (x_[at] <= s.real_low[k] + near && slope[at] > 0) ||
                        (x_[at] >= s.real_high[k] - near && slope[at] < 0);
      changed |= hold != (held_[k] != 0);
      held_[k] = hold;
    }
    return changed;
  }

  void hold(ceres::Problem& problem) {
    if (structure_->structure->real_low.empty()) return;
    std::vector<std::vector<int> > held(static_cast<std::size_t>(blocks_.count()));
    for (std::size_t k = 0; k < dims_; ++k)
      if (held_[k])
        held[static_cast<std::size_t>(blocks_.of(static_cast<int>(k)))].push_back(place(k).second);
    for (int block = 0; block < blocks_.count(); ++block) {
      const auto& which = held[static_cast<std::size_t>(block)];
      double* const values = x_.data() + blocks_.first(block);
      if (!problem.HasParameterBlock(values)) continue;
      if (static_cast<int>(which.size()) == blocks_.size(block)) {
        problem.SetParameterBlockConstant(values);
        continue;
      }
      problem.SetParameterBlockVariable(values);
      problem.SetManifold(values,
                          which.empty() ? nullptr : new ceres::SubsetManifold(blocks_.size(block), which));
    }
  }

  const Real* w_;
  int sample_;
  const ResidualPlan::OfStructure* structure_;
  std::size_t dims_;
  Blocks blocks_;
  std::vector<double> x_;   // block after block
  std::vector<char> held_;  // [dims] 1 where a bound holds a coordinate
  std::vector<GroupAt> groups_;
  std::deque<RowFunction> functions_;  // which stay where they are
  std::vector<std::unique_ptr<ceres::LossFunction> > losses_;
  bool derived_ = false;
};

}  // namespace

bool infer::has_ceres() { return true; }

void infer::LeastSquares::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  if (iterations < 1 || !(tolerance >= 0))
    throw GraphError(message("[", kEngine, "] iterations are ", iterations, " and the tolerance ", tolerance,
                             "; they must be at least 1 and 0"));
  ResidualPlan plan;
  plan.assign(b, q, kEngine);
  Pieces pieces;
  pieces.assign(b, q, LabelMode::none, 1, 0, kEngine);
  const auto d = static_cast<std::size_t>(plan.dims());
  const std::size_t n = pieces.all().size();
  std::vector<double> x(n * d), energy(n), constants(static_cast<std::size_t>(b.samples()));
  std::vector<Report> reports(n);
  for (std::size_t p = 0; p < n; ++p) {
    const auto at = std::span(x).subspan(p * d, d);
    const Piece& piece = pieces.all()[p];
    if (piece.clamped)
      std::ranges::copy(b.sample(piece.sample).truth.reals, at.begin());
    else
      Starts(from).place(b, piece.sample, 0, kEngine, at);
  }
  parallel_for(n, [&](std::size_t p) {
    const auto at = std::span(x).subspan(p * d, d);
    const Piece& piece = pieces.all()[p];
    OneSample one(b, plan, piece.sample);
    if (piece.clamped) {
      energy[p] = one.energy(at);
      return;
    }
    reports[p] = one.solve(*this, at, energy[p]);
  });
  plan.constants(b, constants);
  for (std::size_t p = 0; p < n; ++p)
    energy[p] += constants[static_cast<std::size_t>(pieces.all()[p].sample)];
  answer_from_searches(b, q, pieces, x, energy, reports, Method::least_squares, watch, out);
}

#endif

}  // namespace EBM_PRECISION
}  // namespace ebm
