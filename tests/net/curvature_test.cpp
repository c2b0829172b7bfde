// Diagonal Gauss-Newton of whole nets against brute force.

#include <gtest/gtest.h>

#include <algorithm>

#include "ebm/net/lenet.hpp"
#include "net_support.hpp"

namespace ebm {
namespace {

using namespace testing;

// Brute force: sum over rows and outputs of curvature * (dy/dw)^2.
TEST(Curvature, OfAFiveFourThreeNet_EqualsBruteForceGaussNewton) {
  Params params;
  const Net net = net::mlp(params, "n", {5, 4, 3});
  const int rows = 6;
  const Tensor in = random_tensor({rows, 5}, 1);
  Tensor curvature = random_tensor({rows, 3}, 2);
  for (Real& x : curvature.span()) x = std::abs(x);
  Net::State state;
  Tensor out(Shape{rows, 3}), one(Shape{1, 3});
  net.forward(params.data(), in, out, state, Net::Mode::train);
  std::vector<Real> h(params.flat().size());
  net.curvature(params.data(), curvature, h.data(), state);
  std::vector<double> want(h.size());
  for (int r = 0; r < rows; ++r)
    for (int k = 0; k < 3; ++k) {
      Tensor unit(Shape{1, 3});
      unit[static_cast<std::size_t>(k)] = 1;
      std::vector<Real> dw(h.size());
      net.forward(params.data(), in.view().rows(r, 1), one, state, Net::Mode::train);
      net.backward(params.data(), unit, dw.data(), {}, state);
      for (std::size_t i = 0; i < h.size(); ++i)
        want[i] += double(curvature[static_cast<std::size_t>(r * 3 + k)]) * double(dw[i]) * double(dw[i]);
    }
  for (std::size_t i = 0; i < h.size(); ++i)
    EXPECT_LT(difference(h[i], want[i]), kDouble ? 1e-12 : 1e-5) << i;
}

// A weight of a convolution has the sum over its connections: that of an untied net in which every position
// has its own.
TEST(Curvature, OfASharedKernel_IsTheSumOverItsConnections) {
  Params params;
  const Net net = net::sequential(params, "n", {1, 4, 5},
                                  {net::Conv{.maps = 2, .kernel = {2, 3}, .name = "c"}, net::Tanh{},
                                   net::AveragePool{.size = {3, 3}, .gain_and_bias = true, .name = "s"}});
  const Tensor in = random_tensor({3, 1, 4, 5}, 1);
  Tensor curvature(Shape{3, 2}, {1, 2, 3, 4, 5, 6});
  Net::State state;
  Tensor out(Shape{3, 2});
  net.forward(params.data(), in, out, state, Net::Mode::train);
  std::vector<Real> h(params.flat().size());
  net.curvature(params.data(), curvature, h.data(), state);
  const Real* w = params.data() + params.block(params.find("n.c.weight")).offset;
  const Real* b = params.data() + params.block(params.find("n.c.bias")).offset;
  std::vector<double> weight(12), gain(2);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t m = 0; m < 2; ++m) {
      double mean = 0;
      for (std::size_t y = 0; y < 3; ++y)
        for (std::size_t x = 0; x < 3; ++x) {
          const auto pixel = [&](std::size_t p, std::size_t q) {
            return double(in[r * 20 + (y + p) * 5 + x + q]);
          };
          double a = double(b[m]);
          for (std::size_t p = 0; p < 2; ++p)
            for (std::size_t q = 0; q < 3; ++q) a += double(w[m * 6 + p * 3 + q]) * pixel(p, q);
          const double t = std::tanh(a * double(net::Tanh{}.inside)), top = double(net::Tanh{}.outside);
          mean += top * t / 9;
          const double slope = top * double(net::Tanh{}.inside) * (1 - t * t) / 9;  // the gain is 1
          for (std::size_t p = 0; p < 2; ++p)
            for (std::size_t q = 0; q < 3; ++q)
              weight[m * 6 + p * 3 + q] +=
                  double(curvature[r * 2 + m]) * slope * slope * pixel(p, q) * pixel(p, q);
        }
      gain[m] += double(curvature[r * 2 + m]) * mean * mean;
    }
  const double room = kDouble ? 1e-12 : 1e-5;
  for (std::size_t i = 0; i < 12; ++i)
    EXPECT_LT(difference(h[params.block(params.find("n.c.weight")).offset + i], weight[i]), room);
  for (std::size_t m = 0; m < 2; ++m)
    EXPECT_LT(difference(h[params.block(params.find("n.s.gain")).offset + m], gain[m]), room);
}

TEST(Curvature, OfLeNet5_IsNeverNegativeAndLeavesBackwardAlone) {
  Params params;
  const Net net = net::lenet5(params, "lenet5");
  const Tensor in = random_tensor({9, 1, 32, 32}, 1);
  Tensor zero(Shape{9, 10}), slope(Shape{9, 10});
  for (std::size_t r = 0; r < 9; ++r) slope[r * 10 + r] = 1;  // E = y of the truth
  Net::State state;
  const Step before = train_step(net, params, in, state);
  std::vector<Real> h(params.flat().size());
  net.curvature(params.data(), zero, h.data(), state, slope);
  double most = 0;
  for (const Params::Block& block : params.blocks())
    for (std::size_t i = block.offset; i < block.offset + block.size(); ++i) {
      EXPECT_GE(h[i], 0);
      most = std::max(most, double(h[i]));
      if (!block.trainable) {
        EXPECT_EQ(h[i], 0);
      }
    }
  EXPECT_GT(most, 0) << "the RBF energies bend by themselves";
  std::vector<Real> dw(params.flat().size());
  net.backward(params.data(), random_tensor({9, 10}, 99), dw.data(), {}, state);
  EXPECT_TRUE(same_bits(dw, before.dw));
}

TEST(Curvature, OfLogSoftmax_IsTheSquaredJacobian) {
  Params params;
  const Net net =
      net::sequential(params, "n", {4}, {net::Linear{.outputs = 3, .name = "l"}, net::LogSoftmax{}});
  const Tensor in = random_tensor({1, 4}, 1), curvature(Shape{1, 3}, {1, 2, 4});
  Net::State state;
  Tensor y(Shape{1, 3});
  net.forward(params.data(), in, y, state, Net::Mode::train);
  std::vector<Real> h(params.flat().size());
  net.curvature(params.data(), curvature, h.data(), state);
  for (std::size_t j = 0; j < 3; ++j) {
    double want = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      const double slope = (k == j) - std::exp(double(y[j]));
      want += double(curvature[k]) * slope * slope;
    }
    EXPECT_NEAR(h[params.block(params.find("n.l.bias")).offset + j], want, 1e-5);
  }
}

}  // namespace
}  // namespace ebm
