#pragma once
/// \file
/// What is known of the answer: read by losses and metrics, never by factors. A truth is a set: one value,
/// several, all (unknown), or for a path every path that spells a string.

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ebm/core/real.hpp"

namespace ebm {

class Automaton;

/// The true labels of one variable.
class LabelSet {
 public:
  LabelSet() = default;                   ///< unknown: every label
  LabelSet(int label) : label_(label) {}  // NOLINT: a label is the set of itself
  LabelSet(std::span<const int> labels);  // NOLINT
  bool known() const { return label_ != kAll; }
  /// The single label, or -1.
  int single() const { return label_ >= 0 ? label_ : -1; }
  bool contains(int label) const;
  /// Labels of a set of several, empty otherwise.
  const std::vector<int>& several() const { return several_; }

 private:
  static constexpr int kAll = -1, kSeveral = -2;
  int label_ = kAll;
  std::vector<int> several_;
};

/// Spells the truth of a path: a string of output labels (nulls removed).
struct PathTruth {
  std::vector<int> labels;
  std::shared_ptr<const Automaton> is;      ///< accepts the string
  std::shared_ptr<const Automaton> is_not;  ///< accepts every other string
};

/// The truth of one sample: a product over its variables, or a word on all answers at once.
struct Truth {
  /// Pairs and detectors: whether this input has a true answer at all (Chopra, Hadsell, LeCun 2005; Osadchy,
  /// LeCun, Miller 2007).
  enum class Whole {
    product,  ///< nothing more than the variables' own truths say
    low,      ///< a genuine pair, a face: known to be right, also without a free variable of known truth
    high,     ///< an impostor pair, background: no answer is the truth, all are incorrect
  };
  static constexpr Whole low = Whole::low, high = Whole::high;
  Whole whole = Whole::product;
  std::vector<LabelSet> labels;  ///< one per label variable, in order of declaration; empty: all unknown
  std::vector<Real> reals;       ///< values of the real variable, empty when unknown
  std::optional<PathTruth> path;

  /// Something is known, so that a loss may read it.
  bool known() const;
};

}  // namespace ebm
