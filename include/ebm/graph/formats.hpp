#pragma once
/// \file
/// Files of discrete graphs and of what was found: the UAI competitions' model, evidence, MAP, PR and MAR
/// files, the models' form with logarithms (.LG), libDAI's .fg, toulbar2's .wcsp and .cfn, and our own JSON
/// (docs/formats.md). Tables of probabilities become energies on reading, E = -log p with 0 as +inf, so that
/// the energy of an answer is minus the natural log of the product of its entries; weights of toulbar2's
/// files are energies already, those that no answer below the file's upper bound has forbidden.
///
/// Parsers take the whole text and the name to put into messages. \throws FormatError "NAME:LINE: ..." for
/// wrong or huge counts, entries that are negative or no number, scopes out of range or with a variable
/// twice, and what stands behind the end.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ebm/graph/discrete_graph.hpp"

namespace ebm::discrete {

/// What the tables of a file say.
enum class Meaning {
  probabilities,  ///< E = -log p
  logarithms,     ///< E = -log p, the file has log p
  energies,       ///< E itself
  gains,          ///< E = -gain, of a .cfn that is to be maximised
};

struct GraphFile {
  DiscreteGraph graph;
  Meaning meaning = Meaning::probabilities;
  std::string_view format;  ///< "UAI MARKOV", "UAI BAYES", "LG ..", "libDAI", "wcsp", "cfn", "ebm JSON"
  std::vector<std::string> names{};  ///< [variables], or empty: the file has none
};

/// MARKOV or BAYES; the last variable of a scope is fastest.
GraphFile parse_uai(std::string_view text, std::string_view name);
/// The same with natural logarithms of the entries, -inf among them.
GraphFile parse_lg(std::string_view text, std::string_view name);
/// libDAI's factor graph; the first variable of a scope is fastest, entries that are not listed are 0.
GraphFile parse_fg(std::string_view text, std::string_view name);
/// A weighted constraint problem of plain tables. \throws FormatError also for shared and global functions.
GraphFile parse_wcsp(std::string_view text, std::string_view name);

/// toulbar2's cost function network: tables dense, sparse and shared, with decimals of any sign. An entry is
/// forbidden when no answer that reads it is below the bound of "mustbe"; answers above the bound whose
/// entries are all allowed keep their energy. \throws FormatError also for functions that are not tables, by
/// the name of their type.
GraphFile parse_cfn(std::string_view text, std::string_view name);
/// Our own: {"ebm_graph": 1, "labels": [..], "factors": [{"arity": .., "scopes": [..], "energies": [..]}]},
/// whatever a DiscreteGraph can say, nothing lost.
GraphFile parse_json(std::string_view text, std::string_view name);

/// By the ending .uai, .LG, .fg, .wcsp, .cfn or .json, and .gz behind it. \throws DataError for other endings
/// and what cannot be read.
GraphFile read_graph(const std::filesystem::path& path);
/// In lower case, without the .gz.
std::string ending_of(const std::filesystem::path& path);

/// [variables] a label or -1. "0", "n v y ..", or that behind the number of sets, which must be one.
/// \throws FormatError also for a variable observed twice.
std::vector<int> parse_evidence(std::string_view text, std::string_view name, const DiscreteGraph& graph);
std::vector<int> read_evidence(const std::filesystem::path& path, const DiscreteGraph& graph);

/// [variables] labels of a MAP file.
std::vector<int> parse_map(std::string_view text, std::string_view name, const DiscreteGraph& graph);
/// log10 of the sum over all answers, of a PR file.
double parse_pr(std::string_view text, std::string_view name);
/// [sum of label counts] of a MAR file.
std::vector<double> parse_mar(std::string_view text, std::string_view name, const DiscreteGraph& graph);

/// Entries are exp(-E) and the constant a factor without variables; numbers are written so that they are read
/// back to the last bit. Energies below -709 or above 708 have no such entry. \throws GraphError for those.
std::string to_uai(const DiscreteGraph& graph);
std::string to_fg(const DiscreteGraph& graph);
/// \param names [variables], or empty.
std::string to_json(const DiscreteGraph& graph, std::span<const std::string> names = {});
/// toulbar2 counts in whole numbers: energies are rounded to `digits` decimals, and what is forbidden is at
/// an upper bound that no other answer reaches. \throws GraphError when energies or that bound are too large
/// for so many digits, saying how many would do.
std::string to_cfn(const DiscreteGraph& graph, int digits, std::span<const std::string> names = {});
/// The same as whole weights from 0, energy = offset + weight / 10^digits: a .wcsp has no place for an offset
/// below 0. `offset` is what the file leaves out.
std::string to_wcsp(const DiscreteGraph& graph, int digits, double& offset);
/// Natural logarithms of the entries, for any energies.
std::string to_lg(const DiscreteGraph& graph);
std::string to_evidence(std::span<const int> evidence);
std::string to_map(std::span<const int> labels);
std::string to_pr(double log10_partition);
std::string to_mar(std::span<const int> counts, std::span<const double> marginals);

}  // namespace ebm::discrete
