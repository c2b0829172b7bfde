#pragma once
// Contenders that do the same work, timed in turn in one run.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace ebm::bench {

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Contender {
  std::string name;
  int threads;
  std::function<void(int threads)> before;
  std::function<void()> forward, step;
  std::function<double()> loss;
  std::vector<double> seconds{};
  double median() {
    std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2),
                     seconds.end());
    return seconds[seconds.size() / 2];
  }
};

// Each contender in turn for a slice of its time, several times over.
inline void measure(std::vector<Contender>& contenders, bool training, double budget) {
  constexpr int kTurns = 8;
  for (int turn = 0; turn < kTurns; ++turn)
    for (Contender& c : contenders) {
      const std::function<void()>& run = training ? c.step : c.forward;
      c.before(c.threads);
      run();  // warms caches and threads up
      const double end = now() + budget / kTurns;
      do {
        const double start = now();
        run();
        c.seconds.push_back(now() - start);
      } while (now() < end);
    }
}

// Ten steps of each from the same weights, and the losses after them; contenders of one name share a net, so
// its first one makes them.
inline std::vector<double> ten_steps(std::vector<Contender>& contenders) {
  std::vector<double> after;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    Contender& c = contenders[i];
    if (i > 0 && c.name == contenders[i - 1].name) continue;
    c.before(c.threads);
    for (int step = 0; step < 10; ++step) c.step();
    after.push_back(c.loss());
  }
  return after;
}

}  // namespace ebm::bench
