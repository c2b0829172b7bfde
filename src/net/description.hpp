#pragma once
// What a Net shares among its handles: layers in the order they run, and which signals each reads and makes.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ebm/core/params.hpp"
#include "ebm/net/layers.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {

// Size of a signal in one row: [channels, height, width], row-major.
struct Extent {
  int channels = 0, height = 1, width = 1;
  int positions() const { return height * width; }
  std::size_t size() const {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(positions());
  }
  bool operator==(const Extent&) const = default;
};

Extent extent(const Shape& shape);     // of an input, of one to three axes
Shape inside_shape(const Extent& e);   // as layers speak of it: [C], [C, W] or [C, H, W]
Shape outside_shape(const Extent& e);  // as a user reads an output: [K], [W, K] or [H, W, K]

struct Block {  // of Params
  std::size_t offset = 0, size = 0;
};

// One layer at one place of the graph. Conv1d and Linear are kept as the Conv they are.
struct Step {
  Layer layer;
  std::string name;         // in messages and block names
  std::vector<int> inputs;  // signals
  int output = -1;
  bool has_weight = false, has_bias = false;
  Block weight, bias;  // of Conv: weight and bias; of AveragePool: gain and bias; of Rbf: centres
  int channels = 0;    // of its input, which its weights fix
};

struct Description {
  std::string name;
  std::vector<Shape> declared;  // of the inputs
  std::vector<int> inputs, outputs;
  std::vector<Extent> signals;  // for the declared inputs
  std::vector<Step> steps;
};

// What the layer makes of its inputs. \throws ShapeError naming the layer of `net` and the shapes that do not
// fit.
Extent infer(const std::string& net, const Step& step, std::span<const Extent> in);

// Sizes of all signals for other inputs than the declared ones.
std::vector<Extent> infer_all(const Description& net, std::span<const Shape> inputs);

Size stride_of(const Size& size, const Size& stride);  // of a pool, whose stride 0 means its size

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
