#include "ebm/net/net.hpp"

#include <algorithm>
#include <array>

#include "ebm/core/error.hpp"
#include "run.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

template <class V>
void check_rows(const net::Description& net, const char* what, std::size_t index, const V& view,
                std::size_t rows, const Shape& row) {
  if (view.data != nullptr && static_cast<std::size_t>(view.rows()) == rows && view.row_size() == row.size())
    return;
  if (rows == 0 && view.rows() == 0) return;
  throw ShapeError(message("[net] ", what, " ", index, " of net '", net.name, "' has shape ", view.shape,
                           view.data ? "" : " and no data", "; it must be [", rows, "] rows of ", row));
}

}  // namespace

Net::State::State() : run_(std::make_unique<net::Run>()) {}
Net::State::~State() = default;
Net::State::State(State&&) noexcept = default;
Net::State& Net::State::operator=(State&&) noexcept = default;

void Net::State::set_dropout_stream(std::uint64_t seed, std::uint64_t step) {
  run_->seed = seed;
  run_->step = step;
}

std::size_t Net::State::bytes() const {
  std::size_t n = run_->dense.bytes();
  for (const auto* buffers : {&run_->values, &run_->slopes, &run_->scratch, &run_->partial})
    for (const net::Buffer& b : *buffers) n += b.bytes();
  return n;
}

Net::Net(std::shared_ptr<const net::Description> description) : description_(std::move(description)) {}

std::string_view Net::name() const { return description_ ? std::string_view(description_->name) : "(empty)"; }
std::size_t Net::input_count() const { return description_->inputs.size(); }
std::size_t Net::output_count() const { return description_->outputs.size(); }
Shape Net::input_shape(std::size_t input) const { return description_->declared[input]; }

Shape Net::output_shape(std::span<const Shape> inputs, std::size_t output) const {
  return net::outside_shape(net::infer_all(*description_, inputs)[at(description_->outputs[output])]);
}
Shape Net::output_shape(const Shape& input) const { return output_shape(std::span(&input, 1)); }

std::size_t Net::parameter_count() const {
  std::size_t n = 0;
  std::vector<std::size_t> seen;
  for (const net::Step& step : description_->steps) {
    if (!step.has_weight || std::ranges::find(seen, step.weight.offset) != seen.end()) continue;
    seen.push_back(step.weight.offset);
    n += step.weight.size + step.bias.size;
  }
  return n;
}

std::size_t Net::connection_count(const Shape& input) const {
  const std::vector<net::Extent> extents = net::infer_all(*description_, std::span(&input, 1));
  std::size_t n = 0;
  for (const net::Step& step : description_->steps) {
    const net::Extent& out = extents[at(step.output)];
    if (const auto* pool = std::get_if<net::AveragePool>(&step.layer))
      n += out.size() * (at(pool->size.height * pool->size.width) + (step.has_bias ? 1 : 0));
    else if (const auto* max = std::get_if<net::MaxPool>(&step.layer))
      n += out.size() * at(max->size.height * max->size.width);
    else if (const auto* rbf = std::get_if<net::Rbf>(&step.layer))
      n += at(rbf->outputs * step.channels) * at(out.positions());
    else if (std::holds_alternative<net::Conv>(step.layer))
      n += (step.weight.size + step.bias.size) * at(out.positions());
  }
  return n;
}

void Net::forward(const Real* w, std::span<const ConstView> in, std::span<const View> out, State& state,
                  Mode mode) const {
  const net::Description& net = *description_;
  if (in.size() != net.inputs.size() || out.size() != net.outputs.size())
    throw ShapeError(message("[net] net '", net.name, "' has ", net.inputs.size(), " inputs and ",
                             net.outputs.size(), " outputs; ", in.size(), " and ", out.size(), " are given"));
  const std::size_t rows = at(in[0].rows());
  std::array<Shape, 8> shapes;
  if (in.size() > shapes.size())
    throw ShapeError(message("[net] net '", net.name, "' has more than 8 inputs"));
  for (std::size_t i = 0; i < in.size(); ++i) shapes[i] = in[i].shape.row();
  net::Run& run = *state.run_;
  run.prepare(net, std::span(shapes).first(in.size()), rows, mode != Mode::evaluate, mode == Mode::train);
  for (std::size_t i = 0; i < in.size(); ++i) check_rows(net, "input", i, in[i], rows, shapes[i]);
  for (std::size_t i = 0; i < out.size(); ++i)
    check_rows(net, "output", i, out[i], rows, net::outside_shape(run.plan->extents[at(net.outputs[i])]));
  run.in.assign(in.begin(), in.end());
  run.out.assign(out.begin(), out.end());
  run.row_pointers = {};
  run.forward(w);
}

void Net::forward(const Real* w, ConstView in, View out, State& state, Mode mode) const {
  forward(w, std::span(&in, 1), std::span(&out, 1), state, mode);
}

void Net::forward(const Real* w, std::span<const Real* const> rows, const Shape& row, View out, State& state,
                  Mode mode) const {
  const net::Description& net = *description_;
  if (net.outputs.size() != 1)
    throw ShapeError(
        message("[net] net '", net.name, "' has ", net.outputs.size(), " outputs, one is given"));
  net::Run& run = *state.run_;
  run.prepare(net, std::span(&row, 1), rows.size(), mode != Mode::evaluate, mode == Mode::train);
  check_rows(net, "output", 0, out, rows.size(), net::outside_shape(run.plan->extents[at(net.outputs[0])]));
  run.out.assign(1, out);
  run.row_pointers = rows;
  run.forward(w);
}

void Net::backward(const Real* w, std::span<const ConstView> dout, Real* dw, std::span<const View> din,
                   State& state) const {
  const net::Description& net = *description_;
  net::Run& run = *state.run_;
  if (run.net != &net || !run.train)
    throw GraphError(message("[net] backward of net '", net.name,
                             "' needs a forward in train mode with the same state before it"));
  if (dout.size() != net.outputs.size() || din.size() > net.inputs.size())
    throw ShapeError(message("[net] net '", net.name, "' has ", net.inputs.size(), " inputs and ",
                             net.outputs.size(), " outputs; slopes of ", din.size(), " and ", dout.size(),
                             " are given"));
  run.wanted.assign(net.signals.size(), 1);
  for (std::size_t i = 0; i < dout.size(); ++i)
    check_rows(net, "the slope of output", i, dout[i], run.rows,
               net::outside_shape(run.plan->extents[at(net.outputs[i])]));
  for (std::size_t i = 0; i < net.inputs.size(); ++i) {
    const bool asked = i < din.size() && din[i].data != nullptr;
    if (asked) check_rows(net, "the slope of input", i, din[i], run.rows, run.plan->inputs[i]);
    run.wanted[at(net.inputs[i])] = asked;
  }
  run.dout.assign(dout.begin(), dout.end());
  run.din.assign(din.begin(), din.end());
  run.backward(w, dw);
}

void Net::backward(const Real* w, ConstView dout, Real* dw, View din, State& state) const {
  backward(w, std::span(&dout, 1), dw, std::span(&din, 1), state);
}

void Net::curvature(const Real* w, ConstView curvature_out, Real* h, State& state,
                    ConstView slope_out) const {
  const net::Description& net = *description_;
  net::Run& run = *state.run_;
  if (run.net != &net || !run.train)
    throw GraphError(message("[net] curvature of net '", net.name,
                             "' needs a forward in train mode with the same state before it"));
  const Shape row = net::outside_shape(run.plan->extents[at(net.outputs[0])]);
  check_rows(net, "the curvature of output", 0, curvature_out, run.rows, row);
  if (slope_out.data) check_rows(net, "the slope of output", 0, slope_out, run.rows, row);
  run.wanted.assign(net.signals.size(), 1);
  for (const int s : net.inputs) run.wanted[at(s)] = 0;
  run.dout.assign(1, curvature_out);
  run.din.clear();
  run.curvature(w, h, slope_out);
}

}  // namespace EBM_PRECISION
}  // namespace ebm
