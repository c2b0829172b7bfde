#pragma once
/// \file
/// How a graph of chains is walked. Every label variable lies on one chain (alone, if nothing joins it to
/// another); positions follow the chains end to end.

#include <memory>
#include <span>
#include <vector>

#include "ebm/core/real.hpp"

namespace ebm {

inline namespace EBM_PRECISION {
struct Structure;
}

/// Rows of labels are padded to whole vectors of doubles of any instruction set.
inline constexpr int kChainLanes = 8;
constexpr int chain_row(int labels) { return (labels + kChainLanes - 1) / kChainLanes * kChainLanes; }

/// Factors of one group, as far as a plan asks.
struct ChainScopes {
  int arity = 0, instances = 0;
  bool shared = false;          ///< one row serves every instance
  std::span<const int> scopes;  ///< [instances, arity]
};

struct ChainPlan {
  /// Rows row, row + 1, .. of a group lie on `count` positions one after another, all of one label count.
  struct Run {
    int group, row, position, count;
  };
  struct Edge {
    int group, row;
    bool transposed;  ///< the scope names the later variable first
    bool operator==(const Edge&) const = default;
  };
  std::vector<int> variable;     ///< [positions] flat label variable
  std::vector<int> labels;       ///< [positions] its label count
  std::vector<int> chain_first;  ///< [chains + 1] first position
  std::vector<Run> unary;
  std::vector<int> edge_first;  ///< [positions + 1] into edge: tables between positions p and p + 1
  std::vector<Edge> edge;
  /// Steps up to this one, and from this one on, that read the same one row and keep the label count.
  struct Alike {
    int before, after;
  };
  std::vector<Alike> alike;  ///< [positions - 1], of the step from each position to the next
  std::vector<Edge> shared;  ///< a few different tables among `edge` whose one row serves every instance
  int max_labels = 1;
  std::vector<int> offset;  ///< [positions + 1] sum of padded rows of labels

  int chains() const { return static_cast<int>(chain_first.size()) - 1; }
};

/// Null when there is a path or a real variable, some factor joins more than two variables or the neighbours
/// do not form chains (a loop, a fork).
std::shared_ptr<const ChainPlan> plan_chains(const Structure& structure);
/// The same of `labels` [variables] label counts and groups of joint tables.
std::shared_ptr<const ChainPlan> plan_chains(std::span<const int> labels,
                                             std::span<const ChainScopes> groups);

}  // namespace ebm
