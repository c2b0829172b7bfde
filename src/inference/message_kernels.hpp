#pragma once
// Messages between the variables of a pair graph, in vectors along the labels. With b = everything a variable
// v is told, plus its own energies, v tells w
//   m(y_w) = min over y_v of [b(y_v) - what w told v] + E_vw(y_v, y_w)
// or the soft minimum at beta (Pearl 1988; Weiss, Freeman 2001), up to a constant. One call sends all
// messages of a range of variables. Pairs by difference take a few steps a label: Potts one minimum,
// (truncated) linear erosions by 1, 2, 4..., quadratic ones by the odd numbers, or a lower envelope where
// many would be needed (Felzenszwalb, Huttenlocher 2006).

#include <cstddef>
#include <cstdint>
#include <limits>

namespace ebm {

// A message is as long as this, its last entries padding: finite in messages, +inf in energies of variables.
constexpr std::size_t message_stride(int labels) {
  const auto n = static_cast<std::size_t>(labels);
  return n <= 4 ? 4 : n <= 8 ? 8 : (n + 15) / 16 * 16;
}

enum class MessageShape : std::uint8_t { table, potts, linear, quadratic, projection };

template <class T>
struct MessageTable {
  MessageShape shape = MessageShape::table;
  int rows = 0, columns = 0;  // labels of a and of b
  T weight = 0, limit = 0;    // as PairGraph::Table, without its base
  int reach = 0;              // of linear and quadratic: labels to either side that tell
  std::size_t step = 1;       // of a projection
  const T *forward = nullptr, *backward = nullptr;  // [rows, stride(columns)], [columns, stride(rows)]
  // exp(-beta (E - lowest)) in the same places, where no product of them is lost; null elsewhere.
  const T *forward_weight = nullptr, *backward_weight = nullptr;
};

// Two slots of `slot` entries at `at`: the message into a, that into b. Those of a projection are as long as
// the labels of b, in both directions.
template <class T>
struct MessageEdge {
  std::size_t at;
  std::uint32_t table, slot;
  T scale;
};

template <class T>
struct MessageGraph {
  const int* labels;              // [variables]
  const std::size_t* offset;      // [variables] into `single`
  const T* single;                // padded with +inf
  const std::size_t* first;       // [variables + 1] into `incident`
  const std::uint32_t* incident;  // edge * 2 + (0: the variable is a, 1: it is b)
  const MessageEdge<T>* edges;
  const MessageTable<T>* tables;
  bool forbidden;    // some energy is +inf
  std::size_t room;  // entries of scratch memory that a call needs
};

// Slots are numbered (side ^ flip): a variable on side s reads the message into it in slot s ^ read. Writing
// to the same slot, and flipping all after the sweep, makes a synchronous sweep in place: nobody else reads
// it.
template <class T>
struct MessagePass {
  const T* from;
  T* to;
  const T* old;  // what is replaced; null: not compared, not damped
  unsigned read, write, replaced;
  T damping;
  T beta;                      // +inf: minima
  const std::uint32_t* order;  // null: as they are numbered
  T* scratch;                  // [room], 64 byte aligned
  T* changes;                  // [2 * edges] largest change of each message, edge * 2 + side told; or null
  bool impossible;             // set where all labels of a variable are forbidden
};

// Messages of variables order[first..last), or last to first with `reversed`. Returns the largest change, 0
// without `old`.
struct MessageKernels {
  float (*send_floats)(const MessageGraph<float>& g, MessagePass<float>& p, std::size_t first,
                       std::size_t last, bool reversed);
  double (*send_doubles)(const MessageGraph<double>& g, MessagePass<double>& p, std::size_t first,
                         std::size_t last, bool reversed);
};

const MessageKernels& message_kernels();

inline float send(const MessageGraph<float>& g, MessagePass<float>& p, std::size_t first, std::size_t last,
                  bool reversed = false) {
  return message_kernels().send_floats(g, p, first, last, reversed);
}
inline double send(const MessageGraph<double>& g, MessagePass<double>& p, std::size_t first, std::size_t last,
                   bool reversed = false) {
  return message_kernels().send_doubles(g, p, first, last, reversed);
}

}  // namespace ebm
