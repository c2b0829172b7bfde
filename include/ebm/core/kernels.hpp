#pragma once
/// \file
/// Loops over flat arrays of Real that everything numerical stands on: vector functions, products, optimiser
/// steps. One table of functions per device, so that a GPU's table can sit beside the CPU's. The CPU's is
/// compiled once per instruction set (Highway) and the best one is chosen at run time.
///
/// Arrays may be unaligned; `n` counts numbers and may be 0. Input and output may be the same array where a
/// function is elementwise, and must not overlap otherwise. Nothing allocates or throws. Results depend on
/// the instruction set (sums are taken in lanes, to a relative 1e-5 of each other in float) but never on
/// threads.

#include <cstddef>

#include "ebm/core/device.hpp"
#include "ebm/core/real.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

/// A matrix to read whose entry (i, j) is data[i * row + j * column]; a transpose is a swap of the two.
struct MatrixRef {
  const Real* data = nullptr;
  std::ptrdiff_t row = 0, column = 1;
};

/// What every optimiser step knows. `decay` adds decay * w to the slope (L2 weight decay).
struct StepRule {
  Real rate = 0, decay = 0;
};

struct Kernels {
  const char* instruction_set;

  // y = f(x), elementwise. exp and log follow std:: at 0, infinities and NaN, within 2 ulp; tanh within 5
  // ulp.
  void (*exp)(const Real* x, Real* y, std::size_t n);
  void (*log)(const Real* x, Real* y, std::size_t n);
  void (*square)(const Real* x, Real* y, std::size_t n);
  void (*relu)(const Real* x, Real* y, std::size_t n);
  /// y = outside * tanh(inside * x)
  void (*tanh)(const Real* x, Real* y, std::size_t n, Real inside, Real outside);
  /// dx = dy * slope, from y = outside * tanh(inside * x) alone; `squared`: dx = dy * slope^2.
  void (*tanh_slope)(const Real* y, const Real* dy, Real* dx, std::size_t n, Real inside, Real outside,
                     bool squared);
  /// dx = dy where y > 0, else 0.
  void (*relu_slope)(const Real* y, const Real* dy, Real* dx, std::size_t n);

  void (*axpy)(Real a, const Real* x, Real* y, std::size_t n);               ///< y += a x
  void (*scale)(Real a, Real* x, std::size_t n);                             ///< x *= a
  void (*multiply)(const Real* x, Real* y, std::size_t n);                   ///< y *= x
  Real (*dot)(const Real* x, const Real* y, std::size_t n);                  ///< sum x y
  Real (*sum)(const Real* x, std::size_t n);                                 ///< sum x; 0 for none
  Real (*maximum)(const Real* x, std::size_t n);                             ///< max x; -inf for none
  Real (*sum_squares)(const Real* x, std::size_t n);                         ///< sum x^2
  Real (*sum_square_distance)(const Real* x, const Real* y, std::size_t n);  ///< sum (x - y)^2
  /// log sum exp(x), shifted by the maximum; -inf for none or when all are -inf.
  Real (*log_sum_exp)(const Real* x, std::size_t n);

  /// C[m, n] = A[m, k] B[k, n], or += when `add`. B and C have contiguous rows, `ldb` and `ldc` apart. 2 m n
  /// k flops.
  void (*product)(int m, int n, int k, MatrixRef a, const Real* b, std::ptrdiff_t ldb, Real* c,
                  std::ptrdiff_t ldc, bool add);
  /// C[m, n] += A[m, k] B[n, k]^T: dot products of contiguous rows `lda` and `ldb` apart.
  void (*product_rows)(int m, int n, int k, const Real* a, std::ptrdiff_t lda, const Real* b,
                       std::ptrdiff_t ldb, Real* c, std::ptrdiff_t ldc);

  // Optimiser steps on w by the slope g, which is zero afterwards, ready for the next sum.
  void (*sgd_step)(Real* w, Real* g, std::size_t n, StepRule rule);
  /// v = momentum v - rate g; w += v
  void (*momentum_step)(Real* w, Real* g, Real* v, std::size_t n, StepRule rule, Real momentum);
  /// Kingma, Ba 2015; `first` and `second` are the running moments, `step` counts from 1.
  void (*adam_step)(Real* w, Real* g, Real* first, Real* second, std::size_t n, StepRule rule, Real beta1,
                    Real beta2, Real epsilon, long step);
  /// w -= rate / (mu + h) g: LeCun, Bottou, Bengio, Haffner 1998, appendix C.
  void (*diagonal_step)(Real* w, Real* g, const Real* h, std::size_t n, StepRule rule, Real mu);
};

/// The table of a device. \throws DeviceError where there is none.
const Kernels& kernels(Device device = cpu());

}  // namespace EBM_PRECISION
}  // namespace ebm
