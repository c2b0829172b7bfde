#pragma once
// Sequential tree-reweighted message passing, TRW-S (Kolmogorov 2006), over monotonic chains in the order of
// the variables. A visit of i adds up t(x) = theta_i(x) + sum of its messages, and sends over each link to a
// later j (an earlier one in the backward pass)
//   m_ij(y) = min_x [ t(x) / n_i - m_ji(x) + theta_ij(x, y) ],   n_i the larger of its links ahead and
//   behind.
// Whatever the messages, a backward pass gives a lower bound: t / n_i over n_i links is no more than t, and
// every m_ij is what the pair and that share of t have at least. So messages are float, and a certified pass
// does the same in double from the graph's own energies and rounds what it keeps of them down. The bound does
// not fall from pass to pass (to the rounding of messages); where it stops it agrees weakly on the chains.
//
// Variables are visited a window of a thousand after the other, and level by level in each: a level are those
// whose earlier neighbours in the window are all in earlier levels. As far as messages can tell that is the
// order of the variables, but neighbours in time do not wait for each other, and memory is read in a row.

#include <cstddef>
#include <cstdint>

#include "pair_kinds.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class Trws {
 public:
  enum class Precision : std::uint8_t { single, full };  // of messages

  Trws() = default;
  // Sets up for `g`, which must outlive it; messages are 0. Memory is kept from graph to graph.
  void start(const PairGraph& g, Precision precision = Precision::single);
  // The singles of the graph have changed, nothing else has. Messages stay, and bound the new energies as
  // well; but where a table or a single forbids, a message may be +inf, which is right only as long as
  // singles grow. Who lets them fall again writes back the messages of before.
  void read_singles();
  // Messages in double from now on. Float ones leave a gap of about 1e-7 an edge.
  void refine();
  Precision precision() const { return precision_; }

  // A forward and a backward pass. `labels`: they are taken in the backward pass. `certify`: the bound is
  // evaluated, in the backward pass; it takes twice as long as in float.
  void iterate(bool labels = true, bool certify = true);
  // Of the last certified pass, -inf before; +inf when every answer was found to be forbidden.
  double bound() const { return bound_; }
  // Of the last pass, to the rounding of its messages.
  double estimate() const;
  // What rounding in double may have added to the bound, and more.
  double slack() const { return slack_; }
  bool forbidden() const { return bound_ == kInf; }
  // An energy is not a number: there is nothing to pass.
  bool has_nan() const { return nan_; }

  // Labels taken last, of all variables.
  void labels(std::span<int> out) const;
  // Those of the present precision, to keep and to write back between iterations.
  std::span<std::byte> messages();
  // A certified iteration whose forward pass writes at the graph's offsets: no energy with that label is
  // lower. The least of a variable is a bound of all.
  void min_marginals(std::span<double> out);
  std::size_t bytes() const { return ws_.bytes(); }

 private:
  void make_order();
  void make_links();
  void run(bool forward, bool labels, bool certify, double* marginal);
  template <class T>
  std::span<T> message_room();

  const PairGraph* g_ = nullptr;
  Precision precision_ = Precision::single;
  Workspace ws_;
  TrwsView view_;
  std::span<int> order_, place_of_;  // variable at a place, and the other way
  std::span<TrwsPlace> place_;
  std::span<TrwsLink> link_;
  std::span<std::uint32_t> back_;
  std::span<double> scale_, constant_, taken_;
  PairKinds kinds_;
  std::span<float> single_;
  std::span<int> label_;
  std::size_t message_values_ = 0;
  double base_ = 0, bound_ = -kInf, slack_ = 0;
  bool nan_ = false;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
