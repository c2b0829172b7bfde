// Messages over one link by what is known of its table, in memory, for any number of labels. Included once
// for each instruction set, by trws_kernels.cpp behind foreach_target.

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include "trws_kernels.hpp"

// Once per target, as Highway has it.
#if defined(EBM_TRWS_MESSAGES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef EBM_TRWS_MESSAGES_INL
#undef EBM_TRWS_MESSAGES_INL
#else
#define EBM_TRWS_MESSAGES_INL
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ebm {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class A>
constexpr A kInfinite = std::numeric_limits<A>::infinity();

template <class A>
A entry_growth(const TrwsKind& k, int step) {
  return static_cast<A>(k.weight) * static_cast<A>(k.quadratic ? 2 * step + 1 : 1 << step);
}

// A kind at one label of one of the ends, `[other's labels]`, scaled.
template <class A>
void row_of(const TrwsKind& k, bool a_given, int label, A scale, A* out) {
  const int n = a_given ? k.columns : k.rows;
  for (int x = 0; x < n; ++x) {
    const int a = a_given ? label : x, b = a_given ? x : label;
    if (k.way == TrwsKind::Way::table) {
      out[x] = scale * static_cast<A>(k.entries[static_cast<std::size_t>(a) * k.columns + b]);
    } else if (k.way == TrwsKind::Way::projection) {
      out[x] =
          static_cast<int>(static_cast<std::size_t>(a) / k.step % static_cast<std::size_t>(k.columns)) == b
              ? A(0)
              : kInfinite<A>;
    } else {
      const A away = static_cast<A>(std::abs(a - b));
      const A grown = static_cast<A>(k.weight) * (k.quadratic ? away * away : away);
      out[x] = scale * (k.steps == 0 ? (a == b ? A(0) : static_cast<A>(k.limit))
                                     : std::min(grown, static_cast<A>(k.limit)));
    }
  }
}

// out[x] = min_y h[y] + scale t[y, x] over rows y of a table in float, in whole vectors.
void lowest_of_rows(const float* table, int rows, int padded, float scale, const float* h, float* out) {
  const hn::CappedTag<float, 8> d;
  constexpr int kN = static_cast<int>(hn::MaxLanes(d));
  const auto s = hn::Set(d, scale);
  int x = 0;
  if (padded >= 2 * kN)
    for (; x + 2 * kN <= padded; x += 2 * kN) {
      auto low = hn::Set(d, kInfinite<float>), high = low;
      const float* row = table + x;
      for (int y = 0; y < rows; ++y, row += padded) {
        const auto from = hn::Set(d, h[y]);
        low = hn::Min(low, hn::MulAdd(s, hn::LoadU(d, row), from));
        high = hn::Min(high, hn::MulAdd(s, hn::LoadU(d, row + kN), from));
      }
      hn::StoreU(low, d, out + x);
      hn::StoreU(high, d, out + x + kN);
    }
  for (; x + kN <= padded; x += kN) {
    auto low = hn::Set(d, kInfinite<float>);
    const float* row = table + x;
    for (int y = 0; y < rows; ++y, row += padded)
      low = hn::Min(low, hn::MulAdd(s, hn::LoadU(d, row), hn::Set(d, h[y])));
    hn::StoreU(low, d, out + x);
  }
  for (; x < padded; ++x) {
    float low = kInfinite<float>;
    for (int y = 0; y < rows; ++y) low = std::min(low, h[y] + scale * table[y * padded + x]);
    out[x] = low;
  }
}

// The same in double, [rows, columns] without padding, from rows to columns or back.
void lowest_of_entries(const TrwsKind& k, bool from_a, double scale, const double* h, double* out) {
  const double* row = k.entries;
  if (from_a) std::fill(out, out + k.columns, kInfinite<double>);
  for (int a = 0; a < k.rows; ++a, row += k.columns) {
    if (from_a) {
      const double from = h[a];
      for (int b = 0; b < k.columns; ++b) {
        const double e = from + scale * row[b];
        out[b] = e < out[b] ? e : out[b];
      }
    } else {
      double low = kInfinite<double>;
      for (int b = 0; b < k.columns; ++b) {
        const double e = h[b] + scale * row[b];
        low = e < low ? e : low;
      }
      out[a] = low;
    }
  }
}

template <class A>
void lowest_of_projection(const TrwsKind& k, bool from_a, const A* h, A* out) {
  const auto columns = static_cast<std::size_t>(k.columns);
  if (from_a) std::fill(out, out + columns, kInfinite<A>);
  std::size_t a = 0;
  while (a < static_cast<std::size_t>(k.rows))
    for (std::size_t b = 0; b < columns; ++b)
      for (std::size_t i = 0; i < k.step; ++i, ++a) {
        if (from_a)
          out[b] = std::min(out[b], h[a]);
        else
          out[a] = h[b];
      }
}

// Lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012), for a wide reach; `n` values in h, room
// for n positions in `at` and n + 1 borders in `border`.
template <class A>
void lowest_of_parabolas(const A* h, int n, A weight, A* out, A* at, A* border) {
  int last = -1;
  for (int q = 0; q < n; ++q) {
    if (!(h[q] < kInfinite<A>)) continue;
    const A raised = h[q] / weight + static_cast<A>(q) * static_cast<A>(q);
    A meet = -kInfinite<A>;
    while (last >= 0) {
      const int p = static_cast<int>(at[last]);
      meet = (raised - (h[p] / weight + at[last] * at[last])) / (2 * (static_cast<A>(q) - at[last]));
      if (meet > border[last]) break;
      --last;
    }
    ++last;
    at[last] = static_cast<A>(q);
    border[last] = last == 0 ? -kInfinite<A> : meet;
  }
  if (last < 0) {
    std::fill(out, out + n, kInfinite<A>);
    return;
  }
  int i = 0;
  for (int x = 0; x < n; ++x) {
    while (i < last && border[i + 1] < static_cast<A>(x)) ++i;
    const A away = static_cast<A>(x) - at[i];
    out[x] = h[static_cast<int>(at[i])] + weight * away * away;
  }
}

// The convolution over any number of labels, in memory. h has `n` values; `spare` has room for three vectors.
template <class A>
void lowest_of_convex(const TrwsKind& k, A scale, const A* h, int n, A* out, A* spare, A* room) {
  if (k.quadratic && k.steps > 24 && scale > 0) {
    lowest_of_parabolas(h, n, scale * static_cast<A>(k.weight), out, spare, room);
    return;
  }
  A *now = out, *then = spare;
  for (int x = 0; x < n; ++x) now[x] = h[x];
  for (int t = 0; t < k.steps; ++t) {
    const int shift = k.quadratic ? 1 : 1 << t;
    const A add = scale * entry_growth<A>(k, t);
    const int left = std::min(shift, n), right = std::max(0, n - shift);
    for (int x = 0; x < n; ++x) then[x] = now[x];
    for (int x = left; x < n; ++x) {
      const A e = now[x - shift] + add;
      then[x] = e < then[x] ? e : then[x];
    }
    for (int x = 0; x < right; ++x) {
      const A e = now[x + shift] + add;
      then[x] = e < then[x] ? e : then[x];
    }
    std::swap(now, then);
  }
  for (int x = 0; now != out && x < n; ++x) out[x] = now[x];
}

// Writes the message of `h` over link `l`, from its earlier end or its later one, less its minimum, which is
// returned. Any way, any number of labels; `room` behind h is free.
template <class A, class S>
double send(const TrwsKind& k, bool from_a, A scale, const A* h, int labels, S* to, A* room) {
  const int n = from_a ? k.columns : k.rows, padded = trws_padded(n);
  const int most = trws_padded(std::max(k.rows, k.columns));
  A* out = room;
  A cap = kInfinite<A>;
  switch (k.way) {
    case TrwsKind::Way::table:
      if constexpr (std::is_same_v<A, float>)
        lowest_of_rows(from_a ? k.by_row : k.by_column, labels, padded, scale, h, out);
      else
        lowest_of_entries(k, from_a, scale, h, out);
      break;
    case TrwsKind::Way::projection:
      lowest_of_projection(k, from_a, h, out);
      break;
    case TrwsKind::Way::convex:
      cap = scale * static_cast<A>(k.limit);
      lowest_of_convex(k, scale, h, n, out, room + most, room + 2 * most + 8);
      break;
  }
  A low = out[0];
  for (int x = 1; x < n; ++x) low = out[x] < low ? out[x] : low;
  const A from = low < kInfinite<A> ? low : A(0);
  for (int x = 0; x < n; ++x) {
    A e = std::min(out[x] - from, cap);
    if constexpr (!std::is_same_v<A, S>) e *= A(1) - A(0x1p-23);
    to[x] = static_cast<S>(e);
  }
  for (int x = n; x < padded; ++x) to[x] = S(0);
  return static_cast<double>(low);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ebm
HWY_AFTER_NAMESPACE();

#endif
