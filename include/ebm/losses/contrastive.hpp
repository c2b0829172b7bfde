#pragma once
/// \file
/// Contrastive losses of pairs. E is a distance of two embeddings; a graph of a pair has no free variable. A
/// genuine pair's one configuration is its truth (e = E, o infinite), an impostor's is not (e infinite, o =
/// E), so a contrastive loss is a genuine term that pulls e to 0 plus an impostor term that pushes o up,
/// each 0 where its energy is infinite. With an answer to choose, o is the most offending incorrect one's.
///
/// Exponential (Chopra, Hadsell, LeCun 2005): (2/Q) e^2 + 2 Q exp(-2.77 o / Q), Q an upper bound of
/// the energy; slopes 4 e / Q and -5.54 exp(-2.77 o / Q), of equal size at 0.4258 Q. 2.77 is log 16.
/// Margin (Hadsell, Chopra, LeCun 2006, eq. 4): 1/2 e^2 + gamma/2 ([m - o]+)^2; slopes e and -gamma [m - o]+.
///
/// Neither collapses while impostors are shown; with genuine pairs alone both do. Of inference they ask
/// minima, also over the incorrect answers. Energies: at least 0, others are refused.

#include "ebm/losses/checks.hpp"

namespace ebm::loss {

struct ContrastiveExponential {
  static constexpr std::string_view kKey = "contrastive-exponential";
  static constexpr Powers kNeeds{.minimum = true, .others = true};
  static constexpr bool kContrasts = true, kCanCollapse = false, kImpostors = true;
  static constexpr double kRate = 2.77;  ///< as printed
  /// Upper bound of the energy, > 0: outputs times their range, or twice the largest energy before training.
  double q = 1;
  void check() const { detail::positive(kKey, "q", q); }
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return detail::offending(); }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    detail::distances(kKey, e, o);
    const double genuine = e == kInf ? 0 : e, pull = o == kInf ? 0 : std::exp(-kRate / q * o);
    return {2 / q * genuine * genuine + 2 * q * pull, 4 / q * genuine, -2 * kRate * pull};
  }
};

struct ContrastiveMargin {
  static constexpr std::string_view kKey = "contrastive-margin";
  static constexpr Powers kNeeds{.minimum = true, .others = true};
  static constexpr bool kContrasts = true, kCanCollapse = false, kImpostors = true;
  double margin = 1;  ///< > 0, in units of the energy: impostors further apart than this are left alone
  /// > 0: weight of the push between impostors, 1 in the paper. Shown half and half, one impostor stands for
  /// few of the many there are; a map of neighbours needs less of it than of the pull, or all points crowd a
  /// disc of one margin.
  double gamma = 1;
  void check() const {
    detail::positive(kKey, "margin", margin);
    detail::positive(kKey, "gamma", gamma);
  }
  Query truth() const { return {.over = Over::truth}; }
  Query contrast() const { return detail::offending(); }
  Slope operator()(double e, double o) const {
    detail::known(kKey, e, o);
    detail::distances(kKey, e, o);
    const double genuine = e == kInf ? 0 : e, lack = o < margin ? margin - o : 0;
    return {(genuine * genuine + gamma * lack * lack) / 2, genuine, -gamma * lack};
  }
};

}  // namespace ebm::loss
