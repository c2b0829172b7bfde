#include "ebm/models/paper.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ebm::models {
namespace {

constexpr int kBins = 256;

std::size_t bin_of(float value) {
  return static_cast<std::size_t>(std::clamp(value, 0.0F, 1.0F) * (kBins - 1) + 0.5F);
}

/// The 75th percentile of a window.
float paper_level(const GreyMap& light, int x0, int x1, int y0, int y1) {
  std::array<int, kBins> count{};
  for (int y = y0; y < y1; ++y)
    for (int x = x0; x < x1; ++x) ++count[bin_of(light.at(x, y))];
  int above = (x1 - x0) * (y1 - y0) / 4;
  int bin = kBins - 1;
  while (bin > 0 && above >= count[static_cast<std::size_t>(bin)])
    above -= count[static_cast<std::size_t>(bin--)];
  return static_cast<float>(bin) / (kBins - 1);
}

/// Lines along the rows of a map or, transposed, along its columns. A place is a step along the line and a
/// lane across.
class LineEraser {
 public:
  LineEraser(GreyMap& map, double dark, bool transposed)
      : map_(map),
        dark_(dark),
        transposed_(transposed),
        steps_(transposed ? map.height : map.width),
        lanes_(transposed ? map.width : map.height),
        thin_(std::max(3, map.height / 11)) {}

  /// \param coverage least share of a line that is dark; half of that must be thin. Returns the lines erased.
  int erase(double coverage) {
    if (steps_ < 16 || lanes_ < 8) return 0;
    int removed = 0;
    for (; removed < kMostLines; ++removed) {
      runs_ = runs();
      const Line line = longest(coverage);
      if (line.dark == 0) break;
      erase(line);
    }
    return removed;
  }

 private:
  static constexpr int kMostLines = 6;

  struct Line {
    int start = 0, drift = 0;  ///< lane of its first step, and lanes from there to its last
    int dark = 0;              ///< steps at which it is dark
  };

  std::size_t index(int step, int lane) const {
    return transposed_ ? map_.index(lane, step) : map_.index(step, lane);
  }
  int lane(const Line& line, int step) const { return line.start + line.drift * step / (steps_ - 1); }
  /// Length of the run of dark pixels across the line; 0 where it is not dark and outside the map.
  int run(int step, int lane) const { return lane < 0 || lane >= lanes_ ? 0 : runs_[index(step, lane)]; }

  std::vector<int> runs() const {
    std::vector<int> out(map_.values.size());
    for (int step = 0; step < steps_; ++step)
      for (int lane = 0; lane < lanes_;) {
        int end = lane;
        while (end < lanes_ && map_.values[index(step, end)] >= dark_) ++end;
        for (int k = lane; k < end; ++k) out[index(step, k)] = end - lane;
        lane = end + 1;
      }
    return out;
  }

  Line longest(double coverage) const {
    const int drift = std::max(1, steps_ / (transposed_ ? 20 : 25)), side = lanes_ / 12;
    const int end = std::max(2, steps_ / 16);
    Line best;
    for (int slope = -drift; slope <= drift; ++slope)
      for (int start = std::max(0, -slope); start < lanes_ - std::max(0, slope); ++start) {
        Line line{start, slope};
        // An upright line amid the field may be a one.
        if (transposed_ && std::min(start, start + slope) > side &&
            std::max(start, start + slope) < lanes_ - 1 - side)
          continue;
        int thin = 0, at_ends = 0;
        for (int step = 0; step < steps_; ++step) {
          const int length = run(step, lane(line, step));
          if (length == 0) continue;
          ++line.dark;
          if (length <= thin_) ++thin;
          if (step < end || step >= steps_ - end) ++at_ends;
        }
        // Ruled lines run on to the ends; the bars of a row of fours do not.
        if (line.dark >= coverage * steps_ && 2 * thin >= line.dark && at_ends >= end &&
            line.dark > best.dark)
          best = line;
      }
    return best;
  }

  /// Its usual thickness where no stroke is on it.
  int thickness(const Line& line) const {
    std::vector<int> lengths;
    for (int step = 0; step < steps_; ++step)
      if (const int length = run(step, lane(line, step)); length > 0 && length <= thin_)
        lengths.push_back(length);
    const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
    std::nth_element(lengths.begin(), middle, lengths.end());
    return *middle;
  }

  void erase(const Line& line) {
    const int thick = thickness(line);
    for (int step = 0; step < steps_; ++step) {
      int at = lane(line, step);
      if (run(step, at) == 0) at += run(step, at - 1) > 0 ? -1 : 1;
      if (run(step, at) == 0) continue;
      int first = at, last = at;
      while (run(step, first - 1) > 0) --first;
      while (run(step, last + 1) > 0) ++last;
      if (last - first > thick) {
        // A stroke: one that stands on the line loses the line only, one that crosses it or lies along it
        // stays whole.
        if (last - first + 1 < 2 * thick + 2) continue;
        if (last - at <= thick)
          first = last - thick + 1;
        else if (at - first <= thick)
          last = first + thick - 1;
        else
          continue;
      } else {
        // The pale edges go too.
        for (int k = 0; k < 2 && first > 0 && map_.values[index(step, first - 1)] > 0; ++k) --first;
        for (int k = 0; k < 2 && last + 1 < lanes_ && map_.values[index(step, last + 1)] > 0; ++k) ++last;
      }
      for (int k = first; k <= last; ++k) map_.values[index(step, k)] = 0;
    }
  }

  GreyMap& map_;
  double dark_;
  bool transposed_;
  int steps_, lanes_, thin_;
  std::vector<int> runs_;
};

}  // namespace

GreyMap contrast_to_paper(const GreyMap& light) {
  const int width = light.width, height = light.height;
  const int step = std::max(4, height / 6), reach_x = std::max(8, height * 3 / 5),
            reach_y = std::max(8, height / 4);
  const int columns = (width + step - 1) / step + 1, rows = (height + step - 1) / step + 1;
  GreyMap level(columns, rows);
  for (int j = 0; j < rows; ++j)
    for (int i = 0; i < columns; ++i) {
      const int x = std::min(i * step, width - 1), y = std::min(j * step, height - 1);
      level.at(i, j) = paper_level(light, std::max(0, x - reach_x), std::min(width, x + reach_x + 1),
                                   std::max(0, y - reach_y), std::min(height, y + reach_y + 1));
    }
  GreyMap out(width, height);
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

int remove_ruled_lines(GreyMap& contrast, double dark) {
  const int along_rows = LineEraser(contrast, dark, false).erase(0.75);
  return along_rows + LineEraser(contrast, dark, true).erase(0.95);
}

}  // namespace ebm::models
