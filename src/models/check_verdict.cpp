#include "ebm/models/check_verdict.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace ebm::models {

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i) + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const int above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] != b[j])});
      diagonal = above;
    }
  }
  return row.back();
}

inline namespace EBM_PRECISION {

Verdict summarise(std::span<const CheckResult> results, double threshold) {
  Verdict v;
  v.threshold = threshold;
  double edits = 0, characters = 0;
  for (const CheckResult& r : results) {
    ++v.fields;
    v.correct += r.right();
    const bool read = !r.readings.empty() && r.confidence() >= threshold;
    v.read += read;
    v.rejected += !read;
    v.wrong += read && !r.right();
    edits += edit_distance(r.readings.empty() ? std::string_view() : r.readings[0].amount, r.amount);
    characters += static_cast<double>(r.amount.size());
  }
  const double n = std::max(1, v.fields), p = v.correct / n, z = 1.96;
  v.string_accuracy = p;
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
  v.low = std::max(0.0, middle - half);
  v.high = std::min(1.0, middle + half);
  v.digit_error_rate = characters > 0 ? edits / characters : 0;
  return v;
}

}  // namespace EBM_PRECISION
}  // namespace ebm::models
