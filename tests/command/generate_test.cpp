#include <csignal>

#include "command_test.hpp"
#include "ebm/io/labels.hpp"

namespace ebm::app {
namespace {

TEST(GenerateAmounts, MakesAFolderThatIsReadBack) {
  io::Folder folder;
  const json value =
      done({"generate", "amounts", "--count", "12", "--out", folder / "fields", "--seed", "5", "--json"})
          .value();
  EXPECT_EQ(value.at("count"), 12);
  EXPECT_EQ(value.at("seed"), 5);
  const io::LabelledFolder read = io::read_labelled_folder(folder / "fields");
  ASSERT_EQ(read.images.size(), 12u);
  EXPECT_GE(read.table.column("file"), 0);
  EXPECT_GE(read.table.column("amount"), 0);
  for (const io::LabelledImage& field : read.images) {
    EXPECT_FALSE(field.amount.empty());
    EXPECT_EQ(field.amount.find_first_not_of("0123456789"), std::string::npos) << field.amount;
    EXPECT_GT(field.image.width, field.image.height);
  }
}

TEST(GenerateAmounts, OfOneSeed_AreTheSameForAnyCountAndThreads) {
  io::Folder folder;
  make_fields(folder / "a", 9, 3);
  done({"generate", "amounts", "--count", "4", "--seed", "3", "--threads", "1", "--out", folder / "b",
        "--quiet"});
  make_fields(folder / "c", 4, 4);
  for (const char* name : {"amount_000000.pgm", "amount_000003.pgm"}) {
    EXPECT_EQ(text_of(folder / "a" / name), text_of(folder / "b" / name));
    EXPECT_NE(text_of(folder / "a" / name), text_of(folder / "c" / name));
  }
}

TEST(GenerateAmounts, InDollars_HaveCents) {
  io::Folder folder;
  done({"generate", "amounts", "--style", "dollars", "--count", "8", "--out", folder / "d", "--quiet"});
  for (const io::LabelledImage& field : io::read_labelled_folder(folder / "d").images)
    EXPECT_EQ(field.amount.find('.'), field.amount.size() - 3) << field.amount;
}

TEST(GenerateAmounts, WhereNoFolderCanBe_IsExitCodeThree) {
  io::Folder folder;
  io::write_file(folder / "file", std::string_view("x"));
  const Outcome outcome = run({"generate", "amounts", "--count", "1", "--out", folder / "file" / "below"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_HAS(outcome.err, "below");
}

TEST(GenerateAmounts, Quiet_SaysNothing) {
  io::Folder folder;
  const Outcome outcome = done({"generate", "amounts", "--count", "1", "--out", folder / "q", "--quiet"});
  EXPECT_EQ(outcome.out + outcome.err, "");
}

TEST(GenerateAmounts, OverAnEarlierSet_ReplaceItWhole_AndNothingElse) {
  io::Folder folder;
  make_fields(folder / "f", 9, 3);
  io::write_file(folder / "f" / "notes.txt", std::string_view("mine"));
  make_fields(folder / "f", 4, 5);
  make_fields(folder / "fresh", 4, 5);
  auto expected = contents(folder / "fresh");
  expected["notes.txt"] = "mine";
  EXPECT_EQ(contents(folder / "f"), expected);
}

TEST(GenerateAmounts, Stopped_LeaveTheEarlierSetAsItWas) {
  for (const int signal : {SIGINT, SIGTERM, SIGKILL})
    for (const char* name : {"old", "new"}) {
      io::Folder folder;
      make_fields(folder / "old", 5, 3);
      const auto before = contents(folder / "old");
      const std::filesystem::path out = folder / name, part = out / ".amounts.part";
      const Running running({"generate", "amounts", "--count", "200000", "--out", out, "--quiet"});
      for (int tries = 0; tries < 3000 && !std::filesystem::exists(part / "amount_000007.pgm"); ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      running.signal(signal);
      const Outcome outcome = running.wait();
      if (signal == SIGKILL) {  // what it left is gone with the next run
        EXPECT_FALSE(std::filesystem::exists(folder / "new" / "labels.tsv"));
        make_fields(out, 5, 3);
        EXPECT_EQ(contents(out), before);
      } else {
        EXPECT_EQ(outcome.code, 130) << outcome.err;
        EXPECT_HAS(outcome.err, "as it was");
        EXPECT_EQ(contents(folder / "old"), before);
        EXPECT_FALSE(std::filesystem::exists(folder / "new"));
      }
    }
}

TEST(GenerateAmounts, OverLabelsOfOtherImages_AreRefused) {
  io::Folder folder;
  make_fields(folder / "f", 2);
  std::filesystem::rename(folder / "f" / "amount_000001.pgm", folder / "f" / "mine.pgm");
  std::string labels = text_of(folder / "f" / "labels.tsv");
  labels.replace(labels.find("amount_000001"), 13, "mine");
  io::write_file(folder / "f" / "labels.tsv", labels);
  const auto before = contents(folder / "f");
  const Outcome outcome = run({"generate", "amounts", "--count", "1", "--out", folder / "f"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_HAS(outcome.err, "mine.pgm");
  EXPECT_EQ(contents(folder / "f"), before);
}

}  // namespace
}  // namespace ebm::app
