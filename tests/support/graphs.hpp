#pragma once
// Random small graphs, and the independent oracle that other engines are held against: plain enumeration over
// a callback, sharing no code with the library's engines.

#include <cmath>
#include <functional>
#include <vector>

#include "ebm/core/rng.hpp"
#include "ebm/graph/model.hpp"

namespace ebm::testing {

inline Tensor random_tensor(Shape shape, Rng& rng, double scale = 1) {
  Tensor t(shape);
  for (std::size_t i = 0; i < t.size(); ++i) t[i] = static_cast<Real>(scale * rng.normal());
  return t;
}

// One sample built by a lambda over its own schema.
struct OneGraph {
  Params* W;
  Model<int> model;
  Prepared ready;
  Batch batch;
  OneGraph(Params& params, const std::function<void(FactorGraph&)>& declare)
      : W(&params),
        model(params, [declare](FactorGraph& g, const int&) { declare(g); }),
        ready(model.prepare(0)),
        batch(ready.batch()) {}
};

// All joint labels of the counts, in order.
inline void each_labelling(const std::vector<int>& counts,
                           const std::function<void(const std::vector<int>&)>& visit) {
  std::vector<int> y(counts.size(), 0);
  for (;;) {
    visit(y);
    std::size_t v = counts.size();
    while (v > 0 && ++y[v - 1] == counts[v - 1]) y[--v] = 0;
    if (v == 0) return;
  }
}

// -1/beta log sum exp(-beta e); the minimum for beta = inf.
inline double joined(const std::vector<double>& energies, double beta) {
  double low = kInf;
  for (const double e : energies) low = std::min(low, e);
  if (low == kInf || beta == kInf) return low;
  double sum = 0;
  for (const double e : energies) sum += std::exp(-beta * (e - low));
  return low - std::log(sum) / beta;
}

}  // namespace ebm::testing
