#include <algorithm>
#include <array>
#include <cmath>

#include "ebm/report/plot.hpp"

namespace ebm::report {
namespace {

/// digit x 10^exponent, times k, rounded once.
double multiple(double k, int digit, int exponent) {
  const double power = std::pow(10.0, std::abs(exponent));
  return exponent < 0 ? k * digit / power : k * digit * power;
}

}  // namespace

std::vector<double> ticks(double low, double high, int wanted) {
  const double raw = high / wanted - low / wanted;  // the difference alone might overflow
  constexpr double kFinest = 1e-300, kLargest = 1e300;
  if (!(raw > kFinest && raw < kLargest)) return {low};
  int exponent = static_cast<int>(std::floor(std::log10(raw)));
  int digit = 10;
  for (const int d : {5, 2, 1})
    if (multiple(1, d, exponent) >= raw * (1 - 1e-9)) digit = d;
  if (digit == 10) digit = 1, ++exponent;
  const double step = multiple(1, digit, exponent);
  constexpr double kExact = 1e15;  // beyond it whole numbers have gaps, and steps would not be steps
  if (std::max(std::abs(low), std::abs(high)) / step > kExact) return {low, high};
  // A little slack, so that an end which is a tick up to rounding counts.
  const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  std::vector<double> out;
  for (double k = first; k <= last; ++k) out.push_back(multiple(k == 0 ? 0.0 : k, digit, exponent));
  return out;
}

std::vector<double> log_ticks(double low, double high, int wanted) {
  const int first = static_cast<int>(std::floor(std::log10(low))),
            last = static_cast<int>(std::ceil(std::log10(high)));
  const int stride = std::max(1, (last - first) / std::max(1, wanted));
  std::vector<double> out;
  const auto fill = [&](std::initializer_list<int> digits) {
    out.clear();
    for (int exponent = first; exponent <= last; exponent += stride)
      for (const int digit : digits)
        if (const double v = multiple(1, digit, exponent); v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9))
          out.push_back(v);
  };
  fill({1});
  if (out.size() < 3) fill({1, 2, 5});
  return out;
}

}  // namespace ebm::report
