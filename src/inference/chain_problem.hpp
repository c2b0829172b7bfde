#pragma once
// The chains of one sample or graph as flat double arrays: what the dynamic programmes of chain_min.cpp,
// chain_sum.cpp and chain_log.cpp walk. Chains are laid end to end; between two chains there is no table, so
// nothing joins them.

#include <span>
#include <vector>

#include "answering.hpp"
#include "discrete_view.hpp"
#include "ebm/core/workspace.hpp"
#include "ebm/graph/chain_plan.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

// Energies between two positions, [k, l]; rows are padded (chain_row) with +inf.
struct ChainTable {
  int k = 0, l = 0;
  double* energies = nullptr;  // [k, row of l]
  double* transposed =
      nullptr;  // [l, row of k]; null, as all that is packed, for a table that one step reads
  double* packed = nullptr;
  Workspace* home = nullptr;  // what it lies in
  // Once asked for: exp(-beta (energies - low)), 0 in the padding.
  double low = 0;
  double* masses = nullptr;
  double* masses_packed = nullptr;
  double* masses_transposed = nullptr;
  double* masses_transposed_packed = nullptr;
};

// Tables with one row that serves every instance, turned into double once for all samples that read them.
class ChainTables {
 public:
  // Those of `common` are found too; it must stay as it is meanwhile.
  void clear(const ChainTables* common = nullptr) {
    common_ = common;
    shared_.clear();
    ws_.reset();
  }
  ChainTable* find(const void* data, bool transposed) const {
    for (const Entry& e : shared_)
      if (e.data == data && e.transposed == transposed) return e.table;
    return common_ ? common_->find(data, transposed) : nullptr;
  }
  // The table whose row is at `data`, by `read(ChainTable&)` the first time.
  template <class Read>
  ChainTable* get(const void* data, bool transposed, const Read& read) {
    if (ChainTable* known = find(data, transposed)) return known;
    ChainTable* t = new (ws_.take<ChainTable>(1).data()) ChainTable();
    t->home = &ws_;
    read(*t);
    shared_.push_back({data, transposed, t});
    return t;
  }
  // All that free energies read, at once.
  void prepare_sums(double beta);

 private:
  struct Entry {
    const void* data;
    bool transposed;
    ChainTable* table;
  };
  const ChainTables* common_ = nullptr;
  std::vector<Entry> shared_;
  Workspace ws_;
};

struct ChainProblem {
  const ChainPlan* plan = nullptr;
  int length = 0;                  // positions
  std::span<double> unary;         // at plan->offset, +inf in the padding of rows
  std::span<ChainTable*> edge;     // [length - 1], null: nothing joins p and p + 1
  int one_table = -1;              // every joined pair reads one table: the first that does
  bool not_a_number = false;       // some energy is NaN
  std::span<const char> in_truth;  // at plan->offset; filled for Over::truth and Over::others

  int labels(int p) const { return plan->labels[static_cast<std::size_t>(p)]; }
  int at(int p) const { return plan->offset[static_cast<std::size_t>(p)]; }
};

// Probabilities of labels, and of pairs of neighbours' labels: for each position a block [k, l] at pair_at,
// or one block with the sum of all when one table serves every pair.
struct ChainMarginals {
  std::span<double> label;         // at plan->offset
  std::span<std::size_t> pair_at;  // [length - 1]
  std::span<double> pair;
};

// exp(-beta (energies - low)) of a table, the first time. False where low is not finite.
bool prepare_sums(ChainTable& table, double beta);

// The tables of sample i that are parameters, which other samples read too.
void read_parameters(const Batch& b, int i, ChainTables& tables);
// Adds up the tables of sample i, less the margin between answers. Everything lives in `ws` and `tables`.
ChainProblem read_chain(const Batch& b, int i, Over over, const Rescaling* rescaling, ChainTables& tables,
                        Workspace& ws);
// The same of a view with joint tables, all of whose answers compete.
ChainProblem read_chain(const DiscreteView& view, const ChainPlan& plan, ChainTables& tables, Workspace& ws);
// Room for the marginals of a problem, pairs zero. `pairs`: of neighbours are wanted too.
ChainMarginals room_for_marginals(const ChainProblem& c, bool pairs, Workspace& ws);

// Gives weights back to the tables that they came from: marginals, or one label per position.
void give(const Batch& b, int i, const ChainProblem& c, const ChainMarginals& m, Answer& out);
void give(const Batch& b, int i, const ChainProblem& c, std::span<const int> labels, Answer& out);

// Minimum over the chains; fills `labels` [length] by position, unless they are empty or the energy is not
// finite; +inf when there is none.
struct ChainMinimum {
  const ChainProblem* chain;
  Over over;
  std::span<int> labels;
  double energy = kInf;
};
// Of up to kChainRows chains at once, each as it would be alone.
void chain_minima(std::span<ChainMinimum> chains, Workspace& ws);

// Free energy; adds the marginals to `out` where given.
struct ChainSum {
  const ChainProblem* chain;
  Over over;
  const ChainMarginals* out;
  double energy = kInf;
};
// Of up to kChainRows chains at once, each as it would be alone.
void chain_free_energies(std::span<ChainSum> chains, double beta, Workspace& ws);

// The same of one chain in the log domain, for any range of energies (chain_log.cpp).
double chain_log_domain(const ChainProblem& c, Over over, double beta, const ChainMarginals* out,
                        Workspace& ws);

}  // namespace EBM_PRECISION
}  // namespace ebm
