#pragma once
/// \file
/// FactorGraph: E(W, X, Y, Z) as a sum of factors, declared for one sample. A model's lambda fills one per
/// sample; `build` interns what samples share.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ebm/graph/scopes.hpp"
#include "ebm/graph/structure.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

struct RealVariable {};
struct PathVariable {};

class FactorGraph {
 public:
  explicit FactorGraph(const Params& W) : params_(&W) {}

  /// \name Variables
  /// The truth is read by losses alone; leave it out when unknown. At most one real and one path variable a
  /// graph. \throws GraphError for a name used twice or a truth outside the domain.
  ///@{
  Variables outputs(std::string name, int count, Labels labels, std::span<const int> truth = {});
  Variables outputs(std::string name, int count, Labels labels, std::vector<LabelSet> truth);
  Variables output(std::string name, Labels labels, LabelSet truth = {});
  Variables latents(std::string name, int count, Labels labels);
  Variables latent(std::string name, Labels labels) { return latents(std::move(name), 1, labels); }
  RealVariable output(std::string name, Reals reals, std::span<const Real> truth = {});
  RealVariable output(std::string name, Reals reals, Real truth);
  /// A latent's true value, where it is known, is used when the energy of the truth is asked for.
  RealVariable latent(std::string name, Reals reals, std::span<const Real> truth = {});
  /// The truth is an acceptor of one string of output labels, or empty.
  PathVariable output(std::string name, Paths paths, std::span<const int> truth = {},
                      bool truth_known = true);
  ///@}

  /// Says of all answers at once that they are right (Truth::low) or incorrect (Truth::high): a genuine or an
  /// impostor pair, a face or background. Of a low one, truths of variables still say which answer it is.
  void truth(Truth::Whole whole) { truth_.whole = whole; }

  /// What `net` computes from data, or from the real variable: once per evaluation, for any number of
  /// factors.
  Feature feature(const Net& net, Data x);
  Feature feature(const Net& net, RealVariable);
  /// Data as it is: [rows, columns], or one row. No slope is asked of it.
  Feature feature(Data x);
  /// The real variable as it is, one row of all its numbers.
  Feature feature(RealVariable);
  /// Rows of its coordinates: row r is the numbers at coordinates[r * columns .. ]; factors on few of many
  /// real numbers read these. \throws GraphError for a coordinate outside, or rows that are not full.
  Feature slice(RealVariable, int columns, std::vector<int> coordinates);

  /// \name Factors
  /// \throws GraphError or ShapeError by the factor's name when a table does not fit its scope.
  ///@{
  void add(Term term);  ///< no label variable: a number (of features, of the real variable)
  void add_each(Term term, int instances);               ///< the same for every row of the features
  void add(Term term, Variables variable);               ///< one variable
  void add(Term term, Variables a, Variables b);         ///< two variables
  void add(Term term, PathVariable);                     ///< arc energy = table entry of the arc
  void add_each(Term term, const Variables& variables);  ///< row i on variable i
  void add_each(Term term, Scopes scopes);               ///< row i, or the shared table, on scope i
  ///@}

  /// Interns nets, functions and structure. Not to be called for two graphs of one schema at once.
  Sample build(Schema& schema) &&;

 private:
  void add_group(Term term, Scopes scopes, int instances, bool on_path);
  void check_new(const std::string& name) const;
  int rows_of(const Feature& feature, int* columns) const;
  const Params* params_;
  Structure structure_;
  std::vector<Data> data_;
  Truth truth_;
  std::shared_ptr<const Lattice> lattice_;
  std::vector<Net> nets_;                 ///< of structure_.features, before interning
  std::vector<SizedFunction> functions_;  ///< of structure_.groups, before interning
};

}  // namespace EBM_PRECISION
}  // namespace ebm
