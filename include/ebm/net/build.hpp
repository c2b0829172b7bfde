#pragma once
/// \file
/// Making nets: a chain of layers, a general directed graph, and the common small ones.

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "ebm/net/layers.hpp"
#include "ebm/net/net.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {

/// A tensor inside a net under construction.
struct Signal {
  int index = -1;
};

/// Builds a directed graph of layers; parameters get the names "NET.LAYER.weight" and "NET.LAYER.bias".
/// ```
/// net::Builder b(W, "two");
/// const auto x = b.input({1, 16, 16});
/// const auto left = b.add(net::Conv{.maps = 4, .kernel = net::square(3)}, x);
/// const Net two = b.build({b.add(net::Concat{}, {left, b.add(net::Tanh{}, left)})});
/// ```
class Builder {
 public:
  Builder(Params& params, std::string name);
  ~Builder();
  Signal input(const Shape& shape);
  /// \throws ShapeError naming the layer that its inputs do not fit; GraphError for options that make no
  /// sense.
  Signal add(Layer layer, Signal input);
  Signal add(Layer layer, std::initializer_list<Signal> inputs);
  /// The layer that made `layer_of` once more, with the same weights. \throws GraphError when an input made
  /// it.
  Signal share(Signal layer_of, Signal input);
  /// Shape of a signal for the declared inputs, e.g. [8, 14, 14].
  Shape shape(Signal signal) const;
  /// The finished net; the builder is empty afterwards.
  Net build(std::initializer_list<Signal> outputs);

 private:
  Params* params_;
  std::unique_ptr<Description> description_;
};

/// Layers one after the other.
Net sequential(Params& params, std::string name, const Shape& input, const std::vector<Layer>& layers);

/// y = W x + b, blocks "NAME.weight" and "NAME.bias".
Net linear(Params& params, std::string name, int inputs, int outputs);

/// Linear layers of the given widths with the scaled tanh (Init::tanh) or ReLU (Init::he) between them.
Net mlp(Params& params, std::string name, const std::vector<int>& widths, Init init = Init::tanh);

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
