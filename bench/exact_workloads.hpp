#pragma once
// Graphs for exact engines, as UAI files: random trees, partial k-trees, a grid of spins, a Bayesian network
// with evidence. Entries are exp(s N(0, 1)) with ten digits.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "workload_rng.hpp"

namespace ebm::bench {

struct ExactWorkload {
  std::string name, uai, evidence;  // evidence: empty for none
};

namespace detail {

struct TableFactor {
  std::vector<int> scope;
  std::vector<double> table;
};

inline TableFactor random_factor(WorkloadRng& rng, std::vector<int> scope, int labels, double strength) {
  std::size_t entries = 1;
  for (std::size_t a = 0; a < scope.size(); ++a) entries *= static_cast<std::size_t>(labels);
  TableFactor f{std::move(scope), std::vector<double>(entries)};
  for (double& x : f.table) x = std::exp(strength * rng.normal());
  return f;
}

inline std::string uai_text(const char* kind, int variables, int labels, const std::vector<TableFactor>& fs) {
  std::string out = fmt::format("{}\n{}\n", kind, variables);
  for (int v = 0; v < variables; ++v) out += fmt::format("{}{}", v > 0 ? " " : "", labels);
  out += fmt::format("\n{}\n", fs.size());
  for (const TableFactor& f : fs) {
    out += std::to_string(f.scope.size());
    for (const int v : f.scope) out += fmt::format(" {}", v);
    out += "\n";
  }
  out += "\n";
  for (const TableFactor& f : fs) {
    out += fmt::format("{}\n", f.table.size());
    for (const double x : f.table) out += fmt::format(" {:.10g}", x);
    out += "\n";
  }
  return out;
}

}  // namespace detail

inline ExactWorkload tree_workload(int variables, int labels, std::uint64_t seed) {
  WorkloadRng rng(seed);
  std::vector<detail::TableFactor> fs;
  for (int i = 0; i < variables; ++i) fs.push_back(detail::random_factor(rng, {i}, labels, 1));
  for (int i = 1; i < variables; ++i) {
    const int parent = rng.below(i);
    fs.push_back(detail::random_factor(rng, {parent, i}, labels, 1));
  }
  return {
      fmt::format("tree_n{}_k{}", variables, labels), detail::uai_text("MARKOV", variables, labels, fs), {}};
}

// Treewidth at most `width`, three labels, pairs and some triples.
inline ExactWorkload ktree_workload(int width, std::uint64_t seed) {
  constexpr int kVariables = 200, kLabels = 3;
  WorkloadRng rng(seed);
  std::vector<detail::TableFactor> fs;
  std::vector<std::vector<int>> cliques(1);
  for (int i = 0; i < width; ++i) cliques[0].push_back(i);
  for (int i = 0; i < kVariables; ++i) fs.push_back(detail::random_factor(rng, {i}, kLabels, 1));
  for (int i = 0; i < width; ++i)
    for (int j = i + 1; j < width; ++j) fs.push_back(detail::random_factor(rng, {i, j}, kLabels, 1));
  for (int i = width; i < kVariables; ++i) {
    const std::vector<int> c = cliques[static_cast<std::size_t>(rng.below(static_cast<int>(cliques.size())))];
    int met = 0;
    for (const int v : c)
      if (rng.uniform() < 0.6 || met == 0)
        fs.push_back(detail::random_factor(rng, {v, i}, kLabels, 1)), ++met;
    if (rng.uniform() < 0.3) fs.push_back(detail::random_factor(rng, {c[0], c[1], i}, kLabels, 1));
    for (int d = 0; d < width; ++d) {
      auto next = c;
      next[static_cast<std::size_t>(d)] = i;
      if (rng.uniform() < 0.5 || d == 0) cliques.push_back(std::move(next));
    }
  }
  return {fmt::format("ktree_n200_tw{}_k3", width), detail::uai_text("MARKOV", kVariables, kLabels, fs), {}};
}

inline ExactWorkload spin_grid_workload() {
  constexpr int kSide = 14;
  WorkloadRng rng(330);
  std::vector<detail::TableFactor> fs;
  for (int i = 0; i < kSide * kSide; ++i) fs.push_back(detail::random_factor(rng, {i}, 2, 0.5));
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      const int i = y * kSide + x;
      if (x + 1 < kSide) fs.push_back(detail::random_factor(rng, {i, i + 1}, 2, 1));
      if (y + 1 < kSide) fs.push_back(detail::random_factor(rng, {i, i + kSide}, 2, 1));
    }
  return {"grid14_k2", detail::uai_text("MARKOV", kSide * kSide, 2, fs), {}};
}

// Up to two parents among the six before, three labels, 15 of 100 variables observed.
inline ExactWorkload network_workload() {
  constexpr int kVariables = 100, kLabels = 3;
  WorkloadRng rng(340);
  std::vector<detail::TableFactor> fs;
  for (int i = 0; i < kVariables; ++i) {
    std::vector<int> scope;
    if (i > 0) scope.push_back(std::max(0, i - 1 - rng.below(6)));
    if (i > 1 && rng.uniform() < 0.7) {
      const int parent = std::max(0, i - 1 - rng.below(6));
      if (parent != scope[0]) scope.push_back(parent);
    }
    scope.push_back(i);
    detail::TableFactor f = detail::random_factor(rng, scope, kLabels, 1);
    for (std::size_t a = 0; a < f.table.size(); a += kLabels) {
      double sum = 0;
      for (std::size_t k = 0; k < kLabels; ++k) sum += f.table[a + k];
      for (std::size_t k = 0; k < kLabels; ++k) f.table[a + k] /= sum;
    }
    fs.push_back(std::move(f));
  }
  std::string evidence = "15";
  for (int i = 0; i < 15; ++i) evidence += fmt::format(" {} {}", 99 - i * 6, rng.below(kLabels));
  return {"bn_n100_k3", detail::uai_text("BAYES", kVariables, kLabels, fs), evidence + "\n"};
}

inline std::vector<ExactWorkload> exact_workloads() {
  return {tree_workload(1000, 10, 301), tree_workload(5000, 4, 302), ktree_workload(4, 314),
          ktree_workload(8, 318),       spin_grid_workload(),        network_workload()};
}

}  // namespace ebm::bench
