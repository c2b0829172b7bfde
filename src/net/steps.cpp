// What each layer does to a piece of rows, forward and back. In the curvature pass (LeCun et al. 1998,
// appendix C) the same code runs with every factor squared: h_in = sum (dy/dx)^2 h_out.

#include <algorithm>
#include <cmath>

#include "run.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }
std::ptrdiff_t stride(int n) { return static_cast<std::ptrdiff_t>(round_up(at(n))); }

struct Place {
  const Piece& p;
  const Step& step;
  const StepPlan& plan;
  const Extent &in, &out;
  const Group* group;
  std::size_t index;

  Place(const Description& net, const Piece& piece, std::size_t i)
      : p(piece),
        step(net.steps[i]),
        plan(piece.plan.steps[i]),
        in(piece.extent(step.inputs[0])),
        out(piece.extent(step.output)),
        group(plan.group < 0 ? nullptr : &piece.plan.groups[at(plan.group)]),
        index(i) {}
  std::size_t numbers() const { return at(p.rows) * out.size(); }
  const Real* x() const { return p.value(step.inputs[0]); }
  Real* y() const { return p.value(step.output); }
  const Real* dy() const { return p.slope(step.output); }
};

// ---- forward ----

void forward(const Place& l, const Conv& c) {
  const Group& g = *l.group;
  const Real* w = l.p.weights(g);
  const Real* bias = g.has_bias ? l.p.w + g.bias.offset : nullptr;
  const int positions = l.out.positions();
  Real* y = l.y();
  if (l.plan.matrix) {
    for (int r = 0; r < l.p.rows; ++r)
      if (bias)
        std::copy_n(bias, g.maps, y + r * g.maps);
      else
        std::fill_n(y + r * g.maps, g.maps, Real(0));
    l.p.k.product_rows(l.p.rows, g.maps, g.depth, l.x(), g.depth, w, g.depth, y, g.maps);
    return;
  }
  const Real* x = l.x();
  for (int r = 0; r < l.p.rows; ++r, x += l.in.size(), y += l.out.size()) {
    if (bias)
      for (int m = 0; m < g.maps; ++m) std::fill_n(y + m * positions, positions, bias[m]);
    const Real* columns = x;
    std::ptrdiff_t ld = positions;
    if (!l.plan.plain) {
      const Real* image = x;
      if (c.padding != Size{0, 0})
        pad(l.in.channels, l.in.height, l.in.width, c.padding.height, c.padding.width, x, l.p.padded),
            image = l.p.padded;
      ld = stride(positions);
      l.p.s.columns(l.plan.at, image, l.p.unfold, ld);
      columns = l.p.unfold;
    }
    l.p.k.product(g.maps, positions, g.depth, {w, g.depth, 1}, columns, ld, y, positions, bias != nullptr);
  }
}

void forward(const Place& l, const AveragePool&) {
  const Real* gain = l.step.has_weight ? l.p.w + l.step.weight.offset : nullptr;
  const Real* bias = l.step.has_bias ? l.p.w + l.step.bias.offset : nullptr;
  for (int r = 0; r < l.p.rows; ++r)
    l.p.s.mean(l.plan.at, l.x() + at(r) * l.in.size(), gain, bias, l.y() + at(r) * l.out.size());
}

void forward(const Place& l, const MaxPool&) {
  for (int r = 0; r < l.p.rows; ++r)
    max_pool(l.plan.at, l.x() + at(r) * l.in.size(), l.y() + at(r) * l.out.size());
}

void forward(const Place& l, const Tanh& t) { l.p.k.tanh(l.x(), l.y(), l.numbers(), t.inside, t.outside); }
void forward(const Place& l, const Relu&) { l.p.k.relu(l.x(), l.y(), l.numbers()); }

// The channels of one position, side by side.
void gather(const Real* x, int channels, int positions, int position, Real* out) {
  for (int c = 0; c < channels; ++c) out[c] = x[c * positions + position];
}

void forward(const Place& l, const Rbf&) {
  const Real* centres = l.p.w + l.step.weight.offset;
  const int positions = l.out.positions(), channels = l.in.channels;
  for (int r = 0; r < l.p.rows; ++r)
    for (int q = 0; q < positions; ++q) {
      gather(l.x() + at(r) * l.in.size(), channels, positions, q, l.p.unfold);
      for (int i = 0; i < l.out.channels; ++i)
        l.y()[at(r) * l.out.size() + at(i * positions + q)] =
            l.p.k.sum_square_distance(l.p.unfold, centres + i * channels, at(channels));
    }
}

void forward(const Place& l, const LogSoftmax&) {
  const int positions = l.out.positions(), channels = l.in.channels;
  for (int r = 0; r < l.p.rows; ++r)
    for (int q = 0; q < positions; ++q) {
      const std::size_t row = at(r) * l.in.size();
      gather(l.x() + row, channels, positions, q, l.p.unfold);
      const Real all = l.p.k.log_sum_exp(l.p.unfold, at(channels));
      for (int c = 0; c < channels; ++c) l.y()[row + at(c * positions + q)] = l.p.unfold[c] - all;
    }
}

void forward(const Place& l, const Dropout& d) {
  if (l.x() != l.y()) std::copy_n(l.x(), l.numbers(), l.y());
  if (!l.p.drop) return;
  const std::size_t size = l.out.size(), blocks = (size + 3) / 4;
  Real* mask = l.p.values + l.p.run.offsets[at(l.plan.mask)];
  const Real keep = static_cast<Real>(1 / (1 - d.probability));
  const std::uint64_t stream = (l.p.run.step << 16) ^ l.index;
  for (int r = 0; r < l.p.rows; ++r)
    for (std::size_t b = 0; b < blocks; ++b) {
      const auto words = Rng::block(l.p.run.seed, stream, (l.p.first_row + at(r)) * blocks + b);
      for (std::size_t i = 4 * b; i < std::min(size, 4 * b + 4); ++i)
        mask[at(r) * size + i] = words[i % 4] * 0x1p-32 < d.probability ? Real(0) : keep;
    }
  l.p.k.multiply(mask, l.y(), l.numbers());
}

void forward(const Place& l, const Flatten&) {
  if (l.x() != l.y()) std::copy_n(l.x(), l.numbers(), l.y());
}

void forward(const Place& l, const Concat&) {
  std::size_t before = 0;
  for (const int s : l.step.inputs) {
    const std::size_t size = l.p.extent(s).size();
    for (int r = 0; r < l.p.rows; ++r)
      std::copy_n(l.p.value(s) + at(r) * size, size, l.y() + at(r) * l.out.size() + before);
    before += size;
  }
}

void forward(const Place& l, const Add&) {
  std::copy_n(l.x(), l.numbers(), l.y());
  for (std::size_t i = 1; i < l.step.inputs.size(); ++i)
    l.p.k.axpy(1, l.p.value(l.step.inputs[i]), l.y(), l.numbers());
}

void forward(const Place&, const Conv1d&) {}  // kept as Conv
void forward(const Place&, const Linear&) {}

// ---- backward: dx = (never +=) the slope of input 0, or null; weights' slopes += ----

// Above this many positions, dot products along them; below, products with the unfolded rows.
constexpr int kLongRow = 256;

void slope_of_kernels(const Place& l, const Real* image, const Real* dy) {
  const Group& g = *l.group;
  const int positions = l.out.positions();
  Real* dw = l.p.weight_slope(g);
  if (l.plan.plain && !l.p.squared) {
    l.p.k.product_rows(g.maps, g.depth, positions, dy, positions, image, positions, dw, g.depth);
  } else if (positions >= kLongRow) {
    const std::ptrdiff_t ld = stride(positions);
    l.p.s.columns(l.plan.at, image, l.p.unfold, ld);
    if (l.p.squared) l.p.k.square(l.p.unfold, l.p.unfold, at(g.depth) * at(static_cast<int>(ld)));
    l.p.k.product_rows(g.maps, g.depth, positions, dy, positions, l.p.unfold, ld, dw, g.depth);
  } else {
    const std::ptrdiff_t ld = stride(g.depth);
    l.p.s.rows(l.plan.at, image, l.p.unfold, ld);
    if (l.p.squared) l.p.k.square(l.p.unfold, l.p.unfold, at(positions) * at(static_cast<int>(ld)));
    l.p.k.product(g.maps, g.depth, positions, {dy, positions, 1}, l.p.unfold, ld, dw, g.depth, true);
  }
}

void backward(const Place& l, const Conv& c, Real* dx) {
  const Group& g = *l.group;
  const Real* w = l.p.weights(g);
  const int positions = l.out.positions();
  const Real* dy = l.dy();
  const bool own_slope = !g.late || l.p.squared;
  if (g.has_bias && own_slope)
    for (int r = 0; r < l.p.rows; ++r)
      for (int m = 0; m < g.maps; ++m)
        l.p.bias_slope(g)[m] += l.p.k.sum(dy + (r * g.maps + m) * positions, at(positions));
  if (l.plan.matrix) {
    if (own_slope) {
      const Real* x = l.x();
      for (int r = 0; r < l.p.rows; ++r, x += g.depth) {
        const Real* row = x;
        if (l.p.squared) l.p.k.square(x, l.p.unfold, at(g.depth)), row = l.p.unfold;
        l.p.k.product(g.maps, g.depth, 1, {dy + r * g.maps, 1, 1}, row, g.depth, l.p.weight_slope(g), g.depth,
                      true);
      }
    }
    if (dx) l.p.k.product(l.p.rows, g.depth, g.maps, {dy, g.maps, 1}, w, g.depth, dx, g.depth, false);
    return;
  }
  const Real* x = l.x();
  for (int r = 0; r < l.p.rows; ++r, x += l.in.size(), dy += l.out.size()) {
    const bool padded = c.padding != Size{0, 0};
    const Real* image = x;
    if (padded)
      pad(l.in.channels, l.in.height, l.in.width, c.padding.height, c.padding.width, x, l.p.padded),
          image = l.p.padded;
    slope_of_kernels(l, image, dy);
    if (!dx) continue;
    Real* to = dx + at(r) * l.in.size();
    const MatrixRef transposed{w, 1, g.depth};
    if (l.plan.plain) {
      l.p.k.product(g.depth, positions, g.maps, transposed, dy, positions, to, positions, false);
      continue;
    }
    const std::ptrdiff_t ld = stride(positions);
    l.p.k.product(g.depth, positions, g.maps, transposed, dy, positions, l.p.refold, ld, false);
    l.p.s.fold(l.plan.at, l.p.refold, ld, padded ? l.p.padded_slope : to);
    if (padded)
      crop(l.in.channels, l.in.height, l.in.width, c.padding.height, c.padding.width, l.p.padded_slope, to);
  }
}

void backward(const Place& l, const AveragePool&, Real* dx) {
  const int positions = l.out.positions();
  const Real* gain = l.step.has_weight ? l.p.w + l.step.weight.offset : nullptr;
  for (int r = 0; r < l.p.rows; ++r) {
    const Real* dy = l.dy() + at(r) * l.out.size();
    if (gain) {
      l.p.s.mean(l.plan.at, l.x() + at(r) * l.in.size(), nullptr, nullptr, l.p.unfold);
      if (l.p.squared) l.p.k.square(l.p.unfold, l.p.unfold, l.out.size());
      for (int m = 0; m < l.out.channels; ++m) {
        l.p.weight_slope(*l.group)[m] +=
            l.p.k.dot(dy + m * positions, l.p.unfold + m * positions, at(positions));
        l.p.bias_slope(*l.group)[m] += l.p.k.sum(dy + m * positions, at(positions));
      }
    }
    if (dx) l.p.s.mean_slope(l.plan.at, dy, gain, l.p.squared, dx + at(r) * l.in.size());
  }
}

void backward(const Place& l, const MaxPool&, Real* dx) {
  if (!dx) return;
  for (int r = 0; r < l.p.rows; ++r)
    max_pool_slope(l.plan.at, l.x() + at(r) * l.in.size(), l.dy() + at(r) * l.out.size(),
                   dx + at(r) * l.in.size());
}

void backward(const Place& l, const Tanh& t, Real* dx) {
  if (dx) l.p.k.tanh_slope(l.y(), l.dy(), dx, l.numbers(), t.inside, t.outside, l.p.squared);
}

void backward(const Place& l, const Relu&, Real* dx) {
  if (dx) l.p.k.relu_slope(l.y(), l.dy(), dx, l.numbers());
}

// y_i = |x - w_i|^2: dy_i/dx = 2 (x - w_i) = -dy_i/dw_i.
void backward(const Place& l, const Rbf& rbf, Real* dx) {
  const Real* centres = l.p.w + l.step.weight.offset;
  const int positions = l.out.positions(), channels = l.in.channels, classes = l.out.channels;
  Real *x = l.p.unfold, *slope = l.p.unfold + round_up(at(channels));
  for (int r = 0; r < l.p.rows; ++r)
    for (int q = 0; q < positions; ++q) {
      gather(l.x() + at(r) * l.in.size(), channels, positions, q, x);
      std::fill_n(slope, channels, Real(0));
      if (l.p.slope_out.data) {
        Real own = 0;
        const Real* given =
            l.p.slope_out.data + ((l.p.first_row + at(r)) * at(positions) + at(q)) * at(classes);
        for (int i = 0; i < classes; ++i) own += 2 * given[i];
        std::fill_n(slope, channels, std::max(own, Real(0)));
      }
      for (int i = 0; i < classes; ++i) {
        const Real g = l.dy()[at(r) * l.out.size() + at(i * positions + q)];
        for (int j = 0; j < channels; ++j) {
          const Real bend = 2 * (x[j] - centres[i * channels + j]),
                     d = g * (l.p.squared ? bend * bend : bend);
          slope[j] += d;
          if (rbf.adaptive) l.p.weight_slope(*l.group)[i * channels + j] += l.p.squared ? d : -d;
        }
      }
      if (dx)
        for (int j = 0; j < channels; ++j) dx[at(r) * l.in.size() + at(j * positions + q)] = slope[j];
    }
}

// dy_k/dx_j = [k = j] - p_j with p = exp(y).
void backward(const Place& l, const LogSoftmax&, Real* dx) {
  if (!dx) return;
  const int positions = l.out.positions(), channels = l.in.channels;
  for (int r = 0; r < l.p.rows; ++r)
    for (int q = 0; q < positions; ++q) {
      const std::size_t first = at(r) * l.out.size() + at(q);
      Real all = 0;
      for (int c = 0; c < channels; ++c) all += l.dy()[first + at(c * positions)];
      for (int c = 0; c < channels; ++c) {
        const std::size_t i = first + at(c * positions);
        const Real p = std::exp(l.y()[i]), g = l.dy()[i];
        dx[i] = l.p.squared ? g * (1 - p) * (1 - p) + (all - g) * p * p : g - p * all;
      }
    }
}

void backward(const Place& l, const Dropout&, Real* dx) {
  if (!dx) return;
  if (dx != l.dy()) std::copy_n(l.dy(), l.numbers(), dx);
  if (!l.p.drop) return;
  const Real* mask = l.p.values + l.p.run.offsets[at(l.plan.mask)];
  l.p.k.multiply(mask, dx, l.numbers());
  if (l.p.squared) l.p.k.multiply(mask, dx, l.numbers());
}

void backward(const Place& l, const Flatten&, Real* dx) {
  if (dx && dx != l.dy()) std::copy_n(l.dy(), l.numbers(), dx);
}

void backward(const Place& l, const Add&, Real* dx) {
  if (dx) std::copy_n(l.dy(), l.numbers(), dx);
}

void backward(const Place&, const Concat&, Real*) {}  // below: each input has its own part
void backward(const Place&, const Conv1d&, Real*) {}
void backward(const Place&, const Linear&, Real*) {}

}  // namespace

void forward(const Description& net, const Piece& piece, std::size_t step) {
  const Place place(net, piece, step);
  std::visit([&](const auto& layer) { forward(place, layer); }, place.step.layer);
}

void backward(const Description& net, const Piece& piece, std::size_t index,
              const std::vector<char>& wanted) {
  const Place l(net, piece, index);
  const bool joins = std::holds_alternative<Concat>(l.step.layer),
             adds = std::holds_alternative<Add>(l.step.layer);
  std::size_t before = 0;
  for (std::size_t i = 0; i < l.step.inputs.size(); ++i) {
    const int s = l.step.inputs[i];
    const std::size_t size = piece.extent(s).size(), numbers = at(piece.rows) * size;
    Real* dx = !wanted[at(s)] ? nullptr : l.plan.adds[i] ? piece.summand : piece.slope(s);
    if (joins && dx)
      for (int r = 0; r < piece.rows; ++r)
        std::copy_n(l.dy() + at(r) * l.out.size() + before, size, dx + at(r) * size);
    else if (i == 0 || adds)
      std::visit([&](const auto& layer) { backward(l, layer, dx); }, l.step.layer);
    if (dx && l.plan.adds[i]) piece.k.axpy(1, dx, piece.slope(s), numbers);
    before += size;
  }
}

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
