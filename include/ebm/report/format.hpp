#pragma once
/// \file
/// Numbers as people read them. What is unknown or infinite is a dash.

#include <string>

namespace ebm::report {

std::string fixed(double value, int digits);           ///< 3.142
std::string general(double value, int digits);         ///< 4 significant digits: 0.001234, 1.2e-09, 1235
std::string percent(double fraction, int digits = 1);  ///< 0.123 -> "12.3 %"
std::string grouped(long long count);                  ///< 340908 -> "340,908"
std::string duration(double seconds);                  ///< "0.4 s", "12 s", "3:20", "1:02:03"

}  // namespace ebm::report
