#include <cmath>

#include "command_test.hpp"

namespace ebm::app {
namespace {

// Three ways from 0 to 2, writing "1 3", "2 3" and "2 4".
constexpr std::string_view kA = "0\t1\t1\t1\t0.5\n0\t1\t2\t2\t1.5\n1\t2\t3\t3\t0.25\n1\t2\t4\t4\t2\n2\t0\n";
// Reads 2 as 7, and 3 or 4 as themselves.
constexpr std::string_view kB = "0\t1\t2\t7\t0.125\n1\t1\t3\t3\t0\n1\t1\t4\t4\t0\n1\t0.5\n";

class LatticeCommand : public ::testing::Test {
 protected:
  std::string file(const char* name, std::string_view text) {
    io::write_file(folder_ / name, text);
    return folder_ / name;
  }
  io::Folder folder_;
};

TEST_F(LatticeCommand, Best_PrintsTheLeastEnergyAndItsLabels) {
  const json best = done({"lattice", "best", file("a.txt", kA), "--json"}).value();
  EXPECT_DOUBLE_EQ(best.at("energy").get<double>(), 0.75);
  EXPECT_EQ(best.at("labels"), json({1, 3}));
  EXPECT_EQ(done({"lattice", "best", folder_ / "a.txt"}).out, "0.75\t1 3\n");
}

TEST_F(LatticeCommand, BestOfMany_AreDistinctAndInOrder) {
  const json list = done({"lattice", "best", file("a.txt", kA), "--best", "9", "--json"}).value().at("best");
  ASSERT_EQ(list.size(), 4u);
  const std::vector<double> energies{0.75, 1.75, 2.5, 3.5};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_DOUBLE_EQ(list[i].at("energy").get<double>(), energies[i]);
  EXPECT_EQ(list[1].at("labels"), json({2, 3}));
}

// As many strings as there are, not as many as were asked for or as there are paths.
TEST_F(LatticeCommand, BestOfAMillion_OfFewStringsComesAtOnce) {
  std::string one, growing;  // 2^200 paths each: of one string; of 201 strings
  for (int i = 0; i < 200; ++i)
    for (const int label : {1, 2}) {
      const std::string arc = std::to_string(i) + '\t' + std::to_string(i + 1) + '\t' + std::to_string(label);
      one += arc + "\t7\t0.5\n";
      growing += arc + (label == 1 ? "\t7\t0.5\n" : "\t0\t1\n");
    }
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [text, strings] :
       {std::pair{std::string(kA), 4u}, {one + "200\n", 1u}, {growing + "200\n", 201u}})
    EXPECT_EQ(done({"lattice", "best", file("l.txt", text), "--best", "1000000", "--json"})
                  .value()
                  .at("best")
                  .size(),
              strings);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));  // without a sanitizer 0.1
}

TEST_F(LatticeCommand, FreeEnergy_IsMinusTheLogOfTheSum) {
  const json value = done({"lattice", "free-energy", file("a.txt", kA), "--json"}).value();
  const double sum = std::exp(-0.75) + std::exp(-1.75) + std::exp(-2.5) + std::exp(-3.5);
  EXPECT_NEAR(value.at("free_energy").get<double>(), -std::log(sum), 1e-12);
  const json cold = done({"lattice", "free-energy", folder_ / "a.txt", "--beta", "1000", "--json"}).value();
  EXPECT_NEAR(cold.at("free_energy").get<double>(), 0.75, 1e-6);
}

TEST_F(LatticeCommand, Compose_WritesWhatBestReads) {
  const std::string c = folder_ / "c.txt";
  done({"lattice", "compose", file("a.txt", kA), file("b.txt", kB), "--out", c});
  const json best = done({"lattice", "best", c, "--best", "3", "--json"}).value();
  EXPECT_DOUBLE_EQ(best.at("energy").get<double>(), 1.5 + 0.125 + 0.25 + 0.5);
  EXPECT_EQ(best.at("labels"), json({7, 3}));
  EXPECT_EQ(best.at("best").size(), 2u);
  EXPECT_EQ(best.at("best")[1].at("labels"), json({7, 4}));
}

TEST_F(LatticeCommand, WithEveryPathForbidden_PrintsNullForTheInfinite) {
  const std::string a = file("a.txt", "0\t1\t1\t1\tInfinity\n1\n");
  EXPECT_TRUE(done({"lattice", "free-energy", a, "--json"}).value().at("free_energy").is_null());
  const json best = done({"lattice", "best", a, "--json"}).value();
  EXPECT_TRUE(best.at("energy").is_null());
  EXPECT_EQ(best.at("labels"), json::array());
  EXPECT_HAS(done({"lattice", "best", a}).err, "no path");
}

TEST_F(LatticeCommand, EnergiesBeyondTheRangeOfADouble_AreToldWithTheFile) {
  const std::string a = file("huge.txt", "0\t1\t1\t1\t1e308\n1\t2\t1\t1\t1e308\n2\n");
  for (const Words& words : {Words{"lattice", "best", a}, Words{"lattice", "free-energy", a},
                             Words{"lattice", "compose", a, a, "--out", folder_ / "c.txt"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 3) << words[1];
    EXPECT_HAS(outcome.err, "huge.txt");
    EXPECT_HAS(outcome.err, "range of a double");
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(folder_.files(), 1u);
}

TEST_F(LatticeCommand, ComposeOfWhatDoesNotFit_CountsNoArc) {
  const std::string a = file("a.txt", kA), b = file("b.txt", "0\t1\t9\t9\n1\n");
  EXPECT_EQ(done({"lattice", "compose", a, b, "--out", folder_ / "c.txt", "--json"}).value().at("arcs"), 0);
}

TEST_F(LatticeCommand, BadFiles_AreExitCodeThreeWithNameAndLine) {
  struct Bad {
    const char *text, *word;
  };
  for (const Bad& bad : {Bad{"0\t1\t1\t1\tnan\n1\n", "bad.txt:1"},
                         Bad{"0\t1\t1\t1\n1\t0\t2\t2\n1\n", "cycle"}, Bad{"0\t1\t1\t1\nx\n", "bad.txt:2"},
                         Bad{"0\t1\t1\t1\n", "final"}, Bad{"0\t1\t-1\t1\n1\n", "bad.txt:1"}}) {
    const Outcome outcome = run({"lattice", "best", file("bad.txt", bad.text), "--json"});
    EXPECT_EQ(outcome.code, 3) << bad.text << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_HAS(outcome.err, "bad.txt");
    EXPECT_HAS(outcome.err, bad.word);
  }
}

TEST_F(LatticeCommand, ComposeThatFails_LeavesTheOldFile) {
  const std::string out = file("c.txt", "old");
  EXPECT_EQ(run({"lattice", "compose", file("a.txt", kA), file("b.txt", "0\t1\t1\n"), "--out", out}).code, 3);
  EXPECT_EQ(text_of(out), "old");
  EXPECT_EQ(
      run({"lattice", "compose", folder_ / "a.txt", folder_ / "a.txt", "--out", folder_ / "no" / "c.txt"})
          .code,
      3);
}

TEST_F(LatticeCommand, Draw_IsGraphviz) {
  EXPECT_EQ(done({"lattice", "draw", file("a.txt", kA)}).out.rfind("digraph", 0), 0u);
}

}  // namespace
}  // namespace ebm::app
