#pragma once
/// \file
/// SIGINT and SIGTERM during long work: remembered here, acted on between two steps of it.

#include <csignal>

#include "ebm/core/error.hpp"

namespace ebm {

/// Thrown when a signal asked long work to stop and it has left everything in order. Exit code 130 of the
/// command.
struct Interrupted : Error {
  using Error::Error;
};

inline volatile std::sig_atomic_t interrupt_flag = 0;
/// Whether a signal came since the last guard was made.
inline bool interrupted() { return interrupt_flag != 0; }

/// While it lives the two signals set the flag; a second one ends the program as usual.
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
