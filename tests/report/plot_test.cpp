#include "ebm/report/plot.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ebm/core/error.hpp"
#include "report_test.hpp"

namespace ebm::report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(),
                 kInfinity = std::numeric_limits<double>::infinity();

TEST(Ticks, AreNiceNumbersInsideTheRange) {
  EXPECT_EQ(ticks(0, 1, 5), (std::vector<double>{0, 0.2, 0.4, 0.6, 0.8, 1}));
  EXPECT_EQ(ticks(0, 0.3, 3), (std::vector<double>{0, 0.1, 0.2, 0.3}));
  EXPECT_EQ(ticks(-7, 12, 4), (std::vector<double>{-5, 0, 5, 10}));
  EXPECT_EQ(ticks(1234, 5678, 4), (std::vector<double>{2000, 4000}));
}

TEST(Ticks, ForAnyRange_AreFewOrderedAndInside) {
  for (const double low : {-1e300, -1e9, -3.7, -1e-7, 0.0, 1e-12, 0.3, 5.0, 1e15, 1e300})
    for (const double wide : {0.0, 1e-300, 1e-9, 1e-3, 0.7, 3.0, 1e5, 1e17, 1e300}) {
      const auto found = ticks(low, low + wide, 5);
      EXPECT_LE(found.size(), 12u) << low << " + " << wide;
      EXPECT_FALSE(found.empty());
      EXPECT_TRUE(std::ranges::is_sorted(found));
    }
}

TEST(LogTicks, ArePowersOfTenOrFiner) {
  EXPECT_EQ(log_ticks(1e-3, 10, 6), (std::vector<double>{1e-3, 1e-2, 1e-1, 1, 10}));
  EXPECT_EQ(log_ticks(1, 6, 5), (std::vector<double>{1, 2, 5}));
  EXPECT_LE(log_ticks(1e-300, 1e300, 5).size(), 8u);
}

Chart two_lines() {
  Chart chart;
  chart.label = "error by epoch";
  chart.x.title = "epoch";
  chart.y.title = "error <%>";
  chart.series = {{"train & co", {1, 2, 3}, {3, 2, 1}}, {"test", {1, 2, 3}, {3, 2.5, 2}, true, true}};
  chart.marks = {{2.2, "paper"}, {1.5, "bar", false}};
  return chart;
}

TEST(LineChart, IsWellFormedAndEscaped) {
  const std::string svg = line_chart(two_lines());
  EXPECT_EQ(fault(svg), "");
  EXPECT_EQ(count(svg, "<polyline"), 2u);
  EXPECT_EQ(count(svg, "<circle"), 3u);
  EXPECT_EQ(count(svg, "train &amp; co"), 1u);
  EXPECT_EQ(count(svg, "error &lt;%&gt;"), 1u);
  EXPECT_EQ(count(svg, ">paper<"), 1u);
}

TEST(LineChart, NanAndInfinity_BreakTheLineAndAreNotDrawn) {
  Chart chart;
  chart.series = {{"a", {0, 1, 2, 3, 4, 5}, {1, 2, kNan, 1, 2, kInfinity}}};
  const std::string svg = line_chart(chart);
  EXPECT_EQ(fault(svg), "");
  EXPECT_EQ(count(svg, "<polyline"), 2u);
  EXPECT_EQ(count(svg, "nan"), 0u);
  EXPECT_EQ(count(svg, "inf"), 0u);
}

TEST(LineChart, NothingToShow_SaysSo) {
  EXPECT_EQ(count(line_chart({}), "nothing to show"), 1u);
  Chart chart;
  chart.y.log = true;
  chart.series = {{"a", {1, 2}, {0, -1}}};
  EXPECT_EQ(count(line_chart(chart), "nothing to show"), 1u);
  EXPECT_EQ(fault(line_chart(chart)), "");
}

TEST(LineChart, OneValueAndConstants_AreDrawn) {
  Chart chart;
  chart.series = {{"one", {3}, {7}}, {"flat", {1, 2, 3}, {7, 7, 7}}};
  const std::string svg = line_chart(chart);
  EXPECT_EQ(fault(svg), "");
  EXPECT_EQ(count(svg, "<circle"), 1u);
  EXPECT_EQ(count(svg, "nan"), 0u);
}

TEST(LineChart, UprightAxis_EndsAtTicks) {
  Chart chart;
  chart.series = {{"", {0.1, 0.2}, {8.3, 32.6}}};
  const std::string svg = line_chart(chart);
  for (const char* tick : {">5<", ">10<", ">15<", ">20<", ">25<", ">30<", ">35<"})
    EXPECT_EQ(count(svg, tick), 1u) << tick;
}

/// Every coordinate of every line lies in the picture.
void expect_inside(const std::string& svg, double width, double height) {
  for (const auto& [name, most] :
       {std::pair{" x1=\"", width}, {" x2=\"", width}, {" y1=\"", height}, {" y2=\"", height}})
    for (std::size_t at = svg.find(name); at != svg.npos; at = svg.find(name, at + 1)) {
      const double value = std::stod(svg.substr(at + 5));
      EXPECT_GE(value, 0);
      EXPECT_LE(value, most);
    }
}

TEST(LineChart, AxisOfWholeNumbers_HasNoTickBetweenThem) {
  Chart chart;
  chart.series = {{"", {1, 2, 3}, {1, 2, 3}}};
  EXPECT_EQ(count(line_chart(chart), ">1.5<"), 2u);
  chart.x.whole = chart.y.whole = true;
  const std::string svg = line_chart(chart);
  EXPECT_EQ(count(svg, ">1.5<"), 0u);
  for (const char* tick : {">1<", ">2<", ">3<"}) EXPECT_EQ(count(svg, tick), 2u) << tick;
}

TEST(LineChart, ExtremeValues_StayInThePicture) {
  for (const double big : {1e-300, 1e-9, 1.0, 1e9, 1e300, 1.7e308}) {
    Chart chart;
    chart.series = {{"a", {-big, 0, big}, {big, -big, big / 3}}};
    const std::string svg = line_chart(chart);
    EXPECT_EQ(fault(svg), "");
    EXPECT_EQ(count(svg, "nan"), 0u) << big;
    expect_inside(svg, chart.width, chart.height);
  }
}

TEST(LineChart, LogAxis_PutsEqualRatiosAtEqualDistances) {
  Chart chart;
  chart.y.log = true;
  chart.series = {{"", {0, 1, 2}, {0.01, 0.1, 1}}};
  const std::string svg = line_chart(chart);
  const std::string points = svg.substr(svg.find("points=\"") + 8);
  double x[3], y[3];
  ASSERT_EQ(std::sscanf(points.c_str(), "%lf,%lf %lf,%lf %lf,%lf", x, y, x + 1, y + 1, x + 2, y + 2), 6);
  EXPECT_NEAR(y[0] - y[1], y[1] - y[2], 0.2);
  EXPECT_GT(y[0], y[1]);
}

TEST(LineChart, ManyPoints_StayASmallPicture) {
  Chart chart;
  chart.series.push_back({"a", {}, {}});
  for (int i = 0; i < 200'000; ++i) {
    chart.series[0].x.push_back(i);
    chart.series[0].y.push_back(i / 1000);
  }
  EXPECT_LT(line_chart(chart).size(), 200'000u);
}

TEST(LineChart, UnequalSeries_AreRefusedByName) {
  Chart chart;
  chart.series = {{"lopsided", {1, 2}, {1}}};
  try {
    line_chart(chart);
    FAIL();
  } catch (const ShapeError& e) {
    EXPECT_EQ(count(e.what(), "'lopsided'"), 1u);
  }
}

/// Sum of the counts that the bars tell when pointed at.
double counted(const std::string& svg) {
  double sum = 0;
  for (std::size_t at = svg.find("<rect x="); at != svg.npos; at = svg.find("<rect x=", at + 1)) {
    const std::size_t colon = svg.find(": ", at);
    sum += std::stod(svg.substr(colon + 2));
  }
  return sum;
}

TEST(Histogram, CountsEveryFiniteValueOnce) {
  Histogram h;
  h.samples = {{"right", {}}, {"wrong", {0.1, 0.2, kNan}}};
  for (int i = 0; i <= 1000; ++i) h.samples[0].values.push_back(i / 1000.0);
  const std::string svg = histogram(h);
  EXPECT_EQ(fault(svg), "");
  EXPECT_EQ(counted(svg), 1003);
  h.bins = 1;
  EXPECT_EQ(counted(histogram(h)), 1003);
}

TEST(Histogram, DegenerateData_IsDrawnOrSaysThatThereIsNone) {
  EXPECT_EQ(count(histogram({}), "nothing to show"), 1u);
  Histogram h;
  h.samples = {{"a", {5, 5, 5}}};
  EXPECT_EQ(counted(histogram(h)), 3);
  h.samples = {{"a", {-1e308, 1e308}}};
  EXPECT_EQ(fault(histogram(h)), "");
  EXPECT_EQ(counted(histogram(h)), 2);
}

}  // namespace
}  // namespace ebm::report
