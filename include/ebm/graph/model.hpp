#pragma once
/// \file
/// Model: the lambda that declares a sample's factor graph, and what its samples share.

#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "ebm/core/pool.hpp"
#include "ebm/graph/batch.hpp"
#include "ebm/graph/factor_graph.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// Samples made ready once, for any number of passes. What they view must outlive them.
class Prepared {
 public:
  Prepared(std::shared_ptr<Schema> schema, std::vector<Sample> samples)
      : schema_(std::move(schema)), samples_(std::move(samples)) {
    for (const Sample& s : samples_) pointers_.push_back(&s);
  }
  Prepared(Prepared&&) = default;  // moved samples stay where they are; copied ones would not
  Prepared& operator=(Prepared&&) = default;
  std::span<const Sample> samples() const { return samples_; }
  std::size_t size() const { return samples_.size(); }
  const Schema& schema() const { return *schema_; }
  /// All of it, or part, as one batch, which must not outlive this.
  Batch batch(std::size_t first = 0, std::size_t count = static_cast<std::size_t>(-1)) const;

 private:
  std::shared_ptr<Schema> schema_;
  std::vector<Sample> samples_;
  std::vector<const Sample*> pointers_;
};

template <class S>
class Model {
 public:
  using Declare = std::function<void(FactorGraph&, const S&)>;
  /// `declare` runs once per sample, in parallel: it must not change anything it shares. W must outlive the
  /// model.
  Model(Params& W, Declare declare)
      : params_(&W), schema_(std::make_shared<Schema>(W)), declare_(std::move(declare)) {}

  /// Not to be called from two threads at once: what samples share is interned. What the samples view must
  /// stay.
  Prepared prepare(std::span<const S> data) const {
    std::vector<FactorGraph> graphs;
    graphs.reserve(data.size());
    for (std::size_t i = 0; i < data.size(); ++i) graphs.emplace_back(*params_);
    parallel_for(data.size(), [&](std::size_t i) { declare_(graphs[i], data[i]); });
    // Interned in order, so that ids, and with them every sum, do not depend on the threads.
    std::vector<Sample> samples;
    samples.reserve(data.size());
    for (FactorGraph& g : graphs) samples.push_back(std::move(g).build(*schema_));
    return {schema_, std::move(samples)};
  }
  Prepared prepare(const S& one) const { return prepare(std::span<const S>(&one, 1)); }
  /// One sample that shares nothing with others but W: may be called from any number of threads at once, and
  /// leaves nothing behind. For reading with a trained model.
  Prepared prepare_alone(const S& one) const {
    auto schema = std::make_shared<Schema>(*params_);
    FactorGraph g(*params_);
    declare_(g, one);
    std::vector<Sample> samples;
    samples.push_back(std::move(g).build(*schema));
    return {std::move(schema), std::move(samples)};
  }

  Params& params() const { return *params_; }
  const Schema& schema() const { return *schema_; }

 private:
  Params* params_;
  std::shared_ptr<Schema> schema_;
  Declare declare_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
