#include "config_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ebm/core/error.hpp"
#include "ebm/io/json.hpp"

namespace ebm::app {
namespace {

std::string value_of(const nlohmann::json& value, const std::string& file, const std::string& key) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  throw DataError(file + ": \"" + key +
                  "\" must be a text, a number, true or false, or a list of texts and numbers");
}

std::vector<std::string> options_in(const std::string& file, const std::vector<std::string>& given) {
  const nlohmann::json object = nlohmann::json::parse(io::read_json(file));
  if (!object.is_object()) throw DataError(file + ": a JSON object with one entry per option is needed");
  std::vector<std::string> out;
  for (const auto& [key, value] : object.items()) {
    if (key == "config") throw DataError(file + ": \"config\" cannot stand in a configuration");
    const std::string option = "--" + key, negation = "--no-" + key;
    const bool wins = std::ranges::any_of(given, [&](const std::string& a) {
      return a == option || a == negation || a.starts_with(option + "=");
    });
    if (wins || value == false) continue;
    if (value == true) {
      out.push_back(option);
      continue;
    }
    for (const auto& one : value.is_array() ? value : nlohmann::json::array({value})) {
      out.push_back(option);
      out.push_back(value_of(one, file, key));
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> expand_config(std::vector<std::string> arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string file;
    std::size_t used = 1;
    if (arguments[i] == "--config" && i + 1 < arguments.size())
      file = arguments[i + 1], used = 2;
    else if (arguments[i].starts_with("--config="))
      file = arguments[i].substr(9);
    else
      continue;
    const auto first = arguments.begin() + static_cast<long>(i);
    arguments.erase(first, first + static_cast<long>(used));
    const std::vector<std::string> options = options_in(file, arguments);
    arguments.insert(arguments.end(), options.begin(), options.end());
    return expand_config(std::move(arguments));
  }
  return arguments;
}

}  // namespace ebm::app
