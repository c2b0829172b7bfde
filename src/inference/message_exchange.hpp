#pragma once
// Messages sent along a pair graph until they stay as they are, in one of the schedules of infer::Loopy; on a
// forest once from the leaves to the roots and once back, which is all there is to tell.

#include "ebm/inference/message_passing.hpp"
#include "limits.hpp"
#include "message_layout.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

template <class T>
class MessageExchange {
 public:
  // What it holds lies in `ws`; the others must outlive it. beta +inf: min-sum.
  MessageExchange(const PairGraph& pairs, const Neighbours& neighbours, const Range& range, double beta,
                  Workspace& ws);

  // look() -> bool: labels and limits in between, false stops.
  template <class Look>
  void run(const infer::Loopy& options, int iterations, const Look& look) {
    if (neighbours_.forest) {
      tell_forest();
      return;
    }
    if (options.schedule == infer::Loopy::Schedule::residual) prepare_residuals();
    converged_ = false;
    for (iterations_ = 0; iterations_ < iterations && !impossible_;) {
      if (const int unseen = unseen_sweeps(options, iterations); unseen > 1) {
        several_sweeps(unseen);
        iterations_ += unseen;
        if (!look(false)) return;
        continue;
      }
      ++iterations_;
      const bool last = iterations_ == iterations;
      const bool looks = last || (options.look > 0 && iterations_ % options.look == 0);
      iterate(options, looks);
      if (looks && residual_ <= options.tolerance) {
        converged_ = true;
        return;
      }
      if (last) return;
      if (!look(looks)) return;
    }
  }

  const MessageGraph<T>& graph() const { return layout_.graph; }
  const T* messages() const { return messages_.data(); }
  unsigned flip() const { return flip_; }
  bool converged() const { return converged_; }
  int iterations() const { return iterations_; }
  double residual() const { return residual_; }
  // Some variable has no label left: no answer exists.
  bool impossible() const { return impossible_; }

 private:
  MessagePass<T> pass(std::span<T> scratch) const;
  void tell_forest();
  void iterate(const infer::Loopy& options, bool looks);
  void synchronous(double damping, bool looks);
  int unseen_sweeps(const infer::Loopy& options, int iterations) const;
  void several_sweeps(int count);
  void sequential(double damping);
  void prepare_residuals();
  void by_residual(const infer::Loopy& options);
  void offer(std::size_t variable);
  void rank(std::uint32_t message, T change);

  const PairGraph& pairs_;
  const Neighbours& neighbours_;
  T beta_;
  Workspace& ws_;
  MessageLayout<T> layout_;
  std::span<T> messages_, before_, scratch_;  // before: a copy, or what would be told, by residuals
  std::size_t pieces_;                        // by the graph alone
  std::size_t span_ = 0;                      // variables of a pair are at most so far apart
  unsigned flip_ = 0;
  bool converged_ = true, impossible_ = false;
  int iterations_ = 1;
  double residual_ = 0;
  // By residuals: the change of each message to be, in a heap of them, and those of one variable just made.
  std::span<T> change_, fresh_;
  std::span<std::uint32_t> heap_, place_;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
