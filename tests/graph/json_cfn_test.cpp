// Our own JSON, toulbar2's .cfn and what is written for it, and logarithms.

#include <gtest/gtest.h>

#include <cmath>

#include "ebm/graph/formats.hpp"
#include "io/io_test.hpp"
#include "support/discrete_graphs.hpp"

namespace ebm {
namespace {

using namespace discrete;
using testing::each_labelling;

constexpr std::string_view kCfn =
    "# a comment, as a line may be\n"
    "{ \"problem\": {\"name\": \"small\", \"mustbe\": \"<20.00\"},\n"
    "  variables: { \"a\": [\"red\", \"green\"], \"b\": 2, c -3 },\n"
    "  \"functions\": {\n"
    "    \"f\": {\"scope\": [\"a\", \"c\"], \"defaultcost\": 4, \"costs\": [\"red\", 0, 0, \"green\", 2, "
    "30]},\n"
    "    \"g\": {scope: [1] costs: [7, -1.25]},\n"
    "    \"h\": {scope: [b c] costs: \"k\"},\n"
    "    \"k\": {scope: [a c] costs: [0 1 2 3 4 5]},\n"
    "    {scope: [], costs: [3]}\n"
    "  }\n"
    "}";
constexpr std::string_view kJson = R"({"ebm_graph": 1, "labels": [2, 2, 3], "names": ["x", "y \"", "z"],
 "constant": 0.5,
 "factors": [
  {"arity": 1, "scopes": [0], "energies": [0.1, null]},
  {"arity": 2, "scopes": [0, 1, 1, 0], "energies": [0, 1, 2, 3], "scales": [2, 0.5]},
  {"arity": 2, "scopes": [1, 2], "energies": [0, 1, 2, 3, 4, "inf"]},
  {"arity": 2, "index": "count", "scopes": [0, 1], "energies": [0, 5, 7]},
  {"arity": 2, "index": "agreement", "scopes": [0, 1], "energies": [1, 2, 0.25]}
]})";

TEST(Cfn, Parse_ReadsDenseSparseAndSharedTables) {
  const GraphFile f = parse_cfn(kCfn, "m.cfn");
  EXPECT_EQ(f.format, "cfn");
  EXPECT_EQ(f.meaning, Meaning::energies);
  EXPECT_EQ(f.names, (std::vector<std::string>{"a", "b", "c"}));
  each_labelling({2, 2, 3}, [&](const std::vector<int>& y) {
    double e = y[0] == 0 && y[2] == 0 ? 0 : y[0] == 1 && y[2] == 2 ? kInf : 4;
    e += (y[1] == 0 ? 7 : -1.25) + (3 * y[1] + y[2]) + (3 * y[0] + y[2]) + 3;
    EXPECT_EQ(f.graph.energy(y), e);
  });
}

TEST(Cfn, Gains_BecomeEnergiesWithTheOtherSign) {
  const GraphFile f = parse_cfn(
      "{problem: {name: m, mustbe: \">-5.0\"} variables: {\"v1\": [\"a\",\"b\"], \"v2\": [\"c\",\"d\"]}\n"
      "          functions: {\"c0\": {scope: [], costs: [-6.0]}, \"c1\": {scope: [\"v1\"], costs: [1.0, "
      "0.5]},\n"
      "                      \"c12\": {scope: [\"v1\",\"v2\"], costs: [-1.0, 0.5, -12.0, 5.5]}}}",
      "m");
  EXPECT_EQ(f.meaning, Meaning::gains);
  EXPECT_EQ(f.graph.energy(std::vector<int>{1, 1}), 0.0);   // 6 - 0.5 - 5.5
  EXPECT_EQ(f.graph.energy(std::vector<int>{1, 0}), kInf);  // the gain of -17.5 is beyond the bound
}

TEST(Cfn, AnEntryAboveTheBound_IsAllowedWhereOthersBringItBack) {
  const DiscreteGraph g = parse_cfn(
                              "{problem {n <10} variables {a 2 b 2} functions {{scope [a] costs [12 0]}"
                              "{scope [b] costs [-5 6]}}}",
                              "m")
                              .graph;
  EXPECT_EQ(g.energy(std::vector<int>{0, 0}), 7);
  EXPECT_EQ(g.energy(std::vector<int>{1, 1}), 6);
}

TEST(Cfn, Malformed_IsRefusedWithFileAndLine) {
  const auto about = [](std::string functions) {
    return "{problem {n <9}\nvariables {a 2 b [x y z]}\nfunctions {\n" + functions + "}}";
  };
  struct Bad {
    std::string text, part;
  };
  for (const Bad& bad : {
           Bad{"", "m:1: expected the problem, its variables and functions in { } or [ ]"},
           Bad{"{problem {n 9}", "expected \"mustbe\": < or > and a number, found '9'"},
           Bad{"{problem {n <nan}", "a finite number, found 'nan'"},
           Bad{"{problem {n <9} variables {a 0}", "a variable has 0 values"},
           Bad{"{problem {n <9} variables {a 99999999999}", "no number of values"},
           Bad{"{problem {n <9} variables {a []}", "a variable has no values"},
           Bad{"{problem {n <9} variables {a [x x]}", "value 'x' is named twice"},
           Bad{"{problem {n <9} variables {a 2 a 2}", "variable 'a' is named twice"},
           Bad{"{problem {n <9} variables {a 2 b", "found the end of the file"},
           Bad{"{problem {\"n <9} variables", "a quote is not closed"},
           Bad{about("{scope [a a] costs [1 2 3 4]}"), "m:4: variable 0 stands twice"},
           Bad{about("{scope [c] costs [1 2]}"), "m:4: expected a variable, a name or a number from 0 to 1"},
           Bad{about("{scope [a] costs [1 2 3]}"), "a function has 3 weights, and its variables 2"},
           Bad{about("{scope [a] costs [1 nan]}"), "a finite number, found 'nan'"},
           Bad{about("{scope [a] costs [1 1e999]}"), "a finite number"},
           Bad{about("{scope [b] defaultcost 1 costs [w 2]}"), "expected a value, a name or a number"},
           Bad{about("{scope [b] defaultcost 1 costs [x]}"), "expected a weight, found '}'"},
           Bad{about("{scope [a] costs q}"), "the costs of 'q', and there is no such function"},
           Bad{about("f {scope [a] costs f}"), "which are in the end its own"},
           Bad{about("f {scope [a] costs g} g {scope [b] costs [1 2 3]}"), "other numbers of values"},
           Bad{about("f {scope [a] costs [1 2]} f {scope [a] costs [1 2]}"), "function 'f' is named twice"},
           Bad{about("{scope [a b] type salldiff params {metric var}}"),
               "m:4: a function is of type 'salldiff'"},
           Bad{about("{scope [a] costs [1 2]} } x"), "expected the end"},
           Bad{"{problem {n <9} variables {a 60000 b 60000 c 60000} functions {{scope [a b c] defaultcost 1 "
               "costs []}}}",
               "MiB) brings all to more"},
           Bad{"{problem {n <9} variables " + std::string(100000, '['), "expected a value of a variable"},
       })
    EXPECT_HAS(io::error_of([&] { (void)parse_cfn(bad.text, "m"); }), bad.part);
}

TEST(JsonGraph, Parse_ReadsSharedScaledAndStructuredRows) {
  const GraphFile f = parse_json(kJson, "m.json");
  EXPECT_EQ(f.meaning, Meaning::energies);
  EXPECT_EQ(f.names[1], "y \"");
  each_labelling({2, 2, 3}, [&](const std::vector<int>& y) {
    double e = 0.5 + (y[0] ? kInf : 0.1) + 2 * (2 * y[0] + y[1]) + 0.5 * (2 * y[1] + y[0]);
    e += y[1] == 1 && y[2] == 2 ? kInf : 3 * y[1] + y[2];
    e += std::array{0, 5, 7}[static_cast<std::size_t>(y[0] + y[1])];
    e += y[0] != y[1] ? 0.25 : y[0] == 0 ? 1 : 2;
    if (e == kInf)
      EXPECT_EQ(f.graph.energy(y), kInf);
    else
      EXPECT_NEAR(f.graph.energy(y), e, 1e-12);
  });
}

TEST(JsonGraph, Malformed_IsRefusedWithTheField) {
  const auto about = [](std::string factor) {
    return R"({"ebm_graph": 1, "labels": [2, 3], "factors": [{"arity": 1, "scopes": [0], "energies": [0, 1]}, )" +
           factor + "]}";
  };
  struct Bad {
    std::string text, part;
  };
  for (const Bad& bad : {
           Bad{"", "m:1: this is no valid JSON"},
           Bad{"[1]", "an object { .. } is needed"},
           Bad{std::string(100000, '['), "64 levels deep"},
           Bad{R"({"ebm_graph": 2, "labels": [], "factors": []})", "field 'ebm_graph' is 2"},
           Bad{R"({"labels": [2], "factors": []})", "'ebm_graph' is missing"},
           Bad{R"({"ebm_graph": 1, "labels": [2, 0], "factors": []})",
               "field 'labels' is 0, it must be from 1"},
           Bad{R"({"ebm_graph": 1, "labels": [2.5], "factors": []})", "must be a whole number"},
           Bad{R"({"ebm_graph": 1, "labels": [99999999999], "factors": []})",
               "it must be from 1 to 2147483647"},
           Bad{R"({"ebm_graph": 1, "labels": [2], "names": [], "factors": []})", "0 names for 1 variables"},
           Bad{R"({"ebm_graph": 1, "labels": [2], "labels": [2], "factors": []})", "comes twice"},
           Bad{R"({"ebm_graph": 1, "labels": [2], "factors": [], "tables": []})",
               "field 'tables' is unknown"},
           Bad{R"({"ebm_graph": 1, "labels": [2], "constant": "low", "factors": []})", "\"inf\" or null"},
           Bad{R"({"ebm_graph": 1, "labels": [2], "factors": [1]})", "a list of objects"},
           Bad{about(R"({"arity": 1, "scopes": [2], "energies": [0, 1]})"),
               "factors[1]: field 'scopes' is 2, it must be from 0 to 1"},
           Bad{about(R"({"arity": 2, "scopes": [0, 0], "energies": [0, 1, 2, 3]})"),
               "factors[1]: [graph] a factor names variable 0 twice"},
           Bad{about(R"({"arity": 2, "scopes": [0, 1, 0], "energies": [0]})"),
               "3 variables are no scopes of 2"},
           Bad{about(R"({"arity": 2, "scopes": [0, 1], "energies": [0, 1, 2]})"),
               "a table of 3 energies for 6"},
           Bad{about(R"({"arity": 0, "scopes": [], "energies": [0]})"), "field 'arity' is 0"},
           Bad{about(R"({"arity": 1, "scopes": [0], "energies": [0, "-inf"]})"), "\"inf\" or null"},
           Bad{about(R"({"arity": 1, "scopes": [0], "energies": [0, 1], "scales": [1e999]})"),
               "no valid JSON"},
           Bad{about(R"({"arity": 1, "scopes": [0], "energies": [0, 1], "scales": [1, 2]})"),
               "2 scales are given for 1"},
           Bad{about(R"({"arity": 1, "scopes": [0], "energies": [0, null], "scales": [0]})"),
               "above 0 where entries are forbidden"},
           Bad{about(R"({"arity": 2, "index": "count", "scopes": [0, 1], "energies": [0, 1]})"),
               "have not two labels"},
           Bad{about(R"({"arity": 2, "index": "sum", "scopes": [0, 1], "energies": [0, 1]})"),
               "there are joint, count and agreement"},
           Bad{about(R"({"arity": 1, "scopes": [0], "energy": [0, 1]})"), "field 'energy' is unknown"},
       })
    EXPECT_HAS(io::error_of([&] { (void)parse_json(bad.text, "m"); }), bad.part);
}

TEST(NewFormats, EveryShorterFile_IsRefused) {
  for (std::size_t n = 0; n + 1 < kCfn.size(); ++n)
    EXPECT_THROW((void)parse_cfn(kCfn.substr(0, n), "FILE"), FormatError) << kCfn.substr(0, n);
  for (std::size_t n = 0; n < kJson.size(); ++n)
    EXPECT_THROW((void)parse_json(kJson.substr(0, n), "FILE"), FormatError) << kJson.substr(0, n);
}

TEST(NewFormats, AnyByteChanged_IsReadOrRefused) {
  io::expect_safe_with_any_byte_changed(io::as_bytes(kCfn),
                                        [](const io::Bytes& b) { (void)parse_cfn(io::as_text(b), "FILE"); });
  io::expect_safe_with_any_byte_changed(io::as_bytes(kJson),
                                        [](const io::Bytes& b) { (void)parse_json(io::as_text(b), "FILE"); });
}

// Of the same answers, in all formats that are written.
TEST(NewFormats, WriteThenRead_GivesTheSameEnergies) {
  Rng rng(52);
  for (int round = 0; round < 100; ++round) {
    const auto shape = testing::random_graph(rng);
    DiscreteGraph g = testing::discrete_graph(shape, round % 2 ? 1 : 300, 0.2, rng);
    if (const Variables more = g.add_variables(3, Labels(2)); round % 3 == 0) {
      g.add_each({0, 1, kInf}, {3, {more.first, more.first + 1, more.first + 2}}, {}, Index::count);
      g.add_each({1, -1, 2}, {2, {more.first, more.first + 1, more.first + 1, more.first + 2}}, {1, 2},
                 Index::agreement);
    }
    std::vector<int> counts = shape.counts;
    counts.insert(counts.end(), 3, 2);
    constexpr int kDigits = 9;
    double offset = 0;
    const DiscreteGraph json = parse_json(to_json(g), "w").graph, lg = parse_lg(to_lg(g), "w").graph,
                        cfn = parse_cfn(to_cfn(g, kDigits), "w").graph,
                        wcsp = parse_wcsp(to_wcsp(g, kDigits, offset), "w").graph;
    EXPECT_EQ(to_json(json), to_json(parse_json(to_json(json), "w").graph));
    const double rounding = 1e-9 * static_cast<double>(g.factors() + 1);
    each_labelling(counts, [&](const std::vector<int>& y) {
      const double e = g.energy(y), w = wcsp.energy(y);
      if (e == kInf) {
        for (const double read : {json.energy(y), lg.energy(y), cfn.energy(y), w}) EXPECT_EQ(read, kInf);
      } else {
        EXPECT_NEAR(json.energy(y), e, 1e-12 * (1 + std::abs(e)));
        EXPECT_NEAR(lg.energy(y), e, 1e-12 * (1 + std::abs(e)));
        EXPECT_NEAR(cfn.energy(y), e, rounding + 1e-12 * std::abs(e));
        EXPECT_NEAR(w * 1e-9 + offset, e, rounding + 1e-12 * std::abs(e));
      }
    });
  }
}

TEST(NewFormats, EnergiesThatDoNotFitTheDecimals_AreRefusedWithThoseThatDo) {
  DiscreteGraph g;
  g.add_variables(1, Labels(2));
  g.add(std::vector<int>{0}, std::vector<double>{1e6, 0});
  EXPECT_HAS(io::error_of<GraphError>([&] { (void)to_cfn(g, 12); }), "take 11 or fewer");
  EXPECT_NO_THROW((void)to_cfn(g, 11));
}

TEST(Logarithms, Parse_KeepsWhatNoDoubleHoldsAsAProbability) {
  const GraphFile f = parse_lg("MARKOV 1 2 1 1 0 2 -2000 -inf", "m.LG");
  EXPECT_EQ(f.meaning, Meaning::logarithms);
  EXPECT_EQ(f.graph.energy(std::vector<int>{0}), 2000);
  EXPECT_EQ(f.graph.energy(std::vector<int>{1}), kInf);
  EXPECT_THROW((void)parse_lg("MARKOV 1 2 1 1 0 2 -2000 inf", "m"), FormatError);
  EXPECT_THROW((void)parse_lg("MARKOV 1 2 1 1 0 2 nan 0", "m"), FormatError);
}

}  // namespace
}  // namespace ebm
