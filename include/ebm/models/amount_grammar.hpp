#pragma once
/// \file
/// What may stand in an amount field, as transducers from the characters written to the amount meant (LeCun
/// et al. 1998, section X.C). Labels are character codes (bytes), 0 is the null label.
///   digits    D+                                                      "1234"       -> "1234"
///   dollars   [$] {*} (D{1,3} {, DDD} | D+) . D D {* | -}             "$**1,234.56" -> "1234.56"
///         or  [$] {*} (D{1,3} {, DDD} | D+) (SP | -) D D / 1 0 0      "12 50/100"  -> "12.50"
/// D+ and the groups start with no zero unless it stands alone; commas all or none. The space may also be
/// left unread, for a recogniser sees ink only.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/lattice/automaton.hpp"

namespace ebm::models {

/// The classes of a recogniser: one per character, and rubbish, which writes nothing, last.
struct Alphabet {
  std::string characters = "0123456789";

  int classes() const { return static_cast<int>(characters.size()) + 1; }
  int rubbish() const { return classes() - 1; }
  /// Class of a character, -1 when there is none.
  int code(char character) const;
  /// Label of every class, for lattice::expand: the character's code, 0 for rubbish. [classes]
  std::vector<int> labels() const;
};

/// Characters of the amounts of each grammar below.
inline constexpr std::string_view kDigitCharacters = "0123456789", kDollarCharacters = "0123456789$,.-*/";

/// Strings of `least` to `most` digits; most < 0 for no limit. \throws GraphError unless 0 <= least, and
/// least <= most.
Automaton digit_grammar(int least = 1, int most = -1);
Automaton dollar_grammar();
/// A user's own, in OpenFst's text form with character codes as labels. \throws as lattice::read_openfst.
Automaton read_grammar(const std::filesystem::path& path);

/// The amounts that a grammar makes of a written text, without repetition, in byte order; none when it
/// refuses the text.
std::vector<std::string> amounts(const Automaton& grammar, std::string_view text);
/// Whether some text is written for this amount: what a label must fulfil to be learned from.
bool can_mean(const Automaton& grammar, std::string_view amount);

}  // namespace ebm::models
