#include "structure/tree.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

namespace ebm::structure {
namespace {

/// The one order; the same as in the top CMakeLists.txt, where it is a matter of linking.
constexpr std::array<std::string_view, 10> kRooms{"core",  "io",        "report", "net",   "lattice",
                                                  "graph", "inference", "losses", "train", "models"};
constexpr std::array<std::string_view, 6> kBanned{"score", "cost", "potential", "util", "manager", "helper"};
/// Names that a library we call gives to its own things.
constexpr std::array<std::string_view, 9> kForeign{
    "CostFunction",  "AutoDiffCostFunction", "cost_function_ownership",
    "cost_function", "final_cost",           "cost_change",
    "bayes_utils",   "graph_utils",          "bayes_node_utils"};
constexpr std::size_t kMostLines = 500;

bool starts_with_any(std::string_view path, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](auto p) { return path.starts_with(p); });
}

bool is_cpp(const File& file) {
  const std::string extension = std::filesystem::path(file.path).extension();
  return extension == ".hpp" || extension == ".cpp" || extension == ".cu";
}

bool is_public_header(const File& file) { return file.path.starts_with("include/ebm/"); }

/// Position in the order, or the number of rooms for a name that is no room.
std::size_t rank(std::string_view room) {
  return static_cast<std::size_t>(std::find(kRooms.begin(), kRooms.end(), room) - kRooms.begin());
}

/// "net" for include/ebm/net/net.hpp and src/net/net.cpp; empty outside the rooms and for the umbrella
/// header.
std::string room_of(const std::string& path) {
  for (const std::string_view area : {"include/ebm/", "src/"}) {
    if (!path.starts_with(area)) continue;
    const std::size_t slash = path.find('/', area.size());
    return slash == std::string::npos ? "" : path.substr(area.size(), slash - area.size());
  }
  return "";
}

std::string place(const File& file, std::size_t line) {
  return file.path + ":" + std::to_string(line + 1) + ": ";
}

/// What is between the quotes or brackets of an include, brackets kept; empty for another line.
std::string included(const std::string& line) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*(<[^>]+>|"[^"]+"))");
  std::smatch match;
  if (!std::regex_search(line, match, kInclude)) return "";
  return match[1].str().front() == '<' ? match[1].str() : match[1].str().substr(1, match[1].str().size() - 2);
}

/// The text with comments and the insides of strings and characters blanked, its lines kept.
std::vector<std::string> code_of(const File& file) {
  std::vector<std::string> code;
  bool in_block = false;
  for (const std::string& line : file.lines) {
    std::string kept(line.size(), ' ');
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (in_block) {
        if (line.compare(i, 2, "*/") == 0) in_block = false, ++i;
      } else if (line.compare(i, 2, "//") == 0) {
        break;
      } else if (line.compare(i, 2, "/*") == 0) {
        in_block = true, ++i;
      } else if (line[i] == '"' ||
                 (line[i] == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(line[i - 1]))))) {
        const char quote = line[i];
        for (++i; i < line.size() && line[i] != quote; ++i) i += line[i] == '\\';
      } else {
        kept[i] = line[i];
      }
    }
    code.push_back(std::move(kept));
  }
  return code;
}

/// "max_pathCost2" gives max, path, cost: the words of an identifier, in lower case.
std::vector<std::string> words_of(const std::string& identifier) {
  std::vector<std::string> words{""};
  for (std::size_t i = 0; i < identifier.size(); ++i) {
    const auto c = static_cast<unsigned char>(identifier[i]);
    const bool after_lower = i > 0 && std::islower(static_cast<unsigned char>(identifier[i - 1]));
    if (!std::isalpha(c) || (std::isupper(c) && after_lower)) words.emplace_back();
    if (std::isalpha(c)) words.back() += static_cast<char>(std::tolower(c));
  }
  return words;
}

bool is_banned(std::string word) {
  if (word.ends_with('s')) word.pop_back();
  return std::find(kBanned.begin(), kBanned.end(), word) != kBanned.end();
}

}  // namespace

File make_file(std::string path, std::string_view text) {
  File file{std::move(path), {}};
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) file.lines.push_back(line);
  return file;
}

std::vector<File> read_tree(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  std::vector<File> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    const std::string path = it->path().lexically_relative(root).generic_string();
    const std::string name = it->path().filename();
    if (it->is_directory() && (path == "build" || (name.starts_with('.') && name != ".ci"))) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file()) {
      std::ifstream in(it->path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      if (text.find('\0') == std::string::npos) files.push_back(make_file(path, text));
    }
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

std::vector<std::string> room_order(const File& file) {
  std::vector<std::string> offences;
  const std::string here = room_of(file.path);
  if (here.empty() || !is_cpp(file)) return offences;
  if (rank(here) == kRooms.size())
    return {file.path + ": '" + here + "' is no room; add it to the order or move the file"};
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string name = included(file.lines[i]);
    if (name.starts_with('<') || name.empty()) continue;
    const std::string there = name.starts_with("ebm/") ? room_of("include/" + name) : room_of(name);
    if (name.find("..") != std::string::npos) {
      offences.push_back(place(file, i) + "'" + name +
                         "' climbs; write its name from the root (\"ebm/ROOM/...\", \"src/ROOM/...\")");
    } else if (name == "ebm/ebm.hpp") {
      offences.push_back(place(file, i) + "the umbrella header is for users; include what is used");
    } else if (!there.empty() && rank(there) > rank(here)) {
      offences.push_back(place(file, i) + here + " includes " + there + " ('" + name +
                         "'), which comes after it; turn the arrow round");
    }
  }
  return offences;
}

std::vector<std::string> standard_headers_only(const File& file) {
  std::vector<std::string> offences;
  if (!is_public_header(file)) return offences;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string name = included(file.lines[i]);
    const bool standard = name.starts_with('<') && name.find_first_of("/.") == std::string::npos;
    if (!name.empty() && !standard && !name.starts_with("ebm/")) {
      offences.push_back(place(file, i) + "'" + name + "' in a public header; move it into the .cpp");
    }
  }
  return offences;
}

std::vector<std::string> header_opening(const File& file) {
  if (!is_public_header(file)) return {};
  if (file.lines.size() >= 2 && file.lines[0] == "#pragma once" && file.lines[1].starts_with("/// \\file"))
    return {};
  return {file.path + ":1: a public header opens with '#pragma once' and '/// \\file' with what it is about"};
}

std::vector<std::string> vocabulary(const File& file) {
  static const std::regex kIdentifier("[A-Za-z_][A-Za-z0-9_]*");
  std::vector<std::string> offences;
  if (!is_cpp(file)) return offences;
  const std::vector<std::string> code = code_of(file);
  for (std::size_t i = 0; i < code.size(); ++i) {
    for (std::sregex_iterator it(code[i].begin(), code[i].end(), kIdentifier), end; it != end; ++it) {
      if (std::find(kForeign.begin(), kForeign.end(), it->str()) != kForeign.end()) continue;
      for (const std::string& word : words_of(it->str())) {
        if (is_banned(word)) {
          offences.push_back(place(file, i) + "'" + it->str() + "': '" + word +
                             "' is banned; say what it is (CONTRIBUTING.md)");
        }
      }
    }
  }
  return offences;
}

std::vector<std::string> no_machine_paths(const File& file) {
  // Spelled so that this file keeps the rule itself.
  static const std::regex kPath(
      "(^|[^A-Za-z0-9_.)}/*-])/(wor"
      "k|tm"
      "p|hom"
      "e|roo"
      "t)(/|$|[^A-Za-z0-9_*])");
  std::vector<std::string> offences;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    std::smatch match;
    if (std::regex_search(file.lines[i], match, kPath)) {
      offences.push_back(place(file, i) + "'/" + match[2].str() +
                         "' is a path of one machine; make it at run time");
    }
  }
  return offences;
}

std::vector<std::string> length(const File& file) {
  const bool source = is_cpp(file) || starts_with_any(file.path, {"cmake/", "scripts/", ".ci/"});
  if (!source || file.lines.size() <= kMostLines) return {};
  return {file.path + ": " + std::to_string(file.lines.size()) + " lines, more than " +
          std::to_string(kMostLines) + "; it has more than one subject, split it"};
}

}  // namespace ebm::structure
