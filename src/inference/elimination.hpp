#pragma once
// In which order variables are eliminated, and the tree of buckets that this makes (Dechter 1999; Koller,
// Friedman 2009, sections 9.4 and 10.1). Bucket p belongs to the p-th variable v: it reads v's factors that
// no earlier bucket read and the messages of its children, and sends its parent a message over its separator,
// the variables that v met when it went. The order is such that every subtree is a run of buckets, children
// before their parent, and a separator is in the order of elimination.

#include <cstddef>
#include <span>
#include <vector>

#include "discrete_view.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct Elimination {
  // In what order the buckets are visited by several threads: pieces, each some whole subtrees, and then
  // those above them. It depends on the graph alone, as the sums do.
  struct Run {
    int first, last;  // buckets, both included
  };
  struct Schedule {
    std::vector<std::vector<Run>> pieces;
    std::vector<int> above;  // ascending
  };
  struct Bucket {
    int variable = -1;
    int parent = -1;             // bucket; -1 at a root
    int subtree = 1;             // buckets in it, this one the last: [p + 1 - subtree, p]
    std::size_t entries = 1;     // of the message: product of the separator's label counts
    std::size_t message_at = 0;  // where it lies when all are laid end to end
  };
  struct FactorAt {
    int group, instance;
  };
  std::vector<Bucket> buckets;  // [variables]
  // Rows of what each bucket has, bucket p's at [first[p], first[p + 1]).
  std::vector<std::size_t> separator_first, child_first, factor_first;
  std::vector<int> separators;  // variables
  std::vector<int> children;    // buckets, ascending
  std::vector<FactorAt> factors;

  double message_entries = 0;  // of all messages
  double work = 0;             // table entries visited in one pass: sum over buckets of K times entries
  int width = 0;               // variables in the largest separator: an upper bound of the treewidth
  Schedule schedule;

  std::span<const int> separator(std::size_t p) const { return part(separators, separator_first, p); }
  std::span<const int> children_of(std::size_t p) const { return part(children, child_first, p); }
  std::span<const FactorAt> factors_of(std::size_t p) const { return part(factors, factor_first, p); }

 private:
  template <class T>
  static std::span<const T> part(const std::vector<T>& all, const std::vector<std::size_t>& first,
                                 std::size_t p) {
    return std::span(all).subspan(first[p], first[p + 1] - first[p]);
  }
};

// The better, by work, of the orders that take next the variable with the fewest missing edges among its
// neighbours (min-fill) and that with the smallest table (min-weight); ties by the other, then by number.
// Stops when the messages hold more than `most` entries: then `buckets` is empty, and message_entries what
// was reached.
Elimination eliminate(const DiscreteView& view, double most);

}  // namespace EBM_PRECISION
}  // namespace ebm
