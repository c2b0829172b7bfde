#include "ebm/report/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ebm/core/error.hpp"
#include "ebm/core/real.hpp"

namespace ebm::report {
namespace {

constexpr double kText = 13, kLetter = 7.1;  // size of the text, and about how wide a letter is
constexpr int kTicks = 6;

/// The values an axis can show.
class Range {
 public:
  explicit Range(const Axis& axis) : axis_(axis) {}

  bool shows(double value) const { return std::isfinite(value) && (!axis_.log || value > 0); }

  void add(double value) {
    if (!shows(value)) return;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }

  bool empty() const { return low_ > high_; }

  /// From the data and the axis' own limits; with `widen`, on to the nearest ticks outside.
  void settle(bool widen) {
    if (axis_.low && shows(*axis_.low)) low_ = *axis_.low;
    if (axis_.high && shows(*axis_.high)) high_ = *axis_.high;
    if (empty()) low_ = axis_.log ? 0.1 : 0, high_ = 1;
    if (low_ == high_) {
      const double half = axis_.log ? 0 : low_ == 0 ? 1 : std::abs(low_) / 10;
      low_ = axis_.log ? low_ / 2 : low_ - half;
      high_ = axis_.log ? high_ * 2 : high_ + half;
    }
    marks_ = axis_.log ? log_ticks(low_, high_, kTicks) : ticks(low_, high_, kTicks);
    drop_parts();
    if (axis_.log || !widen || marks_.size() < 2) return;
    const double step = marks_[1] - marks_[0];
    if (!axis_.low && marks_.front() > low_ + step * 1e-6) low_ = marks_.front() - step;
    if (!axis_.high && marks_.back() < high_ - step * 1e-6) high_ = marks_.back() + step;
    marks_ = ticks(low_, high_, static_cast<int>(std::lround((high_ - low_) / step)));
    drop_parts();
  }

  const std::vector<double>& marks() const { return marks_; }

  /// 0 at the low end, 1 at the high end.
  double part(double value) const {
    if (axis_.log) return (std::log(value) - std::log(low_)) / (std::log(high_) - std::log(low_));
    return (value / 2 - low_ / 2) / (high_ / 2 - low_ / 2);
  }

  bool covers(double value) const { return shows(value) && value >= low_ && value <= high_; }

  std::string write(double value) const {
    // Twelve digits hide the rounding of 100 x 0.07, and are more than any tick needs.
    return axis_.percent ? fmt::format("{:.12g} %", 100 * value) : fmt::format("{:.12g}", value);
  }

  const Axis& axis() const { return axis_; }

 private:
  void drop_parts() {
    if (axis_.whole) std::erase_if(marks_, [](double v) { return v != std::round(v); });
  }

  const Axis& axis_;
  double low_ = kInf, high_ = -kInf;
  std::vector<double> marks_;
};

struct Legend {
  std::string name;
  Colour colour;
  bool dashed;
};

/// The empty chart: frame, grid, ticks, titles, legend; and where values lie on it.
class Canvas {
 public:
  Canvas(double width, double height, const std::string& label, const Range& x, const Range& y,
         const std::vector<Legend>& legend)
      : svg_(width, height, label),
        x_(x),
        y_(y),
        right_(width - 16),
        bottom_(height - (x.axis().title.empty() ? 28 : 48)) {
    std::size_t longest = 1;
    for (const double v : y.marks()) longest = std::max(longest, y.write(v).size());
    left_ = 14 + kLetter * static_cast<double>(longest) + (y.axis().title.empty() ? 0 : 18);
    // Room for the half of the last text that stands out.
    if (!x.marks().empty())
      right_ -= kLetter / 2 * static_cast<double>(x.write(x.marks().back()).size()) - kLetter;
    top_ = draw_legend(legend, width) + 10;
    draw_axes(height);
  }

  double x(double value) const { return left_ + x_.part(value) * (right_ - left_); }
  double y(double value) const { return bottom_ - y_.part(value) * (bottom_ - top_); }
  bool covers(double vx, double vy) const { return x_.covers(vx) && y_.covers(vy); }
  Svg& svg() { return svg_; }

  void draw_mark(const Mark& mark) {
    const Svg::Stroke stroke{Colour::ink, 1, "3 3"};
    const Svg::Text small{kText - 1, Anchor::start};
    if (mark.upright && x_.covers(mark.at)) {
      const double at = x(mark.at);
      const bool turned = at > (left_ + right_) / 2;  // where the text has room
      svg_.line(at, top_, at, bottom_, stroke);
      svg_.text(turned ? at - 5 : at + 5, top_ + 12, mark.text,
                {small.size, turned ? Anchor::end : Anchor::start});
    }
    if (!mark.upright && y_.covers(mark.at)) {
      const double at = y(mark.at);
      svg_.line(left_, at, right_, at, stroke);
      svg_.text(right_ - 4, at < top_ + 16 ? at + 13 : at - 5, mark.text, {small.size, Anchor::end});
    }
  }

  void draw_nothing() {
    svg_.text((left_ + right_) / 2, (top_ + bottom_) / 2, "nothing to show", {kText + 1, Anchor::middle});
  }

 private:
  /// Above the chart, in as many lines as needed; returns where it ends.
  double draw_legend(const std::vector<Legend>& legend, double width) {
    if (legend.size() == 1 && legend[0].name.empty()) return 4;
    double at = left_, y = 6;
    for (const Legend& entry : legend) {
      const double wide = 30 + kLetter * static_cast<double>(entry.name.size());
      if (at > left_ && at + wide > width - 8) at = left_, y += 18;
      svg_.line(at, y + 8, at + 18, y + 8, {entry.colour, 3, entry.dashed ? "5 3" : ""});
      svg_.text(at + 23, y + 12, entry.name, {kText});
      at += wide + 12;
    }
    return legend.empty() ? 4 : y + 18;
  }

  void draw_axes(double height) {
    const Svg::Stroke grid{Colour::faint, 1};
    double free = -kInf;  // right end of the last text along x
    for (const double v : x_.marks()) {
      const std::string text = x_.write(v);
      const double half = kLetter * static_cast<double>(text.size()) / 2;
      svg_.line(x(v), top_, x(v), bottom_, grid);
      if (x(v) - half < free + 4) continue;
      svg_.text(x(v), bottom_ + 18, text, {kText, Anchor::middle});
      free = x(v) + half;
    }
    for (const double v : y_.marks()) {
      svg_.line(left_, y(v), right_, y(v), grid);
      svg_.text(left_ - 7, y(v) + 4, y_.write(v), {kText, Anchor::end});
    }
    svg_.line(left_, bottom_, right_, bottom_, {Colour::ink, 1});
    svg_.line(left_, top_, left_, bottom_, {Colour::ink, 1});
    const std::string &across = x_.axis().title, &up = y_.axis().title;
    if (!across.empty()) svg_.text((left_ + right_) / 2, height - 8, across, {kText, Anchor::middle});
    if (!up.empty())
      svg_.text(14, (top_ + bottom_) / 2, up, {kText, Anchor::middle, Colour::ink, false, -90});
  }

  Svg svg_;
  const Range &x_, &y_;
  double left_, right_, top_, bottom_;
};

/// Pieces between what cannot be shown.
void draw_series(Canvas& canvas, const Series& series, Colour colour) {
  Svg::Points piece;
  const auto flush = [&] {
    if (series.line && piece.size() > 1)
      canvas.svg().polyline(piece, {colour, 2, series.dashed ? "6 4" : ""});
    if (series.line && piece.size() == 1) canvas.svg().circle(piece[0].first, piece[0].second, 2.5, colour);
    piece.clear();
  };
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (!canvas.covers(series.x[i], series.y[i])) {
      flush();
      continue;
    }
    piece.emplace_back(canvas.x(series.x[i]), canvas.y(series.y[i]));
    if (series.points)
      canvas.svg().circle(piece.back().first, piece.back().second, 3, colour,
                          fmt::format("{}{}{:.4g}, {:.4g}", series.name, series.name.empty() ? "" : ": ",
                                      series.x[i], series.y[i]));
  }
  flush();
}

}  // namespace

std::string line_chart(const Chart& chart) {
  Range x(chart.x), y(chart.y);
  std::vector<Legend> legend;
  for (const Series& s : chart.series) {
    if (s.x.size() != s.y.size())
      throw ShapeError(message("[plot] series '", s.name, "' has ", s.x.size(), " x and ", s.y.size(), " y"));
    for (std::size_t i = 0; i < s.x.size(); ++i)
      if (x.shows(s.x[i]) && y.shows(s.y[i])) x.add(s.x[i]), y.add(s.y[i]);
    legend.push_back({s.name, series_colour(legend.size()), s.dashed});
  }
  const bool empty = x.empty();
  for (const Mark& mark : chart.marks)
    if (!empty) (mark.upright ? x : y).add(mark.at);
  x.settle(false);
  y.settle(true);
  Canvas canvas(chart.width, chart.height, chart.label, x, y, legend);
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    draw_series(canvas, chart.series[i], series_colour(i));
  for (const Mark& mark : chart.marks) canvas.draw_mark(mark);
  if (empty) canvas.draw_nothing();
  return canvas.svg().str();
}

namespace {

/// Freedman, Diaconis 1981: bins of width 2 IQR / n^(1/3).
int bins_for(std::vector<double> values, double low, double high) {
  constexpr int kFewest = 5, kMost = 60;
  if (values.empty()) return kFewest;
  std::ranges::sort(values);
  const auto quantile = [&](double q) {
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
  };
  const double width = 2 * (quantile(0.75) - quantile(0.25)) / std::cbrt(static_cast<double>(values.size()));
  const double bins =
      width > 0 ? std::ceil((high - low) / width) : std::sqrt(static_cast<double>(values.size()));
  return static_cast<int>(std::clamp<double>(bins, kFewest, kMost));
}

}  // namespace

std::string histogram(const Histogram& histogram) {
  Axis across = histogram.x;
  across.log = false;
  Range x(across), y(histogram.y);
  std::vector<double> all;
  std::vector<Legend> legend;
  for (const Sample& sample : histogram.samples) {
    for (const double v : sample.values)
      if (x.shows(v)) x.add(v), all.push_back(v);
    legend.push_back({sample.name, series_colour(legend.size()), false});
  }
  const bool empty = all.empty();
  double low = 0, high = 1;
  if (!empty) {
    const auto [least, most] = std::ranges::minmax(all);
    low = histogram.x.low.value_or(least);
    high = histogram.x.high.value_or(most);
    if (!(high > low)) low -= 0.5, high = low + 1;
  }
  const int bins = histogram.bins > 0 ? histogram.bins : bins_for(std::move(all), low, high);
  const auto count = static_cast<std::size_t>(bins);
  std::vector<std::vector<double>> heights;
  for (const Sample& sample : histogram.samples) {
    auto& tally = heights.emplace_back(count);
    for (const double v : sample.values)
      if (x.shows(v) && v >= low && v <= high)
        ++tally[std::min(count - 1,
                         static_cast<std::size_t>((v / 2 - low / 2) / (high / 2 - low / 2) * bins))];
    for (const double h : tally) y.add(h);
  }
  x.add(low);
  x.add(high);
  if (!histogram.y.log) y.add(0);
  if (!empty)
    for (const Mark& mark : histogram.marks) (mark.upright ? x : y).add(mark.at);
  x.settle(false);
  y.settle(true);
  Canvas canvas(histogram.width, histogram.height, histogram.label, x, y, legend);
  const double floor = canvas.y(histogram.y.log ? y.marks().front() : 0);
  for (std::size_t s = 0; s < heights.size(); ++s)
    for (std::size_t b = 0; b < count; ++b) {
      if (!y.covers(heights[s][b]) || heights[s][b] == 0) continue;
      const auto edge = [&](std::size_t i) { return low + (high - low) * static_cast<double>(i) / bins; };
      const double from = canvas.x(edge(b)), to = canvas.x(edge(b + 1)), top = canvas.y(heights[s][b]);
      canvas.svg().rectangle(from + 0.5, top, std::max(0.5, to - from - 1), std::max(0.0, floor - top),
                             series_colour(s), heights.size() > 1 ? 0.6 : 0.85,
                             fmt::format("{:.4g} to {:.4g}: {:.0f}", edge(b), edge(b + 1), heights[s][b]));
    }
  for (const Mark& mark : histogram.marks) canvas.draw_mark(mark);
  if (empty) canvas.draw_nothing();
  return canvas.svg().str();
}

}  // namespace ebm::report
