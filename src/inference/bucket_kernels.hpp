#pragma once
// The loops of bucket elimination over rows of doubles, compiled for each instruction set. A table is
// [labels, columns] with rows `stride` apart, a multiple of kBucketLanes, so that whole vectors may be read
// and written behind the last column. Energies join by +, weights exp(-beta E) by *.

#include <cstddef>
#include <cstdint>

namespace ebm {

inline constexpr std::size_t kBucketLanes = 8;  // doubles in the widest vector there is

struct BucketJoins {
  // t = value; t = s joined with value.
  void (*fill)(double* t, double value, std::size_t n);
  void (*start)(double* t, const double* s, double value, std::size_t n);
  // t joined with s, with s[index[j]], the same where runs of `run` entries lie side by side, and with
  // s[j / times].
  void (*join)(double* t, const double* s, std::size_t n);
  void (*join_at)(double* t, const double* s, const std::uint32_t* index, std::size_t n);
  void (*join_runs)(double* t, const double* s, const std::uint32_t* index, std::size_t n, std::size_t run);
  void (*join_repeats)(double* t, const double* s, std::size_t n, std::size_t times);
};

struct BucketKernels {
  BucketJoins energies, weights;
  // out[j] = min_k t[k, j], whole vectors.
  void (*lowest)(const double* t, int labels, std::size_t columns, std::size_t stride, double* out);
  // out[j] = -1/beta log sum_k exp(-beta t[k, j]), whole vectors. beta above 0, finite.
  void (*soft_lowest)(const double* t, int labels, std::size_t columns, std::size_t stride, double beta,
                      double* out);
  // out[j] = sum_k t[k, j], whole vectors.
  void (*total)(const double* t, int labels, std::size_t columns, std::size_t stride, double* out);
  // t[k, j] = q[j] exp(-beta (t[k, j] - m[j])); 0 where m[j] is +inf. m and q are read in whole vectors.
  void (*weigh)(double* t, int labels, std::size_t columns, std::size_t stride, double beta, const double* m,
                const double* q);
  // t[k, j] *= q[j] / sum_k t[k, j]; 0 where the sum is. q is read in whole vectors.
  void (*share)(double* t, int labels, std::size_t columns, std::size_t stride, const double* q);
  // out[j] = exp(-beta (e[j] - from)).
  void (*weights_of)(const double* e, double beta, double from, std::size_t n, double* out);
  double (*sum)(const double* s, std::size_t n);
  void (*scale)(double* s, double by, std::size_t n);
  // The largest, and the smallest above 0 (+inf when there is none).
  void (*extent)(const double* s, std::size_t n, double* low, double* high);
};

const BucketKernels& bucket_kernels();

}  // namespace ebm
