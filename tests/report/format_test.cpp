#include "ebm/report/format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ebm/core/error.hpp"
#include "ebm/report/table.hpp"

namespace ebm::report {
namespace {

TEST(Format, Numbers_ReadAsPeopleWriteThem) {
  EXPECT_EQ(fixed(3.14159, 2), "3.14");
  EXPECT_EQ(general(0.00123456, 3), "0.00123");
  EXPECT_EQ(percent(0.1234), "12.3 %");
  EXPECT_EQ(grouped(340908), "340,908");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(grouped(-123), "-123");
  EXPECT_EQ(grouped(12), "12");
  EXPECT_EQ(duration(0.42), "0.4 s");
  EXPECT_EQ(duration(59), "59 s");
  EXPECT_EQ(duration(200), "3:20");
  EXPECT_EQ(duration(3723), "1:02:03");
}

TEST(Format, UnknownOrInfinite_IsADash) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const std::string& text :
       {fixed(NAN, 2), general(inf, 3), percent(-inf), duration(NAN), duration(inf)})
    EXPECT_EQ(text, "\u2013");
}

TEST(Table, Columns_AreAlignedAndNumbersSetToTheRight) {
  Table table({"loss", "error"});
  table.row({"perceptron", "3.2 %"}).row({"nll \u00e9", "12.0 %"}).row({"none", "\u2013"});
  EXPECT_EQ(table.text(),
            "loss         error\n"
            "----------  ------\n"
            "perceptron   3.2 %\n"
            "nll \u00e9       12.0 %\n"
            "none             \u2013\n");
  EXPECT_TRUE(table.is_numeric(1));
  EXPECT_FALSE(table.is_numeric(0));
}

TEST(Table, NumbersWithUnits_CountAsNumbers) {
  Table table({"a", "b", "c"});
  table.row({"1,234", "0.7 ns", "3 blind mice"}).row({"-2e-5", "3:20", "1"});
  EXPECT_TRUE(table.is_numeric(0));
  EXPECT_TRUE(table.is_numeric(1));
  EXPECT_FALSE(table.is_numeric(2));
}

TEST(Table, RowOfAnotherLength_IsRefused) { EXPECT_THROW(Table({"a"}).row({"1", "2"}), ShapeError); }

}  // namespace
}  // namespace ebm::report
