#pragma once
/// \file
/// A strict little reader of tags: what a picture or a page must pass to be well-formed.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ebm::report {

inline std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

/// What is wrong with the tags of XML (or of HTML whose only unclosed elements are meta and img); "" when
/// nothing is.
inline std::string fault(std::string_view text) {
  const std::set<std::string, std::less<>> unclosed{"meta", "img"};
  std::vector<std::string> open;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '<') {
      if (text[at] == '&' && text.substr(at, 8).find(';') == text.npos)
        return "a bare & at " + std::to_string(at);
      ++at;
      continue;
    }
    if (text.substr(at, 2) == "<!") {
      at = text.find('>', at) + 1;
      continue;
    }
    bool quoted = false;
    std::size_t end = at + 1;
    for (; end < text.size() && (quoted || text[end] != '>'); ++end) {
      if (text[end] == '"') quoted = !quoted;
      if (text[end] == '<') return "a < inside a tag at " + std::to_string(end);
    }
    if (end == text.size()) return "a tag without end at " + std::to_string(at);
    const std::string_view tag = text.substr(at + 1, end - at - 1);
    const bool closing = tag.starts_with('/'), single = tag.ends_with('/');
    const std::string name(tag.substr(closing, tag.find_first_of(" \n/", closing) - closing));
    if (closing) {
      if (open.empty() || open.back() != name)
        return "</" + name + "> does not close " + (open.empty() ? "anything" : open.back());
      open.pop_back();
    } else if (!single && !unclosed.contains(name)) {
      open.push_back(name);
    }
    at = end + 1;
    if (name == "style" && !closing) at = text.find("</style>", at);
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

}  // namespace ebm::report
