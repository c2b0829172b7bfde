#pragma once
// Variables in classes no two of which meet in a factor, so that a class is drawn at once given all others:
// each variable in turn takes the first colour that none of its neighbours has. A grid has two.

#include <cstdint>
#include <span>
#include <vector>

#include "discrete_view.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct Colouring {
  std::vector<int>
      variables;  // class after class, ascending in each: a variable's place here is its position
  std::vector<std::uint32_t> first;     // [colours + 1] into variables
  std::vector<std::uint32_t> position;  // [variables]
  Colouring(const DiscreteView& view, const Readers& readers);
  std::size_t colours() const { return first.size() - 1; }
  std::span<const int> of(std::size_t colour) const {
    return std::span(variables).subspan(first[colour], first[colour + 1] - first[colour]);
  }
};

}  // namespace EBM_PRECISION
}  // namespace ebm
