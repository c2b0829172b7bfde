// ebm graph info, draw, convert and generate.

#include "command_test.hpp"

namespace ebm::app {
namespace {

constexpr std::string_view kLoop =
    "MARKOV\n3\n2 2 2\n4\n1 0\n2 0 1\n2 1 2\n2 2 0\n\n2 0.25 0.75\n4 2 1 1 2\n4 2 1 1 2\n4 2 1 1 2\n";

class GraphCommand : public ::testing::Test {
 protected:
  std::string file(const char* name, std::string_view text) {
    io::write_file(folder_ / name, text);
    return folder_ / name;
  }
  std::string generated(const char* name, Words words) {
    words.insert(words.begin(), {"graph", "generate"});
    words.insert(words.end(), {"--out", folder_ / name, "--quiet"});
    done(words);
    return folder_ / name;
  }
  io::Folder folder_;
};

TEST_F(GraphCommand, Info_KnowsStructureTreewidthAndWhoIsExact) {
  const std::string a = file("a.uai", kLoop);
  const json r = done({"graph", "info", a, "--json"}).value();
  EXPECT_EQ(r.at("variables"), 3);
  EXPECT_EQ(r.at("factors"), 4);
  EXPECT_EQ(r.at("structure"), "loopy");
  EXPECT_EQ(r.at("components"), 1);
  EXPECT_EQ(r.at("label_counts"), json({{"2", 3}}));
  EXPECT_EQ(r.at("arities"), json({{"1", 1}, {"2", 3}}));
  EXPECT_EQ(r.at("forbidden_entries"), 0);
  EXPECT_EQ(r.at("treewidth_bound"), 2);
  for (const char* engine : {"exhaustive", "junction-tree"})
    EXPECT_NE(std::find(r.at("exact").begin(), r.at("exact").end(), engine), r.at("exact").end());
  EXPECT_EQ(r.at("submodular"), true);
  EXPECT_EQ(r.at("one_minimum_cut"), true);
  EXPECT_HAS(done({"graph", "info", a}).out, "one minimum cut");
}

TEST_F(GraphCommand, Info_NamesTheFirstFactorThatIsNotSubmodular) {
  const std::string a = file("a.json",
                             R"({"ebm_graph": 1, "labels": [2, 2], "names": ["rain", "wet"],
                                 "factors": [{"arity": 2, "scopes": [0, 1], "energies": [1, 0, 0, "inf"]}]})");
  const json r = done({"graph", "info", a, "--json"}).value();
  EXPECT_EQ(r.at("structure"), "chain");
  EXPECT_EQ(r.at("submodular"), false);
  EXPECT_EQ(r.at("violation").at("scope"), json({0, 1}));
  EXPECT_EQ(r.at("forbidden_entries"), 1);
  EXPECT_HAS(done({"graph", "info", a}).out,
             "no: on variables 0 (rain), 1 (wet), E(0,0) + E(1,1) = inf is above");
}

TEST_F(GraphCommand, Generate_MakesEveryStructure) {
  for (const char* structure : {"chain", "tree", "loops"}) {
    const json r =
        done({"graph", "info",
              generated("g.json", {structure, "--variables", "30", "--more", "5", "--labels", "3"}),
              "--json"})
            .value();
    EXPECT_EQ(r.at("structure"), std::string(structure) == "loops" ? "loopy" : structure);
    EXPECT_EQ(r.at("variables"), 30);
    EXPECT_EQ(r.at("most_labels"), 3);
  }
  const std::string grid = generated("g.uai", {"grid", "--height", "4", "--width", "7", "--pairs", "linear"});
  const json r = done({"graph", "info", grid, "--json"}).value();
  EXPECT_EQ(r.at("structure"), "grid");
  EXPECT_EQ(r.at("height"), 4);
  EXPECT_EQ(r.at("width"), 7);
  EXPECT_EQ(r.at("submodular"), true);
  const std::string before = text_of(grid);
  generated("g.uai", {"grid", "--height", "4", "--width", "7", "--pairs", "linear"});
  EXPECT_EQ(text_of(grid), before);
  generated("g.uai", {"grid", "--height", "4", "--width", "7", "--pairs", "linear", "--seed", "2"});
  EXPECT_NE(text_of(grid), before);
  EXPECT_EQ(run({"graph", "generate", "grid", "--out", folder_ / "g.txt"}).code, 2);
  EXPECT_EQ(run({"graph", "generate", "grid", "--forbidden", "0.5", "--out", folder_ / "g.uai"}).code, 2);
}

TEST_F(GraphCommand, Draw_WritesTextAlwaysAndPicturesThroughGraphviz) {
  const std::string a = file("a.uai", kLoop), e = file("a.evid", "1 2 1");
  const Outcome text = done({"graph", "draw", a, "--evidence", e});
  EXPECT_HAS(text.out, "graph g {");
  EXPECT_HAS(text.out, "label=\"2 = 1\"");
  done({"graph", "draw", a, "--out", folder_ / "a.dot"});
  EXPECT_HAS(text_of(folder_ / "a.dot"), "v2 [shape=circle");
  EXPECT_EQ(run({"graph", "draw", a, "--out", folder_ / "a.gif"}).code, 2);
  const std::string large = generated("large.json", {"grid", "--height", "40", "--width", "40"});
  const Outcome refused = run({"graph", "draw", large});
  EXPECT_EQ(refused.code, 1);
  EXPECT_HAS(refused.err, "more than the 600 that a picture shows");
  const Outcome svg = run({"graph", "draw", a, "--out", folder_ / "a.svg"});
  if (svg.code == 3) {
    EXPECT_HAS(svg.err, "'dot' is not installed");
    GTEST_SKIP() << "no Graphviz";
  }
  EXPECT_EQ(svg.code, 0) << svg.err;
  EXPECT_HAS(text_of(folder_ / "a.svg"), "<svg");
}

TEST_F(GraphCommand, Convert_LeavesOutWhatIsObserved) {
  const std::string a = file("a.uai", kLoop), e = file("a.evid", "1 0 1");
  done({"graph", "convert", a, folder_ / "b.json", "--evidence", e});
  const json r = done({"solve", folder_ / "b.json", "--json"}).value();
  EXPECT_EQ(r.at("assignment"), json({1, 1}));
  const json whole = done({"solve", a, "--evidence", e, "--json"}).value();
  EXPECT_NEAR(r.at("energy").get<double>(), whole.at("energy").get<double>(), 1e-12);
}

TEST_F(GraphCommand, WhatCannotBe_IsToldInOneSentence) {
  const std::string a = file("a.uai", kLoop);
  const auto expect = [](const Words& words, int code, const char* part) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_HAS(outcome.err, part);
    EXPECT_EQ(outcome.out, "");
  };
  expect({"graph", "convert", a, folder_ / "b.txt", "--quiet"}, 2, "ends with none of .uai, .LG");
  expect({"graph", "convert", a, a, "--quiet"}, 2, "is also read");
  expect(
      {"graph", "info",
       file("b.cfn", "{problem {n <9} variables {a 2} functions {f {scope [a] type salldiff}}}"), "--quiet"},
      3, "a function is of type 'salldiff'");
  expect({"graph", "info", file("b.json", "{\"labels\": [2]}"), "--quiet"}, 3, "'ebm_graph' is missing");
  const std::string low = file("low.LG", "MARKOV 1 2 1 1 0 2 2000 0");
  expect({"graph", "convert", low, folder_ / "low.uai", "--quiet"}, 1, "no table entry exp(-E)");
  expect({"graph", "convert", low, folder_ / "low.cfn", "--decimals", "15", "--quiet"}, 1, "or fewer");
}

}  // namespace
}  // namespace ebm::app
