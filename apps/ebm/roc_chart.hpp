#pragma once
// The two errors of any threshold against each other, as the pages of siamese and of faces draw them.

#include <span>
#include <string>
#include <vector>

#include "ebm/models/verification.hpp"

namespace ebm::app {

struct RocCurve {
  std::string name;
  std::span<const models::RocPoint> points;
  bool dashed = false;
};
struct RocChart {
  std::string label, rejected, accepted;  // titles of the axes
  double most = 0.5;                      // errors shown, of each kind
  std::vector<RocCurve> curves;
};
std::string roc_chart(const RocChart& chart);

}  // namespace ebm::app
