#include "ebm/models/cuts.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace ebm::models {
namespace {

// In units of the text height.
constexpr double kReach = 0.3;        ///< of a path to either side of where it was looked for
constexpr double kMostCrossed = 0.6;  ///< a path through more ink runs along a stroke
constexpr int kMostStrokes = 3;       ///< runs of ink that a path may cross
constexpr double kDeepest = 0.8;      ///< a projection or contour distance above is no minimum worth a cut
constexpr double kValley = 0.05;      ///< least depth of a valley of a contour
constexpr double kWide = 0.9;         ///< a piece this wide may hold two characters and is cut once more
constexpr double kMostInWide = 0.8;   ///< ink that this cut may cross
constexpr double kLeastInk = 0.002;   ///< of a piece, in squared text heights

/// What is looked at, once per field.
struct Profile {
  Profile(const GreyMap& ink, double text_height) : ink(ink), unit(text_height) {
    const auto columns = static_cast<std::size_t>(ink.width);
    dark.assign(columns, 0);
    upper.assign(columns, ink.height);
    lower.assign(columns, -1);
    for (int y = 0; y < ink.height; ++y)
      for (int x = 0; x < ink.width; ++x)
        if (solid(x, y)) {
          const auto column = static_cast<std::size_t>(x);
          ++dark[column];
          upper[column] = std::min(upper[column], y);
          lower[column] = y;
        }
  }
  bool solid(int x, int y) const { return ink.at(x, y) >= 0.4F; }

  const GreyMap& ink;
  double unit;
  std::vector<int> dark, upper, lower;
};

void finish(Cut& cut, const GreyMap& ink) {
  bool inside = false;
  for (int y = 0; y < ink.height; ++y) {
    const int x = cut.column[static_cast<std::size_t>(y)];
    cut.place += static_cast<double>(x) / ink.height;
    const float value = x < ink.width ? ink.at(x, y) : 0.0F;
    cut.crossed += static_cast<double>(value);
    if (value >= 0.4F && !inside) ++cut.strokes;
    inside = value >= 0.4F;
  }
}

/// The path of least ink near a column (a seam, by dynamic programming; one column aside per row).
Cut seam(const Profile& profile, double column) {
  const GreyMap& ink = profile.ink;
  const int first = std::clamp(static_cast<int>(column - kReach * profile.unit), 0, ink.width - 1);
  const int last = std::clamp(static_cast<int>(column + kReach * profile.unit), first, ink.width - 1);
  const auto wide = static_cast<std::size_t>(last - first + 1);
  std::vector<float> energy(wide), next(wide);
  std::vector<signed char> from(wide * static_cast<std::size_t>(ink.height));
  for (int y = 0; y < ink.height; ++y) {
    for (std::size_t i = 0; i < wide; ++i) {
      const int x = first + static_cast<int>(i);
      float best = y == 0 ? 0 : energy[i];
      signed char step = 0;
      if (y > 0 && i > 0 && energy[i - 1] + 0.03F < best) best = energy[i - 1] + 0.03F, step = -1;
      if (y > 0 && i + 1 < wide && energy[i + 1] + 0.03F < best) best = energy[i + 1] + 0.03F, step = 1;
      const auto aside = static_cast<float>(std::abs(x - column) / (kReach * profile.unit));
      next[i] = best + ink.at(x, y) + 0.1F * aside;
      from[static_cast<std::size_t>(y) * wide + i] = step;
    }
    std::swap(energy, next);
  }
  auto at = static_cast<std::size_t>(std::min_element(energy.begin(), energy.end()) - energy.begin());
  Cut cut;
  cut.column.resize(static_cast<std::size_t>(ink.height));
  for (int y = ink.height - 1; y >= 0; --y) {
    cut.column[static_cast<std::size_t>(y)] = first + static_cast<int>(at);
    at = static_cast<std::size_t>(static_cast<int>(at) + from[static_cast<std::size_t>(y) * wide + at]);
  }
  finish(cut, ink);
  return cut;
}

/// Hit and deflect: drops from the first row, slides along ink it hits, and goes straight through where it is
/// caught.
Cut drop(const Profile& profile, int column, bool from_top) {
  const GreyMap& ink = profile.ink;
  const int reach = std::max(1, static_cast<int>(0.4 * profile.unit));
  const auto row = [&](int step) { return from_top ? step : ink.height - 1 - step; };
  Cut cut;
  cut.column.resize(static_cast<std::size_t>(ink.height));
  int x = column;
  for (int step = 0; step < ink.height; ++step) {
    const int y = row(step);
    cut.column[static_cast<std::size_t>(y)] = x;
    if (step + 1 == ink.height || !profile.solid(x, row(step + 1)) || profile.solid(x, y)) continue;
    int aside = 0;
    bool left = true, right = true;
    for (int d = 1; d <= reach && aside == 0 && (left || right); ++d) {
      left = left && x - d >= 0 && !profile.solid(x - d, y);
      right = right && x + d < ink.width && !profile.solid(x + d, y);
      if (left && !profile.solid(x - d, row(step + 1)))
        aside = -d;
      else if (right && !profile.solid(x + d, row(step + 1)))
        aside = d;
    }
    x = std::clamp(x + aside, column - reach, column + reach);
  }
  finish(cut, ink);
  return cut;
}

/// Middles of the plateaus where `values` has a minimum that is at least `depth` below the rise on either
/// side.
std::vector<int> minima(const std::vector<double>& values, double depth) {
  std::vector<int> out;
  const int count = static_cast<int>(values.size());
  const auto at = [&](int i) { return values[static_cast<std::size_t>(i)]; };
  for (int i = 1; i + 1 < count;) {
    int end = i;
    while (end + 1 < count && at(end + 1) == at(i)) ++end;
    double left = at(i), right = at(i);
    for (int k = i - 1; k >= 0 && at(k) >= at(i); --k) left = std::max(left, at(k));
    for (int k = end + 1; k < count && at(k) >= at(i); ++k) right = std::max(right, at(k));
    if (left >= at(i) + depth && right >= at(i) + depth) out.push_back((i + end) / 2);
    i = end + 1;
  }
  return out;
}

std::vector<double> smoothed(const std::vector<double>& values) {
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t before = i == 0 ? 0 : i - 1, after = std::min(i + 1, values.size() - 1);
    out[i] = 0.25 * values[before] + 0.5 * values[i] + 0.25 * values[after];
  }
  return out;
}

std::vector<Cut> candidates(const Profile& profile, const CutKinds& kinds) {
  std::vector<Cut> out;
  const GreyMap& ink = profile.ink;
  const auto columns = static_cast<std::size_t>(ink.width);
  std::vector<double> dark(columns), distance(columns), top(columns), bottom(columns);
  for (std::size_t x = 0; x < columns; ++x) {
    dark[x] = profile.dark[x];
    distance[x] = std::max(0, profile.lower[x] - profile.upper[x] + 1);
    top[x] = -profile.upper[x];
    bottom[x] = profile.lower[x];
  }
  if (kinds.gaps) {
    for (const int x : minima(dark, 1))
      if (dark[static_cast<std::size_t>(x)] == 0) out.push_back(seam(profile, x));
    auto boxes = components(ink, 0.4F).boxes;
    std::sort(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) {
      return a.x + a.right() != b.x + b.right() ? a.x + a.right() < b.x + b.right() : a.y < b.y;
    });
    for (std::size_t i = 0; i + 1 < boxes.size(); ++i)
      out.push_back(seam(profile, 0.5 * (boxes[i].right() + boxes[i + 1].x)));
  }
  const auto shallow = [&](const std::vector<double>& values) {
    for (const int x : minima(smoothed(values), 0.04 * profile.unit))
      if (values[static_cast<std::size_t>(x)] <= kDeepest * profile.unit) out.push_back(seam(profile, x));
  };
  if (kinds.projection) shallow(dark);
  if (kinds.contours) shallow(distance);
  if (kinds.hit_deflect) {
    for (const int x : minima(top, kValley * profile.unit)) out.push_back(drop(profile, x, true));
    for (const int x : minima(bottom, kValley * profile.unit)) out.push_back(drop(profile, x, false));
  }
  std::erase_if(out, [&](const Cut& cut) {
    return cut.crossed > kMostCrossed * profile.unit || cut.strokes > kMostStrokes;
  });
  std::stable_sort(out.begin(), out.end(), [](const Cut& a, const Cut& b) { return a.place < b.place; });
  return out;
}

/// How much a cut hurts: ink crossed, and more for every further stroke.
double harm(const Cut& cut, double unit) { return cut.crossed + 0.25 * unit * std::max(0, cut.strokes - 1); }

/// Ink between two cuts; the right one does not count where it runs left of the left one.
double ink_between(const GreyMap& ink, const Cut& a, const Cut& b) {
  double sum = 0;
  for (int y = 0; y < ink.height; ++y)
    for (int x = a.column[static_cast<std::size_t>(y)]; x < b.column[static_cast<std::size_t>(y)]; ++x)
      sum += static_cast<double>(ink.at(x, y));
  return sum;
}

Cut edge(const GreyMap& ink, int column) {
  Cut cut;
  cut.column.assign(static_cast<std::size_t>(ink.height), column);
  cut.place = column;
  return cut;
}

/// Pieces too wide for one character, halved where the least ink is crossed.
std::vector<Cut> with_wide_pieces_cut(const Profile& profile, std::vector<Cut> cuts, double least) {
  std::vector<Cut> out;
  for (Cut& to : cuts) {
    if (!out.empty() && to.place - out.back().place > kWide * profile.unit) {
      const Cut& from = out.back();
      int left = profile.ink.width, right = 0;
      for (int y = 0; y < profile.ink.height; ++y)
        for (int x = from.column[static_cast<std::size_t>(y)]; x < to.column[static_cast<std::size_t>(y)];
             ++x)
          if (profile.solid(x, y)) left = std::min(left, x), right = std::max(right, x + 1);
      Cut cut = seam(profile, 0.5 * (left + right));
      for (std::size_t y = 0; y < cut.column.size(); ++y)
        cut.column[y] = std::clamp(cut.column[y], from.column[y], to.column[y]);
      if (right - left > kWide * profile.unit && cut.crossed <= kMostInWide * profile.unit &&
          ink_between(profile.ink, from, cut) >= least && ink_between(profile.ink, cut, to) >= least)
        out.push_back(std::move(cut));
    }
    out.push_back(std::move(to));
  }
  return out;
}

}  // namespace

std::vector<Cut> find_cuts(const GreyMap& ink, double text_height, const CutKinds& kinds) {
  if (ink.empty()) return {};
  const Profile profile(ink, text_height);
  const double least = kLeastInk * text_height * text_height;
  std::vector<Cut> cuts{edge(ink, 0)};
  // Of cuts with next to no ink between them, the one that hurts least stays.
  for (Cut& cut : candidates(profile, kinds)) {
    for (std::size_t y = 0; y < cut.column.size(); ++y)
      cut.column[y] = std::max(cut.column[y], cuts.back().column[y]);
    if (ink_between(ink, cuts.back(), cut) >= least)
      cuts.push_back(std::move(cut));
    else if (cuts.size() > 1 && harm(cut, text_height) < harm(cuts.back(), text_height))
      cuts.back() = std::move(cut);
  }
  const Cut right = edge(ink, ink.width);
  while (cuts.size() > 1 && ink_between(ink, cuts.back(), right) < least) cuts.pop_back();
  cuts.push_back(right);
  return with_wide_pieces_cut(profile, std::move(cuts), least);
}

}  // namespace ebm::models
