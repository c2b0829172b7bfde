#include "ebm/graph/formats.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/io/gzip.hpp"
#include "io/io_test.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace discrete;
using testing::each_labelling;

constexpr std::string_view kUai =
    "MARKOV\n3\n2 2 3\n3\n1 0\n2 2 1\n0\n\n2\n 0.25 0.75\n\n6\n 1 2\n 3 0\n 5 6\n\n1\n 0.5\n";
constexpr std::string_view kFg =
    "# a comment\n2\n\n1\n0\n2\n2\n0 0.25\n1 0.75\n\n2\n2 1   # out of order\n3 2\n5\n0 1\n3 2\n1 3\n2 5\n5 "
    "6\n";
constexpr std::string_view kWcsp = "small 3 3 3 10\n2 2 3\n2 0 2 4 2\n0 0 0\n1 2 10\n1 1 1 1\n0 7\n0 3 0\n";

double p(double x) { return x > 0 ? -std::log(x) : kInf; }

TEST(Uai, Parse_TurnsEntriesIntoEnergies) {
  const GraphFile f = parse_uai(kUai, "m.uai");
  EXPECT_EQ(f.format, "UAI MARKOV");
  EXPECT_EQ(f.meaning, Meaning::probabilities);
  const double pair[3][2] = {{1, 2}, {3, 0}, {5, 6}};
  each_labelling({2, 2, 3}, [&](const std::vector<int>& y) {
    const double expected = p(y[0] ? 0.75 : 0.25) + p(pair[y[2]][y[1]]) + p(0.5);
    if (expected == kInf)
      EXPECT_EQ(f.graph.energy(y), kInf);
    else
      EXPECT_NEAR(f.graph.energy(y), expected, 1e-15);
  });
  EXPECT_EQ(parse_uai("BAYES 1 2 1 1 0 2 0.1 +9e-1", "b").format, "UAI BAYES");
}

TEST(LibDai, Parse_CountsTheFirstVariableFastest) {
  const GraphFile fg = parse_fg(kFg, "m.fg");
  EXPECT_EQ(fg.graph.variables(), 3);
  // Entry (y2, y1) of the pair is at y2 + 3 y1; what is not listed is 0.
  const double pair[3][2] = {{1, 2}, {3, 0}, {5, 6}};
  each_labelling({2, 2, 3}, [&](const std::vector<int>& y) {
    const double expected = p(y[0] ? 0.75 : 0.25) + p(pair[y[2]][y[1]]);
    if (expected == kInf)
      EXPECT_EQ(fg.graph.energy(y), kInf);
    else
      EXPECT_NEAR(fg.graph.energy(y), expected, 1e-15);
  });
}

TEST(Wcsp, Parse_ReadsWeightsAsEnergiesAndTheBoundAsForbidden) {
  const GraphFile f = parse_wcsp(kWcsp, "m.wcsp");
  EXPECT_EQ(f.meaning, Meaning::energies);
  each_labelling({2, 2, 3}, [&](const std::vector<int>& y) {
    double e = y[0] == 0 && y[2] == 0 ? 0 : y[0] == 1 && y[2] == 2 ? kInf : 4;
    e += (y[1] == 0 ? 7 : 1) + 3;
    EXPECT_EQ(f.graph.energy(y), e);
  });
}

TEST(Formats, WriteThenRead_GivesTheSameEnergies) {
  Rng rng(51);
  for (int round = 0; round < 60; ++round) {
    const auto shape = testing::random_graph(rng);
    const DiscreteGraph g = testing::discrete_graph(shape, 1, 0.2, rng);
    const DiscreteGraph uai = parse_uai(to_uai(g), "written").graph, fg = parse_fg(to_fg(g), "written").graph;
    each_labelling(shape.counts, [&](const std::vector<int>& y) {
      const double e = g.energy(y);
      // .fg knows the variables of its factors alone; a gap among them is a variable of one label.
      std::vector<int> named;
      for (int v = 0; v < fg.variables(); ++v)
        named.push_back(
            std::min(y[static_cast<std::size_t>(v)], fg.labels()[static_cast<std::size_t>(v)] - 1));
      for (const double read : {uai.energy(y), fg.energy(named)})
        if (e == kInf)
          EXPECT_EQ(read, kInf);
        else
          EXPECT_NEAR(read, e, 1e-12 * (1 + std::abs(e)));
    });
  }
  DiscreteGraph low;
  low.add_variables(1, Labels(2));
  low.add(std::vector<int>{0}, std::vector<double>{-800, 0});
  EXPECT_THROW((void)to_uai(low), GraphError);
}

TEST(Formats, MalformedGraphs_AreRefusedWithFileAndLine) {
  struct Bad {
    std::string_view text, part;
  };
  for (const Bad& bad : {
           Bad{"", "m:1: expected MARKOV or BAYES, found the end"},
           Bad{"MARKOW\n1", "found 'MARKOW'"},
           Bad{"MARKOV\n99999999999\n2", "m:2: the number of variables is 99999999999, and the rest"},
           Bad{"MARKOV\n99999999999999999999\n2", "whole number"},
           Bad{"MARKOV\n1\n0\n0", "m:3: expected a number of labels"},
           Bad{"MARKOV\n1\n2\n1000000\n1 0", "the number of factors is 1000000"},
           Bad{"MARKOV\n1\n2\n1\n1 1\n2 1 1",
               "m:5: expected a variable, a whole number from 0 to 0, found '1'"},
           Bad{"MARKOV\n2\n2 2\n1\n2 0 0\n4 1 1 1 1", "variable 0 stands twice"},
           Bad{"MARKOV\n1\n2\n1\n1 0\n3\n1 1 1", "m:6: table 0 has 3 entries, and its variables 2"},
           Bad{"MARKOV\n1\n2\n1\n1 0\n2\n1 -0.5",
               "m:7: expected an entry of a table, found -0.5, which is negative"},
           Bad{"MARKOV\n1\n2\n1\n1 0\n2\n1 nan", "finite number, found 'nan'"},
           Bad{"MARKOV\n1\n2\n1\n1 0\n2\n1 inf", "finite number, found 'inf'"},
           Bad{"MARKOV\n1\n2\n1\n1 0\n2\n1 1e999", "out of the range of a double"},
           Bad{"MARKOV\n1\n2\n1\n1 0\n2\n1", "found the end of the file"},
           Bad{"MARKOV\n1\n2\n1\n1 0\n2\n1 1\n7", "m:8: expected the end, found '7'"},
           Bad{"MARKOV\n1\n2\n1\n-1 0\n2\n1 1", "how many variables a factor has"},
           Bad{"MARKOV 4 60000 60000 60000 60000 1 4 0 1 2 3 5 1 1 1 1 1 1 1 1 1", "MiB) brings all to more"},
       })
    EXPECT_HAS(io::error_of([&] { (void)parse_uai(bad.text, "m"); }), bad.part);
  for (const Bad& bad : {
           Bad{"1\n2\n0 0\n2 2\n1\n0 1", "m:3: variable 0 stands twice"},
           Bad{"2\n1\n0\n2\n1\n0 1\n1\n0\n3\n1\n0 1", "variable 0 has 3 labels here and 2 before"},
           Bad{"1\n1\n0\n2\n3\n0 1", "the number of entries that are listed, a whole number from 0 to 2"},
           Bad{"1\n1\n0\n2\n1\n2 1",
               "m:6: expected the index of an entry, a whole number from 0 to 1, found '2'"},
           Bad{"1\n1\n0\n2\n1\n0 -1", "negative"},
           Bad{"1\n1\n1000000\n2\n1\n0 1", "expected a variable"},
           Bad{"1\n2\n0 1\n2000000000 2000000000\n1\n0 1", "MiB) brings all"},
           Bad{"70000\n1\n", "the number of factors is 70000"},
           Bad{"0\nx", "m:2: expected the end"},
       })
    EXPECT_HAS(io::error_of([&] { (void)parse_fg(bad.text, "m"); }), bad.part);
  for (const Bad& bad : {
           Bad{"", "expected the name"},
           Bad{"n 1 2 1 9\n2\n-1 0 0 0", "how many variables a factor has"},
           Bad{"n 1 2 1 9\n3\n1 0 0 0", "more than the largest number of labels"},
           Bad{"n 1 2 1 9\n2\n1 0 0 1\n2 0", "m:4: expected a label"},
           Bad{"n 1 2 1 9\n2\n1 0 -4 0", "negative"},
           Bad{"n 1 2 1 9\n2\n1 0 0 5\n1 0", "found the end"},
       })
    EXPECT_HAS(io::error_of([&] { (void)parse_wcsp(bad.text, "m"); }), bad.part);
}

TEST(Formats, EveryShorterFile_IsRefused) {
  const auto refused = [](std::string_view text, const auto& parse) {
    // Cut behind the last token, less would still be whole.
    const std::size_t whole = text.find_last_not_of(" \n") + 1;
    for (std::size_t n = 0; n + 1 < whole; ++n) {
      if (text[n] != ' ' && text[n] != '\n') continue;  // a shorter number may be another good one
      EXPECT_THROW((void)parse(text.substr(0, n), "FILE"), FormatError) << text.substr(0, n);
    }
  };
  refused(kUai, parse_uai);
  refused(kFg.substr(12), parse_fg);
  refused(kWcsp, parse_wcsp);
}

TEST(Evidence, ComesWithOrWithoutANumberOfSets) {
  const DiscreteGraph g = parse_uai(kUai, "m").graph;
  using V = std::vector<int>;
  EXPECT_EQ(parse_evidence("0", "e", g), (V{-1, -1, -1}));
  EXPECT_EQ(parse_evidence("2 2 1\n0 1", "e", g), (V{1, -1, 1}));
  EXPECT_EQ(parse_evidence("1\n2 2 1 0 1\n", "e", g), (V{1, -1, 1}));
  EXPECT_EQ(parse_evidence("1 2 1", "e", g), (V{-1, -1, 1}));
  EXPECT_EQ(parse_evidence("1 0", "e", g), (V{-1, -1, -1}));
  EXPECT_EQ(parse_evidence(to_evidence(V{-1, 1, 2}), "e", g), (V{-1, 1, 2}));
  struct Bad {
    std::string_view text, part;
  };
  for (const Bad& bad :
       {Bad{"", "e:1:"}, Bad{"1 3 0", "a variable, a whole number from 0 to 2"},
        Bad{"1 0 2", "a label, a whole number from 0 to 1"}, Bad{"2 0 1 0 1", "observed twice"},
        Bad{"2\n0 1", "expected 2 variables with a label each, found 2 numbers"},
        Bad{"3000000000 1 1", "and the rest of the file has room"}, Bad{"-1", "whole number"},
        Bad{"1 1 1 7", "e:1:"}})
    EXPECT_HAS(io::error_of([&] { (void)parse_evidence(bad.text, "e", g); }), bad.part);
}

TEST(Results, WriteThenRead_AreTheSame) {
  const DiscreteGraph g = parse_uai(kUai, "m").graph;
  const std::vector<int> labels{1, 0, 2};
  EXPECT_EQ(parse_map(to_map(labels), "r", g), labels);
  EXPECT_EQ(parse_pr(to_pr(-12.125), "r"), -12.125);
  const std::vector<double> p{0.1, 0.9, 1, 0, 0.3, 0.3, 0.4};
  EXPECT_EQ(parse_mar(to_mar(g.labels(), p), "r", g), p);
  EXPECT_THROW((void)parse_map("MAP\n2 0 0", "r", g), FormatError);
  EXPECT_THROW((void)parse_map("MAP\n3 0 0 3", "r", g), FormatError);
  EXPECT_THROW((void)parse_pr("PR\nx", "r"), FormatError);
  EXPECT_THROW((void)parse_mar("MAR\n3 2 0 1", "r", g), FormatError);
}

TEST(Formats, CorpusOfTheFuzzer_IsRead) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(EBM_SOURCE_DIR) /
                                                               "fuzz/corpus/discrete_formats")) {
    EXPECT_GT(read_graph(entry.path()).graph.factors(), 0u) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 7);
}

TEST(ReadGraph, GoesByTheEndingAndUnpacks) {
  io::Folder folder;
  io::write_file(folder / "a.uai", kUai);
  io::write_file(folder / "a.wcsp.gz", io::gzip(io::as_bytes(kWcsp)));
  io::write_file(folder / "a.txt", kUai);
  EXPECT_EQ(read_graph(folder / "a.uai").format, "UAI MARKOV");
  EXPECT_EQ(read_graph(folder / "a.wcsp.gz").format, "wcsp");
  EXPECT_THROW((void)read_graph(folder / "a.txt"), DataError);
  EXPECT_THROW((void)read_graph(folder / "none.uai"), DataError);
}

}  // namespace
}  // namespace ebm
