#pragma once
/// \file
/// Shape, the owning Tensor and its views. Row-major, contiguous, at most five axes.

#include <array>
#include <cassert>
#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ebm/core/device.hpp"
#include "ebm/core/real.hpp"

namespace ebm {

/// Sizes of up to five axes, e.g. [rows, channels, height, width].
class Shape {
 public:
  static constexpr int kMaxRank = 5;
  Shape() = default;
  Shape(std::initializer_list<int> sizes);
  explicit Shape(std::span<const int> sizes);

  int rank() const { return rank_; }
  int operator[](int axis) const {
    assert(axis >= 0 && axis < rank_);
    return sizes_[axis];
  }
  int& operator[](int axis) {
    assert(axis >= 0 && axis < rank_);
    return sizes_[axis];
  }
  int back() const { return (*this)[rank_ - 1]; }
  /// Number of entries; 1 for no axis at all.
  std::size_t size() const;
  /// Without the first axis: the shape of one row.
  Shape row() const;
  /// With one more axis in front.
  Shape with_rows(int rows) const;
  std::span<const int> sizes() const { return {sizes_.data(), static_cast<std::size_t>(rank_)}; }
  bool operator==(const Shape& other) const;

 private:
  int rank_ = 0;
  std::array<int, kMaxRank> sizes_{};
};

/// "[64, 1, 32, 32]"
std::string to_string(const Shape& shape);
std::ostream& operator<<(std::ostream& out, const Shape& shape);

inline namespace EBM_PRECISION {

/// Numbers owned by somebody else, which must outlive the view.
template <class T>
struct BasicView {
  T* data = nullptr;
  Shape shape;

  BasicView() = default;
  BasicView(T* data, Shape shape) : data(data), shape(shape) {}
  /// A view to read is made from a view to write.
  template <class U>
  requires std::is_same_v<T, const U> BasicView(const BasicView<U>& other)
      : data(other.data), shape(other.shape) {}  // NOLINT

  int rows() const { return shape.rank() == 0 ? 1 : shape[0]; }
  std::size_t size() const { return shape.size(); }
  std::size_t row_size() const { return shape.row().size(); }
  BasicView row(int i) const { return {data + static_cast<std::size_t>(i) * row_size(), shape.row()}; }
  /// Rows [first, first + count), axes kept.
  BasicView rows(int first, int count) const {
    return {data + static_cast<std::size_t>(first) * row_size(), shape.row().with_rows(count)};
  }
  std::span<T> span() const { return {data, size()}; }
  T& operator[](std::size_t i) const { return data[i]; }
};
using View = BasicView<Real>;
using ConstView = BasicView<const Real>;

/// An owner of numbers, zero when made, aligned to 64 bytes.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Shape shape);
  /// \throws ShapeError when the number of values is not that of the shape.
  Tensor(Shape shape, std::vector<Real> values);
  /// One number, shape [1].
  explicit Tensor(Real value);
  Tensor(const Tensor& other);
  Tensor& operator=(const Tensor& other);
  Tensor(Tensor&& other) noexcept = default;
  Tensor& operator=(Tensor&& other) noexcept = default;

  const Shape& shape() const { return shape_; }
  Device device() const { return {}; }
  std::size_t size() const { return data_ ? shape_.size() : 0; }
  bool empty() const { return size() == 0; }
  Real* data() { return data_.get(); }
  const Real* data() const { return data_.get(); }
  std::span<Real> span() { return {data(), size()}; }
  std::span<const Real> span() const { return {data(), size()}; }
  Real& operator[](std::size_t i) { return data_.get()[i]; }
  Real operator[](std::size_t i) const { return data_.get()[i]; }
  View view() { return {data(), shape_}; }
  ConstView view() const { return {data(), shape_}; }
  operator View() { return view(); }             // NOLINT
  operator ConstView() const { return view(); }  // NOLINT
  /// The same numbers with other axes. \throws ShapeError when the sizes differ.
  Tensor reshaped(Shape shape) &&;

 private:
  struct Free {
    void operator()(Real* p) const;
  };
  Shape shape_;
  std::unique_ptr<Real[], Free> data_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
