// The character model of the space displacement network, against a plain loop over the columns.

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "ebm/lattice/compose.hpp"
#include "ebm/lattice/operations.hpp"
#include "ebm/lattice/paths.hpp"
#include "ebm/models/check_reader.hpp"

namespace ebm::models {
namespace {

constexpr char kRubbish = static_cast<char>(kRubbishColumn);

// Runs of one character are one character, rubbish is nothing.
std::string written(std::string_view columns) {
  std::string out;
  char before = kRubbish;
  for (const char c : columns) {
    if (c != before && c != kRubbish) out += c;
    before = c;
  }
  return out;
}

// All strings of `length` letters.
void each_string(std::string_view letters, int length, const std::function<void(const std::string&)>& visit,
                 const std::string& begin = "") {
  if (static_cast<int>(begin.size()) == length) return visit(begin);
  for (const char letter : letters) each_string(letters, length, visit, begin + letter);
}

TEST(CharacterModel, OfEveryColumnString_WritesItsRunsWithoutRubbish) {
  const Automaton model = character_model({"013"});
  const std::string letters = std::string("013") + kRubbish;
  std::set<std::string> met;
  for (int length = 0; length <= 6; ++length)
    each_string(letters, length, [&](const std::string& columns) {
      EXPECT_EQ(amounts(model, columns), std::vector<std::string>{written(columns)});
      met.insert(written(columns));
    });
  EXPECT_TRUE(met.contains(""));
  EXPECT_TRUE(met.contains("000"));  // parted by rubbish
  EXPECT_FALSE(met.contains("0000"));
}

// A column string counted twice would lower its free energy.
TEST(CharacterModel, OfEveryColumnString_HasOnePath) {
  const Automaton model = character_model({"01"});
  Workspace ws;
  for (int length = 1; length <= 6; ++length)
    each_string(std::string("01") + kRubbish, length, [&](const std::string& columns) {
      const Lattice paths = lattice::compose(lattice::to_lattice(lattice::acceptor(columns)), model).lattice;
      ASSERT_TRUE(paths.has_path());
      EXPECT_EQ(lattice::free_energy(paths, paths.energy(), 1, {}, ws), 0);
    });
}

TEST(CharacterModel, OfACharacterOutsideTheAlphabet_RefusesIt) {
  const Automaton model = character_model({"01"});
  for (const char* columns : {"2", "02", "0x1"}) EXPECT_TRUE(amounts(model, columns).empty()) << columns;
}

TEST(CharacterModel, WithAGrammar_ReadsNoMoreThanTheGrammar) {
  const Automaton reads = lattice::compose(character_model({"01"}), digit_grammar(2, 2));
  each_string(std::string("01") + kRubbish, 5, [&](const std::string& columns) {
    const std::string text = written(columns);
    EXPECT_EQ(amounts(reads, columns),
              text.size() == 2 ? std::vector<std::string>{text} : std::vector<std::string>{});
  });
}

}  // namespace
}  // namespace ebm::models
