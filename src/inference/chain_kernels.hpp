#pragma once
// Steps of several chains side by side, in double, compiled for each instruction set. Rows of labels are
// padded to whole vectors (chain_row); what is in the padding is energy +inf, or mass 0. A table is [k labels
// before, row of l labels after]. What happens to one row does not depend on the others, so that a chain
// among many and alone has the same bits.

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

  // A table as steps read it: rows chain_row(l) apart, and, for one that many steps read, those columns
  // together that a step takes at once, made of the former by `pack`, as large as they.
  struct Table {
    const double* rows = nullptr;  // null: nothing joins the positions
    const double* packed = nullptr;
  };
  void (*pack)(int k, int l, const double* rows, double* packed);

  // Positions one after another that all read one table: `count` of them, from labels k to l, which are
  // equal where count is above 1. Without a table count is 1.

  // out[z] = u[z] + min_y (x[y] + w[y, z]), then x is out. Null u: 0, and count is 1.
  struct Lowest {
    const double *x, *u;
    double* out;
  };
  void (*lowest)(int rows, int count, int k, int l, Table w, const Lowest* at);
  // The first y that is lowest in v[y] + column[y], and that sum.
  int (*lowest_before)(int k, const double* v, const double* column, double* sum);
  // From the last of `count` positions to the first: labels[0] is that, for the row of `transposed` of the
  // label behind it, labels[1]; then labels are one further in front. k labels everywhere if count is
  // above 1.
  struct Trace {
    const double* v;  // of the last position
    int* labels;
  };
  void (*trace)(int rows, int count, int k, const double* transposed, const Trace* at);

  // a[z] = s[z] sum_y x[y] w[y, z], divided by its sum; s = exp(-beta (u - min u)); then x is a. Without w: a
  // is s. shift += min u + low; scale is multiplied by the sum, and its logarithm taken out from time to
  // time. Returns how many positions were done: it stops behind one where a row is flagged for a sum that is
  // not above `narrow`, or an entry below it.
  struct Forward {
    const double *x, *u;
    double *s, *a;
    double shift, scale, log_scale;
    double sum;  // of the position done last
    bool flagged;
  };
  int (*forward)(int rows, int count, int k, int l, Table w, double low, double beta, double narrow,
                 Forward* at);

  // From the last of `count` positions to the first: b[y] = sum_z t[z, y] next[z], divided by mass = sum_y
  // a[y] b[y]; label = a b, out = s b; then next is out, which changes places with it. Without t: b is 1.
  // `before` and `after`, [count, row], are filled with a and next over the mass, as factors of probabilities
  // of pairs. Returns how many positions were done: it stops behind one where a mass is not above `narrow`,
  // or a factor above `steep`.
  struct Backward {
    const double *a, *s;             // of the last position, as label
    double *next, *out, *b, *label;  // b: room for a row
    Real *before, *after;            // null: not wanted
    double mass;                     // of the position done last
    bool steep;                      // there
  };
  int (*backward)(int rows, int count, int k, int l, Table t, double narrow, double steep, Backward* at);
};

const ChainKernels& chain_kernels();

}  // namespace EBM_PRECISION
}  // namespace ebm
