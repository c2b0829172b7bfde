#pragma once
// Sequential tree-reweighted passes over a core (Kolmogorov 2006, "Convergent tree-reweighted message passing
// for energy minimization"), which raise its constant and, on the way, strike out labels: at the turn of
// variable i its single is the sum of the min-marginals of all chains through i, so that label x costs at
// least constant + single_i(x), and goes when that is above the best energy known. Every pass leaves a valid
// bound.
// An operation of one pass is a min-plus product for each edge not absorbed: Ka Kb.

#include "core_kernels.hpp"
#include "pair_core.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class CoreSweeps {
 public:
  struct Options {
    int passes = 100;   // forward and back, at most
    double gain = 0;    // ends when a pass has raised the bound by no more and struck out no label
    double cut = kInf;  // answers at this energy and above are of no interest
  };
  // False when no answer below the cut is left. Otherwise no term is below 0 and variables with one label are
  // absorbed.
  bool run(const PairCore& core, CoreState& state, const Options& options);
  // Labels in turn, each the lowest given those before it; to be asked after run(). [variables]
  void decode(const PairCore& core, const CoreState& state, std::span<int> labels);
  // Single labels moved while one lowers the energy; at most `rounds` over all variables.
  static void descend(const PairCore& core, const CoreState& state, int rounds, std::span<int> labels);

  int passes() const { return passes_; }   // of the last run
  bool struck() const { return struck_; }  // whether the last run has removed a label

 private:
  struct Link {
    int to;
    const double* table;  // [K own, K to]
    double scale;
    std::size_t own, other;  // in delta
  };
  struct Turn {
    int variable, labels;
    std::size_t single;
    std::size_t first, middle, last;  // links: back [first, middle), forth [middle, last)
  };
  void gather(const PairCore& core, const CoreState& state);
  bool pass(CoreState& state, double cut, bool forth);
  void settle(CoreState& state);  // every term at least 0
  std::vector<Turn> turns_;
  std::vector<Link> links_;
  std::vector<std::size_t> single_, labels_;  // of every variable
  std::vector<double> w_, m_;
  int passes_ = 0;
  bool struck_ = false;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
