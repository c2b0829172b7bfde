#pragma once
// When a search for a minimum must stop, and who is told of what it has found so far.

#include "answering.hpp"
#include "ebm/inference/discrete.hpp"

namespace ebm {
inline namespace EBM_PRECISION {

class Limits {
 public:
  Limits() = default;  // none, as for a sample of a batch
  // `q` must outlive it. Time runs from now on.
  Limits(const Question& q, std::string_view engine) : question_(&q), engine_(engine) {}

  // The engine's own number of iterations, unless the question has one.
  int iterations(int own) const {
    return question_ && question_->iterations > 0 ? question_->iterations : own;
  }
  // To be asked now and then, at least every tenth of a second of work: whether to stop, since the answer is
  // as near to the bound as is wanted, the time is up, or the asker says so. Both are of the whole graph.
  bool stop(double energy, double bound) {
    if (!question_) return false;
    if (energy - bound <= question_->gap && bound > -kInf) return true;
    if (out_of_time()) return limited_ = true;
    if (!question_->progress) return false;
    const double now = watch_.seconds();
    constexpr double kSilence = 0.1;  // seconds: who asks may want to stop when nothing is found
    if (energy < energy_ || bound > bound_ || now - told_ >= kSilence) {
      energy_ = std::min(energy, energy_);
      bound_ = std::max(bound, bound_);
      told_ = now;
      if (!question_->progress({now, energy_, bound_, engine_})) return limited_ = true;
    }
    return false;
  }
  bool out_of_time() const { return question_ && watch_.seconds() >= question_->seconds; }
  double seconds_left() const { return question_ ? question_->seconds - watch_.seconds() : kInf; }
  // Whether stop() has ended a search before its own end.
  bool limited() const { return limited_; }

 private:
  const Question* question_ = nullptr;
  std::string_view engine_;
  Stopwatch watch_;
  double energy_ = kInf, bound_ = -kInf, told_ = -kInf;
  bool limited_ = false;
};

}  // namespace EBM_PRECISION
}  // namespace ebm
