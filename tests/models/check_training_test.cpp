// Training the check reader in the small: what it refuses, what it counts, and that it goes on where it was
// stopped.

#include "ebm/models/check_training.hpp"

#include <gtest/gtest.h>

#include "io/io_test.hpp"
#include "test_pictures.hpp"

namespace ebm::models {
namespace {

std::vector<io::LabelledImage> fields(int count) {
  const AmountGenerator generator({.seed = 3});
  std::vector<io::LabelledImage> out;
  for (int i = 0; i < count; ++i) {
    const AmountField field = generator.field(static_cast<std::uint64_t>(i));
    out.push_back({message("field", i), field.amount, field.image, i});
  }
  return out;
}

CheckTraining small() {
  CheckTraining o;
  o.character_fields = 10;
  o.character_epochs = 2;
  o.epochs = 3;
  o.batch = 4;
  o.validation = 0.4;
  o.made = 3;
  o.quiet = true;
  return o;
}

std::vector<Real> weights(const CheckReader& reader) {
  return {reader.params().flat().begin(), reader.params().flat().end()};
}

TEST(TrainCheckReader, FieldsThatCannotBeLearnedFrom_AreNamedAndLeftOut) {
  std::vector<io::LabelledImage> given = fields(12);
  given[2].amount = "12a4";
  given[5].image = testing::flat_image(80, 40, 255);
  for (const char* loss : {"nll", "perceptron"}) {
    CheckTraining o = small();
    o.character_epochs = 0;
    o.epochs = 1;
    o.loss = loss;
    CheckReader reader({});
    const CheckTrainingReport report = train_check_reader(reader, given, nullptr, o);
    ASSERT_EQ(report.refused.size(), 2u);
    EXPECT_HAS(report.refused[0], "field2");
    EXPECT_HAS(report.refused[0], "'12a4'");
    EXPECT_HAS(report.refused[1], "field5");
    EXPECT_EQ(report.fields + report.validation_fields, 10u);
    EXPECT_GT(report.validation_fields, 0u);
    EXPECT_EQ(reader.judged.size(), report.validation_fields);
    ASSERT_EQ(report.global.train.size(), 1u);
    const Tally& tally = report.global.train[0].tally;
    EXPECT_EQ(tally.samples + tally.impossible, report.fields + 3);  // and the made ones
    EXPECT_TRUE(report.characters.train.empty());
  }
}

TEST(TrainCheckReader, WithNothingLeft_SaysWhatWasRefusedFirst) {
  std::vector<io::LabelledImage> given = fields(2);
  for (io::LabelledImage& f : given) f.amount = "one";
  CheckReader reader({});
  EXPECT_HAS(io::error_of<DataError>([&] { train_check_reader(reader, given, nullptr, small()); }), "field0");
  EXPECT_THROW(train_check_reader(reader, {}, nullptr, small()), DataError);
}

TEST(TrainCheckReader, WithoutAnyPass_ChangesNoWeightAndJudges) {
  CheckTraining o = small();
  o.character_epochs = 0;
  o.epochs = 0;
  CheckReader reader({});
  const std::vector<Real> before = weights(reader);
  const CheckTrainingReport report = train_check_reader(reader, fields(10), nullptr, o);
  EXPECT_EQ(weights(reader), before);
  EXPECT_TRUE(report.global.train.empty());
  EXPECT_EQ(reader.judged.size(), report.validation_fields);
}

TEST(TrainCheckReader, Passes_LowerTheLossOfTheirFields) {
  CheckTraining o = small();
  o.character_epochs = 0;
  o.epochs = 20;
  o.rate = 5e-3;
  o.validation = 0;
  o.made = 0;
  o.distort = false;
  CheckReader reader({});
  const CheckTrainingReport report = train_check_reader(reader, fields(8), nullptr, o);
  ASSERT_EQ(report.global.train.size(), 20u);
  EXPECT_LT(report.global.train.back().loss, 0.7 * report.global.train.front().loss);
  EXPECT_TRUE(report.global.validation.empty());
  EXPECT_TRUE(reader.judged.empty());
}

struct Stop {};

// Stopped in the last pass of either stage, whose checkpoint is then of the pass before.
TEST(TrainCheckReader, ResumedInEitherStage_EndsAsTheUninterruptedRun) {
  const std::vector<io::LabelledImage> given = fields(12);
  for (const Recogniser recogniser : {Recogniser::hos, Recogniser::sdnn}) {
    CheckReaderConfig config;
    config.recogniser = recogniser;
    CheckReader whole(config);
    const CheckTrainingReport expected = train_check_reader(whole, given, nullptr, small());
    EXPECT_EQ(expected.characters.train.size(), 2u);
    EXPECT_EQ(expected.global.train.size(), 3u);
    for (const std::string stop : {"characters epoch 2", "global epoch 3"}) {
      SCOPED_TRACE(stop);
      const io::Folder folder;
      CheckTraining o = small();
      o.checkpoint = folder / "reader.ckpt";
      o.say = [&](std::string_view line) {
        if (line.starts_with(stop)) throw Stop();
      };
      CheckReader stopped(config);
      EXPECT_THROW(train_check_reader(stopped, given, nullptr, o), Stop);
      ASSERT_TRUE(std::filesystem::exists(o.checkpoint));
      o.say = {};
      o.resume = o.checkpoint;
      CheckReader resumed(config);
      const CheckTrainingReport report = train_check_reader(resumed, given, nullptr, o);
      EXPECT_EQ(weights(resumed), weights(whole));
      ASSERT_EQ(resumed.judged.size(), whole.judged.size());
      for (std::size_t i = 0; i < whole.judged.size(); ++i)
        EXPECT_EQ(resumed.judged[i].confidence, whole.judged[i].confidence);
      ASSERT_EQ(report.characters.train.size(), expected.characters.train.size());
      EXPECT_EQ(report.characters.train.back().gap, expected.characters.train.back().gap);
      ASSERT_EQ(report.global.train.size(), expected.global.train.size());
      EXPECT_EQ(report.global.train.back().loss, expected.global.train.back().loss);
    }
  }
}

TEST(TrainCheckReader, ResumedWithOtherOptionsOrFields_IsRefused) {
  std::vector<io::LabelledImage> given = fields(12);
  const io::Folder folder;
  CheckTraining o = small();
  o.character_epochs = 0;
  o.checkpoint = folder / "reader.ckpt";
  CheckReader reader({});
  train_check_reader(reader, given, nullptr, o);
  o.resume = o.checkpoint;
  const auto refused = [&](const CheckTraining& options) {
    CheckReader again({});
    return io::error_of<DataError>([&] { train_check_reader(again, given, nullptr, options); });
  };
  CheckTraining other = o;
  other.rate = 2e-3;
  EXPECT_HAS(refused(other), "reader.ckpt");
  EXPECT_HAS(refused(other), "rate 0.001 instead of 0.002");
  other = o;
  other.loss = "perceptron";
  EXPECT_HAS(refused(other), "perceptron");
  given[3].amount += "0";
  EXPECT_HAS(refused(o), "with other data;");
}

}  // namespace
}  // namespace ebm::models
