#pragma once
// --config FILE: options of the named subcommand from a JSON object, {"epochs": 20, "data": ["a", "b"],
// "quiet": true}. What stands on the command line wins.

#include <string>
#include <vector>

namespace ebm::app {

// The arguments with every "--config FILE" replaced by what the file says. Throws FormatError naming file and
// line, or DataError for a value that is no option's.
std::vector<std::string> expand_config(std::vector<std::string> arguments);

}  // namespace ebm::app
