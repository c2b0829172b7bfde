// Files of others whose exact answers are known, to the printed digits: the UAI competition of 2014, libDAI's
// tests, toulbar2's examples. Skipped without the data ($EBM_DATA); what takes long, without EBM_LONG.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ebm/graph/formats.hpp"
#include "ebm/inference/discrete.hpp"
#include "ebm/io/archive.hpp"
#include "ebm/io/gzip.hpp"
#include "io/io_test.hpp"

namespace ebm {
namespace {

using Task = Question::Task;

bool long_run() { return std::getenv("EBM_LONG") != nullptr; }

bool too_long(const DiscreteGraph& graph) {
  constexpr double kQuick = 4e5;  // table entries of one pass, above which a file waits for a long run
  constexpr double kMost = 4e9;   // bytes
  const TreewidthBound b = treewidth_bound(graph);
  return b.width < 0 || b.bytes > kMost || (b.entries > kQuick && !long_run());
}

Solution ask(const DiscreteGraph& graph, Task task) {
  return discrete_engine("junction-tree").solve(graph, {.task = task});
}

// A number as it is printed, and half a unit of its last digit.
struct Printed {
  double value = 0, half = 0;
  explicit Printed(const std::string& text) : value(std::stod(text)) {
    const auto dot = text.find('.');
    const auto decimals = dot == text.npos ? 0 : static_cast<int>(text.size() - dot) - 1;
    // A little more for rounding, theirs and ours.
    half = 0.5001 * std::pow(10.0, -decimals) + 1e-12 * (1 + std::abs(value));
  }
};
#define EXPECT_PRINTED(found, text) EXPECT_NEAR(found, Printed(text).value, Printed(text).half)

std::vector<std::vector<std::string>> rows_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::vector<std::string>> out;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string>& row = out.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '\t');) row.push_back(cell);
  }
  return out;
}

TEST(KnownAnswers, OfTheUaiCompetitionOf2014_AreFound) {
  const auto folder = io::real_data("uai2014");
  if (folder.empty()) GTEST_SKIP() << "no UAI instances: set EBM_DATA to the folder that holds 'uai2014'";
  const auto files = io::read_archive(folder / "instances.tar.xz");
  const auto text = [&](const std::string& name) { return io::as_text(files.at(name)); };
  const double ln10 = std::log(10.0);
  int sums = 0, minima = 0, marginals = 0;
  for (const auto& row : rows_of(folder / "answers.tsv")) {
    ASSERT_EQ(row.size(), 13u);
    const std::string name = row[0] + "/" + row[1];
    const std::string &width = row[7], &reference = row[8], &exact = row[9], &minimum = row[10];
    constexpr int kNarrow = 17;
    if (!long_run() && (width[0] == '>' || std::stoi(width) > kNarrow)) continue;
    const DiscreteGraph graph = discrete::parse_uai(text(name), name).graph;
    const Clamped c = clamp(graph, discrete::parse_evidence(text(name + ".evid"), name + ".evid", graph));
    if (too_long(c.graph)) continue;
    if (row[0] == "PR_MAR") {
      const Solution s = ask(c.graph, Task::marginals);
      EXPECT_PRINTED(-s.free_energy / ln10, exact != "-" ? exact : reference) << name;
      ++sums;
      if (files.contains(name + ".MAR")) {
        const auto theirs = discrete::parse_mar(text(name + ".MAR"), name + ".MAR", graph);
        std::size_t at = 0, i = 0, from = 0;
        double worst = 0;
        for (std::size_t v = 0; v < graph.labels().size(); ++v) {
          const bool free = i < c.variable.size() && c.variable[i] == static_cast<int>(v);
          for (int y = 0; y < graph.labels()[v]; ++y)
            worst = std::max(worst, std::abs(theirs[at++] - (free ? s.marginals[from++]
                                                                  : static_cast<double>(c.labels[v] == y))));
          i += free;
        }
        constexpr double kPrinted = 5.1e-7;
        EXPECT_LE(worst, kPrinted) << name;
        ++marginals;
      }
    }
    if (minimum != "-") {
      const Solution s = ask(c.graph, Task::minimum);
      EXPECT_PRINTED(-s.energy / ln10, minimum) << name;
      EXPECT_NEAR(graph.energy(c.all(s.labels)), s.energy, 1e-9 * (1 + std::abs(s.energy))) << name;
      ++minima;
    }
  }
  EXPECT_GE(sums, 10);
  EXPECT_GE(minima, 10);
  std::printf("%d sums, %d sets of marginals, %d minima\n", sums, marginals, minima);
}

TEST(KnownAnswers, OfLibDai_AreFound) {
  const auto folder = io::real_data("libdai_fg");
  if (folder.empty()) GTEST_SKIP() << "no libDAI graphs: set EBM_DATA to the folder that holds 'libdai_fg'";
  int files = 0;
  for (const auto& row : rows_of(folder / "verified.tsv")) {
    const DiscreteGraph graph = discrete::read_graph(folder / row[0]).graph;
    EXPECT_PRINTED(-ask(graph, Task::free_energy).free_energy, row[1]) << row[0];
    EXPECT_PRINTED(-ask(graph, Task::minimum).energy, row[2]) << row[0];
    ++files;
  }
  EXPECT_EQ(files, 11);
  // "# ({x3}, (3.049e-01, 6.951e-01))" behind EXACT, to the next method.
  const DiscreteGraph graph = discrete::read_graph(folder / "testfast.fg").graph;
  const std::vector<double> ours = ask(graph, Task::marginals).marginals;
  std::ifstream in(folder / "testfast.out");
  bool exact = false;
  std::size_t at = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("EXACT", 0) == 0) {
      exact = true;
    } else if (exact) {
      double p0 = 0, p1 = 0;
      if (std::sscanf(line.c_str(), "# ({x%*d}, (%lf, %lf))", &p0, &p1) != 2) break;
      constexpr double kPrinted = 5.01e-5;
      EXPECT_NEAR(ours.at(at++), p0, kPrinted);
      EXPECT_NEAR(ours.at(at++), p1, kPrinted);
    }
  }
  EXPECT_EQ(at, ours.size());
}

TEST(KnownAnswers, OfToulbar2_AreFound) {
  const auto folder = io::real_data("toulbar2_wcsp");
  if (folder.empty())
    GTEST_SKIP() << "no toulbar2 problems: set EBM_DATA to the folder that holds 'toulbar2_wcsp'";
  for (const auto& [name, optimum] : {std::pair{"4queens", 0.0}, {"example", 27.0}, {"zebra", 0.0}}) {
    const DiscreteGraph graph = discrete::read_graph(folder / (std::string(name) + ".wcsp.gz")).graph;
    if (too_long(graph)) continue;
    const Solution s = ask(graph, Task::minimum);
    EXPECT_EQ(s.energy, optimum) << name;
    EXPECT_EQ(graph.energy(s.labels), optimum) << name;
  }
}

}  // namespace
}  // namespace ebm
