#include "ebm/models/face_picture.hpp"

#include <algorithm>
#include <cmath>

namespace ebm::models {
namespace {

// The square around one column of a line, and what it holds.
struct Sums {
  double first = 0, second = 0;
};

}  // namespace

GreyMap normalise(const GreyMap& light, const LocalContrast& how) {
  GreyMap out(light.width, light.height);
  if (how.radius <= 0) {
    std::ranges::transform(light.values, out.values.begin(), [](float v) { return 2 * v - 1; });
    return out;
  }
  // Sums over the lines of the square, of every column; they move down a line at a time.
  std::vector<Sums> column(static_cast<std::size_t>(light.width));
  const auto add_line = [&](int y, double sign) {
    if (y < 0 || y >= light.height) return;
    const float* line = light.values.data() + light.index(0, y);
    for (std::size_t x = 0; x < column.size(); ++x) {
      const double v = line[x];
      column[x].first += sign * v;
      column[x].second += sign * v * v;
    }
  };
  for (int y = 0; y < how.radius; ++y) add_line(y, 1);
  for (int y = 0; y < light.height; ++y) {
    add_line(y + how.radius, 1);
    if (y > how.radius) add_line(y - how.radius - 1, -1);
    const int lines = std::min(y + how.radius, light.height - 1) - std::max(y - how.radius, 0) + 1;
    Sums sum;
    const auto add_column = [&](int x, double sign) {
      if (x < 0 || x >= light.width) return;
      sum.first += sign * column[static_cast<std::size_t>(x)].first;
      sum.second += sign * column[static_cast<std::size_t>(x)].second;
    };
    for (int x = 0; x < how.radius; ++x) add_column(x, 1);
    for (int x = 0; x < light.width; ++x) {
      add_column(x + how.radius, 1);
      add_column(x - how.radius - 1, -1);
      const int columns = std::min(x + how.radius, light.width - 1) - std::max(x - how.radius, 0) + 1;
      const double count = static_cast<double>(lines) * columns, mean = sum.first / count;
      const double deviation = std::sqrt(std::max(0.0, sum.second / count - mean * mean));
      out.at(x, y) = static_cast<float>((light.at(x, y) - mean) / (deviation + how.floor));
    }
  }
  return out;
}

}  // namespace ebm::models
