#pragma once
// How much the tables of one file may take that a few characters stand for: a gigabyte in all, told before
// any is allocated.

#include <string>

#include "ebm/core/error.hpp"

namespace ebm {

class TableRoom {
 public:
  // Why a table of so many entries is too much; empty when it is not.
  std::string take(double entries) {
    constexpr double kMost = 0x1p27;
    taken_ += entries;
    return taken_ <= kMost ? ""
                           : message("a table of ", entries, " entries (", 8 * entries / 0x1p20,
                                     " MiB) brings all to more than ", 8 * kMost / 0x1p20, " MiB");
  }

 private:
  double taken_ = 0;
};

}  // namespace ebm
