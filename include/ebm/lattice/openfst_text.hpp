#pragma once
/// \file
/// The text form of automata that OpenFst and AT&T's FSM library use, one line each, separated by tabs or
/// spaces:
///   source target input output [energy]      an arc (energy 0 when left out)
///   source target label [energy]             an arc of an acceptor, when asked for
///   state [energy]                           a final state ("Infinity": not final)
/// The source of the first line is the start. States may have any numbers; they are renumbered in the same
/// order, so that 0..n-1 stay. Labels are integers >= 0, or names when symbol tables are given ("name id"
/// lines; id 0 is null). \throws FormatError "FILE:LINE: ...", saying what was expected; DataError when a
/// file cannot be read or written.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "ebm/lattice/automaton.hpp"
#include "ebm/lattice/lattice.hpp"

namespace ebm::lattice {

/// Names of labels, both ways.
struct Symbols {
  std::map<std::string, int, std::less<>> id;
  std::map<int, std::string> name;
};

struct TextOptions {
  bool acceptor = false;         ///< arcs have one label, used on both sides
  const Symbols* in = nullptr;   ///< names of input labels
  const Symbols* out = nullptr;  ///< of output labels; an acceptor uses `in`
};

/// `name` is what messages call the text.
Automaton parse_openfst(std::string_view text, std::string_view name, const TextOptions& options = {});
Automaton read_openfst(const std::filesystem::path& path, const TextOptions& options = {});

/// Energies in as many digits as reading them back exactly takes. A lattice of no path is an empty text.
/// \throws GraphError for an arc with kOther, which the format cannot say.
std::string to_openfst(const Automaton& automaton, const TextOptions& options = {});
std::string to_openfst(const Lattice& lattice, const TextOptions& options = {});
/// A file is written whole or not at all.
void write_openfst(const std::filesystem::path& path, const Automaton& automaton,
                   const TextOptions& options = {});
void write_openfst(const std::filesystem::path& path, const Lattice& lattice,
                   const TextOptions& options = {});

Symbols parse_symbols(std::string_view text, std::string_view name);
Symbols read_symbols(const std::filesystem::path& path);

/// A drawing for Graphviz, left to right; arcs read "in:out/energy".
std::string to_dot(const Automaton& automaton, const TextOptions& options = {});
std::string to_dot(const Lattice& lattice, const TextOptions& options = {});

}  // namespace ebm::lattice
