#pragma once
// --config FILE: options of the named subcommand from a JSON object, {"epochs": 20, "data": ["a", "b"],
// "quiet": true}. What stands on the command line wins.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ebm::app {

struct Expanded {
  std::vector<std::string> arguments;         // what the files say, and "--config FILE" of each, at the end
  std::map<std::string, std::string> source;  // of an option that a file gave: that file
};
// Throws FormatError naming file and line, or DataError for a value that is no option's.
Expanded expand_config(std::vector<std::string> arguments);
// The file that gave the option which this message is about; empty when none did.
std::string source_of(const Expanded& expanded, std::string_view message);

}  // namespace ebm::app
