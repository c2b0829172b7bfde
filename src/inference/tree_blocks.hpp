#pragma once
// A graph cut into blocks, each a forest once all other variables are given: a block is minimised exactly, or
// drawn exactly given the rest by filtering towards the roots and drawing away from them (Hamze, de Freitas
// 2004, "From fields to trees"; of chains Carter, Kohn 1994). Blocks are grown greedily: a variable joins
// where it closes no loop. A grid falls into two or three. A factor on several variables is a pair once all
// but two of them are given, so none has more than two in a block. Time of a block: its edges times the
// labels of both their variables.

#include <cstdint>
#include <vector>

#include "local_energies.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class TreeBlocks {
 public:
  TreeBlocks(const DiscreteView& view, const Readers& readers);
  std::size_t blocks() const { return first_.size() - 1; }
  // Scratch of a caller, kept.
  struct Room {
    std::vector<double> energy, pair, row;
  };
  // Sets the labels of a block to the lowest given the rest; where the present ones are that low they stay. A
  // tree with no allowed labels is settled one variable at a time. False at a NaN.
  bool minimize(std::size_t block, const LocalEnergies& local, std::span<int> labels, Room& room) const;
  // Draws them from exp(-beta E) given the rest, likewise.
  bool draw(std::size_t block, const LocalEnergies& local, double beta, Rng& rng, std::span<int> labels,
            Room& room) const;

 private:
  struct Member {
    int variable, parent;  // -1: the root of a tree; members of a tree follow it, parents first
    std::uint32_t own, tied,
        end;  // readers_[own, tied) are of this one alone, [tied, end) of it and its parent
  };
  void root(const DiscreteView& view, const Readers& readers, std::vector<int>& block_of, int block,
            std::span<const int> members);
  template <class Summary>
  void gather(std::size_t block, const LocalEnergies& local, std::span<const int> labels, Room& room,
              const Summary& summary) const;
  void pair_energies(const Member& m, const DiscreteView& view, std::span<const int> labels,
                     std::span<double> out) const;
  template <class Pick, class Alone>
  bool choose(std::size_t block, const LocalEnergies& local, std::span<int> labels, Room& room,
              const Pick& pick, const Alone& alone) const;
  std::vector<std::size_t> first_{0};  // [blocks + 1] into members_
  std::vector<Member> members_;
  std::vector<Readers::Reader> readers_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
