// The structure decides the engine.

#include "answering.hpp"
#include "closed_form.hpp"
#include "ebm/inference/discrete.hpp"
#include "ebm/inference/message_passing.hpp"
#include "ebm/inference/reals.hpp"
#include "ebm/inference/search.hpp"
#include "real_domain.hpp"
#include "residual_plan.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// What the graphs of a batch with a real variable have in common.
struct Common {
  bool labels = false;                // some graph has label variables
  bool residuals = true;              // all show residuals
  bool few = true;                    // all have one to three dimensions, in bounds
  int dims = 0;                       // the most of any
  const Structure* widest = nullptr;  // one that is not `few`, if any

  explicit Common(const Batch& b) {
    const Structure* last = nullptr;
    for (int i = 0; i < b.samples(); ++i) {
      const Structure& s = *b.sample(i).structure;
      if (&s == last) continue;
      last = &s;
      if (s.has_path || s.real_dims == 0)
        throw GraphError(message("[automatic] ",
                                 s.has_path ? message("'", s.path_name, "' is a path beside a real variable")
                                            : message("sample ", i, " has no real variable, others do"),
                                 ", and no engine covers both; batch them apart"));
      labels |= s.label_variables > 0;
      residuals &= ResidualPlan::covers(b.schema(), s);
      dims = std::max(dims, s.real_dims);
      bool bounded = s.real_dims <= 3 && s.real_manifold != Manifold::sphere;
      for (int d = 0; d < s.real_dims && bounded; ++d) {
        const auto [low, high] = RealDomain(s).range(static_cast<std::size_t>(d));
        bounded = std::isfinite(low) && std::isfinite(high);
      }
      if (!bounded) few = false, widest = &s;
    }
  }
};

// Points a dimension: some hundreds in one, thousands in all.
infer::Grid grid_for(int dims) { return {.points = dims == 1 ? 201 : dims == 2 ? 41 : 15}; }

// The lowest point of a grid, then descent from there.
void polish(Batch& b, Query q, const infer::Grid& grid, Answer& out) {
  const bool answers = q.answers, weights = q.weights;
  q.answers = true;
  q.weights = false;
  grid.answer(b, q, out);
  infer::GradientDescent descent{.restarts = 1, .exclude = grid.exclude};
  const auto dims = static_cast<std::size_t>(b.samples() ? b.sample(0).structure->real_dims : 0);
  descent.start.assign(out.reals.begin(), out.reals.end());
  for (int i = 0; i < b.samples(); ++i)  // rounded to Real, a bound may lie outside itself
    RealDomain(*b.sample(i).structure)
        .retract(std::span(descent.start).subspan(static_cast<std::size_t>(i) * dims, dims));
  std::vector<double> highest = std::move(out.highest);
  q.answers = answers;
  q.weights = weights;
  descent.answer(b, q, out);
  out.highest = std::move(highest);
}

Why answer_reals(Batch& b, const Query& q, Answer& out) {
  const Common all(b);
  if (q.beta != kInf) {
    if (!all.few)
      throw GraphError(
          message("[automatic] no engine sums over '", all.widest->real_name, "' of ", all.widest->real_dims,
                  all.widest->real_dims == 1 ? " dimension" : " dimensions",
                  all.widest->real_dims <= 3 ? " without bounds" : "", "; ",
                  all.labels ? "ask infer::Nested, which sums over labels, each at its best reals"
                             : "ask infer::AnnealedImportance, which estimates the free energy"));
    grid_for(all.dims).answer(b, q, out);
    return Why::few_dimensions;
  }
  if (all.labels) {
    infer::Nested(infer::Exhaustive{}, infer::GradientDescent{}).answer(b, q, out);
    return Why::labels_beside_reals;
  }
  if (all.residuals && q.over != Over::others) {
    if (all.dims <= infer::LevenbergMarquardt::kMostDims) {
      infer::LevenbergMarquardt{.restarts = 4}.answer(b, q, out);
      return Why::residual_factors;
    }
    if (infer::has_ceres()) {
      infer::LeastSquares{}.answer(b, q, out);
      return Why::residual_factors;
    }
  }
  if (all.few) {
    polish(b, q, grid_for(all.dims), out);
    return Why::few_dimensions;
  }
  infer::GradientDescent{}.answer(b, q, out);
  return Why::smooth;
}

}  // namespace

void infer::Automatic::answer(Batch& b, const Query& q, Answer& out) const {
  bool paths = true, single = true, chains = true, reals = false, none = true;
  for (int i = 0; i < b.samples(); ++i) {
    const Structure& s = *b.sample(i).structure;
    paths &= s.has_path && s.label_variables == 0;
    single &= !s.has_path && s.label_variables <= 1;
    chains &= !s.has_path && s.chain != nullptr;
    reals |= s.real_dims > 0;
    none &= !s.has_path && s.label_variables == 0 && s.real_dims == 0;
  }
  Why why = Why::asked;
  if (reals && has_closed_form(b, q)) {
    why = Why::closed_form;
    ClosedForm{}.answer(b, q, out);
  } else if (reals) {
    why = answer_reals(b, q, out);
  } else if (paths) {
    why = Why::path_variable;
    ForwardBackward{}.answer(b, q, out);
  } else if (single) {
    why = none ? Why::no_variable : Why::single_variable;
    Exhaustive{}.answer(b, q, out);
  } else if (chains) {
    why = Why::chain_structure;
    SumProduct{}.answer(b, q, out);
  } else {
    // What is too wide is searched, for so long at the most that a step of training has an end; sums are
    // passed around. A junction tree refuses the rest by its size.
    constexpr double kBranches = 2000;
    const bool wide =
        q.over != Over::others && q.steps == 0 && !has_low_treewidth(b, q, JunctionTree{}.memory);
    why = wide ? Why::loopy : Why::low_treewidth;
    if (!wide)
      JunctionTree{}.answer(b, q, out);
    else if (q.beta == kInf)
      BranchAndBound{.branches = kBranches}.answer(b, q, out);
    else
      Loopy{}.answer(b, q, out);
  }
  out.report.asked = Method::automatic;
  if (out.report.why != Why::unbounded) out.report.why = why;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
