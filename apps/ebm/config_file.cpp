#include "config_file.hpp"

#include <algorithm>
#include <cctype>
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

Expanded expand_config(std::vector<std::string> arguments) {
  std::vector<std::string> given, files;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (arguments[i] == "--config" && i + 1 < arguments.size())
      files.push_back(arguments[++i]);
    else if (arguments[i].starts_with("--config="))
      files.push_back(arguments[i].substr(9));
    else
      given.push_back(arguments[i]);
  Expanded out;
  for (const std::string& file : files) {
    const std::vector<std::string> options = options_in(file, given);
    for (const std::string& word : options)
      if (word.starts_with("--")) out.source.emplace(word, file);
    given.insert(given.end(), options.begin(), options.end());
  }
  for (const std::string& file : files) given.insert(given.end(), {"--config", file});
  out.arguments = std::move(given);
  return out;
}

std::string source_of(const Expanded& expanded, std::string_view message) {
  for (const auto& [option, file] : expanded.source)
    for (std::size_t at = message.find(option); at != message.npos; at = message.find(option, at + 1)) {
      const std::size_t end = at + option.size();
      if (end == message.size() ||
          (std::isalnum(static_cast<unsigned char>(message[end])) == 0 && message[end] != '-'))
        return file;
    }
  return "";
}

}  // namespace ebm::app
