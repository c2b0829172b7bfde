// Slopes of every layer and of whole nets, by inputs and by parameters, against central differences.

#include <gtest/gtest.h>

#include "ebm/net/lenet.hpp"
#include "net_support.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

void expect_slopes(const Net& net, Params& params, const Shape& input, int rows, std::uint64_t seed = 7) {
  Tensor in = random_tensor(input.with_rows(rows), seed);
  const Tensor weight = random_tensor(net.output_shape(input).with_rows(rows), seed + 1);
  Net::State state;
  Tensor out(weight.shape()), din(in.shape()), dw(Shape{static_cast<int>(params.flat().size())});
  net.forward(params.data(), in, out, state, Net::Mode::train);
  net.backward(params.data(), weight, dw.data(), din, state);
  const auto central = [&](Real& x) {
    const Real old = x;
    x = old + Real(kStep);
    const double up = weighted(net, params, in, weight);
    const Real high = x;
    x = old - Real(kStep);
    const double down = weighted(net, params, in, weight);
    const double width = double(high) - double(x);
    x = old;
    return (up - down) / width;
  };
  Rng pick(seed + 2);
  const int most = 60;
  for (int i = 0; i < most; ++i) {
    const auto at = static_cast<std::size_t>(pick.below(static_cast<int>(in.size())));
    EXPECT_LT(difference(double(din[at]), central(in[at])), kSlopeTolerance)
        << net.name() << ", input " << at;
  }
  for (const Params::Block& block : params.blocks()) {
    for (int i = 0; i < most; ++i) {
      const std::size_t at =
          block.offset + static_cast<std::size_t>(pick.below(static_cast<int>(block.size())));
      if (!block.trainable)
        EXPECT_EQ(dw[at], 0) << block.name;
      else
        EXPECT_LT(difference(double(dw[at]), central(params.data()[at])), kSlopeTolerance)
            << net.name() << ", " << block.name << " " << at - block.offset;
    }
  }
}

void expect_slopes(const Shape& input, const std::vector<net::Layer>& layers, int rows = 3) {
  Params params;
  const Net net = net::sequential(params, "net", input, layers);
  expect_slopes(net, params, input, rows);
}

TEST(Slopes, OfConvolutions_EqualCentralDifferences) {
  expect_slopes({2, 7, 9}, {net::Conv{.maps = 3, .kernel = {3, 2}}});
  expect_slopes({2, 7, 9}, {net::Conv{.maps = 3, .kernel = {3, 2}, .stride = {2, 3}}});
  expect_slopes({2, 7, 9}, {net::Conv{.maps = 5, .kernel = {3, 3}, .padding = {1, 2}}});
  expect_slopes({2, 7, 9}, {net::Conv{.maps = 5, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}}});
  expect_slopes({2, 7, 9}, {net::Conv{.maps = 4, .kernel = {7, 9}}});       // one position
  expect_slopes({3, 5, 4}, {net::Conv{.maps = 4}});                         // 1x1
  expect_slopes({1, 24, 40}, {net::Conv{.maps = 2, .kernel = {5, 5}}}, 2);  // long rows
  expect_slopes({3, 6, 6}, {net::Conv{.maps = 3, .kernel = {3, 3}, .table = {{0, 2}, {1}, {0, 1, 2}}}});
}

TEST(Slopes, OfConvolutionsInTime_EqualCentralDifferences) {
  expect_slopes({4, 12}, {net::Conv1d{.maps = 3, .kernel = 5}});
  expect_slopes({4, 12}, {net::Conv1d{.maps = 3, .kernel = 5, .stride = 2, .padding = 2}});
}

TEST(Slopes, OfLinear_EqualCentralDifferences) {
  expect_slopes({7}, {net::Linear{.outputs = 5}}, 9);
  expect_slopes({7}, {net::Linear{.outputs = 5, .bias = false}}, 1);
  expect_slopes({7, 4}, {net::Linear{.outputs = 5}});
}

TEST(Slopes, OfPools_EqualCentralDifferences) {
  expect_slopes({3, 6, 8}, {net::AveragePool{}});
  expect_slopes({3, 7, 9}, {net::AveragePool{}});
  expect_slopes({3, 7, 9}, {net::AveragePool{.gain_and_bias = true}});
  expect_slopes({3, 9, 9}, {net::AveragePool{.size = {3, 4}, .stride = {2, 1}, .gain_and_bias = true}});
  if (kDouble) expect_slopes({3, 7, 9}, {net::MaxPool{}});
  if (kDouble) expect_slopes({3, 7, 9}, {net::MaxPool{.size = {3, 3}, .stride = {2, 2}}});
}

TEST(Slopes, OfElementwiseLayers_EqualCentralDifferences) {
  expect_slopes({3, 5, 5}, {net::Tanh{}});
  expect_slopes({3, 5, 5}, {net::Tanh::plain(), net::Tanh{}});
  if (kDouble) expect_slopes({3, 5, 5}, {net::Conv{.maps = 2, .kernel = {2, 2}}, net::Relu{}, net::Tanh{}});
  expect_slopes({3, 5, 5}, {net::Tanh{}, net::Flatten{}, net::Tanh{}, net::Linear{.outputs = 3}});
}

TEST(Slopes, OfOutputLayers_EqualCentralDifferences) {
  expect_slopes({6}, {net::Rbf{.outputs = 4, .adaptive = true}});
  expect_slopes({6, 3}, {net::Rbf{.outputs = 4}});
  expect_slopes({6}, {net::LogSoftmax{}});
  expect_slopes({6, 3}, {net::Linear{.outputs = 4}, net::LogSoftmax{}});
}

TEST(Slopes, OfWholeNets_EqualCentralDifferences) {
  Params params;
  expect_slopes(net::lenet5(params, "lenet5"), params, {1, 32, 32}, 2);
  Params linear;
  expect_slopes(net::lenet5(linear, "wide", {.output = net::LeNet5Options::Output::linear, .classes = 15}),
                linear, {1, 32, 44}, 2);
  Params small;
  expect_slopes(net::lenet(small, "lenet", {2, 20, 18}, 7), small, {2, 20, 18}, 5);
  Params deep;
  expect_slopes(net::mlp(deep, "mlp", {4, 9, 8, 3}), deep, {4}, 11);
}

TEST(Slopes, OfAGraphWithSharedWeights_EqualCentralDifferences) {
  Params params;
  net::Builder b(params, "graph");
  const net::Signal x = b.input({2, 8, 8});
  const net::Signal a = b.add(net::Conv{.maps = 2, .kernel = {3, 3}, .padding = {1, 1}}, x);
  const net::Signal again = b.share(a, b.add(net::Tanh{}, a));
  const net::Signal sum = b.add(net::Add{}, {again, x, a});
  const net::Signal both = b.add(net::Concat{}, {sum, b.add(net::Tanh{}, x)});
  const net::Signal row = b.add(net::Flatten{}, both);
  const net::Signal top = b.add(net::Linear{.outputs = 3}, row);
  expect_slopes(b.build({top}), params, {2, 8, 8}, 5);
}

TEST(Slopes, OfTwoInputsAndTwoOutputs_EqualCentralDifferences) {
  Params params;
  net::Builder b(params, "pair");
  const net::Signal left = b.input({5}), right = b.input({5});
  const net::Signal first = b.add(net::Tanh{}, b.add(net::Linear{.outputs = 4}, left));
  const net::Signal second =
      b.add(net::Tanh{}, b.share(b.add(net::Linear{.outputs = 4, .name = "own"}, first), first));
  const net::Signal joined = b.add(net::Concat{}, {second, right});
  const Net net = b.build({joined, first});
  Tensor in[] = {random_tensor({6, 5}, 1), random_tensor({6, 5}, 2)};
  const Tensor weight[] = {random_tensor({6, 9}, 3), random_tensor({6, 4}, 4)};
  Net::State state;
  Tensor out[] = {Tensor(Shape{6, 9}), Tensor(Shape{6, 4})};
  Tensor din[] = {Tensor(Shape{6, 5}), Tensor(Shape{6, 5})};
  std::vector<Real> dw(params.flat().size());
  const auto value = [&] {
    const ConstView ins[] = {in[0], in[1]};
    const View outs[] = {out[0], out[1]};
    net.forward(params.data(), ins, outs, state, Net::Mode::train);
    double s = 0;
    for (int k = 0; k < 2; ++k)
      for (std::size_t i = 0; i < out[k].size(); ++i) s += double(out[k][i]) * double(weight[k][i]);
    return s;
  };
  value();
  const ConstView douts[] = {weight[0], weight[1]};
  const View dins[] = {din[0], din[1]};
  net.backward(params.data(), douts, dw.data(), dins, state);
  const auto central = [&](Real& x) {
    const Real old = x;
    x = old + Real(kStep);
    const double up = value();
    x = old - Real(kStep);
    const double down = value();
    x = old;
    return (up - down) / (2 * kStep);
  };
  for (int k = 0; k < 2; ++k)
    for (std::size_t i = 0; i < in[k].size(); i += 3)
      EXPECT_LT(difference(double(din[k][i]), central(in[k][i])), kSlopeTolerance)
          << "input " << k << " " << i;
  for (std::size_t i = 0; i < dw.size(); i += 2)
    EXPECT_LT(difference(double(dw[i]), central(params.data()[i])), kSlopeTolerance) << "parameter " << i;
}

}  // namespace
}  // namespace ebm
