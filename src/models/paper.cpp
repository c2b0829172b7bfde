#include "ebm/models/paper.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ebm::models {
namespace {

constexpr int kBins = 256;

std::size_t bin_of(float value) { return static_cast<std::size_t>(std::clamp(value, 0.0F, 1.0F) * (kBins - 1) + 0.5F); }

/// The 75th percentile of a window.
float paper_level(const InkMap& light, int x0, int x1, int y0, int y1) {
  std::array<int, kBins> count{};
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) ++count[bin_of(light.at(x, y))];
  int above = (x1 - x0) * (y1 - y0) / 4;
  int bin = kBins - 1;
  while (bin > 0 && above >= count[static_cast<std::size_t>(bin)]) above -= count[static_cast<std::size_t>(bin--)];
  return static_cast<float>(bin) / (kBins - 1);
}

/// Length of the run of dark pixels through (x, y) along a column or a row.
struct Runs {
  Runs(const InkMap& map, double dark, bool along_columns) : length(map.values.size()) {
    const int lanes = along_columns ? map.width : map.height, steps = along_columns ? map.height : map.width;
    const auto at = [&](int lane, int step) { return along_columns ? map.index(lane, step) : map.index(step, lane); };
    for (int lane = 0; lane < lanes; ++lane)
      for (int step = 0; step < steps;) {
        int end = step;
        while (end < steps && map.values[at(lane, end)] >= dark) ++end;
        for (int k = step; k < end; ++k) length[at(lane, k)] = end - step;
        step = std::max(end, step + 1);
      }
  }
  std::vector<int> length;
};

/// A straight line over the whole extent: position at its start, drift to its end.
struct Line {
  int start = 0, drift = 0;
  int at(int step, int steps) const { return start + (steps < 2 ? 0 : drift * step / (steps - 1)); }
};

/// Lines along rows (or, transposed, along columns) of which at least `coverage` is dark and half of that thin.
int erase_lines(InkMap& map, double dark, bool transposed, double coverage) {
  const int steps = transposed ? map.height : map.width, lanes = transposed ? map.width : map.height;
  if (steps < 16 || lanes < 8) return 0;
  const auto index = [&](int step, int lane) { return transposed ? map.index(lane, step) : map.index(step, lane); };
  const int thin = std::max(3, (transposed ? map.height : lanes) / 11);
  const int drift = std::max(1, transposed ? steps / 20 : steps / 25);
  int removed = 0;
  for (; removed < 6; ++removed) {
    const Runs runs(map, dark, !transposed);
    Line best;
    int most = 0;
    for (int slope = -drift; slope <= drift; ++slope)
      for (int start = 0; start < lanes; ++start) {
        const Line line{start, slope};
        if (start + slope < 0 || start + slope >= lanes) continue;
        if (transposed && std::min(start, start + slope) > lanes / 12 &&
            std::max(start, start + slope) < lanes - 1 - lanes / 12)
          continue;  // an upright line amid the field may be a one
        int narrow = 0, wide = 0;
        for (int step = 0; step < steps; ++step) {
          const int length = runs.length[index(step, line.at(step, steps))];
          if (length > thin) ++wide;
          else if (length > 0) ++narrow;
        }
        if (narrow + wide < coverage * steps || narrow < wide) continue;
        if (narrow + wide > most) most = narrow + wide, best = line;
      }
    if (most == 0) break;
    for (int step = 0; step < steps; ++step)
      for (int lane = std::max(0, best.at(step, steps) - 1); lane <= std::min(lanes - 1, best.at(step, steps) + 1); ++lane) {
        const int length = runs.length[index(step, lane)];
        if (length == 0 || length > thin) continue;
        // The whole thin run goes, with its pale edges.
        int first = lane, last = lane;
        while (first > 0 && map.values[index(step, first - 1)] > 0 && lane - first < thin) --first;
        while (last + 1 < lanes && map.values[index(step, last + 1)] > 0 && last - lane < thin) ++last;
        for (int k = first; k <= last; ++k) map.values[index(step, k)] = 0;
      }
  }
  return removed;
}

}  // namespace

InkMap contrast_to_paper(const InkMap& light) {
  const int width = light.width, height = light.height;
  const int step = std::max(4, height / 6), reach = std::max(8, height * 2 / 5);
  const int columns = (width + step - 1) / step + 1, rows = (height + step - 1) / step + 1;
  InkMap level(columns, rows);
  for (int j = 0; j < rows; ++j)
    for (int i = 0; i < columns; ++i) {
      const int x = std::min(i * step, width - 1), y = std::min(j * step, height - 1);
      level.at(i, j) = paper_level(light, std::max(0, x - reach), std::min(width, x + reach + 1), std::max(0, y - reach),
                                   std::min(height, y + reach + 1));
    }
  InkMap out(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int i = x / step, j = y / step;
      const float u = static_cast<float>(x % step) / static_cast<float>(step);
      const float v = static_cast<float>(y % step) / static_cast<float>(step);
      const float paper = (1 - v) * ((1 - u) * level.at(i, j) + u * level.at(i + 1, j)) +
                          v * ((1 - u) * level.at(i, j + 1) + u * level.at(i + 1, j + 1));
      out.at(x, y) = std::clamp(paper - light.at(x, y), 0.0F, 1.0F);
    }
  return out;
}

Split otsu(std::span<const float> values) {
  std::array<double, kBins> count{};
  double total = 0, sum = 0;
  for (const float value : values) {
    const std::size_t bin = bin_of(value);
    ++count[bin];
    ++total;
    sum += static_cast<double>(bin);
  }
  Split best;
  double low_count = 0, low_sum = 0, widest = 0;
  for (std::size_t bin = 0; bin + 1 < kBins; ++bin) {
    low_count += count[bin];
    low_sum += count[bin] * static_cast<double>(bin);
    if (low_count == 0 || low_count == total) continue;
    const double low = low_sum / low_count, high = (sum - low_sum) / (total - low_count);
    const double spread = low_count * (total - low_count) * (high - low) * (high - low);
    if (spread > widest) {
      widest = spread;
      best = {(static_cast<double>(bin) + 0.5) / (kBins - 1), low / (kBins - 1), high / (kBins - 1)};
    }
  }
  return best;
}

int remove_ruled_lines(InkMap& contrast, double dark) {
  const int rows = erase_lines(contrast, dark, false, 0.75);
  return rows + erase_lines(contrast, dark, true, 0.95);
}

}  // namespace ebm::models
