#pragma once
// Loops over the windows of one image: unfolding for convolutions, pooling. One table per instruction set.
//
// Rows of numbers are copied a vector at a time, so they may read and write a vector or two (at most kSlack
// numbers) beyond what they are given; every buffer of a Run has that much room on either side, and what is
// overwritten is written again later.

#include <cstddef>

#include "ebm/core/real.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {

inline constexpr std::size_t kSlack = 64;

// Windows over an image that is padded already.
struct Windows {
  int channels, height, width;  // of the image
  int size_h, size_w, stride_h, stride_w;
  int out_h, out_w;
  int depth() const { return channels * size_h * size_w; }
  int positions() const { return out_h * out_w; }
};

struct Spatial {
  // Column k = (channel, p, q) of every window: columns[k * stride + position]; stride >= positions.
  void (*columns)(const Windows& at, const Real* image, Real* columns, std::ptrdiff_t stride);
  // The transpose: rows[position * stride + k]; stride >= depth.
  void (*rows)(const Windows& at, const Real* image, Real* rows, std::ptrdiff_t stride);
  // image = sum of the columns at the places they were read from.
  void (*fold)(const Windows& at, const Real* columns, std::ptrdiff_t stride, Real* image);
  // out = gain_c * mean + bias_c for each window of each channel; null: 1 and 0.
  void (*mean)(const Windows& at, const Real* image, const Real* gain, const Real* bias, Real* out);
  // image = the slope by each number of it, or the squared one: dout * (gain_c / n) or dout * (gain_c / n)^2.
  void (*mean_slope)(const Windows& at, const Real* dout, const Real* gain, bool squared, Real* image);
};

const Spatial& spatial();

// Scalar loops, the same on every instruction set. Of equal numbers the first is the greatest.
void max_pool(const Windows& at, const Real* image, Real* out);
void max_pool_slope(const Windows& at, const Real* image, const Real* dout, Real* dimage);
// Puts an image [channels, height, width] into the middle of zeros, or takes it out.
void pad(int channels, int height, int width, int pad_h, int pad_w, const Real* image, Real* padded);
void crop(int channels, int height, int width, int pad_h, int pad_w, const Real* padded, Real* image);

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
