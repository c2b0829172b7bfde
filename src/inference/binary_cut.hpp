#pragma once
// Energies of two labels as capacities. A submodular pair splits into energies of its two variables and two
// arcs,
//   V(a,b) = V(0,0) + u a + v b + p (1 - a) b + q a (1 - b),   p, q >= 0
// (Kolmogorov, Zabih 2004); of all such splits the one that leaves u and v alike, so that a Potts pair has
// none: what need not flow is not pushed. Label 0 is the source's side.

#include <array>

#include "max_flow.hpp"
#include "pair_graph.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// [V(0,0), V(0,1), V(1,0), V(1,1)], finite.
using BinaryPair = std::array<double, 4>;

// By how much it is not submodular; below or at 0: not at all.
inline double excess_of(const BinaryPair& e) { return (e[0] + e[3]) - (e[1] + e[2]); }

struct PairSplit {
  double u, v, p, q;
};
inline PairSplit split(const BinaryPair& e) {
  const double both = std::max(0.0, -excess_of(e));
  const double p = std::clamp(e[1] - 0.5 * (e[0] + e[3]), 0.0, both), q = both - p;
  return {(e[2] - e[0]) - q, (e[1] - e[0]) - p, p, q};
}

// What +inf is put as: above every finite energy by more than any choice of these can differ, so that a
// minimum has as few forbidden entries as there can be.
class LargeEnergy {
 public:
  // Of one factor, each times `times`.
  void add(std::span<const double> energies, double times);
  // +inf when nothing is forbidden, NaN when an energy is.
  double value() const { return finite_ ? kInf : 1 + spans_ + highest_; }

 private:
  double spans_ = 0, highest_ = 0;
  bool finite_ = true;
};
// Of all singles and pairs, besides what is in it already. O(all entries)
double large_energy(const PairGraph& g, Workspace& ws, LargeEnergy out = {});

class BinaryCut {
 public:
  // As MaxFlow::shape.
  template <class Ends>
  void shape(std::size_t variables, std::size_t edges, const Ends& ends, Workspace& ws) {
    flow_.shape(variables, edges, ends, ws);
    base_ = 0;
  }
  // Singles to 0; pairs are to be set again, all of them.
  void clear() {
    flow_.clear_excess();
    base_ = 0;
  }
  void add(double constant) { base_ += constant; }
  void add_single(std::size_t v, double e0, double e1) {
    base_ += e0;
    flow_.add_excess(v, e1 - e0);
  }
  // Edge e of the shape; what is not submodular is dropped.
  void add_pair(std::size_t edge, std::size_t a, std::size_t b, const BinaryPair& e) {
    const PairSplit s = split(e);
    base_ += e[0];
    flow_.add_excess(a, s.u);
    flow_.add_excess(b, s.v);
    flow_.set_edge(edge, s.p, s.q);
  }
  void drop_pair(std::size_t edge) { flow_.set_edge(edge, 0, 0); }
  // The minimum; when stopped, less. `stop` is told of that bound.
  double solve(const std::function<bool(double bound)>& stop = {});
  // Where either label is at a minimum it is 0.
  int label(std::size_t v) const { return flow_.side(v) == MaxFlow::Side::sink; }

 private:
  MaxFlow flow_;
  double base_ = 0;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
