#pragma once
/// \file
/// The reachable part of a composition: pairs of states and the steps between them, before anything is known
/// of what leads to an end. See compose.hpp for the filter of null transitions.

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "ebm/core/error.hpp"
#include "ebm/lattice/automaton.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm::lattice {

/// The left side of a composition, arcs sorted by source.
struct Left {
  std::span<const int> first;
  const int* target;
  const int* out;
  int start = 0;
  int states() const { return static_cast<int>(first.size()) - 1; }
};

struct Step {
  int target, arc_a, arc_b;  // -1: that side stood still
};

/// A vector of steps that grows by realloc, which moves pages instead of copying them.
class Steps {
 public:
  std::size_t size() const { return size_; }
  const Step& operator[](std::size_t k) const { return data_.get()[k]; }
  Step& operator[](std::size_t k) { return data_.get()[k]; }
  Step* begin() { return data_.get(); }
  Step* end() { return data_.get() + size_; }
  /// Room for `more` steps at the end; those that are written become part of it by grow().
  Step* room(std::size_t more) {
    if (size_ + more > room_) {
      if (size_ + more > static_cast<std::size_t>(INT_MAX))
        throw GraphError("[lattice] a composition has over 2^31 arcs.");
      room_ = std::max(2 * room_, size_ + more + 1024);
      void* const moved = std::realloc(data_.get(), room_ * sizeof(Step));
      if (moved == nullptr) throw std::bad_alloc();
      (void)data_.release();
      data_.reset(static_cast<Step*>(moved));
    }
    return end();
  }
  void grow(std::size_t by) { size_ += by; }
  void cut(std::size_t size) { size_ = size; }

 private:
  struct Free {
    void operator()(Step* p) const { std::free(p); }
  };
  std::unique_ptr<Step, Free> data_;
  std::size_t size_ = 0, room_ = 0;
};

/// Pairs reachable from the start, numbered as they were found. They were left in `order`: arcs of pair
/// order[k] are first[k] .. first[k+1]-1.
struct Pairs {
  detail::Array<int> a, b;  // per pair: states of both sides
  detail::Array<int> order, first;
  Steps steps;

  std::size_t size() const { return a.size(); }
};

inline bool has_null_arcs(const Automaton& b) { return !b.null_arcs().empty() || b.null_cycle(); }

/// Finds the pairs. With `by_state` they are left in order of a's state, which must be a topological order;
/// it is one of the pairs too as long as b has no null arcs.
Pairs explore(const Left& a, const Automaton& b, bool by_state);

/// Numbers the pairs in the order in which they were left.
void settle(Pairs& p);

/// The pairs from which an end can be reached, by a search backwards that does not mind cycles. Pairs are
/// settled.
std::vector<char> leading_to_an_end(const Pairs& p, std::span<const double> final_energy);

/// Keeps the settled pairs that are marked, in the same order, and the steps between them.
void keep(Pairs& p, std::span<const char> marked, detail::Array<double>& final_energy);

/// Puts settled pairs and their steps in another order; their numbers stay.
void rearrange(Pairs& p, std::span<const int> order);

}  // namespace ebm::lattice
