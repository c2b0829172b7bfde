// Before any work: an output that is also read, or that cannot be written, is refused, and nothing is
// changed.

#include <map>

#include "command_test.hpp"
#include "ebm/io/idx.hpp"
#include "ebm/models/digit_reader.hpp"

namespace ebm::app {
namespace {

class Outputs : public ::testing::Test {
 protected:
  void SetUp() override {
    make_fields(fields_, 6);
    make_model(model_, fields_);
    std::filesystem::create_symlink(model_, folder_ / "link");
    std::filesystem::create_symlink("loop", folder_ / "loop");
    io::write_file(folder_ / "a.txt", std::string_view("0\t1\t1\t1\n1\n"));
    io::write_file(folder_ / "c.json", std::string_view(R"({"quiet": true})"));
    io::write_file(folder_ / "c.ckpt", std::string_view(R"({"quiet": true})"));
  }
  std::map<std::string, std::string> everything() const {
    std::map<std::string, std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
      if (entry.symlink_status().type() == std::filesystem::file_type::regular)
        out[entry.path()] = text_of(entry.path());
    return out;
  }
  Words eval(const std::string& report) const {
    return {"check-reader", "eval", "--model", model_, "--data", fields_, "--report", report};
  }
  Words train(Words more) const {
    Words out{"check-reader",       "train", "--data",       fields_, "--epochs", "0",
              "--character-epochs", "0",     "--validation", "0.5"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  io::Folder folder_;
  const std::filesystem::path fields_ = folder_ / "fields", model_ = folder_ / "model";
};

TEST_F(Outputs, ThatAreAlsoRead_AreRefusedBeforeAnyWork) {
  const std::string a = folder_ / "a.txt", config = folder_ / "c.json";
  const auto before = everything();
  for (const Words& words :
       {eval(model_), eval(folder_ / "link"), eval(fields_ / "labels.tsv"),
        eval(fields_ / "amount_000002.pgm"), eval(fields_ / ".." / "fields" / "labels.tsv"),
        train({"--out", model_, "--from", model_}), train({"--out", fields_ / "labels.tsv"}),
        train({"--out", model_, "--resume", model_}),
        train({"--out", folder_ / "c", "--config", folder_ / "c.ckpt"}), train({"--out", a, "--grammar", a}),
        Words{"lattice", "compose", a, a, "--out", a}, Words{"lattice", "draw", a, "--out", a},
        Words{"teach", "--chapter", "beta", "--config", config, "--out", folder_ / "c.html"},
        Words{"generate", "amounts", "--digits", fields_, "--out", fields_}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << words[1] << ' ' << words.back() << outcome.err;
    EXPECT_HAS(outcome.err, "is also read");
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(Outputs, OverTheDigitsThatAreRead_AreRefused) {
  const std::filesystem::path digits = folder_ / "digits";
  std::filesystem::create_directory(digits);
  for (const char* name : {"train-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"}) {
    io::write_file(digits / name, std::string_view("x"));
    EXPECT_EQ(run({"mnist", "train", "--data", digits, "--out", digits / name}).code, 2);
    EXPECT_EQ(run(train({"--digits", digits, "--out", digits / name})).code, 2);
    EXPECT_EQ(text_of(digits / name), "x");
  }
}

TEST_F(Outputs, ThatCannotBeWritten_AreFoundBeforeTheInputsAreLookedAt) {
  const std::string nothing = folder_ / "nothing";
  std::filesystem::create_directory(folder_ / "m.ckpt");
  const auto before = everything();
  for (const std::string& bad :
       std::vector<std::string>{(folder_ / "no" / "x").string(), folder_.path().string(),
                                (folder_ / "loop").string(), (folder_ / "a.txt" / "x").string()})
    for (const Words& words :
         std::vector<Words>{{"check-reader", "eval", "--model", nothing, "--data", nothing, "--report", bad},
                            {"check-reader", "train", "--data", nothing, "--out", bad},
                            {"mnist", "train", "--data", fields_, "--out", bad},
                            {"lattice", "compose", nothing, nothing, "--out", bad},
                            {"lattice", "draw", nothing, "--out", bad},
                            {"teach", "--out", bad}}) {
      const Outcome outcome = run(words);
      EXPECT_EQ(outcome.code, 3) << words[1] << ' ' << bad;
      EXPECT_EQ(outcome.err.rfind("ebm: ", 0), 0u) << outcome.err;
      EXPECT_HAS(outcome.err, bad);
      EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    }
  EXPECT_HAS(run(train({"--out", folder_ / "m"})).err, "m.ckpt");
  EXPECT_EQ(everything(), before);
}

TEST_F(Outputs, InAFolderWithoutPermission_AreFoundBeforeAnyWork) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  std::filesystem::permissions(fields_,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const Outcome outcome = run(eval(fields_ / "report.html"));
  std::filesystem::permissions(fields_, std::filesystem::perms::owner_all);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_HAS(outcome.err, "Permission denied");
  EXPECT_EQ(outcome.err.find("6 fields"), std::string::npos) << outcome.err;
}

TEST_F(Outputs, BesideTheInputs_AreWelcome) {
  done(eval(fields_ / "report.html"));
  done(eval(fields_ / "report.html"));  // over its own
  done(eval("/dev/null"));
}

TEST_F(Outputs, OfTheSameFolderGivenTwice_CountItOnce) {
  const Outcome outcome = done({"check-reader", "eval", "--model", model_, "--data", fields_, "--data",
                                fields_ / ".." / "fields", "--json"});
  EXPECT_EQ(outcome.value().at("fields"), 6);
  EXPECT_HAS(outcome.err, "given twice");
}

TEST_F(Outputs, OfOptionsThatDoNotFit_SayWhichToGive) {
  const std::string out = folder_ / "new";
  const Outcome freeze = run(train({"--out", out, "--freeze", "nosuch"}));
  EXPECT_EQ(freeze.code, 2);
  EXPECT_HAS(freeze.err, "--freeze");
  EXPECT_HAS(freeze.err, "characters.c1.weight");
  EXPECT_HAS(run(train({"--out", out, "--from", model_, "--recogniser", "sdnn"})).err,
             "give --recogniser hos");
  EXPECT_HAS(run(train({"--out", out, "--from", model_, "--grammar", "dollars"})).err,
             "give --grammar digits");
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace ebm::app
