#include "run.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "ebm/core/pool.hpp"

namespace ebm {
inline namespace EBM_PRECISION {
namespace net {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

constexpr std::size_t kEvaluateRows = 16;      // that go through together where nothing need be kept
constexpr double kLeastProducts = 200'000;     // multiply-adds worth a piece of their own
constexpr std::size_t kMostPartial = 1 << 24;  // numbers in the weights' slopes of all pieces
constexpr int kMapsPerTask = 12;

// Pieces of rows: a power of two, about the root of their number; enough work in each. Depends on the data
// alone.
std::size_t count_pieces(const Plan& plan, std::size_t rows, bool train) {
  std::size_t most = std::min<std::size_t>(32, rows);
  most = std::min(most, static_cast<std::size_t>(static_cast<double>(rows) * plan.products / kLeastProducts));
  most = std::min(most, static_cast<std::size_t>(std::sqrt(static_cast<double>(rows))));
  if (train && plan.partial > 0) most = std::min(most, kMostPartial / plan.partial);
  return std::bit_floor(std::max<std::size_t>(most, 1));
}

// [channels, positions] to the user's [positions, channels], and back.
void to_user(const Extent& e, int rows, const Real* inside, Real* outside) {
  const int positions = e.positions();
  if (positions == 1) {
    std::copy_n(inside, at(rows) * e.size(), outside);
    return;
  }
  for (int r = 0; r < rows; ++r, inside += e.size(), outside += e.size())
    for (int c = 0; c < e.channels; ++c)
      for (int q = 0; q < positions; ++q) outside[q * e.channels + c] = inside[c * positions + q];
}
void to_net(const Extent& e, int rows, const Real* outside, Real* inside) {
  const int positions = e.positions();
  if (positions == 1) {
    std::copy_n(outside, at(rows) * e.size(), inside);
    return;
  }
  for (int r = 0; r < rows; ++r, inside += e.size(), outside += e.size())
    for (int c = 0; c < e.channels; ++c)
      for (int q = 0; q < positions; ++q) inside[c * positions + q] = outside[q * e.channels + c];
}

}  // namespace

Real* Buffer::reserve(std::size_t numbers) {
  const std::size_t need = numbers + 2 * kSlack;
  if (data_.size() < need) data_ = Tensor(Shape{static_cast<int>((need + 1023) / 1024), 1024});
  return data();
}

Real* Piece::value(int signal) const { return values + run.offsets[at(plan.storage[at(signal)])]; }
Real* Piece::slope(int signal) const { return slopes + run.offsets[at(plan.storage[at(signal)])]; }
const Real* Piece::weights(const Group& g) const {
  return g.table || squared ? run.dense.data() + g.dense : w + g.weight.offset;
}
Real* Piece::weight_slope(const Group& g) const { return partial + g.partial; }
Real* Piece::bias_slope(const Group& g) const { return partial + g.partial + round_up(g.size()); }

void Run::prepare(const Description& description, std::span<const Shape> inputs, std::size_t row_count,
                  bool for_training, bool drop_out) {
  if (net != &description) {
    plans.clear();
    plan = nullptr;
    net = &description;
  }
  if (!plan || !std::ranges::equal(plan->inputs, inputs)) {
    const auto known =
        std::ranges::find_if(plans, [&](const auto& p) { return std::ranges::equal(p->inputs, inputs); });
    if (known == plans.end()) {
      plan = nullptr;
      plans.push_back(std::make_unique<Plan>(make_plan(description, inputs)));
      plan = plans.back().get();
    } else {
      plan = known->get();
    }
  }
  train = for_training;
  drop = drop_out;
  rows = row_count;
  pieces = count_pieces(*plan, rows, train);
  most_rows = (rows + pieces - 1) / pieces;
  if (!train) most_rows = std::min(most_rows, kEvaluateRows);
  offsets.resize(plan->storage_size.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    offsets[i] = total;
    total += round_up(plan->storage_size[i] * most_rows) + kSlack;
  }
  const std::size_t work = round_up(plan->unfold) + round_up(plan->refold) + 2 * round_up(plan->padded) +
                           plan->summand * most_rows + 5 * kSlack;
  for (auto* buffers : {&values, &slopes, &scratch, &partial})
    if (buffers->size() < pieces) buffers->resize(pieces);
  for (std::size_t i = 0; i < pieces; ++i) {
    values[i].reserve(total);
    scratch[i].reserve(work);
    if (train) slopes[i].reserve(total), partial[i].reserve(plan->partial);
  }
  dense.reserve(plan->dense);
}

Piece Run::piece(std::size_t index, const Real* w) {
  Real* unfold = scratch[index].data();
  Real* refold = unfold + round_up(plan->unfold) + kSlack;
  Real* padded = refold + round_up(plan->refold) + kSlack;
  Real* padded_slope = padded + round_up(plan->padded) + kSlack;
  Real* summand = padded_slope + round_up(plan->padded) + kSlack;
  return {*this,
          *plan,
          kernels(),
          spatial(),
          w,
          values[index].data(),
          slopes[index].data(),
          unfold,
          refold,
          padded,
          padded_slope,
          summand,
          partial[index].data(),
          static_cast<int>(first_row(index + 1) - first_row(index)),
          first_row(index),
          drop,
          false,
          {}};
}

void Run::spread_weights(const Real* w, bool squared) {
  for (const Group& g : plan->groups)
    if (g.table || squared) spread(g, w + g.weight.offset, dense.data() + g.dense, squared);
}

void Run::run_rows(const Real* w, std::size_t index) {
  Piece p = piece(index, w);
  const std::size_t end = first_row(index + 1);
  for (std::size_t row = first_row(index); row < end; row += at(p.rows)) {
    p.first_row = row;
    p.rows = static_cast<int>(std::min(most_rows, end - row));
    for (std::size_t i = 0; i < net->inputs.size(); ++i) {
      const int s = net->inputs[i];
      const std::size_t size = p.extent(s).size();
      if (row_pointers.empty())
        std::copy_n(in[i].data + row * size, at(p.rows) * size, p.value(s));
      else
        for (int r = 0; r < p.rows; ++r)
          std::copy_n(row_pointers[row + at(r)], size, p.value(s) + at(r) * size);
    }
    for (std::size_t i = 0; i < net->steps.size(); ++i)
      if (plan->steps[i].live) net::forward(*net, p, i);
    for (std::size_t i = 0; i < net->outputs.size(); ++i) {
      const Extent& e = p.extent(net->outputs[i]);
      to_user(e, p.rows, p.value(net->outputs[i]), out[i].data + row * e.size());
    }
  }
}

void Run::forward(const Real* w) {
  spread_weights(w, false);
  dense_squared = false;
  if (rows > 0) parallel_for(pieces, [&](std::size_t i) { run_rows(w, i); });
}

void Run::back_rows(Piece& p) {
  for (std::size_t i = 0; i < net->outputs.size(); ++i) {
    const int s = net->outputs[i];
    const Extent& e = p.extent(s);
    // A signal that is two outputs gets both slopes.
    const bool again = std::find(net->outputs.begin(), net->outputs.begin() + static_cast<std::ptrdiff_t>(i),
                                 s) != net->outputs.begin() + static_cast<std::ptrdiff_t>(i);
    Real* to = again ? p.summand : p.slope(s);
    to_net(e, p.rows, dout[i].data + p.first_row * e.size(), to);
    if (again) p.k.axpy(1, to, p.slope(s), at(p.rows) * e.size());
  }
  for (std::size_t i = net->steps.size(); i-- > 0;)
    if (plan->steps[i].live) net::backward(*net, p, i, wanted);
  for (std::size_t i = 0; i < net->inputs.size() && i < din.size(); ++i) {
    const int s = net->inputs[i];
    const std::size_t size = p.extent(s).size();
    if (din[i].data) std::copy_n(p.slope(s), at(p.rows) * size, din[i].data + p.first_row * size);
  }
}

// dw += the slope that a piece gathered, for some maps of one set of weights.
void Run::add_partial(Real* dw, const Group& g, const Piece& p, int first_map, int maps) {
  const Real* from = p.weight_slope(g) + first_map * g.depth;
  Real* to = dw + g.weight.offset;
  if (g.table) {
    for (int m = 0; m < first_map; ++m)
      to += static_cast<std::ptrdiff_t>((*g.table)[at(m)].size()) * g.kernel_size;
    for (int m = first_map; m < first_map + maps; ++m, from += g.depth)
      for (const int input : (*g.table)[at(m)]) {
        p.k.axpy(1, from + input * g.kernel_size, to, at(g.kernel_size));
        to += g.kernel_size;
      }
  } else {
    p.k.axpy(1, from, to + first_map * g.depth, at(maps) * at(g.depth));
  }
  if (g.has_bias) p.k.axpy(1, p.bias_slope(g) + first_map, dw + g.bias.offset + first_map, at(maps));
}

// dw += for some maps of one set of weights, over all pieces in their order. Where each row is one position
// (a late group) it is one product over rows; no piece needs weights' slopes of its own.
void Run::slope_of_weights(Real* dw, const Group& g, int first_map, int maps) {
  for (std::size_t i = 0; i < pieces; ++i) {
    const Piece p = piece(i, nullptr);
    if (!g.late) {
      add_partial(dw, g, p, first_map, maps);
      continue;
    }
    for (const int use : g.uses) {
      const Step& step = net->steps[at(use)];
      if (!plan->steps[at(use)].live) continue;
      const Real* dy = p.slope(step.output) + first_map;
      const Real* x = p.value(step.inputs[0]);
      Real* to = dw + g.weight.offset + first_map * g.depth;
      if (p.rows == 1)
        for (int m = 0; m < maps; ++m) p.k.axpy(dy[m], x, to + m * g.depth, at(g.depth));
      else
        p.k.product(maps, g.depth, p.rows, {dy, 1, g.maps}, x, g.depth, to, g.depth, true);
      if (g.has_bias)
        for (int r = 0; r < p.rows; ++r)
          p.k.axpy(1, dy + r * g.maps, dw + g.bias.offset + first_map, at(maps));
    }
  }
}

void Run::backward(const Real* w, Real* dw) {
  if (rows == 0) return;
  if (dense_squared) spread_weights(w, false);
  dense_squared = false;
  parallel_for(pieces, [&](std::size_t i) {
    Piece p = piece(i, w);
    std::fill_n(p.partial, plan->partial, Real(0));
    back_rows(p);
  });
  if (!dw) return;
  std::size_t tasks = 0;
  const auto tasks_of = [](const Group& g) {
    return g.trainable ? at((g.maps + kMapsPerTask - 1) / kMapsPerTask) : 0;
  };
  for (const Group& g : plan->groups) tasks += tasks_of(g);
  const auto task = [&](std::size_t i) {
    auto g = plan->groups.begin();
    for (; i >= tasks_of(*g); ++g) i -= tasks_of(*g);
    const int first = static_cast<int>(i) * kMapsPerTask;
    slope_of_weights(dw, *g, first, std::min(kMapsPerTask, g->maps - first));
  };
  if (pieces == 1)
    for (std::size_t i = 0; i < tasks; ++i) task(i);
  else
    parallel_for(tasks, task);
}

void Run::curvature(const Real* w, Real* h, ConstView slope_out) {
  if (rows == 0) return;
  dense.reserve(plan->dense_of_all);
  spread_weights(w, true);
  dense_squared = true;
  // One piece after the other, into slopes that hold every set of weights, late ones too.
  Real* partial_of_all = partial[0].reserve(plan->partial_of_all);
  std::fill_n(partial_of_all, plan->partial_of_all, Real(0));
  for (std::size_t i = 0; i < pieces; ++i) {
    Piece p = piece(i, w);
    p.partial = partial_of_all;
    p.squared = true;
    p.slope_out = slope_out;
    back_rows(p);
  }
  for (const Group& g : plan->groups)
    if (g.trainable) add_partial(h, g, piece(0, w), 0, g.maps);
}

}  // namespace net
}  // namespace EBM_PRECISION
}  // namespace ebm
