// Levenberg-Marquardt on many small problems at once. Samples are cut into pieces of a fixed number of
// starts; in a piece every factor function is evaluated once an iteration, over the rows of all starts that
// still move.

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "answering.hpp"
#include "ebm/core/pool.hpp"
#include "normal_equations.hpp"
#include "points.hpp"
#include "residual_plan.hpp"
#include "starts.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using infer::LevenbergMarquardt;

constexpr std::string_view kEngine = "levenberg_marquardt";
constexpr std::size_t kPiece = 64;  // starts that one thread works on together

// One start on its way. Where it stands, and the model there, lie in Piece by its number.
struct Walk {
  int sample = 0, start = 0;
  bool clamped = false, begun = false, converged = false;
  double energy = kInf, trial_energy = kInf;
  double damping = 0, growth = 2;  // of the damping, when a step is refused
  double predicted = 0;            // fall of the energy by the step to the trial
  int iterations = 0;
};

// Rows of one factor function over a piece.
struct FunctionRows {
  const ResidualPlan::Group* group = nullptr;  // one of those that use it
  int rows = 0;
  bool derived = false;
  std::array<std::vector<double>, kMaxInputs> in, jacobian;
  std::array<bool, kMaxInputs> wanted{};
  std::vector<double> r;
};

// Where the rows of one group of one start lie.
struct Place {
  const ResidualPlan::Group* group;
  int function, first_row;
};

// All memory of a thread.
struct Memory {
  std::vector<FunctionRows> functions;
  std::vector<Place> places;  // of all that are active, in order
  std::vector<int> active;    // walks of the piece
  std::vector<double> h, g, trial_h, trial_g, trial, step, factor;
};

struct Problem {
  Batch& b;
  const LevenbergMarquardt& o;
  const ResidualPlan& plan;
  std::size_t dims, functions;
};

class PieceOfWork {
 public:
  PieceOfWork(const Problem& p, std::span<Walk> walks, std::span<double> x, Memory& m)
      : p_(p), d_(p.dims), walks_(walks), x_(x), m_(m) {}

  void run() {
    const std::size_t n = walks_.size();
    m_.functions.resize(std::max(m_.functions.size(), p_.functions));
    for (auto* v : {&m_.g, &m_.trial_g, &m_.trial, &m_.step}) v->assign(n * d_, 0.0);
    for (auto* v : {&m_.h, &m_.trial_h}) v->assign(n * d_ * d_, 0.0);
    m_.factor.resize(d_ * (d_ + 1));
    std::ranges::copy(x_, m_.trial.begin());
    m_.active.resize(n);
    for (std::size_t w = 0; w < n; ++w) m_.active[w] = static_cast<int>(w);
    lay_out();
    while (!m_.active.empty()) {
      evaluate();
      const std::size_t before = m_.active.size();
      std::erase_if(m_.active, [&](int w) { return !advance(static_cast<std::size_t>(w)); });
      if (m_.active.size() != before) lay_out();
    }
  }

 private:
  std::span<double> at(std::vector<double>& all, std::size_t w) const {
    return std::span(all).subspan(w * d_, d_);
  }
  const ResidualPlan::OfStructure& structure(const Walk& w) const { return p_.plan.of(p_.b, w.sample); }

  // Gives every group of every active start its rows, and reads the data once.
  void lay_out() {
    for (FunctionRows& f : m_.functions) f.rows = 0, f.derived = false, f.wanted.fill(false);
    m_.places.clear();
    for (const int w : m_.active)
      for (const ResidualPlan::Group& g : p_.plan.groups(structure(walks_[static_cast<std::size_t>(w)]))) {
        FunctionRows& f = m_.functions[static_cast<std::size_t>(g.function)];
        m_.places.push_back({&g, g.function, f.rows});
        f.group = &g;
        f.rows += g.instances;
        const auto inputs = p_.plan.inputs(g);
        for (std::size_t k = 0; k < inputs.size(); ++k) f.wanted[k] |= inputs[k].slice != nullptr;
      }
    for (FunctionRows& f : m_.functions) {
      if (f.rows == 0) continue;
      const auto rows = static_cast<std::size_t>(f.rows),
                 residuals = static_cast<std::size_t>(f.group->residuals);
      const auto grow = [](std::vector<double>& v, std::size_t size) {
        if (v.size() < size) v.resize(size);
      };
      grow(f.r, rows * residuals);
      const auto widths = p_.plan.widths(*f.group);
      for (std::size_t k = 0; k < widths.size(); ++k) {
        grow(f.in[k], rows * static_cast<std::size_t>(widths[k]));
        if (f.wanted[k]) grow(f.jacobian[k], rows * residuals * static_cast<std::size_t>(widths[k]));
      }
    }
    each_place([&](const Walk& walk, std::size_t, const Place& place) {
      const auto inputs = p_.plan.inputs(*place.group);
      FunctionRows& f = m_.functions[static_cast<std::size_t>(place.function)];
      for (std::size_t k = 0; k < inputs.size(); ++k)
        if (!inputs[k].slice)
          ResidualPlan::read_data(
              p_.b, walk.sample, inputs[k], place.group->instances,
              f.in[k].data() + static_cast<std::ptrdiff_t>(place.first_row) * inputs[k].columns);
    });
  }

  template <class Visit>
  void each_place(const Visit& visit) {
    std::size_t next = 0;
    for (const int w : m_.active) {
      const Walk& walk = walks_[static_cast<std::size_t>(w)];
      const auto groups = static_cast<std::size_t>(structure(walk).groups);
      for (std::size_t k = 0; k < groups; ++k, ++next)
        visit(walk, static_cast<std::size_t>(w), m_.places[next]);
    }
  }

  // Residuals and Jacobians at the trial points of all that still move, then energy, slope and normal matrix
  // of each.
  void evaluate() {
    each_place([&](const Walk&, std::size_t w, const Place& place) {
      const auto inputs = p_.plan.inputs(*place.group);
      FunctionRows& f = m_.functions[static_cast<std::size_t>(place.function)];
      const double* x = m_.trial.data() + w * d_;
      for (std::size_t k = 0; k < inputs.size(); ++k) {
        if (!inputs[k].slice) continue;
        double* to = f.in[k].data() + static_cast<std::ptrdiff_t>(place.first_row) * inputs[k].columns;
        for (int i = 0; i < place.group->instances; ++i) {
          const int* coordinate = inputs[k].of_instance(i);
          for (int c = 0; c < inputs[k].columns; ++c) *to++ = x[coordinate[c]];
        }
      }
    });
    for (FunctionRows& f : m_.functions) {
      if (f.rows == 0) continue;
      std::array<const double*, kMaxInputs> in{};
      std::array<double*, kMaxInputs> jacobian{};
      const auto widths = p_.plan.widths(*f.group);
      for (std::size_t k = 0; k < widths.size(); ++k) {
        in[k] = f.in[k].data();
        if (f.wanted[k]) jacobian[k] = f.jacobian[k].data();
      }
      f.group->factor->residuals({f.rows, p_.b.schema().params().data(), {in.data(), widths.size()}, widths},
                                 {f.r.data(), {jacobian.data(), widths.size()}});
    }
    for (const int w : m_.active) {
      Walk& walk = walks_[static_cast<std::size_t>(w)];
      walk.trial_energy = 0;
      std::ranges::fill(at(m_.trial_g, static_cast<std::size_t>(w)), 0.0);
      std::fill_n(m_.trial_h.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(w) * d_ * d_),
                  d_ * d_, 0.0);
    }
    each_place([&](const Walk& walk, std::size_t w, const Place& place) {
      add_rows(const_cast<Walk&>(walk), w, place);
    });
  }

  void add_rows(Walk& walk, std::size_t w, const Place& place) {
    const ResidualPlan::Group& g = *place.group;
    const auto inputs = p_.plan.inputs(g);
    const FunctionRows& f = m_.functions[static_cast<std::size_t>(place.function)];
    const auto count = static_cast<std::size_t>(g.residuals);
    NormalEquations sum{d_, m_.trial_h.data() + w * d_ * d_, m_.trial_g.data() + w * d_};
    std::array<JacobianPart, kMaxInputs> parts{};
    for (int i = 0; i < g.instances; ++i) {
      const std::size_t row = static_cast<std::size_t>(place.first_row + i);
      const double* r = f.r.data() + row * count;
      double s = 0;
      for (std::size_t k = 0; k < count; ++k) s += r[k] * r[k];
      const Robust::At rho = g.robust(s);
      walk.trial_energy += rho.value / 2;
      std::size_t used = 0;
      for (std::size_t k = 0; k < inputs.size(); ++k)
        if (inputs[k].slice)
          parts[used++] = {f.jacobian[k].data() + row * count * static_cast<std::size_t>(inputs[k].columns),
                           inputs[k].of_instance(i), inputs[k].columns};
      sum.add({parts.data(), used}, r, g.residuals, rho.slope);
    }
  }

  // Judges the trial and takes the next step; false when this start has ended.
  bool advance(std::size_t w) {
    Walk& walk = walks_[w];
    const auto x = x_.subspan(w * d_, d_);
    const auto trial = at(m_.trial, w), step = at(m_.step, w);
    if (!walk.begun) {
      if (!std::isfinite(walk.trial_energy)) {
        if (walk.start == 0) name_non_finite(w);
        return false;  // a random start where there is no energy: the others go on
      }
      take(w);
      walk.begun = true;
      if (walk.clamped) {
        walk.converged = true;
        return false;
      }
    } else {
      ++walk.iterations;
      const double fall = walk.energy - walk.trial_energy, ratio = fall / walk.predicted;
      if (std::isfinite(walk.trial_energy) && ratio > 1e-3) {
        take(w);
        // Nielsen 1999: the better the model, the less damping.
        walk.damping *= std::max(1.0 / 3, 1 - (2 * ratio - 1) * (2 * ratio - 1) * (2 * ratio - 1));
        walk.growth = 2;
      } else {
        walk.damping *= walk.growth;
        walk.growth *= 2;
      }
    }
    const NormalEquations here{d_, m_.h.data() + w * d_ * d_, m_.g.data() + w * d_};
    // Below 1e-14 of it a fall of the energy is lost in rounding.
    const double least = std::max(p_.o.tolerance, 1e-14) * (walk.energy + 1e-6);
    // Rounding may leave the matrix indefinite, and a step cut short by the bounds may lead up.
    for (;; ++walk.iterations, walk.damping *= walk.growth, walk.growth *= 2) {
      if (walk.iterations >= p_.o.iterations || walk.damping > 1e32) return false;
      if (!here.step(*structure(walk).structure, x, walk.damping, m_.factor, step, trial)) continue;
      walk.predicted = here.fall(step);
      if (walk.predicted >= -least) break;
    }
    if (walk.predicted <= least) {
      if (walk.damping <= 1) {
        if (walk.predicted > 0) {
          std::ranges::copy(trial, x.begin());
          walk.energy = std::max(0.0, walk.energy - walk.predicted);
        }
        walk.converged = true;
        return false;
      }
      // So damped that nothing moves: the model is wrong here, or this is a kink.
      double moved = 0, size = 1;
      for (std::size_t k = 0; k < d_; ++k) {
        moved = std::max(moved, std::abs(trial[k] - x[k]));
        size = std::max(size, std::abs(x[k]));
      }
      if (moved <= 1e-14 * size) return false;
    }
    return true;
  }

  void take(std::size_t w) {
    Walk& walk = walks_[w];
    walk.energy = walk.trial_energy;
    std::ranges::copy(at(m_.trial, w), x_.begin() + static_cast<std::ptrdiff_t>(w * d_));
    std::ranges::copy(at(m_.trial_g, w), at(m_.g, w).begin());
    const auto h = static_cast<std::ptrdiff_t>(w * d_ * d_);
    std::copy_n(m_.trial_h.begin() + h, d_ * d_, m_.h.begin() + h);
  }

  [[noreturn]] void name_non_finite(std::size_t w) {
    std::string_view name;
    each_place([&](const Walk&, std::size_t at, const Place& place) {
      if (at != w || !name.empty()) return;
      const FunctionRows& f = m_.functions[static_cast<std::size_t>(place.function)];
      const auto count = static_cast<std::size_t>(place.group->residuals);
      const std::size_t first = static_cast<std::size_t>(place.first_row) * count;
      for (std::size_t k = 0; k < static_cast<std::size_t>(place.group->instances) * count; ++k)
        if (!std::isfinite(f.r[first + k])) name = place.group->name;
    });
    refuse_non_finite(kEngine, name, walks_[w].sample);
  }

  const Problem& p_;
  std::size_t d_;
  std::span<Walk> walks_;
  std::span<double> x_;
  Memory& m_;
};

void check(const LevenbergMarquardt& o, int dims, const std::string& name) {
  const auto refuse = [](const char* what, double value, const char* want) {
    throw GraphError(message("[", kEngine, "] ", what, " is ", value, "; it must be ", want));
  };
  if (o.iterations < 1) refuse("iterations", o.iterations, "at least 1");
  if (!(o.tolerance >= 0)) refuse("tolerance", o.tolerance, "at least 0");
  if (!(o.damping > 0)) refuse("damping", o.damping, "above 0");
  if (o.restarts < 1) refuse("restarts", o.restarts, "at least 1");
  if (!(o.from.low <= o.from.high)) refuse("low", o.from.low, "at most high");
  if (dims > LevenbergMarquardt::kMostDims)
    throw GraphError(message("[", kEngine, "] '", name, "' has ", dims, " dimensions, more than ",
                             LevenbergMarquardt::kMostDims, "; use infer::LeastSquares"));
}

// What a query needs beside the memory of the threads; kept from call to call.
struct Search {
  ResidualPlan plan;
  Pieces pieces;
  std::vector<Walk> walks;
  std::vector<double> x, constants;
  std::vector<Found> found;
};

}  // namespace

void LevenbergMarquardt::answer(Batch& b, const Query& q, Answer& out) const {
  const Stopwatch watch;
  Kept<Search> kept;
  Search& s = *kept;
  s.plan.assign(b, q, kEngine);
  s.pieces.assign(b, q, LabelMode::none, 1, 0, kEngine);
  const auto d = static_cast<std::size_t>(s.plan.dims());
  check(*this, s.plan.dims(), b.samples() ? b.sample(0).structure->real_name : "");
  s.walks.clear();
  s.x.clear();
  for (const Piece& piece : s.pieces.all())
    for (int k = 0; k < (piece.clamped ? 1 : restarts); ++k) {
      s.walks.push_back({.sample = piece.sample, .start = k, .clamped = piece.clamped, .damping = damping});
      s.x.resize(s.x.size() + d);
      const auto x = std::span(s.x).last(d);
      if (piece.clamped)
        std::ranges::copy(b.sample(piece.sample).truth.reals, x.begin());
      else
        Starts(from).place(b, piece.sample, k, kEngine, x);
    }
  const Problem problem{b, *this, s.plan, d, b.schema().functions().size()};
  parallel_for((s.walks.size() + kPiece - 1) / kPiece, [&](std::size_t i) {
    thread_local Memory memory;  // nothing below waits, so no other piece is begun meanwhile
    const std::size_t first = i * kPiece, count = std::min(kPiece, s.walks.size() - first);
    PieceOfWork(problem, std::span(s.walks).subspan(first, count),
                std::span(s.x).subspan(first * d, count * d), memory)
        .run();
  });
  s.constants.resize(static_cast<std::size_t>(b.samples()));
  s.plan.constants(b, s.constants);
  s.found.clear();
  Report report{.exactness = Exactness::approximate,
                .iterations = 0,
                .asked = Method::levenberg_marquardt,
                .used = Method::levenberg_marquardt,
                .why = Why::asked};
  for (std::size_t w = 0, last = 0, piece = 0; w < s.walks.size(); w = last, ++piece) {
    std::size_t best = w;
    for (last = w; last < s.walks.size() && s.walks[last].sample == s.walks[w].sample; ++last) {
      if (s.walks[last].energy < s.walks[best].energy) best = last;
      report.iterations = std::max(report.iterations, s.walks[last].iterations);
    }
    const Walk& walk = s.walks[best];
    s.found.push_back({static_cast<int>(piece),
                       walk.energy + s.constants[static_cast<std::size_t>(walk.sample)], 0,
                       std::span(s.x).subspan(best * d, d)});
    report.converged &= walk.converged;
    if (!walk.converged) report.residual = std::max(report.residual, walk.predicted);
  }
  answer_from(b, q, s.pieces, s.found, out);
  report.seconds = watch.seconds();
  out.report = report;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
