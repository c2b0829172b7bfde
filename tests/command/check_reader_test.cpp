#include <csignal>
#include <fstream>

#include "command_test.hpp"
#include "ebm/io/labels.hpp"
#include "ebm/io/model_file.hpp"

namespace ebm::app {
namespace {

class CheckReaderCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    make_fields(fields_, 24);
    make_model(model_, fields_);
  }
  std::string image(int i) const { return fields_ / ("amount_00000" + std::to_string(i) + ".pgm"); }

  io::Folder folder_;
  const std::filesystem::path fields_ = folder_ / "fields", model_ = folder_ / "model.safetensors";
};

void expect_is_contract(const json& value) {
  for (const char* count : {"fields", "correct", "read", "rejected", "wrong"}) {
    ASSERT_TRUE(value.contains(count)) << count;
    EXPECT_TRUE(value.at(count).is_number_integer()) << count;
  }
  for (const char* fraction : {"string_accuracy", "target_error", "digit_error_rate", "seconds"}) {
    ASSERT_TRUE(value.contains(fraction)) << fraction;
    EXPECT_TRUE(value.at(fraction).is_number()) << fraction;
  }
  const int fields = value.at("fields"), read = value.at("read"), wrong = value.at("wrong");
  EXPECT_EQ(read + value.at("rejected").get<int>(), fields);
  EXPECT_LE(wrong, read);
  EXPECT_NEAR(value.at("string_accuracy").get<double>(), value.at("correct").get<double>() / fields, 1e-12);
}

TEST_F(CheckReaderCommand, Eval_PrintsTheContract) {
  for (const char* recogniser : {"hos", "sdnn"}) {
    make_model(model_, fields_, recogniser);
    const json value = done({"check-reader", "eval", "--model", model_, "--data", fields_, "--target-error",
                             "0.25", "--json"})
                           .value();
    expect_is_contract(value);
    EXPECT_EQ(value.at("fields"), 24);
    EXPECT_EQ(value.at("target_error"), 0.25);
  }
}

TEST_F(CheckReaderCommand, EvalOfLabelsThatTheGrammarRefuses_CountsAndNamesThem) {
  std::string labels = text_of(fields_ / "labels.tsv");
  for (const char* name : {"amount_000003.pgm\t", "amount_000007.pgm\t"})
    labels[labels.find(name) + 18] = 'x';
  const Words words{"check-reader", "eval", "--model", model_, "--data", fields_, "--json"};
  EXPECT_EQ(done(words).value().at("refused"), 0);
  io::write_file(fields_ / "labels.tsv", labels);
  const Outcome outcome = done(words);
  EXPECT_EQ(outcome.value().at("refused"), 2);
  EXPECT_EQ(outcome.value().at("fields"), 24);  // a label cannot leave the count
  EXPECT_HAS(outcome.err, "amount_000003.pgm: the grammar 'digits' has no amount 'x");
  EXPECT_HAS(outcome.err, "amount_000007.pgm");
  EXPECT_EQ(outcome.err.find("amount_000004.pgm"), std::string::npos);
  EXPECT_HAS(done({"check-reader", "eval", "--help"}).out, "refused");
}

TEST_F(CheckReaderCommand, EvalOfParts_TakesTheFieldsOfThoseParts) {
  int expected = 0;
  for (const io::LabelledImage& field : io::read_labelled_folder(fields_).images)
    expected += io::part_of(field.file) % 2 == 1;
  ASSERT_GT(expected, 0);
  const json value =
      done({"check-reader", "eval", "--model", model_, "--data", fields_, "--parts", "1,3", "--json"})
          .value();
  EXPECT_EQ(value.at("fields"), expected);
}

TEST_F(CheckReaderCommand, ReadOfOneImage_IsAnObjectAndOfSeveralAnArray) {
  const json one =
      done({"check-reader", "read", "--model", model_, image(0), "--best", "3", "--json"}).value();
  ASSERT_TRUE(one.is_object());
  EXPECT_EQ(one.at("file"), image(0));
  EXPECT_TRUE(one.at("amount").is_string());
  EXPECT_TRUE(one.at("energy").is_number());
  EXPECT_GE(one.at("confidence").get<double>(), 0);
  EXPECT_LE(one.at("confidence").get<double>(), 1);
  ASSERT_EQ(one.at("best").size(), 3u);
  EXPECT_EQ(one.at("best")[0].at("amount"), one.at("amount"));
  EXPECT_LE(one.at("best")[0].at("energy").get<double>(), one.at("best")[1].at("energy").get<double>());
  const json two = done({"check-reader", "read", "--model", model_, image(0), image(1), "--json"}).value();
  ASSERT_TRUE(two.is_array());
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].at("amount"), one.at("amount"));
  EXPECT_EQ(two[1].at("file"), image(1));
}

TEST_F(CheckReaderCommand, ReadAsText_IsALineOfFourColumnsPerImage) {
  const std::string text =
      done({"check-reader", "read", "--model", model_, image(0), image(1), image(2)}).out;
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_EQ(std::ranges::count(text, '\t'), 9);
  EXPECT_EQ(text.rfind(image(0) + '\t', 0), 0u) << text;
}

TEST_F(CheckReaderCommand, ReadOfAnImageWithoutInk_HasNoAmountAndSaysWhy) {
  const std::string blank = folder_ / "blank.pgm";
  io::write_pgm(blank, {60, 30, std::vector<std::uint8_t>(1800, 255)});
  const json value = done({"check-reader", "read", "--model", model_, blank, "--json"}).value();
  EXPECT_TRUE(value.at("amount").is_null());
  EXPECT_TRUE(value.at("energy").is_null());
  EXPECT_FALSE(value.at("reason").get<std::string>().empty());
  EXPECT_HAS(done({"check-reader", "read", "--model", model_, blank}).out,
             value.at("reason").get<std::string>());
}

TEST_F(CheckReaderCommand, ReadOfABadImageAmongGood_ReadsTheGoodAndNamesTheBad) {
  const std::string cut = folder_ / "cut.pgm";
  const std::string whole = text_of(image(0));
  io::write_file(cut, whole.substr(0, whole.size() / 2));
  const Outcome outcome =
      run({"check-reader", "read", "--model", model_, cut, image(1), folder_ / "gone.png", "--json"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_HAS(outcome.err, "cut.pgm");
  EXPECT_HAS(outcome.err, "gone.png");
  const json value = outcome.value();
  ASSERT_EQ(value.size(), 3u);
  EXPECT_TRUE(value[0].at("amount").is_null());
  EXPECT_TRUE(value[1].at("amount").is_string());
}

TEST_F(CheckReaderCommand, LabelWithLetters_IsNamedSkippedAndCounted) {
  std::string labels = text_of(fields_ / "labels.tsv");
  const std::size_t row = labels.find("amount_000002.pgm\t");
  const std::size_t end = labels.find('\t', row + 18);
  labels.replace(row + 18, end - row - 18, "12a4");
  io::write_file(fields_ / "labels.tsv", labels);
  const Outcome outcome = done({"check-reader", "train", "--data", fields_, "--loss", "perceptron",
                                "--recogniser", "hos", "--out", folder_ / "m", "--epochs", "1", "--made", "0",
                                "--character-epochs", "0", "--grammar", "digits", "--json"});
  EXPECT_EQ(outcome.value().at("skipped"), 1);
  EXPECT_HAS(outcome.err, "amount_000002.pgm");
  EXPECT_HAS(outcome.err, "12a4");
}

TEST_F(CheckReaderCommand, DamagedModels_AreExitCodeThreeWithTheirName) {
  const std::string whole = text_of(model_), bad = folder_ / "bad.safetensors";
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    io::write_file(bad, whole.substr(0, length));
    const Outcome outcome = run({"check-reader", "read", "--model", bad, image(0)});
    EXPECT_EQ(outcome.code, 3) << length;
    EXPECT_HAS(outcome.err, "bad.safetensors");
  }
}

TEST_F(CheckReaderCommand, ModelOfAnotherKind_IsRefusedByName) {
  Params params;
  params.add("weight", {2});
  io::save_model(folder_ / "other", {.kind = "weather", .version = 1, .config = "{}", .notes = {}}, params);
  const Outcome outcome = run({"check-reader", "eval", "--model", folder_ / "other", "--data", fields_});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_HAS(outcome.err, "weather");
  EXPECT_HAS(outcome.err, "check_reader");
}

TEST_F(CheckReaderCommand, FolderWithoutLabelsOrWithoutAnyUsableField_IsExitCodeThree) {
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_EQ(run({"check-reader", "eval", "--model", model_, "--data", folder_ / "empty"}).code, 3);
  io::write_file(fields_ / "labels.tsv", std::string_view("#file\tamount\namount_000000.pgm\ttwelve\n"));
  const Outcome outcome = run({"check-reader", "train", "--data", fields_, "--character-epochs", "0",
                               "--grammar", "digits", "--out", folder_ / "m"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_HAS(outcome.err, "twelve");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "m"));
}

TEST_F(CheckReaderCommand, Training_IsTheSameBitsForAnyThreads) {
  for (const char* threads : {"1", "2"})
    done({"check-reader", "train", "--data", fields_, "--loss", "nll", "--out", folder_ / threads, "--epochs",
          "2", "--made", "8", "--character-fields", "20", "--character-epochs", "1", "--threads", threads,
          "--quiet"});
  // The notes tell how long it took, which is never the same; the weights must be.
  const io::ModelFile one = io::read_model(folder_ / "1"), two = io::read_model(folder_ / "2");
  ASSERT_EQ(one.blocks.size(), two.blocks.size());
  for (const auto& [name, weights] : one.blocks)
    EXPECT_TRUE(std::ranges::equal(weights.span(), two.blocks.at(name).span())) << name;
}

TEST_F(CheckReaderCommand, InterruptedTraining_WritesACheckpointAndExits130) {
  const std::string out = folder_ / "m", checkpoint = out + ".ckpt";
  const Running training({"check-reader", "train", "--data", fields_, "--loss", "nll", "--out", out,
                          "--epochs", "100000", "--made", "0", "--character-epochs", "0", "--quiet"});
  for (int tries = 0; tries < 1000 && !std::filesystem::exists(checkpoint); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  training.signal(SIGINT);
  const Outcome outcome = training.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_HAS(outcome.err, "m.ckpt");
  EXPECT_TRUE(std::filesystem::exists(checkpoint));
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace ebm::app
