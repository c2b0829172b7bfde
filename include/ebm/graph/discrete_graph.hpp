#pragma once
/// \file
/// DiscreteGraph: an energy over label variables without parameters, in double,
///   E(y) = constant + sum over factors of scale * row[labels of the scope],
/// made by hand or read from a file (ebm/graph/formats.hpp). Lower is better, nats, +inf is forbidden; a
/// product of tables has the energy minus the natural log of that product. Factors come in groups: one shape,
/// N scopes, flat arrays; a row may serve every instance, so that a pair of a 4096 x 4096 grid is the eight
/// bytes of its scope.

#include <cstddef>
#include <span>
#include <vector>

#include "ebm/graph/domain.hpp"
#include "ebm/graph/index.hpp"
#include "ebm/graph/scopes.hpp"

namespace ebm {

class DiscreteGraph {
 public:
  /// Factors whose variables have the same label counts.
  struct Group {
    int arity = 0;
    int instances = 0;
    std::size_t entries = 1;       ///< of a row: product of `sizes`, or as `index` has it
    bool shared = false;           ///< one row serves every instance
    std::vector<int> sizes;        ///< [arity] labels of each variable of a scope
    std::vector<int> scopes;       ///< [instances, arity], distinct variables in each
    std::vector<double> energies;  ///< [shared ? 1 : instances, entries], the last variable fastest
    std::vector<double> scales;    ///< [instances], or empty: all 1
    Index index = Index::joint;    ///< which entry is read
    std::span<const int> scope(int instance) const {
      return std::span(scopes).subspan(static_cast<std::size_t>(instance) * arity,
                                       static_cast<std::size_t>(arity));
    }
    const double* row(int instance) const {
      return energies.data() + (shared ? 0 : static_cast<std::size_t>(instance) * entries);
    }
    double scale(int instance) const {
      return scales.empty() ? 1 : scales[static_cast<std::size_t>(instance)];
    }
    std::size_t entry(int instance, std::span<const int> labels) const {
      return entry_of(index, sizes, scope(instance).data(), entries, labels);
    }
  };

  /// \throws GraphError when there would be more than 2^31 - 1 variables.
  Variables add_variables(int count, Labels labels);
  /// One factor with a row of its own. Those of one shape become one group. Without a scope it is a constant.
  /// \throws GraphError for variables that are not there or stand twice, and for energies that are NaN, -inf
  /// or not as many as there are joint labels of the scope.
  void add(std::span<const int> scope, std::span<const double> energies);
  /// One group: `energies` is one row for all scopes, or one for each; `scales`, if any, has a finite number
  /// for each scope (contrast-weighted pairs), above 0 where a row has forbidden entries.
  /// \throws GraphError as above, or when label counts differ between the scopes.
  void add_each(std::vector<double> energies, Scopes scopes, std::vector<double> scales = {},
                Index index = Index::joint);
  /// The same for every answer; +inf forbids all. \throws GraphError for NaN and -inf.
  void add_constant(double energy);

  int variables() const { return static_cast<int>(labels_.size()); }
  /// [variables] label counts.
  std::span<const int> labels() const { return labels_; }
  std::span<const Group> groups() const { return groups_; }
  double constant() const { return constant_; }
  /// Factors in all groups.
  std::size_t factors() const;

  /// Nats, in double; +inf where a factor forbids the labels.
  /// \throws GraphError unless there is one label a variable, each of its domain.
  double energy(std::span<const int> labels) const;

 private:
  void check_energies(std::span<const double> energies) const;
  std::vector<int> labels_;
  std::vector<Group> groups_;
  std::vector<int> own_rows_;  ///< groups that `add` appends to, sorted by their sizes
  double constant_ = 0;
};

/// What is left of a graph when some variables are observed.
struct Clamped {
  DiscreteGraph graph;  ///< over the free variables, in their old order; energies are those of the whole
  std::vector<int> variable;  ///< [free variables] its number in the whole graph
  std::vector<int> labels;    ///< [all variables] the evidence, 0 where free

  /// Labels of all variables, evidence included, from those of the free ones.
  std::vector<int> all(std::span<const int> free) const;
};

/// \param evidence [variables] a label, or -1 for a free variable.
/// \throws GraphError for another number of entries or a label outside its domain.
Clamped clamp(const DiscreteGraph& graph, std::span<const int> evidence);

}  // namespace ebm
