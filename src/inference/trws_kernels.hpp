#pragma once
// The pass of sequential tree-reweighted message passing over variables in order (trws.hpp), compiled for
// each instruction set. One vector of values an edge: towards the later end behind a forward pass, towards
// the earlier one behind a backward pass. Vectors are padded (trws_padded) so that whole registers are read.

#include <cstddef>
#include <cstdint>

namespace ebm {

// What messages know of a table. `a` and `b` are the ends as the table has them: rows and columns.
struct TrwsKind {
  enum class Way : std::uint8_t { convex, table, projection } way = Way::convex;
  // convex: min(growth of |a - b|, limit), an infimal convolution of `steps` small ones: by 1, 2, 4... times
  // weight (linear), or by 1, 3, 5... times weight at distance 1 (quadratic: slopes add up to squares).
  bool quadratic = false;
  int steps = 0;
  double weight = 0, limit = 0;
  int rows = 0, columns = 0;
  const double* entries = nullptr;                      // table: [rows, columns]
  const float *by_row = nullptr, *by_column = nullptr;  // table: [rows, padded], [columns, padded]
  std::size_t step = 1;                                 // projection: b = a / step % columns
};

struct TrwsLink {
  std::uint32_t message;         // in units of two values
  std::uint32_t kind;            // twice its index; odd: the earlier end is b
  std::uint32_t earlier, later;  // places
  float scale;
};

struct TrwsPlace {
  std::size_t exact;      // where its energies lie among all in double
  std::uint32_t single;   // and in float, in units of two values
  std::uint32_t forward;  // its first link to a later place; links lie place after place
  std::uint32_t back;     // its first place in the list of links to earlier ones
  int labels, padded;
  float share;  // 1 / the larger number of links to one side
};

struct TrwsView {
  const TrwsPlace* place = nullptr;  // one more than there are
  const TrwsLink* link = nullptr;
  const std::uint32_t* back = nullptr;
  const double* scale = nullptr;  // of links
  const TrwsKind* kind = nullptr;
  const float* single = nullptr;  // padded by +inf
  const double* exact = nullptr;
  bool forbidden = false;      // +inf may be in messages
  void* message = nullptr;     // float, or double in a pass `full`
  double* constant = nullptr;  // [places] what a visit has taken out of the messages
  int* label = nullptr;        // [places]
  // In forward passes in double, or none: bounds of every label at `exact`; what is common to them when the
  // pass begins; room for what each link's message was lowered by.
  double* marginal = nullptr;
  double above = 0;
  double* taken = nullptr;  // [links]
  void* room = nullptr;     // kTrwsRoom padded vectors of doubles
};

inline constexpr std::size_t kTrwsRoom = 8;
inline constexpr int kTrwsWidest = 32;  // padded label counts up to it stay in registers

constexpr int trws_padded(int labels) { return labels <= 2 ? 2 : labels <= 4 ? 4 : (labels + 7) / 8 * 8; }

// Visits of `first` to `last` - 1 in that order, or from the last to the first.
struct TrwsRange {
  std::size_t first, last;
  bool forward;
  bool labels;  // takes labels, given those of places already visited (Kolmogorov 2006, section 3.2)
};

struct TrwsKernels {
  // Energies of all places as float, padded. False when one is not finite or beyond `most`.
  bool (*read)(const TrwsPlace* place, std::size_t places, const double* exact, double most, float* single);
  // The message over one link in double from `h` at its end a or b, less its minimum, which is returned:
  // to[y] = min_x h[x] + scale t(x, y). Vectors are padded, `to` is another one; room for 6 of the widest
  // and 16.
  double (*send)(const TrwsKind&, bool from_a, double scale, const double* h, int labels, double* to,
                 double* room);
  void (*single)(const TrwsView&, const TrwsRange&);     // in float
  void (*certified)(const TrwsView&, const TrwsRange&);  // in double, messages float, rounded down
  void (*full)(const TrwsView&, const TrwsRange&);       // in double, messages double
};

const TrwsKernels& trws_kernels();

}  // namespace ebm
