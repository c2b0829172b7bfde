#include "ebm/models/confidence.hpp"

#include <algorithm>
#include <functional>

namespace ebm::models {

std::vector<RejectPoint> reject_curve(std::vector<Judged> judged, std::size_t fields) {
  std::ranges::sort(judged, std::greater<>{}, &Judged::confidence);
  const double all = static_cast<double>(std::max<std::size_t>(fields, 1));
  std::vector<RejectPoint> out{{kInf, static_cast<double>(fields) / all, 0}};
  std::size_t read = 0, wrong = 0;
  while (read < judged.size()) {
    const double level = judged[read].confidence;  // equals cannot be parted by a threshold
    for (; read < judged.size() && judged[read].confidence == level; ++read) wrong += !judged[read].right;
    out.push_back({level, static_cast<double>(fields - read) / all, static_cast<double>(wrong) / all});
  }
  return out;
}

std::vector<ConfidenceBin> calibration(std::span<const Judged> judged, int count) {
  std::vector<ConfidenceBin> bins(static_cast<std::size_t>(count));
  for (std::size_t b = 0; b < bins.size(); ++b) {
    bins[b].low = static_cast<double>(b) / count;
    bins[b].high = static_cast<double>(b + 1) / count;
  }
  for (const Judged& j : judged) {
    ConfidenceBin& bin = bins[static_cast<std::size_t>(
        std::min(count - 1, static_cast<int>(std::clamp(j.confidence, 0.0, 1.0) * count)))];
    ++bin.fields;
    bin.confidence += j.confidence;
    bin.accuracy += j.right;
  }
  std::erase_if(bins, [](const ConfidenceBin& bin) { return bin.fields == 0; });
  for (ConfidenceBin& bin : bins) {
    bin.confidence /= static_cast<double>(bin.fields);
    bin.accuracy /= static_cast<double>(bin.fields);
  }
  return bins;
}

}  // namespace ebm::models
