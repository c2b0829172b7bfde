#include "ebm/lattice/openfst_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "ebm/core/error.hpp"
#include "ebm/lattice/operations.hpp"
#include "lattice/random_machines.hpp"

namespace ebm {
namespace {

using lattice::parse_openfst;
using lattice::TextOptions;
using lattice::to_openfst;

std::string refused(std::string_view text, const TextOptions& options = {}) {
  try {
    (void)parse_openfst(text, "m.txt", options);
  } catch (const FormatError& e) {
    return e.what();
  }
  return "no error";
}

#define EXPECT_SAYS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

TEST(OpenFstText, Parse_ReadsArcsFinalsAndStart) {
  const Automaton a = parse_openfst(
      "1 0\t3 4 0.5\n0 1 0 2\n\n  0 2.5 \r\n2 Infinity\n1 2 7 7 Infinity\n1 2 8 8 -1e3", "m.txt");
  EXPECT_EQ(a.states(), 3);
  EXPECT_EQ(a.start(), 1);
  ASSERT_EQ(a.arcs().size(), 4u);
  EXPECT_EQ(a.arcs(1)[0], (Arc{1, 0, 3, 4, 0.5, -1}));
  EXPECT_EQ(a.arcs(0)[0], (Arc{0, 1, 0, 2, 0, -1}));
  EXPECT_EQ(a.arcs(1)[1].energy, kInf);
  EXPECT_EQ(a.arcs(1)[2].energy, -1000);
  EXPECT_EQ(a.final_energy(0), 2.5);
  EXPECT_EQ(a.final_energy(2), kInf);
}

TEST(OpenFstText, Parse_ReadsAcceptorsWhenAsked) {
  const Automaton a = parse_openfst("0 1 5 0.25\n0 1 6\n1\n", "m.txt", {.acceptor = true});
  EXPECT_EQ(a.arcs(0)[0], (Arc{0, 1, 5, 5, 0.25, -1}));
  EXPECT_EQ(a.arcs(0)[1], (Arc{0, 1, 6, 6, 0, -1}));
}

TEST(OpenFstText, HugeStateNumbers_AreRenumberedInOrder) {
  const Automaton a = parse_openfst("9000000000000000000 5 1 1\n5 70000000000 2 2\n70000000000\n", "m.txt");
  EXPECT_EQ(a.states(), 3);
  EXPECT_EQ(a.start(), 2);
  EXPECT_EQ(a.arcs(2)[0].target, 0);
  EXPECT_EQ(a.final_energy(1), 0);
}

TEST(OpenFstText, MalformedText_IsRefusedWithFileLineAndWhatWasExpected) {
  EXPECT_SAYS(refused(""), "m.txt:0: expected at least one line: there is no start state");
  EXPECT_SAYS(refused("\n \t\n"), "there is no start state");
  EXPECT_SAYS(refused("0 1 2 3\n"), "m.txt:1: expected at least one final state");
  EXPECT_SAYS(refused("0 1 2 3\n1 Infinity\n"), "expected at least one final state");
  EXPECT_SAYS(refused("0 1 2 3\n1\n0 1 2\n"), "m.txt:3: expected source, target, input label, output label");
  EXPECT_SAYS(refused("0 1 2 3 4 5\n"), "m.txt:1: expected at most 5 fields");
  EXPECT_SAYS(refused("0 1 2 3 4\n", {.acceptor = true}), "at most 4 fields");
  EXPECT_SAYS(refused("x 1 2 3\n"), "m.txt:1: expected a state number >= 0, found 'x'");
  EXPECT_SAYS(refused("0 -1 2 3\n"), "found '-1'");
  EXPECT_SAYS(refused("0 1.5 2 3\n"), "found '1.5'");
  EXPECT_SAYS(refused("0 99999999999999999999 2 3\n"), "expected a state number");
  EXPECT_SAYS(refused("0 1 a 3\n"), "expected a label, an integer from 0 to 2147483646, found 'a'");
  EXPECT_SAYS(refused("0 1 2 -1\n"), "found '-1'");
  EXPECT_SAYS(refused("0 1 2 2147483647\n"), "found '2147483647'");
  EXPECT_SAYS(refused("0 1 2 99999999999\n"), "found '99999999999'");
  EXPECT_SAYS(refused("0 1 2 3 NaN\n"), "expected an energy, a number or Infinity, found 'NaN'");
  EXPECT_SAYS(refused("0 1 2 3 -Infinity\n"), "found '-Infinity'");
  EXPECT_SAYS(refused("0 1 2 3 1.5x\n"), "found '1.5x'");
  EXPECT_SAYS(refused("0 1 2 3 +\n"), "found '+'");
  EXPECT_SAYS(refused("0 1 2 3 1e999\n"), "energy '1e999' is out of the range");
  EXPECT_SAYS(refused("0 1 2 3\n1 zero\n"), "m.txt:2: expected an energy");
  EXPECT_SAYS(refused("\x01\xff\n"), "found '?\?'");
  EXPECT_SAYS(refused(std::string(1000, '9') + "\n"), "...'");
}

TEST(OpenFstText, WriteThenParse_IsTheSame) {
  Rng rng(31);
  for (int round = 0; round < 100; ++round) {
    const Automaton a = lattice::connect(ebm::testing::random_automaton(rng));
    if (a.final_energy(a.start()) == kInf && a.arcs().empty()) continue;
    const Automaton b = parse_openfst(to_openfst(a), "written");
    ASSERT_EQ(a.states(), b.states());
    EXPECT_EQ(a.start(), b.start());
    ASSERT_EQ(a.arcs().size(), b.arcs().size());
    for (std::size_t i = 0; i < a.arcs().size(); ++i) EXPECT_EQ(a.arcs()[i], b.arcs()[i]);
    for (int s = 0; s < a.states(); ++s) EXPECT_EQ(a.final_energy(s), b.final_energy(s));
  }
}

TEST(OpenFstText, AStartWithoutArcs_StaysTheStart) {
  const std::vector<Final> finals{{0, 1}, {1, 2.5}};
  const Automaton a(std::vector<Arc>{{0, 0, 1, 1, 0.1}}, finals, 1);
  const Automaton b = parse_openfst(to_openfst(a), "written");
  EXPECT_EQ(b.start(), 1);
  EXPECT_EQ(b.final_energy(1), 2.5);
  const std::vector<Final> one{{0, 1}};
  const Automaton c(std::vector<Arc>{{0, 0, 1, 1, 0.1}}, one, 1);
  EXPECT_EQ(parse_openfst(to_openfst(c), "written").start(), 1);
}

TEST(OpenFstText, ALatticeThroughAFile_IsTheSame) {
  Rng rng(32);
  const auto path = std::filesystem::path(::testing::TempDir()) / "lattice_round_trip.txt";
  for (int round = 0; round < 20; ++round) {
    const Lattice l = ebm::testing::random_lattice(rng);
    lattice::write_openfst(path, l);
    const Lattice back = lattice::to_lattice(lattice::read_openfst(path));
    ASSERT_EQ(l.arcs(), back.arcs());
    ASSERT_EQ(l.states(), back.states());
    std::vector<double> e(l.energy().begin(), l.energy().end()),
        f(back.energy().begin(), back.energy().end());
    std::sort(e.begin(), e.end());
    std::sort(f.begin(), f.end());
    EXPECT_EQ(e, f);
  }
  std::filesystem::remove(path);
  EXPECT_THROW(lattice::read_openfst(path), DataError);
  EXPECT_EQ(to_openfst(Lattice()), "");
}

TEST(OpenFstText, Symbols_NameLabelsBothWays) {
  const auto symbols = lattice::parse_symbols("<eps> 0\n$ 36\nzero 48\n", "s.txt");
  const TextOptions options{.in = &symbols, .out = &symbols};
  const Automaton a = parse_openfst("0 1 $ <eps>\n1 0 zero zero\n1\n", "m.txt", options);
  EXPECT_EQ(a.arcs(0)[0].in, 36);
  EXPECT_EQ(a.arcs(0)[0].out, 0);
  EXPECT_EQ(to_openfst(a, options), "0\t1\t$\t<eps>\n1\t0\tzero\tzero\n1\n");
  EXPECT_SAYS(refused("0 1 one zero\n", options), "label 'one' is not in the symbol table");
  EXPECT_NE(lattice::to_dot(a, options).find("$:-"), std::string::npos);
  for (const char* bad : {"a\n", "a 1\na 2\n", "a 1\nb 1\n", "a x\n", "a -1\n", "a 1 2\n"})
    EXPECT_THROW(lattice::parse_symbols(bad, "s.txt"), FormatError) << bad;
}

TEST(OpenFstText, WhatTheFormatCannotSay_IsRefused) {
  EXPECT_THROW(to_openfst(lattice::complement("1")), GraphError);
  const std::vector<Final> end{{1, 0}};
  const Automaton transducer(std::vector<Arc>{{0, 1, 1, 2}}, end);
  EXPECT_THROW(to_openfst(transducer, {.acceptor = true}), GraphError);
  EXPECT_EQ(to_openfst(lattice::acceptor("A"), {.acceptor = true}), "0\t1\t65\n1\n");
}

TEST(OpenFstText, CorpusOfTheFuzzer_IsRead) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(EBM_SOURCE_DIR) /
                                                               "fuzz/corpus/openfst_text")) {
    const TextOptions options{.acceptor = entry.path().stem() == "acceptor"};
    EXPECT_NO_THROW(read_openfst(entry.path(), options)) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 3);
}

TEST(Dot, Drawing_NamesEveryStateAndArc) {
  const std::vector<Final> end{{1, 0.5}};
  const Automaton a(std::vector<Arc>{{0, 1, 1, 2, 0.25}, {0, 1, kOther, 0}}, end);
  const std::string dot = lattice::to_dot(a);
  EXPECT_EQ(dot.find("digraph"), 0u);
  EXPECT_NE(dot.find("0 -> 1 [label = \"1:2/0.25\"]"), std::string::npos) << dot;
  EXPECT_NE(dot.find("0 -> 1 [label = \"*:-\"]"), std::string::npos) << dot;
  EXPECT_NE(dot.find("1 [label = \"1/0.5\", shape = doublecircle]"), std::string::npos) << dot;
}

}  // namespace
}  // namespace ebm
