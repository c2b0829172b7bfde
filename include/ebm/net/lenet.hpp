#pragma once
/// \file
/// LeNet-5 exactly as published (LeCun, Bottou, Bengio, Haffner 1998, section II.B), and nets of its family.
///
/// | layer | maps | parameters | connections |
/// |---|---|---|---|
/// | C1, 5x5 | 6@28x28 | 156 | 122,304 |
/// | S2, 2x2 | 6@14x14 | 12 | 5,880 |
/// | C3, 5x5, table | 16@10x10 | 1,516 | 151,600 |
/// | S4, 2x2 | 16@5x5 | 32 | 2,000 |
/// | C5, 5x5 | 120@1x1 | 48,120 | 48,120 |
/// | F6 | 84 | 10,164 | 10,164 |
/// | RBF | 10 | (fixed) | 840 |
///
/// Inputs of LeNet-5: background -0.1, ink 1.175. A wider image gives floor((width - 32) / 4) + 1 columns of
/// energies.

#include <string>
#include <vector>

#include "ebm/net/build.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {

struct LeNet5Options {
  enum class Output {
    rbf_code,  ///< ten RBF units whose fixed centres are 7x12 bitmaps of the digits
    linear,    ///< `classes` unnormalised energies, one weight vector each
  };
  Output output = Output::rbf_code;
  int classes = 10;  ///< of the linear output; the RBF code has ten
};

/// Blocks "NAME.c1.weight", "NAME.c1.bias", "NAME.s2.gain", ..., "NAME.rbf.centres" or "NAME.out.weight".
/// \throws GraphError for an RBF code with other than ten classes.
Net lenet5(Params& params, std::string name, const LeNet5Options& options = {});

/// Input maps of each of the sixteen maps of C3: sixty kernels.
Table lenet5_table();

/// Ten stylised digits of 7x12 = 84 pixels, +1 ink and -1 background, row by row: [10, 84].
std::vector<Real> lenet5_code();

/// The same family for any input [channels, height, width] of at least 16x16: 5x5 convolutions with 8 and 24
/// maps, each with the scaled tanh and 2x2 means, a convolution over all that is left with 96 maps, and
/// `outputs` linear energies.
Net lenet(Params& params, std::string name, const Shape& input, int outputs);

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
