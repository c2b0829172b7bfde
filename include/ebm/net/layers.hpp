#pragma once
/// \file
/// The layers a Net is made of: plain structs of options. LeCun, Bottou, Bengio, Haffner 1998 (sections II
/// and appendix A) for convolution with connection tables, subsampling, the scaled tanh and the RBF output.
///
/// A tensor inside a net is [channels, height, width], [channels, width] or [channels]. A layer works at
/// every position alike (Linear is a 1x1 convolution), so a net runs unchanged on a larger input: Matan et
/// al. 1992, replication. Sizes that a layer leaves over are dropped (floor).

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ebm/core/tensor.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {

struct Size {
  int height = 1, width = 1;
  bool operator==(const Size&) const = default;
};
inline Size square(int side) { return {side, side}; }

/// How weights start. Fan-in is that of one unit: the inputs it reads.
enum class Init {
  tanh,  ///< uniform in +-2.4 / fan-in (LeCun et al. 1998); biases too
  he,    ///< uniform with variance 2 / fan-in (He et al. 2015); biases 0: for ReLU
};

/// For each output map, the input maps it reads, ascending. Empty: all of them.
using Table = std::vector<std::vector<int>>;

/// y_m = b_m + sum over i in table[m], p, q of w_mi[p, q] x_i[y + p, x + q] (a correlation, as all of them
/// are). Parameters: weight [kernels, height, width] in table order (or [maps, channels, height, width]
/// without a table), bias [maps].
struct Conv {
  int maps = 1;
  Size kernel{1, 1};
  Size stride{1, 1};
  Size padding{0, 0};  ///< zeros on either side
  Table table{};
  Init init = Init::tanh;
  std::string name{};  ///< of the parameter blocks; made from the kind and the position when empty
};

/// The same along the last axis alone, for [channels, time].
struct Conv1d {
  int maps = 1, kernel = 1, stride = 1, padding = 0;
  Init init = Init::tanh;
  std::string name{};
};

/// y = W x + b on the channels of every position. Parameters: weight [outputs, inputs], bias [outputs].
struct Linear {
  int outputs = 1;
  Init init = Init::tanh;
  bool bias = true;
  std::string name{};
};

/// Mean of each `size` window; with gain and bias, gain_m * mean + bias_m: the S layers of LeNet, without
/// their squash. The gains start at 1 and the biases at 0, so that an S layer starts as a mean.
struct AveragePool {
  Size size{2, 2};
  Size stride{0, 0};  ///< 0: the window's size
  bool gain_and_bias = false;
  std::string name{};
};

struct MaxPool {
  Size size{2, 2};
  Size stride{0, 0};  ///< 0: the window's size
  std::string name{};
};

/// outside * tanh(inside * a). The default has f(1) = 1, f(-1) = -1 and its greatest curvature there.
struct Tanh {
  Real outside = Real(1.7159), inside = Real(2) / 3;
  static Tanh plain() { return {1, 1}; }
};

struct Relu {};

/// y_i = sum_j (x_j - w_ij)^2 on the channels of every position: energies of classes whose centres are w_i.
struct Rbf {
  int outputs = 1;
  std::vector<Real> centres{};  ///< [outputs, channels]; empty: +-1 drawn with equal odds
  bool adaptive = false;        ///< false: the block is frozen when made and counts as no parameter
  std::string name{};
};

/// y_i = x_i - log sum_j exp(x_j) on the channels of every position.
struct LogSoftmax {};

/// In training, each number is 0 with the given probability, else divided by 1 - probability; nothing in
/// evaluation. The choice depends on State::set_dropout_stream and the place alone.
struct Dropout {
  double probability = 0.5;
};

/// [C, H, W] becomes [C H W, 1, 1]: all positions into channels. A net with it takes one input size only.
struct Flatten {};

/// Channels of several inputs of equal height and width, one after the other.
struct Concat {};

/// Sum of several inputs of equal shape.
struct Add {};

using Layer = std::variant<Conv, Conv1d, Linear, AveragePool, MaxPool, Tanh, Relu, Rbf, LogSoftmax, Dropout,
                           Flatten, Concat, Add>;

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
