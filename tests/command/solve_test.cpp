#include <cmath>

#include "command_test.hpp"
#include "ebm/inference/discrete.hpp"

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

TEST_F(SolveCommand, AnEngineAskedForWhatItCannot_NamesThoseThatCan) {
  const std::string a = file("a.uai", kLoop);
  for (const DiscreteEngine& e : discrete_engines()) {
    const std::string key(e.key);
    const auto refused = [&](Words words) {
      words.insert(words.begin(), {"solve", a, "--quiet", "--engine", key});
      const Outcome outcome = run(words);
      EXPECT_EQ(outcome.code, 2) << outcome.err;
      EXPECT_HAS(outcome.err, "--engine: " + key + " cannot answer --task");
      EXPECT_HAS(outcome.err, "; these can: ");
    };
    if (!e.powers.minimum) refused({});
    if (!e.powers.minimum || !e.powers.n_best) refused({"--best", "2"});
    if (!e.powers.free_energy) refused({"--task", "free-energy"});
    if (!e.powers.free_energy && !e.powers.samples) refused({"--task", "marginals"});
    if (!e.powers.samples) refused({"--task", "samples"});
  }
  const Outcome sums = run({"solve", a, "--task", "free-energy", "--best", "3"});
  EXPECT_EQ(sums.code, 2);
  EXPECT_HAS(sums.err, "--best: asks for the lowest answers");
}

TEST_F(SolveCommand, NBest_AreDistinctAndTheLowestFirst) {
  const std::string a = file("a.uai", kLoop), e = file("a.evid", "1 1 0");
  for (const DiscreteEngine& engine : discrete_engines()) {
    if (!engine.powers.n_best) continue;
    const json r =
        done({"solve", a, "--best", "3", "--evidence", e, "--engine", std::string(engine.key), "--json"})
            .value();
    const json& best = r.at("best");
    ASSERT_EQ(best.size(), 3u) << engine.key;
    EXPECT_EQ(best[0].at("assignment"), r.at("assignment"));
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(best[i].at("assignment").size(), 3u);
      EXPECT_EQ(best[i].at("assignment")[1], 0);
      if (i > 0) {
        EXPECT_GE(best[i].at("energy").get<double>(), best[i - 1].at("energy").get<double>());
        EXPECT_NE(best[i].at("assignment"), best[i - 1].at("assignment"));
      }
    }
  }
}

TEST_F(SolveCommand, Samples_AreAssignmentsOfAllVariables) {
  const std::string a = file("a.uai", kLoop), e = file("a.evid", "1 1 0");
  for (const DiscreteEngine& engine : discrete_engines()) {
    if (!engine.powers.samples) continue;
    const Words words{
        "solve",      a, "--task", "samples", "--samples", "7", "--engine", std::string(engine.key),
        "--evidence", e, "--seed", "3",       "--json"};
    const json r = done(words).value();
    ASSERT_EQ(r.at("samples").size(), 7u) << engine.key;
    for (const json& sample : r.at("samples")) {
      ASSERT_EQ(sample.size(), 3u);
      EXPECT_EQ(sample[1], 0);
    }
    EXPECT_EQ(done(words).value().at("samples"), r.at("samples")) << "the same seed";
  }
  EXPECT_EQ(run({"solve", a, "--task", "samples", "--out", folder_ / "s"}).code, 2);
}

TEST_F(SolveCommand, EvidenceOfAllVariables_LeavesNothingToSearch) {
  const std::string a = file("a.uai", kLoop), e = file("a.evid", "3 0 1 1 0 2 1");
  const json r = done({"solve", a, "--evidence", e, "--json"}).value();
  EXPECT_EQ(r.at("assignment"), json({1, 0, 1}));
  EXPECT_NEAR(r.at("energy").get<double>(), -std::log(0.75 * 2), 1e-12);
  const json m = done({"solve", a, "--evidence", e, "--task", "marginals", "--json"}).value();
  EXPECT_EQ(m.at("marginals"), json::parse("[[0.0,1.0],[1.0,0.0],[0.0,1.0]]"));
}

TEST_F(SolveCommand, EveryFormat_HasTheSameAnswer) {
  const std::string a = file("a.uai", kLoop);
  for (const char* ending : {"uai", "LG", "fg", "cfn", "json", "uai.gz", "cfn.gz"}) {
    const std::string b = folder_ / (std::string("b.") + ending);
    done({"graph", "convert", a, b, "--decimals", "12"});
    const json r = done({"solve", b, "--json"}).value();
    EXPECT_NEAR(r.at("energy").get<double>(), -std::log(6), 1e-10) << ending;
    EXPECT_EQ(r.at("assignment"), json({1, 1, 1})) << ending;
  }
  const Outcome wcsp = done({"graph", "convert", a, folder_ / "b.wcsp", "--decimals", "3"});
  EXPECT_HAS(wcsp.err, "E = w / 1e3 - 1.");
  EXPECT_EQ(done({"solve", folder_ / "b.wcsp", "--json"}).value().at("assignment"), json({1, 1, 1}));
}

TEST_F(SolveCommand, Help_SaysWhatEveryEngineCanAndEveryExitCode) {
  const std::string help = done({"solve", "--help"}).out;
  for (const DiscreteEngine& e : discrete_engines()) EXPECT_HAS(help, std::string(e.key));
  for (const char* part : {"Exit codes: 0", "130", "Examples:", "--time-limit", "--start"})
    EXPECT_HAS(help, part);
}

// Of engines that search: a loopy graph that none proves in a moment.
class SearchCommand : public SolveCommand {
 protected:
  void SetUp() override {
    for (const DiscreteEngine& e : discrete_engines())
      for (const char* key : {"branch-and-bound", "dual-decomposition", "trws"})
        if (engine_.empty() && e.key == key) engine_ = key;
    if (engine_.empty()) GTEST_SKIP() << "no engine here searches";
    hard_ = folder_ / "hard.json";
    done({"graph", "generate", "grid", "--height", "150", "--width", "150", "--labels", "6", "--pairs",
          "random", "--strength", "2", "--out", hard_});
  }
  void check(const json& r) {
    EXPECT_EQ(r.at("assignment").size(), 22500u);
    EXPECT_TRUE(r.at("energy").is_number());
    EXPECT_EQ(r.at("exactness") == "exact", false);
  }
  std::string engine_, hard_;
};

TEST_F(SearchCommand, ATimeLimit_GivesTheBestAnswerAndItsBoundWithCode0) {
  const Outcome outcome = run({"solve", hard_, "--engine", engine_, "--time-limit", "0.5", "--iterations",
                               "1000000000", "--json", "--progress"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  check(outcome.value());
  EXPECT_EQ(outcome.value().at("engine").at("why"), "the time limit");
  EXPECT_HAS(outcome.err, " s  energy ");
}

TEST_F(SearchCommand, CtrlC_GivesTheBestAnswerSoFarWithCode130) {
  const Running running(
      {"solve", hard_, "--engine", engine_, "--iterations", "1000000000", "--json", "--progress"});
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  running.signal(SIGINT);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  check(outcome.value());
  EXPECT_EQ(outcome.value().at("engine").at("why"), "interrupted");
}

}  // namespace
}  // namespace ebm::app
