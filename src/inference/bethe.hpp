#pragma once
// The free energy of Bethe at given messages, and the marginals they make (Yedidia, Freeman, Weiss 2005):
//   F = sum over v of (1 - neighbours of v) F_v + sum over pairs of F_vw,
//   F_v  = softmin over y_v of b_v,   b_v = E_v + all that v is told
//   F_vw = softmin over y_v, y_w of [b_v - told by w] + E_vw + [b_w - told by v]
// whatever the constants in the messages are. Exact on a forest; elsewhere it is stationary where the
// messages have converged.

#include "message_layout.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct Bethe {
  const PairGraph& pairs;
  const Neighbours& neighbours;
  const MessageGraph<double>& graph;
  const double* messages;
  unsigned flip;
  double beta;
};

// +inf when a variable has no label left. Marginals of the view that the pairs were made of, when wanted.
double bethe_free_energy(const Bethe& b, const DiscreteView& view, DiscreteMarginals* out, Workspace& ws);

}  // namespace EBM_PRECISION
}  // namespace ebm
