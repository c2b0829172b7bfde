// Laws of nets: batch = loop, any number of threads the same bits, replication, counts, dropout,
// messages.

#include "ebm/net/net.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>

#include "ebm/core/error.hpp"
#include "ebm/core/pool.hpp"
#include "ebm/net/lenet.hpp"
#include "net_support.hpp"

namespace ebm {
namespace {

using namespace ebm::testing;

Net peers_net(Params& params) {
  const auto conv = [](int maps) { return net::Conv{.maps = maps, .kernel = net::square(5)}; };
  return net::sequential(params, "peers", {1, 32, 32},
                         {conv(6), net::Tanh::plain(), net::AveragePool{}, conv(16), net::Tanh::plain(),
                          net::AveragePool{}, conv(120), net::Tanh::plain(), net::Linear{.outputs = 84},
                          net::Tanh::plain(), net::Linear{.outputs = 10}});
}

// LeCun, Huang, Bottou 2004: two maps of C1 read the left image, two the right, four both.
Net norb_net(Params& params) {
  net::Table c3;
  const int pairs[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
  for (int i = 0; i < 24; ++i) {
    const auto &a = pairs[i % 6], &b = pairs[(i / 6 + i) % 6];
    c3.push_back({a[0], a[1], 4 + b[0], 4 + b[1]});
  }
  const auto pool = [](int side) {
    return net::AveragePool{.size = net::square(side), .gain_and_bias = true};
  };
  return net::sequential(
      params, "norb", {2, 96, 96},
      {net::Conv{.maps = 8,
                 .kernel = net::square(5),
                 .table = {{0}, {0}, {1}, {1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}}},
       net::Tanh{}, pool(4), net::Tanh{}, net::Conv{.maps = 24, .kernel = net::square(6), .table = c3},
       net::Tanh{}, pool(3), net::Tanh{}, net::Conv{.maps = 100, .kernel = net::square(6)}, net::Tanh{},
       net::Linear{.outputs = 5}});
}

TEST(LeNet5, Published_Has60000ParametersAnd340908Connections) {
  Params params;
  const Net net = net::lenet5(params, "lenet5");
  EXPECT_EQ(net.parameter_count(), 60000u);
  EXPECT_EQ(params.trainable_count(), 60000u);
  EXPECT_EQ(net.connection_count({1, 32, 32}), 340908u);
  EXPECT_EQ(net.input_shape(), (Shape{1, 32, 32}));
  EXPECT_EQ(net.output_shape({1, 32, 32}), Shape{10});
  for (const auto& [name, size] : {std::pair{"c1.weight", 150},
                                   {"c1.bias", 6},
                                   {"s2.gain", 6},
                                   {"s2.bias", 6},
                                   {"c3.weight", 1500},
                                   {"c3.bias", 16},
                                   {"s4.gain", 16},
                                   {"c5.weight", 48000},
                                   {"f6.bias", 84},
                                   {"rbf.centres", 840}}) {
    const Param p = params.find(std::string("lenet5.") + name);
    ASSERT_GE(p.index, 0) << name;
    EXPECT_EQ(params.block(p).size(), static_cast<std::size_t>(size)) << name;
  }
}

TEST(LeNet5, ConnectionTable_HasSixtyKernels) {
  const net::Table table = net::lenet5_table();
  ASSERT_EQ(table.size(), 16u);
  std::size_t kernels = 0;
  for (const auto& row : table) kernels += row.size();
  EXPECT_EQ(kernels, 60u);
  EXPECT_EQ(table[5], (std::vector{0, 1, 5}));
  EXPECT_EQ(table[14], (std::vector{0, 2, 3, 5}));
  EXPECT_EQ(table[15], (std::vector{0, 1, 2, 3, 4, 5}));
}

TEST(LeNet5, Code_SeparatesTheDigits) {
  const std::vector<Real> code = net::lenet5_code();
  ASSERT_EQ(code.size(), 840u);
  for (const Real x : code) EXPECT_EQ(std::abs(x), 1);
  for (int a = 0; a < 10; ++a)
    for (int b = 0; b < a; ++b) {
      int apart = 0;
      for (std::size_t j = 0; j < 84; ++j)
        apart += code[static_cast<std::size_t>(a) * 84 + j] != code[static_cast<std::size_t>(b) * 84 + j];
      EXPECT_GE(apart, 3) << a << " and " << b;
    }
}

TEST(LeNet5, InitialWeights_LieWithinTheFanInRule) {
  Params params;
  net::lenet5(params, "n");
  const auto limit = [&](const char* name, double fan_in) {
    double most = 0;
    for (const Real w : params.view(params.find(name)).span()) most = std::max(most, std::abs(double(w)));
    EXPECT_LE(most, 2.4 / fan_in * 1.0001) << name;
    EXPECT_GE(most, 2.4 / fan_in * 0.8) << name;
  };
  limit("n.c1.weight", 25);
  limit("n.c3.weight", 75);  // of the maps that read three
  limit("n.c5.weight", 400);
  limit("n.f6.weight", 120);
}

TEST(Nets_OfThePapers, HaveTheirCounts) {
  Params peers, norb;
  EXPECT_EQ(peers_net(peers).parameter_count(), 61706u);
  const Net net = norb_net(norb);
  EXPECT_EQ(net.parameter_count(), 90857u);
  EXPECT_EQ(net.connection_count({2, 96, 96}), 3902021u);
}

TEST(Net_Batch, EqualsALoopOverRows) {
  for (const int rows : {1, 2, 5, 33}) {
    Params params;
    const Net net = net::lenet5(params, "lenet5");
    const Tensor in = random_tensor({rows, 1, 32, 36}, 3);
    const Tensor all = run(net, params, in);
    for (int r = 0; r < rows; ++r) {
      Tensor one(Shape{1, 1, 32, 36});
      std::copy_n(in.view().row(r).data, one.size(), one.data());
      const Tensor alone = run(net, params, one);
      for (std::size_t i = 0; i < alone.size(); ++i)
        EXPECT_LT(difference(all[static_cast<std::size_t>(r) * alone.size() + i], alone[i]),
                  kDouble ? 1e-12 : 1e-5);
    }
  }
}

TEST(Net_Batch, SlopesAreSumsOverRows) {
  Params params;
  const Net net = net::lenet5(params, "lenet5");
  const int rows = 21;
  const Tensor in = random_tensor({rows, 1, 32, 32}, 3), dout = random_tensor({rows, 10}, 4, 0.1);
  Net::State state, single;
  Tensor out(Shape{rows, 10}), one(Shape{1, 10});
  std::vector<Real> dw(params.flat().size()), sum(params.flat().size());
  net.forward(params.data(), in, out, state, Net::Mode::train);
  net.backward(params.data(), dout, dw.data(), {}, state);
  for (int r = 0; r < rows; ++r) {
    net.forward(params.data(), in.view().rows(r, 1), one, single, Net::Mode::train);
    net.backward(params.data(), dout.view().rows(r, 1), sum.data(), {}, single);
  }
  for (std::size_t i = 0; i < dw.size(); ++i) EXPECT_LT(difference(dw[i], sum[i]), kDouble ? 1e-11 : 2e-4);
}

TEST(Net_Rows, GivenByPointers_EqualContiguousOnes) {
  Params params;
  const Net net = peers_net(params);
  const Tensor in = random_tensor({7, 1, 32, 32}, 3);
  std::vector<const Real*> rows;
  for (int r = 0; r < 7; ++r) rows.push_back(in.view().row(r).data);
  Net::State state;
  Tensor out(Shape{7, 10});
  net.forward(params.data(), rows, Shape{1, 32, 32}, out, state);
  EXPECT_TRUE(same_bits(out, run(net, params, in)));
}

TEST(Net_Threads, OneOrTwo_GiveTheSameBits) {
  Params params;
  for (const Net& net : {net::lenet5(params, "lenet5"), net::lenet(params, "lenet", {1, 32, 32}, 12)}) {
    const Tensor in = random_tensor({70, 1, 32, 32}, 3);
    Net::State state;
    const int before = threads();
    set_threads(1);
    const Step one = train_step(net, params, in, state);
    set_threads(2);
    const Step two = train_step(net, params, in, state);
    set_threads(before);
    EXPECT_TRUE(same_bits(one.out, two.out));
    EXPECT_TRUE(same_bits(one.din, two.din));
    EXPECT_TRUE(same_bits(one.dw, two.dw));
  }
}

TEST(Net_InstructionSets, AgreeWithinTolerance) {
  Params params;
  const Net net = net::lenet5(params, "lenet5");
  const Tensor in = random_tensor({5, 1, 32, 40}, 3);
  Net::State state;
  const Step best = train_step(net, params, in, state);
  double scale = 1;
  for (const Real x : best.dw) scale = std::max(scale, std::abs(double(x)));
  const std::int64_t all = hwy::SupportedTargets();
  for (std::int64_t left = all; left != 0; left &= left - 1) {
    hwy::SetSupportedTargetsForTest(left & -left);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    const Step other = train_step(net, params, in, state);
    EXPECT_LT(largest_difference(best.out, other.out), kDouble ? 1e-10 : 1e-2);
    EXPECT_LT(largest_difference(best.dw, other.dw), scale * (kDouble ? 1e-11 : 1e-4));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

void expect_replication(const Net& net, const Params& params, int high, int wide, int side, int stride) {
  const Shape declared = net.input_shape();
  const Tensor in = random_tensor({2, declared[0], high, wide}, 3);
  const int lines = (high - side) / stride + 1, columns = (wide - side) / stride + 1,
            classes = net.output_shape(declared)[0];
  const Shape shape = net.output_shape(in.shape().row());
  EXPECT_EQ(shape, lines == 1 ? (Shape{columns, classes}) : (Shape{lines, columns, classes}));
  const Tensor all = run(net, params, in);
  Tensor windows(Shape{2 * lines * columns, declared[0], side, side});
  Real* to = windows.data();
  for (int r = 0; r < 2; ++r)
    for (int y = 0; y < lines; ++y)
      for (int x = 0; x < columns; ++x)
        for (int c = 0; c < declared[0]; ++c)
          for (int v = 0; v < side; ++v, to += side)
            std::copy_n(in.data() + ((r * declared[0] + c) * high + y * stride + v) * wide + x * stride, side,
                        to);
  const Tensor each = run(net, params, windows);
  ASSERT_EQ(each.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_LT(difference(all[i], each[i]), kDouble ? 1e-10 : 1e-4);
}

TEST(Replication, OfLeNet5_EqualsEveryWindow) {
  Params params;
  const Net net = net::lenet5(params, "n", {.output = net::LeNet5Options::Output::linear, .classes = 12});
  EXPECT_EQ(net.output_shape({1, 32, 60}), (Shape{8, 12}));
  expect_replication(net, params, 32, 60, 32, 4);
  expect_replication(net, params, 40, 48, 32, 4);
  Params fixed;
  expect_replication(net::lenet5(fixed, "n"), fixed, 32, 44, 32, 4);
}

TEST(Replication, OfTheNorbNet_EqualsEveryWindow) {
  Params params;
  expect_replication(norb_net(params), params, 96, 120, 96, 12);
}

TEST(LogSoftmax, OfAnyRow_SumsToOne) {
  Params params;
  const Net net = net::sequential(params, "n", {6}, {net::LogSoftmax{}});
  const Tensor y = run(net, params, random_tensor({5, 6}, 1, 30));
  for (std::size_t r = 0; r < 5; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < 6; ++i) sum += std::exp(double(y[r * 6 + i]));
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

TEST(Dropout, InTraining_KeepsTheMeanAndRepeatsByStream) {
  Params params;
  const Net net = net::sequential(params, "n", {50}, {net::Dropout{.probability = 0.3}});
  Tensor in(Shape{400, 50}), a(in.shape()), b(in.shape()), c(in.shape()), e(in.shape());
  std::fill_n(in.data(), in.size(), Real(1));
  Net::State state;
  state.set_dropout_stream(5, 1);
  net.forward(params.data(), in, a, state, Net::Mode::train);
  Tensor din(in.shape());
  std::vector<Real> none(1);
  net.backward(params.data(), in, none.data(), din, state);
  EXPECT_TRUE(same_bits(a, din)) << "the slope goes where the number went";
  net.forward(params.data(), in, b, state, Net::Mode::train);
  state.set_dropout_stream(5, 2);
  net.forward(params.data(), in, c, state, Net::Mode::train);
  net.forward(params.data(), in, e, state, Net::Mode::evaluate);
  EXPECT_TRUE(same_bits(a, b));
  EXPECT_FALSE(same_bits(a, c));
  EXPECT_TRUE(same_bits(e, in));
  double sum = 0;
  int zeros = 0;
  for (const Real x : a.span()) sum += double(x), zeros += x == 0;
  EXPECT_NEAR(sum / double(a.size()), 1, 0.02);
  EXPECT_NEAR(zeros / double(a.size()), 0.3, 0.015);
}

TEST(Dropout, AfterTanh_TrainsWithTheMaskOfItsForward) {
  Params params;
  const Net net = net::sequential(
      params, "n", {6},
      {net::Linear{.outputs = 8}, net::Tanh{}, net::Dropout{.probability = 0.5}, net::Linear{.outputs = 2}});
  Tensor in = random_tensor({4, 6}, 1);
  const Tensor weight = random_tensor({4, 2}, 2);
  Net::State state;
  state.set_dropout_stream(3, 9);
  Tensor out(Shape{4, 2}), din(in.shape());
  std::vector<Real> dw(params.flat().size());
  const auto value = [&] {
    net.forward(params.data(), in, out, state, Net::Mode::train);
    double s = 0;
    for (std::size_t i = 0; i < out.size(); ++i) s += double(out[i]) * double(weight[i]);
    return s;
  };
  value();
  net.backward(params.data(), weight, dw.data(), din, state);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const Real old = in[i];
    in[i] = old + Real(kStep);
    const double up = value();
    in[i] = old - Real(kStep);
    const double down = value();
    in[i] = old;
    EXPECT_LT(difference(din[i], (up - down) / (2 * kStep)), kSlopeTolerance);
  }
}

TEST(Params_AddedLater, LeaveANetAsItWas) {
  Params params;
  const Net net = net::mlp(params, "n", {3, 5, 2});
  const Tensor in = random_tensor({4, 3}, 1);
  const Tensor before = run(net, params, in);
  params.add("more", {1000});
  EXPECT_TRUE(same_bits(run(net, params, in), before));
}

TEST(Net_Handles, ShareOneIdentity) {
  Params params;
  const Net net = net::linear(params, "emit", 3, 2), copy = net;
  EXPECT_EQ(net.identity(), copy.identity());
  EXPECT_NE(net.identity(), net::linear(params, "other", 3, 2).identity());
  EXPECT_GE(params.find("emit.weight").index, 0);
  EXPECT_FALSE(Net());
}

TEST(Net_NoRows, IsNoWork) {
  Params params;
  const Net net = net::linear(params, "emit", 3, 2);
  Tensor in(Shape{0, 3}), out(Shape{0, 2});
  Net::State state;
  std::vector<Real> dw(params.flat().size());
  net.forward(params.data(), in, out, state, Net::Mode::train);
  net.backward(params.data(), out, dw.data(), {}, state);
  for (const Real x : dw) EXPECT_EQ(x, 0);
}

template <class E, class F>
void expect_message(const F& call, std::initializer_list<const char*> parts) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const E& e) {
    for (const char* part : parts) EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
  }
}

TEST(Messages, NameTheLayerAndTheShapes) {
  Params params;
  const Net net = net::lenet5(params, "reader");
  expect_message<ShapeError>([&] { net.output_shape({1, 12, 32}); }, {"c3", "reader", "[6, 4, 14]", "5x5"});
  expect_message<ShapeError>(
      [&] {
        net.output_shape({3, 32, 32});
      },
      {"reader", "[1, 32, 32]", "[3, 32, 32]"});
  Net::State state;
  Tensor in(Shape{2, 1, 32, 32}), out(Shape{2, 9});
  expect_message<ShapeError>([&] { net.forward(params.data(), in, out, state); },
                             {"reader", "[2, 9]", "[10]"});
  expect_message<GraphError>([&] { net.backward(params.data(), out, nullptr, {}, state); },
                             {"reader", "train"});
  Params flat;
  const Net fixed =
      net::sequential(flat, "fixed", {1, 4, 4}, {net::Flatten{}, net::Linear{.outputs = 2, .name = "top"}});
  expect_message<ShapeError>([&] { fixed.output_shape({1, 4, 6}); }, {"top", "[24]", "16"});
}

TEST(Messages, RefuseOptionsThatMakeNoSense) {
  Params params;
  const auto build = [&params](net::Layer layer) {
    net::sequential(params, "n", {2, 6, 6}, {std::move(layer)});
  };
  expect_message<GraphError>([&] { build(net::Conv{.maps = 0}); }, {"conv1", "0 maps"});
  expect_message<GraphError>(
      [&] {
        build(net::Conv{.maps = 2, .kernel = {3, 3}, .table = {{0}, {2}}});
      },
      {"table", "row 1"});
  expect_message<GraphError>(
      [&] {
        build(net::Conv{.maps = 2, .kernel = {3, 3}, .table = {{0}}});
      },
      {"table of 1"});
  expect_message<GraphError>(
      [&] {
        build(net::Conv{.maps = 1, .kernel = {3, 3}, .stride = {0, 1}});
      },
      {"stride"});
  expect_message<GraphError>([&] { build(net::Dropout{.probability = 1}); }, {"dropout1", "[0, 1)"});
  expect_message<GraphError>([&] { build(net::Rbf{.outputs = 3, .centres = {1, 2}}); }, {"centres", "6"});
  expect_message<ShapeError>(
      [&] {
        build(net::Conv{.maps = 1, .kernel = {7, 7}});
      },
      {"conv1", "[2, 6, 6]", "7x7"});
  expect_message<GraphError>([&] { net::lenet5(params, "five", {.classes = 7}); }, {"five", "7"});
  EXPECT_EQ(params.count(), 0u) << "a refused layer leaves no blocks";
}

}  // namespace
}  // namespace ebm
