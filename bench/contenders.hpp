#pragma once
// Contenders that do the same work, timed in turn in one run.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

namespace ebm::bench {

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of all threads of this process: what is left to compare when others keep the cores busy.
inline double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

inline double median(std::vector<double>& of) {
  const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
  std::nth_element(of.begin(), middle, of.end());
  return *middle;
}

struct Contender {
  std::string name;
  int threads;
  std::function<void(int threads)> before;
  std::function<void()> forward, step;
  std::function<double()> loss;
  std::vector<double> seconds{}, processor{};  // of each run
  double median() { return bench::median(seconds); }
  double median_processor() { return bench::median(processor); }
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
        const double cpu = processor_seconds(), start = now();
        run();
        c.seconds.push_back(now() - start);
        c.processor.push_back(processor_seconds() - cpu);
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
