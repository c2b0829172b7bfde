#pragma once
// The loops of bucket elimination over rows of doubles, compiled for each instruction set. A table is
// [labels, columns] with rows `stride` apart, a multiple of kBucketLanes, so that whole vectors may be read
// and written behind the last column.

#include <cstddef>
#include <cstdint>

namespace ebm {

inline constexpr std::size_t kBucketLanes = 8;  // doubles in the widest vector there is

struct BucketKernels {
  void (*fill)(double* t, double value, std::size_t n);
  // t += s, or += s[index[j]].
  void (*add)(double* t, const double* s, std::size_t n);
  void (*add_at)(double* t, const double* s, const std::uint32_t* index, std::size_t n);
  // out[j] = min_k t[k, j], whole vectors.
  void (*lowest)(const double* t, int labels, std::size_t columns, std::size_t stride, double* out);
  // out[j] = -1/beta log sum_k exp(-beta t[k, j]), whole vectors. beta above 0, finite.
  void (*soft_lowest)(const double* t, int labels, std::size_t columns, std::size_t stride, double beta,
                      double* out);
  // t[k, j] = q[j] exp(-beta (t[k, j] - m[j])); 0 where m[j] is +inf. m and q are read in whole vectors.
  void (*weigh)(double* t, int labels, std::size_t columns, std::size_t stride, double beta, const double* m,
                const double* q);
};

const BucketKernels& bucket_kernels();

}  // namespace ebm
