#pragma once
/// \file
/// Files of discrete graphs and of what was found: the UAI competitions' model, evidence, MAP, PR and MAR
/// files, libDAI's .fg, toulbar2's .wcsp. Tables of probabilities become energies on reading, E = -log p with
/// 0 as +inf, so that the energy of an answer is minus the natural log of the product of its entries; weights
/// of a .wcsp are energies already, those at its upper bound and above forbidden.
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
enum class Meaning { probabilities, energies };

struct GraphFile {
  DiscreteGraph graph;
  Meaning meaning = Meaning::probabilities;
  std::string_view format;  ///< "UAI MARKOV", "UAI BAYES", "libDAI", "wcsp"
};

/// MARKOV or BAYES; the last variable of a scope is fastest.
GraphFile parse_uai(std::string_view text, std::string_view name);
/// libDAI's factor graph; the first variable of a scope is fastest, entries that are not listed are 0.
GraphFile parse_fg(std::string_view text, std::string_view name);
/// A weighted constraint problem of plain tables. \throws FormatError also for shared and global functions.
GraphFile parse_wcsp(std::string_view text, std::string_view name);

/// By the ending .uai, .fg or .wcsp, and .gz behind it. \throws DataError for other endings and what cannot
/// be read.
GraphFile read_graph(const std::filesystem::path& path);

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
std::string to_evidence(std::span<const int> evidence);
std::string to_map(std::span<const int> labels);
std::string to_pr(double log10_partition);
std::string to_mar(std::span<const int> counts, std::span<const double> marginals);

}  // namespace ebm::discrete
