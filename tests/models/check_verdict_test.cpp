#include "ebm/models/check_verdict.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/core/rng.hpp"

namespace ebm::models {
namespace {

std::string random_string(Rng& rng, int longest) {
  std::string out;
  for (int i = rng.below(longest + 1); i > 0; --i) out += static_cast<char>('0' + rng.below(3));
  return out;
}

// Its definition, without a table.
int distance(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return static_cast<int>(a.size() + b.size());
  return std::min({distance(a.substr(1), b) + 1, distance(a, b.substr(1)) + 1,
                   distance(a.substr(1), b.substr(1)) + (a[0] != b[0])});
}

TEST(EditDistance, OfRandomStrings_EqualsItsDefinition) {
  Rng rng(1);
  for (int i = 0; i < 500; ++i) {
    const std::string a = random_string(rng, 5), b = random_string(rng, 6);
    EXPECT_EQ(edit_distance(a, b), distance(a, b)) << a << ' ' << b;
  }
}

TEST(EditDistance, OfLongStrings_IsADistance) {
  Rng rng(2);
  for (int i = 0; i < 200; ++i) {
    const std::string a = random_string(rng, 30), b = random_string(rng, 30), c = random_string(rng, 30);
    EXPECT_EQ(edit_distance(a, b), edit_distance(b, a));
    EXPECT_EQ(edit_distance(a, b) == 0, a == b);
    EXPECT_LE(edit_distance(a, c), edit_distance(a, b) + edit_distance(b, c));
  }
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("1250", "120"), 1);
}

CheckResult result(const char* label, const char* read, double confidence) {
  CheckResult out{"f", label, {}, ""};
  if (read) out.readings.push_back({read, 1, confidence, {}});
  return out;
}

TEST(Summarise, OfKnownResults_CountsThem) {
  const std::vector<CheckResult> results{result("12", "12", 0.9),    // read
                                         result("345", "35", 0.8),   // read and wrong: one character of three
                                         result("6", "6", 0.3),      // right but rejected
                                         result("78", "99", 0.2),    // rejected: two of two
                                         result("90", nullptr, 0)};  // nothing read: two of two
  const Verdict v = summarise(results, 0.5);
  EXPECT_EQ(v.fields, 5);
  EXPECT_EQ(v.correct, 2);
  EXPECT_EQ(v.read, 2);
  EXPECT_EQ(v.rejected, 3);
  EXPECT_EQ(v.wrong, 1);
  EXPECT_EQ(v.threshold, 0.5);
  EXPECT_DOUBLE_EQ(v.string_accuracy, 0.4);
  EXPECT_DOUBLE_EQ(v.digit_error_rate, 5.0 / 10);
}

TEST(Summarise, AtTheThresholdItself_Reads) {
  EXPECT_EQ(summarise(std::vector{result("1", "1", 0.5)}, 0.5).read, 1);
  EXPECT_EQ(summarise(std::vector{result("1", "1", 0.5)}, std::nextafter(0.5, 1)).read, 0);
  EXPECT_EQ(summarise(std::vector{result("1", nullptr, 0)}, 0).read, 0);  // no reading is never read
}

// Wilson's bounds are where the true rate p lies 1.96 of its own standard errors from what was counted.
TEST(Summarise, Interval_SolvesWilsonsEquation) {
  for (const int n : {1, 10, 135})
    for (int right = 0; right <= n; right += std::max(1, n / 5)) {
      std::vector<CheckResult> results;
      for (int i = 0; i < n; ++i) results.push_back(result("1", i < right ? "1" : "2", 1));
      const Verdict v = summarise(results, 0);
      const double counted = static_cast<double>(right) / n;
      for (const double p : {v.low, v.high})
        EXPECT_NEAR(std::abs(counted - p), 1.96 * std::sqrt(p * (1 - p) / n), 1e-9) << n << ' ' << right;
      EXPECT_LE(v.low, counted + 1e-12);
      EXPECT_GE(v.high, counted - 1e-12);
      EXPECT_GE(v.low, 0);
      EXPECT_LE(v.high, 1);
    }
}

TEST(Summarise, OfNothing_IsZero) {
  const Verdict v = summarise({}, 0.5);
  EXPECT_EQ(v.fields, 0);
  EXPECT_EQ(v.string_accuracy, 0);
  EXPECT_EQ(v.digit_error_rate, 0);
  EXPECT_TRUE(std::isfinite(v.low) && std::isfinite(v.high));
}

}  // namespace
}  // namespace ebm::models
