#pragma once
/// \file
/// The repository as text, and the rules it keeps. A rule is a pure function of one file, so that each is
/// tested on a file that breaks it before it judges the tree. An offence reads "FILE:LINE: what, and what to
/// do".

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ebm::structure {

struct File {
  std::string path;  ///< from the root of the repository, with '/'
  std::vector<std::string> lines;
};

File make_file(std::string path, std::string_view text);

/// Every text file of the repository at `root` but what is built (build/) and what git and editors keep.
/// Sorted.
std::vector<File> read_tree(const std::filesystem::path& root);

using Rule = std::function<std::vector<std::string>(const File&)>;

/// Includes point to the same room or one above it in the order of the rooms, by their full name
/// ("ebm/ROOM/...").
std::vector<std::string> room_order(const File& file);

/// A public header includes the standard library and our own headers only: users need nothing else to
/// compile.
std::vector<std::string> standard_headers_only(const File& file);

/// A public header opens with #pragma once and a \file comment.
std::vector<std::string> header_opening(const File& file);

/// No identifier has a word in it that the vocabulary bans (CONTRIBUTING.md). Comments and strings may.
std::vector<std::string> vocabulary(const File& file);

/// No path of one machine: every absolute path that a test needs is made at run time.
std::vector<std::string> no_machine_paths(const File& file);

/// At most 500 lines in a source file.
std::vector<std::string> length(const File& file);

}  // namespace ebm::structure
