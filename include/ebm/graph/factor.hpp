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

namespace ebm {
inline namespace EBM_PRECISION {

/// What a factor reads: W as one flat buffer, and its inputs, gathered as [rows, d].
struct Reads {
  int rows = 0;
  const Real* w = nullptr;
  std::span<const ConstView> in;
};

/// Features that one factor function may read.
inline constexpr std::size_t kMaxInputs = 8;

/// Where slopes are added: the same flat layout as W, and [rows, d] per input (null data: not wanted).
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
  /// Every entry is one input number or a constant (F::kSelects): curvature passes as slopes do.
  bool selects() const { return ops_->selects; }
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
  };
  template <class F>
  static const F& get(const void* self) {
    return static_cast<const Holder<F>*>(self)->f;
  }

  template <class F>
  static constexpr Ops kOps{[](const void* self, const Reads& x, View out) { get<F>(self).forward(x, out); },
                            [](const void* self, const Reads& x, ConstView dout, const Slopes& s) {
                              get<F>(self).backward(x, dout, s);
                            },
                            [](const void* self, std::span<const Shape> in, int entries) {
                              if constexpr (requires(const F& f) { f.check(in, entries); })
                                get<F>(self).check(in, entries);
                            },
                            [](const void* self) -> std::string_view {
                              if constexpr (requires(const F& f) {
                                              { f.name() } -> std::convertible_to<std::string_view>;
                                            })
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
                            requires {F::kSelects;
}
};  // namespace EBM_PRECISION

std::shared_ptr<const void> self_;
const Ops* ops_;
};  // namespace ebm

}  // namespace EBM_PRECISION
}  // namespace ebm
