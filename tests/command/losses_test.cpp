#include <set>

#include "command_test.hpp"

namespace ebm::app {
namespace {

const std::set<std::string> kKeys{"energy",
                                  "perceptron",
                                  "hinge",
                                  "log",
                                  "lvq2",
                                  "mce",
                                  "square-square",
                                  "square-exponential",
                                  "nll",
                                  "mee",
                                  "contrastive-exponential",
                                  "contrastive-margin",
                                  "cd",
                                  "pcd"};

TEST(LossesCommand, AsJson_IsAListOfRows_OneALoss) {
  const json rows = done({"losses", "--json"}).value();
  ASSERT_TRUE(rows.is_array());
  std::set<std::string> keys;
  for (const json& row : rows) {
    keys.insert(row.at("key"));
    for (const char* field :
         {"name", "equation", "slope_truth", "slope_contrast", "margin", "contrast", "energies", "source"})
      EXPECT_FALSE(row.at(field).get<std::string>().empty()) << row;
    EXPECT_TRUE(row.at("can_collapse").is_boolean());
    EXPECT_FALSE(row.at("needs").empty());
    EXPECT_TRUE(row.at("options").is_object());
    if (row.at("key") == "hinge") {
      EXPECT_EQ(row.at("options").at("margin"), 1.0);
      EXPECT_EQ(row.at("needs"), json({"minimum", "others"}));
      EXPECT_EQ(row.at("margin_between_answers"), true);
    }
  }
  EXPECT_EQ(keys, kKeys);
}

TEST(LossesCommand, AsText_NamesEveryLoss) {
  const std::string text = done({"losses"}).out;
  for (const std::string& key : kKeys) EXPECT_NE(text.find("\n" + key + " "), std::string::npos) << key;
}

TEST(LossesCommand, Check_FailsTheThreeWithoutAMargin_AndSaysWhy) {
  const json rows = done({"losses", "check", "--json"}).value();
  std::set<std::string> keys, bad, open;
  for (const json& row : rows) {
    keys.insert(row.at("key"));
    EXPECT_FALSE(row.at("why").get<std::string>().empty());
    if (row.at("good").is_null())
      open.insert(row.at("key"));
    else if (!row.at("good").get<bool>())
      bad.insert(row.at("key"));
  }
  EXPECT_EQ(keys, kKeys);
  EXPECT_EQ(bad, (std::set<std::string>{"energy", "perceptron", "lvq2"}));
  EXPECT_EQ(open, (std::set<std::string>{"cd", "pcd"}));
  EXPECT_NE(done({"losses", "check"}).out.find("nothing pushes o up"), std::string::npos);
  EXPECT_EQ(done({"losses", "--json", "check"}).value(), rows);
}

TEST(LossesCommand, CheckBelowZero_FailsTheSameThree_AndTellsTheOptionsItUsed) {
  for (const json& row : done({"losses", "check", "--low=-2", "--high", "4", "--json"}).value()) {
    const std::string key = row.at("key");
    if (key == "square-square" || key == "contrastive-margin") {
      EXPECT_EQ(row.at("good"), true) << row;
    }
    if (key == "contrastive-exponential") {
      EXPECT_EQ(row.at("options").at("q"), 4) << "the upper bound of the energies";
    }
  }
  EXPECT_NE(done({"losses", "check"}).out.find("q = 4"), std::string::npos);
}

TEST(LossesCommand, CheckOnADisc_PassesTheEnergyLossToo) {
  for (const json& row : done({"losses", "check", "--region", "disc", "--json"}).value())
    if (row.at("key") == "energy") {
      EXPECT_EQ(row.at("good"), true);
    }
}

TEST(LossesCommand, CheckOfARegionThatMakesNoSense_IsAUsageErrorThatNamesTheOption) {
  EXPECT_EQ(run({"losses", "check", "--region", "moon"}).code, 2);
  EXPECT_EQ(run({"losses", "check", "--margin", "-1"}).code, 2);
  EXPECT_EQ(run({"losses", "check", "--margin", "nan"}).code, 2);
  for (const auto& [words, told] :
       {std::pair{Words{"losses", "check", "--margin", "9"}, "--margin: 9 is more than any gap in the box"},
        std::pair{
            Words{"losses", "check", "--region", "disc", "--margin", "2.9", "--low", "0", "--high", "4"},
            "--margin: 2.9 is more than any gap in the disc"},
        std::pair{Words{"losses", "check", "--low", "2", "--high", "1"}, "--low: 2 is not below --high 1"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_NE(outcome.err.find(told), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("[loss]"), std::string::npos) << outcome.err;
    EXPECT_TRUE(outcome.out.empty());
  }
}

}  // namespace
}  // namespace ebm::app
