#include "ebm/models/digit_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "io/io_test.hpp"
#include "test_pictures.hpp"

namespace ebm::models {
namespace {

io::Mnist digits(int count) {
  testing::Digits made = testing::stroke_digits(count);
  return {{count, 28, 28, std::move(made.pixels)}, std::move(made.labels)};
}

int errors(const DigitReader& reader, const io::Mnist& of) {
  const std::vector<int> read = reader.read(of.images);
  int wrong = 0;
  for (std::size_t i = 0; i < read.size(); ++i) wrong += read[i] != of.labels[i];
  return wrong;
}

DigitTraining training(int epochs) {
  DigitTraining o;
  o.epochs = epochs;
  o.quiet = true;
  return o;
}

std::vector<Real> weights(const DigitReader& reader) {
  return {reader.params().flat().begin(), reader.params().flat().end()};
}

TEST(DigitReader, Trained_KnowsItsDigits) {
  const io::Mnist few = digits(100);
  DigitReader reader;
  EXPECT_GT(errors(reader, few), 60);
  const History history = reader.train(few, training(12));
  EXPECT_EQ(history.train.size(), 12u);
  EXPECT_LT(history.train.back().loss, history.train.front().loss);
  EXPECT_LT(errors(reader, few), 20);
}

TEST(DigitReader, SavedAndLoaded_ReadsAlike) {
  const io::Mnist few = digits(30);
  DigitReader reader(5);
  reader.train(few, training(1));
  const io::Folder folder;
  reader.save(folder / "digits");
  const DigitReader loaded = DigitReader::load(folder / "digits");
  EXPECT_EQ(weights(loaded), weights(reader));
  EXPECT_EQ(loaded.read(few.images), reader.read(few.images));
}

struct Stop {};

TEST(DigitReader, ResumedAfterAStop_EndsWithTheSameWeights) {
  const io::Mnist few = digits(30);
  for (const bool distort : {false, true}) {
    const io::Folder folder;
    DigitTraining o = training(3);
    o.distort = distort;
    DigitReader whole;
    whole.train(few, o);
    o.checkpoint = folder / "digits.ckpt";
    o.on_epoch = [](const EpochReport& r, const EpochReport*) {
      if (r.epoch == 2) throw Stop();
    };
    DigitReader stopped;
    EXPECT_THROW(stopped.train(few, o), Stop);
    EXPECT_NE(weights(stopped), weights(whole));
    o.resume = o.checkpoint;
    o.on_epoch = {};
    DigitReader resumed;
    resumed.train(few, o);
    EXPECT_EQ(weights(resumed), weights(whole));
    o.distort = !distort;
    EXPECT_HAS(io::error_of<DataError>([&] { resumed.train(few, o); }),
               distort ? "distort on instead of off" : "distort off instead of on");
  }
}

TEST(DigitReader, WithoutDigitsOrOfAnotherSize_IsRefused) {
  DigitReader reader;
  EXPECT_THROW(reader.train({{0, 28, 28, {}}, {}}, training(1)), DataError);
  EXPECT_HAS(io::error_of<DataError>([&] {
               reader.read({1, 3, 5, std::vector<std::uint8_t>(15)});
             }),
             "these are 3 x 5");
  EXPECT_TRUE(reader.read({0, 28, 28, {}}).empty());
}

TEST(DistortDigit, KeepsPaperAndInkRange_AndIsAFunctionOfItsGenerator) {
  const std::size_t pixels = std::size_t{kPieceSide} * kPieceSide;
  const std::vector<Real> paper(pixels, static_cast<Real>(kPaper));
  std::vector<Real> digit = paper, once(pixels), again(pixels), other(pixels);
  for (int y = 8; y < 24; ++y)
    digit[static_cast<std::size_t>(y * kPieceSide + 16)] = static_cast<Real>(kFullInk);
  distort_digit(paper, Rng(1), once);
  for (const Real value : once) EXPECT_NEAR(double(value), kPaper, 1e-6);
  distort_digit(digit, Rng(1), once);
  distort_digit(digit, Rng(1), again);
  distort_digit(digit, Rng(2), other);
  EXPECT_EQ(once, again);
  EXPECT_NE(once, other);
  const auto [low, high] = std::ranges::minmax(once);
  EXPECT_GE(low, static_cast<Real>(kPaper) - Real(1e-5));
  EXPECT_LE(high, static_cast<Real>(kFullInk) + Real(1e-5));
  EXPECT_GT(high, static_cast<Real>((kPaper + kFullInk) / 2));
}

}  // namespace
}  // namespace ebm::models
