#pragma once
// Files of discrete graphs, as the commands read and write them: what became of the numbers is said.

#include <string>
#include <vector>

#include "command.hpp"
#include "ebm/graph/formats.hpp"

namespace ebm::app {

inline constexpr const char* kGraphFile =
    "Graph: .uai, .LG, .fg (libDAI), .wcsp, .cfn (toulbar2) or our .json, also gzipped (.gz)";

discrete::GraphFile read_graph(const Common& common, const std::string& file);
// [variables] a label or -1; all -1 for no file.
std::vector<int> read_evidence(const std::string& file, const DiscreteGraph& graph);

// The text of a graph by the ending of `file` (gzipped where that ends with .gz, by write_graph).
// `decimals`: of toulbar2's whole numbers. \throws CLI::ValidationError for other endings.
void write_graph(const Common& common, const std::string& file, const DiscreteGraph& graph,
                 const std::vector<std::string>& names, int decimals);
// Before any work. \throws CLI::ValidationError as write_graph does.
void check_ending(const std::string& file);

}  // namespace ebm::app
