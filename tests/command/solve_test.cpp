#include <cmath>

#include "command_test.hpp"

namespace ebm::app {
namespace {

// A loop of three: p(y0) = (1/4, 3/4), neighbours agree with weight 2.
constexpr std::string_view kLoop =
    "MARKOV\n3\n2 2 2\n4\n1 0\n2 0 1\n2 1 2\n2 2 0\n\n2 0.25 0.75\n4 2 1 1 2\n4 2 1 1 2\n4 2 1 1 2\n";

class SolveCommand : public ::testing::Test {
 protected:
  std::string file(const char* name, std::string_view text) {
    io::write_file(folder_ / name, text);
    return folder_ / name;
  }
  io::Folder folder_;
};

TEST_F(SolveCommand, Minimum_HasTheFieldsOfTheContract) {
  for (const char* engine : {"automatic", "junction-tree", "exhaustive"}) {
    const json r = done({"solve", file("a.uai", kLoop), "--engine", engine, "--json"}).value();
    EXPECT_EQ(r.at("task"), "minimum");
    EXPECT_NEAR(r.at("energy").get<double>(), -std::log(6), 1e-12);
    EXPECT_EQ(r.at("assignment"), json({1, 1, 1}));
    EXPECT_EQ(r.at("lower_bound"), r.at("energy"));
    EXPECT_EQ(r.at("gap"), 0);
    EXPECT_EQ(r.at("relative_gap"), 0);
    EXPECT_EQ(r.at("exactness"), "exact");
    EXPECT_EQ(r.at("converged"), true);
    EXPECT_EQ(r.at("engine").at("asked"), engine);
    EXPECT_TRUE(r.at("engine").contains("used"));
    EXPECT_TRUE(r.at("engine").contains("why"));
    EXPECT_GE(r.at("seconds").get<double>(), 0);
  }
}

TEST_F(SolveCommand, FreeEnergyAndMarginals_AreThoseOfTheProduct) {
  const std::string a = file("a.uai", kLoop);
  double z = 0, ones = 0;
  for (int y = 0; y < 8; ++y) {
    const int y0 = y & 1, y1 = y >> 1 & 1, y2 = y >> 2;
    const double p = (y0 ? 0.75 : 0.25) * (y0 == y1 ? 2 : 1) * (y1 == y2 ? 2 : 1) * (y2 == y0 ? 2 : 1);
    z += p;
    ones += p * y2;
  }
  const json f = done({"solve", a, "--task", "free-energy", "--json"}).value();
  EXPECT_NEAR(f.at("log_partition").get<double>(), std::log(z), 1e-12);
  EXPECT_NEAR(f.at("log10_partition").get<double>(), std::log10(z), 1e-12);
  EXPECT_FALSE(f.contains("marginals"));
  const json m = done({"solve", a, "--task", "marginals", "--json"}).value();
  EXPECT_NEAR(m.at("marginals")[2][1].get<double>(), ones / z, 1e-12);
  EXPECT_NEAR(m.at("marginals")[2][0].get<double>(), 1 - ones / z, 1e-12);
}

TEST_F(SolveCommand, Evidence_StaysInTheAnswer) {
  const std::string a = file("a.uai", kLoop), e = file("a.evid", "1 1 0\n");
  const json r = done({"solve", a, "--evidence", e, "--json"}).value();
  EXPECT_EQ(r.at("assignment")[1], 0);
  EXPECT_NEAR(r.at("energy").get<double>(), -std::log(2), 1e-12);  // all 0: 2, the others 1: 1.5
  EXPECT_EQ(r.at("assignment"), json({0, 0, 0}));
  const json m = done({"solve", a, "--evidence", e, "--task", "marginals", "--json"}).value();
  EXPECT_EQ(m.at("marginals")[1], json({1.0, 0.0}));
}

TEST_F(SolveCommand, Out_IsAFileOfTheUaiCompetitions) {
  const std::string a = file("a.uai", kLoop);
  done({"solve", a, "--out", folder_ / "a.MAP"});
  EXPECT_EQ(text_of(folder_ / "a.MAP"), "MAP\n3 1 1 1\n");
  done({"solve", a, "--task", "free-energy", "--out", folder_ / "a.PR"});
  EXPECT_EQ(text_of(folder_ / "a.PR").rfind("PR\n", 0), 0u);
  done({"solve", a, "--task", "marginals", "--out", folder_ / "a.MAR"});
  EXPECT_EQ(text_of(folder_ / "a.MAR").rfind("MAR\n3 2 ", 0), 0u);
}

TEST_F(SolveCommand, WhatCannotBe_IsToldInOneSentence) {
  const std::string a = file("a.uai", kLoop);
  const std::string hard = file("hard.uai", "MARKOV\n1\n2\n1\n1 0\n2 0 1\n");
  const auto expect = [](const Words& words, int code, const char* part) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_HAS(outcome.err, part);
    EXPECT_EQ(outcome.out, "");
  };
  expect({"solve", hard, "--evidence", file("e", "1 0 0"), "--quiet"}, 3, "probability zero");
  expect({"solve", hard, "--evidence", file("e", "1 0 7"), "--quiet"}, 3, "e:1: expected a label");
  expect({"solve", file("b.uai", "MARKOV\n1\n2\n1\n1 0\n2 0 -1\n"), "--quiet"}, 3,
         "b.uai:6: expected an entry");
  expect({"solve", file("b.txt", kLoop), "--quiet"}, 3, "the ending '.txt'");
  expect({"solve", a, "--engine", "magic"}, 2, "magic");
  expect({"solve", a, "--task", "everything"}, 2, "everything");
  expect({"solve", a, "--memory", "0.00001"}, 2, "0.00001");
  // Nothing is allowed, and nothing was asked of it: null, not an error.
  const json none = done({"solve", file("none.uai", "MARKOV\n1\n2\n1\n1 0\n2 0 0\n"), "--json"}).value();
  EXPECT_TRUE(none.at("energy").is_null());
  EXPECT_EQ(none.at("assignment"), json::array());
}

TEST_F(SolveCommand, Reading_SaysHowEntriesBecomeEnergies) {
  EXPECT_HAS(done({"solve", file("a.uai", kLoop)}).err, "energies -log p");
  const Outcome wcsp = done({"solve", file("a.wcsp", "n 1 2 1 9\n2\n1 0 5 1\n1 2\n"), "--json"});
  EXPECT_HAS(wcsp.err, "weights are read as energies");
  EXPECT_EQ(wcsp.value().at("energy"), 2.0);
}

TEST_F(SolveCommand, GraphInfo_KnowsTheTreewidthAndWhoIsExact) {
  const json r = done({"graph", "info", file("a.uai", kLoop), "--json"}).value();
  EXPECT_EQ(r.at("variables"), 3);
  EXPECT_EQ(r.at("factors"), 4);
  EXPECT_EQ(r.at("treewidth_bound"), 2);
  EXPECT_EQ(r.at("exact"), json({"exhaustive", "junction-tree"}));
  EXPECT_EQ(r.at("submodular"), true);
  EXPECT_HAS(done({"graph", "info", folder_ / "a.uai"}).out, "one minimum cut");
}

}  // namespace
}  // namespace ebm::app
