#include <gtest/gtest.h>

#include "ebm/core/pool.hpp"
#include "ebm/models/amount_generator.hpp"
#include "ebm/models/check_reader.hpp"

namespace ebm::models {
namespace {

// A fresh reader each time: what threads may spoil for each other is what the first readings set up.
TEST(CheckReader, ReadFromSeveralThreads_ReadsAsFromOne) {
  const AmountGenerator generator;
  constexpr std::size_t kFields = 12;
  const CheckReader first({});
  std::vector<Check> checks;
  for (std::size_t i = 0; i < kFields; ++i) checks.push_back(first.see(generator.field(i).image));
  std::vector<std::string> alone(kFields);
  for (std::size_t i = 0; i < kFields; ++i) alone[i] = first.read(checks[i]).at(0).amount;
  set_threads(4);
  for (int round = 0; round < 100; ++round) {
    const CheckReader reader({});
    std::vector<std::string> together(kFields);
    parallel_for(kFields, [&](std::size_t i) { together[i] = reader.read(checks[i]).at(0).amount; });
    EXPECT_EQ(together, alone);
  }
  set_threads(0);
}

}  // namespace
}  // namespace ebm::models
