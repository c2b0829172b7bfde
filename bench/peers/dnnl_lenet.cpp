// Driven as oneDNN wants it: primitives built once, each in the layout it asks for, weights kept in the
// layout of the forward pass, tanh fused into the products, its slope taken from its output.
#include "dnnl_lenet.hpp"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <dnnl.hpp>
#include <functional>
#include <unordered_map>
#include <utility>

namespace {

using namespace dnnl;
using Layout = memory::desc;
using Tag = memory::format_tag;

constexpr auto kFloat = memory::data_type::f32;

Layout any(const memory::dims& shape) { return {shape, kFloat, Tag::any}; }

}  // namespace

struct DnnlLeNet::Impl {
  struct Call {
    primitive what;
    std::unordered_map<int, memory> with;
  };
  using Calls = std::vector<Call>;

  engine cpu{engine::kind::cpu, 0};
  stream queue{cpu};
  int rows;
  float rate;
  std::vector<int> classes;
  std::vector<float> slopes;  // of the outputs
  const float* next_weight;
  memory at;  // the last layer's output so far
  Calls forward, backward;
  std::vector<std::pair<memory, memory>> weights_and_slopes;
  // Layers' slopes in the order of the layers: each takes its output's slope, adds its calls, gives its
  // input's.
  std::vector<std::function<memory(memory)>> slopes_of;

  Impl(const std::vector<float>& weights, const float* images, const int* y, int batch, float step)
      : rows(batch), rate(step), classes(y, y + batch), next_weight(weights.data()) {
    at = memory({{rows, 1, 32, 32}, kFloat, Tag::nchw}, cpu, const_cast<float*>(images));
    convolution(6), pool(), convolution(16), pool();
    linear(120, true), linear(84, true), linear(10, false);
    at = as({{rows, 10}, kFloat, Tag::nc}, at, forward);
    slopes.resize(static_cast<std::size_t>(rows) * 10);
    memory slope(at.get_desc(), cpu, slopes.data());
    for (auto layer = slopes_of.rbegin(); layer != slopes_of.rend(); ++layer) slope = (*layer)(slope);
    queue.wait();
  }

  void run(const Calls& calls) {
    for (const Call& c : calls) c.what.execute(queue, c.with);
    queue.wait();
  }

  memory as(const Layout& wanted, memory m, Calls& calls) {
    if (m.get_desc() == wanted) return m;
    memory out(wanted, cpu);
    calls.push_back({reorder(m, out), {{DNNL_ARG_FROM, m}, {DNNL_ARG_TO, out}}});
    return out;
  }

  // The next weights of the flat array, in the layout wanted, once.
  memory weights(const memory::dims& shape, Tag tag, const Layout& wanted) {
    memory plain({shape, kFloat, tag}, cpu, const_cast<float*>(next_weight)), out(wanted, cpu);
    next_weight += plain.get_desc().get_size() / sizeof(float);
    reorder(plain, out).execute(queue, plain, out);
    queue.wait();
    return out;
  }

  // w -= rate dw over all that is stored: what pads a layout is zero in both. (oneDNN's own sum takes its
  // unvectorised path for the layouts of small weights.)
  void descend() {
    for (const auto& [w, dw] : weights_and_slopes) {
      float* to = static_cast<float*>(w.get_data_handle());
      const float* slope = static_cast<const float*>(dw.get_data_handle());
      const std::size_t count = w.get_desc().get_size() / sizeof(float);
      for (std::size_t i = 0; i < count; ++i) to[i] -= rate * slope[i];
    }
  }

  // Slope before the tanh whose output is y.
  memory tanh_slope(memory y, memory dy) {
    const auto how = algorithm::eltwise_tanh_use_dst_for_bwd;
    const Layout layout = y.get_desc();
    const eltwise_forward::primitive_desc hint({prop_kind::forward_training, how, layout}, cpu);
    const eltwise_backward::primitive_desc rule({how, layout, layout}, cpu, hint);
    memory dz(layout, cpu);
    backward.push_back(
        {eltwise_backward(rule),
         {{DNNL_ARG_DST, y}, {DNNL_ARG_DIFF_DST, as(layout, dy, backward)}, {DNNL_ARG_DIFF_SRC, dz}}});
    return dz;
  }

  // Convolutions and fully connected layers alike; each `make` describes one pass.
  template <class Forward, class Data, class Weights, class MakeForward, class MakeData, class MakeWeights>
  void product(const memory::dims& weight_shape, Tag tag, bool tanh, const MakeForward& make_forward,
               const MakeData& make_data, const MakeWeights& make_weights) {
    primitive_attr fused;
    if (tanh) {
      post_ops after;
      after.append_eltwise(1, algorithm::eltwise_tanh, 0, 0);
      fused.set_post_ops(after);
    }
    const typename Forward::primitive_desc rule(make_forward(), fused, cpu);
    const bool first = slopes_of.empty();
    const memory input = at;
    const memory w = weights(weight_shape, tag, rule.weights_desc());
    const memory b = weights({weight_shape[0]}, Tag::x, rule.bias_desc());
    const memory x = as(rule.src_desc(), input, forward), y(rule.dst_desc(), cpu);
    forward.push_back(
        {Forward(rule), {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST, y}}});
    at = y;
    slopes_of.push_back([=, this](memory dy) {
      const memory dz = tanh ? tanh_slope(y, dy) : dy;
      memory dx;
      if (!first) {
        const typename Data::primitive_desc data(make_data(), cpu, rule);
        dx = memory(data.diff_src_desc(), cpu);
        backward.push_back({Data(data),
                            {{DNNL_ARG_DIFF_DST, as(data.diff_dst_desc(), dz, backward)},
                             {DNNL_ARG_WEIGHTS, as(data.weights_desc(), w, backward)},
                             {DNNL_ARG_DIFF_SRC, dx}}});
      }
      const typename Weights::primitive_desc own(make_weights(), cpu, rule);
      const memory dw(own.diff_weights_desc(), cpu), db(own.diff_bias_desc(), cpu);
      backward.push_back({Weights(own),
                          {{DNNL_ARG_SRC, as(own.src_desc(), x, backward)},
                           {DNNL_ARG_DIFF_DST, as(own.diff_dst_desc(), dz, backward)},
                           {DNNL_ARG_DIFF_WEIGHTS, dw},
                           {DNNL_ARG_DIFF_BIAS, db}}});
      weights_and_slopes.emplace_back(w, as(w.get_desc(), dw, backward));
      weights_and_slopes.emplace_back(b, db);
      return dx;
    });
  }

  void convolution(int maps) {
    const memory::dims in = at.get_desc().dims(), unit{1, 1}, none{0, 0};
    const Layout x = any(in), w = any({maps, in[1], 5, 5}), b = any({maps}),
                 y = any({rows, maps, in[2] - 4, in[3] - 4});
    const auto how = algorithm::convolution_direct;
    product<convolution_forward, convolution_backward_data, convolution_backward_weights>(
        w.dims(), Tag::oihw, true,
        [=] {
          return convolution_forward::desc(prop_kind::forward_training, how, x, w, b, y, unit, none, none);
        },
        [=] { return convolution_backward_data::desc(how, x, w, y, unit, none, none); },
        [=] { return convolution_backward_weights::desc(how, x, w, b, y, unit, none, none); });
  }

  void linear(int outputs, bool tanh) {
    memory::dims shape = at.get_desc().dims();
    const Layout x = any(shape);
    shape[0] = outputs;
    const Layout w = any(shape), b = any({outputs}), y = any({rows, outputs});
    product<inner_product_forward, inner_product_backward_data, inner_product_backward_weights>(
        shape, shape.size() == 4 ? Tag::oihw : Tag::oi, tanh,
        [=] { return inner_product_forward::desc(prop_kind::forward_training, x, w, b, y); },
        [=] { return inner_product_backward_data::desc(x, w, y); },
        [=] { return inner_product_backward_weights::desc(x, w, b, y); });
  }

  void pool() {
    const auto how = algorithm::pooling_avg_exclude_padding;
    const memory x = at;
    const memory::dims in = x.get_desc().dims(), window{2, 2}, none{0, 0};
    const Layout out = any({in[0], in[1], in[2] / 2, in[3] / 2});
    const pooling_forward::primitive_desc rule(
        {prop_kind::forward_training, how, x.get_desc(), out, window, window, none, none}, cpu);
    const memory y(rule.dst_desc(), cpu);
    forward.push_back({pooling_forward(rule), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}}});
    at = y;
    slopes_of.push_back([=, this](memory dy) {
      const pooling_backward::primitive_desc back(
          {how, x.get_desc(), y.get_desc(), window, window, none, none}, cpu, rule);
      const memory dx(x.get_desc(), cpu);
      backward.push_back({pooling_backward(back),
                          {{DNNL_ARG_DIFF_DST, as(y.get_desc(), dy, backward)}, {DNNL_ARG_DIFF_SRC, dx}}});
      return dx;
    });
  }

  // Mean cross-entropy of the outputs; its slope is left in `slopes`.
  double loss() {
    const float* outputs = static_cast<const float*>(at.get_data_handle());
    double total = 0;
    for (std::size_t r = 0; r < classes.size(); ++r) {
      const float* out = outputs + r * 10;
      float* slope = slopes.data() + r * 10;
      const float top = *std::max_element(out, out + 10);
      float all = 0;
      for (int c = 0; c < 10; ++c) all += slope[c] = std::exp(out[c] - top);
      for (int c = 0; c < 10; ++c) slope[c] /= all * static_cast<float>(rows);
      slope[classes[r]] -= 1 / static_cast<float>(rows);
      total += top + std::log(all) - out[classes[r]];
    }
    return total / rows;
  }
};

DnnlLeNet::DnnlLeNet(const std::vector<float>& weights, const float* images, const int* classes, int rows,
                     float rate)
    : impl_(std::make_unique<Impl>(weights, images, classes, rows, rate)) {}

DnnlLeNet::~DnnlLeNet() = default;

void DnnlLeNet::forward() { impl_->run(impl_->forward); }

void DnnlLeNet::step() {
  forward();
  impl_->loss();
  impl_->run(impl_->backward);
  impl_->descend();
}

double DnnlLeNet::loss() {
  forward();
  return impl_->loss();
}

void DnnlLeNet::set_threads(int count) { omp_set_num_threads(count); }
