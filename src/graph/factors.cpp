#include "ebm/graph/factors.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ebm {
inline namespace EBM_PRECISION {

Data::Data(Tensor&& tensor) : owner(std::make_shared<const Tensor>(std::move(tensor))) { view = *owner; }

namespace factor {
namespace {

void check_pair(std::string_view name, std::span<const Shape> in, int entries) {
  if (in.size() != 2 || in[0].size() != in[1].size())
    throw ShapeError(message("[", name, "] two features of one length are compared, not ",
                             in.empty() ? std::string("none") : to_string(in[0]), " and ",
                             in.size() < 2 ? std::string("none") : to_string(in[1])));
  if (entries != 1)
    throw ShapeError(message("[", name, "] gives one energy a row, but its scope has ", entries, " entries"));
}

// E[y] = sum_k |a_k - b_yk|, slope sign(a_k - b_yk), 0 at 0. Eight sums at once, so that a compiler may keep
// them in one vector.
struct AbsoluteDistances {
  static constexpr std::size_t kLanes = 8;
  std::string_view name() const { return "absolute_distance"; }
  void check(std::span<const Shape> in, int entries) const {
    if (in.size() == 2) return check_pair(name(), in, entries);
    for (const Shape& other : in)
      if (other.size() != in[0].size())
        throw ShapeError(message("[absolute_distances] features of one length are compared, not ",
                                 to_string(in[0]), " and ", to_string(other)));
    if (static_cast<int>(in.size()) != entries + 1)
      throw ShapeError(message("[absolute_distances] ", in.size() - 1,
                               " others need a variable of as many labels, not ", entries));
  }
  void forward(const Reads& x, View out) const {
    const std::size_t d = x.in[0].row_size(), others = x.in.size() - 1;
    for (std::size_t r = 0; r < static_cast<std::size_t>(x.rows); ++r)
      for (std::size_t y = 0; y < others; ++y)
        out[r * others + y] = between(x.in[0].data + r * d, x.in[y + 1].data + r * d, d);
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const std::size_t d = x.in[0].row_size(), others = x.in.size() - 1;
    for (std::size_t i = 0; i < static_cast<std::size_t>(x.rows) * others; ++i) {
      const Real weight = dout[i];
      if (weight == 0) continue;
      const std::size_t row = i / others * d, y = i % others + 1;
      const Real *a = x.in[0].data + row, *b = x.in[y].data + row;
      const auto sign = [&](std::size_t k) { return static_cast<Real>((a[k] > b[k]) - (a[k] < b[k])); };
      if (Real* da = s.in[0].data)
        for (std::size_t k = 0; k < d; ++k) da[row + k] += weight * sign(k);
      if (Real* db = s.in[y].data)
        for (std::size_t k = 0; k < d; ++k) db[row + k] -= weight * sign(k);
    }
  }

 private:
  static Real between(const Real* a, const Real* b, std::size_t d) {
    std::array<Real, kLanes> sum{};
    std::size_t k = 0;
    for (; k + kLanes <= d; k += kLanes)
      for (std::size_t j = 0; j < kLanes; ++j) sum[j] += std::abs(a[k + j] - b[k + j]);
    for (std::size_t j = 0; k < d; ++k, ++j) sum[j] += std::abs(a[k] - b[k]);
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
  }
};

// E = |a - b| / 1 or |a - b|^2 / 2; slope (a - b) / |a - b| or (a - b).
template <bool kSquared>
struct Distance {
  std::string_view name() const { return kSquared ? "half_squared_distance" : "distance"; }
  void check(std::span<const Shape> in, int entries) const { check_pair(name(), in, entries); }
  void forward(const Reads& x, View out) const {
    const std::size_t d = x.in[0].row_size();
    for (int r = 0; r < x.rows; ++r) {
      const Real* a = x.in[0].data + r * d;
      const Real* b = x.in[1].data + r * d;
      Real sum = 0;
      for (std::size_t k = 0; k < d; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
      out[r] = kSquared ? sum / 2 : std::sqrt(sum);
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const std::size_t d = x.in[0].row_size();
    for (int r = 0; r < x.rows; ++r) {
      if (dout[r] == 0) continue;
      const Real* a = x.in[0].data + r * d;
      const Real* b = x.in[1].data + r * d;
      Real scale = dout[r];
      if constexpr (!kSquared) {
        Real sum = 0;
        for (std::size_t k = 0; k < d; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
        if (sum == 0) continue;  // at a = b the cone has no slope; 0 is the one of least norm
        scale /= std::sqrt(sum);
      }
      for (std::size_t k = 0; k < d; ++k) {
        if (s.in[0].data) s.in[0].data[r * d + k] += scale * (a[k] - b[k]);
        if (s.in[1].data) s.in[1].data[r * d + k] -= scale * (a[k] - b[k]);
      }
    }
  }
  // Nearest to a within a box is a itself, clamped.
  void minimise(const Reads& x, const FreeInput& free, std::span<double> z) const {
    const ConstView& a = x.in[1 - free.input];
    const std::size_t d = a.row_size();
    for (std::size_t i = 0; i < z.size(); ++i) {
      z[i] = a.data[i];
      if (!free.low.empty()) z[i] = std::clamp(z[i], free.low[i % d], free.high[i % d]);
    }
  }
  // Of |a - b|^2 / 2 the residuals are a - b.
  int residual_count(std::span<const int> widths) const requires kSquared { return widths[0]; }
  Robust robust() const requires kSquared { return {}; }
  void residuals(const ResidualReads& x, const Residuals& out) const requires kSquared {
    const auto d = static_cast<std::size_t>(x.widths[0]), rows = static_cast<std::size_t>(x.rows);
    for (std::size_t i = 0; i < rows * d; ++i) out.r[i] = x.in[0][i] - x.in[1][i];
    for (std::size_t k = 0; k < out.jacobian.size(); ++k) {
      double* const j = out.jacobian[k];
      if (!j) continue;
      std::fill_n(j, rows * d * d, 0.0);
      for (std::size_t i = 0; i < rows * d; ++i) j[i * d + i % d] = k == 0 ? 1 : -1;
    }
  }
};

struct Rubbish {
  static constexpr bool kSelects = true;
  double energy;
  bool operator==(const Rubbish&) const = default;
  std::string_view name() const { return "with_rubbish"; }
  void check(std::span<const Shape> in, int entries) const {
    if (in.size() != 1 || static_cast<int>(in[0].size()) + 1 != entries)
      throw ShapeError(
          message("[with_rubbish] a feature of K energies needs a variable of K + 1 labels, not ", entries));
  }
  void forward(const Reads& x, View out) const {
    const std::size_t k = x.in[0].row_size();
    for (int r = 0; r < x.rows; ++r) {
      std::copy_n(x.in[0].data + r * k, k, out.data + r * (k + 1));
      out[r * (k + 1) + k] = static_cast<Real>(energy);
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    if (!s.in[0].data) return;
    const std::size_t k = x.in[0].row_size();
    for (int r = 0; r < x.rows; ++r)
      for (std::size_t j = 0; j < k; ++j) s.in[0].data[r * k + j] += dout[r * (k + 1) + j];
  }
};

}  // namespace

Term network(const Net& net, Data x) {
  Term t;
  t.kind = Term::Kind::feature;
  t.name = net.name();
  t.net.push_back(net);
  t.data.push_back(std::move(x));
  return t;
}

Term rows(Feature feature) {
  Term t;
  t.kind = Term::Kind::feature;
  t.name = "rows";
  t.features.push_back(feature);
  return t;
}

Term table(const Params& W, Param param) {
  Term t;
  t.kind = Term::Kind::param;
  t.name = W.block(param).name;
  t.param = param;
  return t;
}

Term constant(Data energies) {
  Term t;
  t.kind = Term::Kind::data;
  t.name = "constant";
  t.data.push_back(std::move(energies));
  return t;
}

Term distance(Feature a, Feature b) { return function(Distance<false>{}, {a, b}, "distance"); }
Term absolute_distance(Feature a, Feature b) {
  return function(AbsoluteDistances{}, {a, b}, "absolute_distance");
}
Term absolute_distances(Feature a, std::vector<Feature> others) {
  others.insert(others.begin(), a);
  return function(AbsoluteDistances{}, std::move(others), "absolute_distances");
}
Term half_squared_distance(Feature a, Feature b) {
  return function(Distance<true>{}, {a, b}, "half_squared_distance");
}
Term with_rubbish(Feature feature, double energy) {
  return function(Rubbish{energy}, {feature}, "with_rubbish");
}

Term function(Factor f, std::vector<Feature> features, std::string name) {
  Term t;
  t.name = std::move(name);
  t.function.push_back(std::move(f));
  t.features = std::move(features);
  return t;
}

}  // namespace factor
}  // namespace EBM_PRECISION
}  // namespace ebm
