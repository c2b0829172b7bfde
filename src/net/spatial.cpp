#include "spatial.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "src/net/spatial.cpp"
#include "src/core/simd_targets.hpp"

#include "hwy/foreach_target.h"
// After foreach_target.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm {
inline namespace EBM_PRECISION {
namespace net {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

namespace {

using D = hn::ScalableTag<Real>;
using V = hn::Vec<D>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D()));
constexpr int kMostShifts = 32;  // of a kernel's width that is folded in registers
static_assert(2 * kLanes <= static_cast<int>(kSlack));

// Copies n numbers, and up to a vector more.
template <class Tag>
HWY_INLINE void copy_over(Tag d, const Real* from, int n, Real* to) {
  constexpr int kStep = static_cast<int>(hn::MaxLanes(Tag()));
  for (int x = 0; x < n; x += kStep) hn::StoreU(hn::LoadU(d, from + x), d, to + x);
}

template <int kCount>
HWY_INLINE void copy_vectors(const Real* from, Real* to) {
  const D d;
  for (int i = 0; i < kCount; ++i) hn::StoreU(hn::LoadU(d, from + i * kLanes), d, to + i * kLanes);
}

void columns(const Windows& at, const Real* image, Real* columns, std::ptrdiff_t stride) {
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  for (int c = 0; c < at.channels; ++c, image += plane)
    for (int p = 0; p < at.size_h; ++p)
      for (int q = 0; q < at.size_w; ++q, columns += stride) {
        const Real* from = image + p * at.width + q;
        Real* to = columns;
        const std::ptrdiff_t next = std::ptrdiff_t{at.stride_h} * at.width;
        if (at.stride_w != 1)
          for (int y = 0; y < at.out_h; ++y, from += next, to += at.out_w)
            for (int x = 0; x < at.out_w; ++x) to[x] = from[x * at.stride_w];
        else if (at.out_w <= kLanes)
          for (int y = 0; y < at.out_h; ++y, from += next, to += at.out_w) copy_vectors<1>(from, to);
        else if (at.out_w <= 2 * kLanes)
          for (int y = 0; y < at.out_h; ++y, from += next, to += at.out_w) copy_vectors<2>(from, to);
        else
          for (int y = 0; y < at.out_h; ++y, from += next, to += at.out_w) copy_over(D(), from, at.out_w, to);
      }
}

void rows(const Windows& at, const Real* image, Real* rows, std::ptrdiff_t stride) {
  const hn::CappedTag<Real, 8> few;  // kernels are narrow
  constexpr int kFew = static_cast<int>(hn::MaxLanes(hn::CappedTag<Real, 8>()));
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  for (int y = 0; y < at.out_h; ++y)
    for (int x = 0; x < at.out_w; ++x, rows += stride) {
      const Real* from = image + y * at.stride_h * at.width + x * at.stride_w;
      Real* to = rows;
      for (int c = 0; c < at.channels; ++c, from += plane) {
        const Real* line = from;
        if (at.size_w <= kFew)
          for (int p = 0; p < at.size_h; ++p, to += at.size_w, line += at.width)
            hn::StoreU(hn::LoadU(few, line), few, to);
        else
          for (int p = 0; p < at.size_h; ++p, to += at.size_w, line += at.width)
            copy_over(few, line, at.size_w, to);
      }
    }
}

// Each row of the image gathers the shifted rows of columns that hold it, in registers. kWidth: size_w, or 0
// for any.
template <int kWidth>
void fold_dense(const Windows& at, const Real* columns, std::ptrdiff_t stride, Real* image) {
  const D d;
  const int size_w = kWidth > 0 ? kWidth : at.size_w;
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  for (int x0 = 0; x0 < at.width; x0 += kLanes) {
    hn::Mask<D> inside[kWidth > 0 ? kWidth : kMostShifts];  // lanes whose column x0 + lane - q is one
    for (int q = 0; q < size_w; ++q) {
      const auto first = static_cast<std::size_t>(std::clamp(q - x0, 0, kLanes));
      const auto end = static_cast<std::size_t>(std::clamp(at.out_w + q - x0, 0, kLanes));
      inside[q] = hn::AndNot(hn::FirstN(d, first), hn::FirstN(d, end));
    }
    // A row that is one vector may run over its end: the next one is written later.
    const int lanes = at.width <= kLanes ? kLanes : std::min(kLanes, at.width - x0);
    for (int c = 0; c < at.channels; ++c)
      for (int y = 0; y < at.height; ++y) {
        V even = hn::Zero(d), odd = even;
        const int p_first = std::max(0, y - at.out_h + 1), p_end = std::min(at.size_h, y + 1);
        const Real* from = columns + (std::ptrdiff_t{c} * at.size_h + p_first) * size_w * stride +
                           (y - p_first) * at.out_w + x0;
        for (int p = p_first; p < p_end; ++p, from -= at.out_w)
          for (int q = 0; q < size_w; ++q, from += stride) {
            V& sum = q % 2 == 0 ? even : odd;
            sum = hn::Add(sum, hn::IfThenElseZero(inside[q], hn::LoadU(d, from - q)));
          }
        Real* to = image + c * plane + y * at.width + x0;
        if (lanes == kLanes) {
          hn::StoreU(hn::Add(even, odd), d, to);
        } else {
          HWY_ALIGN Real last[kLanes];
          hn::Store(hn::Add(even, odd), d, last);
          std::copy_n(last, lanes, to);
        }
      }
  }
}

void fold(const Windows& at, const Real* columns, std::ptrdiff_t stride, Real* image) {
  if (at.stride_h == 1 && at.stride_w == 1 && at.size_w <= kMostShifts) {
    if (at.size_w == 5) return fold_dense<5>(at, columns, stride, image);
    if (at.size_w == 3) return fold_dense<3>(at, columns, stride, image);
    return fold_dense<0>(at, columns, stride, image);
  }
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  std::fill_n(image, at.channels * plane, Real(0));
  for (int c = 0; c < at.channels; ++c, image += plane)
    for (int p = 0; p < at.size_h; ++p)
      for (int q = 0; q < at.size_w; ++q, columns += stride)
        for (int y = 0; y < at.out_h; ++y)
          for (int x = 0; x < at.out_w; ++x)
            image[(y * at.stride_h + p) * at.width + x * at.stride_w + q] += columns[y * at.out_w + x];
}

bool halves(const Windows& at) {
  return at.size_h == 2 && at.size_w == 2 && at.stride_h == 2 && at.stride_w == 2;
}

void mean(const Windows& at, const Real* image, const Real* gain, const Real* bias, Real* out) {
  const D d;
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  for (int c = 0; c < at.channels; ++c, image += plane) {
    const Real factor = (gain ? gain[c] : Real(1)) / static_cast<Real>(at.size_h * at.size_w),
               shift = bias ? bias[c] : Real(0);
    for (int y = 0; y < at.out_h; ++y, out += at.out_w) {
      const Real* from = image + y * at.stride_h * at.width;
      if (halves(at)) {
        const V f = hn::Set(d, factor), b = hn::Set(d, shift);
        for (int x = 0; x < at.out_w; x += kLanes) {
          V a0, a1, b0, b1;
          hn::LoadInterleaved2(d, from + 2 * x, a0, a1);
          hn::LoadInterleaved2(d, from + at.width + 2 * x, b0, b1);
          hn::StoreU(hn::MulAdd(f, hn::Add(hn::Add(a0, a1), hn::Add(b0, b1)), b), d, out + x);
        }
        continue;
      }
      for (int x = 0; x < at.out_w; ++x, from += at.stride_w) {
        Real s = 0;
        for (int p = 0; p < at.size_h; ++p)
          for (int q = 0; q < at.size_w; ++q) s += from[p * at.width + q];
        out[x] = factor * s + shift;
      }
    }
  }
}

void mean_slope(const Windows& at, const Real* dout, const Real* gain, bool squared, Real* image) {
  const D d;
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  for (int c = 0; c < at.channels; ++c, image += plane) {
    Real factor = (gain ? gain[c] : Real(1)) / static_cast<Real>(at.size_h * at.size_w);
    if (squared) factor *= factor;
    if (!halves(at)) std::fill_n(image, plane, Real(0));
    for (int y = 0; y < at.out_h; ++y, dout += at.out_w) {
      if (halves(at)) {
        const V f = hn::Set(d, factor);
        for (int p = 0; p < 2; ++p) {
          Real* to = image + (2 * y + p) * at.width;
          for (int x = 0; x < at.out_w; x += kLanes) {
            const V g = hn::Mul(f, hn::LoadU(d, dout + x));
            hn::StoreInterleaved2(g, g, d, to + 2 * x);
          }
          std::fill_n(to + 2 * at.out_w, at.width - 2 * at.out_w, Real(0));
        }
        continue;
      }
      Real* to = image + y * at.stride_h * at.width;
      for (int x = 0; x < at.out_w; ++x, to += at.stride_w)
        for (int p = 0; p < at.size_h; ++p)
          for (int q = 0; q < at.size_w; ++q) to[p * at.width + q] += factor * dout[x];
    }
    if (halves(at)) std::fill_n(image + 2 * at.out_h * at.width, plane - 2 * at.out_h * at.width, Real(0));
  }
}

}  // namespace

const Spatial* spatial_table() {
  static constexpr Spatial table{columns, rows, fold, mean, mean_slope};
  return &table;
}

}  // namespace HWY_NAMESPACE
}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ebm {
inline namespace EBM_PRECISION {
namespace net {

HWY_EXPORT(spatial_table);

const Spatial& spatial() { return *HWY_DYNAMIC_DISPATCH(spatial_table)(); }

namespace {
// The place of the greatest number of a window.
const Real* greatest(const Windows& at, const Real* window) {
  const Real* best = window;
  for (int p = 0; p < at.size_h; ++p)
    for (int q = 0; q < at.size_w; ++q)
      if (window[p * at.width + q] > *best) best = window + p * at.width + q;
  return best;
}
}  // namespace

void max_pool(const Windows& at, const Real* image, Real* out) {
  for (int c = 0; c < at.channels; ++c, image += std::ptrdiff_t{at.height} * at.width)
    for (int y = 0; y < at.out_h; ++y)
      for (int x = 0; x < at.out_w; ++x)
        *out++ = *greatest(at, image + y * at.stride_h * at.width + x * at.stride_w);
}

void max_pool_slope(const Windows& at, const Real* image, const Real* dout, Real* dimage) {
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  std::fill_n(dimage, at.channels * plane, Real(0));
  for (int c = 0; c < at.channels; ++c, image += plane, dimage += plane)
    for (int y = 0; y < at.out_h; ++y)
      for (int x = 0; x < at.out_w; ++x)
        dimage[greatest(at, image + y * at.stride_h * at.width + x * at.stride_w) - image] += *dout++;
}

void pad(int channels, int height, int width, int pad_h, int pad_w, const Real* image, Real* padded) {
  const int wide = width + 2 * pad_w, high = height + 2 * pad_h;
  std::fill_n(padded, std::ptrdiff_t{channels} * high * wide, Real(0));
  for (int c = 0; c < channels; ++c, padded += std::ptrdiff_t{high} * wide)
    for (int y = 0; y < height; ++y, image += width)
      std::copy_n(image, width, padded + (y + pad_h) * wide + pad_w);
}

void crop(int channels, int height, int width, int pad_h, int pad_w, const Real* padded, Real* image) {
  const int wide = width + 2 * pad_w, high = height + 2 * pad_h;
  for (int c = 0; c < channels; ++c, padded += std::ptrdiff_t{high} * wide)
    for (int y = 0; y < height; ++y, image += width)
      std::copy_n(padded + (y + pad_h) * wide + pad_w, width, image);
}

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
#endif
