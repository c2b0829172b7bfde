#pragma once
// The moves of chains over one view: what all its chains share, and what each of them is.

#include <memory>
#include <optional>

#include "clusters.hpp"
#include "counted_lattice.hpp"
#include "ebm/inference/label_chains.hpp"
#include "tree_blocks.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class LabelMoves {
 public:
  // `view` as its tables were declared; it, the structure's plans and what is in `ws` must outlive it.
  // \throws GraphError for clusters of what is no attractive Potts pair.
  LabelMoves(const DiscreteView& view, const Plans& plans, Moves moves, Workspace& ws);
  LabelMoves(const LabelMoves&) = delete;
  LabelMoves& operator=(const LabelMoves&) = delete;
  const DiscreteView& view() const { return view_; }
  bool vectorised() const { return lattice_.has_value(); }

  struct Chain {
    Rng rng{};               // of the chain; each sweep has a fork of it
    std::uint64_t turn = 0;  // sweeps so far
    std::vector<int> labels;
    CountedLattice::State packed;
    bool in_bytes = false;  // the labels are in `packed`
    TreeBlocks::Room trees;
    Clusters::Room clusters;
  };
  // Labels of the start, or random ones. \throws GraphError when they are none of the graph's.
  Chain start(std::uint64_t seed, std::uint64_t chain, std::span<const int> labels) const;
  // Every variable once. `seen`, unless empty, += the probability of each label as it was drawn from, or 1
  // for the label drawn.
  void sweep(Chain& chain, double beta, std::span<double> seen) const;
  std::span<const int> labels(Chain& chain) const;
  double energy(Chain& chain) const { return energy_of(view_, labels(chain)); }

 private:
  void sweep_variables(Chain& chain, double beta, const Rng& numbers, std::span<double> seen) const;
  const DiscreteView& view_;
  const Readers& readers_;
  const Colouring* colouring_ = nullptr;
  const TreeBlocks* trees_ = nullptr;
  std::optional<CountedLattice> lattice_;
  PairGraph pairs_;
  std::optional<Clusters> clusters_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
