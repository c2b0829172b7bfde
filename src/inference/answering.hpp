#pragma once
// What every engine does around its own algorithm.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "ebm/core/error.hpp"
#include "ebm/inference/engine.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

inline void check_beta(const Query& q) {
  if (!(q.beta > 0))
    throw GraphError(message("[query] beta must be above 0 (infinite for a minimum), not ", q.beta));
}

// For engines that know no margin between answers.
inline void refuse_rescaling(const Query& q, std::string_view engine) {
  if (q.rescaling)
    throw GraphError(message("[", engine, "] knows no margin between answers (Query::rescaling); ",
                             "Exhaustive, MinSum and SumProduct do, on label variables"));
}

// For engines of label variables alone; asked before any table, so that it is they who say what is missing.
inline void refuse_other_than_labels(const Batch& b, std::string_view engine) {
  for (int i = 0; i < b.samples(); ++i)
    if (const Structure& s = *b.sample(i).structure; s.has_path || s.real_dims > 0)
      throw GraphError(message("[", engine, "] '", s.has_path ? s.path_name : s.real_name,
                               "' is no label variable; use ",
                               s.has_path          ? "ForwardBackward for paths"
                               : s.label_variables ? "Nested or Grid for reals beside labels"
                                                   : "Grid, GradientDescent or a sampler for reals"));
}

// Sizes the answer and clears it. Weights only when wanted.
inline void prepare(Answer& out, Batch& b, const Query& q) {
  const auto n = static_cast<std::size_t>(b.samples());
  out.energy.assign(n, kInf);
  out.bound.assign(n, -kInf);
  out.error.clear();
  out.highest.clear();
  out.points.clear();
  if (q.weights)
    out.weights.assign(b.weights(), Real(0));
  else
    out.weights.clear();
  out.labels.clear();
  out.reals.clear();
  out.paths.clear();
  out.report = {};
}

// Memory of a thread, kept from call to call. It is moved out meanwhile, for a thread that waits may be given
// another call.
template <class T>
class Kept {
 public:
  Kept() : value_(std::move(slot())) {}
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  ~Kept() { slot() = std::move(value_); }
  T& operator*() { return value_; }
  T* operator->() { return &value_; }

 private:
  static T& slot() {
    thread_local T kept;
    return kept;
  }
  T value_;
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Where the labels of each sample start in Answer::labels.
inline std::size_t label_base(const Batch& b, int sample) {
  std::size_t base = 0;
  for (int i = 0; i < sample; ++i) base += static_cast<std::size_t>(b.sample(i).structure->label_variables);
  return base;
}

// What is asked of one sample: where no answer is the truth, all are `others`, and nothing is over the truth.
inline std::optional<Over> competing(const Sample& s, Over over) {
  if (s.truth.whole != Truth::high || over == Over::all) return over;
  if (over == Over::truth) return std::nullopt;
  return Over::all;
}

// For engines that ask the truth of variables alone.
inline void refuse_high(const Batch& b, std::string_view engine) {
  for (int i = 0; i < b.samples(); ++i)
    if (b.sample(i).truth.whole == Truth::high)
      throw GraphError(message("[", engine, "] no answer of sample ", i, " of the batch is its truth ",
                               "(Truth::high), which this engine does not cover; use infer::Automatic"));
}

inline const LabelSet& truth_of(const Sample& s, int variable) {
  static const LabelSet kUnknown;
  return s.truth.labels.empty() ? kUnknown : s.truth.labels[static_cast<std::size_t>(variable)];
}

// Delta of every label of one variable, [K]. False, and nothing written, where it adds nothing.
bool margins(const Rescaling& rescaling, const Sample& sample, int variable, std::span<double> out);

}  // namespace EBM_PRECISION
}  // namespace ebm
