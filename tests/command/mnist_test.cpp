#include "command_test.hpp"
#include "ebm/io/idx.hpp"
#include "ebm/models/digit_reader.hpp"

namespace ebm::app {
namespace {

// A folder with this many test digits (a bar each, of its own place) and no others.
void make_digits(const std::filesystem::path& folder, int count) {
  std::filesystem::create_directories(folder);
  for (const std::string stem : {"train", "t10k"}) {
    const int n = stem == "train" ? std::max(1, count) : count;
    io::IdxImages images{n, 28, 28, std::vector<std::uint8_t>(static_cast<std::size_t>(n) * 784)};
    std::vector<std::uint8_t> labels;
    for (int i = 0; i < n; ++i) {
      for (int y = 4; y < 24; ++y)
        images.pixels[static_cast<std::size_t>(i * 784 + y * 28 + 4 + 2 * (i % 10))] = 255;
      labels.push_back(static_cast<std::uint8_t>(i % 10));
    }
    io::write_file(folder / (stem + "-images-idx3-ubyte"), io::encode_idx(images));
    io::write_file(folder / (stem + "-labels-idx1-ubyte"), io::encode_idx(labels));
  }
}

TEST(MnistCommand, TrainAndEval_PrintTheSameContract) {
  const io::Folder folder;
  make_digits(folder / "digits", 20);
  const Words end{"--data", folder / "digits", "--json", "--quiet"};
  Words train{"mnist", "train", "--epochs", "1", "--out", folder / "m"};
  Words eval{"mnist", "eval", "--model", folder / "m"};
  train.insert(train.end(), end.begin(), end.end());
  eval.insert(eval.end(), end.begin(), end.end());
  const json trained = done(train).value(), judged = done(eval).value();
  EXPECT_EQ(trained, judged);
  EXPECT_EQ(judged.at("images"), 20);
  EXPECT_TRUE(judged.at("errors").is_number_integer());
  EXPECT_DOUBLE_EQ(judged.at("error_rate").get<double>(), judged.at("errors").get<int>() / 20.0);
}

TEST(MnistCommand, WithoutAnyTestImage_IsExitCodeThreeBeforeAnyWork) {
  const io::Folder folder;
  make_digits(folder / "no_digits", 0);
  models::DigitReader().save(folder / "m");
  for (const Words& words : std::vector<Words>{
           {"mnist", "eval", "--model", folder / "m", "--data", folder / "no_digits", "--json"},
           {"mnist", "train", "--out", folder / "new", "--data", folder / "no_digits", "--json"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 3) << words[1];
    EXPECT_EQ(outcome.out, "");
    EXPECT_HAS(outcome.err, "no_digits: there is no image among the test digits");
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "new"));
}

}  // namespace
}  // namespace ebm::app
