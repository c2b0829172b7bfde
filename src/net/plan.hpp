#pragma once
// How a net runs on inputs of one shape: sizes, which signals share memory, where gradients meet. Made once
// per shape.

#include <cstddef>
#include <span>
#include <vector>

#include "description.hpp"
#include "spatial.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {

// One set of weights, [maps, depth] and maybe a bias [maps], with every step that uses it.
struct Group {
  Block weight, bias;
  bool has_bias = false;
  int maps = 0, depth = 0;
  int kernel_size = 0;           // numbers per kernel; only with a table
  const Table* table = nullptr;  // weights of absent connections are not stored: see spread()
  bool trainable = true;
  bool late = false;        // its slope is one product over all rows, made after all pieces (see run.cpp)
  std::size_t dense = 0;    // where its spread weights are, in Run::dense
  std::size_t partial = 0;  // where its slope is, in the slopes of one piece
  std::vector<int> uses;    // steps
  std::size_t size() const { return static_cast<std::size_t>(maps) * static_cast<std::size_t>(depth); }
};

struct StepPlan {
  Windows at{};         // of a convolution or a pool, on the padded image
  bool matrix = false;  // a convolution with one position whose window is its whole input: rows times weights
  bool plain = false;   // a 1x1 convolution: its columns are its input
  int group = -1;
  int mask = -1;           // storage of the dropout mask
  bool live = false;       // some output depends on it
  std::vector<char> adds;  // per input: its slope has been written to before, by a step that runs later
};

struct Plan {
  std::vector<Shape> inputs;              // that it is for, without row axis
  std::vector<Extent> extents;            // of signals
  std::vector<int> storage;               // of each signal
  std::vector<std::size_t> storage_size;  // numbers per row
  std::vector<StepPlan> steps;
  std::vector<Group> groups;
  std::size_t unfold = 0, refold = 0, padded = 0, summand = 0;  // scratch numbers; summand per row
  std::size_t dense = 0,
              dense_of_all = 0;  // numbers of spread weights: of tables, and of all for the curvature
  std::size_t partial = 0, partial_of_all = 0;  // of slopes of weights: without late groups, and with them
  double products = 0;                          // multiply-adds per row, forward
};

Plan make_plan(const Description& net, std::span<const Shape> inputs);

// dense[maps, depth] = the stored kernels at their places, zeros elsewhere; `squared` takes their squares.
void spread(const Group& group, const Real* stored, Real* dense, bool squared);

inline std::size_t round_up(std::size_t n) { return (n + 15) / 16 * 16; }

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
