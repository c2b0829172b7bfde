#pragma once
/// \file
/// Minima by minimum cuts, of graphs of label variables with singles and pairs. A cut gives the exact minimum
/// of two labels when every pair is submodular,
///   V(0,0) + V(1,1) <= V(0,1) + V(1,0)
/// (Kolmogorov, Zabih 2004); more labels are met by moves, each of them one cut (Boykov, Veksler, Zabih
/// 2001); pairs that are not submodular by roof duality (Hammer, Hansen, Simeone 1984; Boros, Hammer 2002).
/// All find minima only, of one sample a thread. Time near linear in variables and pairs on grids of
/// pictures; about 180 bytes a variable of a grid. \throws GraphError for path and real variables, factors on
/// more variables than an engine reads, and an Over::others.

#include "ebm/inference/engine.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace infer {

/// The exact minimum by one cut: variables of at most two labels, factors on at most three of them,
/// submodular in every two (a factor on three takes one auxiliary vertex). Forbidden labels may be anywhere
/// that leaves the rest submodular. When a time limit stops it, the cut so far, with its bound. \throws
/// GraphError naming the first factor that is not submodular, its variables, and by how many nats;
/// RoofDuality takes those.
struct GraphCut {
  static constexpr std::string_view kKey = "graph_cut";
  static constexpr Powers kPowers{.minimum = true};
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Moves that let any set of variables take one label, the best of them by one cut, label after label until
/// none lowers the energy. With pairs that are a metric the answer is at most 2 c times the minimum, where
/// energies are shifted to be >= 0 and c is the largest over pairs of its highest energy by its lowest off
/// the diagonal. Of a pair that breaks V(alpha,alpha) + V(a,b) <= V(a,alpha) + V(alpha,b), the energy of
/// moving one of the two is raised until it holds (Rother et al. 2005): no energy is underestimated, so that
/// none rises, and the guarantee is lost. Approximate, without a bound. Iterations are passes over the
/// labels.
struct AlphaExpansion {
  static constexpr std::string_view kKey = "alpha_expansion";
  static constexpr Powers kPowers{.minimum = true};
  int iterations = 1000;  ///< passes over all labels, at most; it ends by itself after 3 to 10
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Moves between two labels, pair after pair of labels: any variable of one may take the other. Pairs need
/// V(a,a) + V(b,b) <= V(a,b) + V(b,a) only (a semi-metric: truncated quadratic); others are raised as above.
/// K (K - 1) / 2 cuts a pass, so that expansion is quicker where both serve. Approximate, without a bound.
struct AlphaBetaSwap {
  static constexpr std::string_view kKey = "alpha_beta_swap";
  static constexpr Powers kPowers{.minimum = true};
  int iterations = 1000;  ///< passes over all pairs of labels, at most
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

/// Any pairs of variables of at most two labels: the bound of the roof dual by one cut of a graph of twice
/// the size, and the labels that some minimum has together (weak persistency; Solution::proved). What is left
/// is completed by single moves down (iterated conditional modes), so that the answer is bounded, and exact
/// when all labels are proved or the bound is met.
struct RoofDuality {
  static constexpr std::string_view kKey = "roof_duality";
  static constexpr Powers kPowers{.minimum = true};
  void answer(Batch& batch, const Query& query, Answer& out) const;
};

}  // namespace infer
}  // namespace EBM_PRECISION
}  // namespace ebm
