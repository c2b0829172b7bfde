#pragma once
/// \file
/// Automaton: a weighted finite-state transducer (Mohri, Pereira, Riley 2002, "Weighted finite-state
/// transducers in speech recognition"). A path from the start to a final state reads the input labels of its
/// arcs, writes their output labels, and has the sum of their energies (nats) plus that of its final state.
/// Cycles are allowed: grammars, character models. Label 0 is the null label: nothing is read, or nothing is
/// written.
///
/// Immutable and safe to read from any number of threads. Building takes O(states + arcs log arcs).

#include <climits>
#include <span>
#include <string_view>
#include <vector>

#include "ebm/core/real.hpp"

namespace ebm {

/// One transition. Labels are >= 0; +inf is an energy that forbids; `entry` is the index into a factor's
/// table of energies, -1 for none.
struct Arc {
  int source = 0, target = 0, in = 0, out = 0;
  double energy = 0;
  int entry = -1;
  bool operator==(const Arc&) const = default;
};

/// A final state and the energy of ending there.
struct Final {
  int state = 0;
  double energy = 0;
};

/// As the input label of an arc: any label but the null one that no other arc of the same state reads. As its
/// output label: the label that was read.
inline constexpr int kOther = INT_MAX;

class Automaton {
 public:
  /// Accepts nothing: one state, not final.
  Automaton();
  /// Arcs and final states in any order; a state that is named final twice ends with the lower energy.
  /// `states` < 0 takes as many as are named. Arcs are kept sorted by source, then input label; equal ones
  /// keep their order. \throws GraphError for a state out of range, a label below 0, an energy that is NaN or
  /// -inf.
  Automaton(std::vector<Arc> arcs, std::span<const Final> finals, int start = 0, int states = -1);

  int states() const { return static_cast<int>(final_.size()); }
  int start() const { return start_; }
  std::span<const Arc> arcs() const { return arcs_; }
  /// Arcs that leave a state, null input labels first, kOther last.
  std::span<const Arc> arcs(int state) const {
    const auto s = static_cast<std::size_t>(state);
    return {arcs_.data() + first_[s], static_cast<std::size_t>(first_[s + 1] - first_[s])};
  }
  /// Index of the first arc of each state, and one more: [states + 1].
  std::span<const int> first() const { return first_; }
  /// Per state; +inf where it is not final.
  std::span<const double> final_energy() const { return final_; }
  double final_energy(int state) const { return final_[static_cast<std::size_t>(state)]; }

  /// The arcs once more, by input label, for the dense passes of joined.hpp. Group g holds the transitions
  /// [first[g], first[g+1]) for the label label[g]; kOther is spelled out in every group. The last group is
  /// for the labels that have none of their own.
  struct ByLabel {
    std::vector<int> label, first, arc, source, target;
    std::vector<double> energy;
    std::vector<int> group_of_arc;  ///< -1 for null arcs
    std::vector<int> table;         ///< label to group, for small labels
    bool single = true;             ///< no state has two transitions for one label
    int groups() const { return static_cast<int>(label.size()); }
    int group(int label) const;
  };
  const ByLabel& by_label() const { return by_label_; }
  /// Arcs with a null input label, each after all null arcs that leave its target; empty when they form a
  /// cycle.
  std::span<const int> null_arcs() const { return null_arcs_; }
  bool null_cycle() const { return null_cycle_; }
  /// Arcs on the longest path of null arcs.
  int null_depth() const { return null_depth_; }

 private:
  void order_null_arcs();
  void index_labels();
  int start_ = 0;
  std::vector<Arc> arcs_;
  std::vector<int> first_;
  std::vector<double> final_;
  ByLabel by_label_;
  std::vector<int> null_arcs_;
  bool null_cycle_ = false;
  int null_depth_ = 0;
};

namespace lattice {

/// The automaton of these arcs. \throws GraphError as the constructor, and when no state is final.
Automaton make_automaton(std::vector<Arc> arcs, std::span<const Final> finals, int start = 0,
                         int states = -1);

/// Accepts one string, at energy 0. Labels are > 0. \throws GraphError for another label.
Automaton acceptor(std::span<const int> labels);
/// The same for a text: labels are character codes (bytes).
Automaton acceptor(std::string_view text);

/// Accepts every string but this one, at energy 0: the state says how far the string still agrees, and a last
/// one that it differs. What it writes is what it reads.
Automaton complement(std::span<const int> labels);
Automaton complement(std::string_view text);

/// The codes of a text's characters.
std::vector<int> labels(std::string_view text);

}  // namespace lattice
}  // namespace ebm
