#pragma once
/// \file
/// What OpenFst needs for a composition, a best path and both passes of the log semiring. Apart from the rest
/// because OpenFst 1.7 does not compile as C++20.

#include <functional>
#include <vector>

namespace peer {

struct Arc {
  int source, target, in, out;
  double energy;
};
struct Final {
  int state;
  double energy;
};
struct Machine {
  int states, start;
  std::vector<Arc> arcs;
  std::vector<Final> finals;
};
struct Times {
  double compose = 0, best = 0, forward_backward = 0;  // microseconds
  double best_energy = 0, free_energy = 0;
  double sum() const { return compose + best + forward_backward; }
};

/// `time` calls what it is given and returns microseconds.
Times openfst(const Machine& lattice, const Machine& grammar,
              const std::function<double(const std::function<void()>&)>& time);

}  // namespace peer
