// Machines with the results that OpenFst gave for them. Numbering is each implementation's own: languages and
// energies are compared, that is, the energy of every pair of strings up to a length.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "ebm/core/error.hpp"
#include "ebm/lattice/openfst_text.hpp"
#include "ebm/lattice/operations.hpp"
#include "ebm/lattice/paths.hpp"

namespace ebm {
namespace {

std::filesystem::path cases() {
  const char* data = std::getenv("EBM_DATA");
  return (data != nullptr ? std::filesystem::path(data)
                          : std::filesystem::path(EBM_SOURCE_DIR) / ".." / "shared" / "data") /
         "openfst_cases";
}

Automaton machine(const std::string& text) {
  // OpenFst writes a machine that accepts nothing as an empty text, or without a final state; ours refuses
  // such a file.
  try {
    return lattice::parse_openfst(text, "case");
  } catch (const FormatError& e) {
    EXPECT_TRUE(std::string(e.what()).find("no start state") != std::string::npos ||
                std::string(e.what()).find("final state") != std::string::npos)
        << e.what();
    return {};
  }
}

using Language = std::map<std::pair<std::vector<int>, std::vector<int>>, double>;

/// Pairs of strings of at most `arcs` arcs, at the energy that join() makes of their paths.
Language language(const Automaton& a, bool log, int arcs = 6) {
  Language out;
  std::pair<std::vector<int>, std::vector<int>> strings;
  const std::function<void(int, int, double)> go = [&](int s, int left, double sum) {
    if (const double e = sum + a.final_energy(s); e < kInf) {
      const auto [found, added] = out.emplace(strings, e);
      const double low = std::min(found->second, e), high = std::max(found->second, e);
      if (!added) found->second = log ? low - std::log1p(std::exp(low - high)) : low;
    }
    if (left == 0) return;
    for (const Arc& arc : a.arcs(s)) {
      if (arc.in != 0) strings.first.push_back(arc.in);
      if (arc.out != 0) strings.second.push_back(arc.out);
      go(arc.target, left - 1, sum + arc.energy);
      if (arc.in != 0) strings.first.pop_back();
      if (arc.out != 0) strings.second.pop_back();
    }
  };
  go(a.start(), arcs, 0);
  return out;
}

void expect_same(const Language& a, const Language& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (const auto& [strings, energy] : a) {
    const auto found = b.find(strings);
    ASSERT_NE(found, b.end()) << what;
    EXPECT_NEAR(energy, found->second, 1e-5 * std::max(1.0, std::abs(energy))) << what;
  }
}

class OpenFstCases : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(cases())) GTEST_SKIP() << "no " << cases() << "; set EBM_DATA";
    for (const auto& entry : std::filesystem::directory_iterator(cases()))
      if (entry.path().extension() == ".json") {
        std::ifstream in(entry.path());
        all_.push_back(nlohmann::json::parse(in));
      }
    ASSERT_GE(all_.size(), 1u);
  }
  static std::string text(const nlohmann::json& c, const char* operation) {
    return c.at(operation).at("result");
  }
  static bool log(const nlohmann::json& c) { return c.at("weight_type") == "log"; }
  std::vector<nlohmann::json> all_;
};

TEST_F(OpenFstCases, Operations_GiveTheLanguagesOfOpenFst) {
  for (const auto& c : all_) {
    const std::string name = c.at("name");
    const Automaton raw = machine(text(c, "raw"));
    const auto same = [&](const Automaton& ours, const char* operation) {
      expect_same(language(ours, log(c)), language(machine(text(c, operation)), log(c)),
                  name + " " + operation);
    };
    same(raw, "topsort");
    same(raw, "arcsort_ilabel");
    same(raw, "arcsort_olabel");
    same(lattice::invert(raw), "invert");
    same(lattice::project_input(raw), "project_input");
    same(lattice::project_output(raw), "project_output");
    same(lattice::connect(raw), "connect");
    expect_same(language(lattice::reverse(raw), log(c), 7), language(machine(text(c, "reverse")), log(c), 7),
                name + " reverse");
    expect_same(language(lattice::reverse(lattice::reverse(raw)), log(c), 8), language(raw, log(c)),
                name + " reverse twice");
  }
}

TEST_F(OpenFstCases, ShortestDistances_AreThoseOfOpenFst) {
  for (const auto& c : all_) {
    const Automaton raw = machine(text(c, "raw"));
    const auto& expected = c.at("shortest_distance").at("result");
    if (log(c) || expected.empty()) continue;
    const auto distances = lattice::distances(raw);
    for (std::size_t s = 0; s < expected.size() && s < distances.size(); ++s) {
      if (!expected[s].is_number()) continue;
      EXPECT_NEAR(distances[s], expected[s].get<double>(), 1e-5) << c.at("name");
    }
  }
}

TEST_F(OpenFstCases, AcyclicMachines_HaveTheBestEnergyAndFreeEnergyOfOpenFst) {
  int met = 0;
  for (const auto& c : all_) {
    const Automaton raw = machine(text(c, "raw"));
    if (!c.at("fst_properties").at("acyclic").get<bool>() || raw.arcs().empty()) continue;
    const Lattice l = lattice::to_lattice(raw);
    Workspace ws;
    const Language strings = language(machine(text(c, "weight_pushing_initial")), log(c));
    double best = kInf, sum = 0;
    for (const auto& [pair, energy] : strings) best = std::min(best, energy), sum += std::exp(-energy);
    if (log(c))
      EXPECT_NEAR(lattice::free_energy(l, l.energy(), 1, {}, ws), -std::log(sum), 1e-5) << c.at("name");
    else
      EXPECT_NEAR(lattice::best_path(l, l.energy(), ws).energy, best, 1e-5) << c.at("name");
    ++met;
  }
  EXPECT_GT(met, 0);
}

}  // namespace
}  // namespace ebm
