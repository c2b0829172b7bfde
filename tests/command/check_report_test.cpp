#include "command_test.hpp"
#include "ebm/io/image.hpp"
#include "report/report_test.hpp"

namespace ebm::app {
namespace {

using report::count;

/// Trains a little, judges on other fields, and gives the page.
std::string page(const io::Folder& folder, const Words& training, const Words& judging) {
  make_fields(folder / "train", 60);
  make_fields(folder / "test", 70, 2);
  io::write_pgm(folder / "test" / "blank.pgm", {80, 40, std::vector<std::uint8_t>(3200, 255)});
  io::write_file(folder / "test" / "labels.tsv",
                 text_of(folder / "test" / "labels.tsv") + "blank.pgm\t<7>\t80\t40\n");
  Words train{"check-reader",
              "train",
              "--data",
              folder / "train",
              "--out",
              folder / "m",
              "--character-fields",
              "60",
              "--character-epochs",
              "1",
              "--made",
              "0",
              "--quiet"};
  train.insert(train.end(), training.begin(), training.end());
  done(train);
  Words eval{"check-reader",  "eval",     "--model",           folder / "m", "--data",
             folder / "test", "--report", folder / "out.html", "--quiet"};
  eval.insert(eval.end(), judging.begin(), judging.end());
  done(eval);
  return text_of(folder / "out.html");
}

TEST(CheckReport, HasEveryPartAndNeedsNothingElse) {
  io::Folder folder;
  const std::string html = page(folder, {"--loss", "nll", "--epochs", "2"}, {"--target-error", "0.2"});
  EXPECT_EQ(report::fault(html), "");
  for (const char* title :
       {"Reading or rejecting", "How it was trained", "Fields, from the surest to the least sure",
        "The most confident mistakes", "Fields with no reading", "The model"})
    EXPECT_EQ(count(html, "<h2>" + std::string(title) + "</h2>"), 1u) << title;
  for (const char* part : {"Error against rejection", "Can the confidence be believed", "Energy gap by pass",
                           "Loss by pass", "path: ", "second: "})
    EXPECT_GE(count(html, part), 1u) << part;
  EXPECT_GE(count(html, "<polyline"), 24u * 2) << "cuts of the fields";
  EXPECT_EQ(count(html, "://"), 0u);
  EXPECT_EQ(count(html, "<script"), 0u);
  EXPECT_EQ(count(html, "href=") + count(html, "src="), count(html, "href=\"data:image/png;base64,"));
  EXPECT_LE(count(html, "data:image"), 60u);
  EXPECT_LT(html.size(), 3'000'000u);
  EXPECT_GE(count(html, "&lt;7&gt;"), 1u) << "the label of the field without ink, escaped";
}

TEST(CheckReport, OfAModelWithoutTrainingPassesOrValidation_SaysWhatItHasNot) {
  io::Folder folder;
  const std::string html =
      page(folder, {"--recogniser", "sdnn", "--epochs", "0", "--validation", "0"}, {"--target-error", "0"});
  EXPECT_EQ(report::fault(html), "");
  EXPECT_GE(count(html, "without validation fields"), 1u);
  EXPECT_EQ(count(html, ">nan") + count(html, "nan %") + count(html, "inf %"), 0u);
}

}  // namespace
}  // namespace ebm::app
