#include "ebm/net/build.hpp"

#include <algorithm>
#include <cmath>

#include "description.hpp"
#include "ebm/core/error.hpp"
#include "ebm/core/hash.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

std::string kind(const Layer& layer) {
  constexpr const char* kNames[] = {"conv", "conv",        "linear",  "pool",    "max",    "tanh", "relu",
                                    "rbf",  "log_softmax", "dropout", "flatten", "concat", "add"};
  static_assert(std::size(kNames) == std::variant_size_v<Layer>);
  return kNames[layer.index()];
}

std::string given_name(const Layer& layer) {
  return std::visit(
      [](const auto& l) -> std::string {
        if constexpr (requires { l.name; })
          return l.name;
        else
          return {};
      },
      layer);
}

// Puts a layer and its blocks of weights into a net under construction.
class Appender {
 public:
  Appender(Params& params, Description& net, Step step, std::string prefix)
      : params_(params), net_(net), step_(std::move(step)), prefix_(std::move(prefix)) {
    for (const int s : step_.inputs)
      if (s < 0 || at(s) >= net_.signals.size()) refuse("reads a signal of another net");
    if (step_.inputs.empty()) refuse("reads nothing");
    step_.channels = net_.signals[at(step_.inputs[0])].channels;
  }

  int append() {
    std::visit(
        Overload{
            [&](const Conv& c) { convolution(c, Shape{}); },
            [&](const Conv1d& c) {
              convolution({.maps = c.maps,
                           .kernel = {1, c.kernel},
                           .stride = {1, c.stride},
                           .padding = {0, c.padding},
                           .init = c.init},
                          Shape{c.maps, step_.channels, c.kernel});
            },
            [&](const Linear& l) {
              convolution({.maps = l.outputs, .init = l.init}, Shape{l.outputs, step_.channels}, l.bias);
            },
            [&](const AveragePool& p) { pool(p); },
            [&](const MaxPool& p) {
              check(p.size, stride_of(p.size, p.stride), {0, 0});
            },
            [&](const Rbf& r) { rbf(r); },
            [&](const Dropout& d) {
              if (!(d.probability >= 0 && d.probability < 1))
                refuse("has a probability that is not in [0, 1)");
            },
            [&](const Tanh& t) {
              if (!(t.outside > 0) || !(t.inside > 0)) refuse("needs factors above 0");
            },
            [](const auto&) {},
        },
        Layer(step_.layer));
    return finish();
  }

  int finish() {
    std::vector<Extent> in;
    for (const int s : step_.inputs) in.push_back(net_.signals[at(s)]);
    step_.output = static_cast<int>(net_.signals.size());
    net_.signals.push_back(infer(net_.name, step_, in));
    net_.steps.push_back(std::move(step_));
    return net_.steps.back().output;
  }

 private:
  template <class... Why>
  [[noreturn]] void refuse(const Why&... why) const {
    throw GraphError(message("[net] layer '", step_.name, "' of net '", net_.name, "' ", why...));
  }

  void check(Size size, Size stride, Size padding) const {
    if (size.height < 1 || size.width < 1 || stride.height < 1 || stride.width < 1 || padding.height < 0 ||
        padding.width < 0)
      refuse("has a window of ", size.height, "x", size.width, ", a stride of ", stride.height, "x",
             stride.width, " and a padding of ", padding.height, "x", padding.width,
             "; they must be at least 1, 1 and 0");
  }

  // The shapes must fit before any block of weights is made.
  void check_fit() const {
    std::vector<Extent> in;
    for (const int s : step_.inputs) in.push_back(net_.signals[at(s)]);
    infer(net_.name, step_, in);
  }

  Block block(const char* what, Shape shape) {
    const Param p = params_.add(prefix_ + "." + what, shape);
    const Params::Block& b = params_.block(p);
    return {b.offset, b.size()};
  }

  // Numbers [first, first + count) of a block, uniform in +-limit; a stream for each block.
  void draw(Rng& rng, const Block& block, std::size_t first, std::size_t count, double limit) {
    for (std::size_t i = first; i < first + count; ++i)
      params_.data()[block.offset + i] = static_cast<Real>(rng.uniform(-limit, limit));
  }

  void convolution(Conv c, Shape weights, bool bias = true) {
    check(c.kernel, c.stride, c.padding);
    if (c.maps < 1) refuse("has ", c.maps, " maps; it needs at least 1");
    const int area = c.kernel.height * c.kernel.width;
    std::vector<int> reads(at(c.maps), step_.channels);
    if (!c.table.empty()) {
      if (c.table.size() != at(c.maps))
        refuse("has ", c.maps, " maps and a table of ", c.table.size(), "; they must agree");
      int kernels = 0;
      for (int m = 0; m < c.maps; ++m) {
        const std::vector<int>& row = c.table[at(m)];
        if (row.empty() || row.front() < 0 || row.back() >= step_.channels ||
            std::ranges::adjacent_find(row, std::greater_equal<>()) != row.end())
          refuse("has a table whose row ", m, " is not an ascending list of its ", step_.channels,
                 " input maps");
        reads[at(m)] = static_cast<int>(row.size());
        kernels += reads[at(m)];
      }
      weights = Shape{kernels, c.kernel.height, c.kernel.width};
    } else if (weights.rank() == 0) {
      weights = Shape{c.maps, step_.channels, c.kernel.height, c.kernel.width};
    }
    step_.layer = c;
    check_fit();
    step_.has_weight = true;
    step_.weight = block("weight", weights);
    if ((step_.has_bias = bias)) step_.bias = block("bias", Shape{c.maps});
    Rng rng(params_.seed(), fnv1a(prefix_ + ".weight"));
    std::size_t first = 0;
    for (int m = 0; m < c.maps; ++m) {
      const int fan_in = reads[at(m)] * area;
      const double limit = c.init == Init::tanh ? 2.4 / fan_in : std::sqrt(6.0 / fan_in);
      draw(rng, step_.weight, first, at(fan_in), limit);
      if (bias && c.init == Init::tanh) draw(rng, step_.bias, at(m), 1, limit);
      first += at(fan_in);
    }
  }

  void pool(const AveragePool& p) {
    check(p.size, stride_of(p.size, p.stride), {0, 0});
    check_fit();
    if (!p.gain_and_bias) return;
    step_.has_weight = step_.has_bias = true;
    step_.weight = block("gain", Shape{step_.channels});
    step_.bias = block("bias", Shape{step_.channels});
    std::fill_n(params_.data() + step_.weight.offset, step_.channels, Real(1));
  }

  void rbf(const Rbf& r) {
    const std::size_t numbers = at(r.outputs) * at(step_.channels);
    if (r.outputs < 1) refuse("has ", r.outputs, " outputs; it needs at least 1");
    if (!r.centres.empty() && r.centres.size() != numbers)
      refuse("has ", r.centres.size(), " numbers of centres; ", r.outputs, " outputs on ", step_.channels,
             " channels need ", numbers);
    step_.has_weight = r.adaptive;
    step_.weight = block("centres", Shape{r.outputs, step_.channels});
    Real* centres = params_.data() + step_.weight.offset;
    Rng rng(params_.seed(), fnv1a(prefix_ + ".centres"));
    for (std::size_t i = 0; i < numbers; ++i)
      centres[i] = r.centres.empty() ? (rng.chance(0.5) ? Real(1) : Real(-1)) : r.centres[i];
    if (!r.adaptive) params_.set_trainable(prefix_ + ".centres", false);
  }

  Params& params_;
  Description& net_;
  Step step_;
  std::string prefix_;
};

int append(Params& params, Description& net, Layer layer, std::vector<int> inputs,
           const std::string& prefix = {}) {
  Step step;
  step.name = given_name(layer);
  if (step.name.empty()) step.name = message(kind(layer), net.steps.size() + 1);
  step.layer = std::move(layer);
  step.inputs = std::move(inputs);
  std::string blocks = prefix.empty() ? message(net.name, ".", step.name) : prefix;
  return Appender(params, net, std::move(step), std::move(blocks)).append();
}

int declare(Description& net, const Shape& shape) {
  net.signals.push_back(extent(shape));
  net.declared.push_back(shape);
  net.inputs.push_back(static_cast<int>(net.signals.size()) - 1);
  return net.inputs.back();
}

}  // namespace

Builder::Builder(Params& params, std::string name)
    : params_(&params), description_(std::make_unique<Description>()) {
  description_->name = std::move(name);
}
Builder::~Builder() = default;

Signal Builder::input(const Shape& shape) { return {declare(*description_, shape)}; }

Signal Builder::add(Layer layer, Signal input) { return add(std::move(layer), {input}); }

Signal Builder::add(Layer layer, std::initializer_list<Signal> inputs) {
  std::vector<int> reads;
  for (const Signal s : inputs) reads.push_back(s.index);
  return {append(*params_, *description_, std::move(layer), std::move(reads))};
}

Signal Builder::share(Signal layer_of, Signal input) {
  const auto made = std::ranges::find(description_->steps, layer_of.index, &Step::output);
  if (made == description_->steps.end())
    throw GraphError(message("[net] no layer of net '", description_->name,
                             "' made the signal to share; an input has no weights"));
  Step step = *made;
  step.inputs = {input.index};
  if (input.index < 0 || at(input.index) >= description_->signals.size())
    throw GraphError(message("[net] layer '", step.name, "' of net '", description_->name,
                             "' reads a signal of another net"));
  step.output = static_cast<int>(description_->signals.size());
  description_->signals.push_back(
      infer(description_->name, step, std::span(&description_->signals[at(input.index)], 1)));
  description_->steps.push_back(std::move(step));
  return {description_->steps.back().output};
}

Shape Builder::shape(Signal signal) const { return inside_shape(description_->signals.at(at(signal.index))); }

Net Builder::build(std::initializer_list<Signal> outputs) {
  if (description_->inputs.empty() || outputs.size() == 0)
    throw GraphError(message("[net] net '", description_->name, "' needs an input and an output"));
  for (const Signal s : outputs) {
    if (s.index < 0 || at(s.index) >= description_->signals.size())
      throw GraphError(
          message("[net] an output of net '", description_->name, "' is a signal of another net"));
    description_->outputs.push_back(s.index);
  }
  return Net(
      std::shared_ptr<const Description>(std::exchange(description_, std::make_unique<Description>())));
}

Net sequential(Params& params, std::string name, const Shape& input, const std::vector<Layer>& layers) {
  Builder b(params, std::move(name));
  Signal s = b.input(input);
  for (const Layer& layer : layers) s = b.add(layer, s);
  return b.build({s});
}

Net linear(Params& params, std::string name, int inputs, int outputs) {
  auto net = std::make_shared<Description>();
  net->name = std::move(name);
  const int in = declare(*net, Shape{inputs});
  net->outputs = {append(params, *net, Linear{.outputs = outputs}, {in}, net->name)};
  return Net(std::move(net));
}

Net mlp(Params& params, std::string name, const std::vector<int>& widths, Init init) {
  if (widths.size() < 2)
    throw GraphError(message("[net] net '", name, "' needs at least two widths, its inputs and outputs"));
  std::vector<Layer> layers;
  for (std::size_t i = 1; i < widths.size(); ++i) {
    if (i > 1) layers.push_back(init == Init::tanh ? Layer(Tanh{}) : Layer(Relu{}));
    layers.push_back(Linear{.outputs = widths[i], .init = init, .name = message("l", i)});
  }
  return sequential(params, std::move(name), Shape{widths[0]}, layers);
}

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
