#include "ebm/models/grey_map.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace ebm::models {
namespace {

/// Which old pixels make one new pixel, and with what weights (they sum to 1).
struct Tap {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Tap> taps(int from, int to) {
  const double step = static_cast<double>(from) / to, reach = std::max(1.0, step);
  std::vector<Tap> out(static_cast<std::size_t>(to));
  for (int i = 0; i < to; ++i) {
    Tap& tap = out[static_cast<std::size_t>(i)];
    const double centre = (i + 0.5) * step - 0.5;
    const int first = std::max(0, static_cast<int>(std::ceil(centre - reach + 1e-9)));
    const int last = std::min(from - 1, static_cast<int>(std::floor(centre + reach - 1e-9)));
    double sum = 0;
    tap.first = std::min(first, from - 1);
    for (int j = tap.first; j <= std::max(last, tap.first); ++j) {
      const double weight = std::max(1e-9, 1 - std::abs(j - centre) / reach);
      tap.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    for (float& weight : tap.weights) weight = static_cast<float>(weight / sum);
  }
  return out;
}

}  // namespace

GreyMap to_light(const io::Image& image) {
  GreyMap light(image.width, image.height);
  for (std::size_t i = 0; i < light.values.size(); ++i)
    light.values[i] = static_cast<float>(image.pixels[i]) / 255.0F;
  return light;
}

io::Image to_image(const GreyMap& light) {
  io::Image image{light.width, light.height, std::vector<std::uint8_t>(light.values.size())};
  for (std::size_t i = 0; i < light.values.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(light.values[i], 0.0F, 1.0F)));
  return image;
}

Box join(const Box& a, const Box& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  const int x = std::min(a.x, b.x), y = std::min(a.y, b.y);
  return {x, y, std::max(a.right(), b.right()) - x, std::max(a.bottom(), b.bottom()) - y};
}

double overlap_x(const Box& a, const Box& b) {
  const int shared = std::min(a.right(), b.right()) - std::max(a.x, b.x);
  const int all = std::max(a.right(), b.right()) - std::min(a.x, b.x);
  return shared <= 0 ? 0 : static_cast<double>(shared) / all;
}

Box ink_box(const GreyMap& ink, float threshold) {
  int left = ink.width, right = -1, top = ink.height, bottom = -1;
  for (int y = 0; y < ink.height; ++y)
    for (int x = 0; x < ink.width; ++x)
      if (ink.at(x, y) > threshold) {
        left = std::min(left, x);
        right = std::max(right, x);
        top = std::min(top, y);
        bottom = y;
      }
  return right < 0 ? Box{} : Box{left, top, right - left + 1, bottom - top + 1};
}

GreyMap crop(const GreyMap& map, const Box& box) {
  assert(box.x >= 0 && box.y >= 0 && box.right() <= map.width && box.bottom() <= map.height);
  GreyMap out(box.width, box.height);
  for (int y = 0; y < box.height; ++y)
    std::copy_n(map.values.begin() + static_cast<std::ptrdiff_t>(map.index(box.x, box.y + y)), box.width,
                out.values.begin() + static_cast<std::ptrdiff_t>(out.index(0, y)));
  return out;
}

GreyMap resample(const GreyMap& map, int width, int height) {
  assert(width >= 1 && height >= 1 && !map.empty());
  if (width == map.width && height == map.height) return map;
  GreyMap wide(width, map.height), out(width, height);
  const auto columns = taps(map.width, width), rows = taps(map.height, height);
  for (int y = 0; y < map.height; ++y)
    for (int x = 0; x < width; ++x) {
      const Tap& tap = columns[static_cast<std::size_t>(x)];
      float sum = 0;
      for (std::size_t j = 0; j < tap.weights.size(); ++j)
        sum += tap.weights[j] * map.at(tap.first + static_cast<int>(j), y);
      wide.at(x, y) = sum;
    }
  for (int y = 0; y < height; ++y) {
    const Tap& tap = rows[static_cast<std::size_t>(y)];
    for (std::size_t j = 0; j < tap.weights.size(); ++j)
      for (int x = 0; x < width; ++x)
        out.at(x, y) += tap.weights[j] * wide.at(x, tap.first + static_cast<int>(j));
  }
  for (float& value : out.values) value = std::clamp(value, 0.0F, 1.0F);
  return out;
}

Components components(const GreyMap& ink, float threshold) {
  Components out;
  out.label.assign(ink.values.size(), -1);
  std::vector<std::size_t> open;
  for (std::size_t start = 0; start < ink.values.size(); ++start) {
    if (ink.values[start] < threshold || out.label[start] >= 0) continue;
    const int name = static_cast<int>(out.boxes.size());
    int left = ink.width, right = 0, top = ink.height, bottom = 0, area = 0;
    out.label[start] = name;
    open.assign(1, start);
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      const int x = static_cast<int>(at % static_cast<std::size_t>(ink.width));
      const int y = static_cast<int>(at / static_cast<std::size_t>(ink.width));
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
      ++area;
      for (int v = std::max(0, y - 1); v <= std::min(ink.height - 1, y + 1); ++v)
        for (int u = std::max(0, x - 1); u <= std::min(ink.width - 1, x + 1); ++u)
          if (const std::size_t next = ink.index(u, v);
              ink.values[next] >= threshold && out.label[next] < 0) {
            out.label[next] = name;
            open.push_back(next);
          }
    }
    out.boxes.push_back({left, top, right - left + 1, bottom - top + 1});
    out.areas.push_back(area);
  }
  return out;
}

}  // namespace ebm::models
