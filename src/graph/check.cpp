#include "ebm/graph/check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <ostream>

#include "ebm/graph/at_labels.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace {

// Compares slopes entry by entry and keeps the furthest off.
class Comparison {
 public:
  explicit Comparison(const GradientCheckOptions& options)
      : o_(options), rng_(options.seed, 0x436865636bULL) {}

  // `count` numbers at x, changed in turn; `value` is the function of them, `name(i)` says which one it is.
  template <class Value, class Name>
  void block(Real* x, std::size_t count, const Real* analytic, const Value& value, const Name& name) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t(0));
    if (count > static_cast<std::size_t>(o_.most)) {
      rng_.shuffle(std::span(order));
      order.resize(static_cast<std::size_t>(o_.most));
      std::ranges::sort(order);
    }
    for (const std::size_t i : order)
      entry(x[i], static_cast<double>(analytic[i]), value, [&] { return name(i); });
  }

  template <class Value, class Name>
  void entry(Real& x, double analytic, const Value& value, const Name& name) {
    constexpr bool kFloat = sizeof(Real) == 4;
    const Real before = x;
    double best = std::numeric_limits<double>::infinity(), numeric = 0;
    for (const double part : {1.0, 0.1, 0.01}) {
      const double h = (kFloat ? 2e-2 : 1e-3) * part * std::max(1.0, std::abs(static_cast<double>(before)));
      const auto at = [&](double away) {
        x = static_cast<Real>(static_cast<double>(before) + away);
        return value();
      };
      const double e1 = at(h), e2 = at(-h), e3 = at(2 * h), e4 = at(-2 * h);
      x = before;
      const double slope = (8 * (e1 - e2) - (e3 - e4)) / (12 * h);
      const double noise = 4 * static_cast<double>(std::numeric_limits<Real>::epsilon()) *
                           std::max({std::abs(e1), std::abs(e2), std::abs(e3), std::abs(e4)}) / h;
      const double size = std::max({1.0, std::abs(analytic), std::abs(slope)});
      const double off = std::max(0.0, std::abs(analytic - slope) - noise) / size;
      if (std::isnan(off) || off < best) {
        best = std::isnan(off) ? std::numeric_limits<double>::infinity() : off;
        numeric = slope;
      }
      if (off <= o_.tolerance) break;
    }
    ++out_.checked;
    if (out_.checked > 1 && !(best > out_.deviation)) return;
    out_.deviation = best;
    out_.where = name();
    out_.analytic = analytic;
    out_.numeric = numeric;
  }

  Rng& rng() { return rng_; }
  GradientCheck result() {
    out_.passed = out_.deviation <= o_.tolerance;
    return out_;
  }

 private:
  const GradientCheckOptions& o_;
  Rng rng_;
  GradientCheck out_;
};

// Index of a flat entry of a block: "[2, 0]".
std::string place(const Shape& shape, std::size_t i) {
  std::string out = "]";
  for (int axis = shape.rank(); axis-- > 0;) {
    const auto n = static_cast<std::size_t>(std::max(1, shape[axis]));
    out = (axis ? ", " : "[") + std::to_string(i % n) + out;
    i /= n;
  }
  return shape.rank() == 0 ? "[0]" : out;
}

// dr/dinput of every residual, beside differences of the residuals.
void compare_jacobian(const Factor& factor, std::span<const Tensor> inputs, const Params* W,
                      Comparison& comparison) {
  std::vector<int> widths;
  std::vector<std::vector<double>> in, jacobian;
  const int rows = inputs.empty() ? 1 : inputs[0].shape()[0];
  for (const Tensor& t : inputs) {
    widths.push_back(t.shape()[1]);
    in.emplace_back(t.span().begin(), t.span().end());
  }
  const int count = factor.residual_count(widths);
  std::vector<double> r(static_cast<std::size_t>(rows * count));
  std::vector<const double*> from;
  std::vector<double*> to;
  for (std::size_t k = 0; k < in.size(); ++k) {
    jacobian.emplace_back(in[k].size() * static_cast<std::size_t>(count));
    from.push_back(in[k].data());
    to.push_back(jacobian[k].data());
  }
  const ResidualReads reads{rows, W ? W->data() : nullptr, from, widths};
  factor.residuals(reads, {r.data(), to});
  for (std::size_t k = 0; k < in.size(); ++k) {
    const auto width = static_cast<std::size_t>(widths[k]);
    for (std::size_t i = 0; i < in[k].size(); ++i)
      for (std::size_t c = 0; c < static_cast<std::size_t>(count); ++c) {
        const std::size_t row = i / width, column = i % width;
        Real x = static_cast<Real>(in[k][i]);
        const double kept = in[k][i];
        comparison.entry(
            x, jacobian[k][(row * static_cast<std::size_t>(count) + c) * width + column],
            [&] {
              in[k][i] = static_cast<double>(x);
              factor.residuals(reads, {r.data(), {}});
              in[k][i] = kept;
              return r[row * static_cast<std::size_t>(count) + c];
            },
            [&] { return message("residual ", c, " by input ", k, ", row ", row, ", column ", column); });
      }
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const GradientCheck& c) {
  out << "gradient " << (c.passed ? "agrees" : "is wrong") << " (" << c.checked << " entries)";
  if (c.checked > 0)
    out << (c.passed ? ", furthest off in " : ": ") << c.where << " it is " << c.analytic
        << " and differences give " << c.numeric;
  return out;
}

GradientCheck check_gradient(const Factor& factor, std::span<const Tensor> inputs, int entries,
                             const Params* W, const GradientCheckOptions& options) {
  const int rows = inputs.empty() ? 1 : inputs[0].shape()[0];
  std::vector<Shape> shapes;
  std::vector<Tensor> x(inputs.begin(), inputs.end()), dx;
  for (const Tensor& t : inputs) {
    if (t.shape().rank() != 2 || t.shape()[0] != rows)
      throw ShapeError(message("[check] an input of shape ", t.shape(), " is not [", rows, ", columns]"));
    shapes.push_back(t.shape().row());
    dx.emplace_back(t.shape());
  }
  if (inputs.size() > kMaxInputs || entries < 1)
    throw ShapeError(message("[check] ", inputs.size(), " inputs and ", entries, " entries: at most ",
                             kMaxInputs, " and at least 1"));
  factor.check(shapes, entries);
  std::vector<Real> w, dw;
  if (W) w.assign(W->flat().begin(), W->flat().end()), dw.assign(w.size(), Real(0));
  std::vector<ConstView> in(x.begin(), x.end());
  std::vector<View> din(dx.begin(), dx.end());
  const Reads reads{rows, W ? w.data() : nullptr, in};
  const Slopes slopes{W ? dw.data() : nullptr, din};
  Tensor out(Shape{rows, entries}), weights(Shape{rows, entries});
  Comparison comparison(options);
  factor.forward(reads, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (std::isnan(out[i]))
      return {false,
              kInf,
              message("energy [", i / static_cast<std::size_t>(entries), ", ",
                      i % static_cast<std::size_t>(entries), "], which is NaN,"),
              0,
              0,
              0};
    if (std::isfinite(out[i])) weights[i] = static_cast<Real>(comparison.rng().uniform(0.5, 1.5));
  }
  factor.backward(reads, weights, slopes);
  const auto value = [&] {
    factor.forward(reads, out);
    double sum = 0;
    for (std::size_t i = 0; i < out.size(); ++i)
      if (weights[i] != 0) sum += static_cast<double>(weights[i]) * static_cast<double>(out[i]);
    return sum;
  };
  for (std::size_t k = 0; k < x.size(); ++k)
    comparison.block(x[k].data(), x[k].size(), dx[k].data(), value, [&](std::size_t i) {
      const auto columns = static_cast<std::size_t>(x[k].shape()[1]);
      return message("input ", k, ", row ", i / columns, ", column ", i % columns);
    });
  if (W)
    for (const Params::Block& block : W->blocks())
      comparison.block(
          w.data() + block.offset, block.size(), dw.data() + block.offset, value,
          [&](std::size_t i) { return message("W block '", block.name, "' ", place(block.shape, i)); });
  if (factor.has_residuals()) compare_jacobian(factor, x, W, comparison);
  return comparison.result();
}

GradientCheck check_gradient(const Factor& factor, std::initializer_list<int> widths, int entries,
                             const Params* W, const GradientCheckOptions& options) {
  Rng rng(options.seed, 0x496e70757473ULL);
  std::vector<Tensor> inputs;
  for (const int width : widths) {
    Tensor& t = inputs.emplace_back(Shape{std::max(1, options.rows), width});
    for (std::size_t i = 0; i < t.size(); ++i) t[i] = static_cast<Real>(rng.normal());
  }
  return check_gradient(factor, inputs, entries, W, options);
}

GradientCheck check_gradient(const Term& term, std::initializer_list<int> widths, int entries,
                             const Params* W, const GradientCheckOptions& options) {
  if (term.function.empty())
    throw GraphError(
        message("[check] '", term.name, "' is no factor function; check a sample of the model instead"));
  return check_gradient(term.function[0], widths, entries, W, options);
}

GradientCheck check_gradient(const Prepared& prepared, std::size_t sample, std::span<const int> labels,
                             std::span<const Real> reals, const GradientCheckOptions& options) {
  if (sample >= prepared.size())
    throw GraphError(message("[check] sample ", sample, " is asked of ", prepared.size()));
  const Sample* const one = &prepared.samples()[sample];
  const Structure& s = *one->structure;
  if (s.has_path) throw GraphError("[check] a path variable has no labels to be read at");
  if (static_cast<int>(labels.size()) != s.label_variables || static_cast<int>(reals.size()) != s.real_dims)
    throw GraphError(message("[check] ", labels.size(), " labels and ", reals.size(), " reals for ",
                             s.label_variables, " variables and ", s.real_dims, " dimensions"));
  for (int v = 0; v < s.label_variables; ++v)
    if (labels[static_cast<std::size_t>(v)] < 0 || labels[static_cast<std::size_t>(v)] >= s.labels_of(v))
      throw GraphError(message("[check] ", s.variable_name(v), " has labels 0..", s.labels_of(v) - 1,
                               ", not ", labels[static_cast<std::size_t>(v)]));
  Params& W = prepared.schema().params();
  Batch b(prepared.schema());
  b.assign({&one, 1}, Net::Mode::train);
  const Points points{s.real_dims, {0}, {reals.begin(), reals.end()}};
  Points at = points;
  const auto forward = [&] {
    b.invalidate();
    if (s.real_dims > 0)
      b.forward(at, true);
    else
      b.forward();
  };
  std::vector<Real> weights, gradient(W.flat().size()), slopes(reals.size());
  forward();
  if (const auto nan = b.find_nan())
    return {false, kInf, message("the energy of factor '", nan->factor, "', which is NaN,"), 0, 0, 0};
  weights.assign(b.weights(), Real(0));
  give_at(b, 0, labels, 1, weights);
  b.backward(weights, gradient);
  if (s.real_dims > 0) b.slopes_at_points(weights, slopes);
  const auto value = [&] {
    forward();
    return energy_at(b, 0, labels);
  };
  Comparison comparison(options);
  comparison.block(at.values.data(), at.values.size(), slopes.data(), value,
                   [&](std::size_t i) { return message("real '", s.real_name, "' [", i, "]"); });
  for (const Params::Block& block : W.blocks())
    comparison.block(
        W.data() + block.offset, block.size(), gradient.data() + block.offset, value,
        [&](std::size_t i) { return message("W block '", block.name, "' ", place(block.shape, i)); });
  return comparison.result();
}

}  // namespace EBM_PRECISION
}  // namespace ebm
