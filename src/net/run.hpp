#pragma once
// The state behind Net::State: buffers of one forward and of its backward, for each piece of rows.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ebm/core/kernels.hpp"
#include "ebm/net/net.hpp"
#include "plan.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {

// Memory that only grows, with kSlack numbers to spare on either side.
class Buffer {
 public:
  Real* reserve(std::size_t numbers);
  Real* data() { return data_.empty() ? nullptr : data_.data() + kSlack; }
  const Real* data() const { return data_.empty() ? nullptr : data_.data() + kSlack; }
  std::size_t bytes() const { return data_.size() * sizeof(Real); }

 private:
  Tensor data_;
};

// A few rows on their way through the net.
struct Piece {
  const Run& run;
  const Plan& plan;
  const Kernels& k;
  const Spatial& s;
  const Real* w;
  Real *values, *slopes;                                    // of all storages, [rows, size] each
  Real *unfold, *refold, *padded, *padded_slope, *summand;  // scratch
  Real* partial;                                            // slopes of weights
  int rows;
  std::size_t first_row;
  bool drop;            // dropout is on
  bool squared;         // curvature: everything that multiplies is squared
  ConstView slope_out;  // of curvature

  Real* value(int signal) const;
  Real* slope(int signal) const;
  const Extent& extent(int signal) const { return plan.extents[static_cast<std::size_t>(signal)]; }
  const Real* weights(const Group& g) const;  // dense
  Real* weight_slope(const Group& g) const;
  Real* bias_slope(const Group& g) const;
};

void forward(const Description& net, const Piece& piece, std::size_t step);
// From the slope of its output to those of its inputs (where `wanted`) and of its weights.
void backward(const Description& net, const Piece& piece, std::size_t step, const std::vector<char>& wanted);

struct Run {
  const Description* net = nullptr;
  std::vector<std::unique_ptr<Plan>> plans;
  const Plan* plan = nullptr;
  bool train = false, drop = false;
  std::size_t rows = 0, pieces = 0, most_rows = 0;       // of one piece at a time
  std::vector<std::size_t> offsets;                      // of storages
  std::vector<Buffer> values, slopes, scratch, partial;  // by piece
  Buffer dense;                                          // spread or squared weights, by group
  bool dense_squared = false;
  std::vector<char> wanted;  // signals whose slope is asked for
  std::uint64_t seed = 0, step = 0;
  // Arguments of the calls below.
  std::vector<ConstView> in, dout;
  std::vector<View> out, din;
  std::span<const Real* const> row_pointers;

  void prepare(const Description& description, std::span<const Shape> inputs, std::size_t row_count,
               bool for_training, bool drop_out);
  void forward(const Real* w);
  void backward(const Real* w, Real* dw);
  void curvature(const Real* w, Real* h, ConstView slope_out);

  std::size_t first_row(std::size_t piece) const { return piece * rows / pieces; }

 private:
  Piece piece(std::size_t index, const Real* w);
  void spread_weights(const Real* w, bool squared);
  void run_rows(const Real* w, std::size_t index);
  void back_rows(Piece& piece);
  void add_partial(Real* dw, const Group& group, const Piece& piece, int first_map, int maps);
  void slope_of_weights(Real* dw, const Group& group, int first_map, int maps);
};

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
