#include "real_moves.hpp"

#include <algorithm>
#include <cmath>

#include "answering.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// A trajectory is given up beyond these: its energy error, and where it got to.
constexpr double kDiverged = 1000, kFar = 1e12;
// A NaN nearer than this is a factor's, farther out it is taken for an overflow.
constexpr double kNear = 1e6;

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

bool within(std::span<const double> y, double bound) {
  return std::ranges::all_of(y, [&](double v) { return std::abs(v) <= bound; });  // false for a NaN
}

// Bounces y off bounds, turning p round.
void bounce(double low, double high, double& y, double& p) {
  if (y >= low && y <= high) return;
  const double width = high - low;
  if (!(width > 0)) {
    y = low;
  } else if (std::isfinite(width)) {
    const double turns = std::floor((y - low) / (2 * width));
    double t = y - low - 2 * width * turns;  // in [0, 2 width]
    if (t > width) t = 2 * width - t, p = -p;
    y = std::clamp(low + t, low, high);
  } else {
    y = y < low ? 2 * low - y : 2 * high - y;
    p = -p;
  }
}

}  // namespace

void RealMoves::assign(Batch& b, std::string_view engine) {
  engine_ = engine;
  labels_.clear();
  dims_ = 0;
  for (int i = 0; i < b.samples(); ++i) {
    const Structure& s = *b.sample(i).structure;
    if (s.real_dims == 0 || s.label_variables > 0 || s.has_path)
      throw GraphError(message("[", engine, "] moves real variables, and this graph ",
                               s.has_path              ? "has a path variable"
                               : s.label_variables > 0 ? "has label variables"
                                                       : "has none"));
    if (s.real_manifold == Manifold::sphere && s.real_dims == 1)
      throw GraphError(message("[", engine, "] '", s.real_name,
                               "' is one of two points, a unit vector of one dimension; make it a label"));
    if (i == 0) dims_ = static_cast<std::size_t>(s.real_dims);
    if (static_cast<std::size_t>(s.real_dims) != dims_)
      throw GraphError(message("[", engine, "] '", s.real_name, "' has ", s.real_dims,
                               " dimensions in one sample and ", dims_, " in another; batch them apart"));
    if (std::ranges::find(labels_, &s, &std::pair<const Structure*, JointLabels>::first) == labels_.end())
      labels_.emplace_back(&s, JointLabels(s, 1, engine));
  }
  clear();
}

void RealMoves::clear() {
  movers_.clear();
  x_.clear();
  tried_ = accepted_ = 0;
}

Mover& RealMoves::add(int sample, const Rng& rng, double step) {
  Mover& m = movers_.emplace_back();
  m.sample = sample;
  m.rng = rng;
  m.step = step;
  x_.resize(x_.size() + dims_);
  return m;
}

// Energies (Mover::trial) and slopes at y of all that are active.
void RealMoves::evaluate(Batch& b) {
  points_.clear();
  points_.dims = static_cast<int>(dims_);
  for (const std::size_t i : active_) {
    points_.sample.push_back(movers_[i].sample);
    for (const double v : of(y_, i)) points_.values.push_back(static_cast<Real>(v));
  }
  if (points_.empty()) return;
  b.forward(points_, true);
  weights_.assign(b.weights(), Real(0));
  for (std::size_t k = 0; k < active_.size(); ++k) {
    const int item = static_cast<int>(k);
    Mover& m = movers_[active_[k]];
    const JointLabels& none = std::ranges::find(labels_, b.sample(m.sample).structure,
                                                &std::pair<const Structure*, JointLabels>::first)
                                  ->second;
    m.trial = none.energy(b, item, 0);
    none.give(b, item, 0, 1,
              std::span(weights_).subspan(b.weights_of(item), b.weights_of(item + 1) - b.weights_of(item)));
  }
  slopes_.resize(points_.values.size());
  b.slopes_at_points(weights_, slopes_);
  for (std::size_t k = 0; k < active_.size(); ++k) {
    const auto to = of(y_slope_, active_[k]);
    for (std::size_t d = 0; d < dims_; ++d) to[d] = static_cast<double>(slopes_[k * dims_ + d]);
    // A finite energy with a slope that is none: as good as a NaN.
    if (std::isfinite(movers_[active_[k]].trial) && std::ranges::any_of(to, [](double v) { return v != v; }))
      movers_[active_[k]].trial = std::nan("");
  }
}

void RealMoves::start(Batch& b) {
  y_ = x_;
  y_slope_.assign(x_.size(), 0.0);
  p_.assign(x_.size(), 0.0);
  pull_.assign(dims_, 0.0);
  active_.clear();
  for (std::size_t i = 0; i < movers_.size(); ++i) active_.push_back(i);
  evaluate(b);
  slope_ = y_slope_;
  for (Mover& m : movers_) m.energy = m.trial;
}

double RealMoves::total(const Mover& m, double energy, std::span<const double> y, const Target& t) const {
  if (energy == kInf) return kInf;
  return t.energy_scale * energy + (m.base ? t.base_scale * m.base->energy(y) : 0.0);
}

// Half a kick: p -= step / 2 dU/dy, along the domain.
void RealMoves::kick(const Mover& m, std::size_t i, const Target& t) {
  const auto y = of(y_, i), g = of(y_slope_, i), p = of(p_, i);
  for (std::size_t d = 0; d < dims_; ++d) pull_[d] = t.energy_scale * g[d];
  if (m.base && t.base_scale > 0) m.base->add_slope(y, t.base_scale, pull_);
  for (std::size_t d = 0; d < dims_; ++d) p[d] -= m.length / 2 * pull_[d];
}

// False when a number grew beyond kFar.
bool RealMoves::fly(const Structure& s, double time, std::span<double> y, std::span<double> p) const {
  if (s.real_manifold == Manifold::sphere) {
    const double speed = std::sqrt(dot(p, p));
    if (!(speed < kFar)) return false;
    if (speed > 0) {
      const double c = std::cos(speed * time), n = std::sin(speed * time);
      for (std::size_t d = 0; d < y.size(); ++d) {
        const double along = y[d];
        y[d] = along * c + p[d] / speed * n;
        p[d] = p[d] * c - along * speed * n;
      }
    }
    RealDomain(s).retract(y);
    return true;
  }
  for (std::size_t d = 0; d < y.size(); ++d) y[d] += time * p[d];
  if (!within(y, kFar)) return false;
  if (s.real_manifold == Manifold::angles) {
    RealDomain(s).retract(y);
  } else if (!s.real_low.empty()) {
    for (std::size_t d = 0; d < y.size(); ++d) bounce(s.real_low[d], s.real_high[d], y[d], p[d]);
  }
  return true;
}

void RealMoves::transition(Batch& b, const Target& target, const Move& move) {
  y_ = x_;
  y_slope_ = slope_;
  const auto moves = [](const Mover& m) { return !m.fixed && !m.unbounded && !std::isnan(m.energy); };
  for (std::size_t i = 0; i < movers_.size(); ++i) {
    Mover& m = movers_[i];
    if (!moves(m)) continue;
    const RealDomain domain(*b.sample(m.sample).structure);
    const auto p = of(p_, i);
    for (double& v : p) v = move.noise * m.rng.normal();
    domain.to_tangent(of(x_, i), p);
    m.length = m.step * (1 + move.jitter * m.rng.uniform(-1, 1));
    m.total = total(m, m.energy, of(x_, i), target);
    if (m.total < kInf) m.total += dot(p, p) / 2;
    m.trial = m.energy;
    m.lost = m.nan = false;
  }
  for (int leap = 0; leap < move.leaps; ++leap) {
    active_.clear();
    for (std::size_t i = 0; i < movers_.size(); ++i) {
      Mover& m = movers_[i];
      if (!moves(m) || m.lost || m.nan) continue;
      const Structure& s = *b.sample(m.sample).structure;
      // From a forbidden start there is no slope to go by.
      if (m.trial < kInf) kick(m, i, target);
      RealDomain(s).to_tangent(of(y_, i), of(p_, i));
      m.lost = !fly(s, m.length, of(y_, i), of(p_, i));
      if (!m.lost) active_.push_back(i);
    }
    evaluate(b);
    for (const std::size_t i : active_) {
      Mover& m = movers_[i];
      if (m.trial < kInf) {
        kick(m, i, target);
        RealDomain(*b.sample(m.sample).structure).to_tangent(of(y_, i), of(p_, i));
      }
      const double now = total(m, m.trial, of(y_, i), target) + dot(of(p_, i), of(p_, i)) / 2;
      m.nan = std::isnan(m.trial) && within(of(y_, i), kNear);
      if (m.nan) continue;
      // The forbidden leads nowhere, but to those that start in it and pass through.
      m.lost = (!(m.trial < kInf) && (m.total < kInf || leap + 1 == move.leaps)) ||
               (move.adjusted && m.total < kInf && !(now - m.total < kDiverged));
    }
  }
  for (std::size_t i = 0; i < movers_.size(); ++i) {
    Mover& m = movers_[i];
    if (!moves(m)) continue;
    const double now = m.lost ? kInf : total(m, m.trial, of(y_, i), target) + dot(of(p_, i), of(p_, i)) / 2;
    const double drawn = m.rng.uniform();
    m.accept = m.lost || m.nan                     ? 0
               : m.total == kInf || !move.adjusted ? 1
                                                   : std::exp(std::min(0.0, m.total - now));
    tried_ += 1;
    if (m.nan || drawn < m.accept) {
      accepted_ += !m.nan;
      std::ranges::copy(of(y_, i), of(x_, i).begin());
      std::ranges::copy(of(y_slope_, i), of(slope_, i).begin());
      m.energy = m.trial;
    }
    m.unbounded = m.energy < move.floor || (!move.adjusted && !within(of(y_, i), kFar));
  }
}

void answer_at(Batch& b, const Query& q, std::span<const int> samples, std::span<const double> values,
               std::span<const double> shares, Answer& out) {
  const std::size_t dims = samples.empty() ? 0 : values.size() / samples.size();
  Points points = std::move(out.points);
  points.clear();
  points.dims = static_cast<int>(dims);
  Kept<std::vector<double>> memory;
  std::vector<double>& kept = *memory;
  kept.clear();
  for (std::size_t k = 0; k < samples.size(); ++k) {
    if (shares[k] == 0) continue;
    points.sample.push_back(samples[k]);
    for (std::size_t d = 0; d < dims; ++d) points.values.push_back(static_cast<Real>(values[k * dims + d]));
    kept.push_back(shares[k]);
  }
  out.bound.assign(static_cast<std::size_t>(b.samples()), -kInf);
  out.highest.clear();
  out.labels.clear();
  out.paths.clear();
  out.weights.clear();
  if (q.weights && !points.empty()) {
    b.forward(points);
    out.weights.assign(b.weights(), Real(0));
    for (int item = 0; item < b.items(); ++item)
      JointLabels(*b.sample(b.sample_of(item)).structure, 1, "sampling")
          .give(b, item, 0, kept[static_cast<std::size_t>(item)],
                std::span(out.weights)
                    .subspan(b.weights_of(item), b.weights_of(item + 1) - b.weights_of(item)));
  }
  out.points = std::move(points);
  b.forget_points();
}

}  // namespace EBM_PRECISION
}  // namespace ebm
