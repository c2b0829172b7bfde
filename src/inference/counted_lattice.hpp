#pragma once
// Graphs whose every pair is the same Potts pair, w [a != b] and what is the same for all labels, and whose
// neighbourhoods repeat (Ising and Potts models on lattices, tori, and cuts from them): what a variable is
// drawn from then depends on how many neighbours have which label. Variables lie as bytes in the order of a
// colouring, where the neighbours of one after another lie one after another too, so that a whole vector of
// them is drawn at once (gibbs_kernels.hpp). Nothing is asked of the graph but that: it is found here.

#include <optional>
#include <span>
#include <vector>

#include "colouring.hpp"
#include "ebm/core/rng.hpp"
#include "gibbs_kernels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class CountedLattice {
 public:
  // Nothing where the graph is no such one, or too small to be worth it.
  static std::optional<CountedLattice> of(const DiscreteView& view, const Readers& readers,
                                          const Colouring& colouring);
  // The bytes of a chain, and what depends on beta alone.
  struct State {
    std::vector<std::uint8_t> bytes;  // labels in order of positions
    std::vector<float> field;         // [labels, variables] exp(-beta single), of counted sweeps
    double beta = 0;                  // of `field`
  };
  void pack(std::span<const int> labels, State& state) const;
  void unpack(const State& state, std::span<int> labels) const;
  // Products of what is drawn from are normal numbers, so that sweeps are as good as in double.
  bool covers(double beta) const { return beta * range_ < 80; }
  // Every variable once, class after class. `numbers` is this sweep's own.
  void sweep(State& state, double beta, const Rng& numbers) const;

 private:
  struct Piece {
    std::uint32_t first, count;  // positions
    std::uint32_t run, runs;
  };
  const Colouring* colouring_ = nullptr;
  int labels_ = 0;
  double weight_ = 0, range_ = 0;
  std::size_t most_ = 0;         // neighbours of a variable
  std::vector<double> uniform_;  // [labels] the same energies on every variable, or empty
  std::vector<double> single_;   // [labels, variables] in order of positions, or empty
  std::vector<NeighbourRun> runs_;
  std::vector<std::int32_t> deltas_;
  std::vector<Piece> pieces_;
  std::vector<std::size_t> piece_of_;  // [colours + 1]
};

}  // namespace EBM_PRECISION
}  // namespace ebm
