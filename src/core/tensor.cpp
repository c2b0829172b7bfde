#include "ebm/core/tensor.hpp"

#include <algorithm>
#include <new>
#include <ostream>

#include "ebm/core/error.hpp"

namespace ebm {

Shape::Shape(std::initializer_list<int> sizes) : Shape(std::span<const int>(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const int> sizes) : rank_(static_cast<int>(sizes.size())) {
  if (sizes.size() > kMaxRank)
    throw ShapeError(message("[shape] ", sizes.size(), " axes given, at most ", kMaxRank, " are supported"));
  for (int axis = 0; axis < rank_; ++axis) {
    if (sizes[axis] < 0)
      throw ShapeError(message("[shape] axis ", axis, " has the negative size ", sizes[axis]));
    sizes_[axis] = sizes[axis];
  }
}

std::size_t Shape::size() const {
  std::size_t n = 1;
  for (int axis = 0; axis < rank_; ++axis) n *= static_cast<std::size_t>(sizes_[axis]);
  return n;
}

Shape Shape::row() const { return rank_ == 0 ? Shape{} : Shape(sizes().subspan(1)); }

Shape Shape::with_rows(int rows) const {
  if (rank_ == kMaxRank)
    throw ShapeError("[shape] no room for one more axis in front of " + to_string(*this));
  Shape out;
  out.rank_ = rank_ + 1;
  out.sizes_[0] = rows;
  std::copy_n(sizes_.begin(), rank_, out.sizes_.begin() + 1);
  return out;
}

bool Shape::operator==(const Shape& other) const { return std::ranges::equal(sizes(), other.sizes()); }

std::string to_string(const Shape& shape) {
  std::string out = "[";
  for (int axis = 0; axis < shape.rank(); ++axis) out += (axis ? ", " : "") + std::to_string(shape[axis]);
  return out + "]";
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

namespace {
constexpr std::align_val_t kAlignment{64};
Real* allocate(std::size_t n) {
  return static_cast<Real*>(::operator new(std::max<std::size_t>(n, 1) * sizeof(Real), kAlignment));
}
}  // namespace

inline namespace EBM_PRECISION {

void Tensor::Free::operator()(Real* p) const { ::operator delete(p, kAlignment); }

Tensor::Tensor(Shape shape) : shape_(shape), data_(allocate(shape.size())) {
  std::fill_n(data(), size(), Real(0));
}

Tensor::Tensor(Shape shape, std::vector<Real> values) : shape_(shape), data_(allocate(shape.size())) {
  if (values.size() != shape.size())
    throw ShapeError(message("[tensor] ", values.size(), " values given for shape ", shape));
  std::ranges::copy(values, data());
}

Tensor::Tensor(Real value) : Tensor(Shape{1}, {value}) {}

Tensor::Tensor(const Tensor& other) : shape_(other.shape_) {
  if (!other.data_) return;
  data_.reset(allocate(other.size()));
  std::copy_n(other.data(), other.size(), data());
}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this != &other) *this = Tensor(other);
  return *this;
}

Tensor Tensor::reshaped(Shape shape) && {
  if (shape.size() != size())
    throw ShapeError(message("[tensor] ", shape_, " cannot become ", shape, ": the sizes differ"));
  Tensor out = std::move(*this);
  out.shape_ = shape;
  return out;
}

}  // namespace EBM_PRECISION
}  // namespace ebm
