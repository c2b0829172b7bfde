#pragma once
// SIGINT and SIGTERM during a fit: remembered here, acted on between two steps.

#include <csignal>

namespace ebm {

inline volatile std::sig_atomic_t interrupt_flag = 0;
inline bool interrupted() { return interrupt_flag != 0; }

// While it lives the two signals set the flag; a second one ends the program as usual.
class InterruptGuard {
 public:
  InterruptGuard() {
    interrupt_flag = 0;
    struct sigaction act {};
    act.sa_handler = [](int) { interrupt_flag = 1; };
    act.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &act, &old_int_);
    sigaction(SIGTERM, &act, &old_term_);
  }
  ~InterruptGuard() {
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
  }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction old_int_ {
  }, old_term_{};
};

}  // namespace ebm
