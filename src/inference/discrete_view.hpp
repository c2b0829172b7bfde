#pragma once
// What every engine of label variables reads: one sample of a batch or a DiscreteGraph, its tables where they
// lie. Batches hold Real, graphs of their own double, so a row comes as double through read_row, or directly
// where it is double already.

#include <cstdint>
#include <span>
#include <vector>

#include "answering.hpp"
#include "ebm/core/workspace.hpp"
#include "ebm/graph/discrete_graph.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct DiscreteView {
  struct Group {
    int arity = 0, instances = 0;
    std::size_t entries = 1;          // of a row, the last variable fastest
    std::span<const int> sizes;       // [arity]
    std::span<const int> scopes;      // [instances, arity]; a variable may stand twice in a sample's
    const float* floats = nullptr;    // rows: one of the two, the other is null
    const double* doubles = nullptr;  //
    std::size_t stride = 0;           // from row to row; 0: one serves every instance
    std::span<const double> scales;   // [instances], empty: all 1
    Index index = Index::joint;
    std::span<const int> scope(int instance) const {
      return scopes.subspan(static_cast<std::size_t>(instance) * arity, static_cast<std::size_t>(arity));
    }
    std::size_t entry(int instance, std::span<const int> labels) const {
      return entry_of(index, sizes, scope(instance).data(), entries, labels);
    }
    double scale(int instance) const {
      return scales.empty() ? 1 : scales[static_cast<std::size_t>(instance)];
    }
  };

  std::span<const int> labels;          // [variables] label counts
  std::span<const std::size_t> offset;  // [variables + 1] sum of label counts
  std::span<const Group> groups;        // of a sample: those of its structure, by the same numbers
  double constant = 0;                  // groups of arity 0 are in it, and nowhere else
  // At offset, or empty: energies on single variables beside the groups. Less the margin between answers
  // (Query::rescaling), +inf for what Over::truth leaves out.
  std::span<const double> single;
  std::span<const char> in_truth;  // at offset; filled for Over::truth and Over::others

  int auxiliaries = 0;  // the last so many variables are not of the graph (lowering.hpp)

  int variables() const { return static_cast<int>(labels.size()); }
};

// The energies of one instance. Its row itself where that is possible, else written to `room` [entries].
std::span<const double> read_row(const DiscreteView& view, int group, int instance, std::span<double> room);
// out[offset[v] + k] = everything that reads variable v alone: groups of arity 1 and `single`. [sum of K]
void read_singles(const DiscreteView& view, std::span<double> out);
// In double, whatever the tables are in.
double energy_of(const DiscreteView& view, std::span<const int> labels);

// Whether a view has joint tables alone, with auxiliary variables behind its own (lowering.hpp), or counts
// and agreements as they were declared, for engines that move one variable at a time.
enum class Tables { joint, declared };

// What lies in `ws` lives until it is reset; tables stay in the batch or the graph.
DiscreteView view_of(const Batch& b, int sample, Over over, const Rescaling* rescaling, Workspace& ws,
                     Tables tables = Tables::joint);
DiscreteView view_of(const DiscreteGraph& graph, Workspace& ws, Tables tables = Tables::joint);
// The scopes alone, no rows: what plans are made of.
DiscreteView view_of(const Structure& structure, Workspace& ws, Tables tables = Tables::joint);

// weights of one instance += p [entries]; `weights` are those of the sample (weights_of). Labels are given
// back by give_at (ebm/graph/at_labels.hpp).
void give_row(const Batch& b, int sample, int group, int instance, std::span<const double> p,
              std::span<Real> weights);

// Probabilities of labels and of the joint labels of each factor.
struct DiscreteMarginals {
  std::vector<double> label;           // at DiscreteView::offset
  std::vector<std::size_t> factor_at;  // [groups] in `factor`; instance after instance, entries in each
  std::vector<double> factor;
  void resize(const DiscreteView& view);  // all 0; groups of arity 0 have no place
  std::span<double> row(const DiscreteView& view, std::size_t group, int instance) {
    const std::size_t entries = view.groups[group].entries;
    return std::span(factor).subspan(factor_at[group] + static_cast<std::size_t>(instance) * entries,
                                     entries);
  }
};
// Those of all factors of a sample as weights.
void give_marginals(const Batch& b, int sample, const DiscreteView& view, DiscreteMarginals& marginals,
                    std::span<Real> weights);

// Which factors read each variable, those of arity 1 among them. It depends on the scopes alone.
class Readers {
 public:
  struct Reader {
    std::uint32_t group : 24, place : 8;
    int instance;
  };
  Readers() = default;
  // \throws GraphError for more than 2^24 groups, 256 variables a scope or 2^32 places in all scopes.
  explicit Readers(const DiscreteView& view);
  std::span<const Reader> of(int variable) const {
    const auto v = static_cast<std::size_t>(variable);
    return std::span(readers_).subspan(first_[v], first_[v + 1] - first_[v]);
  }

 private:
  std::vector<std::uint32_t> first_;
  std::vector<Reader> readers_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
