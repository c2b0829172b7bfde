#include "ebm/net/lenet.hpp"

#include <algorithm>

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {
namespace {

// 7x12 pixels each.
// clang-format off
constexpr const char* kDigits[10] = {
    // 0
    ".#####."
    "#######"
    "##...##"
    "##...##"
    "##...##"
    "##...##"
    "##...##"
    "##...##"
    "##...##"
    "##...##"
    "#######"
    ".#####.",
    // 1
    "...##.."
    "..###.."
    ".####.."
    "##.##.."
    "...##.."
    "...##.."
    "...##.."
    "...##.."
    "...##.."
    "...##.."
    ".######"
    ".######",
    // 2
    ".#####."
    "#######"
    "##...##"
    ".....##"
    ".....##"
    "....##."
    "...##.."
    "..##..."
    ".##...."
    "##....."
    "#######"
    "#######",
    // 3
    "#######"
    "#######"
    "....##."
    "...##.."
    "..####."
    "..#####"
    ".....##"
    ".....##"
    ".....##"
    "##...##"
    "#######"
    ".#####.",
    // 4
    "....##."
    "...###."
    "..####."
    ".##.##."
    "##..##."
    "##..##."
    "#######"
    "#######"
    "....##."
    "....##."
    "....##."
    "....##.",
    // 5
    "#######"
    "#######"
    "##....."
    "##....."
    "######."
    "#######"
    ".....##"
    ".....##"
    ".....##"
    "##...##"
    "#######"
    ".#####.",
    // 6
    "..####."
    ".#####."
    "##....."
    "##....."
    "##.###."
    "#######"
    "##...##"
    "##...##"
    "##...##"
    "##...##"
    "#######"
    ".#####.",
    // 7
    "#######"
    "#######"
    ".....##"
    "....##."
    "....##."
    "...##.."
    "...##.."
    "..##..."
    "..##..."
    ".##...."
    ".##...."
    ".##....",
    // 8
    ".#####."
    "#######"
    "##...##"
    "##...##"
    "#######"
    ".#####."
    "#######"
    "##...##"
    "##...##"
    "##...##"
    "#######"
    ".#####.",
    // 9
    ".#####."
    "#######"
    "##...##"
    "##...##"
    "##...##"
    "#######"
    ".######"
    ".....##"
    ".....##"
    ".....##"
    ".#####."
    ".####..",
};
// clang-format on

}  // namespace

std::vector<Real> lenet5_code() {
  std::vector<Real> out;
  for (const char* digit : kDigits)
    for (const char* pixel = digit; *pixel; ++pixel) out.push_back(*pixel == '#' ? Real(1) : Real(-1));
  return out;
}

Table lenet5_table() {
  Table table;
  for (const int count : {3, 4})
    for (int first = 0; first < 6; ++first) {
      std::vector<int> row(static_cast<std::size_t>(count));
      for (int i = 0; i < count; ++i) row[static_cast<std::size_t>(i)] = (first + i) % 6;
      std::sort(row.begin(), row.end());
      table.push_back(row);
    }
  for (const auto& row : {std::vector{0, 1, 3, 4}, {1, 2, 4, 5}, {0, 2, 3, 5}, {0, 1, 2, 3, 4, 5}})
    table.push_back(row);
  return table;
}

Net lenet5(Params& params, std::string name, const LeNet5Options& options) {
  const bool code = options.output == LeNet5Options::Output::rbf_code;
  if (code && options.classes != 10)
    throw GraphError(message("[net] the RBF code of net '", name, "' has 10 classes, not ", options.classes,
                             "; use the linear output"));
  const auto subsample = [](const char* name) { return AveragePool{.gain_and_bias = true, .name = name}; };
  return sequential(params, std::move(name), {1, 32, 32},
                    {Conv{.maps = 6, .kernel = square(5), .name = "c1"}, Tanh{}, subsample("s2"), Tanh{},
                     Conv{.maps = 16, .kernel = square(5), .table = lenet5_table(), .name = "c3"}, Tanh{},
                     subsample("s4"), Tanh{}, Conv{.maps = 120, .kernel = square(5), .name = "c5"}, Tanh{},
                     Linear{.outputs = 84, .name = "f6"}, Tanh{},
                     code ? Layer(Rbf{.outputs = 10, .centres = lenet5_code(), .name = "rbf"})
                          : Layer(Linear{.outputs = options.classes, .name = "out"})});
}

Net lenet(Params& params, std::string name, const Shape& input, int outputs) {
  if (input.rank() != 3 || input[1] < 16 || input[2] < 16)
    throw ShapeError(message("[net] net '", name,
                             "' takes images [channels, height, width] of at least 16x16, not ", input));
  const Size rest{((input[1] - 4) / 2 - 4) / 2, ((input[2] - 4) / 2 - 4) / 2};
  return sequential(
      params, std::move(name), input,
      {Conv{.maps = 8, .kernel = square(5), .name = "c1"}, Tanh{}, AveragePool{},
       Conv{.maps = 24, .kernel = square(5), .name = "c2"}, Tanh{}, AveragePool{},
       Conv{.maps = 96, .kernel = rest, .name = "c3"}, Tanh{}, Linear{.outputs = outputs, .name = "out"}});
}

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
