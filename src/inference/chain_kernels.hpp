#pragma once
// One position of several chains at a time, in double, compiled for each instruction set. Rows of labels are
// padded to whole vectors (chain_row); what is in the padding is energy +inf, or mass 0. A table is [k labels
// before, l labels after] with rows `ld` apart. What happens to one row does not depend on the others, so
// that a chain among many and alone has the same bits.

#include <cstddef>

#include "ebm/core/real.hpp"
#include "ebm/graph/chain_plan.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

inline constexpr int kChainRows = 8;  // that one call may serve

struct ChainKernels {
  // out[y] = exp(-beta (x[y] - low)) of n, a multiple of kChainLanes; NaN stays.
  void (*exponentials)(std::size_t n, const double* x, double low, double beta, double* out);
  // to[r, y] += from[r, y], with rows of `entries` numbers, `stride` and `ld` apart. False when there is a
  // NaN.
  bool (*add_rows)(int rows, int entries, const Real* from, std::ptrdiff_t stride, double* to,
                   std::ptrdiff_t ld);
  // The same that sets, and fills the padding with +inf.
  bool (*read_rows)(int rows, int entries, const Real* from, std::ptrdiff_t stride, double* to,
                    std::ptrdiff_t ld);
  // to[r, y] += from[r, y], the other way.
  void (*give_rows)(int rows, int entries, const double* from, std::ptrdiff_t ld, Real* to,
                    std::ptrdiff_t stride);

  // out[r][z] = u[r][z] + min_y (x[r][y] + w[y, z]). Null w: nothing joins the positions.
  void (*lowest)(int rows, int k, int l, const double* const* x, const double* w, std::ptrdiff_t ld,
                 const double* const* u, double* const* out);
  // The first y that is lowest in v[y] + column[y], and that sum.
  int (*lowest_before)(int k, const double* v, const double* column, double* sum);

  // a[r][z] = s[r][z] sum_y x[r][y] w[y, z], divided by its sum; s = exp(-beta (u - min u)). Null w: a is s.
  // `low` is min u, `sum` what was divided by, `below` how many of the l are below `narrow`.
  struct Forward {
    const double *x, *u;
    double *s, *a;
    double low, sum;
    int below;
  };
  void (*forward)(int rows, int k, int l, const double* w, std::ptrdiff_t ld, double beta, double narrow,
                  Forward* at);
  // b[y] = sum_z t[z, y] next[z], divided by mass = sum_y a[y] b[y]; label = a b, out = s b. Null t: b is 1.
  // `before` and `after` are a and next over the mass, as factors of probabilities of pairs; `highest` is the
  // largest of the latter.
  struct Backward {
    const double *a, *s, *next;
    double *out, *label;
    Real *before, *after;  // null: not wanted
    double mass, highest;
  };
  void (*backward)(int rows, int k, int l, const double* t, std::ptrdiff_t ld, Backward* at);
};

const ChainKernels& chain_kernels();

}  // namespace EBM_PRECISION
}  // namespace ebm
