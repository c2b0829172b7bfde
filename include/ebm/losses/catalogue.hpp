#pragma once
/// \file
/// The losses as data: what `ebm losses` prints, and what makes one from its key. What a row says of a loss's
/// type (needs, contrasts, collapse, options) is read from the type. Notation: e the energy of the truth, o
/// of the contrast, m the margin, s(u) = 1 / (1 + exp(-u)), [u]+ = max(0, u), P = exp(-beta (E - F(all))).

#include <span>
#include <string_view>
#include <vector>

#include "ebm/losses/contrastive.hpp"
#include "ebm/losses/energy.hpp"
#include "ebm/losses/hinge.hpp"
#include "ebm/losses/log.hpp"
#include "ebm/losses/loss.hpp"
#include "ebm/losses/lvq2.hpp"
#include "ebm/losses/mce.hpp"
#include "ebm/losses/mee.hpp"
#include "ebm/losses/nll.hpp"
#include "ebm/losses/perceptron.hpp"
#include "ebm/losses/sampled.hpp"
#include "ebm/losses/square_exponential.hpp"
#include "ebm/losses/square_square.hpp"

namespace ebm::loss {

/// An option of a loss and its default.
struct Option {
  std::string_view name;
  double value;
};

/// One loss.
struct Row {
  std::string_view key, name, equation;
  std::string_view truth_slope, contrast_slope;  ///< d L / d e; d L / d o, or on each answer's energy
  std::string_view margin;                       ///< of the gap o - e at rest: none, 0, above 0, m
  std::string_view contrast;                     ///< what o is the energy of
  std::string_view energies;                     ///< the range it needs
  std::string_view source;
  Powers needs;
  bool contrasts, can_collapse;
  std::vector<Option> options;
  bool rescales;  ///< takes a margin between answers
  AnyLoss (*make)(const LossSettings&);
};

/// Every loss that ships, in the order of LeCun et al. 2006; then those of pairs, then the sampled ones.
std::span<const Row> catalogue();

}  // namespace ebm::loss
