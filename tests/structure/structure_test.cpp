#include "structure/tree.hpp"

#include <gtest/gtest.h>

namespace ebm::structure {
namespace {

/// Offences of the whole repository, one a line; empty when the rule is kept.
std::string offences_in_tree(const Rule& rule) {
  static const std::vector<File> tree = read_tree(EBM_SOURCE_DIR);
  EXPECT_GT(tree.size(), 20u) << "the repository was not found at " << EBM_SOURCE_DIR;
  std::string all;
  for (const File& file : tree) {
    for (const std::string& offence : rule(file)) all += offence + "\n";
  }
  return all;
}

std::size_t offences(const Rule& rule, std::string path, std::string_view text) {
  return rule(make_file(std::move(path), text)).size();
}

TEST(RoomOrder, OfTheTree_IsOneWay) { EXPECT_EQ(offences_in_tree(room_order), ""); }

TEST(RoomOrder, OfAnArrowDown_IsRefused) {
  EXPECT_EQ(offences(room_order, "include/ebm/net/net.hpp", "#include \"ebm/graph/factor.hpp\"\n"), 1u);
  EXPECT_EQ(offences(room_order, "src/core/pool.cpp", "  #  include \"ebm/io/file.hpp\"\n"), 1u);
  EXPECT_EQ(offences(room_order, "src/net/net.cpp", "#include \"src/models/lenet5.hpp\"\n"), 1u);
  EXPECT_EQ(offences(room_order, "src/net/net.cpp", "#include \"../graph/plan.hpp\"\n"), 1u);
  EXPECT_EQ(offences(room_order, "src/models/crf.cpp", "#include \"ebm/ebm.hpp\"\n"), 1u);
  EXPECT_EQ(offences(room_order, "src/attic/old.cpp", "\n"), 1u);
}

TEST(RoomOrder, OfAnArrowUpOrWithin_IsKept) {
  EXPECT_EQ(offences(room_order, "src/graph/plan.cpp",
                     "#include \"ebm/net/net.hpp\"\n#include \"ebm/graph/plan.hpp\"\n"),
            0u);
  EXPECT_EQ(offences(room_order, "include/ebm/ebm.hpp", "#include \"ebm/models/lenet5.hpp\"\n"), 0u);
  EXPECT_EQ(offences(room_order, "tests/core/core_test.cpp", "#include \"ebm/train/trainer.hpp\"\n"), 0u);
}

TEST(PublicHeaders, OfTheTree_IncludeTheStandardLibraryOnly) {
  EXPECT_EQ(offences_in_tree(standard_headers_only), "");
}

TEST(PublicHeaders, WithALibraryInside_AreRefused) {
  for (const char* name :
       {"<Eigen/Dense>", "<boost/graph/adjacency_list.hpp>", "<hwy/highway.h>", "<png.h>", "\"json.hpp\""}) {
    EXPECT_EQ(offences(standard_headers_only, "include/ebm/io/x.hpp", std::string("#include ") + name + "\n"),
              1u)
        << name;
  }
  EXPECT_EQ(offences(standard_headers_only, "include/ebm/io/x.hpp",
                     "#include <vector>\n#include \"ebm/io/y.hpp\"\n"),
            0u);
  EXPECT_EQ(offences(standard_headers_only, "src/io/x.cpp", "#include <png.h>\n"), 0u);
}

TEST(PublicHeaders, OfTheTree_OpenWithWhatTheyAreAbout) { EXPECT_EQ(offences_in_tree(header_opening), ""); }

TEST(PublicHeaders, WithoutAnOpening_AreRefused) {
  EXPECT_EQ(offences(header_opening, "include/ebm/io/x.hpp", "#pragma once\n#include <vector>\n"), 1u);
  EXPECT_EQ(offences(header_opening, "include/ebm/io/x.hpp", ""), 1u);
  EXPECT_EQ(offences(header_opening, "include/ebm/io/x.hpp", "#pragma once\n/// \\file\n/// Files.\n"), 0u);
}

TEST(Vocabulary, OfTheTree_HasNoBannedWord) { EXPECT_EQ(offences_in_tree(vocabulary), ""); }

TEST(Vocabulary, WithABannedWord_IsRefused) {
  for (const char* code :
       {"double path_score;", "struct ScoreTable;", "int costs_;", "namespace utils {", "void manager();"}) {
    EXPECT_EQ(offences(vocabulary, "src/net/x.cpp", code), 1u) << code;
  }
  EXPECT_EQ(offences(vocabulary, "src/net/x.cpp", "int digit = 1'000; double score;\n"), 1u);
  EXPECT_EQ(
      offences(vocabulary, "src/net/x.cpp", "// a score\n/* cost\n cost */ auto s = \"score \\\" cost\";\n"),
      0u);
  EXPECT_EQ(offences(vocabulary, "src/net/x.cpp", "#include <utility>\nint underscored, futile;\n"), 0u);
}

TEST(Paths, OfTheTree_AreOfNoMachine) { EXPECT_EQ(offences_in_tree(no_machine_paths), ""); }

TEST(Paths, OfOneMachine_AreRefused) {
  const std::string slash = "/";
  EXPECT_EQ(offences(no_machine_paths, "docs/x.md", "see " + slash + "tmp/x\n"), 1u);
  EXPECT_EQ(offences(no_machine_paths, "src/x.cpp", "open(\"" + slash + "work/main\");\n"), 1u);
  EXPECT_EQ(offences(no_machine_paths, "scripts/x", "cd " + slash + "home\n"), 1u);
  EXPECT_EQ(offences(no_machine_paths, "src/x.cpp",
                     "#include \"core/workspace.hpp\"  // a" + slash + "work/b, and/or\n"),
            0u);
}

TEST(Files, OfTheTree_HaveOneSubject) { EXPECT_EQ(offences_in_tree(length), ""); }

TEST(Files, OverTheMostLines_AreRefused) {
  EXPECT_EQ(offences(length, "src/net/x.cpp", std::string(501, '\n')), 1u);
  EXPECT_EQ(offences(length, "src/net/x.cpp", std::string(500, '\n')), 0u);
  EXPECT_EQ(offences(length, "docs/benchmarks.md", std::string(501, '\n')), 0u);
}

}  // namespace
}  // namespace ebm::structure
