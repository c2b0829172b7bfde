#pragma once
/// \file
/// Line charts and histograms as SVG. NaN and infinite values are passed over; a chart of nothing says so.

#include <optional>
#include <string>
#include <vector>

#include "ebm/report/svg.hpp"

namespace ebm::report {

struct Axis {
  std::string title;
  bool log = false;                 ///< values <= 0 are passed over
  bool percent = false;             ///< values are fractions, ticks are percents
  bool whole = false;               ///< values are counted: no ticks between whole numbers
  std::optional<double> low, high;  ///< else from the data; y is widened to a tick
};

struct Series {
  std::string name;
  std::vector<double> x, y;  ///< of equal length
  bool line = true, points = false;
  bool dashed = false;
};

/// A line across the chart at one value, e.g. a threshold or a published figure.
struct Mark {
  double at = 0;
  std::string text;
  bool upright = true;  ///< at an x; else at a y
};

struct Chart {
  std::string label;  ///< what is seen, in words
  Axis x, y;
  std::vector<Series> series;
  std::vector<Mark> marks;
  double width = 440, height = 285;
};

/// \throws ShapeError when a series has not as many x as y.
std::string line_chart(const Chart& chart);

struct Sample {
  std::string name;
  std::vector<double> values;
};

struct Histogram {
  std::string label;
  Axis x, y;                    ///< y counts; x.log is not for histograms and is ignored
  std::vector<Sample> samples;  ///< drawn over each other
  int bins = 0;                 ///< 0: by Freedman and Diaconis 1981, 5 to 60
  std::vector<Mark> marks;
  double width = 440, height = 285;
};

std::string histogram(const Histogram& histogram);

/// Multiples of 1, 2 or 5 times a power of ten that cover [low, high] from inside, about `wanted` of them,
/// exact to the last digit shown. \pre low <= high, finite
std::vector<double> ticks(double low, double high, int wanted);
/// Powers of ten in [low, high], with 2 and 5 between where there are few. \pre 0 < low <= high
std::vector<double> log_ticks(double low, double high, int wanted);

}  // namespace ebm::report
