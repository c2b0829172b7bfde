#include "description.hpp"

#include "ebm/core/error.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

std::string shapes(std::span<const Extent> in) {
  std::string out;
  for (const Extent& e : in) out += (out.empty() ? "" : ", ") + to_string(inside_shape(e));
  return out;
}

// Positions of a window of `size` at `stride` over `length` numbers.
int windows(int length, int size, int stride) { return length < size ? 0 : (length - size) / stride + 1; }

}  // namespace

Size stride_of(const Size& size, const Size& stride) {
  return {stride.height > 0 ? stride.height : size.height, stride.width > 0 ? stride.width : size.width};
}

Extent extent(const Shape& shape) {
  if (shape.rank() < 1 || shape.rank() > 3 || shape.size() == 0)
    throw ShapeError(message("[net] an input of shape ", shape,
                             " is none of [channels], [channels, width], [channels, height, width]"));
  return {shape[0], shape.rank() == 3 ? shape[1] : 1, shape.rank() > 1 ? shape.back() : 1};
}

Shape inside_shape(const Extent& e) {
  if (e.positions() == 1) return {e.channels};
  return e.height == 1 ? Shape{e.channels, e.width} : Shape{e.channels, e.height, e.width};
}

Shape outside_shape(const Extent& e) {
  if (e.positions() == 1) return {e.channels};
  return e.height == 1 ? Shape{e.width, e.channels} : Shape{e.height, e.width, e.channels};
}

Extent infer(const std::string& net, const Step& step, std::span<const Extent> in) {
  const auto fail = [&](const auto&... why) {
    throw ShapeError(
        message("[net] layer '", step.name, "' of net '", net, "' reads ", shapes(in), ": ", why...));
  };
  const auto fit = [&](const Extent& e, Size size, Size stride, Size padding, int channels) {
    const int height = e.height + 2 * padding.height, width = e.width + 2 * padding.width;
    if (height < size.height || width < size.width)
      fail("its ", size.height, "x", size.width, " window does not fit; make the input larger");
    return Extent{channels, windows(height, size.height, stride.height),
                  windows(width, size.width, stride.width)};
  };
  const auto one = [&]() -> const Extent& {
    if (in.size() != 1) fail("it takes one input, not ", in.size());
    return in[0];
  };
  const auto channels = [&](const Extent& e) {
    if (e.channels != step.channels)
      fail("its weights are for ", step.channels, " channels, not ", e.channels);
  };
  return std::visit(Overload{
                        [&](const Conv& c) {
                          const Extent& e = one();
                          channels(e);
                          return fit(e, c.kernel, c.stride, c.padding, c.maps);
                        },
                        [&](const AveragePool& p) {
                          const Extent& e = one();
                          channels(e);
                          return fit(e, p.size, stride_of(p.size, p.stride), {0, 0}, e.channels);
                        },
                        [&](const MaxPool& p) {
                          return fit(one(), p.size, stride_of(p.size, p.stride), {0, 0}, in[0].channels);
                        },
                        [&](const Rbf& r) {
                          channels(one());
                          return Extent{r.outputs, in[0].height, in[0].width};
                        },
                        [&](const Flatten&) {
                          return Extent{static_cast<int>(one().size()), 1, 1};
                        },
                        [&](const Concat&) {
                          Extent out = in[0];
                          for (const Extent& e : in.subspan(1)) {
                            if (e.height != out.height || e.width != out.width)
                              fail("they differ in height or width");
                            out.channels += e.channels;
                          }
                          return out;
                        },
                        [&](const Add&) {
                          for (const Extent& e : in)
                            if (e != in[0]) fail("they differ");
                          return in[0];
                        },
                        [&](const auto&) { return one(); },
                    },
                    step.layer);
}

std::vector<Extent> infer_all(const Description& net, std::span<const Shape> inputs) {
  if (inputs.size() != net.inputs.size())
    throw ShapeError(message("[net] net '", net.name, "' has ", net.inputs.size(), " inputs, ", inputs.size(),
                             " are given"));
  std::vector<Extent> out(net.signals.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Extent e = extent(inputs[i]), declared = extent(net.declared[i]);
    if (e.channels != declared.channels || inputs[i].rank() != net.declared[i].rank())
      throw ShapeError(message("[net] net '", net.name, "' takes rows of ", net.declared[i],
                               " (other heights and widths where its layers fit), not ", inputs[i]));
    out[static_cast<std::size_t>(net.inputs[i])] = e;
  }
  std::vector<Extent> in;
  for (const Step& step : net.steps) {
    in.clear();
    for (const int s : step.inputs) in.push_back(out[static_cast<std::size_t>(s)]);
    out[static_cast<std::size_t>(step.output)] = infer(net.name, step, in);
  }
  return out;
}

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
