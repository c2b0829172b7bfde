#include "ebm/models/amount_grammar.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "ebm/core/error.hpp"
#include "ebm/lattice/openfst_text.hpp"

namespace ebm::models {
namespace {

using Amounts = std::vector<std::string>;

TEST(DollarGrammar, WritesTheAmountOfWhatItAccepts) {
  const Automaton grammar = dollar_grammar();
  const std::pair<const char*, const char*> table[] = {
      {"1.00", "1.00"},
      {"$1.00", "1.00"},
      {"**123.45", "123.45"},
      {"$**1,234.56", "1234.56"},
      {"0.05", "0.05"},
      {"$0.99*", "0.99"},
      {"1,234,567.89", "1234567.89"},
      {"1234567.89", "1234567.89"},
      {"12.00-", "12.00"},
      {"12.00**", "12.00"},
      {"12 50/100", "12.50"},
      {"12-50/100", "12.50"},
      {"1250/100", "12.50"},
      {"$1,234 00/100", "1234.00"},
      {"*0 07/100", "0.07"},
      {"999,999.99", "999999.99"},
  };
  for (const auto& [text, amount] : table) EXPECT_EQ(amounts(grammar, text), Amounts{amount}) << text;
}

TEST(DollarGrammar, RefusesEverythingElse) {
  const Automaton grammar = dollar_grammar();
  for (const char* text : {"",          "$",           "1",           "1.",         ".50",      "1.5",
                           "1.555",     "01.00",       "00.00",       "0,123.00",   "1,23.00",  "12,34.56",
                           "1,2345.00", "1234,567.00", "1,234567.00", ",123.00",    "$$1.00",   "*$1.00",
                           "1.00-*",    "1.00--",      "1.00*-",      "12 5/100",   "12 50/10", "12 50/1000",
                           "12 50",     "50/100",      "12.50/100",   "12--50/100", "1a.00",    "1.00 ",
                           " 1.00"})
    EXPECT_EQ(amounts(grammar, text), Amounts{}) << text;
}

TEST(DollarGrammar, SaysWhichAmountsCanBeMeant) {
  const Automaton grammar = dollar_grammar();
  for (const char* amount : {"0.00", "1.00", "1234.56", "1234567.89"})
    EXPECT_TRUE(can_mean(grammar, amount)) << amount;
  for (const char* amount : {"", "12", "1,234.56", "01.00", "1.0", "$1.00", "abc", "1.000"})
    EXPECT_FALSE(can_mean(grammar, amount)) << amount;
}

TEST(DigitGrammar, AcceptsDigitsOfTheWantedLength) {
  const Automaton any = digit_grammar(), some = digit_grammar(2, 4), exact = digit_grammar(3, 3),
                  none = digit_grammar(0, 0);
  for (const auto& [text, in_any, in_some, in_exact] : {std::tuple{"", false, false, false},
                                                        {"7", true, false, false},
                                                        {"07", true, true, false},
                                                        {"123", true, true, true},
                                                        {"9999", true, true, false},
                                                        {"12345", true, false, false},
                                                        {"1.2", false, false, false},
                                                        {"x", false, false, false}}) {
    EXPECT_EQ(!amounts(any, text).empty(), in_any) << text;
    EXPECT_EQ(!amounts(some, text).empty(), in_some) << text;
    EXPECT_EQ(!amounts(exact, text).empty(), in_exact) << text;
    EXPECT_EQ(can_mean(any, text), in_any) << text;
    EXPECT_EQ(can_mean(some, text), in_some) << text;
  }
  EXPECT_EQ(amounts(any, "00120"), Amounts{"00120"});
  EXPECT_TRUE(can_mean(none, ""));
  EXPECT_FALSE(can_mean(none, "1"));
  EXPECT_THROW(digit_grammar(3, 2), GraphError);
  EXPECT_THROW(digit_grammar(-1, 2), GraphError);
}

TEST(ReadGrammar, TakesAUsersOwnFile) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "own_grammar.txt";
  {
    std::ofstream file(path);
    file << "0 1 82 0\n1 2 49 49\n2 2 48 48\n2\n";  // an R that is not written, a one, zeros
  }
  const Automaton grammar = read_grammar(path);
  EXPECT_EQ(amounts(grammar, "R100"), Amounts{"100"});
  EXPECT_EQ(amounts(grammar, "100"), Amounts{});
  EXPECT_TRUE(can_mean(grammar, "10"));
  std::filesystem::remove(path);
  EXPECT_THROW(read_grammar(path), DataError);
}

TEST(ReadGrammar, OfTheDollarGrammarWrittenOut_IsTheSameGrammar) {
  const Automaton grammar = lattice::parse_openfst(lattice::to_openfst(dollar_grammar()), "dollars");
  for (const char* text : {"$**1,234.56", "12 50/100", "1250/100", "1.5", "01.00"})
    EXPECT_EQ(amounts(grammar, text), amounts(dollar_grammar(), text)) << text;
}

TEST(Alphabet, NumbersItsCharacters_RubbishLastAndSilent) {
  const Alphabet alphabet{"01$"};
  EXPECT_EQ(alphabet.classes(), 4);
  EXPECT_EQ(alphabet.rubbish(), 3);
  EXPECT_EQ(alphabet.code('$'), 2);
  EXPECT_EQ(alphabet.code('x'), -1);
  EXPECT_EQ(alphabet.labels(), (std::vector<int>{'0', '1', '$', 0}));
  EXPECT_EQ(Alphabet{}.classes(), 11);
}

}  // namespace
}  // namespace ebm::models
