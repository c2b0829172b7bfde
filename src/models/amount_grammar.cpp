#include "ebm/models/amount_grammar.hpp"

#include <algorithm>

#include "ebm/core/error.hpp"
#include "ebm/core/workspace.hpp"
#include "ebm/lattice/compose.hpp"
#include "ebm/lattice/lattice.hpp"
#include "ebm/lattice/openfst_text.hpp"
#include "ebm/lattice/operations.hpp"
#include "ebm/lattice/paths.hpp"

namespace ebm::models {
namespace {

constexpr std::string_view kDigits = "0123456789", kNotZero = "123456789";
constexpr int kMostAmounts = 1000;

/// Arcs for any of the characters, written as they are read.
void copy(std::vector<Arc>& arcs, int from, int to, std::string_view characters) {
  for (const char c : characters) arcs.push_back({from, to, c, c});
}

/// An arc that reads one character (0: none) and writes another (0: none).
void turn(std::vector<Arc>& arcs, int from, int to, char read, char written) {
  arcs.push_back({from, to, read, written});
}

}  // namespace

int Alphabet::code(char character) const {
  const auto at = characters.find(character);
  return at == std::string::npos ? -1 : static_cast<int>(at);
}

std::vector<int> Alphabet::labels() const {
  std::vector<int> out;
  for (const char c : characters) out.push_back(static_cast<unsigned char>(c));
  out.push_back(0);
  return out;
}

Automaton digit_grammar(int least, int most) {
  if (least < 0 || (most >= 0 && most < least))
    throw GraphError(message("[grammar] strings of ", least, " to ", most,
                             " digits: the first number must be the smaller one"));
  const int states = std::max(least, most) + 1;
  std::vector<Arc> arcs;
  std::vector<Final> finals;
  for (int state = 0; state < states; ++state) {
    if (state + 1 < states) copy(arcs, state, state + 1, kDigits);
    if (state >= least) finals.push_back({state, 0});
  }
  if (most < 0) copy(arcs, states - 1, states - 1, kDigits);
  return lattice::make_automaton(std::move(arcs), finals);
}

Automaton dollar_grammar() {
  enum State {
    kStart,
    kStars,
    kZero,
    kOne,
    kTwo,
    kThree,
    kMany,
    kComma,
    kComma1,
    kComma2,
    kGroup,
    kPoint,
    kCent,
    kCents,
    kTrailing,
    kEnd,
    kSpace,
    kHundredth,
    kHundredths,
    kSlash,
    kSlash1,
    kSlash10
  };
  std::vector<Arc> arcs;
  turn(arcs, kStart, kStars, '$', 0);
  turn(arcs, kStart, kStars, '*', 0);
  turn(arcs, kStars, kStars, '*', 0);
  for (const State from : {kStart, kStars}) {
    copy(arcs, from, kZero, "0");
    copy(arcs, from, kOne, kNotZero);
  }
  copy(arcs, kOne, kTwo, kDigits);
  copy(arcs, kTwo, kThree, kDigits);
  copy(arcs, kThree, kMany, kDigits);
  copy(arcs, kMany, kMany, kDigits);
  for (const State from : {kOne, kTwo, kThree, kGroup}) turn(arcs, from, kComma, ',', 0);
  copy(arcs, kComma, kComma1, kDigits);
  copy(arcs, kComma1, kComma2, kDigits);
  copy(arcs, kComma2, kGroup, kDigits);
  for (const State from : {kZero, kOne, kTwo, kThree, kMany, kGroup}) {
    turn(arcs, from, kPoint, '.', '.');
    for (const char space : {' ', '-', '\0'}) turn(arcs, from, kSpace, space, '.');
  }
  copy(arcs, kPoint, kCent, kDigits);
  copy(arcs, kCent, kCents, kDigits);
  turn(arcs, kCents, kTrailing, '*', 0);
  turn(arcs, kTrailing, kTrailing, '*', 0);
  turn(arcs, kCents, kEnd, '-', 0);
  copy(arcs, kSpace, kHundredth, kDigits);
  copy(arcs, kHundredth, kHundredths, kDigits);
  turn(arcs, kHundredths, kSlash, '/', 0);
  turn(arcs, kSlash, kSlash1, '1', 0);
  turn(arcs, kSlash1, kSlash10, '0', 0);
  turn(arcs, kSlash10, kEnd, '0', 0);
  const Final finals[] = {{kCents, 0}, {kTrailing, 0}, {kEnd, 0}};
  return lattice::make_automaton(std::move(arcs), finals);
}

Automaton read_grammar(const std::filesystem::path& path) { return lattice::read_openfst(path); }

std::vector<std::string> amounts(const Automaton& grammar, std::string_view text) {
  const Lattice readings = lattice::compose(lattice::to_lattice(lattice::acceptor(text)), grammar).lattice;
  std::vector<std::string> out;
  if (!readings.has_path()) return out;
  Workspace ws;
  for (const Path& path : lattice::n_best(readings, readings.energy(), kMostAmounts, ws)) {
    std::string amount;
    for (const int label : path.labels) amount.push_back(static_cast<char>(label));
    out.push_back(std::move(amount));
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool can_mean(const Automaton& grammar, std::string_view amount) {
  const Automaton texts = lattice::compose(grammar, lattice::acceptor(amount));
  const std::vector<double> reached = lattice::distances(texts);
  for (int state = 0; state < texts.states(); ++state)
    if (reached[static_cast<std::size_t>(state)] + texts.final_energy(state) < kInf) return true;
  return false;
}

}  // namespace ebm::models
