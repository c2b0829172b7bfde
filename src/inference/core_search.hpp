#pragma once
// Branch and bound on one core: every branch is bounded by tree-reweighted passes that also strike out
// labels, closed by elimination as soon as what is left is narrow, and taken depth first from the open branch
// with the lowest bound (Allouche et al. 2015, "Anytime hybrid best-first search with tree decomposition"),
// so that the bound of the whole rises while answers improve.

#include <functional>

#include "core_exact.hpp"
#include "core_sweeps.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class CoreSearch {
 public:
  struct Result {
    double energy = kInf;  // of `labels`
    double bound = -kInf;
    bool complete = false;  // nothing is lower than energy - guard
    long branches = 0;
  };
  // Asked now and then: whether to stop.
  using Stop = std::function<bool()>;

  // All of them must outlive the search. `labels` [variables] and `energy`: the best answer known (+inf:
  // none), replaced by better ones. What is higher than energy - guard is not looked at.
  void start(const PairCore& core, const CoreState& root, double energy, double guard, std::span<int> labels);
  // One dive from the open branch with the lowest bound. False when none is left.
  bool proceed(const Stop& stop);
  // A better answer from elsewhere is in `labels`.
  void offer(double energy) { best_.energy = energy; }
  Result result() const;

 private:
  struct Decision {
    int variable, label;
    bool is;  // or is not
  };
  struct Open {
    double bound;
    std::vector<Decision> path;
    bool operator<(const Open& o) const { return bound > o.bound; }  // lowest first in a heap
  };
  struct Level {
    CoreState state;
    Decision decision;
    std::size_t path = 0;
    int narrow = 0;
  };
  enum class Next { closed, branch };
  void dive(const Stop& stop, Open from, int backtracks);
  void leave_open();
  Next visit(CoreState& state, int& narrow, Decision& decision);
  bool strike(const PairCore& core, CoreState& state, const Decision& d) const;
  void better(std::span<const int> labels, double energy);
  double lowest_open() const;

  const PairCore* whole_ = nullptr;
  const CoreState* root_ = nullptr;
  PairCore part_;  // what a dive goes through, and what it is in the whole
  CoreMap map_;
  std::vector<int> fixed_;  // [whole variables] labels of what is absorbed before the dive
  std::vector<Decision> path_;
  std::vector<Level> levels_;
  std::size_t depth_ = 0;
  std::vector<Open> open_;
  std::vector<double> weight_;  // [whole variables] of how often deciding one closed a branch
  CoreSweeps sweeps_;
  CoreExact exact_;
  std::vector<int> decoded_, small_, whole_labels_;
  std::vector<double> disagreement_;
  Result best_;
  std::span<int> labels_;
  double guard_ = 0, dive_bound_ = kInf;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
