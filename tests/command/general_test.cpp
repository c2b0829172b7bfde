#include "command_test.hpp"

namespace ebm::app {
namespace {

const std::vector<Words> kCommands{
    {"mnist", "train"},         {"mnist", "eval"},       {"check-reader", "train"}, {"check-reader", "eval"},
    {"check-reader", "read"},   {"generate", "amounts"}, {"lattice", "compose"},    {"lattice", "best"},
    {"lattice", "free-energy"}, {"lattice", "draw"},     {"graph", "info"}};

TEST(Command, Version_IsOneLineOnStdout) {
  const Outcome outcome = done({"--version"});
  EXPECT_EQ(outcome.out.rfind("ebm ", 0), 0u) << outcome.out;
  EXPECT_EQ(std::ranges::count(outcome.out, '\n'), 1);
  EXPECT_EQ(outcome.err, "");
}

TEST(Command, HelpOfEveryCommand_HasAnExampleAndTheCommonOptions) {
  EXPECT_HAS(done({"--help"}).out, "Example");
  for (Words words : kCommands) {
    const std::string name = words[0] + ' ' + words[1];
    words.push_back("--help");
    const Outcome help = done(words);
    EXPECT_HAS(help.out, "Example");
    EXPECT_HAS(help.out, "ebm " + name);
    for (const char* option : {"--json", "--quiet", "--device", "--threads", "--seed", "--config"})
      EXPECT_HAS(help.out, option);
    EXPECT_EQ(help.err, "");
  }
}

TEST(Command, HelpOfEveryGroup_HasAnExampleOfItsOwn) {
  for (const char* group :
       {"mnist", "check-reader", "generate", "lattice", "losses", "teach", "siamese", "faces"}) {
    const std::string help = done({group, "--help"}).out;
    const std::size_t example = help.find("Example:");
    ASSERT_NE(example, help.npos) << group;
    EXPECT_EQ(help.find(std::string("ebm ") + group, example), help.find("ebm ", example)) << help;
  }
}

TEST(Command, AnOptionBeforeItsSubcommand_IsToldWhereItGoes) {
  for (const Words& words : std::vector<Words>{{"--json", "losses"},
                                               {"--seed", "3", "generate", "amounts", "--out", "x"},
                                               {"--threads=1", "losses"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_HAS(outcome.err, words[0].substr(0, words[0].find('=')) + ": options go after the subcommand");
  }
  EXPECT_HAS(run({"--json", "losses"}).err, "ebm losses .. --json");
  EXPECT_HAS(run({"siamese", "--json", "verify"}).err, "ebm siamese verify .. --json");
}

TEST(Command, WrongUsage_IsExitCodeTwoAndSaysWhy) {
  for (const Words& words :
       std::vector<Words>{{},
                          {"fly"},
                          {"mnist"},
                          {"lattice", "best"},
                          {"lattice", "best", "a.txt", "--fast"},
                          {"lattice", "best", "a.txt", "--best", "0"},
                          {"lattice", "best", "a.txt", "--best", "many"},
                          {"lattice", "best", "a.txt", "--seed", "-1"},
                          {"lattice", "best", "a.txt", "--seed=-1"},
                          {"lattice", "best", "a.txt", "--seed", "1.5"},
                          {"lattice", "best", "a.txt", "--seed", "18446744073709551616"},
                          {"lattice", "best", "a.txt", "--threads", "-1"},
                          {"check-reader", "train", "--data", "x", "--out", "y", "--batch", "-1"},
                          {"check-reader", "train", "--data", "x", "--out", "y", "--epochs", "-1"},
                          {"generate", "amounts", "--count", "-3", "--out", "x"},
                          {"generate", "amounts", "--count", "0", "--out", "x"},
                          {"generate", "amounts", "--count", "3"},
                          {"check-reader", "train", "--data", "x", "--out", "y", "--loss", "hinge"},
                          {"check-reader", "train", "--data", "x", "--out", "y", "--recogniser", "crf"},
                          {"check-reader", "eval", "--model", "m", "--data", "x", "--parts", "4"},
                          {"check-reader", "eval", "--model", "m", "--data", "x", "--target-error", "2"},
                          {"check-reader", "read", "--model", "m"},
                          {"check-reader", "train", "--data", "x", "--out", "y", "--from", ""},
                          {"teach", "--out", ""},
                          {"teach", "--out="},
                          {"check-reader", "read", "a.pgm"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << (words.empty() ? "" : words.back());
    EXPECT_EQ(outcome.out, "");
    EXPECT_HAS(outcome.err, "ebm: ");
  }
}

TEST(Command, WithoutAPlaceForItsNews_KeepsItsExitCode) {
  const std::string ebm = std::string("'") + EBM_COMMAND + "'";
  for (const char* nowhere : {" 2>&-", " 2>/dev/full"}) {
    EXPECT_EQ(WEXITSTATUS(std::system((ebm + " --nosuch >/dev/null" + nowhere).c_str())), 2);
    EXPECT_EQ(WEXITSTATUS(std::system((ebm + " lattice best no.such.file >/dev/null" + nowhere).c_str())), 3);
  }
}

TEST(Command, UnknownDevice_IsWrongUsage_AndAnAbsentOneFails) {
  io::Folder folder;
  for (const auto& [device, code] :
       {std::pair{"abacus", 2}, {"cuda:", 2}, {"cuda:x", 2}, {"cuda", 1}, {"cuda:99", 1}}) {
    const Outcome outcome =
        run({"generate", "amounts", "--count", "1", "--out", folder / "x", "--device", device});
    EXPECT_EQ(outcome.code, code) << device;
    EXPECT_HAS(outcome.err, "--device");
  }
  EXPECT_EQ(folder.files(), 0u);
}

TEST(Command, UnknownSubcommand_IsToldWithThoseThereAre) {
  const Outcome top = run({"nosuch"}), below = run({"check-reader", "trian", "--data", "x"});
  EXPECT_EQ(top.code, 2);
  for (const char* name : {"nosuch", "check-reader", "teach", "--help"}) EXPECT_HAS(top.err, name);
  EXPECT_EQ(below.code, 2);
  for (const char* name : {"trian", "train", "eval", "read"}) EXPECT_HAS(below.err, name);
}

TEST(Command, FaultOfAConfiguration_NamesItsFile) {
  io::Folder folder;
  const std::string config = folder / "options.json", out = folder / "t.html";
  const auto fault = [&](std::string_view text, const Words& more = {}) {
    io::write_file(config, text);
    Words words{"teach", "--config", config, "--out", out, "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  for (const auto& [text, word] : {std::pair{R"({"epochs": 0})", "--epochs"},
                                   {R"({"epochs": "many"})", "--epochs"},
                                   {R"({"epoch": 3})", "--epoch"},
                                   {R"({"chapter": ""})", "--chapter"},
                                   {R"({"chapter": "zoology"})", "zoology"}}) {
    const Outcome outcome = fault(text);
    EXPECT_EQ(outcome.code, 2) << text;
    EXPECT_HAS(outcome.err, "options.json");
    EXPECT_HAS(outcome.err, word);
  }
  // A fault of the command line is not the file's.
  EXPECT_EQ(fault(R"({"chapter": "beta"})", {"--epochs", "0"}).err.find("options.json"), std::string::npos);
  EXPECT_EQ(fault(R"({"chapter": "beta"})").code, 0);
}

TEST(Command, InputsWithoutAnEnd_AreRefused) {
  const Outcome outcome = run({"generate", "amounts", "--config", "/dev/zero"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_HAS(outcome.err, "/dev/zero holds more than");
}

TEST(Command, MissingData_IsExitCodeThreeAndNamesTheFile) {
  io::Folder folder;
  const std::string missing = folder / "nothing_here";
  for (const Words& words :
       std::vector<Words>{{"mnist", "train", "--data", missing, "--out", folder / "m"},
                          {"mnist", "eval", "--data", missing, "--model", missing},
                          {"check-reader", "train", "--data", missing, "--out", folder / "m"},
                          {"check-reader", "eval", "--data", missing, "--model", missing},
                          {"check-reader", "read", "--model", missing, "a.pgm"},
                          {"lattice", "best", missing}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 3) << words[0] << ' ' << words[1];
    EXPECT_EQ(outcome.out, "");
    EXPECT_HAS(outcome.err, "nothing_here");
  }
  EXPECT_EQ(folder.files(), 0u);
}

}  // namespace
}  // namespace ebm::app
