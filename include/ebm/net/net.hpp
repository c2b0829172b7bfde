#pragma once
/// \file
/// A Net: a static directed graph of layers, y = G(W, x). It holds block indices of Params and no weights, so
/// using the handle twice shares them. Rows (images, pieces, words) are independent; work is cut into pieces
/// of rows whose number depends on the rows alone, so results are the same bits for any number of threads.
///
/// Shapes: in [rows, ...input], out [rows, ...output]. An output of one position is [K]; of a wider input it
/// is [columns, K], of a wider and higher one [lines, columns, K] (replication). Time is linear in rows and
/// in connection_count; a State that has seen the shapes before allocates nothing.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "ebm/core/params.hpp"
#include "ebm/core/tensor.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {
struct Description;
struct Run;
}  // namespace net

class Net {
 public:
  /// `trace` keeps what a backward needs, as `train` does, but drops nothing out.
  enum class Mode { evaluate, trace, train };

  /// What one forward leaves for its backward, and all scratch memory. One per thread of control; reuse it.
  class State {
   public:
    State();
    ~State();
    State(State&&) noexcept;
    State& operator=(State&&) noexcept;
    /// Dropout of the next forwards in train mode is a pure function of (seed, step, layer, row, place).
    void set_dropout_stream(std::uint64_t seed, std::uint64_t step);
    /// Bytes held.
    std::size_t bytes() const;

   private:
    friend class Net;
    std::unique_ptr<net::Run> run_;
  };

  /// A net without layers; only assignment makes it useful.
  Net() = default;
  explicit Net(std::shared_ptr<const net::Description> description);

  std::string_view name() const;
  std::size_t input_count() const;
  std::size_t output_count() const;
  /// The declared shape, without row axis, e.g. [1, 32, 32].
  Shape input_shape(std::size_t input = 0) const;
  /// \throws ShapeError naming the layer that the input does not fit.
  Shape output_shape(const Shape& input) const;
  Shape output_shape(std::span<const Shape> inputs, std::size_t output = 0) const;
  /// Trainable numbers of all layers (fixed RBF centres are none of them), each shared one once.
  std::size_t parameter_count() const;
  /// Connections as the papers count them: each read of an input and each addition of a bias, in one row.
  std::size_t connection_count(const Shape& input) const;

  /// out = G(w, in). `w` is Params::data(). \throws ShapeError naming the layer and both shapes.
  void forward(const Real* w, ConstView in, View out, State& state, Mode mode = Mode::evaluate) const;
  void forward(const Real* w, std::span<const ConstView> in, std::span<const View> out, State& state,
               Mode mode = Mode::evaluate) const;
  /// The same from rows that lie anywhere, each of shape `row`.
  void forward(const Real* w, std::span<const Real* const> rows, const Shape& row, View out, State& state,
               Mode mode = Mode::evaluate) const;

  /// After a forward in train or trace mode with the same state and w: dw += dout . dG/dw, in the layout of
  /// w, unless it is null; din = dout . dG/din unless its data is null. \throws ShapeError; GraphError when
  /// there was no such forward.
  void backward(const Real* w, ConstView dout, Real* dw, View din, State& state) const;
  void backward(const Real* w, std::span<const ConstView> dout, Real* dw, std::span<const View> din,
                State& state) const;

  /// Diagonal Gauss-Newton (LeCun et al. 1998, appendix C), after a forward in train mode: h += sum over rows
  /// of the second derivative by each weight, cross terms left out, given that by each output (>= 0). Never
  /// negative. `slope_out`, where given, is the first derivative of the loss by the outputs; it adds the
  /// curvature 2 sum_i slope_i (not below 0) of an Rbf output itself, without which E = y_truth would have
  /// none.
  void curvature(const Real* w, ConstView curvature_out, Real* h, State& state,
                 ConstView slope_out = {}) const;

  /// Equal for copies of one handle.
  const void* identity() const { return description_.get(); }
  explicit operator bool() const { return description_ != nullptr; }

 private:
  std::shared_ptr<const net::Description> description_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
