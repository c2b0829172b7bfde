#pragma once
// Eigen's products of row-major matrices, behind an interface without its types. One source compiled several
// times: for the instruction set of a plain build, for AVX2, and with -march=native.

#include "ebm/core/real.hpp"

struct EigenProducts {
  using Product = void (*)(int m, int n, int k, const ebm::Real* a, const ebm::Real* b, ebm::Real* c);

  const char* instruction_set;
  Product product;       // C[m, n] = A[m, k] B[k, n]
  Product by_rows;       // C[m, n] += A[m, k] B[n, k]^T
  Product from_columns;  // C[m, n] += A[k, m]^T B[k, n]
};

EigenProducts eigen_plain();
EigenProducts eigen_avx2();
EigenProducts eigen_native();
