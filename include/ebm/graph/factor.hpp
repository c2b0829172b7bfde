#pragma once
/// \file
/// A factor is a differentiable table: `forward` gives the energies of its rows, `backward` takes one weight
/// per entry and returns the slopes of W and of what it reads. Reading the table at one entry is a point
/// evaluation; a one-hot weight gives the slope of a minimum, marginals that of a free energy.
///
/// A user's own factor is any value with these two methods (concept FactorFunction). It is erased once per
/// group of equal factors, never per instance.

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "ebm/core/error.hpp"
#include "ebm/core/tensor.hpp"
#include "ebm/graph/residual.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// What a factor reads: W as one flat buffer, and its inputs, gathered as [rows, d].
struct Reads {
  int rows = 0;
  const Real* w = nullptr;
  std::span<const ConstView> in;
};

/// Features that one factor function may read.
inline constexpr std::size_t kMaxInputs = 32;

/// Where slopes are added: the same flat layout as W, and [rows, d] per input. Null, w or data: not wanted.
struct Slopes {
  Real* w = nullptr;
  std::span<const View> in;
};

/// `out` and `dout` are [rows, entries]: one row per instance, entries = product of the label counts in scope
/// (1 if none).
template <class F>
concept FactorFunction = requires(const F f, const Reads& x, View out, ConstView dout, const Slopes& s) {
  f.forward(x, out);
  f.backward(x, dout, s);
};

/// What a factor function may say of itself beside: its name, for messages, ..
template <class F>
concept NamedFactor = requires(const F& f) {
  { f.name() } -> std::convertible_to<std::string_view>;
};
/// .. and, by having a member kSelects, that every entry is one input number or a constant.
template <class F>
concept SelectingFactor = requires {
  F::kSelects;
};

/// One whose energy is E = 1/2 rho(|r|^2), one a row: how many residuals there are for inputs of these
/// widths, rho, and the residuals of all rows with their Jacobian (ebm/graph/residual.hpp).
template <class F>
concept ResidualFactor = requires(const F& f, std::span<const int> widths, const ResidualReads& x,
                                  const Residuals& out) {
  { f.residual_count(widths) } -> std::convertible_to<int>;
  { f.robust() } -> std::convertible_to<Robust>;
  f.residuals(x, out);
};

/// The input of a factor that is the whole real variable, and its bounds, [dims] each; empty: none.
struct FreeInput {
  std::size_t input = 0;
  std::span<const double> low, high;
};

/// One that knows its own minimiser: `minimise` writes into z, [rows, dims], the values of the free input
/// within the bounds at which each row is lowest, no other being lower. It is read from the other inputs; the
/// free one has no data. Serves infer::ClosedForm.
template <class F>
concept ClosedFormFactor = requires(const F& f, const Reads& x, const FreeInput& free, std::span<double> z) {
  f.minimise(x, free, z);
};

/// A FactorFunction with its type erased; copies share it.
class Factor {
 public:
  template <FactorFunction F>
  Factor(F f)  // NOLINT: a factor function is a factor
      : self_(std::make_shared<const Holder<F>>(std::move(f))), ops_(&kOps<F>) {}

  void forward(const Reads& x, View out) const { ops_->forward(self_.get(), x, out); }
  void backward(const Reads& x, ConstView dout, const Slopes& s) const {
    ops_->backward(self_.get(), x, dout, s);
  }
  /// \throws ShapeError when the inputs ([rows, d] without rows) do not give `entries` energies a row.
  void check(std::span<const Shape> in, int entries) const { ops_->check(self_.get(), in, entries); }
  std::string_view name() const { return ops_->name(self_.get()); }
  /// Every entry is one input number or a constant (SelectingFactor): curvature passes as slopes do.
  bool selects() const { return ops_->selects; }
  /// \name The residuals of a ResidualFactor; only where has_residuals().
  ///@{
  bool has_residuals() const { return ops_->residuals != nullptr; }
  int residual_count(std::span<const int> widths) const { return ops_->residual_count(self_.get(), widths); }
  Robust robust() const { return ops_->robust(self_.get()); }
  void residuals(const ResidualReads& x, const Residuals& out) const { ops_->residuals(self_.get(), x, out); }
  ///@}
  bool has_closed_form() const { return ops_->minimise != nullptr; }
  /// Of a ClosedFormFactor; only where has_closed_form().
  void minimise(const Reads& x, const FreeInput& free, std::span<double> z) const {
    ops_->minimise(self_.get(), x, free, z);
  }
  /// The same function with the same constants: such factors of different samples are computed together.
  bool operator==(const Factor& other) const {
    return self_ == other.self_ || (ops_ == other.ops_ && ops_->equal(self_.get(), other.self_.get()));
  }

 private:
  template <class F>
  struct Holder {
    explicit Holder(F function) : f(std::move(function)) {}
    F f;
  };
  struct Ops {
    void (*forward)(const void*, const Reads&, View);
    void (*backward)(const void*, const Reads&, ConstView, const Slopes&);
    void (*check)(const void*, std::span<const Shape>, int);
    std::string_view (*name)(const void*);
    bool (*equal)(const void*, const void*);
    bool selects;
    int (*residual_count)(const void*, std::span<const int>);
    Robust (*robust)(const void*);
    void (*residuals)(const void*, const ResidualReads&, const Residuals&);
    void (*minimise)(const void*, const Reads&, const FreeInput&, std::span<double>);
  };
  template <class F>
  static const F& get(const void* self) {
    return static_cast<const Holder<F>*>(self)->f;
  }

  template <class F>
  static constexpr Ops with_powers(Ops ops) {
    if constexpr (ResidualFactor<F>) {
      ops.residual_count = [](const void* self, std::span<const int> widths) {
        return static_cast<int>(get<F>(self).residual_count(widths));
      };
      ops.robust = [](const void* self) -> Robust { return get<F>(self).robust(); };
      ops.residuals = [](const void* self, const ResidualReads& x, const Residuals& out) {
        get<F>(self).residuals(x, out);
      };
    }
    if constexpr (ClosedFormFactor<F>)
      ops.minimise = [](const void* self, const Reads& x, const FreeInput& free, std::span<double> z) {
        get<F>(self).minimise(x, free, z);
      };
    return ops;
  }

  template <class F>
  static constexpr Ops kOps = with_powers<F>({[](const void* self, const Reads& x, View out) {
                                                get<F>(self).forward(x, out);
                                              },
                                              [](const void* self, const Reads& x, ConstView dout,
                                                 const Slopes& s) { get<F>(self).backward(x, dout, s); },
                                              [](const void* self, std::span<const Shape> in, int entries) {
                                                if constexpr (requires(const F& f) { f.check(in, entries); })
                                                  get<F>(self).check(in, entries);
                                              },
                                              [](const void* self) -> std::string_view {
                                                if constexpr (NamedFactor<F>)
                                                  return get<F>(self).name();
                                                else
                                                  return "factor";
                                              },
                                              [](const void* a, const void* b) {
                                                if constexpr (std::is_empty_v<F>)
                                                  return true;
                                                else if constexpr (std::equality_comparable<F>)
                                                  return get<F>(a) == get<F>(b);
                                                else
                                                  return false;
                                              },
                                              SelectingFactor<F>, nullptr, nullptr, nullptr, nullptr});

  std::shared_ptr<const void> self_;
  const Ops* ops_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
