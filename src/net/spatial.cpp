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
static_assert(2 * kLanes <= static_cast<int>(kSlack));

// Copies n numbers, and up to a vector more.
template <class Tag>
HWY_INLINE void copy_over(Tag d, const Real* from, int n, Real* to) {
  constexpr int kStep = static_cast<int>(hn::MaxLanes(Tag()));
  for (int x = 0; x < n; x += kStep) hn::StoreU(hn::LoadU(d, from + x), d, to + x);
}

void columns(const Windows& at, const Real* image, Real* columns, std::ptrdiff_t stride) {
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  for (int c = 0; c < at.channels; ++c, image += plane)
    for (int p = 0; p < at.size_h; ++p)
      for (int q = 0; q < at.size_w; ++q, columns += stride) {
        const Real* from = image + p * at.width + q;
        Real* to = columns;
        for (int y = 0; y < at.out_h; ++y, from += at.stride_h * at.width, to += at.out_w) {
          if (at.stride_w == 1)
            copy_over(D(), from, at.out_w, to);
          else
            for (int x = 0; x < at.out_w; ++x) to[x] = from[x * at.stride_w];
        }
      }
}

void rows(const Windows& at, const Real* image, Real* rows, std::ptrdiff_t stride) {
  const hn::CappedTag<Real, 8> few;  // kernels are narrow
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  for (int y = 0; y < at.out_h; ++y)
    for (int x = 0; x < at.out_w; ++x, rows += stride) {
      const Real* from = image + y * at.stride_h * at.width + x * at.stride_w;
      Real* to = rows;
      for (int c = 0; c < at.channels; ++c, from += plane)
        for (int p = 0; p < at.size_h; ++p, to += at.size_w) copy_over(few, from + p * at.width, at.size_w, to);
    }
}

// Each row of the image gathers the shifted rows of columns that hold it, in registers.
void fold_dense(const Windows& at, const Real* columns, std::ptrdiff_t stride, Real* image) {
  constexpr int kMost = 32;
  const D d;
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  for (int x0 = 0; x0 < at.width; x0 += kLanes) {
    hn::Mask<D> inside[kMost];  // lanes whose column number x0 + lane - q is one
    for (int q = 0; q < at.size_w; ++q) {
      const auto first = static_cast<std::size_t>(std::clamp(q - x0, 0, kLanes));
      const auto end = static_cast<std::size_t>(std::clamp(at.out_w + q - x0, 0, kLanes));
      inside[q] = hn::AndNot(hn::FirstN(d, first), hn::FirstN(d, end));
    }
    for (int c = 0; c < at.channels; ++c)
      for (int y = 0; y < at.height; ++y) {
        V s0 = hn::Zero(d), s1 = s0;
        const int p_first = std::max(0, y - at.out_h + 1), p_end = std::min(at.size_h, y + 1);
        for (int p = p_first; p < p_end; ++p) {
          const Real* from = columns + (std::ptrdiff_t{c} * at.size_h + p) * at.size_w * stride + (y - p) * at.out_w + x0;
          int q = 0;
          for (; q + 2 <= at.size_w; q += 2, from += 2 * stride) {
            s0 = hn::Add(s0, hn::IfThenElseZero(inside[q], hn::LoadU(d, from - q)));
            s1 = hn::Add(s1, hn::IfThenElseZero(inside[q + 1], hn::LoadU(d, from + stride - q - 1)));
          }
          if (q < at.size_w) s0 = hn::Add(s0, hn::IfThenElseZero(inside[q], hn::LoadU(d, from - q)));
        }
        Real* to = image + c * plane + y * at.width + x0;
        const int n = at.width - x0;
        if (n >= kLanes) {
          hn::StoreU(hn::Add(s0, s1), d, to);
        } else {
          HWY_ALIGN Real lanes[kLanes];
          hn::Store(hn::Add(s0, s1), d, lanes);
          std::copy_n(lanes, n, to);
        }
      }
  }
}

void fold(const Windows& at, const Real* columns, std::ptrdiff_t stride, Real* image) {
  if (at.stride_h == 1 && at.stride_w == 1 && at.size_w <= 32) return fold_dense(at, columns, stride, image);
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  std::fill_n(image, at.channels * plane, Real(0));
  for (int c = 0; c < at.channels; ++c, image += plane)
    for (int p = 0; p < at.size_h; ++p)
      for (int q = 0; q < at.size_w; ++q, columns += stride)
        for (int y = 0; y < at.out_h; ++y)
          for (int x = 0; x < at.out_w; ++x)
            image[(y * at.stride_h + p) * at.width + x * at.stride_w + q] += columns[y * at.out_w + x];
}

bool halves(const Windows& at) { return at.size_h == 2 && at.size_w == 2 && at.stride_h == 2 && at.stride_w == 2; }

void mean(const Windows& at, const Real* image, const Real* gain, const Real* bias, Real* out) {
  const D d;
  const std::ptrdiff_t plane = std::ptrdiff_t{at.height} * at.width;
  for (int c = 0; c < at.channels; ++c, image += plane) {
    const Real factor = (gain ? gain[c] : Real(1)) / static_cast<Real>(at.size_h * at.size_w), shift = bias ? bias[c] : Real(0);
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
      for (int x = 0; x < at.out_w; ++x) *out++ = *greatest(at, image + y * at.stride_h * at.width + x * at.stride_w);
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
    for (int y = 0; y < height; ++y, image += width) std::copy_n(image, width, padded + (y + pad_h) * wide + pad_w);
}

void crop(int channels, int height, int width, int pad_h, int pad_w, const Real* padded, Real* image) {
  const int wide = width + 2 * pad_w, high = height + 2 * pad_h;
  for (int c = 0; c < channels; ++c, padded += std::ptrdiff_t{high} * wide)
    for (int y = 0; y < height; ++y, image += width) std::copy_n(padded + (y + pad_h) * wide + pad_w, width, image);
}

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
#endif
