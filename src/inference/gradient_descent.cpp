// Descent of many points at once; nested and alternating searches are the same descent over other pieces.

#include <algorithm>
#include <cmath>

#include "answering.hpp"
#include "ebm/inference/reals.hpp"
#include "points.hpp"
#include "starts.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

using infer::GradientDescent;

void check(const GradientDescent& o, std::string_view engine) {
  const auto refuse = [&](const char* what, double value, const char* want) {
    throw GraphError(message("[", engine, "] ", what, " is ", value, "; it must be ", want));
  };
  if (o.steps < 1) refuse("steps", o.steps, "at least 1");
  if (!(o.rate > 0) || !std::isfinite(o.rate)) refuse("rate", o.rate, "above 0");
  if (!(o.momentum >= 0 && o.momentum < 1)) refuse("momentum", o.momentum, "in [0, 1)");
  if (!(o.tolerance >= 0)) refuse("tolerance", o.tolerance, "at least 0");
  if (o.restarts < 1) refuse("restarts", o.restarts, "at least 1");
  if (!(o.exclude >= 0)) refuse("exclude", o.exclude, "at least 0");
  if (!(o.low <= o.high)) refuse("low", o.low, "at most high");
}

// One start on its way.
struct Walk {
  int piece = 0, joint = 0;
  double first = -kInf;                          // energy of the start
  double energy = kInf, step = 0, moved = kInf;  // moved: by a unit step along the slope
  bool begun = false, done = false, unbounded = false;
  bool broken = false;  // it met a NaN, or the forbidden: where it is was not searched for
};

// All memory of a search, kept from call to call.
struct Memory {
  Pieces pieces;
  std::vector<Walk> walks;
  std::vector<double> x, trial, slope, velocity, before;  // [walks, dims]
  std::vector<std::size_t> active;
  std::vector<int> of, joint, fixed;
  std::vector<double> energy, unit;
  std::vector<Real> weights, trial_slope;
  std::vector<Found> found;
  Points points;
};

class Descent {
 public:
  Descent(Batch& b, const GradientDescent& o, const Query& q, LabelMode mode, double limit,
          std::string_view engine)
      : b_(b), o_(o), engine_(engine) {
    check(o, engine);
    m_.pieces.assign(b, q, mode, limit, o.exclude, engine);
    dims_ = b.samples() ? static_cast<std::size_t>(b.sample(0).structure->real_dims) : 0;
    start();
  }

  void start() {
    m_.walks.clear();
    m_.x.clear();
    for (std::size_t p = 0; p < m_.pieces.all().size(); ++p) {
      const Piece& piece = m_.pieces.all()[p];
      const Sample& s = b_.sample(piece.sample);
      if (static_cast<std::size_t>(s.structure->real_dims) != dims_)
        throw GraphError(message("[", engine_, "] '", s.structure->real_name, "' has ",
                                 s.structure->real_dims, " dimensions in one sample and ", dims_,
                                 " in another; batch them apart"));
      for (int k = 0; k < (piece.clamped ? 1 : o_.restarts); ++k) {
        Walk& w = m_.walks.emplace_back();
        w.piece = static_cast<int>(p);
        m_.x.resize(m_.x.size() + dims_);
        place(piece, k, std::span(m_.x).last(dims_));
      }
    }
    m_.trial = m_.x;
    m_.slope.assign(m_.x.size(), 0.0);
    m_.before.assign(m_.x.size(), 0.0);
    m_.velocity.assign(m_.x.size(), 0.0);
  }

  // Up to `steps` iterations of all that still move.
  void go(int steps) {
    for (Walk& w : m_.walks) {
      w.begun = false;
      w.done = false;
      w.step = o_.rate;
    }
    std::ranges::fill(m_.velocity, 0.0);
    m_.trial = m_.x;
    for (int k = 0; k <= steps && evaluate(); ++k) {
      ++iterations_;
      for (std::size_t item = 0; item < m_.active.size(); ++item) advance(m_.active[item], item, k == steps);
    }
  }

  // The best joint label at where each stands, and stays; true when one changed.
  bool choose_labels() {
    m_.active.clear();
    for (std::size_t w = 0; w < m_.walks.size(); ++w) m_.active.push_back(w);
    m_.trial = m_.x;
    gather();
    b_.forward(m_.points);
    m_.pieces.energies(b_, m_.of, m_.energy, m_.joint);
    const bool changed = !fixed_ || m_.fixed != m_.joint;
    m_.fixed = m_.joint;
    fixed_ = true;
    for (std::size_t w = 0; w < m_.walks.size(); ++w) {
      m_.walks[w].joint = m_.joint[w];
      m_.walks[w].energy = m_.energy[w];
    }
    return changed;
  }

  void answer(const Query& q, Method method, Answer& out) {
    m_.found.clear();
    double moved = 0;
    bool converged = true, unbounded = false;
    for (std::size_t w = 0, last = 0; w < m_.walks.size(); w = last) {
      std::size_t best = w;
      for (last = w; last < m_.walks.size() && m_.walks[last].piece == m_.walks[w].piece; ++last)
        if (m_.walks[last].energy < m_.walks[best].energy || std::isnan(m_.walks[last].energy)) best = last;
      const Walk& walk = m_.walks[best];
      m_.found.push_back({walk.piece, walk.energy, walk.joint, at(m_.x, best)});
      converged &= walk.done && !walk.unbounded && !walk.broken;
      unbounded |= walk.unbounded;
      if (!walk.done) moved = std::max(moved, walk.moved);
    }
    answer_from(b_, q, m_.pieces, m_.found, out);
    if (o_.restarts > 1) {  // a single place says nothing of how high the energy is elsewhere
      out.highest.assign(static_cast<std::size_t>(b_.samples()), -kInf);
      for (const Walk& w : m_.walks) {
        double& high =
            out.highest[static_cast<std::size_t>(m_.pieces.all()[static_cast<std::size_t>(w.piece)].sample)];
        high = std::max(high, w.first);
      }
    }
    out.report = {.converged = converged,
                  .exactness = Exactness::approximate,
                  .iterations = iterations_,
                  .residual = moved,
                  .seconds = watch_.seconds(),
                  .asked = method,
                  .used = method,
                  .why = unbounded ? Why::unbounded : Why::asked};
  }

 private:
  std::span<double> at(std::vector<double>& all, std::size_t w) const {
    return std::span(all).subspan(w * dims_, dims_);
  }

  void place(const Piece& piece, int k, std::span<double> x) const {
    const Sample& s = b_.sample(piece.sample);
    if (piece.clamped) {
      std::ranges::copy(s.truth.reals, x.begin());
      return;
    }
    Starts(o_.start, o_.low, o_.high, o_.seed).place(b_, piece.sample, k, engine_, x);
    keep_out(s, piece, x);
  }

  void keep_out(const Sample& s, const Piece& piece, std::span<double> x) const {
    if (!piece.ball) return;
    thread_local std::vector<double> centre;
    centre.assign(s.truth.reals.begin(), s.truth.reals.end());
    RealDomain(*s.structure).leave_ball(centre, o_.exclude, x);
  }

  void gather() {
    m_.points.clear();
    m_.points.dims = static_cast<int>(dims_);
    m_.of.clear();
    for (const std::size_t w : m_.active) {
      m_.points.sample.push_back(m_.pieces.all()[static_cast<std::size_t>(m_.walks[w].piece)].sample);
      m_.of.push_back(m_.walks[w].piece);
      for (const double v : at(m_.trial, w)) m_.points.values.push_back(static_cast<Real>(v));
    }
    m_.energy.resize(m_.active.size());
    m_.joint.resize(m_.active.size());
  }

  // Energies and slopes at the trial points of all that still move; false when none does.
  bool evaluate() {
    m_.active.clear();
    for (std::size_t w = 0; w < m_.walks.size(); ++w)
      if (!m_.walks[w].done) m_.active.push_back(w);
    if (m_.active.empty()) return false;
    gather();
    b_.forward(m_.points, true);
    m_.pieces.energies(b_, m_.of, m_.energy, m_.joint);
    m_.weights.assign(b_.weights(), Real(0));
    for (std::size_t item = 0; item < m_.active.size(); ++item) {
      const int i = static_cast<int>(item);
      const JointLabels& labels = m_.pieces.joint(b_, m_.points.sample[item]);
      if (fixed_) {
        m_.joint[item] = m_.fixed[m_.active[item]];
        m_.energy[item] = labels.energy(b_, i, m_.joint[item]);
      }
      labels.give(b_, i, m_.joint[item], 1,
                  std::span(m_.weights).subspan(b_.weights_of(i), b_.weights_of(i + 1) - b_.weights_of(i)));
    }
    m_.trial_slope.resize(m_.points.values.size());
    b_.slopes_at_points(m_.weights, m_.trial_slope);
    return true;
  }

  void advance(std::size_t w, std::size_t item, bool last) {
    Walk& walk = m_.walks[w];
    const Piece& piece = m_.pieces.all()[static_cast<std::size_t>(walk.piece)];
    const Sample& s = b_.sample(piece.sample);
    const RealDomain domain(*s.structure);
    const auto x = at(m_.x, w), trial = at(m_.trial, w), g = at(m_.slope, w), v = at(m_.velocity, w),
               before = at(m_.before, w);
    const double e = m_.energy[item];
    bool accept = !walk.begun || !o_.line_search;
    if (walk.begun && o_.line_search) {
      double fall = 0;  // expected along the slope
      for (std::size_t d = 0; d < dims_; ++d) fall += g[d] * (x[d] - trial[d]);
      accept = e < walk.energy && e <= walk.energy - 1e-4 * std::max(0.0, fall);
    }
    if (std::isnan(e)) {  // the answer, so that whoever asked can name the factor
      std::ranges::copy(trial, x.begin());
      walk.energy = e;
      walk.done = walk.broken = true;
      return;
    }
    if (walk.begun && !o_.line_search && e == kInf) {  // nothing is worth leaving a possible point for
      walk.done = walk.broken = true;
      return;
    }
    if (!walk.begun && walk.first == -kInf && e < kInf) walk.first = e;
    if (accept) {
      double ss = 0, sy = 0;
      for (std::size_t d = 0; d < dims_; ++d) before[d] = g[d];
      for (std::size_t d = 0; d < dims_; ++d) g[d] = static_cast<double>(m_.trial_slope[item * dims_ + d]);
      domain.to_tangent(trial, g);
      if (walk.begun)
        for (std::size_t d = 0; d < dims_; ++d) {
          const double move = trial[d] - x[d];
          v[d] = move;
          ss += move * move;
          sy += move * (g[d] - before[d]);
        }
      if (walk.begun && o_.line_search)
        walk.step = sy > 1e-12 * ss ? std::clamp(ss / sy, walk.step / 10, walk.step * 10) : walk.step * 2;
      std::ranges::copy(trial, x.begin());
      walk.energy = e;
      walk.joint = m_.joint[item];
      walk.begun = true;
    } else {
      walk.step /= 4;
      std::ranges::fill(v, 0.0);
    }
    if (piece.clamped || walk.energy == kInf) {
      walk.done = true;
      walk.broken = walk.energy == kInf && !piece.clamped;
      return;
    }
    double largest = 0, size = 1;
    for (std::size_t d = 0; d < dims_; ++d) {
      size = std::max(size, std::abs(x[d]));
      largest = std::max(largest, std::abs(g[d]));
    }
    walk.unbounded = walk.energy < o_.floor || size > 1e12;
    // How far a unit step along the slope would get, inside what is allowed.
    for (std::size_t d = 0; d < dims_; ++d) trial[d] = x[d] - g[d];
    domain.retract(trial);
    keep_out(s, piece, trial);
    walk.moved = domain.distance(trial, x);
    constexpr double kResolution = sizeof(Real) == 4 ? 1e-7 : 1e-14;
    const bool stuck = o_.line_search && walk.step * largest < kResolution * size;  // a kink, or rounding
    walk.done = walk.unbounded || walk.moved <= o_.tolerance || stuck;
    if (walk.done || last) return;
    for (std::size_t d = 0; d < dims_; ++d) trial[d] = x[d] + o_.momentum * v[d] - walk.step * g[d];
    domain.retract(trial);
    keep_out(s, piece, trial);
  }

  Kept<Memory> kept_;
  Memory& m_ = *kept_;
  Batch& b_;
  const GradientDescent& o_;
  std::string_view engine_;
  std::size_t dims_ = 0;
  bool fixed_ = false;  // labels stay as chosen last
  int iterations_ = 0;
  Stopwatch watch_;
};

void search(Batch& b, const Query& q, const GradientDescent& o, LabelMode mode, double limit,
            std::string_view engine, Method method, Answer& out) {
  Descent descent(b, o, q, mode, limit, engine);
  descent.go(o.steps);
  descent.answer(q, method, out);
}

}  // namespace

void infer::GradientDescent::answer(Batch& b, const Query& q, Answer& out) const {
  if (q.beta != kInf)
    throw GraphError(
        "[gradient_descent] finds minima; a free energy over reals is asked of infer::Grid or of a sampler");
  search(b, q, *this, LabelMode::none, 1, kKey, Method::gradient_descent, out);
}

void infer::LabelsOutside::answer(Batch& b, const Query& q, Answer& out) const {
  for (int i = 0; i < b.samples() && q.beta != kInf; ++i)
    if (const Structure& s = *b.sample(i).structure; s.label_variables == 0 && s.real_dims > 0)
      throw GraphError(message("[nested] sums a free energy over labels, and beside '", s.real_name,
                               "' there are none; ask infer::Grid or infer::AnnealedImportance"));
  search(b, q, inner, LabelMode::outside, limit, kKey, Method::nested, out);
}

void infer::RealsOutside::answer(Batch& b, const Query& q, Answer& out) const {
  if (q.beta != kInf)
    throw GraphError("[nested] with reals outside finds minima; put labels outside for a free energy");
  search(b, q, outer, LabelMode::inside, limit, kKey, Method::nested, out);
}

void infer::Alternating::answer(Batch& b, const Query& q, Answer& out) const {
  if (q.beta != kInf) throw GraphError("[alternating] finds minima; use infer::Nested for a free energy");
  Descent descent(b, reals, q, LabelMode::inside, limit, kKey);
  bool changed = descent.choose_labels();
  for (int round = 0; round < rounds && changed; ++round) {
    descent.go(reals.steps);
    changed = descent.choose_labels();
  }
  descent.answer(q, Method::alternating, out);
  out.report.converged &= !changed;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
