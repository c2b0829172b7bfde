#include "roc_chart.hpp"

#include <cmath>

#include "ebm/report/plot.hpp"

namespace ebm::app {

std::string roc_chart(const RocChart& chart) {
  report::Chart c;
  c.label = chart.label;
  c.x = {.title = chart.rejected, .log = false, .percent = true, .low = 0.0, .high = chart.most};
  c.y = {.title = chart.accepted, .log = false, .percent = true, .low = 0.0, .high = chart.most};
  const double step = chart.most / 400;  // what the eye can tell apart
  for (const RocCurve& curve : chart.curves) {
    report::Series s{.name = curve.name, .x = {}, .y = {}, .dashed = curve.dashed};
    for (const models::RocPoint& p : curve.points) {
      if (p.false_rejects > chart.most || p.false_accepts > chart.most) continue;
      if (!s.x.empty() && std::abs(s.x.back() - p.false_rejects) < step &&
          std::abs(s.y.back() - p.false_accepts) < step)
        continue;
      s.x.push_back(p.false_rejects);
      s.y.push_back(p.false_accepts);
    }
    c.series.push_back(s);
  }
  c.series.push_back({.name = "both equal", .x = {0, chart.most}, .y = {0, chart.most}, .dashed = true});
  return report::line_chart(c);
}

}  // namespace ebm::app
