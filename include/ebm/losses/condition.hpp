#pragma once
/// \file
/// The published condition of a good loss (LeCun et al. 2006, condition 3), checked by numbers.
/// Q(e, o) is the loss with e the energy of the truth and o that of the most offending incorrect answer; R is
/// the feasible region, what (e, o) the architecture can reach; a margin m splits it into HP1 = {e + m < o}
/// and HP2 = {e + m > o}. Condition: some point of R in HP1 has a lower Q than every point of R in HP2. Where
/// a loss competes with all answers there are two, so that o enters by min(e, o) or F(e, o).
///
/// Beside it the check on the line o = e + m: is the product of -grad Q with (-1, +1), that is dQ/de - dQ/do,
/// above 0 everywhere, coming from HP2? It suffices only where R lets both energies move: the energy loss
/// passes it by pushing e down alone, and fails the condition on a box.

#include <optional>
#include <string>

#include "ebm/losses/loss.hpp"

namespace ebm::loss {

/// Feasible region R: the box [low, high] x [low, high], or the disc inscribed in it (an architecture that
/// ties the energies together: pushing e to its least raises o).
struct Region {
  enum class Shape { box, disc };
  Shape shape = Shape::box;
  double low = 0, high = 4;
  double margin = 1;  ///< m >= 0
  int points = 201;   ///< of a side, evenly spaced; 0 and m join them where they lie within
};

struct Place {
  double e = 0, o = 0, value = 0;
};

/// What was found for one loss.
struct Condition {
  std::optional<bool> good;  ///< condition 3; none where the loss is no function of (e, o): its contrast is a
                             ///< sample
  Place inside, outside;     ///< least Q of R in HP1, and in HP2
  double line = 0;           ///< least dQ/de - dQ/do on the line o = e + m
  std::string why;           ///< one sentence
};

/// Complexity: points^2, thrice where the loss fails. Points with an energy that the loss refuses are left
/// out of R. \throws LossError for a region that is empty on either side of the line.
Condition check_condition(const AnyLoss& loss, const Region& region = {});

/// The loss and its slopes at two energies, those of the truth and of the only other answer; none where it
/// refuses them.
std::optional<Slope> on_plane(const AnyLoss& loss, double e, double o);

}  // namespace ebm::loss
