#pragma once
/// \file
/// Factors of a user's own, a row at a time. A row reads features, and blocks of W that all rows share; each
/// comes to the functor as one pointer to its numbers, in the order in which they are given:
///
///     g.add(factor::each("bend", [](const auto* z, const auto* w) { return w[0] * z[0] * z[0]; },
///                        g.feature(z), W.block(stiffness)));
///
/// `each` and `residual` differentiate a generic functor by dual numbers (ebm/graph/dual.hpp): one evaluation
/// for every eight numbers that it reads. `each_with_gradient` takes a functor that knows its own slopes.
///
/// A functor that captures nothing, or a struct with ==, is evaluated once for all samples of a batch; a
/// lambda with captures once for each. It must not change anything it shares. A NaN is reported by the name
/// given here; so is a result that the functor forgets to write.

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ebm/graph/dual.hpp"
#include "ebm/graph/factors.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace factor {

/// What one argument of a functor points to: the numbers of a feature's row, or of a block of W.
struct Argument {
  Feature feature{};
  std::size_t offset = 0;              ///< of the block, into W
  int size = 0;                        ///< of the block; 0 for a feature
  Argument(Feature f) : feature(f) {}  // NOLINT: a feature is an argument
  Argument(const Params::Block& b)     // NOLINT: a block is an argument
      : offset(b.offset), size(static_cast<int>(b.size())) {}
};

namespace detail {

/// Memory of a row at work, kept by each thread; `kUse` tells apart what is in use at one time.
template <class T, int kUse>
T* scratch(std::size_t count) {
  thread_local std::vector<T> memory;
  if (memory.size() < count) memory.resize(count);
  return memory.data();
}

/// A functor with its arguments: what `each`, `each_with_gradient` and `residual` have in common.
template <class F, std::size_t K>
class Rows {
 public:
  Rows(std::string name, F f, const std::array<Argument, K>& arguments)
      : name_(std::move(name)), f_(std::move(f)) {
    for (std::size_t k = 0; k < K; ++k) {
      block_[k] = arguments[k].size;
      offset_[k] = arguments[k].offset;
      input_[k] = block_[k] > 0 ? -1 : inputs_++;
    }
  }
  std::string_view name() const { return name_; }
  bool operator==(const Rows& o) const requires(std::is_empty_v<F> || std::equality_comparable<F>) {
    if constexpr (!std::is_empty_v<F>)
      if (!(f_ == o.f_)) return false;
    return name_ == o.name_ && block_ == o.block_ && offset_ == o.offset_;
  }

 protected:
  template <class T>
  using Pointers = std::array<T*, K>;

  /// f(x...) gives the one result, or f(x..., out) writes them all.
  template <class T>
  static constexpr bool gives_one() {
    return []<std::size_t... k>(std::index_sequence<k...>) {
      return std::is_invocable_v<const F&, std::enable_if_t<(k < K), const T*>...>;
    }
    (std::make_index_sequence<K>{});
  }
  template <class T>
  void evaluate(const Pointers<const T>& x, T* out) const {
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      if constexpr (gives_one<T>())
        *out = f_(x[k]...);
      else
        f_(x[k]..., out);
    }
    (std::make_index_sequence<K>{});
  }

  /// Numbers of each argument, given those of the inputs.
  template <class Width>
  std::array<int, K> sizes(const Width& width) const {
    std::array<int, K> out = block_;
    for (std::size_t k = 0; k < K; ++k)
      if (input_[k] >= 0) out[k] = width(static_cast<std::size_t>(input_[k]));
    return out;
  }
  std::array<int, K> sizes(const Reads& x) const {
    return sizes([&](std::size_t i) { return static_cast<int>(x.in[i].row_size()); });
  }
  /// Numbers of argument k in a row; there are `size`.
  const Real* read(const Reads& x, int size, std::size_t k, int row) const {
    if (input_[k] < 0) return x.w + offset_[k];
    return x.in[static_cast<std::size_t>(input_[k])].data + static_cast<std::ptrdiff_t>(row) * size;
  }
  /// Where the slopes of argument k go, in a row; null where they are not wanted.
  Real* slopes(const Slopes& s, int size, std::size_t k, int row) const {
    if (input_[k] < 0) return s.w ? s.w + offset_[k] : nullptr;
    Real* const to = s.in[static_cast<std::size_t>(input_[k])].data;
    return to ? to + static_cast<std::ptrdiff_t>(row) * size : nullptr;
  }

  /// One of the numbers that are differentiated by: its place among those of all arguments, and in its own.
  struct Wanted {
    int place, argument, column;
  };
  template <class Wants>
  static std::span<const Wanted> wanted(const std::array<int, K>& sizes, const Wants& wants) {
    std::size_t total = 0, count = 0;
    for (const int s : sizes) total += static_cast<std::size_t>(s);
    Wanted* out = scratch<Wanted, 0>(total);
    for (int k = 0, place = 0; k < static_cast<int>(K); ++k)
      for (int c = 0; c < sizes[static_cast<std::size_t>(k)]; ++c, ++place)
        if (wants(static_cast<std::size_t>(k))) out[count++] = {place, k, c};
    return {out, count};
  }

  /// For every row that `begin` admits, and every run of wanted numbers as long as the dual numbers are wide:
  /// visit(row, first of the run, its length, results). `read(argument, row)` points to the numbers.
  template <class T, class Read, class Begin, class Visit>
  void derive(int rows, const std::array<int, K>& sizes, std::span<const Wanted> wanted, int results,
              const Read& read, const Begin& begin, const Visit& visit) const {
    const auto with = [&]<int N>(std::integral_constant<int, N>) {
      using D = Dual<T, N>;
      std::size_t total = 0;
      for (const int s : sizes) total += static_cast<std::size_t>(s);
      D* x = scratch<D, 1>(total);
      D* y = scratch<D, 2>(static_cast<std::size_t>(results));
      std::fill_n(x, total, D());
      Pointers<const D> at{};
      for (std::size_t k = 0, place = 0; k < K; place += static_cast<std::size_t>(sizes[k]), ++k)
        at[k] = x + place;
      for (int r = 0; r < rows; ++r) {
        if (!begin(r)) continue;
        D* to = x;
        for (std::size_t k = 0; k < K; ++k) {
          const auto* from = read(k, r);
          for (int c = 0; c < sizes[k]; ++c) (to++)->v = static_cast<T>(from[c]);
        }
        for (std::size_t first = 0; first < wanted.size(); first += N) {
          const std::size_t length = std::min<std::size_t>(N, wanted.size() - first);
          for (std::size_t j = 0; j < length; ++j) x[wanted[first + j].place].d[j] = 1;
          std::fill_n(y, results, D(std::numeric_limits<T>::quiet_NaN()));  // what is forgotten shows
          evaluate(at, y);
          for (std::size_t j = 0; j < length; ++j) x[wanted[first + j].place].d[j] = 0;
          visit(r, first, length, static_cast<const D*>(y));
        }
      }
    };
    if (wanted.size() <= 2)
      with(std::integral_constant<int, 2>{});
    else if (wanted.size() <= 4)
      with(std::integral_constant<int, 4>{});
    else
      with(std::integral_constant<int, 8>{});
  }

  std::string name_;
  F f_;
  int inputs_ = 0;
  std::array<int, K> block_{}, input_{};  // numbers of a block, 0 for an input; which input, -1 for a block
  std::array<std::size_t, K> offset_{};
};

/// Energies by a generic functor, slopes by dual numbers.
template <class F, std::size_t K>
class Each : public Rows<F, K> {
  using Base = Rows<F, K>;

 public:
  using Base::Base;
  void check(std::span<const Shape>, int entries) const {
    if (Base::template gives_one<Real>() && entries != 1)
      throw ShapeError(message("[", this->name_, "] the functor returns one energy but its scope has ",
                               entries, " entries; let it write them through one more pointer"));
  }
  void forward(const Reads& x, View out) const {
    const auto sizes = this->sizes(x);
    const std::size_t entries = out.row_size();
    std::fill_n(out.data, out.size(), std::numeric_limits<Real>::quiet_NaN());
    typename Base::template Pointers<const Real> at{};
    for (int r = 0; r < x.rows; ++r) {
      for (std::size_t k = 0; k < K; ++k) at[k] = this->read(x, sizes[k], k, r);
      this->evaluate(at, out.data + static_cast<std::size_t>(r) * entries);
    }
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const auto sizes = this->sizes(x);
    const auto wanted =
        Base::wanted(sizes, [&](std::size_t k) { return this->slopes(s, sizes[k], k, 0) != nullptr; });
    const std::size_t entries = dout.row_size();
    const auto weights = [&](int r) { return dout.data + static_cast<std::size_t>(r) * entries; };
    this->template derive<Real>(
        x.rows, sizes, wanted, static_cast<int>(entries),
        [&](std::size_t k, int r) { return this->read(x, sizes[k], k, r); },
        [&](int r) { return std::any_of(weights(r), weights(r) + entries, [](Real w) { return w != 0; }); },
        [&](int r, std::size_t first, std::size_t length, const auto* y) {
          for (std::size_t j = 0; j < length; ++j) {
            const auto& at = wanted[first + j];
            Real sum = 0;
            for (std::size_t e = 0; e < entries; ++e)
              if (weights(r)[e] != 0) sum += weights(r)[e] * y[e].d[j];
            this->slopes(s, sizes[static_cast<std::size_t>(at.argument)],
                         static_cast<std::size_t>(at.argument), r)[at.column] += sum;
          }
        });
  }
};

/// One energy a row by a functor that gives its slopes as well.
template <class F, std::size_t K>
class EachWithGradient : public Rows<F, K> {
  using Base = Rows<F, K>;
  using Inputs = typename Base::template Pointers<const Real>;
  using Outputs = typename Base::template Pointers<Real>;

 public:
  using Base::Base;
  void check(std::span<const Shape>, int entries) const {
    if (entries != 1)
      throw ShapeError(
          message("[", this->name_, "] gives one energy a row, but its scope has ", entries, " entries"));
  }
  void forward(const Reads& x, View out) const {
    const auto sizes = this->sizes(x);
    for (int r = 0; r < x.rows; ++r) out[static_cast<std::size_t>(r)] = call(inputs(x, sizes, r), {});
  }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const auto sizes = this->sizes(x);
    std::size_t total = 0;
    for (const int n : sizes) total += static_cast<std::size_t>(n);
    Real* const memory = scratch<Real, 3>(total);
    for (int r = 0; r < x.rows; ++r) {
      const Real weight = dout[static_cast<std::size_t>(r)];
      if (weight == 0) continue;
      std::fill_n(memory, total, Real(0));
      Outputs d{};
      Real* next = memory;
      for (std::size_t k = 0; k < K; next += sizes[k], ++k) d[k] = next;
      call(inputs(x, sizes, r), d);
      for (std::size_t k = 0; k < K; ++k)
        if (Real* const to = this->slopes(s, sizes[k], k, r))
          for (int c = 0; c < sizes[k]; ++c) to[c] += weight * d[k][c];
    }
  }

 private:
  Inputs inputs(const Reads& x, const std::array<int, K>& sizes, int r) const {
    Inputs at{};
    for (std::size_t k = 0; k < K; ++k) at[k] = this->read(x, sizes[k], k, r);
    return at;
  }
  Real call(const Inputs& x, const Outputs& d) const {
    return [&]<std::size_t... k>(std::index_sequence<k...>) {
      return static_cast<Real>(this->f_(x[k]..., d[k]...));
    }
    (std::make_index_sequence<K>{});
  }
};

/// E = 1/2 rho(|r|^2) by a generic functor of residuals, in double whatever Real is.
template <class F, std::size_t K>
class Residual : public Rows<F, K> {
  using Base = Rows<F, K>;

 public:
  Residual(std::string name, F f, int count, Robust robust, const std::array<Argument, K>& arguments)
      : Base(std::move(name), std::move(f), arguments), count_(count), robust_(robust) {
    if (count < 1 || (Base::template gives_one<double>() && count != 1))
      throw ShapeError(message("[", this->name_, "] ", count,
                               " residuals a row: a functor that returns one has 1, and none has less"));
  }
  bool operator==(const Residual& o) const requires(std::is_empty_v<F> || std::equality_comparable<F>) {
    return Base::operator==(o) && count_ == o.count_ && robust_ == o.robust_;
  }
  void check(std::span<const Shape>, int entries) const {
    if (entries != 1)
      throw ShapeError(message("[", this->name_, "] residuals give one energy a row, but the scope has ",
                               entries, " entries"));
  }
  int residual_count(std::span<const int>) const { return count_; }
  Robust robust() const { return robust_; }

  void forward(const Reads& x, View out) const {
    const auto sizes = this->sizes(x);
    typename Base::template Pointers<const double> at{};
    double* const r = scratch<double, 4>(static_cast<std::size_t>(count_));
    std::size_t total = 0;
    for (const int n : sizes) total += static_cast<std::size_t>(n);
    double* const memory = scratch<double, 5>(total);
    for (int row = 0; row < x.rows; ++row) {
      double* next = memory;
      for (std::size_t k = 0; k < K; next += sizes[k], ++k) {
        std::copy_n(this->read(x, sizes[k], k, row), sizes[k], next);
        at[k] = next;
      }
      std::fill_n(r, count_, std::numeric_limits<double>::quiet_NaN());
      this->evaluate(at, r);
      out[static_cast<std::size_t>(row)] = static_cast<Real>(robust_(squared(r)).value / 2);
    }
  }
  // dE/dx = rho'(|r|^2) sum_i r_i dr_i/dx.
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    const auto sizes = this->sizes(x);
    const auto wanted =
        Base::wanted(sizes, [&](std::size_t k) { return this->slopes(s, sizes[k], k, 0) != nullptr; });
    this->template derive<double>(
        x.rows, sizes, wanted, count_, [&](std::size_t k, int r) { return this->read(x, sizes[k], k, r); },
        [&](int r) { return dout[static_cast<std::size_t>(r)] != 0; },
        [&](int row, std::size_t first, std::size_t length, const auto* y) {
          double s2 = 0;
          for (int i = 0; i < count_; ++i) s2 += y[i].v * y[i].v;
          const double weight = static_cast<double>(dout[static_cast<std::size_t>(row)]) * robust_(s2).slope;
          for (std::size_t j = 0; j < length; ++j) {
            const auto& at = wanted[first + j];
            double sum = 0;
            for (int i = 0; i < count_; ++i) sum += y[i].v * y[i].d[j];
            this->slopes(s, sizes[static_cast<std::size_t>(at.argument)],
                         static_cast<std::size_t>(at.argument), row)[at.column] +=
                static_cast<Real>(weight * sum);
          }
        });
  }
  void residuals(const ResidualReads& x, const Residuals& out) const {
    const auto sizes = this->sizes([&](std::size_t i) { return x.widths[i]; });
    std::array<const double*, K> from{};
    std::array<double*, K> jacobian{};
    std::array<int, K> stride = sizes;
    std::size_t total = 0;
    for (std::size_t k = 0; k < K; ++k)
      if (this->input_[k] < 0) total += static_cast<std::size_t>(sizes[k]);
    double* block = scratch<double, 5>(total);
    for (std::size_t k = 0; k < K; ++k) {
      const auto input = static_cast<std::size_t>(this->input_[k]);
      if (this->input_[k] < 0) {
        std::copy_n(x.w + this->offset_[k], sizes[k], block);
        from[k] = block;
        block += sizes[k];
        stride[k] = 0;
      } else {
        from[k] = x.in[input];
        if (!out.jacobian.empty()) jacobian[k] = out.jacobian[input];
      }
    }
    const auto read = [&](std::size_t k, int r) {
      return from[k] + static_cast<std::ptrdiff_t>(r) * stride[k];
    };
    const auto wanted = Base::wanted(sizes, [&](std::size_t k) { return jacobian[k] != nullptr; });
    const auto count = static_cast<std::size_t>(count_);
    if (wanted.empty()) {
      typename Base::template Pointers<const double> at{};
      std::fill_n(out.r, static_cast<std::size_t>(x.rows) * count, std::numeric_limits<double>::quiet_NaN());
      for (int r = 0; r < x.rows; ++r) {
        for (std::size_t k = 0; k < K; ++k) at[k] = read(k, r);
        this->evaluate(at, out.r + static_cast<std::size_t>(r) * count);
      }
      return;
    }
    this->template derive<double>(
        x.rows, sizes, wanted, count_, read, [](int) { return true; },
        [&](int r, std::size_t first, std::size_t length, const auto* y) {
          const std::size_t row = static_cast<std::size_t>(r) * count;
          for (std::size_t i = 0; i < count; ++i) out.r[row + i] = y[i].v;
          for (std::size_t j = 0; j < length; ++j) {
            const auto k = static_cast<std::size_t>(wanted[first + j].argument);
            double* to = jacobian[k] + row * static_cast<std::size_t>(sizes[k]) + wanted[first + j].column;
            for (std::size_t i = 0; i < count; ++i, to += sizes[k]) *to = y[i].d[j];
          }
        });
  }

 private:
  double squared(const double* r) const {
    double sum = 0;
    for (int i = 0; i < count_; ++i) sum += r[i] * r[i];
    return sum;
  }
  int count_;
  Robust robust_;
};

template <class Function, std::size_t K>
Term term(Function f, const std::array<Argument, K>& arguments) {
  std::string name(f.name());
  std::vector<Feature> features;
  for (const Argument& a : arguments)
    if (a.size == 0) features.push_back(a.feature);
  return function(Factor(std::move(f)), std::move(features), std::move(name));
}

}  // namespace detail

/// Energies of a generic functor, for T = Real and for dual numbers: `f(x, y, ..)` returns the one energy of
/// a row, or `f(x, y, .., energy)` writes one for every label entry. Slopes by dual numbers.
template <class F, class... Arguments>
requires(std::convertible_to<const Arguments&, Argument>&&...) Term
    each(std::string name, F f, const Arguments&... arguments) {
  const std::array<Argument, sizeof...(Arguments)> a{Argument(arguments)...};
  return detail::term(detail::Each<F, sizeof...(Arguments)>(std::move(name), std::move(f), a), a);
}

/// One energy a row of a functor with slopes of its own: `f(x, y, .., dx, dy, ..)` returns E and writes dE/dx
/// into dx, which is zero before, and so on. Where the slopes are null pointers, E alone is wanted.
template <class F, class... Arguments>
requires(std::convertible_to<const Arguments&, Argument>&&...) Term
    each_with_gradient(std::string name, F f, const Arguments&... arguments) {
  const std::array<Argument, sizeof...(Arguments)> a{Argument(arguments)...};
  return detail::term(detail::EachWithGradient<F, sizeof...(Arguments)>(std::move(name), std::move(f), a), a);
}

/// How many residuals a row has, and the robust loss that they are seen through.
struct ResidualRow {
  int count = 1;
  Robust robust{};
};

/// E = 1/2 rho(|r|^2) of a generic functor, for T = double and for dual numbers of it: `f(x, y, .., r)`
/// writes `count` residuals, or `f(x, y, ..)` returns the only one. \throws ShapeError for a count that is
/// not the functor's.
template <class F, class... Arguments>
requires(std::convertible_to<const Arguments&, Argument>&&...) Term
    residual(std::string name, F f, ResidualRow row, const Arguments&... arguments) {
  const std::array<Argument, sizeof...(Arguments)> a{Argument(arguments)...};
  return detail::term(
      detail::Residual<F, sizeof...(Arguments)>(std::move(name), std::move(f), row.count, row.robust, a), a);
}

}  // namespace factor
}  // namespace EBM_PRECISION
}  // namespace ebm
