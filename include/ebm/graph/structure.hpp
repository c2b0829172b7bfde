#pragma once
/// \file
/// What samples share. A Structure is the shape of one factor graph: variables, features and groups (one
/// function, N scopes, flat index arrays). Samples of equal structure share it, and a plan belongs to it,
/// never to a batch (with ragged shuffled data the structure of a union never repeats).

#include <memory>
#include <string>
#include <vector>

#include "ebm/graph/domain.hpp"
#include "ebm/graph/factors.hpp"
#include "ebm/graph/index.hpp"
#include "ebm/graph/plans.hpp"
#include "ebm/graph/truth.hpp"

namespace ebm {

struct ChainPlan;

inline namespace EBM_PRECISION {

/// `count` label variables declared together; they are numbered first, first+1, .. in the graph's flat order.
struct LabelBlock {
  std::string name;
  Role role = Role::output;
  int labels = 0;
  int first = 0, count = 0;
  bool operator==(const LabelBlock&) const = default;
};

/// A net and what it reads: slot >= 0 is a data slot of the sample, -1 the real variable. Without a net (-1)
/// the numbers pass as they are: of the data, or of the real variable's coordinates named in `slice`.
struct FeatureSource {
  int net = 0;
  int slot = 0;
  std::vector<int> slice;  ///< [rows, columns] coordinates
  int columns = 0;         ///< of the slice
  bool operator==(const FeatureSource&) const = default;
};

/// One function, N scopes.
struct Group {
  std::string name;
  Term::Kind kind = Term::Kind::function;
  int function = -1;          ///< into Schema::functions, for Kind::function
  Param param;                ///< for Kind::param
  int slot = -1;              ///< data slot, for Kind::data
  std::vector<int> features;  ///< one for Kind::feature, those it reads for Kind::function
  int instances = 0;
  int arity = 0;               ///< label variables per scope
  bool on_path = false;        ///< entries are read by the arcs of the path variable
  bool shared = false;         ///< one row serves every instance
  bool on_reals = false;       ///< depends on the real variable: one table per point
  Index index = Index::joint;  ///< which entry of a row is read
  int entries = 1;  ///< per row: product of the label counts, or as `index` has it; for paths set by the data
  std::vector<int> sizes;   ///< [arity], labels of each variable of a scope
  std::vector<int> scopes;  ///< [instances, arity], flat label variables
  /// Tables there are: of one shared row, one.
  int rows() const { return shared ? 1 : instances; }
  bool operator==(const Group&) const = default;
};

struct Structure {
  std::vector<LabelBlock> labels;
  int label_variables = 0;
  std::string real_name, path_name;
  int real_dims = 0;  ///< 0: no real variable
  Manifold real_manifold = Manifold::flat;
  std::vector<double> real_low, real_high;  ///< [real_dims], or empty without bounds
  bool has_path = false;
  Role real_role = Role::output, path_role = Role::output;
  int data_slots = 0;
  std::vector<FeatureSource> features;
  std::vector<Group> groups;

  /// Two groups at the points share a function, so that its rows take turns.
  bool alternates() const;
  /// Label count of a flat variable.
  int labels_of(int variable) const;
  /// "tag[3]"
  std::string variable_name(int variable) const;
  /// How the chain engines walk this graph; null when it is no chain. Made once.
  std::shared_ptr<const ChainPlan> chain;
  /// What other engines know of this graph.
  Plans plans;

  bool same_as(const Structure& other) const;
  std::size_t hash() const;
};

/// One sample, prepared: built once, read by every step.
struct Sample {
  const Structure* structure = nullptr;
  std::vector<Data> data;
  Truth truth;
  std::shared_ptr<const Lattice> lattice;  ///< of the path variable
};

/// A factor function and the sizes it works at (entries a row, then numbers a row of each input): one
/// function at two sizes is two.
struct SizedFunction {
  Factor function;
  std::vector<int> sizes;
  bool operator==(const SizedFunction&) const = default;
};

/// Everything samples of one model share: W, interned nets, factor functions and structures.
class Schema {
 public:
  explicit Schema(Params& W) : params_(&W) {}
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  int intern(const Net& net);
  int intern(const SizedFunction& function);
  const Structure* intern(Structure&& structure);

  Params& params() const { return *params_; }
  const std::vector<Net>& nets() const { return nets_; }
  const std::vector<SizedFunction>& functions() const { return functions_; }
  std::size_t structures() const { return structures_.size(); }

 private:
  Params* params_;
  std::vector<Net> nets_;
  std::vector<SizedFunction> functions_;
  std::vector<std::pair<std::size_t, std::unique_ptr<Structure>>> structures_;  ///< sorted by hash
};

}  // namespace EBM_PRECISION
}  // namespace ebm
