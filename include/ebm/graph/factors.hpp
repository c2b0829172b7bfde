#pragma once
/// \file
/// The factors that ship. Each returns a Term: a function with what it reads, ready for FactorGraph::add.

#include <memory>
#include <string>
#include <vector>

#include "ebm/core/params.hpp"
#include "ebm/graph/factor.hpp"
#include "ebm/graph/index.hpp"
#include "ebm/net/net.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// Numbers of one sample that a factor or a net reads. A view must outlive the sample; a Tensor given as a
/// temporary is kept.
struct Data {
  ConstView view;
  std::shared_ptr<const Tensor> owner;
  Data(const Tensor& tensor) : view(tensor) {}  // NOLINT
  Data(ConstView view) : view(view) {}          // NOLINT
  Data(Tensor&& tensor);                        // NOLINT
};

/// Handle to what a net computes from data or from the real variable; see FactorGraph::feature.
struct Feature {
  int index = -1;
};

/// One factor to add: where its table comes from.
struct Term {
  enum class Kind {
    feature,   ///< the rows of a net's output are the table
    param,     ///< one block of W is the table of every instance
    data,      ///< given energies, no gradient
    function,  ///< computed by `function` from `features`
  };
  Kind kind = Kind::function;
  Index index = Index::joint;  ///< which entry of a row the labels of a scope name
  std::string name;
  std::vector<Factor> function;  ///< one, for Kind::function
  std::vector<Feature> features;
  std::vector<Net> net;  ///< one, for factor::network
  std::vector<Data> data;
  Param param;
};

namespace factor {

/// E = G_W(x)[row, label]: row r of the net's output is the table of instance r. `x` is one input of the net
/// or rows of them; an input wider than the net's own gives a row of outputs (replication), each the table of
/// one instance.
Term network(const Net& net, Data x);
/// E = feature[row, label]: the same for a feature that others read too.
Term rows(Feature feature);
/// E = W[y1, .., yn]: one trained table shared by every instance. The block's shape is the scope's label
/// counts.
Term table(const Params& W, Param param);
/// E = energies[row, y1, .., yn] or, with the label counts alone as shape, one table shared by all. Not
/// trained.
Term constant(Data energies);
/// E = |a - b|, the Euclidean distance of two features, one number a row (Hadsell, Chopra, LeCun 2006, eq.
/// 1).
Term distance(Feature a, Feature b);
/// E = sum_k |a_k - b_k| (Chopra, Hadsell, LeCun 2005).
Term absolute_distance(Feature a, Feature b);
/// E[y] = sum_k |a_k - b_yk|: which of `others`, at most kMaxInputs - 1, is nearest to a; on one label
/// variable of as many labels.
Term absolute_distances(Feature a, std::vector<Feature> others);
/// E = |a - b|^2 / 2.
Term half_squared_distance(Feature a, Feature b);
/// The net's rows with one more label at a fixed energy: the rubbish class of LeCun et al. 1998, eq. 9 (its
/// j).
Term with_rubbish(Feature feature, double energy);
/// Any factor function of the user's own, of at most kMaxInputs features.
Term function(Factor f, std::vector<Feature> features, std::string name = "function");

}  // namespace factor
}  // namespace EBM_PRECISION
}  // namespace ebm
