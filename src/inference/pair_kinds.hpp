#pragma once
// The tables of a PairGraph as the kernels of messages read them (trws_kernels.hpp).

#include "pair_graph.hpp"
#include "trws_kernels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Beyond it float has too little room for sums.
inline constexpr double kMostFloat = 1e30;

struct PairKinds {
  std::span<TrwsKind> kind;  // of tables by their index; behind them, those of shapes under a scale below 0
  bool forbid = false;       // a table has +inf
  bool convex_alone = true;  // no message can be +inf
  bool nan = false;          // an entry is not a number
  bool large = false;        // an entry is beyond kMostFloat
  std::size_t widest = 8;    // padded label count
  std::size_t of(const PairGraph& g, std::size_t edge) const {
    const std::uint32_t t = g.table[edge];
    return t + (g.scale_of(edge) < 0 && g.tables[t].shape != PairGraph::Shape::table ? g.tables.size() : 0);
  }
};

// An energy of a variable or the constant is not a number.
bool has_nan(const PairGraph& g);
// `floats`: tables are copied as float too.
PairKinds pair_kinds(const PairGraph& g, bool floats, Workspace& ws);

}  // namespace EBM_PRECISION
}  // namespace ebm
