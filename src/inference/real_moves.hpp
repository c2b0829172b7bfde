#pragma once
// Points of a real variable that move at once, by leapfrog steps of H = U + |p|^2 / 2 (Duane et al. 1987;
// Neal 2011, sections 2 and 3): Langevin is the same with one step. Every map used keeps volume and can be
// walked back: kicks; free flight that bounces off bounds, goes round on angles, and along great circles on
// the sphere (Byrne, Girolami 2013).

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "ebm/core/rng.hpp"
#include "points.hpp"
#include "real_base.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// One point on its way.
struct Mover {
  int sample = 0;
  bool fixed = false;  // has an energy, and stays
  Rng rng;
  double step = 0;
  double energy = kInf;    // where it stands; NaN once it met one
  double accept = 0;       // probability that the last transition was accepted
  bool unbounded = false;  // below the floor, or out of sight: stopped
  const RealBase* base = nullptr;
  // Within a transition.
  double trial = 0, total = 0, length = 0;
  bool lost = false, nan = false;
};

// exp(-U), U = energy_scale * E + base_scale * (energy of its base).
struct Target {
  double energy_scale = 1, base_scale = 0;
};

struct Move {
  int leaps = 1;
  double jitter = 0, noise = 1;
  bool adjusted = true;
  double floor = -kInf;
};

class RealMoves {
 public:
  // \throws GraphError naming the engine for graphs that have more than a real variable, or samples of
  // unequal dimensions.
  void assign(Batch& b, std::string_view engine);
  // Forgets all points; samples are added in ascending order.
  void clear();
  Mover& add(int sample, const Rng& rng, double step);
  std::size_t dims() const { return dims_; }
  std::vector<Mover>& movers() { return movers_; }
  std::span<double> at(std::size_t i) { return of(x_, i); }
  // Energies and slopes of all, where they stand.
  void start(Batch& b);
  // One transition of every point that is not fixed, stopped or NaN.
  void transition(Batch& b, const Target& target, const Move& move);
  // Fraction of the transitions accepted since clear or recount.
  void recount() { tried_ = accepted_ = 0; }
  double acceptance() const { return tried_ ? accepted_ / tried_ : 1.0; }

 private:
  std::span<double> of(std::vector<double>& all, std::size_t i) const {
    return std::span(all).subspan(i * dims_, dims_);
  }
  void evaluate(Batch& b);
  double total(const Mover& m, double energy, std::span<const double> y, const Target& t) const;
  void kick(const Mover& m, std::size_t i, const Target& t);
  bool fly(const Structure& s, double time, std::span<double> y, std::span<double> p) const;

  std::string_view engine_;
  std::size_t dims_ = 0;
  std::vector<Mover> movers_;
  std::vector<double> x_, slope_, y_, y_slope_, p_;  // [movers, dims]; y: on trial
  std::vector<double> pull_;                         // [dims]
  std::vector<std::size_t> active_;
  std::vector<std::pair<const Structure*, JointLabels>> labels_;
  std::vector<Real> weights_, slopes_;
  Points points_;
  double tried_ = 0, accepted_ = 0;
};

// The answer that lies at points, each with its share of the weight. Energies, errors and reals are the
// caller's. Shares of 0 are left out.
void answer_at(Batch& b, const Query& q, std::span<const int> samples, std::span<const double> values,
               std::span<const double> shares, Answer& out);

}  // namespace EBM_PRECISION
}  // namespace ebm
